// The victims table against a model, and views of copies of it, whole and
// torn.

import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { Arena } from "../../src/state/arena.ts";
import { VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  NONE,
  V_ADJ,
  V_FLAGS,
  V_HASH_NEXT,
  V_NEXT,
  V_PREV,
  Victims,
} from "../../src/state/victims.ts";
import { compare, Model, NOBODY, step } from "./model.ts";
import { addRows, makeArena } from "./rows.ts";

Deno.test("random operations agree with a naive model", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const prng = new Prng(seed);
    const victims = new Victims(makeArena());
    const model = new Model();
    try {
      for (let i = 0; i < 600; i++) {
        step(victims, model, prng);
        compare(victims, model, prng);
      }
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
});

function copyOf(arena: Arena): Arena {
  return new Arena(arena.buffer.slice(0));
}

Deno.test("a view of a copy is the same table", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const arena = makeArena();
    const victims = new Victims(arena);
    const model = new Model();
    for (let i = 0; i < 400; i++) step(victims, model, prng);
    const view = Victims.view(copyOf(arena));
    assert.ok(view !== null, `seed ${seed}`);
    compare(view, model, prng);
    assert.ok(view.end <= victims.end);
    // And it can be emptied without the original taking notice.
    for (let adj = view.highestAdj(1000); adj > NOBODY;) {
      view.unlist(view.oldest(adj));
      adj = view.highestAdj(adj);
    }
    assert.equal(view.listed, 0);
    compare(victims, model, prng);
  }
});

Deno.test("a view of a torn copy is refused, and ends", () => {
  const arena = makeArena();
  const victims = new Victims(arena);
  addRows(
    arena,
    victims,
    [10, 20, 30, 40].map((pid) => ({ pid, adj: pid < 40 ? 900 : 0 })),
  );
  assert.ok(Victims.view(copyOf(arena)) !== null);
  // Row 2 is the head of 900, row 0 its tail; row 3 stands alone at 0.
  const word = (row: number, column: number) => row * VICTIM_WORDS + column;
  const tears: [string, (copy: Arena) => void][] = [
    ["a loop", (copy) => copy.victims[word(0, V_NEXT)] = 2],
    ["a loop in the middle", (copy) => copy.victims[word(0, V_NEXT)] = 1],
    ["a loop of one", (copy) => copy.victims[word(2, V_NEXT)] = 2],
    ["a link into nowhere", (copy) => copy.victims[word(2, V_NEXT)] = 9_999],
    ["a link below nowhere", (copy) => copy.victims[word(2, V_NEXT)] = -7],
    ["a wrong way back", (copy) => copy.victims[word(1, V_PREV)] = 0],
    ["a list cut short", (copy) => copy.victims[word(2, V_NEXT)] = NONE],
    ["a foreign adj", (copy) => copy.victims[word(1, V_ADJ)] = 901],
    ["no longer listed", (copy) => copy.victims[word(1, V_FLAGS)] = 1],
    ["freed", (copy) => copy.victims[word(1, V_FLAGS)] = 0],
    ["listed nowhere", (copy) => copy.heads[1000] = NONE],
    [
      "in no list at all",
      (copy) => copy.heads[1000] = copy.tails[1000] = NONE,
    ],
    ["another head", (copy) => copy.heads[1900] = 1],
    ["another tail", (copy) => copy.tails[1900] = 1],
    ["a head of nothing", (copy) => copy.heads[5] = 0],
    ["a tail of nothing", (copy) => copy.tails[5] = 0],
    ["nothing yet", (copy) => copy.bytes.fill(0)],
    ["noise", (copy) => copy.heads.fill(3)],
  ];
  for (const [name, tear] of tears) {
    const copy = copyOf(arena);
    tear(copy);
    assert.equal(Victims.view(copy), null, name);
  }
  // The hash is made anew: a torn one costs nothing and cannot loop.
  const copy = copyOf(arena);
  copy.victims[word(0, V_HASH_NEXT)] = 0;
  copy.buckets.fill(0);
  const view = Victims.view(copy);
  assert.equal(view?.find(11), NONE);
  assert.equal(view?.find(40), 3);
});

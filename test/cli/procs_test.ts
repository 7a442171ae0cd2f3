// `oomguard procs`: the order out of another process's memory, or why it
// cannot be had.

import assert from "node:assert/strict";
import { EXIT_FAILED, EXIT_NO_GUARD, EXIT_OK } from "../../src/cli/exits.ts";
import { procs } from "../../src/cli/procs.ts";
import { ARENA_BYTES, VICTIM_WORDS } from "../../src/state/layout.ts";
import { SET_CULPRIT_KB } from "../../src/state/settings.ts";
import { NONE, PROTECT_INIT, V_NEXT } from "../../src/state/victims.ts";
import { tableOf } from "../state/rows.ts";
import { run, withFolder } from "./fake_guard.ts";

function arenaOf() {
  const { arena, victims } = tableOf([
    { pid: 1, adj: 0, name: "init", protect: PROTECT_INIT },
    { pid: 20, adj: 900, name: "foo) Z " },
    { pid: 21, adj: 900, name: "hog", rssKb: 90_000, grownKb: 50_000 },
    { pid: 22, adj: 0, name: "home" },
  ], 64);
  arena.settings[SET_CULPRIT_KB] = 16_384;
  return { arena, victims };
}

Deno.test("who would die, first to last", () => {
  withFolder({ guard: "this", arena: arenaOf().arena }, (dir) => {
    const pids = (...args: string[]) => {
      const ran = run(procs, "--state", dir, ...args);
      assert.equal(ran.code, EXIT_OK, ran.err);
      const lines = ran.out.split("\n").slice(2);
      return lines.map((line) => Number(line.slice(6, 13)));
    };
    assert.deepEqual(pids(), [21, 20, 22]);
    assert.deepEqual(pids("-n", "2"), [21, 20]);
    assert.deepEqual(pids("-n9"), [21, 20, 22]);
    assert.deepEqual(pids("--all"), [21, 20, 22, 1]);
    assert.deepEqual(pids("-a", "-n", "1"), [21, 1]);

    const json = (...args: string[]) =>
      JSON.parse(run(procs, "--state", dir, "--json", ...args).out);
    const answer = json();
    assert.deepEqual(Object.keys(answer), [
      "version",
      "guardPid",
      "strategy",
      "floorAdj",
      "order",
    ]);
    assert.equal(answer.guardPid, Deno.pid);
    assert.deepEqual(answer.order[0], {
      rank: 1,
      pid: 21,
      adj: 900,
      uid: 0,
      rssKb: 90_000,
      swapKb: 0,
      grownKb: 50_000,
      name: "hog",
      registered: true,
      service: false,
      why: null,
    });
    assert.equal(json("-n", "1").order.length, 1);
    assert.deepEqual(
      json("--all").spared.map((one: { why: string }) => one.why),
      ["init"],
    );
  });
});

Deno.test("nothing is written to the guard's memory", () => {
  const { arena } = arenaOf();
  withFolder({ guard: "this", arena }, (dir) => {
    run(procs, "--state", dir);
    const after = Deno.readFileSync(`${dir}/arena`);
    assert.ok(after.every((byte, i) => byte === arena.bytes[i]));
  });
});

Deno.test("what cannot be looked into", () => {
  const torn = arenaOf();
  torn.victims.rows[1 * VICTIM_WORDS + V_NEXT] = 2;
  const cut = arenaOf();
  cut.victims.rows[2 * VICTIM_WORDS + V_NEXT] = NONE;
  const rows: [Parameters<typeof withFolder>[0], code: number, RegExp][] = [
    [{ arena: torn.arena }, EXIT_NO_GUARD, /^No guard is running/],
    [{ guard: "this" }, EXIT_FAILED, /of another build, its tables have 0 b/],
    [
      { guard: "this", arena: new Uint8Array(ARENA_BYTES - 64) },
      EXIT_FAILED,
      /^Cannot look into guard \d+: it is of another build, .* expected \d+$/,
    ],
    [
      { guard: "this", arena: new Uint8Array(ARENA_BYTES + 64) },
      EXIT_FAILED,
      /of another build/,
    ],
    [
      { guard: "this", arena: new Uint8Array(ARENA_BYTES) },
      EXIT_FAILED,
      /its tables did not hang together in \d+ looks$/,
    ],
    [{ guard: "this", arena: torn.arena }, EXIT_FAILED, /did not hang toget/],
    [{ guard: "this", arena: cut.arena }, EXIT_FAILED, /did not hang together/],
    [{ guard: `${Deno.pid} 99999\n` }, EXIT_FAILED, /99999: ENOENT$/],
  ];
  for (const [folder, code, said] of rows) {
    withFolder(folder, (dir) => {
      const ran = run(procs, "--state", dir);
      assert.equal(ran.code, code, ran.err);
      assert.match(ran.err, said);
      assert.equal(ran.out, "");
    });
  }
});

// The order of death as `procs` shows it: the policy's own, and everybody who
// is not in it with the reason.

import assert from "node:assert/strict";
import { READY_MAX, TITLE_BYTES } from "../../src/base/limits.ts";
import {
  describeProcs,
  type KillOrder,
  killOrder,
} from "../../src/report/procs.ts";
import { Arena } from "../../src/state/arena.ts";
import { columnsOf } from "../../src/report/units.ts";
import { AT_TITLES, VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  SET_CULPRIT_KB,
  SET_FLOOR_ADJ,
  SET_STRATEGY,
  STRATEGY_LMKD,
} from "../../src/state/settings.ts";
import * as v from "../../src/state/victims.ts";
import { type Row, tableOf } from "../state/rows.ts";

interface Options {
  readonly floor?: number;
  readonly strategy?: number;
}

function orderOf(rows: readonly Row[], options: Options = {}): KillOrder {
  const { arena } = tableOf(rows, READY_MAX);
  arena.settings[SET_FLOOR_ADJ] = options.floor ?? 0;
  arena.settings[SET_STRATEGY] = options.strategy ?? 0;
  arena.settings[SET_CULPRIT_KB] = 16_384;
  const copy = new Arena(arena.buffer.slice(0));
  const victims = v.Victims.view(copy);
  assert.ok(victims !== null);
  return killOrder(copy, victims);
}

/** `want`: pids in the order of their death, and why the others live. */
function check(
  name: string,
  rows: readonly Row[],
  want: number[],
  spared: Record<number, string>,
  options: Options = {},
): void {
  const answer = orderOf(rows, options);
  assert.deepEqual(answer.order.map((proc) => proc.pid), want, name);
  assert.deepEqual(
    answer.order.map((proc) => proc.rank),
    want.map((_, i) => i + 1),
    name,
  );
  assert.deepEqual(
    Object.fromEntries(answer.spared.map(({ pid, why }) => [pid, why])),
    spared,
    name,
  );
}

const APPS: readonly Row[] = [
  { pid: 1, adj: 0, protect: v.PROTECT_INIT },
  { pid: 20, adj: 900, rssKb: 1_000 },
  { pid: 21, adj: 900, rssKb: 2_000, grownKb: 20_000 },
  { pid: 22, adj: 945, rssKb: 3_000 },
  { pid: 23, adj: 100, rssKb: 1_000 },
  { pid: 24, adj: 150, rssKb: 9_000 },
  { pid: 25, adj: 0, rssKb: 500_000 },
  { pid: 26, adj: -800 },
  { pid: 27, adj: 600, cold: true },
  { pid: 99, adj: -1000, protect: v.PROTECT_GUARD },
];

Deno.test("the order is the policy's", () => {
  check("nobody", [], [], {});
  const spared = { 1: "init", 26: "floor", 99: "guard" };
  check("adaptive", APPS, [21, 22, 20, 27, 23, 24, 25], spared);
  check("lmkd", APPS, [22, 20, 21, 27, 24, 23, 25], spared, {
    strategy: STRATEGY_LMKD,
  });
  check("a floor", APPS, [21, 22, 20, 27], {
    ...spared,
    23: "floor",
    24: "floor",
    25: "floor",
  }, { floor: 201 });
});

Deno.test("why somebody is spared", () => {
  check(
    "all reasons",
    [
      { pid: 1, adj: 0, protect: v.PROTECT_INIT },
      { pid: 2, adj: 0, protect: v.PROTECT_KERNEL },
      { pid: 3, adj: -1000, protect: v.PROTECT_ADJ },
      { pid: 4, adj: 900, protect: v.PROTECT_CONFIG },
      { pid: 5, adj: -1000, protect: v.PROTECT_GUARD },
      { pid: 6, adj: 900, protect: 77 },
      { pid: 7, adj: 900, killed: "unlisted" },
      { pid: 8, adj: 900, killed: "listed" },
      { pid: 9, adj: -5 },
    ],
    [],
    {
      1: "init",
      2: "kernel",
      3: "adj -1000",
      4: "config",
      5: "guard",
      6: "protected",
      7: "dying",
      8: "dying",
      9: "floor",
    },
  );
  // Dead rows are gone; one whose signal was refused is left out.
  const { arena, victims } = tableOf([
    { pid: 10, adj: 900 },
    { pid: 11, adj: 900 },
  ], READY_MAX);
  victims.markDead(0);
  victims.unlist(1);
  const { order, spared } = killOrder(arena, victims);
  assert.deepEqual(order, []);
  assert.deepEqual(spared.map(({ pid, why }) => [pid, why]), [
    [11, "left out"],
  ]);
});

Deno.test("ten thousand, once each", () => {
  const rows = Array.from({ length: 10_000 }, (_, i): Row => ({
    pid: i + 2,
    adj: (i * 7) % 1001,
    rssKb: i,
    cold: i % 100 !== 0,
  }));
  const { order } = orderOf(rows);
  assert.equal(order.length, 10_000);
  assert.equal(new Set(order.map((proc) => proc.pid)).size, 10_000);
});

Deno.test("one process, field by field", () => {
  const { order } = orderOf([{
    pid: 1234,
    adj: 905,
    uid: -2,
    name: "a\x1b[2J\u00e9",
    rssKb: 5,
    swapKb: 6,
    grownKb: 7,
    discovered: true,
  }]);
  assert.deepEqual(order, [{
    rank: 1,
    pid: 1234,
    adj: 905,
    uid: 4_294_967_294,
    rssKb: 5,
    swapKb: 6,
    grownKb: 7,
    name: "a?[2J\u00e9",
    registered: false,
    service: false,
    why: null,
  }]);
  const { arena, victims } = tableOf([{ pid: 5, adj: 0 }], READY_MAX);
  victims.rows[v.V_FLAGS] |= v.ROW_SERVICE;
  victims.rows[v.V_FLAGS] &= ~v.ROW_SAMPLED;
  const [proc] = killOrder(arena, victims).order;
  assert.deepEqual(
    [proc.registered, proc.service, proc.rssKb, proc.swapKb, proc.grownKb],
    [true, true, null, null, null],
  );
});

Deno.test("the command name is shown where it is known", () => {
  const { arena, victims } = tableOf([
    { pid: 5, adj: 900, name: "first" },
    { pid: 6, adj: 800, name: "second" },
    { pid: 7, adj: 700, name: "fifteen letters" },
  ], READY_MAX);
  const title = (row: number, text: string) =>
    arena.bytes.set(
      new TextEncoder().encode(text),
      AT_TITLES + row * TITLE_BYTES,
    );
  title(0, "x".repeat(TITLE_BYTES - 1));
  title(1, "com.example.\x1b[2J:app");
  const answer = killOrder(arena, victims);
  assert.deepEqual(answer.order.map((proc) => proc.name), [
    "x".repeat(127),
    "com.example.?[2J:app",
    "fifteen letters",
  ]);
  const lines = describeProcs(answer, null, false);
  assert.ok(lines.every((line) => line.length <= 80));
  assert.match(lines[2], / x{24}\u2026$/);
  assert.match(lines[3], / com\.example\.\?\[2J:app$/);
  const all = describeProcs(answer, null, true);
  assert.match(all[2], / x{14}\u2026$/);
  assert.match(all[3], / com\.example\.\?\[\u2026$/);
  assert.match(all[4], / fifteen letters$/);
  // One that takes two columns a character, and why its owner lives.
  victims.rows[VICTIM_WORDS + v.V_PROTECT] = v.PROTECT_CONFIG;
  victims.unlist(1);
  title(1, "\u65e5".repeat(42));
  const { spared } = killOrder(arena, victims);
  const mine = spared.filter(({ pid }) => pid === 6);
  const last = describeProcs({ ...answer, spared: mine }, 0, true).at(-1)!;
  assert.match(last, / \u65e5{7}\u2026 config$/);
  assert.ok(columnsOf(last) <= 80);
});

Deno.test("a ready list that points anywhere is ignored", () => {
  const { arena, victims } = tableOf(APPS, READY_MAX);
  arena.settings[SET_CULPRIT_KB] = 16_384;
  for (const [row, index] of [-5, READY_MAX, 1 << 30, 3, 3, 3].entries()) {
    victims.rows[row * VICTIM_WORDS + v.V_READY] = index;
  }
  assert.equal(killOrder(arena, victims).order.length, 7);
});

Deno.test("the table has 80 columns", () => {
  const answer = orderOf(APPS.slice(0, 4));
  assert.equal(
    describeProcs(answer, null, true).join("\n"),
    `Strategy adaptive, floor 0: 3 may die, 1 may not. Sizes in MB.
 RANK     PID   ADJ        UID     RSS    SWAP   GROWN NAME            WHY
    1      21   900          0     2.0     0.0    19.5 p21
    2      22   945          0     2.9     0.0     0.0 p22
    3      20   900          0     1.0     0.0     0.0 p20
    -       1     0          0     0.0     0.0     0.0 p1              init`,
  );
  const short = describeProcs(answer, 1, false);
  assert.equal(short.length, 3);
  assert.match(short[1], /NAME$/);
  const widest = orderOf([{
    pid: 4_194_304,
    adj: -1000,
    uid: -2,
    rssKb: 2_147_483_647,
    swapKb: 2_147_483_647,
    grownKb: 2_147_483_647,
    name: "fifteen letters",
    protect: v.PROTECT_ADJ,
  }]);
  for (const line of describeProcs(widest, null, true)) {
    assert.ok(line.length <= 80, line);
  }
  assert.equal(describeProcs(widest, null, true)[2].length, 80);
});

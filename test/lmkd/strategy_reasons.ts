// The first reasons of lmkd's new strategy in their order, each with its floor
// and its neighbours just across the limit; and the number of each.

import assert from "node:assert/strict";
import * as r from "../../src/state/reasons.ts";
import { conforms } from "./conforms.ts";
import { Script } from "./script.ts";
import {
  AT_LOW,
  AT_MIN,
  AT_SWAP,
  type Case,
  check,
  judged,
  LOW,
  LOW_SWAP,
  MIN,
  USED,
  UTIL,
} from "./strategy_case.ts";

conforms("4.4", "row 2: below min after a kill", () => {
  const afterKill = true;
  const settings = { SET_AFTER_KILL_ADJ: 300 };
  check([
    ["negative floors are 0", {
      afterKill,
      now: MIN,
      settings: { SET_AFTER_KILL_ADJ: -1000 },
    }, 0],
    ["at min", { afterKill, now: AT_MIN }, 8, 701],
    ["below", { afterKill, now: MIN }, 0],
    ["its floor", { afterKill, now: MIN, settings }, 0, 300],
    ["before critical", { afterKill, now: MIN, cause: "full" }, 0],
    ["before low swap", { afterKill, now: { ...MIN, ...LOW_SWAP } }, 0],
    ["no kill before it", { now: MIN }, 8, 701],
  ]);
});

conforms("4.4", "row 3: a real event of critical, never a poll", () => {
  const all = { ...LOW, ...LOW_SWAP };
  check([
    ["event", { cause: "full" }, 1],
    ["medium", { cause: "some" }, -1],
    ["poll", { cause: "poll" }, -1],
    ["before the rest", { cause: "full", now: all, thrashing: 500 }, 1],
  ]);
  // Polls of a critical event are polls all the same.
  const script = new Script({}, { VM_PGSCAN_DIRECT: 1 });
  assert.equal(script.pass({ cause: "full", nobody: true }).reason, 1);
  const now = { VM_PGSCAN_DIRECT: 2 };
  assert.equal(script.pass({ cause: "poll", after: 100, now }).reason, -1);
});

conforms(
  "4.4",
  "row 4: low swap, and thrashing over the configured limit",
  () => {
    const swap = { now: LOW_SWAP };
    check([
      ["no swap", {
        now: { SWAP_TOTAL_KB: 0, SWAP_FREE_KB: 0 },
        thrashing: 101,
      }, -1],
      ["swap is not low", { now: AT_SWAP, thrashing: 101 }, -1],
      ["over", { ...swap, thrashing: 101 }, 2, 201, 0, 1],
      ["at the limit", { ...swap, thrashing: 100 }, -1],
      ["the limit as cut does not count", {
        ...swap,
        thrashing: 100,
        limit: 50,
      }, -1],
      [
        "nor a limit that is higher",
        {
          ...swap,
          thrashing: 101,
          limit: 400,
        },
        2,
        201,
        0,
        1,
      ],
      ["critical", { ...swap, thrashing: 300 }, 2, 0, 0, 1],
      ["not yet", { ...swap, thrashing: 299 }, 2, 201, 0, 1],
      [
        "below min",
        { now: { ...LOW_SWAP, ...MIN }, thrashing: 101 },
        2,
        0,
        0,
        1,
      ],
      [
        "at min",
        { now: { ...LOW_SWAP, ...AT_MIN }, thrashing: 101 },
        2,
        201,
        0,
        1,
      ],
    ]);
  },
);

conforms("4.4", "row 5: low swap and low memory", () => {
  const settings = { SET_THRASHING_PERCENT: 500 };
  check([
    ["swap is not low", { now: { ...LOW, ...AT_SWAP } }, 8, 701],
    ["memory is not low", { now: { ...AT_LOW, ...LOW_SWAP } }, -1],
    ["both", { now: { ...LOW, ...LOW_SWAP } }, 3, 201],
    ["below min", { now: { ...MIN, ...LOW_SWAP } }, 3],
    ["at min", { now: { ...AT_MIN, ...LOW_SWAP } }, 3, 201],
    ["critical thrashing under a limit higher still", {
      now: { ...LOW, ...LOW_SWAP },
      settings,
      thrashing: 300,
    }, 3],
  ]);
});

conforms("4.4", "row 6: low memory and swap utilization", () => {
  const now = { ...LOW, ...USED };
  const most = (percent: number) => ({
    ...UTIL,
    SET_SWAP_UTIL_MAX_PERCENT: percent,
  });
  check([
    ["100 is off", { now, settings: most(100) }, 8, 701],
    ["at the limit", { now, settings: most(40) }, 8, 701],
    ["over", { now, settings: UTIL }, 6],
    ["before thrashing", { now, settings: UTIL, thrashing: 200 }, 6],
    ["memory is not low", { now: { ...USED, ...AT_LOW }, settings: UTIL }, -1],
  ]);
});

conforms("4.5", "each reason comes with lmkd's number", () => {
  const swap = { ...LOW, ...LOW_SWAP };
  const rows: [number, number, Case][] = [
    [-1, r.REASON_NONE, {}],
    [0, r.REASON_PRESSURE_AFTER_KILL, { afterKill: true, now: MIN }],
    [1, r.REASON_NOT_RESPONDING, { cause: "full" }],
    [2, r.REASON_LOW_SWAP_AND_THRASHING, { now: LOW_SWAP, thrashing: 101 }],
    [3, r.REASON_LOW_MEM_AND_SWAP, { now: swap }],
    [4, r.REASON_LOW_MEM_AND_THRASHING, { now: LOW, thrashing: 101 }],
    [5, r.REASON_DIRECT_RECL_AND_THRASHING, { direct: true, thrashing: 101 }],
    [6, r.REASON_LOW_MEM_AND_SWAP_UTIL, {
      now: { ...LOW, ...USED },
      settings: UTIL,
    }],
    [7, r.REASON_LOW_FILECACHE_AFTER_THRASHING, {
      armed: true,
      settings: { SET_FILECACHE_MIN_KB: 10_000 },
    }],
    [8, r.REASON_LOW_MEM, { now: LOW }],
  ];
  for (const [number, reason, one] of rows) {
    assert.equal(reason, number);
    assert.equal(judged(one)[0], number);
  }
  assert.equal(r.REASON_DIRECT_RECL_STUCK, 9);
});

// The later reasons of lmkd's new strategy in their order: thrashing, direct
// reclaim, file cache, and memory that is merely low.

import assert from "node:assert/strict";
import * as r from "../../src/state/reasons.ts";
import { conforms } from "./conforms.ts";
import { type Columns, Script } from "./script.ts";
import { AT_LOW, check, LOW, LOW_SWAP, MIN } from "./strategy_case.ts";

conforms(
  "4.4",
  "row 7: low memory, and thrashing over the limit as cut",
  () => {
    check([
      ["at the limit", { now: LOW, thrashing: 100 }, 8, 701],
      ["over", { now: LOW, thrashing: 101 }, 4, 201, 1, 1],
      [
        "over the limit as cut",
        {
          now: LOW,
          thrashing: 51,
          limit: 50,
        },
        4,
        201,
        1,
        1,
      ],
      [
        "under a limit that is higher",
        {
          now: LOW,
          thrashing: 101,
          limit: 101,
        },
        8,
        701,
      ],
      ["critical", { now: LOW, thrashing: 300 }, 4, 0, 1, 1],
      ["below min changes nothing", { now: MIN, thrashing: 101 }, 4, 201, 1, 1],
      ["memory is not low", { now: AT_LOW, thrashing: 101 }, -1],
    ]);
  },
);

conforms(
  "4.4",
  "row 8: direct reclaim, and thrashing over the limit as cut",
  () => {
    const direct = true;
    check([
      ["kswapd only", { thrashing: 101 }, -1],
      ["at the limit", { direct, thrashing: 100 }, -1],
      ["over", { direct, thrashing: 101 }, 5, 201, 1, 1],
      ["as cut", { direct, thrashing: 51, limit: 50 }, 5, 201, 1, 1],
      ["critical", { direct, thrashing: 300 }, 5, 0, 1, 1],
      ["after low memory", { direct, now: LOW, thrashing: 101 }, 4, 201, 1, 1],
    ]);
  },
);

conforms("4.4", "row 9: direct reclaim for longer than the threshold", () => {
  const stuck = (threshold: number, passes: number, now: Columns = {}) => {
    const script = new Script({ SET_DIRECT_STUCK_MS: threshold }, now);
    let reason = r.REASON_NONE;
    for (let i = 1; i <= passes; i++) {
      const seen = { VM_PGSCAN_DIRECT: i };
      const pass = { cause: "poll", after: 100, now: seen, nobody: true };
      ({ reason } = script.pass(pass as Parameters<Script["pass"]>[0]));
    }
    return reason;
  };
  const rows: [number, number, Columns, number][] = [
    [0, 100, {}, -1],
    [300, 4, {}, -1],
    [299, 4, {}, 9],
    [300, 5, {}, 9],
    [299, 4, LOW, 9],
    [300, 4, LOW, 8],
  ];
  for (const [threshold, passes, now, want] of rows) {
    const name = JSON.stringify([threshold, passes, now]);
    assert.equal(stuck(threshold, passes, now), want, name);
  }
});

conforms("4.4", "row 10: little file cache after thrashing", () => {
  const settings = { SET_FILECACHE_MIN_KB: 400 };
  const less = { FILE_LRU_PAGES: 99 };
  const enough = { FILE_LRU_PAGES: 100 };
  check([
    ["0 never fires", { armed: true, now: { FILE_LRU_PAGES: 0 } }, -1],
    ["not armed", { settings, now: less }, -1],
    ["too little", { settings, now: less, armed: true }, 7, 201, 0, 1],
    ["enough: disarmed", { settings, now: enough, armed: true }, -1],
    [
      "enough, and memory is low",
      {
        settings,
        now: { ...enough, ...LOW },
        armed: true,
      },
      8,
      701,
    ],
    [
      "before low memory",
      {
        settings,
        now: { ...less, ...LOW },
        armed: true,
      },
      7,
      201,
      0,
      1,
    ],
    [
      "not asked where another row matches: it stays armed",
      {
        settings,
        now: { ...enough, ...LOW, ...LOW_SWAP },
        armed: true,
      },
      3,
      201,
      0,
      1,
    ],
  ]);
});

conforms("4.4", "row 10: thrashing arms it for the passes after", () => {
  const script = new Script(
    { SET_FILECACHE_MIN_KB: 400 },
    { ...LOW, FILE_LRU_PAGES: 99 },
  );
  const steps: [Columns, number][] = [
    [{ VM_PGSCAN_KSWAPD: 1 }, 8],
    [{ REFAULT: 101 }, 4],
    [{ ...AT_LOW, FILE_LRU_PAGES: 50, VM_PGSCAN_KSWAPD: 2 }, 7],
    [{ VM_PGSCAN_KSWAPD: 3 }, 7],
    [{ FILE_LRU_PAGES: 100, VM_PGSCAN_KSWAPD: 4 }, -1],
    [{ FILE_LRU_PAGES: 50, VM_PGSCAN_KSWAPD: 5 }, -1],
  ];
  for (const [i, [now, want]] of steps.entries()) {
    // Beyond its window, what was refaulted is halved and halved again.
    const after = i > 1 ? 9_000 : 10;
    const { reason } = script.pass({ cause: "poll", after, now, nobody: true });
    assert.equal(reason, want, `step ${i}`);
  }
});

conforms("4.4", "row 11: low memory, where anybody is that unimportant", () => {
  const floor = (SET_LOWMEM_ADJ: number) => ({ SET_LOWMEM_ADJ });
  check([
    ["at low", { now: AT_LOW }, -1],
    ["below low", { now: LOW }, 8, 701],
    ["below min", { now: MIN }, 8, 701],
    ["1000", { now: LOW, settings: floor(1000) }, 8, 1000],
    ["1001 is off", { now: MIN, settings: floor(1001) }, -1],
  ]);
});

// lmkd's chain row by row (AOSP lmkd.cpp), rows 2 to 8, each with its neighbours
// just across the limit.

import { ABSENT } from "../../src/base/scan.ts";
import { PRESSURE_FULL, PRESSURE_SOME } from "../../src/policy/pressure.ts";
import * as r from "../../src/state/reasons.ts";
import {
  check,
  type Columns,
  FULL,
  HIGH,
  LOW,
  MIN,
  NOBODY,
  THRASHING,
} from "./chain.ts";
import { FREE_KB, type Scene } from "./scene.ts";

Deno.test("a machine that is well", () => {
  check("well", {}, NOBODY);
  check("a little stall", { pressure: PRESSURE_SOME }, NOBODY);
  check("the high watermark alone", { snapshot: HIGH }, NOBODY);
  check("swap alone", { snapshot: FULL }, NOBODY);
  check("thrashing alone", { snapshot: THRASHING }, NOBODY);
  check("nothing is known", {
    snapshot: {
      MEM_FREE_KB: ABSENT,
      SWAP_TOTAL_KB: ABSENT,
      SWAP_FREE_KB: ABSENT,
      WATERMARK_MIN_PAGES: ABSENT,
      WATERMARK_LOW_PAGES: ABSENT,
      WATERMARK_HIGH_PAGES: ABSENT,
      THRASHING_PERCENT: ABSENT,
      PSI_FULL_AVG10_CENTI: ABSENT,
      FILE_LRU_PAGES: ABSENT,
    },
  }, NOBODY);
});

Deno.test("row 2: below min after a kill", () => {
  const history = { HIST_AFTER_KILL: 1 };
  check("below min", { snapshot: MIN, history }, {
    reason: r.REASON_PRESSURE_AFTER_KILL,
    floor: 0,
  });
  check("its own floor", {
    snapshot: MIN,
    history,
    settings: { SET_AFTER_KILL_ADJ: 300 },
  }, { reason: r.REASON_PRESSURE_AFTER_KILL, floor: 300 });
  check("a negative floor counts as 0", {
    snapshot: MIN,
    history,
    settings: { SET_AFTER_KILL_ADJ: -1000 },
  }, { reason: r.REASON_PRESSURE_AFTER_KILL, floor: 0 });
  check("it comes before all others", {
    snapshot: { ...MIN, ...FULL, ...THRASHING },
    history,
    pressure: PRESSURE_FULL,
  }, { reason: r.REASON_PRESSURE_AFTER_KILL });
  check("at min", { snapshot: { MEM_FREE_KB: FREE_KB.atMin }, history }, {
    reason: r.REASON_LOW_MEM,
  });
  check("no kill", { snapshot: MIN }, { reason: r.REASON_LOW_MEM });
  check("above", { history }, NOBODY);
});

Deno.test("row 3: a real event of full stall", () => {
  const reason = r.REASON_NOT_RESPONDING;
  check("full", { pressure: PRESSURE_FULL }, { reason, floor: 0 });
  check("both", { pressure: 3 }, { reason });
  check("it comes before thrashing", {
    pressure: PRESSURE_FULL,
    snapshot: { ...LOW, ...FULL, ...THRASHING },
  }, { reason, history: { HIST_FILECACHE_ARMED: 0, HIST_CUT_LIMIT: 0 } });
});

Deno.test("row 4: low swap and thrashing", () => {
  const reason = r.REASON_LOW_SWAP_AND_THRASHING;
  const history = { HIST_FILECACHE_ARMED: 1, HIST_CUT_LIMIT: 0 };
  const both = { ...FULL, ...THRASHING };
  check("both", { snapshot: both }, {
    reason,
    floor: 201,
    value: 52_000,
    limit: 52_428,
    value2: 101,
    limit2: 100,
    history,
  });
  check("at the limit", {
    snapshot: { ...FULL, THRASHING_PERCENT: 100 },
  }, NOBODY);
  check("critical", { snapshot: { ...FULL, THRASHING_PERCENT: 300 } }, {
    reason,
    floor: 0,
  });
  check("not quite", { snapshot: { ...FULL, THRASHING_PERCENT: 299 } }, {
    reason,
    floor: 201,
  });
  check("below min", { snapshot: { ...both, ...MIN } }, { reason, floor: 0 });
  check("at min", {
    snapshot: { ...both, MEM_FREE_KB: FREE_KB.atMin },
  }, { reason, floor: 201 });
  check("the configured limit counts, not the one cut down", {
    snapshot: { ...FULL, THRASHING_PERCENT: 100 },
    history: { HIST_THRASHING_LIMIT_PERCENT: 50 },
  }, NOBODY);
  check("no swap is not low swap", {
    snapshot: { ...THRASHING, SWAP_TOTAL_KB: 0, SWAP_FREE_KB: 0 },
  }, NOBODY);
  check("0 percent turns it off", {
    snapshot: { ...THRASHING, SWAP_FREE_KB: 0 },
    settings: { SET_SWAP_LOW_PERCENT: 0 },
  }, NOBODY);
});

Deno.test("row 5: low memory and swap", () => {
  const reason = r.REASON_LOW_MEM_AND_SWAP;
  check("below low", { snapshot: { ...LOW, ...FULL } }, {
    reason,
    floor: 201,
    // The figures are those of swap, as the words are. Free memory and
    // inactive file pages limit what is usable.
    value: 52_000,
    limit: 52_428,
    history: { HIST_FILECACHE_ARMED: 0, HIST_CUT_LIMIT: 0 },
  });
  check("at low", {
    snapshot: { ...FULL, MEM_FREE_KB: FREE_KB.atLow },
  }, NOBODY);
  check("below min", { snapshot: { ...MIN, ...FULL } }, { reason, floor: 0 });
  check("thrashing critically, under a limit still higher", {
    snapshot: { ...LOW, ...FULL, THRASHING_PERCENT: 400 },
    settings: { SET_THRASHING_PERCENT: 500 },
  }, { reason, floor: 0 });
});

Deno.test("row 6: low memory and swap utilization", () => {
  const reason = r.REASON_LOW_MEM_AND_SWAP_UTIL;
  // 400000 of anonymous memory, 400000 swapped out: half.
  const half: Columns = { SWAP_TOTAL_KB: 800_000, SWAP_FREE_KB: 400_000 };
  const scene = (most: number, more: Columns): Scene => ({
    snapshot: { ...half, INACTIVE_FILE_KB: 800_000, ...more },
    settings: { SET_SWAP_UTIL_MAX_PERCENT: most },
  });
  check("over", scene(49, LOW), { reason, floor: 0, value: 50, limit: 49 });
  check("at the limit", scene(50, LOW), { reason: r.REASON_LOW_MEM });
  check("enough memory", scene(49, HIGH), NOBODY);
  check("100 turns it off", scene(100, { ...LOW, ACTIVE_ANON_KB: 0 }), {
    reason: r.REASON_LOW_MEM,
  });
});

Deno.test("row 7: low memory and thrashing", () => {
  const reason = r.REASON_LOW_MEM_AND_THRASHING;
  const history = { HIST_FILECACHE_ARMED: 1, HIST_CUT_LIMIT: 1 };
  check("below low", { snapshot: { ...LOW, ...THRASHING } }, {
    reason,
    floor: 201,
    value: 101,
    limit: 100,
    history,
  });
  check("below min changes nothing", { snapshot: { ...MIN, ...THRASHING } }, {
    reason,
    floor: 201,
  });
  check("critical", { snapshot: { ...LOW, THRASHING_PERCENT: 300 } }, {
    reason,
    floor: 0,
  });
  check("at the limit", { snapshot: { ...LOW, THRASHING_PERCENT: 100 } }, {
    reason: r.REASON_LOW_MEM,
    floor: 701,
  });
  check("a limit cut down", {
    snapshot: { ...LOW, THRASHING_PERCENT: 91 },
    history: { HIST_THRASHING_LIMIT_PERCENT: 90 },
  }, { reason, limit: 90 });
});

Deno.test("row 8: direct reclaim and thrashing", () => {
  const reason = r.REASON_DIRECT_RECL_AND_THRASHING;
  const direct = { HIST_RECLAIM: r.RECLAIM_DIRECT };
  check("both", { snapshot: THRASHING, history: direct }, {
    reason,
    floor: 201,
    value: 101,
    limit: 100,
    history: { HIST_FILECACHE_ARMED: 1, HIST_CUT_LIMIT: 1 },
  });
  check("critical", {
    snapshot: { THRASHING_PERCENT: 300 },
    history: direct,
  }, { reason, floor: 0 });
  check("not quite", {
    snapshot: { THRASHING_PERCENT: 299 },
    history: direct,
  }, { reason, floor: 201 });
  check("direct reclaim alone", { history: direct }, NOBODY);
  check("kswapd is not direct", {
    snapshot: THRASHING,
    history: { HIST_RECLAIM: r.RECLAIM_KSWAPD },
  }, NOBODY);
  check("below low, memory is the reason", {
    snapshot: { ...LOW, ...THRASHING },
    history: direct,
  }, { reason: r.REASON_LOW_MEM_AND_THRASHING });
});

// lmkd's chain row by row (AOSP lmkd.cpp), each with its neighbours just across
// the limit.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import {
  decidePressure,
  PRESSURE_FULL,
  PRESSURE_SOME,
} from "../../src/policy/pressure.ts";
import * as r from "../../src/state/reasons.ts";
import { FREE_KB, type Scene, wordsOf } from "./scene.ts";

interface Want {
  readonly reason: number;
  readonly floor?: number;
  readonly value?: number;
  readonly limit?: number;
  /** History words after it. */
  readonly history?: Scene["history"];
}

function check(name: string, scene: Scene, want: Want): void {
  const { snapshot, settings, history, verdict } = wordsOf(scene);
  decidePressure(snapshot, settings, history, scene.pressure ?? 0, verdict);
  assert.equal(verdict[r.VERDICT_REASON], want.reason, name);
  const told: [number | undefined, number][] = [
    [want.floor, r.VERDICT_FLOOR_ADJ],
    [want.value, r.VERDICT_VALUE],
    [want.limit, r.VERDICT_LIMIT],
  ];
  for (const [value, word] of told) {
    if (value !== undefined) assert.equal(verdict[word], value, name);
  }
  for (const [word, value] of Object.entries(want.history ?? {})) {
    const at = (r as unknown as Record<string, number>)[word];
    assert.equal(history[at], value, `${name}: ${word}`);
  }
  // The flag of a kill is always taken back.
  assert.equal(history[r.HIST_KILLED], 0, name);
}

type Columns = NonNullable<Scene["snapshot"]>;

const NOBODY: Want = { reason: r.REASON_NONE };
const MIN: Columns = { MEM_FREE_KB: FREE_KB.belowMin };
const LOW: Columns = { MEM_FREE_KB: FREE_KB.belowLow };
const HIGH: Columns = { MEM_FREE_KB: FREE_KB.belowHigh };
/** Swap below its 52428 kB. */
const FULL: Columns = { SWAP_FREE_KB: 52_000 };
/** Over the limit of 100, under the critical 300. */
const THRASHING: Columns = { THRASHING_PERCENT: 101 };

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
      VM_PGSCAN_DIRECT: ABSENT,
      PSI_FULL_AVG10_CENTI: ABSENT,
      ZONE_FILE_LRU_PAGES: ABSENT,
    },
  }, NOBODY);
});

Deno.test("row 2: below min after a kill", () => {
  const history = { HIST_KILLED: 1 };
  check("below min", { snapshot: MIN, history }, {
    reason: r.REASON_PRESSURE_AFTER_KILL,
    floor: 0,
  });
  check("its own floor", {
    snapshot: MIN,
    history,
    settings: { SET_AFTER_KILL_ADJ: 300 },
  }, { reason: r.REASON_PRESSURE_AFTER_KILL, floor: 300 });
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
    value: 101,
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
  const direct: Columns = { VM_PGSCAN_DIRECT: 5 };
  check("both", { snapshot: { ...direct, ...THRASHING } }, {
    reason,
    floor: 201,
    history: {
      HIST_FILECACHE_ARMED: 1,
      HIST_CUT_LIMIT: 1,
      HIST_PGSCAN_DIRECT: 5,
    },
  });
  check("critical", { snapshot: { ...direct, THRASHING_PERCENT: 301 } }, {
    reason,
    floor: 0,
  });
  check("direct reclaim alone", { snapshot: direct }, {
    ...NOBODY,
    history: { HIST_PGSCAN_DIRECT: 5 },
  });
  check("no scan since the last look", {
    snapshot: { ...direct, ...THRASHING },
    history: { HIST_PGSCAN_DIRECT: 5 },
  }, NOBODY);
  check("a counter that wrapped", {
    snapshot: { VM_PGSCAN_DIRECT: -3, ...THRASHING },
    history: { HIST_PGSCAN_DIRECT: 2_147_483_647 },
  }, { reason });
});

Deno.test("row 10: low file cache after thrashing", () => {
  const reason = r.REASON_LOW_FILECACHE_AFTER_THRASHING;
  const settings = { SET_FILECACHE_MIN_KB: 4_000 };
  const armed = { HIST_FILECACHE_ARMED: 1 };
  const at = (pages: number, more: Columns = {}): Scene => ({
    snapshot: { ZONE_FILE_LRU_PAGES: pages, ...more },
    settings,
    history: armed,
  });
  check("low", at(999), {
    reason,
    floor: 201,
    value: 3_996,
    limit: 4_000,
    history: armed,
  });
  check("at the limit: disarmed", at(1_000), {
    ...NOBODY,
    history: { HIST_FILECACHE_ARMED: 0 },
  });
  check("at the limit, low memory", at(1_000, LOW), {
    reason: r.REASON_LOW_MEM,
  });
  check("before low memory", at(999, LOW), { reason });
  check("after thrashing", at(999, { ...LOW, ...THRASHING }), {
    reason: r.REASON_LOW_MEM_AND_THRASHING,
  });
  check("not armed", { ...at(999), history: {} }, NOBODY);
});

Deno.test("row 11: low memory", () => {
  const reason = r.REASON_LOW_MEM;
  check("below low", { snapshot: LOW }, {
    reason,
    floor: 701,
    value: 7_999,
    limit: 8_000,
    history: { HIST_CUT_LIMIT: 0 },
  });
  check("at low", { snapshot: { MEM_FREE_KB: FREE_KB.atLow } }, NOBODY);
  check("1001: nobody is that unimportant", {
    snapshot: LOW,
    settings: { SET_LOWMEM_ADJ: 1001 },
  }, { reason, floor: 1001 });
});

Deno.test("a critical stall takes the floor away, and is no reason", () => {
  const settings = { SET_STALL_CRITICAL_PERCENT: 80 };
  const stall = (centi: number): Columns => ({ PSI_FULL_AVG10_CENTI: centi });
  check("over", { snapshot: { ...LOW, ...stall(8_001) }, settings }, {
    reason: r.REASON_LOW_MEM,
    floor: 0,
  });
  check("at it", { snapshot: { ...LOW, ...stall(8_000) }, settings }, {
    reason: r.REASON_LOW_MEM,
    floor: 701,
  });
  check("no psi", { snapshot: { ...LOW, ...stall(ABSENT) }, settings }, {
    reason: r.REASON_LOW_MEM,
    floor: 701,
  });
  check("alone", { snapshot: stall(10_000), settings }, NOBODY);
  check("100 turns it off", { snapshot: { ...LOW, ...stall(10_000) } }, {
    floor: 701,
    reason: r.REASON_LOW_MEM,
  });
});

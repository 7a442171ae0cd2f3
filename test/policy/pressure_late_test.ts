// lmkd's chain row by row (AOSP lmkd.cpp), from row 9 on, each with its
// neighbours just across the limit; and the stall that takes floors away.

import { ABSENT } from "../../src/base/scan.ts";
import * as r from "../../src/state/reasons.ts";
import { check, type Columns, LOW, NOBODY, THRASHING } from "./chain.ts";
import { FREE_KB, type Scene } from "./scene.ts";

Deno.test("row 9: stuck in direct reclaim", () => {
  const reason = r.REASON_DIRECT_RECL_STUCK;
  const since = (ms: number): NonNullable<Scene["history"]> => ({
    HIST_RECLAIM: r.RECLAIM_DIRECT,
    HIST_DIRECT_SINCE_MS: 100_000 - ms,
  });
  const settings = { SET_DIRECT_STUCK_MS: 500 };
  check("from beyond half of the clock", {
    settings,
    history: since(-2_000_000_000),
  }, NOBODY);
  check("longer", { settings, history: since(501) }, {
    reason,
    floor: 0,
    value: 501,
    limit: 500,
    history: { HIST_FILECACHE_ARMED: 0, HIST_CUT_LIMIT: 0 },
  });
  check("as long", { settings, history: since(500) }, NOBODY);
  check("0 is off", { history: since(1_000_000) }, NOBODY);
  check("negative is off", {
    settings: { SET_DIRECT_STUCK_MS: -1 },
    history: since(1_000),
  }, NOBODY);
  check("reclaim has ended", {
    settings,
    history: { ...since(501), HIST_RECLAIM: r.RECLAIM_NONE },
  }, NOBODY);
  check("after thrashing", {
    settings,
    snapshot: THRASHING,
    history: since(501),
  }, { reason: r.REASON_DIRECT_RECL_AND_THRASHING });
  check("before low memory", {
    settings,
    snapshot: LOW,
    history: since(501),
  }, { reason, floor: 0 });
});

Deno.test("row 10: low file cache after thrashing", () => {
  const reason = r.REASON_LOW_FILECACHE_AFTER_THRASHING;
  const settings = { SET_FILECACHE_MIN_KB: 4_000 };
  const armed = { HIST_FILECACHE_ARMED: 1 };
  const at = (pages: number, more: Columns = {}): Scene => ({
    snapshot: { FILE_LRU_PAGES: pages, ...more },
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
  check("file pages are not known: nobody, and it goes on", at(ABSENT), {
    ...NOBODY,
    history: armed,
  });
  check("none at all", at(0), { reason, value: 0 });
  check("0 kB never fires", { ...at(0), settings: {} }, {
    ...NOBODY,
    history: { HIST_FILECACHE_ARMED: 0 },
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
  }, NOBODY);
  check("1000: one may be", {
    snapshot: LOW,
    settings: { SET_LOWMEM_ADJ: 1000 },
  }, { reason, floor: 1000 });
  check("a negative floor counts as 0", {
    snapshot: LOW,
    settings: { SET_LOWMEM_ADJ: -500 },
  }, { reason, floor: 0 });
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

// @hot
// lmkd's PSI strategy (AOSP lmkd.cpp, mp_event_psi): how hard file pages are
// being refaulted, where free memory stands against the watermarks, whether
// swap is left; the first row of the reason chain that matches decides.

import { delta32, divTrunc, mulDiv } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import {
  HIST_BASE_FILE_LRU_PAGES,
  HIST_BASE_REFAULT,
  HIST_CARRY_PERCENT,
  HIST_CUT_LIMIT,
  HIST_FILECACHE_ARMED,
  HIST_KILLED,
  HIST_MAX_THRASHING_PERCENT,
  HIST_PGSCAN_DIRECT,
  HIST_PRIMED,
  HIST_THRASHING_LIMIT_PERCENT,
  HIST_WINDOW_START_MS,
  REASON_DIRECT_RECL_AND_THRASHING,
  REASON_LOW_FILECACHE_AFTER_THRASHING,
  REASON_LOW_MEM,
  REASON_LOW_MEM_AND_SWAP,
  REASON_LOW_MEM_AND_SWAP_UTIL,
  REASON_LOW_MEM_AND_THRASHING,
  REASON_LOW_SWAP_AND_THRASHING,
  REASON_NONE,
  REASON_NOT_RESPONDING,
  REASON_PRESSURE_AFTER_KILL,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_REASON,
  VERDICT_VALUE,
} from "../state/reasons.ts";
import {
  SET_AFTER_KILL_ADJ,
  SET_FILECACHE_MIN_KB,
  SET_LOWMEM_ADJ,
  SET_PAGE_KB,
  SET_STALL_CRITICAL_PERCENT,
  SET_SWAP_UTIL_MAX_PERCENT,
  SET_THRASHING_CRITICAL_PERCENT,
  SET_THRASHING_DECAY_PERCENT,
  SET_THRASHING_PERCENT,
} from "../state/settings.ts";
import {
  MEM_FREE_KB,
  NOW_MS,
  PSI_FULL_AVG10_CENTI,
  THRASHING_PERCENT,
  VM_PGSCAN_DIRECT,
  WATERMARK_LOW_PAGES,
  ZONE_FILE_LRU_PAGES,
  ZONE_REFAULT_FILE,
} from "../state/snapshot.ts";
import {
  BELOW_HIGH,
  BELOW_LOW,
  known,
  swapIsLow,
  swapLowKb,
  swapUtilPercent,
  usableSwapKb,
  watermarkLevel,
} from "./watermarks.ts";

/** A real "full" trigger fired in this turn. */
export const PRESSURE_FULL = 2;
/** A real "some" trigger fired in this turn. */
export const PRESSURE_SOME = 1;

/** Perceptible apps begin here; lmkd spares them while it can. */
const PERCEPTIBLE_ADJ = 201;
/** Length of a thrashing window, ms (AOSP lmkd.cpp, mp_event_psi). */
const WINDOW_MS = 1000;

/** Refaults since the window began per 100 pages of file LRU. */
function refaultPercent(snapshot: Int32Array, history: Int32Array): number {
  const refaults = delta32(
    known(snapshot, ZONE_REFAULT_FILE),
    history[HIST_BASE_REFAULT],
  );
  if (refaults <= 0) return 0;
  return mulDiv(refaults, 100, history[HIST_BASE_FILE_LRU_PAGES] + 1);
}

function startWindow(snapshot: Int32Array, history: Int32Array): void {
  history[HIST_BASE_REFAULT] = known(snapshot, ZONE_REFAULT_FILE);
  history[HIST_BASE_FILE_LRU_PAGES] = known(snapshot, ZONE_FILE_LRU_PAGES);
  history[HIST_WINDOW_START_MS] = snapshot[NOW_MS];
}

/** Brings the thrashing window up to date; sets THRASHING_PERCENT. */
export function updateThrashing(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
): void {
  if (history[HIST_PRIMED] === 0) {
    history[HIST_PRIMED] = 1;
    history[HIST_PGSCAN_DIRECT] = known(snapshot, VM_PGSCAN_DIRECT);
    history[HIST_THRASHING_LIMIT_PERCENT] = settings[SET_THRASHING_PERCENT];
    startWindow(snapshot, history);
  }
  if (history[HIST_KILLED] !== 0) {
    startWindow(snapshot, history);
    history[HIST_CARRY_PERCENT] = 0;
  }
  let thrashing = 0;
  const age = delta32(snapshot[NOW_MS], history[HIST_WINDOW_START_MS]);
  if (age > WINDOW_MS) {
    let carry = refaultPercent(snapshot, history);
    const windows = divTrunc(age, WINDOW_MS);
    if (windows > 1 || carry < history[HIST_THRASHING_LIMIT_PERCENT]) {
      carry = windows > 31 ? 0 : carry >> windows;
    }
    history[HIST_CARRY_PERCENT] = carry;
    history[HIST_THRASHING_LIMIT_PERCENT] = settings[SET_THRASHING_PERCENT];
    startWindow(snapshot, history);
  } else {
    thrashing = refaultPercent(snapshot, history);
  }
  thrashing += history[HIST_CARRY_PERCENT];
  snapshot[THRASHING_PERCENT] = thrashing;
  if (thrashing > history[HIST_MAX_THRASHING_PERCENT]) {
    history[HIST_MAX_THRASHING_PERCENT] = thrashing;
  }
}

/** After a kill: the limit is cut where the reason asked for it. */
export function afterKill(settings: Int32Array, history: Int32Array): void {
  history[HIST_KILLED] = 1;
  history[HIST_MAX_THRASHING_PERCENT] = 0;
  if (history[HIST_CUT_LIMIT] === 0) return;
  history[HIST_THRASHING_LIMIT_PERCENT] = mulDiv(
    history[HIST_THRASHING_LIMIT_PERCENT],
    100 - settings[SET_THRASHING_DECAY_PERCENT],
    100,
  );
}

function say(
  verdict: Int32Array,
  reason: number,
  floorAdj: number,
  value: number,
  limit: number,
): void {
  verdict[VERDICT_REASON] = reason;
  verdict[VERDICT_FLOOR_ADJ] = floorAdj;
  verdict[VERDICT_VALUE] = value;
  verdict[VERDICT_LIMIT] = limit;
}

/**
 * Judges by lmkd's chain. `pressure` holds PRESSURE_* bits of triggers that
 * fired since the last turn. updateThrashing must have run.
 */
export function decidePressure(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  const afterKillCycle = history[HIST_KILLED] !== 0;
  history[HIST_KILLED] = 0;
  history[HIST_CUT_LIMIT] = 0;
  verdict[VERDICT_REASON] = REASON_NONE;

  const level = watermarkLevel(snapshot, settings);
  const lowSwap = swapIsLow(snapshot, settings);
  const thrashing = snapshot[THRASHING_PERCENT];
  const limit = history[HIST_THRASHING_LIMIT_PERCENT];
  const critical = settings[SET_THRASHING_CRITICAL_PERCENT];
  const spared = thrashing < critical ? PERCEPTIBLE_ADJ : 0;
  const scanned = known(snapshot, VM_PGSCAN_DIRECT);
  const direct = scanned !== history[HIST_PGSCAN_DIRECT];
  history[HIST_PGSCAN_DIRECT] = scanned;
  const freeKb = known(snapshot, MEM_FREE_KB);
  const lowKb = known(snapshot, WATERMARK_LOW_PAGES) * settings[SET_PAGE_KB];

  if (afterKillCycle && level < BELOW_LOW) {
    say(
      verdict,
      REASON_PRESSURE_AFTER_KILL,
      settings[SET_AFTER_KILL_ADJ],
      freeKb,
      lowKb,
    );
  } else if ((pressure & PRESSURE_FULL) !== 0) {
    say(verdict, REASON_NOT_RESPONDING, 0, 0, 0);
  } else if (lowSwap && thrashing > settings[SET_THRASHING_PERCENT]) {
    const floor = level >= BELOW_LOW ? spared : 0;
    history[HIST_FILECACHE_ARMED] = 1;
    say(verdict, REASON_LOW_SWAP_AND_THRASHING, floor, thrashing, limit);
  } else if (lowSwap && level < BELOW_HIGH) {
    const floor = level >= BELOW_LOW ? spared : 0;
    const swapKb = usableSwapKb(snapshot);
    const leastKb = swapLowKb(snapshot, settings);
    say(verdict, REASON_LOW_MEM_AND_SWAP, floor, swapKb, leastKb);
  } else if (
    level < BELOW_HIGH && settings[SET_SWAP_UTIL_MAX_PERCENT] < 100 &&
    swapUtilPercent(snapshot) > settings[SET_SWAP_UTIL_MAX_PERCENT]
  ) {
    const utilization = swapUtilPercent(snapshot);
    const most = settings[SET_SWAP_UTIL_MAX_PERCENT];
    say(verdict, REASON_LOW_MEM_AND_SWAP_UTIL, 0, utilization, most);
  } else if (level < BELOW_HIGH && thrashing > limit) {
    history[HIST_FILECACHE_ARMED] = 1;
    history[HIST_CUT_LIMIT] = 1;
    say(verdict, REASON_LOW_MEM_AND_THRASHING, spared, thrashing, limit);
  } else if (direct && thrashing > limit) {
    history[HIST_FILECACHE_ARMED] = 1;
    history[HIST_CUT_LIMIT] = 1;
    say(verdict, REASON_DIRECT_RECL_AND_THRASHING, spared, thrashing, limit);
  } else {
    decideCalmer(snapshot, settings, history, verdict);
  }
  if (verdict[VERDICT_REASON] !== REASON_NONE) {
    const stall = snapshot[PSI_FULL_AVG10_CENTI];
    const most = settings[SET_STALL_CRITICAL_PERCENT] * 100;
    if (stall !== ABSENT && stall > most) verdict[VERDICT_FLOOR_ADJ] = 0;
  }
}

/** The last two rows of the chain: low file cache, low memory. */
function decideCalmer(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  verdict: Int32Array,
): void {
  if (history[HIST_FILECACHE_ARMED] !== 0) {
    const cacheKb = known(snapshot, ZONE_FILE_LRU_PAGES) *
      settings[SET_PAGE_KB];
    const least = settings[SET_FILECACHE_MIN_KB];
    if (cacheKb < least) {
      const reason = REASON_LOW_FILECACHE_AFTER_THRASHING;
      return say(verdict, reason, PERCEPTIBLE_ADJ, cacheKb, least);
    }
    history[HIST_FILECACHE_ARMED] = 0;
  }
  if (watermarkLevel(snapshot, settings) < BELOW_HIGH) {
    say(
      verdict,
      REASON_LOW_MEM,
      settings[SET_LOWMEM_ADJ],
      known(snapshot, MEM_FREE_KB),
      known(snapshot, WATERMARK_LOW_PAGES) * settings[SET_PAGE_KB],
    );
  }
}

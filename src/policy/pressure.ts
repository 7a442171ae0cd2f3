// @hot
// The reasons of lmkd's PSI strategy (AOSP lmkd.cpp, mp_event_psi), in its
// order: the first that matches decides. The floor is 0 unless a reason raises
// it, and a critical stall takes it away again. beginPass or updateThrashing
// must have run in the same pass.

import { ADJ_MAX } from "../base/limits.ts";
import { ABSENT } from "../base/scan.ts";
import {
  HIST_AFTER_KILL,
  HIST_CUT_LIMIT,
  HIST_FILECACHE_ARMED,
  HIST_FLOOR_ADJ,
  HIST_REASONED,
  HIST_RECLAIM,
  HIST_THRASHING_LIMIT_PERCENT,
  REASON_DIRECT_RECL_AND_THRASHING,
  REASON_DIRECT_RECL_STUCK,
  REASON_LOW_FILECACHE_AFTER_THRASHING,
  REASON_LOW_MEM,
  REASON_LOW_MEM_AND_SWAP,
  REASON_LOW_MEM_AND_SWAP_UTIL,
  REASON_LOW_MEM_AND_THRASHING,
  REASON_LOW_SWAP_AND_THRASHING,
  REASON_NONE,
  REASON_NOT_RESPONDING,
  REASON_PRESSURE_AFTER_KILL,
  RECLAIM_DIRECT,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_LIMIT2,
  VERDICT_MARK,
  VERDICT_REASON,
  VERDICT_VALUE,
  VERDICT_VALUE2,
} from "../state/reasons.ts";
import {
  LMKD_NEW,
  SET_AFTER_KILL_ADJ,
  SET_DIRECT_STUCK_MS,
  SET_FILECACHE_MIN_KB,
  SET_LMKD_MODE,
  SET_LOWMEM_ADJ,
  SET_STRATEGY,
  SET_SWAP_UTIL_MAX_PERCENT,
  SET_THRASHING_CRITICAL_PERCENT,
  SET_THRASHING_PERCENT,
  STRATEGY_LMKD,
} from "../state/settings.ts";
import {
  CMA_FREE_KB,
  FILE_LRU_PAGES,
  MEM_FREE_KB,
  THRASHING_PERCENT,
  WATERMARK_LOW_PAGES,
  WATERMARK_MIN_PAGES,
} from "../state/snapshot.ts";
import { directReclaimMs } from "./thrashing.ts";
import {
  BELOW_HIGH,
  BELOW_LOW,
  kbOf,
  known,
  stallsCritically,
  swapIsLow,
  swapLowPages,
  swapUtilPercent,
  usableSwapKb,
  watermarkLevel,
} from "./watermarks.ts";

export { afterKill } from "./thrashing.ts";

/** A real event of "some" stall: lmkd's level medium. */
export const PRESSURE_SOME = 1;
/** A real event of "full" stall: lmkd's level critical. */
export const PRESSURE_FULL = 2;
/** A real event of the old strategy's lowest level. */
export const PRESSURE_LOW = 4;

/** Perceptible apps end here; lmkd spares them while it can (AOSP lmkd.cpp,
 * PERCEPTIBLE_APP_ADJ + 1). */
const IMPERCEPTIBLE_ADJ = 201;

function say(
  verdict: Int32Array,
  reason: number,
  value: number,
  limit: number,
): void {
  verdict[VERDICT_REASON] = reason;
  verdict[VERDICT_VALUE] = value;
  verdict[VERDICT_LIMIT] = limit;
  verdict[VERDICT_VALUE2] = 0;
  verdict[VERDICT_LIMIT2] = 0;
}

/** Raises the floor over perceptible apps. */
function sparePerceptible(history: Int32Array): void {
  history[HIST_FLOOR_ADJ] = IMPERCEPTIBLE_ADJ;
}

function thrashesCritically(
  snapshot: Int32Array,
  settings: Int32Array,
): boolean {
  return known(snapshot, THRASHING_PERCENT) >=
    settings[SET_THRASHING_CRITICAL_PERCENT];
}

function freeKb(snapshot: Int32Array): number {
  return known(snapshot, MEM_FREE_KB) - known(snapshot, CMA_FREE_KB);
}

function markKb(
  snapshot: Int32Array,
  settings: Int32Array,
  column: number,
): number {
  return kbOf(known(snapshot, column), settings);
}

/** Rows 2 to 5: what follows a kill, a stall, or swap that is low. */
function decideUrgent(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): boolean {
  const mark = verdict[VERDICT_MARK];
  if (history[HIST_AFTER_KILL] !== 0 && mark < BELOW_LOW) {
    const minKb = markKb(snapshot, settings, WATERMARK_MIN_PAGES);
    history[HIST_FLOOR_ADJ] = settings[SET_AFTER_KILL_ADJ];
    say(verdict, REASON_PRESSURE_AFTER_KILL, freeKb(snapshot), minKb);
    return true;
  }
  if ((pressure & PRESSURE_FULL) !== 0) {
    say(verdict, REASON_NOT_RESPONDING, 0, 0);
    return true;
  }
  if (!swapIsLow(snapshot, settings)) return false;
  const thrashing = known(snapshot, THRASHING_PERCENT);
  // The configured limit, not the one that kills have cut.
  const limit = settings[SET_THRASHING_PERCENT];
  const thrashes = thrashing > limit;
  if (!thrashes && mark >= BELOW_HIGH) return false;
  const spares = mark >= BELOW_LOW && !thrashesCritically(snapshot, settings);
  if (spares) sparePerceptible(history);
  const swapKb = usableSwapKb(snapshot, settings);
  const leastKb = kbOf(swapLowPages(snapshot, settings), settings);
  const reason = thrashes
    ? REASON_LOW_SWAP_AND_THRASHING
    : REASON_LOW_MEM_AND_SWAP;
  say(verdict, reason, swapKb, leastKb);
  if (!thrashes) return true;
  history[HIST_FILECACHE_ARMED] = 1;
  verdict[VERDICT_VALUE2] = thrashing;
  verdict[VERDICT_LIMIT2] = limit;
  return true;
}

/** Row 6: little memory, and most of what can be swapped is. */
function decideSwapUtil(
  snapshot: Int32Array,
  settings: Int32Array,
  verdict: Int32Array,
): boolean {
  const most = settings[SET_SWAP_UTIL_MAX_PERCENT];
  if (verdict[VERDICT_MARK] >= BELOW_HIGH || most >= 100) return false;
  const utilization = swapUtilPercent(snapshot, settings);
  if (utilization <= most) return false;
  say(verdict, REASON_LOW_MEM_AND_SWAP_UTIL, utilization, most);
  return true;
}

/** Rows 7 to 9: thrashing while memory is short or reclaimed directly, and
 * reclaim that does not end. */
function decideThrashing(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  verdict: Int32Array,
): boolean {
  const isLow = verdict[VERDICT_MARK] < BELOW_HIGH;
  const isDirect = history[HIST_RECLAIM] === RECLAIM_DIRECT;
  const thrashing = known(snapshot, THRASHING_PERCENT);
  const limit = history[HIST_THRASHING_LIMIT_PERCENT];
  if ((isLow || isDirect) && thrashing > limit) {
    history[HIST_CUT_LIMIT] = 1;
    history[HIST_FILECACHE_ARMED] = 1;
    if (!thrashesCritically(snapshot, settings)) sparePerceptible(history);
    const reason = isLow
      ? REASON_LOW_MEM_AND_THRASHING
      : REASON_DIRECT_RECL_AND_THRASHING;
    say(verdict, reason, thrashing, limit);
    return true;
  }
  const mostMs = settings[SET_DIRECT_STUCK_MS];
  const stuckMs = directReclaimMs(snapshot, history);
  if (!isDirect || mostMs <= 0 || stuckMs <= mostMs) return false;
  say(verdict, REASON_DIRECT_RECL_STUCK, stuckMs, mostMs);
  return true;
}

/** Row 10: after thrashing, until there is file cache again. Where file pages
 * are not known nothing follows, and it goes on counting. */
function decideFileCache(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  verdict: Int32Array,
): boolean {
  if (history[HIST_FILECACHE_ARMED] === 0) return false;
  if (snapshot[FILE_LRU_PAGES] === ABSENT) return false;
  const cacheKb = kbOf(snapshot[FILE_LRU_PAGES], settings);
  const leastKb = settings[SET_FILECACHE_MIN_KB];
  if (cacheKb >= leastKb) {
    history[HIST_FILECACHE_ARMED] = 0;
    return false;
  }
  sparePerceptible(history);
  say(verdict, REASON_LOW_FILECACHE_AFTER_THRASHING, cacheKb, leastKb);
  return true;
}

/** Steps 11 and 12 and the floor of step 13, over what the verdict holds. */
function decide(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  verdict[VERDICT_MARK] = watermarkLevel(snapshot, settings);
  const found = decideUrgent(snapshot, settings, history, pressure, verdict) ||
    decideSwapUtil(snapshot, settings, verdict) ||
    decideThrashing(snapshot, settings, history, verdict) ||
    decideFileCache(snapshot, settings, history, verdict);
  const lowMemAdj = settings[SET_LOWMEM_ADJ];
  if (
    !found && verdict[VERDICT_REASON] === REASON_NONE &&
    verdict[VERDICT_MARK] < BELOW_HIGH && lowMemAdj <= ADJ_MAX
  ) {
    const lowKb = markKb(snapshot, settings, WATERMARK_LOW_PAGES);
    history[HIST_FLOOR_ADJ] = lowMemAdj;
    say(verdict, REASON_LOW_MEM, freeKb(snapshot), lowKb);
  }
  verdict[VERDICT_FLOOR_ADJ] = stallsCritically(snapshot, settings)
    ? 0
    : Math.max(history[HIST_FLOOR_ADJ], 0);
}

/** Judges by lmkd's reasons. `pressure` holds PRESSURE_* bits of the events of
 * this pass, 0 in a poll: only a real event of full stall is a reason. */
export function decidePressure(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  history[HIST_CUT_LIMIT] = 0;
  history[HIST_FLOOR_ADJ] = 0;
  say(verdict, REASON_NONE, 0, 0);
  decide(snapshot, settings, history, pressure, verdict);
}

/** Whether the verdict is lmkd's first ever: watermarks are then read anew and
 * redecidePressure asked before anybody dies (AOSP lmkd.cpp). */
export function wantsRecheck(
  settings: Int32Array,
  history: Int32Array,
  verdict: Int32Array,
): boolean {
  return settings[SET_STRATEGY] === STRATEGY_LMKD &&
    settings[SET_LMKD_MODE] === LMKD_NEW && history[HIST_REASONED] === 0 &&
    verdict[VERDICT_REASON] !== REASON_NONE;
}

/** Judges once more over fresh watermarks. Reason, floor and cut of the first
 * time stand where nothing matches now, and the floor also where what matches
 * does not set one. */
export function redecidePressure(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  history[HIST_REASONED] = 1;
  decide(snapshot, settings, history, pressure, verdict);
}

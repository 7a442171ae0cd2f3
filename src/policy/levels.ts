// @hot
// lmkd's oldest rules (AOSP lmkd.cpp, mp_event_common without minfree): each
// level of pressure lets everybody from its oom_score_adj up die, unless there
// is more memory free than at low pressure. Use of the root memory group may
// raise or lower the level. Pure: the record of free memory is in the history.

import { divTrunc } from "../base/int.ts";
import { ADJ_MAX } from "../base/limits.ts";
import {
  HIST_FREE_MAX_PAGES,
  HIST_FREE_MIN_PAGES,
  HIST_FREE_SEEN,
  REASON_LEVEL,
  REASON_NONE,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_LIMIT2,
  VERDICT_REASON,
  VERDICT_VALUE,
  VERDICT_VALUE2,
} from "../state/reasons.ts";
import {
  SET_CRITICAL_UPGRADE,
  SET_DOWNGRADE_PERCENT,
  SET_LEVEL_ADJ,
  SET_LOW_RAM,
  SET_UPGRADE_PERCENT,
} from "../state/settings.ts";
import {
  MEM_FREE_KB,
  MEMCG_USAGE_KB,
  MEMSW_USAGE_KB,
} from "../state/snapshot.ts";
import { LEVEL_CRITICAL, LEVEL_LOW, LEVEL_MEDIUM } from "./polling.ts";
import {
  kbOf,
  pagesOf,
  percentOf,
  swapLowPages,
  usableSwapPages,
} from "./watermarks.ts";

/** A level that nobody dies for. */
const LEVEL_NONE = -1;

/** Records free memory at low pressure. The most rises by less than a tenth at
 * a time: an event that comes late finds memory already free. */
function recordLow(history: Int32Array, free: number): void {
  if (history[HIST_FREE_SEEN] === 0) {
    history[HIST_FREE_SEEN] = 1;
    history[HIST_FREE_MIN_PAGES] = free;
    history[HIST_FREE_MAX_PAGES] = free;
    return;
  }
  if (free < history[HIST_FREE_MIN_PAGES]) history[HIST_FREE_MIN_PAGES] = free;
  const most = history[HIST_FREE_MAX_PAGES];
  // free - most < most * 0.1, without fractions.
  if (free > most && free - most <= divTrunc(most - 1, 10) && most > 0) {
    history[HIST_FREE_MAX_PAGES] = free;
  }
}

/** The level after the share of memory in use of memory and swap, percent, has
 * raised or lowered it; LEVEL_NONE when it is let be. */
function ruledLevel(
  snapshot: Int32Array,
  settings: Int32Array,
  level: number,
): number {
  const usedKb = snapshot[MEMCG_USAGE_KB];
  const withSwapKb = snapshot[MEMSW_USAGE_KB];
  // Not told (ABSENT is negative), or an empty group: the level stands.
  if (usedKb <= 0 || withSwapKb <= 0) return level;
  const percent = percentOf(usedKb, withSwapKb);
  const upgrade = settings[SET_UPGRADE_PERCENT];
  let ruled = level;
  if (
    settings[SET_CRITICAL_UPGRADE] !== 0 && level !== LEVEL_CRITICAL &&
    percent < upgrade
  ) ruled = level + 1;
  const swapFree = usableSwapPages(snapshot, settings);
  if (swapFree < swapLowPages(snapshot, settings)) return ruled;
  if (percent > settings[SET_DOWNGRADE_PERCENT]) return LEVEL_NONE;
  return ruled === LEVEL_CRITICAL && percent > upgrade ? LEVEL_MEDIUM : ruled;
}

/** Judges by a level of pressure, LEVEL_*. */
export function decideLevels(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  level: number,
  verdict: Int32Array,
): void {
  verdict[VERDICT_REASON] = REASON_NONE;
  const free = pagesOf(snapshot, MEM_FREE_KB, settings);
  if (level === LEVEL_LOW) recordLow(history, free);
  if (settings[SET_LEVEL_ADJ + level] > ADJ_MAX) return;
  const ruled = ruledLevel(snapshot, settings, level);
  if (ruled === LEVEL_NONE) return;
  const floor = settings[SET_LEVEL_ADJ + ruled];
  if (floor > ADJ_MAX) return;
  const seen = history[HIST_FREE_SEEN] !== 0;
  const most = seen ? history[HIST_FREE_MAX_PAGES] : -1;
  if (settings[SET_LOW_RAM] === 0 && free >= most) return;
  verdict[VERDICT_REASON] = REASON_LEVEL;
  verdict[VERDICT_FLOOR_ADJ] = Math.max(floor, 0);
  verdict[VERDICT_VALUE] = ruled;
  verdict[VERDICT_LIMIT] = 0;
  verdict[VERDICT_VALUE2] = kbOf(free, settings);
  verdict[VERDICT_LIMIT2] = seen ? kbOf(most, settings) : 0;
}

// @hot
// From snapshot to verdict: which strategy is asked, and in which order. Pure:
// no clock, no I/O; what must be remembered is in the history words.

import {
  HIST_AFTER_KILL,
  HIST_CUT_LIMIT,
  HIST_KILLED,
  HIST_PRIMED,
  HIST_RECLAIM,
  REASON_LOW_MEM,
  REASON_NONE,
  RECLAIM_NONE,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_LIMIT2,
  VERDICT_MARK,
  VERDICT_NEED_KB,
  VERDICT_REASON,
  VERDICT_VALUE,
  VERDICT_VALUE2,
} from "../state/reasons.ts";
import {
  LMKD_MINFREE,
  SET_COMFORT_KB,
  SET_FLOOR_ADJ,
  SET_LMKD_MODE,
  SET_RESERVE_KB,
  SET_STRATEGY,
  SET_TIERS,
  STRATEGY_ADAPTIVE,
  STRATEGY_MINFREE,
} from "../state/settings.ts";
import {
  HEADROOM_KB,
  STALL_SOME_PERMILLE,
  THRASHING_PERCENT,
} from "../state/snapshot.ts";
import { decideExhaustion, needKb, swapKeepsUp } from "./exhaustion.ts";
import { decideLevels } from "./levels.ts";
import { decideMinfree } from "./minfree.ts";
import { isOldStrategy, levelOf } from "./polling.ts";
import { decidePressure, redecidePressure } from "./pressure.ts";
import { beginPass, PASS_SKIP, updateThrashing } from "./thrashing.ts";
import { known, watermarkLevel } from "./watermarks.ts";

/** Stall under which lmkd's reasons are not acted on by `adaptive`, permille:
 * a device that nobody notices is short has time. */
const STALL_IGNORED_PERMILLE = 50;

/** Nobody must die, and there are no figures for it. */
function clear(
  snapshot: Int32Array,
  settings: Int32Array,
  verdict: Int32Array,
): void {
  verdict[VERDICT_REASON] = REASON_NONE;
  verdict[VERDICT_FLOOR_ADJ] = 0;
  verdict[VERDICT_VALUE] = 0;
  verdict[VERDICT_LIMIT] = 0;
  verdict[VERDICT_VALUE2] = 0;
  verdict[VERDICT_LIMIT2] = 0;
  verdict[VERDICT_MARK] = watermarkLevel(snapshot, settings);
}

function raiseFloor(settings: Int32Array, verdict: Int32Array): void {
  const floor = settings[SET_FLOOR_ADJ];
  if (verdict[VERDICT_FLOOR_ADJ] < floor) verdict[VERDICT_FLOOR_ADJ] = floor;
}

/** Fills the verdict of one pass; VERDICT_REASON is REASON_NONE when nobody
 * must die. `pressure` holds PRESSURE_* bits of its events, 0 in a poll or a
 * look that no event asked for. */
export function judge(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  verdict[VERDICT_NEED_KB] = 0;
  clear(snapshot, settings, verdict);
  if (settings[SET_STRATEGY] === STRATEGY_ADAPTIVE) {
    updateThrashing(snapshot, settings, history);
    decideAdaptive(snapshot, settings, history, pressure, verdict);
  } else if (isOldStrategy(settings)) {
    decideOld(snapshot, settings, history, pressure, verdict);
  } else if (beginPass(snapshot, settings, history) !== PASS_SKIP) {
    decidePressure(snapshot, settings, history, pressure, verdict);
  }
  raiseFloor(settings, verdict);
}

/** Judges lmkd's first reason ever once more, over fresh watermarks; asked for
 * by wantsRecheck (pressure.ts) after judge, in the same pass. */
export function rejudge(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  redecidePressure(snapshot, settings, history, pressure, verdict);
  raiseFloor(settings, verdict);
}

/** lmkd's old strategy: tiers or levels, and nothing of the new one's state. */
function decideOld(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  history[HIST_KILLED] = 0;
  history[HIST_AFTER_KILL] = 0;
  history[HIST_CUT_LIMIT] = 0;
  history[HIST_PRIMED] = 0;
  history[HIST_RECLAIM] = RECLAIM_NONE;
  snapshot[THRASHING_PERCENT] = 0;
  if (
    settings[SET_STRATEGY] === STRATEGY_MINFREE ||
    settings[SET_LMKD_MODE] === LMKD_MINFREE
  ) return decideMinfree(snapshot, settings, verdict);
  const level = levelOf(history, pressure);
  decideLevels(snapshot, settings, history, level, verdict);
}

/** Whether `adaptive` heeds a reason of lmkd's: only while headroom is short and
 * tasks really stall. Free memory below its low mark alone is what has the
 * kernel swap (mm/vmscan.c, kswapd): as long as that helps, nobody need die. */
function heeds(
  reason: number,
  snapshot: Int32Array,
  settings: Int32Array,
): boolean {
  const comfort = settings[SET_COMFORT_KB] - settings[SET_RESERVE_KB];
  if (known(snapshot, HEADROOM_KB) >= comfort) return false;
  if (known(snapshot, STALL_SOME_PERMILLE) < STALL_IGNORED_PERMILLE) {
    return false;
  }
  return reason !== REASON_LOW_MEM || !swapKeepsUp(snapshot, settings);
}

/** Level and slope first; tiers where they are set; lmkd's chain last, where it
 * is heeded. */
function decideAdaptive(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  decidePressure(snapshot, settings, history, pressure, verdict);
  verdict[VERDICT_NEED_KB] = needKb(snapshot, settings);
  if (verdict[VERDICT_REASON] !== REASON_NONE) {
    if (heeds(verdict[VERDICT_REASON], snapshot, settings)) return;
    // What the chain asked for goes with its reason.
    history[HIST_CUT_LIMIT] = 0;
    clear(snapshot, settings, verdict);
  }
  decideExhaustion(snapshot, settings, verdict);
  if (verdict[VERDICT_REASON] !== REASON_NONE) return;
  if (settings[SET_TIERS] > 0) decideMinfree(snapshot, settings, verdict);
}

// @hot
// From snapshot to verdict: which strategy is asked, and in which order. Pure:
// no clock, no I/O; what must be remembered is in the history words.

import {
  HIST_CUT_LIMIT,
  HIST_KILLED,
  REASON_NONE,
  VERDICT_FLOOR_ADJ,
  VERDICT_NEED_KB,
  VERDICT_REASON,
} from "../state/reasons.ts";
import {
  SET_COMFORT_KB,
  SET_FLOOR_ADJ,
  SET_RESERVE_KB,
  SET_STRATEGY,
  SET_TIERS,
  STRATEGY_ADAPTIVE,
  STRATEGY_LMKD,
} from "../state/settings.ts";
import { HEADROOM_KB, STALL_SOME_PERMILLE } from "../state/snapshot.ts";
import { decideExhaustion, needKb } from "./exhaustion.ts";
import { decideMinfree } from "./minfree.ts";
import { decidePressure, updateThrashing } from "./pressure.ts";
import { known } from "./watermarks.ts";

/** Stall under which lmkd's reasons are not acted on by `adaptive`, permille:
 * a device that nobody notices is short has time. */
const STALL_IGNORED_PERMILLE = 50;

/** Fills the verdict; VERDICT_REASON is REASON_NONE when nobody must die. */
export function judge(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  verdict: Int32Array,
): void {
  verdict[VERDICT_NEED_KB] = 0;
  updateThrashing(snapshot, settings, history);
  const strategy = settings[SET_STRATEGY];
  if (strategy === STRATEGY_LMKD) {
    decidePressure(snapshot, settings, history, pressure, verdict);
  } else if (strategy === STRATEGY_ADAPTIVE) {
    decideAdaptive(snapshot, settings, history, pressure, verdict);
  } else {
    history[HIST_KILLED] = 0;
    history[HIST_CUT_LIMIT] = 0;
    decideMinfree(snapshot, settings, verdict);
  }
  const floor = settings[SET_FLOOR_ADJ];
  if (verdict[VERDICT_FLOOR_ADJ] < floor) verdict[VERDICT_FLOOR_ADJ] = floor;
}

/** Level and slope first; tiers where they are set; lmkd's chain last, and
 * only while headroom is short and tasks really stall. */
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
    const comfort = settings[SET_COMFORT_KB] - settings[SET_RESERVE_KB];
    const short = known(snapshot, HEADROOM_KB) < comfort;
    const stalls = known(snapshot, STALL_SOME_PERMILLE) >=
      STALL_IGNORED_PERMILLE;
    if (short && stalls) return;
    // What the chain asked for goes with its reason.
    history[HIST_CUT_LIMIT] = 0;
  }
  decideExhaustion(snapshot, settings, verdict);
  if (verdict[VERDICT_REASON] !== REASON_NONE) return;
  if (settings[SET_TIERS] > 0) decideMinfree(snapshot, settings, verdict);
}

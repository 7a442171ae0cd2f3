// @hot
// Level and slope: the signal that needs no pressure. A hog that locks its
// pages, or any growth without swap, stalls nobody until it is too late; the
// fall of MemAvailable shows it a second ahead (measured on Linux 6.1
// and 6.12).

import { INT_MAX, mulDiv } from "../base/int.ts";
import { ADJ_MAX } from "../base/limits.ts";
import {
  REASON_EXHAUSTION,
  REASON_NONE,
  REASON_RESERVE,
  REASON_ZRAM,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_NEED_KB,
  VERDICT_REASON,
  VERDICT_VALUE,
} from "../state/reasons.ts";
import {
  SET_COMFORT_KB,
  SET_HORIZON_MS,
  SET_LOWMEM_ADJ,
  SET_RESERVE_KB,
  SET_SWAP_KB_PER_S,
} from "../state/settings.ts";
import {
  HEADROOM_KB,
  NEED_KB,
  SHRINK_KB_PER_S,
  STALL_SOME_PERMILLE,
  SWAP_FREE_KB,
  ZRAM_ORIGINAL_KB,
  ZRAM_USED_KB,
} from "../state/snapshot.ts";
import { known, swapGainKb, swappableKb } from "./watermarks.ts";

/** Share of time with some task stalled that shows swapping does not keep up,
 * permille. A tenth of the time is what users notice. */
const STALL_NOTICED_PERMILLE = 100;

/** What will be used up within the horizon at the present rate, kB. */
function soonGoneKb(snapshot: Int32Array, settings: Int32Array): number {
  return mulDiv(
    known(snapshot, SHRINK_KB_PER_S),
    settings[SET_HORIZON_MS],
    1000,
  );
}

/** What swapping can be trusted to give back within the horizon, kB. */
function swapCreditKb(snapshot: Int32Array, settings: Int32Array): number {
  if (known(snapshot, STALL_SOME_PERMILLE) > STALL_NOTICED_PERMILLE) return 0;
  const soon = mulDiv(
    settings[SET_SWAP_KB_PER_S],
    settings[SET_HORIZON_MS],
    1000,
  );
  return Math.min(swapGainKb(snapshot), soon);
}

/** Whether swapping still helps, and without being noticed. */
export function swapKeepsUp(
  snapshot: Int32Array,
  settings: Int32Array,
): boolean {
  if (known(snapshot, STALL_SOME_PERMILLE) > STALL_NOTICED_PERMILLE) {
    return false;
  }
  return swapGainKb(snapshot) > settings[SET_RESERVE_KB];
}

/** Whether swap has room that lmkd would count on, but what zram stores
 * compresses so badly that moving more there frees less than the reserve. */
function zramIsSpent(snapshot: Int32Array, settings: Int32Array): boolean {
  const reserve = settings[SET_RESERVE_KB];
  return known(snapshot, SWAP_FREE_KB) > reserve &&
    known(snapshot, ZRAM_ORIGINAL_KB) > 0 && swapGainKb(snapshot) <= reserve &&
    swappableKb(snapshot) > reserve;
}

/** How much must come back before memory is comfortable again, kB. */
export function needKb(snapshot: Int32Array, settings: Int32Array): number {
  const wanted = settings[SET_COMFORT_KB] - settings[SET_RESERVE_KB] -
    known(snapshot, HEADROOM_KB);
  const soon = soonGoneKb(snapshot, settings);
  return wanted > INT_MAX - soon ? INT_MAX : Math.max(wanted + soon, 0);
}

/** Judges by level and slope. Headroom is what is available above the
 * reserve. */
export function decideExhaustion(
  snapshot: Int32Array,
  settings: Int32Array,
  verdict: Int32Array,
): void {
  verdict[VERDICT_REASON] = REASON_NONE;
  const headroom = known(snapshot, HEADROOM_KB);
  const soon = soonGoneKb(snapshot, settings);
  const credit = swapCreditKb(snapshot, settings);
  snapshot[NEED_KB] = needKb(snapshot, settings);
  verdict[VERDICT_NEED_KB] = snapshot[NEED_KB];
  if (soon > 0 && headroom + credit < soon) {
    // While the reserve still lasts for longer than the horizon, only those
    // who are not missed make room, with 1001 nobody; then anybody does.
    const left = headroom + settings[SET_RESERVE_KB] + credit;
    const floor = left < soon ? 0 : settings[SET_LOWMEM_ADJ];
    if (floor > ADJ_MAX) return;
    verdict[VERDICT_REASON] = REASON_EXHAUSTION;
    verdict[VERDICT_FLOOR_ADJ] = floor;
    verdict[VERDICT_VALUE] = headroom + credit;
    verdict[VERDICT_LIMIT] = soon;
  } else if (headroom < 0 && !swapKeepsUp(snapshot, settings)) {
    // With half of the reserve gone the kernel is next, whose choice knows less
    // of importance, and MemAvailable at 0 has no slope any more.
    const deep = headroom < -(settings[SET_RESERVE_KB] >> 1);
    const floor = deep ? 0 : settings[SET_LOWMEM_ADJ];
    if (floor > ADJ_MAX) return;
    const spent = zramIsSpent(snapshot, settings);
    verdict[VERDICT_REASON] = spent ? REASON_ZRAM : REASON_RESERVE;
    verdict[VERDICT_FLOOR_ADJ] = floor;
    verdict[VERDICT_VALUE] = spent ? snapshot[ZRAM_ORIGINAL_KB] : headroom;
    verdict[VERDICT_LIMIT] = spent ? snapshot[ZRAM_USED_KB] : 0;
  }
}

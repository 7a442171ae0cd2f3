// @hot
// How hard file pages are refaulted, and whether the kernel reclaims, by the
// rules of lmkd's PSI strategy (AOSP lmkd.cpp, mp_event_psi). What a pass
// leaves to the next is in the history words only. A counter that the kernel
// does not tell counts as one that stands still.

import { delta32, divTrunc, mulDiv, sumClamped } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import {
  HIST_AFTER_KILL,
  HIST_BASE_FILE_LRU_PAGES,
  HIST_BASE_REFAULT,
  HIST_CARRY_PERCENT,
  HIST_CUT_LIMIT,
  HIST_DIRECT_SINCE_MS,
  HIST_KILLED,
  HIST_MAX_THRASHING_PERCENT,
  HIST_PASS_MS,
  HIST_PGREFILL,
  HIST_PGSCAN_DIRECT,
  HIST_PGSCAN_KSWAPD,
  HIST_PRIMED,
  HIST_RECLAIM,
  HIST_REFAULT,
  HIST_THRASHING_LIMIT_PERCENT,
  HIST_WINDOW_START_MS,
  RECLAIM_DIRECT,
  RECLAIM_KSWAPD,
  RECLAIM_NONE,
} from "../state/reasons.ts";
import {
  SET_THRASHING_DECAY_PERCENT,
  SET_THRASHING_PERCENT,
} from "../state/settings.ts";
import {
  FILE_LRU_PAGES,
  NOW_MS,
  REFAULT,
  THRASHING_PERCENT,
  VM_PGREFILL,
  VM_PGSCAN_DIRECT,
  VM_PGSCAN_KSWAPD,
} from "../state/snapshot.ts";
import { percentOf } from "./watermarks.ts";

/** The pass goes on to the reasons. */
export const PASS_GO = 1;
/** Nothing was reclaimed or refaulted since the last pass: no reason is looked
 * for. */
export const PASS_SKIP = 0;

/** Length of a thrashing window, ms (AOSP lmkd.cpp, mp_event_psi). */
const WINDOW_MS = 1000;
/** An int32 shifted right by more than this is 0; AOSP leaves shifts by 64 and
 * more undefined, and later counts them as 0. */
const SHIFT_MAX = 30;
/** Two passes further apart than this do not show that direct reclaim lasted
 * in between, ms: twice the interval at which lmkd polls (AOSP lmkd.cpp). */
const DIRECT_GAP_MS = 200;

/** Refaults since the window began per 100 pages of file LRU. */
function refaultPercent(snapshot: Int32Array, history: Int32Array): number {
  const refaults = delta32(snapshot[REFAULT], history[HIST_BASE_REFAULT]);
  if (refaults <= 0) return 0;
  const pages = sumClamped(history[HIST_BASE_FILE_LRU_PAGES], 1);
  return percentOf(refaults, pages);
}

function startWindow(snapshot: Int32Array, history: Int32Array): void {
  history[HIST_BASE_REFAULT] = snapshot[REFAULT];
  history[HIST_BASE_FILE_LRU_PAGES] = Math.max(snapshot[FILE_LRU_PAGES], 0);
  history[HIST_WINDOW_START_MS] = snapshot[NOW_MS];
}

/** Step 4: after a kill, and at the first pass, all is counted anew. */
function resetBaselines(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
): void {
  history[HIST_AFTER_KILL] = history[HIST_KILLED];
  history[HIST_KILLED] = 0;
  if (history[HIST_AFTER_KILL] === 0 && history[HIST_PRIMED] !== 0) return;
  if (history[HIST_PRIMED] === 0) {
    history[HIST_THRASHING_LIMIT_PERCENT] = settings[SET_THRASHING_PERCENT];
  }
  history[HIST_PRIMED] = 1;
  history[HIST_CARRY_PERCENT] = 0;
  startWindow(snapshot, history);
}

/** Whether a counter differs from the one saved. */
function moved(
  snapshot: Int32Array,
  column: number,
  history: Int32Array,
  word: number,
): boolean {
  return snapshot[column] !== ABSENT && snapshot[column] !== history[word];
}

function save(
  snapshot: Int32Array,
  column: number,
  history: Int32Array,
  word: number,
): void {
  if (snapshot[column] !== ABSENT) history[word] = snapshot[column];
}

/** Step 6: what reclaim there was since the last pass, and how long direct
 * reclaim has been seen by every pass. */
function updateReclaim(snapshot: Int32Array, history: Int32Array): void {
  const before = history[HIST_RECLAIM];
  const nowMs = snapshot[NOW_MS];
  let reclaim = RECLAIM_NONE;
  if (moved(snapshot, VM_PGSCAN_DIRECT, history, HIST_PGSCAN_DIRECT)) {
    reclaim = RECLAIM_DIRECT;
    save(snapshot, VM_PGSCAN_DIRECT, history, HIST_PGSCAN_DIRECT);
  } else if (
    moved(snapshot, VM_PGSCAN_KSWAPD, history, HIST_PGSCAN_KSWAPD) ||
    moved(snapshot, VM_PGREFILL, history, HIST_PGREFILL)
  ) {
    reclaim = RECLAIM_KSWAPD;
  }
  if (reclaim !== RECLAIM_NONE) {
    save(snapshot, VM_PGSCAN_KSWAPD, history, HIST_PGSCAN_KSWAPD);
    save(snapshot, VM_PGREFILL, history, HIST_PGREFILL);
  }
  history[HIST_RECLAIM] = reclaim;
  const gap = delta32(nowMs, history[HIST_PASS_MS]);
  history[HIST_PASS_MS] = nowMs;
  const goesOn = before === RECLAIM_DIRECT && gap >= 0 && gap <= DIRECT_GAP_MS;
  if (!goesOn) history[HIST_DIRECT_SINCE_MS] = nowMs;
}

/** Step 9: the window; sets THRASHING_PERCENT. */
function updateWindow(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
): void {
  let thrashing = 0;
  const age = delta32(snapshot[NOW_MS], history[HIST_WINDOW_START_MS]);
  // Less than nothing: the clock has gone half way round since.
  if (age > WINDOW_MS || age < 0) {
    let carry = refaultPercent(snapshot, history);
    const windows = age < 0 ? SHIFT_MAX + 1 : divTrunc(age, WINDOW_MS);
    if (windows > 1 || carry < history[HIST_THRASHING_LIMIT_PERCENT]) {
      carry = windows > SHIFT_MAX ? 0 : carry >> windows;
    }
    history[HIST_CARRY_PERCENT] = carry;
    history[HIST_THRASHING_LIMIT_PERCENT] = settings[SET_THRASHING_PERCENT];
    startWindow(snapshot, history);
  } else {
    thrashing = refaultPercent(snapshot, history);
  }
  thrashing = sumClamped(thrashing, history[HIST_CARRY_PERCENT]);
  snapshot[THRASHING_PERCENT] = thrashing;
  if (thrashing > history[HIST_MAX_THRASHING_PERCENT]) {
    history[HIST_MAX_THRASHING_PERCENT] = thrashing;
  }
}

/** Without refaults or file pages there is no thrashing, and no window to
 * compare with once they are known again. */
function forgetWindow(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
): void {
  history[HIST_AFTER_KILL] = history[HIST_KILLED];
  history[HIST_KILLED] = 0;
  history[HIST_PRIMED] = 0;
  history[HIST_CARRY_PERCENT] = 0;
  history[HIST_THRASHING_LIMIT_PERCENT] = settings[SET_THRASHING_PERCENT];
  snapshot[THRASHING_PERCENT] = 0;
}

/** Steps 4 and 6 to 9; step 7 only where `mayStop`. */
function update(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  mayStop: boolean,
): number {
  const counted = snapshot[REFAULT] !== ABSENT &&
    snapshot[FILE_LRU_PAGES] !== ABSENT;
  if (counted) resetBaselines(snapshot, settings, history);
  else forgetWindow(snapshot, settings, history);
  updateReclaim(snapshot, history);
  if (
    mayStop && history[HIST_RECLAIM] === RECLAIM_NONE &&
    !moved(snapshot, REFAULT, history, HIST_REFAULT)
  ) return PASS_SKIP;
  save(snapshot, REFAULT, history, HIST_REFAULT);
  if (counted) updateWindow(snapshot, settings, history);
  return PASS_GO;
}

/** Begins a pass of lmkd's PSI strategy: brings reclaim and the thrashing
 * window up to date and answers PASS_GO, or PASS_SKIP when nothing moved. */
export function beginPass(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
): number {
  return update(snapshot, settings, history, true);
}

/** Brings reclaim and the thrashing window up to date at a look that no event
 * asked for, and sets THRASHING_PERCENT; it never stops early. */
export function updateThrashing(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
): void {
  update(snapshot, settings, history, false);
}

/** How long every pass has seen direct reclaim, ms; 0 when this one has not. */
export function directReclaimMs(
  snapshot: Int32Array,
  history: Int32Array,
): number {
  if (history[HIST_RECLAIM] !== RECLAIM_DIRECT) return 0;
  return Math.max(delta32(snapshot[NOW_MS], history[HIST_DIRECT_SINCE_MS]), 0);
}

/** Notes a kill for the verdict of this pass: the limit is cut where its reason
 * asked for it. */
export function afterKill(settings: Int32Array, history: Int32Array): void {
  history[HIST_KILLED] = 1;
  history[HIST_MAX_THRASHING_PERCENT] = 0;
  if (history[HIST_CUT_LIMIT] === 0) return;
  history[HIST_THRASHING_LIMIT_PERCENT] = mulDiv(
    history[HIST_THRASHING_LIMIT_PERCENT],
    Math.max(100 - settings[SET_THRASHING_DECAY_PERCENT], 0),
    100,
  );
}

// @hot
// After an event lmkd polls, and stops again (AOSP lmkd.cpp, mainloop and
// call_handler): when the next poll is due, what each pass does to polling,
// which events are dropped, and what killinfo tells of wakeups. All of it is in
// the history words; the clock is an argument, ms, wrapped.

import { delta32, INT_MAX, sum32 } from "../base/int.ts";
import {
  HIST_EVENT_LEVEL,
  HIST_EVENT_MS,
  HIST_KILLED,
  HIST_POLL,
  HIST_POLL_INTERVAL_MS,
  HIST_POLL_LAST_MS,
  HIST_POLL_LEVEL,
  HIST_POLL_START_MS,
  HIST_POLLED,
  HIST_PREVIOUS_WAKE_MS,
  HIST_RECLAIM,
  HIST_SKIPPED,
  HIST_WAKE_MS,
  HIST_WAKEUPS,
  RECLAIM_DIRECT,
} from "../state/reasons.ts";
import {
  LMKD_NEW,
  RELEASE_15_QPR2,
  SET_LMKD_MODE,
  SET_RELEASE,
  SET_STRATEGY,
  SET_USE_PSI,
  STRATEGY_LMKD,
  STRATEGY_MINFREE,
} from "../state/settings.ts";
import { PRESSURE_FULL, PRESSURE_LOW, PRESSURE_SOME } from "./pressure.ts";
import { swapIsLow } from "./watermarks.ts";

// HIST_POLL.
/** Not polling: only an event makes a pass. */
export const POLL_OFF = 0;
/** Polling. */
export const POLL_ON = 1;
/** A victim's death is awaited; polling goes on after it. */
export const POLL_PAUSED = 2;

// What a pass does to polling.
/** Polling goes on to the end of its window. */
export const UPDATE_NONE = 0;
/** Polling begins, or its window begins anew. */
export const UPDATE_START = 1;
/** Polling waits for a victim's death. */
export const UPDATE_PAUSE = 2;

// Levels of pressure.
/** The old strategy's lowest. */
export const LEVEL_LOW = 0;
/** "some" tasks stall. */
export const LEVEL_MEDIUM = 1;
/** "full": all tasks stall. */
export const LEVEL_CRITICAL = 2;

/** Polling lasts as long as a PSI window, ms (AOSP lmkd.cpp). */
const POLL_WINDOW_MS = 1000;
/** Between polls while swap is low or a kill is under way, ms (AOSP). */
const POLL_SHORT_MS = 10;
/** Between polls otherwise, ms (AOSP lmkd.cpp). */
const POLL_LONG_MS = 100;

/** Whether the passes are those of lmkd's old strategy: tiers or levels. */
export function isOldStrategy(settings: Int32Array): boolean {
  if (settings[SET_STRATEGY] === STRATEGY_MINFREE) return true;
  return settings[SET_STRATEGY] === STRATEGY_LMKD &&
    settings[SET_LMKD_MODE] !== LMKD_NEW;
}

/** Level of a pass: of its highest event; in a poll (0) that of the event which
 * polling began with. */
export function levelOf(history: Int32Array, pressure: number): number {
  if ((pressure & PRESSURE_FULL) !== 0) return LEVEL_CRITICAL;
  if ((pressure & PRESSURE_SOME) !== 0) return LEVEL_MEDIUM;
  if ((pressure & PRESSURE_LOW) !== 0) return LEVEL_LOW;
  return history[HIST_POLL_LEVEL];
}

/** ms from `sinceMs`; INT_MAX where the clock has gone half way round. */
function ageMs(nowMs: number, sinceMs: number): number {
  const age = delta32(nowMs, sinceMs);
  return age < 0 ? INT_MAX : age;
}

/** Time to the next poll, ms, 0 when it is due; -1 when not polling. */
export function pollWaitMs(history: Int32Array, nowMs: number): number {
  if (history[HIST_POLL] !== POLL_ON) return -1;
  const age = ageMs(nowMs, history[HIST_POLL_LAST_MS]);
  const interval = history[HIST_POLL_INTERVAL_MS];
  return age >= interval ? 0 : interval - age;
}

/** Whether a poll is due now. */
export function isPollDue(history: Int32Array, nowMs: number): boolean {
  return pollWaitMs(history, nowMs) === 0;
}

/** A poll begins: the next is one interval away, and no event is dropped for
 * the sake of the last one any more. */
export function notePolled(history: Int32Array, nowMs: number): void {
  history[HIST_POLL_LAST_MS] = nowMs;
  history[HIST_POLLED] = 1;
}

/**
 * Whether an event of `level` is looked at. One below the level of the event
 * before it is dropped until polling has had its first poll, so that medium
 * pressure cannot displace critical (AOSP since 15-QPR2, PSI strategy only). A
 * dropped event still counts as UPDATE_NONE.
 */
export function passesLevelFilter(
  settings: Int32Array,
  history: Int32Array,
  level: number,
): boolean {
  if (settings[SET_RELEASE] < RELEASE_15_QPR2) return true;
  if (isOldStrategy(settings)) return true;
  // Where no polling followed, nothing is displaced.
  if (history[HIST_POLL] === POLL_OFF) return true;
  return history[HIST_POLLED] !== 0 || level >= history[HIST_EVENT_LEVEL];
}

/** A pass begins, for events (`pressure` not 0) or as a poll: killinfo's counts
 * of wakeups, and what the level filter goes by. */
export function noteWakeup(
  history: Int32Array,
  pressure: number,
  nowMs: number,
): void {
  history[HIST_PREVIOUS_WAKE_MS] = history[HIST_WAKE_MS];
  history[HIST_WAKE_MS] = nowMs;
  if (pressure === 0) {
    if (history[HIST_WAKEUPS] < INT_MAX) history[HIST_WAKEUPS]++;
    return;
  }
  history[HIST_EVENT_MS] = nowMs;
  history[HIST_WAKEUPS] = 0;
  history[HIST_SKIPPED] = 0;
  history[HIST_EVENT_LEVEL] = levelOf(history, pressure);
  history[HIST_POLLED] = 0;
}

/** The pass ends where it began: a victim's death is awaited. */
export function noteSkipped(history: Int32Array): void {
  if (history[HIST_SKIPPED] < INT_MAX) history[HIST_SKIPPED]++;
}

/** Time from the last event to `nowMs`, ms. */
export function sinceEventMs(history: Int32Array, nowMs: number): number {
  return ageMs(nowMs, history[HIST_EVENT_MS]);
}

/** Time from the wakeup before this one to `nowMs`, ms. */
export function sincePreviousWakeMs(
  history: Int32Array,
  nowMs: number,
): number {
  return ageMs(nowMs, history[HIST_PREVIOUS_WAKE_MS]);
}

/**
 * Applies what a pass of `level` (levelOf, asked before) says to polling: an
 * UPDATE_*. `intervalMs` is the new interval; 0 leaves it. Every pass that ends
 * must be told, also one that was dropped or failed: it may end the window.
 */
export function applyUpdate(
  history: Int32Array,
  update: number,
  level: number,
  nowMs: number,
  intervalMs: number,
): void {
  if (intervalMs > 0) history[HIST_POLL_INTERVAL_MS] = intervalMs;
  if (update === UPDATE_START) {
    history[HIST_POLL] = POLL_ON;
    history[HIST_POLL_LEVEL] = level;
    history[HIST_POLL_START_MS] = nowMs;
    history[HIST_POLL_LAST_MS] = nowMs;
  } else if (update === UPDATE_PAUSE) {
    history[HIST_POLL] = POLL_PAUSED;
    history[HIST_POLL_LEVEL] = level;
  } else if (history[HIST_POLL] === POLL_ON) {
    const age = ageMs(nowMs, history[HIST_POLL_START_MS]);
    if (age > POLL_WINDOW_MS) history[HIST_POLL] = POLL_OFF;
  }
}

/** The victim died, could not be killed, or took too long: paused polling goes
 * on in a new window with short intervals, and a poll is due at once. */
export function resumePolling(history: Int32Array, nowMs: number): void {
  if (history[HIST_POLL] !== POLL_PAUSED) return;
  history[HIST_POLL] = POLL_ON;
  history[HIST_POLL_INTERVAL_MS] = POLL_SHORT_MS;
  history[HIST_POLL_START_MS] = nowMs;
  history[HIST_POLL_LAST_MS] = sum32(nowMs, -POLL_SHORT_MS);
}

/**
 * What a pass does to polling: UPDATE_*. `pressure` are its events, 0 in a
 * poll; `awaiting`: a victim's death is awaited now; `skipped`: it was at the
 * start, and nothing was judged (noteSkipped).
 */
export function finishPass(
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
  awaiting: boolean,
  skipped: boolean,
): number {
  if (!isOldStrategy(settings)) {
    if (awaiting) return UPDATE_PAUSE;
    const reclaims = history[HIST_RECLAIM] === RECLAIM_DIRECT;
    return pressure !== 0 || history[HIST_KILLED] !== 0 || reclaims
      ? UPDATE_START
      : UPDATE_NONE;
  }
  if (awaiting && !skipped) return UPDATE_PAUSE;
  if (pressure === 0 || settings[SET_USE_PSI] === 0) return UPDATE_NONE;
  const rises = history[HIST_POLL] !== POLL_ON ||
    levelOf(history, pressure) > history[HIST_POLL_LEVEL];
  return rises ? UPDATE_START : UPDATE_NONE;
}

/** What a pass does to polling that could not read its files: UPDATE_*. The
 * old strategy begins to poll before it reads them. */
export function failPass(
  settings: Int32Array,
  history: Int32Array,
  pressure: number,
): number {
  if (!isOldStrategy(settings)) return UPDATE_NONE;
  return finishPass(settings, history, pressure, false, true);
}

/** Interval to poll at after a pass that ended with `update`, ms; 0 leaves it:
 * a pause does, and the old strategy sets it only when polling begins. */
export function pollIntervalMs(
  snapshot: Int32Array,
  settings: Int32Array,
  history: Int32Array,
  update: number,
): number {
  if (update === UPDATE_PAUSE) return 0;
  if (isOldStrategy(settings)) {
    return update === UPDATE_START ? POLL_SHORT_MS : 0;
  }
  if (history[HIST_KILLED] !== 0) return POLL_SHORT_MS;
  return swapIsLow(snapshot, settings) ? POLL_SHORT_MS : POLL_LONG_MS;
}

// @hot
// How long the guard may sleep: in proportion to headroom when calm, hardly at
// all while memory is on its way to be gone. Memory cannot be gone between two
// looks as long as nobody fills it faster than
//
//   min(2 * fillKbPerMs, reserveKb / (2 * sprintMs))   kB/ms
//
// The wait W is headroom / (2 * fill), never below sprintMs, nor above
// idleMaxMs. Where headroom H is at least 2 * fill * W, twice the fill rate
// takes 2 * fill * W <= H before the next look: the whole reserve is left, and
// who fills at the configured rate has left half of H, enough for a look that
// fails. Where H is less, the wait is sprintMs, and the reserve pays for it:
// all of it while those of lowmemMinAdj and above die at H < 0, half of it for
// the others, who die once the other half is gone. That is where the second
// term comes from. What the guard is late by counts as part of W, and so
// does the rest that it owes to others (reactor.ts): where turn and desk take
// longer than sprintMs / 2, looks are twice as far apart as they take, and that
// stands for sprintMs in the second term. One look
// later the fall is known, and exhaustion judged over a horizon that is longer
// than any sprint's wait. Said of victims that may die, one at a time: while a
// death is awaited nobody else dies.

import { clamp, delta32, divTrunc } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import type { Arena } from "../state/arena.ts";
import { MB_NOW_MS } from "../state/layout.ts";
import {
  SET_FILL_KB_PER_MS,
  SET_IDLE_MAX_MS,
  SET_RESERVE_KB,
  SET_SPRINT_MS,
} from "../state/settings.ts";
import {
  EXHAUSTION_MS,
  HEADROOM_KB,
  SHRINK_KB_PER_S,
  STALL_SOME_PERMILLE,
  SWAP_TOTAL_KB,
} from "../state/snapshot.ts";
import { IDLE, type Killer } from "./killer.ts";

/** A trigger keeps the sprint alive for one window, ms (AOSP lmkd). */
const AFTER_TRIGGER_MS = 1_000;
/** Exhaustion nearer than this at the present rate starts a sprint, ms. */
const SPRINT_EXHAUSTION_MS = 2_000;
/** Wait between looks after a trigger, ms, where headroom lasts. */
const TRIGGERED_MS = 100;
/** Short of memory with nobody to kill: look at least this often, ms (AOSP
 * lmkd). */
const STUCK_MS = 100;
/** Wait after a look that could not read what nothing works without, ms. */
const BLIND_MS = 50;
/** Share of time stalled that is looked into closely, permille. */
const STALL_CLOSE_PERMILLE = 100;

/** The pace of one guard. */
export class Pace {
  readonly #arena: Arena;
  readonly #killer: Killer;
  #triggerMs = 0;
  /** A trigger fired less than a window ago. */
  triggered = false;
  /** Memory is being watched closely. */
  sprinting = false;
  /** Somebody should die and nobody may. */
  stuck = false;
  /** The last look saw nothing: its file could not be read. */
  blind = false;

  constructor(arena: Arena, killer: Killer) {
    this.#arena = arena;
    this.#killer = killer;
  }

  /** A pressure trigger fired. */
  noteTrigger(): void {
    this.triggered = true;
    this.#triggerMs = this.#arena.mailbox[MB_NOW_MS];
  }

  /** Longest time between two looks, ms. */
  waitMs(): number {
    const arena = this.#arena;
    const sprintMs = arena.settings[SET_SPRINT_MS];
    let waitMs = this.#calmMs();
    // A trigger with plenty of memory left is looked into, but not as closely
    // as memory that is about to end (AOSP lmkd polls at 100 ms then).
    if (this.sprinting) {
      waitMs = this.#shrinksFast() ? sprintMs : Math.min(waitMs, TRIGGERED_MS);
    }
    // Not while memory goes on shrinking, or may: who shrinks it may yet
    // become one that may die.
    const still = arena.snapshot[SHRINK_KB_PER_S] === 0;
    if (this.stuck && still) waitMs = Math.max(waitMs, this.#stuckMs());
    if (this.blind) waitMs = Math.min(waitMs, BLIND_MS);
    const killMs = this.#killer.waitMs(arena.mailbox[MB_NOW_MS]);
    if (killMs >= 0) waitMs = Math.min(sprintMs, Math.max(killMs, 1));
    return waitMs;
  }

  /** Sleep in proportion to headroom: half of the time in which memory could
   * at most be filled, so that it cannot be gone between two looks. */
  #calmMs(): number {
    const settings = this.#arena.settings;
    const headroom = this.#arena.snapshot[HEADROOM_KB];
    if (headroom === ABSENT) return settings[SET_IDLE_MAX_MS];
    const fill = settings[SET_FILL_KB_PER_MS];
    const ms = divTrunc(Math.max(headroom, 0), fill) >> 1;
    return clamp(ms, settings[SET_SPRINT_MS], settings[SET_IDLE_MAX_MS]);
  }

  /** With nobody to kill headroom is gone already: half of the time in which
   * what is left of the reserve could be filled, by one who may be killed. */
  #stuckMs(): number {
    const settings = this.#arena.settings;
    const left = this.#arena.snapshot[HEADROOM_KB] + settings[SET_RESERVE_KB];
    const ms = divTrunc(Math.max(left, 0), settings[SET_FILL_KB_PER_MS]) >> 1;
    return clamp(ms, settings[SET_SPRINT_MS], STUCK_MS);
  }

  /** A sprint lasts while headroom is on its way to be gone within a second or
   * two, for a window after a trigger, and while a kill is under way. */
  update(): void {
    const snapshot = this.#arena.snapshot;
    const age = delta32(this.#arena.mailbox[MB_NOW_MS], this.#triggerMs);
    if (this.triggered && age > AFTER_TRIGGER_MS) this.triggered = false;
    const stalls = snapshot[STALL_SOME_PERMILLE];
    this.sprinting = this.triggered || this.#killer.state !== IDLE ||
      this.#shrinksFast() ||
      (stalls !== ABSENT && stalls > STALL_CLOSE_PERMILLE &&
        snapshot[SWAP_TOTAL_KB] > 0);
  }

  /** At the present rate headroom ends within two of the longest sleeps. */
  #shrinksFast(): boolean {
    const snapshot = this.#arena.snapshot;
    return snapshot[SHRINK_KB_PER_S] > 0 &&
      snapshot[EXHAUSTION_MS] < SPRINT_EXHAUSTION_MS;
  }
}

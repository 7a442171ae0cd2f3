// @hot
// The share of time that tasks stall: from the kernel's totals as they move, or
// from what a trigger told where there are none.

import { clamp, delta32, divTrunc } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import {
  SET_PSI_FULL_MS,
  SET_PSI_SOME_MS,
  SET_PSI_WINDOW_MS,
} from "../state/settings.ts";
import {
  NOW_MS,
  PSI_FULL_TOTAL_US,
  PSI_SOME_TOTAL_US,
  STALL_FULL_PERMILLE,
  STALL_SOME_PERMILLE,
} from "../state/snapshot.ts";

/** A stall figure older than this no longer counts, ms: the kernel brings its
 * totals up to date every 2 s (kernel/sched/psi.c, PSI_FREQ). */
const STALL_STALE_MS = 2_500;

/** The stall columns of one snapshot. */
export class Stall {
  readonly #snapshot: Int32Array;
  readonly #settings: Int32Array;
  #someTotalUs = ABSENT;
  #fullTotalUs = ABSENT;
  #totalsMs = 0;
  #stallMs = 0;

  constructor(snapshot: Int32Array, settings: Int32Array) {
    this.#snapshot = snapshot;
    this.#settings = settings;
  }

  /** A trigger fired: tasks stalled for at least its threshold. */
  noteTrigger(full: boolean, nowMs: number): void {
    const settings = this.#settings;
    const stall = divTrunc(
      settings[full ? SET_PSI_FULL_MS : SET_PSI_SOME_MS] * 1000,
      settings[SET_PSI_WINDOW_MS],
    );
    const snapshot = this.#snapshot;
    const column = full ? STALL_FULL_PERMILLE : STALL_SOME_PERMILLE;
    snapshot[column] = Math.max(orZero(snapshot, column), stall);
    if (full) {
      snapshot[STALL_SOME_PERMILLE] = Math.max(
        orZero(snapshot, STALL_SOME_PERMILLE),
        stall,
      );
    }
    this.#stallMs = nowMs;
  }

  /** Share of time stalled since the kernel's totals last moved. */
  derive(): void {
    const snapshot = this.#snapshot;
    const some = snapshot[PSI_SOME_TOTAL_US];
    const full = orZero(snapshot, PSI_FULL_TOTAL_US);
    const now = snapshot[NOW_MS];
    if (some === ABSENT) {
      // What an event said is over; what is not known stays so.
      const over = delta32(now, this.#stallMs) > STALL_STALE_MS;
      if (!over || snapshot[STALL_SOME_PERMILLE] === ABSENT) return;
      snapshot[STALL_SOME_PERMILLE] = 0;
      snapshot[STALL_FULL_PERMILLE] = 0;
      return;
    }
    const age = delta32(now, this.#totalsMs);
    if (this.#someTotalUs === ABSENT || age > 60_000) {
      snapshot[STALL_SOME_PERMILLE] = 0;
      snapshot[STALL_FULL_PERMILLE] = 0;
    } else if (some !== this.#someTotalUs) {
      const ms = Math.max(age, 1);
      const stalled = divTrunc(delta32(some, this.#someTotalUs), ms);
      const full1000 = divTrunc(delta32(full, this.#fullTotalUs), ms);
      snapshot[STALL_SOME_PERMILLE] = clamp(stalled, 0, 1000);
      snapshot[STALL_FULL_PERMILLE] = clamp(full1000, 0, 1000);
      this.#stallMs = now;
    } else {
      if (delta32(now, this.#stallMs) > STALL_STALE_MS) {
        snapshot[STALL_SOME_PERMILLE] = 0;
        snapshot[STALL_FULL_PERMILLE] = 0;
        this.#totalsMs = now;
      }
      return;
    }
    this.#someTotalUs = some;
    this.#fullTotalUs = full;
    this.#totalsMs = now;
  }
}

function orZero(snapshot: Int32Array, column: number): number {
  return snapshot[column] === ABSENT ? 0 : snapshot[column];
}

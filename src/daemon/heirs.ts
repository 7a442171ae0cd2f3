// @hot
// Who has inherited oom_score_adj 1000 from a process that was armed, and gets
// back what was that one's own: fork copies the value, and nobody else takes it
// from a child. It belongs to the armer.
//
// A process found at 1000 is an heir where it started while somebody was armed,
// and
// - its parent is that one, or an heir itself; or
// - its parent has another value now, and it runs as the same user as that one:
//   a daemon has forked twice, and whoever takes in orphans is its parent.
// Else 1000 is its own: it, or who started it, has written that. One who did so
// as that user and while that one was armed is taken for an heir, once: what it
// writes afterwards is its own.

import { delta32, divTrunc } from "../base/int.ts";
import { ADJ_MAX, VICTIMS_MAX } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import { isWant } from "../state/calls.ts";
import { G_GUARD_PID, G_SCANS } from "../state/gauges.ts";
import {
  MB_ADJ,
  MB_COUNT,
  MB_FD,
  MB_NOW_MS,
  MB_PID,
  VICTIM_WORDS,
} from "../state/layout.ts";
import { SET_DISCOVER } from "../state/settings.ts";
import {
  NONE,
  V_ADJ,
  V_KERNEL_ADJ,
  V_OWN_UID,
  V_PID,
  V_PIDFD,
  type Victims,
} from "../state/victims.ts";
import type { Ports } from "./ports.ts";

/** Times of being armed that are kept: one begins at most each second, and is
 * over two passes of discovery after its end. */
const PERIODS = 32;
/** Passes that end until one that began after a period has ended: one may have
 * been under way. */
const PASSES = 2;
/** A tick of proc(5) is this long, ms: USER_HZ is 100 on all of our targets. */
const TICK_MS = 10;

/** Who has inherited. */
export class Heirs {
  readonly #ports: Ports;
  readonly #mailbox: Int32Array;
  readonly #settings: Int32Array;
  readonly #gauges: Int32Array;
  readonly #victims: Victims;
  /** Period of each row that was armed in it or is an heir of it, plus 1. */
  readonly #periodOf = new Int8Array(VICTIMS_MAX);
  readonly #adjs = new Int32Array(PERIODS);
  readonly #uids = new Int32Array(PERIODS);
  readonly #sinceTicks = new Int32Array(PERIODS);
  /** Passes that had ended when it did. */
  readonly #endScans = new Int32Array(PERIODS);
  /** 0: never used, 1: has ended, 2: somebody is armed. */
  readonly #states = new Int8Array(PERIODS);
  #current = NONE;
  #next = 0;
  /** Ticks since boot, wrapped, as of #tickMs of the guard's clock. That stands
   * still in suspend: then they fall behind, and who started before a period
   * may count as having started in it; nobody is missed. */
  #ticks = 0;
  #tickMs = 0;
  #hasTicks: boolean;

  constructor(ports: Ports, arena: Arena, victims: Victims) {
    this.#ports = ports;
    this.#mailbox = arena.mailbox;
    this.#settings = arena.settings;
    this.#gauges = arena.gauges;
    this.#victims = victims;
    // The guard itself has just started.
    this.#mailbox[MB_PID] = arena.gauges[G_GUARD_PID];
    this.#mailbox[MB_FD] = -1;
    this.#hasTicks = ports.readStart() >= 0;
    this.#ticks = this.#mailbox[MB_COUNT];
    this.#tickMs = this.#mailbox[MB_NOW_MS];
  }

  /** Brings the clock up to date; to be called more often than each 24 days. */
  tick(): void {
    const age = delta32(this.#mailbox[MB_NOW_MS], this.#tickMs);
    const ticks = divTrunc(Math.max(age, 0), TICK_MS);
    this.#ticks = (this.#ticks + ticks) | 0;
    this.#tickMs = (this.#tickMs + ticks * TICK_MS) | 0;
  }

  /** A row that started at `startTicks` is about to be armed, `adj` is its own;
   * answers since when its heirs have started, in ticks since boot. */
  open(row: number, adj: number, startTicks: number): number {
    let index = this.#periodOf[row] - 1;
    if (index < 0 || !this.#isLive(index)) {
      index = this.#free();
      this.#sinceTicks[index] = this.#hasTicks ? this.#ticks : startTicks;
    }
    this.#periodOf[row] = index + 1;
    this.#adjs[index] = adj;
    this.#uids[index] = this.#victims.rows[row * VICTIM_WORDS + V_OWN_UID];
    this.#states[index] = 2;
    this.#current = index;
    return this.#sinceTicks[index];
  }

  /** Nobody is armed any more: whoever is forked now inherits nothing. */
  close(): void {
    if (this.#current === NONE) return;
    this.#states[this.#current] = 1;
    this.#endScans[this.#current] = this.#gauges[G_SCANS];
    this.#current = NONE;
  }

  /** Somebody could not be looked at: the next pass is to find it an heir. */
  missed(): void {
    for (let i = 0; i < PERIODS; i++) {
      if (this.#isLive(i)) this.#endScans[i] = this.#gauges[G_SCANS];
    }
  }

  /** A row is about to be freed. */
  part(row: number): void {
    this.#periodOf[row] = 0;
  }

  /** What is a newly adopted row's own where the kernel shows `adj`; it is
   * written where that is another. `parent` is a pid. */
  inherited(row: number, parent: number, adj: number): number {
    if (adj !== ADJ_MAX) return adj;
    const index = this.#find(row, parent);
    if (index === NONE) return adj;
    // Its own children may have inherited it in turn.
    this.#periodOf[row] = index + 1;
    const own = this.#adjs[index];
    this.#name(row);
    this.#mailbox[MB_ADJ] = own;
    if (isWant(this.#ports.writeAdj())) {
      // The desk writes what is due, and goes on until it could.
      this.#victims.rows[row * VICTIM_WORDS + V_KERNEL_ADJ] = own;
      this.#victims.markDue(row);
      this.missed();
    }
    return own;
  }

  /** The period whose heir a row at 1000 is, or NONE. */
  #find(row: number, parent: number): number {
    let any = false;
    for (let i = 0; i < PERIODS; i++) any ||= this.#isLive(i);
    if (!any) return NONE;
    this.#name(row);
    // One that started who knows when is an heir rather than not.
    const knows = this.#ports.readStart() >= 0;
    const startTicks = this.#mailbox[MB_COUNT];
    const rows = this.#victims.rows;
    const parentRow = this.#victims.find(parent);
    if (parentRow !== NONE) {
      const index = this.#periodOf[parentRow] - 1;
      if (index >= 0 && this.#isLive(index)) {
        return !knows || this.#isSince(index, startTicks) ? index : NONE;
      }
      if (rows[parentRow * VICTIM_WORDS + V_ADJ] === ADJ_MAX) return NONE;
    }
    const uid = rows[row * VICTIM_WORDS + V_OWN_UID];
    let best = NONE;
    for (let i = 0; i < PERIODS; i++) {
      if (!this.#isLive(i) || this.#uids[i] !== uid) continue;
      if (knows && !this.#isSince(i, startTicks)) continue;
      // Of several the last that had begun.
      if (best === NONE || this.#isSince(best, this.#sinceTicks[i])) best = i;
    }
    return best;
  }

  #isSince(index: number, ticks: number): boolean {
    return delta32(ticks, this.#sinceTicks[index]) >= 0;
  }

  /** Whether somebody may still be found who was forked in a period. */
  #isLive(index: number): boolean {
    const state = this.#states[index];
    if (state !== 1) return state === 2;
    if (this.#settings[SET_DISCOVER] === 0) return false;
    return this.#gauges[G_SCANS] - this.#endScans[index] < PASSES;
  }

  /** A period that is over, else the oldest; no row is of it any more. */
  #free(): number {
    for (let n = 0; n < PERIODS && this.#isLive(this.#next); n++) {
      this.#next = (this.#next + 1) % PERIODS;
    }
    const index = this.#next;
    this.#next = (index + 1) % PERIODS;
    const end = this.#victims.end;
    for (let row = 0; row < end; row++) {
      if (this.#periodOf[row] === index + 1) this.#periodOf[row] = 0;
    }
    return index;
  }

  #name(row: number): void {
    const at = row * VICTIM_WORDS;
    this.#mailbox[MB_PID] = this.#victims.rows[at + V_PID];
    this.#mailbox[MB_FD] = this.#victims.rows[at + V_PIDFD];
  }
}

// @hot
// Publishes whom the guard would kill next, and arms the kernel's killer with
// it: at oom_score_adj 1000 it is the kernel's first choice too, should the
// guard be dead or late. Its own value comes back when another is next, when
// arming ends, or, after a crash, at the next start. It belongs to the desk.

import { delta32 } from "../base/int.ts";
import { ADJ_MAX } from "../base/limits.ts";
import { killable, selectVictim } from "../policy/select.ts";
import { known } from "../policy/watermarks.ts";
import type { Arena } from "../state/arena.ts";
import {
  ARMED_WORDS,
  G_ARM_RC,
  G_ARMED_ADJ,
  G_ARMED_PID,
  G_ARMED_START,
  G_NEXT_ADJ,
  G_NEXT_PID,
  G_NEXT_ROW,
  G_SELF,
  SELF_ARMED,
} from "../state/gauges.ts";
import {
  AT_GAUGES,
  MB_ADJ,
  MB_COUNT,
  MB_FD,
  MB_NOW_MS,
  MB_OFFSET,
  MB_PID,
  MB_SOURCE,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  SET_ARM_KERNEL,
  SET_CULPRIT_KB,
  SET_DRY_RUN,
  SET_FLOOR_ADJ,
  SET_STRATEGY,
  STRATEGY_ADAPTIVE,
} from "../state/settings.ts";
import { NEED_KB } from "../state/snapshot.ts";
import {
  bandOf,
  NONE,
  ROW_KILLED,
  V_ADJ,
  V_FLAGS,
  V_GROWN_KB,
  V_PID,
  V_PIDFD,
  V_RSS_KB,
  V_SWAP_KB,
  type Victims,
} from "../state/victims.ts";
import type { Ports } from "./ports.ts";
import type { Ready } from "./ready.ts";

/** The choice is looked at this often, ms. */
const LOOK_MS = 1_000;
/** Who was armed lately, for the sake of children that inherited it. */
const KEPT = 32;
/** Sizes that differ by less than this, or by less than a quarter, decide
 * nothing, kB (policy/select.ts). */
const ALIKE_KB = 4_096;
// errno(3).
const EPERM = 1;
const ENOENT = 2;
const ESRCH = 3;
const EACCES = 13;

/** The one who arms. */
export class Armer {
  readonly #ports: Ports;
  readonly #mailbox: Int32Array;
  readonly #snapshot: Int32Array;
  readonly #settings: Int32Array;
  readonly #gauges: Int32Array;
  readonly #victims: Victims;
  readonly #ready: Ready;
  /** Where the armed one is kept for the next start, or -1: nobody is armed. */
  readonly #fd: number;
  /** The armed row, or NONE. */
  #row = NONE;
  #lookedMs = 0;
  #looked = false;
  /** The kernel would not take a value back: nobody is armed any more. */
  #gaveUp = false;
  #refusedPid = 0;
  readonly #keptPids = new Int32Array(KEPT);
  readonly #keptAdjs = new Int32Array(KEPT);
  #keptNext = 0;

  constructor(
    ports: Ports,
    arena: Arena,
    victims: Victims,
    ready: Ready,
    fd: number,
  ) {
    this.#ports = ports;
    this.#mailbox = arena.mailbox;
    this.#snapshot = arena.snapshot;
    this.#settings = arena.settings;
    this.#gauges = arena.gauges;
    this.#victims = victims;
    this.#ready = ready;
    this.#fd = fd;
    this.#publish(NONE);
  }

  get #mayArm(): boolean {
    return this.#fd >= 0 && !this.#gaveUp &&
      this.#settings[SET_ARM_KERNEL] !== 0 && this.#settings[SET_DRY_RUN] === 0;
  }

  /** Looks once a second who is next. While memory is watched closely nobody
   * is armed anew: that opens files, and who is armed is still a good choice. */
  visit(sprinting: boolean): void {
    if (this.#row !== NONE && !this.#mayArm) this.#disarm();
    const nowMs = this.#mailbox[MB_NOW_MS];
    const age = delta32(nowMs, this.#lookedMs);
    if (this.#looked && age >= 0 && age < LOOK_MS) return;
    if (sprinting && this.#row !== NONE) return;
    this.#looked = true;
    this.#lookedMs = nowMs;
    const row = this.#choose();
    this.#publish(row);
    if (row === this.#row || sprinting) return;
    this.#disarm();
    if (row !== NONE && this.#row === NONE && this.#mayArm) this.#arm(row);
  }

  /** The guard ends: the kernel has its own values again. */
  stop(): void {
    // Once more where memory was wanting: nobody comes back to it.
    this.#disarm();
    this.#disarm();
    this.#publish(NONE);
  }

  /** A row is about to be freed: its process may live on. */
  part(row: number): void {
    if (row === this.#row) this.#disarm();
    if (row === this.#row) this.#lose();
    const pid = this.#victims.rows[row * VICTIM_WORDS + V_PID];
    for (let i = 0; i < KEPT; i++) {
      if (this.#keptPids[i] === pid) this.#keptPids[i] = 0;
    }
  }

  /** A client's value was written over that of a row: it is armed no longer. */
  overwritten(row: number): void {
    if (row === this.#row) this.#lose();
  }

  /** What is a row's own where the kernel shows `adj`: not what was written to
   * arm it. */
  ownAdj(row: number, adj: number): number {
    if (row !== this.#row) return adj;
    if (adj === ADJ_MAX) return this.#gauges[G_ARMED_ADJ];
    this.#lose();
    return adj;
  }

  /** What is a new process's own where the kernel shows `adj`: one forked by an
   * armed process has inherited that, and gets its parent's own back. `pidfd`
   * is its. */
  inherited(pid: number, pidfd: number, parent: number, adj: number): number {
    if (adj !== ADJ_MAX || parent <= 1) return adj;
    const kept = this.#keptPids.indexOf(parent);
    if (kept < 0) return adj;
    const own = this.#keptAdjs[kept];
    // Its own children may have inherited it in turn.
    this.#keep(pid, own);
    this.#mailbox[MB_PID] = pid;
    this.#mailbox[MB_FD] = pidfd;
    this.#mailbox[MB_ADJ] = own;
    this.#ports.writeAdj();
    return own;
  }

  #publish(row: number): void {
    const rows = this.#victims.rows;
    const gauges = this.#gauges;
    const at = row * VICTIM_WORDS;
    gauges[G_NEXT_ROW] = row;
    gauges[G_NEXT_PID] = row === NONE ? 0 : rows[at + V_PID];
    gauges[G_NEXT_ADJ] = row === NONE ? 0 : rows[at + V_ADJ];
  }

  /** The policy's choice; the one of before while it is as good. */
  #choose(): number {
    const settings = this.#settings;
    const best = selectVictim(
      this.#victims,
      this.#ready.rows,
      settings,
      settings[SET_FLOOR_ADJ],
      known(this.#snapshot, NEED_KB),
    );
    const before = this.#gauges[G_NEXT_ROW];
    if (best === NONE || best === before) return best;
    return this.#isAsGood(before, best) ? before : best;
  }

  #isAsGood(before: number, best: number): boolean {
    if (before === NONE) return false;
    const rows = this.#victims.rows;
    const settings = this.#settings;
    const at = before * VICTIM_WORDS;
    const bestAt = best * VICTIM_WORDS;
    if (rows[at + V_PID] !== this.#gauges[G_NEXT_PID]) return false;
    if (!killable(rows, before, settings[SET_FLOOR_ADJ])) return false;
    const adj = rows[at + V_ADJ];
    const bestAdj = rows[bestAt + V_ADJ];
    const alike = settings[SET_STRATEGY] === STRATEGY_ADAPTIVE
      ? bandOf(adj) === bandOf(bestAdj)
      : adj === bestAdj;
    // A culprit is no matter of size.
    const grown = rows[bestAt + V_GROWN_KB];
    if (!alike || grown >= settings[SET_CULPRIT_KB]) return false;
    const kb = rows[at + V_RSS_KB] + rows[at + V_SWAP_KB];
    const bestKb = rows[bestAt + V_RSS_KB] + rows[bestAt + V_SWAP_KB];
    return Math.abs(kb - bestKb) <= Math.max(bestKb >> 2, ALIKE_KB);
  }

  #arm(row: number): void {
    const gauges = this.#gauges;
    const pid = this.#victims.rows[row * VICTIM_WORDS + V_PID];
    if (pid === this.#refusedPid) return;
    this.#name(row);
    if (this.#ports.readAdj() < 0) return;
    const own = this.#mailbox[MB_ADJ];
    if (own !== ADJ_MAX) {
      this.#name(row);
      if (this.#ports.readStart() < 0) return;
      gauges[G_ARMED_START] = this.#mailbox[MB_COUNT];
      // Before the kernel is told: after a crash it is known what to undo.
      if (this.#record(pid, own) < 0) return;
      this.#name(row);
      this.#mailbox[MB_ADJ] = ADJ_MAX;
      const rc = this.#ports.writeAdj();
      if (rc === -EACCES || rc === -EPERM) this.#refusedPid = pid;
      if (rc < 0) {
        this.#record(0, 0);
        return;
      }
      this.#keep(pid, own);
    }
    gauges[G_ARMED_PID] = pid;
    gauges[G_ARMED_ADJ] = own;
    this.#row = row;
    gauges[G_SELF] |= SELF_ARMED;
  }

  /** Gives the armed row its own value back, unless it is dying, or somebody
   * else has written another meanwhile. Where memory is wanting it stays armed
   * and is tried again. */
  #disarm(): void {
    const row = this.#row;
    if (row === NONE) return;
    const own = this.#gauges[G_ARMED_ADJ];
    const at = row * VICTIM_WORDS;
    const dying = (this.#victims.rows[at + V_FLAGS] & ROW_KILLED) !== 0;
    if (dying || own === ADJ_MAX) return this.#lose();
    this.#name(row);
    let rc = this.#ports.readAdj();
    if (rc === 0 && this.#mailbox[MB_ADJ] === ADJ_MAX) {
      this.#name(row);
      this.#mailbox[MB_ADJ] = own;
      rc = this.#ports.writeAdj();
    }
    if (rc === -EACCES || rc === -EPERM) {
      // What was recorded stays: who starts next may be allowed to.
      this.#gaveUp = true;
      this.#gauges[G_ARM_RC] = rc;
      this.#row = NONE;
      this.#gauges[G_SELF] &= ~SELF_ARMED;
      return;
    }
    if (rc >= 0 || rc === -ESRCH || rc === -ENOENT) this.#lose();
  }

  /** Nobody is armed any more. */
  #lose(): void {
    this.#row = NONE;
    this.#gauges[G_SELF] &= ~SELF_ARMED;
    this.#record(0, 0);
  }

  /** Names a row's process to the next call. */
  #name(row: number): void {
    const at = row * VICTIM_WORDS;
    this.#mailbox[MB_PID] = this.#victims.rows[at + V_PID];
    this.#mailbox[MB_FD] = this.#victims.rows[at + V_PIDFD];
  }

  /** Writes who is armed, and what was its own, to the file; pid 0: nobody. */
  #record(pid: number, own: number): number {
    const mailbox = this.#mailbox;
    this.#gauges[G_ARMED_PID] = pid;
    this.#gauges[G_ARMED_ADJ] = own;
    if (this.#fd < 0) return 0;
    mailbox[MB_FD] = this.#fd;
    mailbox[MB_SOURCE] = AT_GAUGES + G_ARMED_PID * 4;
    mailbox[MB_OFFSET] = 0;
    mailbox[MB_COUNT] = ARMED_WORDS * 4;
    return this.#ports.persist();
  }

  #keep(pid: number, own: number): void {
    let index = this.#keptPids.indexOf(pid);
    if (index < 0) {
      index = this.#keptNext;
      this.#keptNext = (index + 1) % KEPT;
    }
    this.#keptPids[index] = pid;
    this.#keptAdjs[index] = own;
  }
}

// @hot
// Publishes whom the guard would kill next, and arms the kernel's killer with
// it: at oom_score_adj 1000 it is the kernel's first choice too, should the
// guard be dead or late. Its own value comes back when another is next, when
// arming ends, or it may not die any more, or, after a crash, at the next start.
// It belongs to the desk.

import { delta32 } from "../base/int.ts";
import { ADJ_MAX } from "../base/limits.ts";
import { killable } from "../policy/select.ts";
import type { Arena } from "../state/arena.ts";
import {
  ARMED_WORDS,
  G_ARM_RC,
  G_ARMED_ADJ,
  G_ARMED_PID,
  G_ARMED_SINCE,
  G_ARMED_START,
  G_ARMED_UID,
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
  SET_DRY_RUN,
  SET_FLOOR_ADJ,
} from "../state/settings.ts";
import {
  NONE,
  ROW_ADJ_DUE,
  ROW_KILLED,
  V_ADJ,
  V_FLAGS,
  V_OWN_UID,
  V_PID,
  V_PIDFD,
  type Victims,
} from "../state/victims.ts";
import { Heirs } from "./heirs.ts";
import { chooseNext } from "./next_victim.ts";
import type { Ports } from "./ports.ts";
import type { Ready } from "./ready.ts";

/** The choice is looked at this often, ms. */
const LOOK_MS = 1_000;
// errno(3).
const EPERM = 1;
const ENOENT = 2;
const ESRCH = 3;
const EACCES = 13;

/** The one who arms. */
export class Armer {
  readonly #ports: Ports;
  readonly #arena: Arena;
  readonly #mailbox: Int32Array;
  readonly #settings: Int32Array;
  readonly #gauges: Int32Array;
  readonly #victims: Victims;
  readonly #ready: Ready;
  /** Where the armed one is kept for the next start, or -1: nobody is armed. */
  readonly #fd: number;
  readonly #heirs: Heirs;
  /** The armed row, or NONE. */
  #row = NONE;
  /** Who is armed has lost its row, which left this pidfd; -1: it has not. */
  #pidfd = -1;
  #lookedMs = 0;
  #looked = false;
  /** The kernel would not take a value back: nobody is armed any more. */
  #gaveUp = false;
  #refusedPid = 0;

  constructor(
    ports: Ports,
    arena: Arena,
    victims: Victims,
    ready: Ready,
    fd: number,
  ) {
    this.#ports = ports;
    this.#arena = arena;
    this.#mailbox = arena.mailbox;
    this.#settings = arena.settings;
    this.#gauges = arena.gauges;
    this.#victims = victims;
    this.#ready = ready;
    this.#fd = fd;
    this.#heirs = new Heirs(ports, arena, victims);
    this.#publish(NONE);
  }

  get #mayArm(): boolean {
    return this.#fd >= 0 && !this.#gaveUp &&
      this.#settings[SET_ARM_KERNEL] !== 0 && this.#settings[SET_DRY_RUN] === 0;
  }

  /** Looks once a second who is next. While memory is watched closely nobody
   * is armed anew: that opens files, and who is armed is still a good choice. */
  visit(sprinting: boolean): void {
    this.#heirs.tick();
    if (!this.#mayArm || this.#pidfd >= 0 || this.#isSpared()) this.#disarm();
    const nowMs = this.#mailbox[MB_NOW_MS];
    const age = delta32(nowMs, this.#lookedMs);
    if (this.#looked && age >= 0 && age < LOOK_MS) return;
    if (sprinting && this.#row !== NONE) return;
    this.#looked = true;
    this.#lookedMs = nowMs;
    const row = chooseNext(this.#victims, this.#ready, this.#arena);
    this.#publish(row);
    if (row === this.#row || sprinting) return;
    this.#disarm();
    if (this.#row !== NONE || this.#pidfd >= 0) return;
    if (row !== NONE && this.#mayArm) this.#arm(row);
  }

  /** The guard ends: the kernel has its own values again. */
  stop(): void {
    // Once more where memory was wanting: nobody comes back to it.
    this.#disarm();
    this.#disarm();
    this.#publish(NONE);
  }

  /** A row is about to be freed: its process may live on. Where memory is
   * wanting just now, its pidfd is kept for as long as it is armed. */
  part(row: number): void {
    if (row === this.#row) this.#disarm();
    if (row === this.#row) {
      const at = row * VICTIM_WORDS;
      this.#pidfd = this.#victims.rows[at + V_PIDFD];
      this.#victims.rows[at + V_PIDFD] = -1;
      this.#row = NONE;
      // Not with who is next.
      this.#gauges[G_SELF] &= ~SELF_ARMED;
    }
    this.#heirs.part(row);
  }

  /** A process could not be opened for want of something. */
  missed(): void {
    this.#heirs.missed();
  }

  /** A client's value was written over that of a row: it is armed no longer. */
  overwritten(row: number): void {
    if (row === this.#row) this.#lose();
  }

  /** What is a row's own where the kernel shows `adj`: not what was written to
   * arm it, and not what it has inherited from who was armed. */
  ownAdj(row: number, adj: number): number {
    const at = row * VICTIM_WORDS;
    const rows = this.#victims.rows;
    const isDue = (rows[at + V_FLAGS] & ROW_ADJ_DUE) !== 0;
    if (isDue && adj === ADJ_MAX) return rows[at + V_ADJ];
    if (row !== this.#row) return adj;
    if (adj === ADJ_MAX) return this.#gauges[G_ARMED_ADJ];
    this.#lose();
    return adj;
  }

  /** What is a newly adopted row's own where the kernel shows `adj` and `parent`
   * is its parent's pid (heirs.ts). */
  inherited(row: number, parent: number, adj: number): number {
    return this.#heirs.inherited(row, parent, adj);
  }

  /** Whether the armed row may not be chosen any more, but for its being killed:
   * it is protected by now, or more important than the floor. */
  #isSpared(): boolean {
    const row = this.#row;
    if (row === NONE) return false;
    const rows = this.#victims.rows;
    if ((rows[row * VICTIM_WORDS + V_FLAGS] & ROW_KILLED) !== 0) return false;
    return !killable(rows, row, this.#settings[SET_FLOOR_ADJ]);
  }

  #publish(row: number): void {
    const rows = this.#victims.rows;
    const gauges = this.#gauges;
    const at = row * VICTIM_WORDS;
    gauges[G_NEXT_ROW] = row;
    gauges[G_NEXT_PID] = row === NONE ? 0 : rows[at + V_PID];
    gauges[G_NEXT_ADJ] = row === NONE ? 0 : rows[at + V_ADJ];
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
      const start = this.#mailbox[MB_COUNT];
      gauges[G_ARMED_START] = start;
      gauges[G_ARMED_SINCE] = this.#heirs.open(row, own, start);
      const uid = this.#victims.rows[row * VICTIM_WORDS + V_OWN_UID];
      gauges[G_ARMED_UID] = uid;
      // Before the kernel is told: after a crash it is known what to undo.
      if (this.#record(pid, own) < 0) return this.#heirs.close();
      this.#name(row);
      this.#mailbox[MB_ADJ] = ADJ_MAX;
      const rc = this.#ports.writeAdj();
      if (rc === -EACCES || rc === -EPERM) this.#refusedPid = pid;
      if (rc < 0) {
        this.#record(0, 0);
        return this.#heirs.close();
      }
    }
    gauges[G_ARMED_PID] = pid;
    gauges[G_ARMED_ADJ] = own;
    this.#row = row;
    gauges[G_SELF] |= SELF_ARMED;
  }

  /** Gives the armed one its own value back, unless it is dying, or somebody
   * else has written another meanwhile. Where memory is wanting it stays armed
   * and is tried again. */
  #disarm(): void {
    if (this.#row === NONE && this.#pidfd < 0) return;
    const own = this.#gauges[G_ARMED_ADJ];
    if (own === ADJ_MAX || this.#isDying()) return this.#lose();
    const rc = this.#restore(own);
    if (rc === -EACCES || rc === -EPERM) {
      // What was recorded stays: who starts next may be allowed to. It is 1000
      // still, and so are those whom it forks.
      this.#gaveUp = true;
      this.#gauges[G_ARM_RC] = rc;
      return this.#leave();
    }
    if (rc >= 0 || rc === -ESRCH || rc === -ENOENT) this.#lose();
  }

  #isDying(): boolean {
    if (this.#row === NONE) return false;
    const at = this.#row * VICTIM_WORDS;
    return (this.#victims.rows[at + V_FLAGS] & ROW_KILLED) !== 0;
  }

  /** Writes the armed one's own value where it is at 1000. */
  #restore(own: number): number {
    this.#nameArmed();
    const rc = this.#ports.readAdj();
    if (rc < 0 || this.#mailbox[MB_ADJ] !== ADJ_MAX) return rc;
    this.#nameArmed();
    this.#mailbox[MB_ADJ] = own;
    return this.#ports.writeAdj();
  }

  /** Nobody is armed any more. */
  #lose(): void {
    this.#leave();
    this.#heirs.close();
    this.#record(0, 0);
  }

  #leave(): void {
    this.#row = NONE;
    this.#gauges[G_SELF] &= ~SELF_ARMED;
    if (this.#pidfd < 0) return;
    this.#mailbox[MB_FD] = this.#pidfd;
    this.#pidfd = -1;
    this.#ports.close();
  }

  #nameArmed(): void {
    if (this.#row !== NONE) return this.#name(this.#row);
    this.#mailbox[MB_PID] = this.#gauges[G_ARMED_PID];
    this.#mailbox[MB_FD] = this.#pidfd;
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
}

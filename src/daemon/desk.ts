// @hot
// The desk: everything that opens, closes or lists, done between turns and
// never while a victim's death is awaited. It buries the dead, lets clients
// in and out, registers processes, discovers them where nobody registers
// them, and keeps the ready list filled. Each visit does a bounded amount.

import { delta32 } from "../base/int.ts";
import { CLIENTS_MAX, PENDING_MAX } from "../base/limits.ts";
import { STATUS_FIELDS, STATUS_UID } from "../kernel/status.ts";
import type { Arena } from "../state/arena.ts";
import {
  G_BAD_PACKETS,
  G_LISTED,
  G_SCANS,
  G_TABLE_FULL,
  G_VICTIMS,
} from "../state/gauges.ts";
import {
  EVENT_CLIENT,
  EVENT_VICTIM,
  MB_ADJ,
  MB_COUNT,
  MB_FD,
  MB_NOW_MS,
  MB_PID,
  MB_STATUS_FD,
  MB_TAG,
  VICTIM_WORDS,
} from "../state/layout.ts";
import { SET_DISCOVER, SET_DISCOVER_MS } from "../state/settings.ts";
import {
  NONE,
  OWNER_DISCOVERED,
  ROW_DEAD,
  ROW_SERVICE,
  V_ADJ,
  V_CHECKED_MS,
  V_FLAGS,
  V_OWN_UID,
  V_OWNER,
  V_PIDFD,
  V_STATUS_FD,
  V_UID,
  type Victims,
} from "../state/victims.ts";
import {
  type Control,
  OP_ADOPT,
  OP_REMOVE,
  PENDING_ADJ,
  PENDING_OP,
  PENDING_OWNER,
  PENDING_PID,
  PENDING_TYPE,
  PENDING_UID,
  PENDING_WORDS,
} from "./control.ts";
import type { Ports } from "./ports.ts";
import type { Protector } from "./protector.ts";
import { noteFirstSample, type Ready } from "./ready.ts";
import { Roster } from "./roster.ts";

/** In a sprint newcomers are looked for this often, ms: one of them may be what
 * grows. */
const DISCOVER_SPRINT_MS = 250;
/** Operations of each kind in one visit. */
const OPS_PER_VISIT = 32;
/** Nobody is there (errno(3)). */
const EAGAIN = 11;

/** The desk of one guard. */
export class Desk {
  readonly #ports: Ports;
  readonly #arena: Arena;
  readonly #mailbox: Int32Array;
  readonly #victims: Victims;
  readonly #control: Control;
  readonly #ready: Ready;
  readonly #listener: number;
  readonly #fields = new Int32Array(STATUS_FIELDS);
  readonly #protector: Protector;
  #scanAt = 0;
  #scanCount = 0;
  #scanning = false;
  #scannedMs = 0;
  #everScanned = false;
  readonly #roster: Roster;

  constructor(
    ports: Ports,
    arena: Arena,
    victims: Victims,
    control: Control,
    ready: Ready,
    listenerFd: number,
    protector: Protector,
  ) {
    this.#ports = ports;
    this.#arena = arena;
    this.#mailbox = arena.mailbox;
    this.#victims = victims;
    this.#control = control;
    this.#ready = ready;
    this.#listener = listenerFd;
    this.#protector = protector;
    this.#roster = new Roster(ports, arena, victims, protector, ready);
  }

  /** Does what is due; true when there is more to do at once. */
  visit(sprinting: boolean): boolean {
    this.#control.deskDue = false;
    this.#writeDue();
    this.#buryDead();
    if (this.#control.knocking) this.#accept();
    const more = this.#adoptPending();
    // After what it asked for is done: its records are then disowned too.
    if (!more) this.#closeLeaving();
    const scanning = this.#discover(sprinting);
    this.#roster.visit(sprinting);
    this.#arena.gauges[G_VICTIMS] = this.#victims.count;
    this.#arena.gauges[G_LISTED] = this.#victims.listed;
    return more || scanning || this.#control.deskDue;
  }

  #writeDue(): void {
    const rows = this.#victims.rows;
    for (let i = 0; i < OPS_PER_VISIT; i++) {
      const row = this.#victims.takeDue();
      if (row === NONE) return;
      const at = row * VICTIM_WORDS;
      if ((rows[at + V_FLAGS] & ROW_DEAD) !== 0) continue;
      this.#writeAdj(row);
    }
    if (this.#victims.dueCount > 0) this.#control.deskDue = true;
  }

  #writeAdj(row: number): void {
    const at = row * VICTIM_WORDS;
    this.#mailbox[MB_PID] = this.#victims.rows[at];
    this.#mailbox[MB_FD] = this.#victims.rows[at + V_PIDFD];
    this.#mailbox[MB_ADJ] = this.#victims.rows[at + V_ADJ];
    this.#ports.writeAdj();
  }

  #buryDead(): void {
    const rows = this.#victims.rows;
    for (;;) {
      const row = this.#victims.takeDead();
      if (row === NONE) return;
      this.#ready.drop(row);
      const at = row * VICTIM_WORDS;
      this.#close(rows[at + V_STATUS_FD]);
      this.#close(rows[at + V_PIDFD]);
      this.#victims.remove(row);
    }
  }

  #close(fd: number): void {
    if (fd < 0) return;
    this.#mailbox[MB_FD] = fd;
    this.#ports.close();
  }

  /** Lets in who knocks, while there is room; the others wait in the backlog
   * and are let in when a place is free. */
  #accept(): void {
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.#control.fds[i] >= 0) continue;
      this.#mailbox[MB_FD] = this.#listener;
      this.#mailbox[MB_TAG] = (EVENT_CLIENT << 24) | i;
      const fd = this.#ports.accept();
      if (fd < 0) {
        // Edge-triggered: whoever is still there does not knock again.
        this.#control.knocking = fd !== -EAGAIN;
        return;
      }
      this.#control.admit(i, fd);
    }
  }

  /** Closes clients that left; their records stay, unowned (AOSP lmkd). */
  #closeLeaving(): void {
    for (let i = 0; i < CLIENTS_MAX; i++) {
      const control = this.#control;
      if (control.leaving[i] === 0 || control.fds[i] < 0) continue;
      if (control.unread(i)) continue;
      this.#close(control.fds[i]);
      control.part(i);
      this.#disown(control.pids[i]);
    }
  }

  #disown(pid: number): void {
    if (pid <= 0) return;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.#control.fds[i] >= 0 && this.#control.pids[i] === pid) return;
    }
    const rows = this.#victims.rows;
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      if (rows[at + V_FLAGS] !== 0 && rows[at + V_OWNER] === pid) {
        rows[at + V_OWNER] = 0;
      }
    }
  }

  #adoptPending(): boolean {
    const control = this.#control;
    for (let i = 0; i < OPS_PER_VISIT && control.pendingCount > 0; i++) {
      const at = control.pendingHead * PENDING_WORDS;
      control.pendingHead = (control.pendingHead + 1) % PENDING_MAX;
      control.pendingCount--;
      const op = control.pending[at + PENDING_OP];
      const pid = control.pending[at + PENDING_PID];
      const owner = control.pending[at + PENDING_OWNER];
      if (op === OP_REMOVE) control.forget(pid, owner);
      else if (op === OP_ADOPT) this.#register(at, pid, owner);
    }
    if (control.pendingCount === 0) control.answerWaiting();
    return control.pendingCount > 0;
  }

  /** One PROCPRIO for a process that may be new. */
  #register(at: number, pid: number, owner: number): void {
    const control = this.#control;
    const adj = control.pending[at + PENDING_ADJ];
    const type = control.pending[at + PENDING_TYPE];
    const uid = control.pending[at + PENDING_UID];
    this.#buryDead();
    let row = this.#victims.find(pid);
    if (row !== NONE) {
      control.update(row, owner, uid, adj, type);
      return;
    }
    row = this.#adopt(pid, owner, uid);
    if (row === NONE) return;
    if (!this.#protector.isClients(row)) {
      this.#arena.gauges[G_BAD_PACKETS]++;
      return;
    }
    const rows = this.#victims.rows;
    if (type !== 0) rows[row * VICTIM_WORDS + V_FLAGS] |= ROW_SERVICE;
    this.#protector.setAdj(row, adj);
    this.#writeAdj(row);
  }

  /** Opens a process and gives it a row, or answers NONE. `uid` -1: the
   * process's own. */
  #adopt(pid: number, owner: number, uid: number): number {
    const row = this.#victims.add(pid);
    if (row === NONE) {
      this.#arena.gauges[G_TABLE_FULL]++;
      return NONE;
    }
    this.#mailbox[MB_PID] = pid;
    this.#mailbox[MB_TAG] = (EVENT_VICTIM << 24) | row;
    const pidfd = this.#ports.adopt();
    if (pidfd < 0) {
      this.#victims.remove(row);
      return NONE;
    }
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    rows[at + V_PIDFD] = pidfd;
    rows[at + V_STATUS_FD] = this.#mailbox[MB_STATUS_FD];
    rows[at + V_OWNER] = owner;
    noteFirstSample(this.#arena, rows, row, this.#fields);
    rows[at + V_UID] = uid < 0 ? this.#fields[STATUS_UID] : uid;
    rows[at + V_CHECKED_MS] = this.#mailbox[MB_NOW_MS];
    rows[at + V_OWN_UID] = this.#fields[STATUS_UID];
    rows[at + V_ADJ] = this.#mailbox[MB_ADJ];
    this.#protector.welcome(row, this.#fields);
    this.#protector.setAdj(row, rows[at + V_ADJ]);
    return row;
  }

  /** One step of a pass over /proc or the group; true while a pass is under
   * way. */
  #discover(sprinting: boolean): boolean {
    if (this.#arena.settings[SET_DISCOVER] === 0) return false;
    const nowMs = this.#mailbox[MB_NOW_MS];
    if (!this.#scanning) {
      const age = delta32(nowMs, this.#scannedMs);
      const calm = this.#arena.settings[SET_DISCOVER_MS];
      const due = sprinting ? Math.min(calm, DISCOVER_SPRINT_MS) : calm;
      if (this.#everScanned && age < due) return false;
      this.#scanning = true;
      this.#everScanned = true;
      this.#scannedMs = nowMs;
    }
    if (this.#scanAt === this.#scanCount) {
      this.#scanAt = 0;
      this.#scanCount = 0;
      const rc = this.#ports.scan();
      if (rc <= 0) {
        this.#scanning = false;
        this.#arena.gauges[G_SCANS]++;
        return false;
      }
      this.#scanCount = this.#mailbox[MB_COUNT];
    }
    let adopted = 0;
    while (this.#scanAt < this.#scanCount && adopted < OPS_PER_VISIT) {
      const pid = this.#arena.scan[this.#scanAt++];
      if (this.#victims.find(pid) !== NONE) continue;
      adopted++;
      this.#adopt(pid, OWNER_DISCOVERED, -1);
    }
    return true;
  }
}

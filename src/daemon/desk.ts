// @hot
// The desk: everything that opens, closes or lists, done between turns and
// never while a victim's death is awaited. It buries the dead, lets clients
// in and out, registers processes, discovers them where nobody registers
// them, and keeps the ready list filled. Each visit does a bounded amount.

import { ADJ_MIN, CLIENTS_MAX } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import {
  G_BAD_PACKETS,
  G_DROPPED_CLIENTS,
  G_LISTED,
  G_VICTIMS,
} from "../state/gauges.ts";
import {
  EVENT_CLIENT,
  MB_ADJ,
  MB_COUNT,
  MB_FD,
  MB_PID,
  MB_TAG,
  MB_UID,
  VICTIM_WORDS,
} from "../state/layout.ts";
import { isWant } from "../state/calls.ts";
import { SET_PER_APP_MEMCG } from "../state/settings.ts";
import {
  NONE,
  ROW_DEAD,
  ROW_SERVICE,
  V_ADJ,
  V_FLAGS,
  V_KERNEL_ADJ,
  V_PIDFD,
  V_UID,
  type Victims,
} from "../state/victims.ts";
import type { Armer } from "./armer.ts";
import type { Adopter } from "./adopter.ts";
import type { Ballast } from "./ballast.ts";
import type { Clients } from "./clients.ts";
import type { Control } from "./control.ts";
import type { Discovery } from "./discovery.ts";
import type { Footprint } from "./footprint.ts";
import { OP_ADOPT, OP_REMOVE, type Pending } from "./pending.ts";
import type { Ports } from "./ports.ts";
import type { Protector } from "./protector.ts";
import { type Registrar, softLimitMib } from "./registrar.ts";
import type { Roster } from "./roster.ts";
import type { Titles } from "./titles.ts";

/** Operations of each kind in one visit. */
const OPS_PER_VISIT = 32;
/** Nobody is there (errno(3)). */
const EAGAIN = 11;
/** What failed for want of something is tried again after this, ms. */
const AGAIN_MS = 100;

/** What a desk is made of. */
export interface DeskParts {
  readonly ports: Ports;
  readonly arena: Arena;
  readonly victims: Victims;
  readonly protector: Protector;
  readonly clients: Clients;
  readonly pending: Pending;
  readonly registrar: Registrar;
  readonly control: Control;
  readonly adopter: Adopter;
  readonly discovery: Discovery;
  readonly roster: Roster;
  readonly titles: Titles;
  readonly armer: Armer;
  readonly ballast: Ballast;
  readonly footprint: Footprint;
  /** The listening socket, or -1. */
  readonly listenerFd: number;
}

/** The desk of one guard. */
export class Desk {
  readonly #ports: Ports;
  readonly #arena: Arena;
  readonly #mailbox: Int32Array;
  readonly #victims: Victims;
  readonly #protector: Protector;
  readonly #clients: Clients;
  readonly #pending: Pending;
  readonly #registrar: Registrar;
  readonly #control: Control;
  readonly #adopter: Adopter;
  readonly #discovery: Discovery;
  readonly #roster: Roster;
  readonly #titles: Titles;
  readonly #armer: Armer;
  readonly #ballast: Ballast;
  readonly #footprint: Footprint;
  readonly #listener: number;
  /** Somebody could not be let in: descriptors were wanting. */
  #knockedInVain = false;
  /** Something else failed for want of something, and waits for a visit. */
  #heldUp = false;

  constructor(parts: DeskParts) {
    this.#ports = parts.ports;
    this.#arena = parts.arena;
    this.#mailbox = parts.arena.mailbox;
    this.#victims = parts.victims;
    this.#protector = parts.protector;
    this.#clients = parts.clients;
    this.#pending = parts.pending;
    this.#registrar = parts.registrar;
    this.#control = parts.control;
    this.#adopter = parts.adopter;
    this.#discovery = parts.discovery;
    this.#roster = parts.roster;
    this.#titles = parts.titles;
    this.#armer = parts.armer;
    this.#ballast = parts.ballast;
    this.#footprint = parts.footprint;
    this.#listener = parts.listenerFd;
  }

  /** Longest that the next visit may be put off, ms; -1: as long as it likes.
   */
  get restMs(): number {
    const again = this.#heldUp || this.#knockedInVain || this.#discovery.failed;
    return again ? AGAIN_MS : -1;
  }

  /** Does what is due; true when there is more to do at once. */
  visit(sprinting: boolean): boolean {
    this.#clients.deskDue = false;
    this.#heldUp = false;
    this.#writeDue();
    this.#adopter.buryDead();
    const more = this.#workOff();
    // After what it asked for is done: its records are then disowned too.
    if (!more) this.#closeLeaving();
    if (this.#control.knocking || this.#knockedInVain) this.#accept();
    const scanning = this.#discovery.visit(sprinting);
    this.#roster.visit(sprinting);
    this.#titles.visit(!sprinting);
    this.#armer.visit(sprinting);
    this.#ballast.visit(sprinting);
    this.#footprint.visit(sprinting);
    this.#arena.gauges[G_VICTIMS] = this.#victims.count;
    this.#arena.gauges[G_LISTED] = this.#victims.listed;
    return more || scanning || (!this.#heldUp && this.#control.deskDue);
  }

  /** Opens the victim of an earlier guard, if it is still dying, to be told of
   * its death; NONE if not. */
  adoptDying(pid: number): number {
    return this.#adopter.adoptDying(pid);
  }

  #writeDue(): void {
    const rows = this.#victims.rows;
    for (let i = 0; i < OPS_PER_VISIT; i++) {
      const row = this.#victims.takeDue();
      if (row === NONE) return;
      const at = row * VICTIM_WORDS;
      if ((rows[at + V_FLAGS] & ROW_DEAD) !== 0) continue;
      if (!isWant(this.#writeRow(row))) continue;
      // The kernel is still to be told: it lacked something just now.
      this.#victims.markDue(row);
      this.#control.putOffCounts();
      this.#heldUp = true;
      return;
    }
  }

  /** Tells the kernel what a client asked for: importance, soft limit; answers
   * how the last of it that failed did. */
  #writeRow(row: number): number {
    const at = row * VICTIM_WORDS;
    const rows = this.#victims.rows;
    const mailbox = this.#mailbox;
    mailbox[MB_PID] = rows[at];
    mailbox[MB_FD] = rows[at + V_PIDFD];
    mailbox[MB_ADJ] = rows[at + V_KERNEL_ADJ];
    let rc = 0;
    if (rows[at + V_KERNEL_ADJ] >= ADJ_MIN) {
      rc = this.#ports.writeAdj();
      if (rc >= 0) this.#armer.overwritten(row);
    }
    const isApp = (rows[at + V_FLAGS] & ROW_SERVICE) === 0;
    if (!isApp || this.#arena.settings[SET_PER_APP_MEMCG] === 0) return rc;
    mailbox[MB_PID] = rows[at];
    mailbox[MB_FD] = rows[at + V_PIDFD];
    mailbox[MB_UID] = rows[at + V_UID];
    const told = rows[at + V_KERNEL_ADJ];
    mailbox[MB_COUNT] = softLimitMib(told < ADJ_MIN ? rows[at + V_ADJ] : told);
    const limited = this.#ports.softLimit();
    return isWant(limited) ? limited : rc;
  }

  /** Lets in who knocks. When there is no place, the least wanted client goes
   * for it: a newcomer always gets in, and no more than one leaves. */
  #accept(): void {
    for (let n = 0; n < CLIENTS_MAX; n++) {
      const least = this.#leastWanted();
      const index = least === NONE ? this.#freePlace() : least;
      this.#mailbox[MB_FD] = this.#listener;
      this.#mailbox[MB_TAG] = (EVENT_CLIENT << 24) | index;
      const fd = this.#ports.accept();
      if (fd < 0) {
        // Edge-triggered: whoever is still there does not knock again. Tried
        // once in each further visit, which is not hurried for it.
        this.#control.knocking = false;
        this.#knockedInVain = fd !== -EAGAIN;
        return;
      }
      if (least !== NONE) {
        this.#arena.gauges[G_DROPPED_CLIENTS]++;
        this.#close(least);
      }
      this.#clients.admit(index, fd);
    }
  }

  #leastWanted(): number {
    const clients = this.#clients;
    if (!clients.isFull) return NONE;
    this.#registrar.countRecords(clients.pids, clients.records);
    return clients.leastWanted();
  }

  #freePlace(): number {
    let index = 0;
    while (this.#clients.fds[index] >= 0) index++;
    return index;
  }

  /** Closes clients that left; their records stay, unowned (AOSP lmkd). */
  #closeLeaving(): void {
    const clients = this.#clients;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (clients.leaving[i] === 0 || clients.fds[i] < 0) continue;
      if (!clients.unread(i)) this.#close(i);
    }
  }

  #close(index: number): void {
    const pid = this.#clients.pids[index];
    this.#adopter.close(this.#clients.fds[index]);
    this.#clients.part(index);
    if (pid <= 0) return;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.#clients.fds[i] >= 0 && this.#clients.pids[i] === pid) return;
    }
    this.#registrar.disown(pid);
  }

  /** Works off what clients asked for; true when more is waiting. */
  #workOff(): boolean {
    const pending = this.#pending;
    let ops = Math.min(OPS_PER_VISIT, pending.count);
    while (ops-- > 0 && pending.take()) {
      if (pending.op === OP_REMOVE) {
        this.#registrar.forget(pending.pid, pending.owner);
      } else if (pending.op === OP_ADOPT) {
        this.#register();
      }
    }
    // Adopting marked what is to be written: first that, then the answer.
    this.#writeDue();
    this.#control.answerCounts();
    return !this.#heldUp &&
      (pending.count > 0 || this.#victims.dueCount > 0);
  }

  /** The registration just taken, of a process that may be new. */
  #register(): void {
    const pending = this.#pending;
    this.#adopter.buryDead();
    let row = this.#victims.find(pending.pid);
    if (row === NONE) {
      row = this.#adopter.adopt(pending.pid, pending.owner, pending.uid);
      if (row === NONE && isWant(this.#adopter.failure)) {
        this.#heldUp = true;
        pending.putOff();
      }
    }
    if (row === NONE) return;
    const taken = this.#protector.isClients(row) && this.#registrar.update(
      row,
      pending.uid,
      pending.adj,
      pending.type,
      pending.owner,
      pending.lmkdOnly,
    );
    if (!taken) this.#arena.gauges[G_BAD_PACKETS]++;
  }
}

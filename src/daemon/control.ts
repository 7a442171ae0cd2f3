// @hot
// lmkd's commands (AOSP lmkd.cpp, ctrl_command_handler): takes packets, applies
// what the tables alone can answer, and leaves to the desk what must open
// something and to the daemon what must read properties. Never waits for a
// client; a client that misbehaves loses its packet, counted.

import { delta32 } from "../base/int.ts";
import { CLIENTS_MAX, PACKETS_PER_TURN } from "../base/limits.ts";
import { G_BAD_PACKETS, G_HASTY_TARGETS, G_PACKETS } from "../state/gauges.ts";
import { AT_PACKET, MB_FD, MB_NOW_MS, MB_PID } from "../state/layout.ts";
import {
  SET_RELEASE,
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
  SET_TIERS_TOLD,
} from "../state/settings.ts";
import { NONE, type Victims } from "../state/victims.ts";
import {
  COUNT_MAX_ADJ,
  COUNT_MIN_ADJ,
  decodeRequest,
  LMK_BOOT_COMPLETED,
  LMK_GETKILLCNT,
  LMK_PROCPRIO,
  LMK_PROCPURGE,
  LMK_PROCREMOVE,
  LMK_PROCS_PRIO,
  LMK_START_MONITORING,
  LMK_SUBSCRIBE,
  LMK_TARGET,
  LMK_UPDATE_PROPS,
  PRIO_PID,
  prioLmkdOnly,
  prioRecordOk,
  prioRecordWords,
  REQUEST_WORDS_MAX,
  SUBSCRIBE_KIND,
} from "../wire/lmkd.ts";
import { encodeBootCompleted, encodeUpdateProps } from "../wire/messages.ts";
import {
  type Clients,
  UNREAD,
  WAIT_BOOT,
  WAIT_NOTHING,
  WAIT_UPDATE,
  WAIT_UPDATE_SOON,
} from "./clients.ts";
import { type CountParts, Counts } from "./counts.ts";
import type { Pending } from "./pending.ts";
import type { Ports } from "./ports.ts";
import type { Registrar } from "./registrar.ts";

/** Nothing is waiting (errno(3)). */
const EAGAIN = 11;

/** LMK_TARGET is taken at most this often, ms (AOSP lmkd.cpp, cmd_target). */
const TARGET_MS = 1_000;

/** What a control is made of. */
export interface ControlParts extends CountParts {
  readonly ports: Ports;
  readonly registrar: Registrar;
}

/** The server of the socket. */
export class Control {
  readonly #ports: Ports;
  readonly #bytes: Uint8Array;
  readonly #mailbox: Int32Array;
  readonly #settings: Int32Array;
  readonly #gauges: Int32Array;
  readonly #victims: Victims;
  readonly #clients: Clients;
  readonly #pending: Pending;
  readonly #registrar: Registrar;
  readonly #request = new Int32Array(REQUEST_WORDS_MAX);
  readonly #counts: Counts;
  #first = 0;
  #everTargeted = false;
  #targetMs = 0;

  /** The listener has somebody. */
  knocking = false;
  /** Tiers were told: they are to be published. */
  targetsDue = false;
  /** A client asked that monitoring begin. */
  monitorsDue = false;

  constructor(parts: ControlParts) {
    this.#ports = parts.ports;
    this.#bytes = parts.arena.bytes;
    this.#mailbox = parts.arena.mailbox;
    this.#settings = parts.arena.settings;
    this.#gauges = parts.arena.gauges;
    this.#victims = parts.victims;
    this.#clients = parts.clients;
    this.#pending = parts.pending;
    this.#registrar = parts.registrar;
    this.#counts = new Counts(parts);
  }

  /** Whether packets may still be waiting: the next wait must not sleep. */
  get busy(): boolean {
    return !this.#pending.isFull && this.#clients.busy;
  }

  /** Whether the desk has something to do for a client. */
  get deskDue(): boolean {
    return this.knocking || this.#clients.deskDue || this.#pending.count > 0 ||
      this.#victims.dueCount > 0 || this.#victims.deadCount > 0;
  }

  /** Serves every client that has something, a bounded number of packets. Each
   * is the first in its turn: who floods the ring cannot keep it full for all
   * others. */
  serve(): void {
    this.#first = (this.#first + 1) % CLIENTS_MAX;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      const index = (this.#first + i) % CLIENTS_MAX;
      if (this.#clients.readable[index] !== 0) this.#serveOne(index);
    }
  }

  #serveOne(index: number): void {
    const clients = this.#clients;
    for (let n = 0; n < PACKETS_PER_TURN; n++) {
      if (this.#pending.isFull) return;
      if (clients.waiting[index] !== WAIT_NOTHING) return;
      this.#mailbox[MB_FD] = clients.fds[index];
      const length = this.#ports.receive();
      const pid = this.#mailbox[MB_PID];
      if (length === -EAGAIN) {
        clients.readable[index] = 0;
        return;
      }
      if (length < 0) return clients.defer(index);
      clients.readable[index] = UNREAD;
      // The end has no credentials; a packet without them ends the connection
      // (AOSP lmkd.cpp, ctrl_data_handler).
      const isEnd = length === 0 && pid <= 0;
      if (!isEnd) this.#gauges[G_PACKETS]++;
      if (pid <= 0) {
        if (!isEnd) this.#gauges[G_BAD_PACKETS]++;
        clients.readable[index] = 0;
        return clients.leave(index);
      }
      clients.use(index, pid);
      if (!this.#handle(index, pid, length)) this.#gauges[G_BAD_PACKETS]++;
      // It goes through all of the table: once for each client and turn.
      if (this.#request[0] === LMK_PROCPURGE) return;
    }
  }

  /** Applies one packet; false when it was refused. */
  #handle(index: number, owner: number, length: number): boolean {
    const request = this.#request;
    const release = this.#settings[SET_RELEASE];
    const args = decodeRequest(
      this.#bytes,
      AT_PACKET,
      length,
      request,
      release,
    );
    if (args < 0) return false;
    switch (request[0]) {
      case LMK_TARGET:
        return this.#setTarget(args);
      case LMK_PROCPRIO:
        return this.#prioritize(PRIO_PID, owner, release);
      case LMK_PROCS_PRIO:
        return this.#prioritizeAll(args, owner, release);
      case LMK_PROCREMOVE:
        return this.#registrar.remove(request[PRIO_PID], owner);
      case LMK_PROCPURGE:
        this.#registrar.purge(owner);
        return true;
      case LMK_GETKILLCNT:
        this.#counts.ask(
          index,
          request[COUNT_MIN_ADJ],
          request[COUNT_MAX_ADJ],
        );
        return true;
      case LMK_SUBSCRIBE:
        this.#clients.subscriptions[index] |= 1 << request[SUBSCRIBE_KIND];
        return true;
      case LMK_UPDATE_PROPS:
        this.#clients.waiting[index] = WAIT_UPDATE;
        return true;
      case LMK_START_MONITORING:
        this.monitorsDue = true;
        return true;
      case LMK_BOOT_COMPLETED:
        this.#clients.waiting[index] = WAIT_BOOT;
        return true;
      default:
        return false;
    }
  }

  /** Stores the tiers; 0 pairs are ignored, as lmkd ignores them. */
  #setTarget(args: number): boolean {
    if (args === 0) return true;
    const nowMs = this.#mailbox[MB_NOW_MS];
    const age = delta32(nowMs, this.#targetMs);
    if (this.#everTargeted && age >= 0 && age < TARGET_MS) {
      this.#gauges[G_HASTY_TARGETS]++;
      return true;
    }
    this.#everTargeted = true;
    this.#targetMs = nowMs;
    const tiers = args >> 1;
    for (let i = 0; i < tiers; i++) {
      this.#settings[SET_TIER_PAGES + i] = this.#request[1 + 2 * i];
      this.#settings[SET_TIER_ADJ + i] = this.#request[2 + 2 * i];
    }
    this.#settings[SET_TIERS] = tiers;
    this.#settings[SET_TIERS_TOLD] = 1;
    this.targetsDue = true;
    return true;
  }

  /** The record whose pid is word `at` of the request. */
  #prioritize(at: number, owner: number, release: number): boolean {
    const request = this.#request;
    return this.#registrar.prioritize(
      request[at],
      request[at + 1],
      request[at + 2],
      request[at + 3],
      owner,
      prioLmkdOnly(request, at, release) ? 1 : 0,
    );
  }

  /** A bad record does not stop the rest. */
  #prioritizeAll(args: number, owner: number, release: number): boolean {
    const step = prioRecordWords(release);
    let good = true;
    for (let at = PRIO_PID; at <= args; at += step) {
      const taken = prioRecordOk(this.#request, at) &&
        this.#prioritize(at, owner, release);
      if (!taken) good = false;
    }
    return good;
  }

  /** Called by the desk: sends the counts that waited only for what was asked
   * before them. */
  answerCounts(): void {
    this.#counts.answer();
  }

  /** Called by the desk: the kernel could not be told something just now. */
  putOffCounts(): void {
    this.#counts.putOff();
  }

  /** Tells everybody whose properties were being read how it went: RESULT_*. */
  answerUpdates(result: number): void {
    for (;;) {
      const index = this.#clients.waiterFor(WAIT_UPDATE_SOON);
      if (index === NONE) return;
      this.#clients.waiting[index] = WAIT_NOTHING;
      const length = encodeUpdateProps(this.#bytes, AT_PACKET, result);
      this.#clients.send(index, length);
    }
  }

  /** Tells client `index`, which waits for it, whether boot is completed. */
  answerBoot(index: number, result: number): void {
    this.#clients.waiting[index] = WAIT_NOTHING;
    const length = encodeBootCompleted(this.#bytes, AT_PACKET, result);
    this.#clients.send(index, length);
  }
}

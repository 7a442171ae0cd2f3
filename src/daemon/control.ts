// @hot
// The control socket's clients: takes packets, applies what the table alone
// can answer, and leaves to the desk what must open something. Never waits for
// a client; a client that misbehaves loses its packet, counted.

import { CLIENTS_MAX, PACKETS_PER_TURN, PENDING_MAX } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import { G_BAD_PACKETS, G_CLIENTS, G_PACKETS } from "../state/gauges.ts";
import {
  AT_PACKET,
  MB_COUNT,
  MB_FD,
  MB_PID,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
  SET_TIERS_TOLD,
} from "../state/settings.ts";
import {
  NONE,
  OWNER_DISCOVERED,
  ROW_DEAD,
  ROW_SERVICE,
  V_FLAGS,
  V_OWNER,
  V_UID,
  type Victims,
} from "../state/victims.ts";
import {
  decodeRequest,
  encodeKillCount,
  LMK_GETKILLCNT,
  LMK_PROCPRIO,
  LMK_PROCPURGE,
  LMK_PROCREMOVE,
  LMK_TARGET,
  PRIO_ADJ,
  PRIO_PID,
  PRIO_TYPE,
  PRIO_UID,
  REQUEST_WORDS_MAX,
} from "../wire/lmkd.ts";
import type { Ports } from "./ports.ts";
import type { Protector } from "./protector.ts";

const EPOLLHUP = 0x10;
const EPOLLERR = 0x8;
const EPOLLRDHUP = 0x2000;

/** Words of one pending operation. */
export const PENDING_WORDS = 8;
export const PENDING_OP = 0;
export const PENDING_PID = 1;
export const PENDING_UID = 2;
export const PENDING_ADJ = 3;
export const PENDING_TYPE = 4;
export const PENDING_OWNER = 5;
/** Register a process that has no row yet, or whose row is dead. */
export const OP_ADOPT = 1;
/** Forget a process that was still to be registered. */
export const OP_REMOVE = 2;

/** The clients and their requests. */
export class Control {
  readonly #ports: Ports;
  readonly #bytes: Uint8Array;
  readonly #mailbox: Int32Array;
  readonly #settings: Int32Array;
  readonly #gauges: Int32Array;
  readonly #victims: Victims;
  readonly #protector: Protector;
  readonly #killsByAdj: Int32Array;
  readonly #request = new Int32Array(REQUEST_WORDS_MAX);

  /** Descriptor of each client, or -1. */
  readonly fds = new Int32Array(CLIENTS_MAX).fill(-1);
  /** Pid of each client by its credentials. */
  readonly pids = new Int32Array(CLIENTS_MAX);
  /** 1: the client left; the desk closes it. */
  readonly leaving = new Int32Array(CLIENTS_MAX);
  readonly #readable = new Int32Array(CLIENTS_MAX);
  /** 1: waits for the desk to finish what it asked before (a barrier). */
  readonly #waiting = new Int32Array(CLIENTS_MAX);
  readonly #waitLow = new Int32Array(CLIENTS_MAX);
  readonly #waitHigh = new Int32Array(CLIENTS_MAX);

  /** Ring of operations for the desk, oldest at pendingHead. */
  readonly pending = new Int32Array(PENDING_MAX * PENDING_WORDS);
  pendingHead = 0;
  pendingCount = 0;
  /** The listener has somebody. */
  knocking = false;
  /** A client left, a row's adj is due: the desk has work. */
  deskDue = false;

  constructor(
    ports: Ports,
    arena: Arena,
    victims: Victims,
    protector: Protector,
    killsByAdj: Int32Array,
  ) {
    this.#ports = ports;
    this.#bytes = arena.bytes;
    this.#mailbox = arena.mailbox;
    this.#settings = arena.settings;
    this.#gauges = arena.gauges;
    this.#victims = victims;
    this.#protector = protector;
    this.#killsByAdj = killsByAdj;
  }

  /** A client was accepted into place `index`. */
  admit(index: number, fd: number): void {
    this.fds[index] = fd;
    this.pids[index] = 0;
    this.leaving[index] = 0;
    this.#readable[index] = 1;
    this.#waiting[index] = 0;
    this.#gauges[G_CLIENTS]++;
  }

  /** A client's descriptor was closed. */
  part(index: number): void {
    this.fds[index] = -1;
    this.#readable[index] = 0;
    this.#gauges[G_CLIENTS]--;
  }

  /** An event of the wait says that client `index` has something. */
  note(index: number, flags: number): void {
    if (index >= CLIENTS_MAX || this.fds[index] < 0) return;
    this.#readable[index] = 1;
    if ((flags & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) !== 0) {
      this.leaving[index] = 1;
      this.deskDue = true;
    }
  }

  /** Whether packets of a client that left are still to be read. */
  unread(index: number): boolean {
    return this.#readable[index] !== 0 || this.#waiting[index] !== 0;
  }

  /** Whether packets may still be waiting: the next wait must not sleep. */
  get busy(): boolean {
    if (this.#isFull()) return false;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.#readable[i] !== 0) return true;
    }
    return false;
  }

  /** Serves every client that has something, a bounded number of packets. */
  serve(): void {
    if (this.#isFull()) return;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.#readable[i] !== 0) this.#serveOne(i);
    }
  }

  /** No room to note what further packets ask for: they wait in the socket
   * until the desk has worked some off. */
  #isFull(): boolean {
    return this.pendingCount === PENDING_MAX;
  }

  #serveOne(index: number): void {
    for (let n = 0; n < PACKETS_PER_TURN && !this.#isFull(); n++) {
      this.#mailbox[MB_FD] = this.fds[index];
      const length = this.#ports.receive();
      if (length < 0) {
        this.#readable[index] = 0;
        return;
      }
      if (length === 0 && this.#mailbox[MB_PID] <= 0) {
        // The end. An empty packet comes with credentials.
        this.leaving[index] = 1;
        this.#readable[index] = 0;
        this.deskDue = true;
        return;
      }
      this.#gauges[G_PACKETS]++;
      if (this.#mailbox[MB_PID] <= 0) {
        // lmkd closes a connection whose packet carries no credentials.
        this.#gauges[G_BAD_PACKETS]++;
        this.leaving[index] = 1;
        this.#readable[index] = 0;
        this.deskDue = true;
        return;
      }
      this.pids[index] = this.#mailbox[MB_PID];
      if (!this.#handle(index, length)) this.#gauges[G_BAD_PACKETS]++;
    }
  }

  /** Applies one packet; false when it was refused. */
  #handle(index: number, length: number): boolean {
    const request = this.#request;
    const args = decodeRequest(this.#bytes, AT_PACKET, length, request);
    if (args < 0) return false;
    const owner = this.pids[index];
    switch (request[0]) {
      case LMK_TARGET:
        return this.#setTarget(args);
      case LMK_PROCPRIO:
        return this.#setPriority(owner);
      case LMK_PROCREMOVE:
        return this.#remove(request[PRIO_PID], owner);
      case LMK_PROCPURGE:
        this.#purge(owner);
        return true;
      case LMK_GETKILLCNT:
        return this.#askKillCount(index, request[1], request[2]);
      default:
        return false;
    }
  }

  /** Stores the tiers; 0 pairs are ignored, as lmkd ignores them. */
  #setTarget(args: number): boolean {
    if (args === 0) return true;
    const tiers = args >> 1;
    for (let i = 0; i < tiers; i++) {
      this.#settings[SET_TIER_PAGES + i] = this.#request[1 + 2 * i];
      this.#settings[SET_TIER_ADJ + i] = this.#request[2 + 2 * i];
    }
    this.#settings[SET_TIERS] = tiers;
    this.#settings[SET_TIERS_TOLD] = 1;
    return true;
  }

  #setPriority(owner: number): boolean {
    const request = this.#request;
    const pid = request[PRIO_PID];
    const row = this.#victims.find(pid);
    if (row === NONE || this.#isDead(row) || this.#isPending(pid)) {
      return this.#push(OP_ADOPT, pid, owner);
    }
    return this.update(
      row,
      owner,
      request[PRIO_UID],
      request[PRIO_ADJ],
      request[PRIO_TYPE],
    );
  }

  #isDead(row: number): boolean {
    const flags = this.#victims.rows[row * VICTIM_WORDS + V_FLAGS];
    return (flags & ROW_DEAD) !== 0;
  }

  /** Gives a live row its new adj; false when another client owns it. The uid
   * counts where the row was only discovered: lmkd keeps the first one told. */
  update(
    row: number,
    owner: number,
    uid: number,
    adj: number,
    type: number,
  ): boolean {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    if (!this.#protector.isClients(row)) return false;
    const holder = rows[at + V_OWNER];
    if (holder > 0 && holder !== owner) return false;
    if (holder === OWNER_DISCOVERED) rows[at + V_UID] = uid;
    rows[at + V_OWNER] = owner;
    this.#victims.markDue(row);
    if (type !== 0) rows[at + V_FLAGS] |= ROW_SERVICE;
    else rows[at + V_FLAGS] &= ~ROW_SERVICE;
    this.#protector.setAdj(row, adj);
    this.deskDue = true;
    return true;
  }

  /** Forgets a registration: the row is no longer a candidate; the desk
   * closes its descriptors. */
  #remove(pid: number, owner: number): boolean {
    if (this.#isPending(pid)) return this.#push(OP_REMOVE, pid, owner);
    return this.forget(pid, owner);
  }

  /** Marks the row of `pid` dead if `owner` may; unknown pids are ignored. */
  forget(pid: number, owner: number): boolean {
    const row = this.#victims.find(pid);
    if (row === NONE) return true;
    const holder = this.#victims.rows[row * VICTIM_WORDS + V_OWNER];
    if (holder < 0) return true;
    if (holder > 0 && holder !== owner) return false;
    this.#bury(row);
    return true;
  }

  #bury(row: number): void {
    this.#victims.markDead(row);
    this.deskDue = true;
  }

  /** Every record of the sender, and every unowned one. */
  #purge(owner: number): void {
    const rows = this.#victims.rows;
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      if (rows[at + V_FLAGS] === 0) continue;
      const holder = rows[at + V_OWNER];
      if (holder === owner || holder === 0) this.#bury(row);
    }
    for (let i = 0; i < this.pendingCount; i++) {
      const at = ((this.pendingHead + i) % PENDING_MAX) * PENDING_WORDS;
      if (this.pending[at + PENDING_OWNER] === owner) {
        this.pending[at + PENDING_OP] = 0;
      }
    }
  }

  #isPending(pid: number): boolean {
    for (let i = 0; i < this.pendingCount; i++) {
      const at = ((this.pendingHead + i) % PENDING_MAX) * PENDING_WORDS;
      if (this.pending[at + PENDING_PID] === pid) return true;
    }
    return false;
  }

  #push(op: number, pid: number, owner: number): boolean {
    const last = (this.pendingHead + this.pendingCount) % PENDING_MAX;
    const at = last * PENDING_WORDS;
    this.pending[at + PENDING_OP] = op;
    this.pending[at + PENDING_PID] = pid;
    this.pending[at + PENDING_UID] = this.#request[PRIO_UID];
    this.pending[at + PENDING_ADJ] = this.#request[PRIO_ADJ];
    this.pending[at + PENDING_TYPE] = this.#request[PRIO_TYPE];
    this.pending[at + PENDING_OWNER] = owner;
    this.pendingCount++;
    this.deskDue = true;
    return true;
  }

  /** The reply waits until the desk has done what was asked before it, so that
   * a client can use it as a barrier; at once where nothing is to be done. */
  #askKillCount(index: number, low: number, high: number): boolean {
    if (this.pendingCount === 0 && this.#victims.dueCount === 0) {
      this.#reply(index, low, high);
      return true;
    }
    // A second question before the first is answered answers the first now.
    if (this.#waiting[index] !== 0) {
      this.#reply(index, this.#waitLow[index], this.#waitHigh[index]);
    }
    this.#waitLow[index] = low;
    this.#waitHigh[index] = high;
    this.#waiting[index] = 1;
    this.deskDue = true;
    return true;
  }

  /** Called by the desk when nothing is pending: sends the replies that
   * waited. */
  answerWaiting(): void {
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.#waiting[i] === 0) continue;
      this.#waiting[i] = 0;
      this.#reply(i, this.#waitLow[i], this.#waitHigh[i]);
    }
  }

  /** Sends a kill count; a client that does not take it loses it. */
  #reply(index: number, low: number, high: number): void {
    if (this.fds[index] < 0) return;
    const count = this.#killCount(low, high);
    this.#mailbox[MB_COUNT] = encodeKillCount(this.#bytes, AT_PACKET, count);
    this.#mailbox[MB_FD] = this.fds[index];
    this.#ports.send();
  }

  #killCount(low: number, high: number): number {
    if (low > high) return 0;
    const first = low < -1000 || low > 1000 ? -1000 : low;
    const last = high > 1000 ? 1000 : high;
    let count = 0;
    for (let adj = first; adj <= last; adj++) {
      count += this.#killsByAdj[adj + 1000];
    }
    return count;
  }
}

// @hot
// The connections of the control socket: a fixed table. Who waits for an
// answer is not read from until it has it, so that each client is served
// strictly in order; who is full loses messages, counted, and is never waited
// for.

import { delta32 } from "../base/int.ts";
import { CLIENTS_MAX } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import { G_CLIENTS, G_LOST_MESSAGES } from "../state/gauges.ts";
import { MB_COUNT, MB_FD, MB_NOW_MS } from "../state/layout.ts";
import { NONE } from "../state/victims.ts";
import type { HotPorts } from "./ports.ts";

const EPOLLHUP = 0x10;
const EPOLLERR = 0x8;
const EPOLLRDHUP = 0x2000;

/** Packets may be waiting. */
export const UNREAD = 1;
/** They may, but could not be taken: tried once in each further turn, which is
 * not hurried for it. */
export const UNREAD_LATER = 2;

// What a client waits for.
export const WAIT_NOTHING = 0;
/** A kill count, once all that was asked before it is done. */
export const WAIT_COUNT = 1;
/** The properties read anew. */
export const WAIT_UPDATE = 2;
/** Whether boot is completed. */
export const WAIT_BOOT = 3;
/** The same, and what tells is being read since. */
export const WAIT_UPDATE_SOON = 4;
export const WAIT_BOOT_SOON = 5;

/** The table. */
export class Clients {
  readonly #ports: HotPorts;
  readonly #mailbox: Int32Array;
  readonly #gauges: Int32Array;
  /** Where messages are made: MESSAGE_BYTES from AT_PACKET on. */
  readonly bytes: Uint8Array;

  /** Descriptor of each client, or -1. */
  readonly fds = new Int32Array(CLIENTS_MAX).fill(-1);
  /** Pid of each client by its credentials; 0: it has sent nothing yet. */
  readonly pids = new Int32Array(CLIENTS_MAX);
  /** 1: the client left; the desk closes it. */
  readonly leaving = new Int32Array(CLIENTS_MAX);
  /** UNREAD: packets may be waiting; UNREAD_LATER: the last attempt failed. */
  readonly readable = new Int32Array(CLIENTS_MAX);
  /** WAIT_*. */
  readonly waiting = new Int32Array(CLIENTS_MAX);
  /** Bits 1 << SUBSCRIBE_*. */
  readonly subscriptions = new Int32Array(CLIENTS_MAX);
  readonly #usedMs = new Int32Array(CLIENTS_MAX);
  /** How many registrations each owns; brought up to date for leastWanted. */
  readonly records = new Int32Array(CLIENTS_MAX);
  /** A client left: the desk has work. */
  deskDue = false;

  constructor(ports: HotPorts, arena: Arena) {
    this.#ports = ports;
    this.#mailbox = arena.mailbox;
    this.#gauges = arena.gauges;
    this.bytes = arena.bytes;
  }

  /** A client was accepted into place `index`. */
  admit(index: number, fd: number): void {
    this.fds[index] = fd;
    this.pids[index] = 0;
    this.leaving[index] = 0;
    this.readable[index] = UNREAD;
    this.waiting[index] = WAIT_NOTHING;
    this.subscriptions[index] = 0;
    this.#usedMs[index] = this.#mailbox[MB_NOW_MS];
    this.#gauges[G_CLIENTS]++;
  }

  /** A client's descriptor was closed. */
  part(index: number): void {
    this.fds[index] = -1;
    this.readable[index] = 0;
    this.waiting[index] = WAIT_NOTHING;
    this.subscriptions[index] = 0;
    this.#gauges[G_CLIENTS]--;
  }

  /** An event of the wait says that client `index` has something. */
  note(index: number, flags: number): void {
    if (index >= CLIENTS_MAX || this.fds[index] < 0) return;
    this.readable[index] = UNREAD;
    if ((flags & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) !== 0) this.leave(index);
  }

  /** Client `index` sent a packet under these credentials. */
  use(index: number, pid: number): void {
    this.pids[index] = pid;
    this.#usedMs[index] = this.#mailbox[MB_NOW_MS];
  }

  /** Client `index` left, or has to go. */
  leave(index: number): void {
    this.leaving[index] = 1;
    this.deskDue = true;
  }

  /** A packet of client `index` could not be taken. The kernel also says so once
   * when a client left without reading what it was sent (net/unix/af_unix.c,
   * unix_release_sock), and has its last packets still. */
  defer(index: number): void {
    const again = this.readable[index] === UNREAD_LATER;
    this.readable[index] = again && this.leaving[index] !== 0
      ? 0
      : UNREAD_LATER;
  }

  /** Whether packets of a client that left are still to be worked off. */
  unread(index: number): boolean {
    return this.readable[index] !== 0 ||
      this.waiting[index] !== WAIT_NOTHING;
  }

  /** Whether a client that waits for nothing may have packets. */
  get busy(): boolean {
    for (let i = 0; i < CLIENTS_MAX; i++) {
      const unread = this.readable[i] === UNREAD;
      if (unread && this.waiting[i] === WAIT_NOTHING) {
        return true;
      }
    }
    return false;
  }

  /** The first client that waits for `what`, or NONE. */
  waiterFor(what: number): number {
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.fds[i] >= 0 && this.waiting[i] === what) return i;
    }
    return NONE;
  }

  /** Whoever waits for `what` waits for `next` from now on. */
  promote(what: number, next: number): void {
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.waiting[i] === what) this.waiting[i] = next;
    }
  }

  /** Sends `count` bytes made at AT_PACKET; who does not take them now loses
   * them. */
  send(index: number, count: number): void {
    if (this.fds[index] < 0) return;
    this.#mailbox[MB_COUNT] = count;
    this.#mailbox[MB_FD] = this.fds[index];
    if (this.#ports.send() < 0) this.#gauges[G_LOST_MESSAGES]++;
  }

  /** Sends the message at AT_PACKET to everybody with this subscription. */
  publish(subscription: number, count: number): void {
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if ((this.subscriptions[i] >> subscription & 1) === 0) continue;
      this.send(i, count);
    }
  }

  /** Whether there is no place left. */
  get isFull(): boolean {
    for (let i = 0; i < CLIENTS_MAX; i++) if (this.fds[i] < 0) return false;
    return true;
  }

  /** Whether anybody has this subscription. */
  anySubscribed(subscription: number): boolean {
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if ((this.subscriptions[i] >> subscription & 1) !== 0) return true;
    }
    return false;
  }

  /**
   * Who goes when the table is full and another knocks: one that has left
   * already, else one of those that never sent anything, else of the process
   * with the most connections, else one without subscriptions; of these who
   * owns the fewest records, then the longest silent. NONE: there is room.
   */
  leastWanted(): number {
    let worst = NONE;
    let worstRank = -1;
    let worstRecords = 0;
    let worstAge = -1;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.fds[i] < 0) return NONE;
      const gone = this.leaving[i] === 0 ? 0 : 2 * CLIENTS_MAX;
      const silent = this.pids[i] === 0 ? CLIENTS_MAX : 0;
      const bound = this.subscriptions[i] === 0 ? 1 : 0;
      const rank = (gone + silent + this.#sameCount(i)) * 2 + bound;
      const age = delta32(this.#mailbox[MB_NOW_MS], this.#usedMs[i]);
      if (rank < worstRank) continue;
      const records = this.records[i];
      if (rank === worstRank) {
        if (records > worstRecords) continue;
        if (records === worstRecords && age <= worstAge) continue;
      }
      worst = i;
      worstRank = rank;
      worstRecords = records;
      worstAge = age;
    }
    return worst;
  }

  #sameCount(index: number): number {
    let count = 0;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.fds[i] >= 0 && this.pids[i] === this.pids[index]) count++;
    }
    return count;
  }
}

// @hot
// What clients asked for that must open something: a ring of operations that
// the desk works off in order. When it is full, packets wait in their sockets.

import { delta32 } from "../base/int.ts";
import { PENDING_MAX } from "../base/limits.ts";

/** Register a process that has no row yet, or whose row is dead. */
export const OP_ADOPT = 1;
/** Forget a process that was still to be registered. */
export const OP_REMOVE = 2;

// Words of one operation.
const OP = 0;
const PID = 1;
const UID = 2;
const ADJ = 3;
const TYPE = 4;
const OWNER = 5;
const LMKD_ONLY = 6;
/** Counts operations in the order in which they were asked for. */
const NUMBER = 7;
const WORDS = 8;

/** Operations that one packet can ask for (LMK_PROCS_PRIO of three). */
const OPS_PER_PACKET = 3;

/** The ring. take() moves the oldest operation into the fields. */
export class Pending {
  readonly #words = new Int32Array(PENDING_MAX * WORDS);
  #head = 0;
  count = 0;
  /** Number of the operation asked for last, wrapped: who remembers it knows by
   * isDone when all that was asked before is done. */
  asked = 0;

  /** The operation taken last: OP_*, or 0 for one that was withdrawn. */
  op = 0;
  pid = 0;
  uid = 0;
  adj = 0;
  type = 0;
  owner = 0;
  lmkdOnly = 0;
  #number = 0;

  /** No room for what a further packet may ask. */
  get isFull(): boolean {
    return this.count > PENDING_MAX - OPS_PER_PACKET;
  }

  #at(index: number): number {
    return ((this.#head + index) % PENDING_MAX) * WORDS;
  }

  /** Whether an operation on this pid is waiting. */
  has(pid: number): boolean {
    for (let i = 0; i < this.count; i++) {
      if (this.#words[this.#at(i) + PID] === pid) return true;
    }
    return false;
  }

  /** Adds a registration. */
  adopt(
    pid: number,
    uid: number,
    adj: number,
    type: number,
    owner: number,
    lmkdOnly: number,
  ): void {
    this.asked = (this.asked + 1) | 0;
    const at = this.#add(OP_ADOPT, pid, owner, this.asked);
    this.#words[at + UID] = uid;
    this.#words[at + ADJ] = adj;
    this.#words[at + TYPE] = type;
    this.#words[at + LMKD_ONLY] = lmkdOnly;
  }

  /** Adds a removal. */
  remove(pid: number, owner: number): void {
    this.asked = (this.asked + 1) | 0;
    this.#add(OP_REMOVE, pid, owner, this.asked);
  }

  /** Puts the registration taken last at the end, for it could not be carried
   * out: it keeps its number, for it is not done. Where its owner has asked for
   * something newer of that process, that stands in for it. */
  putOff(): void {
    for (let i = 0; i < this.count; i++) {
      const at = this.#at(i);
      const words = this.#words;
      if (words[at + OP] === 0 || words[at + PID] !== this.pid) continue;
      if (words[at + OWNER] !== this.owner) continue;
      words[at + NUMBER] = this.#number;
      return;
    }
    const at = this.#add(OP_ADOPT, this.pid, this.owner, this.#number);
    this.#words[at + UID] = this.uid;
    this.#words[at + ADJ] = this.adj;
    this.#words[at + TYPE] = this.type;
    this.#words[at + LMKD_ONLY] = this.lmkdOnly;
  }

  /** Whether no operation up to this number is waiting. */
  isDone(number: number): boolean {
    for (let i = 0; i < this.count; i++) {
      const ahead = delta32(number, this.#words[this.#at(i) + NUMBER]);
      if (ahead >= 0) return false;
    }
    return true;
  }

  #add(op: number, pid: number, owner: number, number: number): number {
    const at = this.#at(this.count);
    this.#words[at + OP] = op;
    this.#words[at + PID] = pid;
    this.#words[at + OWNER] = owner;
    this.#words[at + NUMBER] = number;
    this.count++;
    return at;
  }

  /** Withdraws what `owner` asked for, and those that have left. */
  withdraw(owner: number): void {
    for (let i = 0; i < this.count; i++) {
      const at = this.#at(i);
      const asked = this.#words[at + OWNER];
      if (asked === owner || asked === 0) this.#words[at + OP] = 0;
    }
  }

  /** `owner` has left: what it asked for is still done, in nobody's name. */
  disown(owner: number): void {
    for (let i = 0; i < this.count; i++) {
      const at = this.#at(i);
      if (this.#words[at + OWNER] === owner) this.#words[at + OWNER] = 0;
    }
  }

  /** Takes the oldest operation into the fields; false when there is none. */
  take(): boolean {
    if (this.count === 0) return false;
    const at = this.#at(0);
    const words = this.#words;
    this.op = words[at + OP];
    this.pid = words[at + PID];
    this.uid = words[at + UID];
    this.adj = words[at + ADJ];
    this.type = words[at + TYPE];
    this.owner = words[at + OWNER];
    this.lmkdOnly = words[at + LMKD_ONLY];
    this.#head = (this.#head + 1) % PENDING_MAX;
    this.#number = words[at + NUMBER];
    this.count--;
    return true;
  }
}

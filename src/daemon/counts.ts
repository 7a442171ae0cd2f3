// @hot
// Who asked how many were killed, and when the answer may go: what was asked
// before it has been done by then.

import { delta32, sum32 } from "../base/int.ts";
import { CLIENTS_MAX } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import { AT_PACKET } from "../state/layout.ts";
import type { Victims } from "../state/victims.ts";
import { encodeKillCount } from "../wire/messages.ts";
import { type Clients, WAIT_COUNT, WAIT_NOTHING } from "./clients.ts";
import type { Pending } from "./pending.ts";

/** What counts are made of. */
export interface CountParts {
  readonly arena: Arena;
  readonly victims: Victims;
  readonly clients: Clients;
  readonly pending: Pending;
  /** Kills by oom_score_adj, from -1000. */
  readonly killsByAdj: Int32Array;
}

/** The questions of all clients. */
export class Counts {
  readonly #bytes: Uint8Array;
  readonly #victims: Victims;
  readonly #clients: Clients;
  readonly #pending: Pending;
  readonly #killsByAdj: Int32Array;
  readonly #low = new Int32Array(CLIENTS_MAX);
  readonly #high = new Int32Array(CLIENTS_MAX);
  /** Number of the operation asked for last before each client's question. */
  readonly #after = new Int32Array(CLIENTS_MAX);
  /** 1: they were taken, and what is to be written for them is known. */
  readonly #taken = new Int32Array(CLIENTS_MAX);
  /** Rows due to be written by then. */
  readonly #due = new Int32Array(CLIENTS_MAX);

  constructor(parts: CountParts) {
    this.#bytes = parts.arena.bytes;
    this.#victims = parts.victims;
    this.#clients = parts.clients;
    this.#pending = parts.pending;
    this.#killsByAdj = parts.killsByAdj;
  }

  /** The reply waits until the desk has done what was asked before it, so that
   * a client can use it as a barrier; at once where nothing is to be done. */
  ask(index: number, lowAdj: number, highAdj: number): void {
    this.#low[index] = lowAdj;
    this.#high[index] = highAdj;
    if (this.#pending.count === 0 && this.#victims.dueCount === 0) {
      return this.#reply(index);
    }
    this.#after[index] = this.#pending.asked;
    this.#taken[index] = 0;
    this.#clients.waiting[index] = WAIT_COUNT;
  }

  /** Called by the desk: sends the counts that waited only for what was asked
   * before them. What others go on asking holds nobody up. */
  answer(): void {
    const written = this.#victims.dueTaken;
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.#clients.waiting[i] !== WAIT_COUNT) continue;
      if (this.#taken[i] === 0) {
        if (!this.#pending.isDone(this.#after[i])) continue;
        this.#taken[i] = 1;
        this.#due[i] = sum32(written, this.#victims.dueCount);
      }
      if (delta32(written, this.#due[i]) < 0) continue;
      this.#clients.waiting[i] = WAIT_NOTHING;
      this.#reply(i);
    }
  }

  /** A row went from the head of those due to their end: it is not written, and
   * whoever may wait for it waits for all that are due now. */
  putOff(): void {
    const due = sum32(this.#victims.dueTaken, this.#victims.dueCount);
    for (let i = 0; i < CLIENTS_MAX; i++) {
      if (this.#taken[i] !== 0) this.#due[i] = due;
    }
  }

  #reply(index: number): void {
    const count = this.#count(
      this.#low[index],
      this.#high[index],
    );
    const length = encodeKillCount(this.#bytes, AT_PACKET, count);
    this.#clients.send(index, length);
  }

  /** Over 1000 asks for all kills there were (AOSP lmkd.cpp, get_killcnt). */
  #count(low: number, high: number): number {
    if (low > high) return 0;
    const first = low < -1000 || low > 1000 ? -1000 : low;
    const last = low > 1000 || high > 1000 ? 1000 : high;
    let count = 0;
    for (let adj = first; adj <= last; adj++) {
      count += this.#killsByAdj[adj + 1000];
    }
    return count;
  }
}

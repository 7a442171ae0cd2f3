// @hot
// What processes call themselves: the first argument of their command line,
// which is the package name on Android and what lmkd names its victims by. The
// kernel reads it out of the process's own memory, so that whoever asks can be
// made to wait: a thread of the shim asks, and what it read is taken in here,
// between turns. Until then the short name stands.

import { delta32 } from "../base/int.ts";
import { TITLE_ASKS_MAX, TITLE_BYTES } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import {
  AT_TITLE_PIDS,
  AT_TITLE_TEXTS,
  AT_TITLES,
  MB_COUNT,
  MB_DRY_RUN,
  MB_FD,
  MB_NOW_MS,
  MB_PID,
  MB_TITLES,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  ROW_DEAD,
  TITLE_YOUNG,
  V_ADOPTED_MS,
  V_FLAGS,
  V_PID,
  V_PIDFD,
  V_TITLE_DUE,
  type Victims,
} from "../state/victims.ts";
import type { HotPorts } from "./ports.ts";

/** Rows looked at in one visit. */
const ROWS_PER_VISIT = 512;

/** An app has taken its name by then: it does so when it is bound, soon after
 * it was registered (AOSP ActivityThread, handleBindApplication). */
const YOUNG_MS = 2_000;

/** The one who asks. */
export class Titles {
  readonly #ports: HotPorts;
  readonly #bytes: Uint8Array;
  readonly #mailbox: Int32Array;
  readonly #pids: Int32Array;
  readonly #victims: Victims;
  readonly #asked = new Int32Array(TITLE_ASKS_MAX);
  /** V_TITLE_DUE of each, as asking left it. */
  readonly #left = new Int32Array(TITLE_ASKS_MAX);
  #askedCount = 0;
  #batches = 0;
  #at = 0;

  constructor(ports: HotPorts, arena: Arena, victims: Victims) {
    this.#ports = ports;
    this.#bytes = arena.bytes;
    this.#mailbox = arena.mailbox;
    this.#pids = new Int32Array(arena.buffer, AT_TITLE_PIDS, TITLE_ASKS_MAX);
    this.#victims = victims;
  }

  /** Takes in what was read and asks for more; unless all is calm only for those
   * that are new, whose arguments are in memory still: a page that must be
   * fetched would be fetched under the lock that its process needs to die. */
  visit(calm: boolean): void {
    if (this.#askedCount > 0) {
      // A reader that is held up costs names, nothing else.
      if (this.#batches === this.#mailbox[MB_TITLES]) return;
      this.#take();
    }
    this.#ask(calm);
  }

  #take(): void {
    this.#batches = this.#mailbox[MB_TITLES];
    const rows = this.#victims.rows;
    for (let i = 0; i < this.#askedCount; i++) {
      const row = this.#asked[i];
      const at = row * VICTIM_WORDS;
      const flags = rows[at + V_FLAGS];
      if (flags === 0 || (flags & ROW_DEAD) !== 0) continue;
      // Adopted anew, or renamed, since it was asked for: it is asked again.
      if (rows[at + V_TITLE_DUE] !== this.#left[i]) continue;
      if (rows[at + V_PID] !== this.#pids[i] || !this.#lives(at)) continue;
      const from = AT_TITLE_TEXTS + i * TITLE_BYTES;
      this.#bytes.copyWithin(
        AT_TITLES + row * TITLE_BYTES,
        from,
        from + TITLE_BYTES,
      );
    }
    this.#askedCount = 0;
  }

  /** Alive after the name was read: the name was this process's. */
  #lives(at: number): boolean {
    const rows = this.#victims.rows;
    this.#mailbox[MB_FD] = rows[at + V_PIDFD];
    this.#mailbox[MB_PID] = rows[at + V_PID];
    this.#mailbox[MB_DRY_RUN] = 1;
    return this.#ports.kill() >= 0;
  }

  /** A process that is young may still take its real name. */
  #isDue(at: number, calm: boolean): boolean {
    const rows = this.#victims.rows;
    const due = rows[at + V_TITLE_DUE];
    const age = delta32(this.#mailbox[MB_NOW_MS], rows[at + V_ADOPTED_MS]);
    const isYoung = age >= 0 && age < YOUNG_MS;
    return due === TITLE_YOUNG
      ? calm && !isYoung
      : due !== 0 && (calm || isYoung);
  }

  #ask(calm: boolean): void {
    const rows = this.#victims.rows;
    const end = this.#victims.end;
    let count = 0;
    for (let i = 0; i < ROWS_PER_VISIT && i < end; i++) {
      if (count === TITLE_ASKS_MAX) break;
      this.#at = this.#at + 1 < end ? this.#at + 1 : 0;
      const at = this.#at * VICTIM_WORDS;
      if (!this.#isDue(at, calm)) continue;
      const flags = rows[at + V_FLAGS];
      if (flags === 0 || (flags & ROW_DEAD) !== 0) continue;
      this.#asked[count] = this.#at;
      this.#pids[count] = rows[at + V_PID];
      count++;
    }
    if (count === 0) return;
    this.#mailbox[MB_COUNT] = count;
    if (this.#ports.askTitles() < 0) return;
    this.#askedCount = count;
    for (let i = 0; i < count; i++) {
      const due = this.#asked[i] * VICTIM_WORDS + V_TITLE_DUE;
      rows[due]--;
      this.#left[i] = rows[due];
    }
  }
}

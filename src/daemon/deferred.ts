// @hot
// Rows whose signal failed: out of the lists, so that the next choice is
// another, and back in them when they may be tried again. Nobody is lost for
// ever because a call once failed.

import { delta32 } from "../base/int.ts";
import { DEFERRED_MAX } from "../base/limits.ts";
import { VICTIM_WORDS } from "../state/layout.ts";
import {
  ROW_DEAD,
  ROW_KILLED,
  ROW_LISTED,
  V_ADJ,
  V_FLAGS,
  V_PID,
  V_PROTECT,
  type Victims,
} from "../state/victims.ts";

// Words of one entry.
const ROW = 0;
const PID = 1;
const SINCE_MS = 2;
const HOLD_MS = 3;
const WORDS = 4;

/** The rows put off, oldest first. */
export class Deferred {
  readonly #victims: Victims;
  readonly #words = new Int32Array(DEFERRED_MAX * WORDS);
  #count = 0;

  constructor(victims: Victims) {
    this.#victims = victims;
  }

  /** Takes a row out of its list for `holdMs` from now; 0: until the next
   * verdict. Where there is no room, the oldest comes back for it. */
  put(row: number, nowMs: number, holdMs: number): void {
    this.#victims.unlist(row);
    if (this.#count === DEFERRED_MAX) this.#takeBack(0);
    const at = this.#count++ * WORDS;
    this.#words[at + ROW] = row;
    this.#words[at + PID] = this.#victims.rows[row * VICTIM_WORDS + V_PID];
    this.#words[at + SINCE_MS] = nowMs;
    this.#words[at + HOLD_MS] = holdMs;
  }

  /** Lists again whose time is over. */
  back(nowMs: number): void {
    for (let i = this.#count - 1; i >= 0; i--) {
      const at = i * WORDS;
      const age = delta32(nowMs, this.#words[at + SINCE_MS]);
      if (age < 0 || age >= this.#words[at + HOLD_MS]) this.#takeBack(i);
    }
  }

  #takeBack(index: number): void {
    const at = index * WORDS;
    const words = this.#words;
    const row = words[at + ROW];
    const pid = words[at + PID];
    words.copyWithin(at, at + WORDS, this.#count * WORDS);
    this.#count--;
    const rows = this.#victims.rows;
    const from = row * VICTIM_WORDS;
    const flags = rows[from + V_FLAGS];
    // Gone meanwhile, given to another, protected, or listed by its client.
    if (flags === 0 || rows[from + V_PID] !== pid) return;
    if ((flags & (ROW_DEAD | ROW_KILLED | ROW_LISTED)) !== 0) return;
    if (rows[from + V_PROTECT] === 0) {
      this.#victims.list(row, rows[from + V_ADJ]);
    }
  }
}

// @hot
// What failed, how often, and when it was last told: a bounded table that turns
// any number of failures into a record every ten seconds for each call and
// error that says that something was wanting, and into a single record for any
// other: what is refused for good must not push kills out of the journal. A
// full table counts and tells no more than it has room for.

import { isPast } from "../base/int.ts";
import { FAULTS_MAX } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import { isWant } from "../state/calls.ts";
import { G_FAULTS, G_LAST_FAULT, G_LAST_FAULT_RC } from "../state/gauges.ts";
import {
  J_CALL,
  J_DETAIL,
  J_VALUE,
  type Journal,
  KIND_FAULT,
} from "../state/journal.ts";

/** A call and a want are recorded at most this often, ms. */
const RECORD_MS = 10_000;

// Words of one entry.
const CALL = 0;
const RC = 1;
/** Failures since the last record. */
const COUNT = 2;
const RECORDED_MS = 3;
/** 1: there was a record. */
const RECORDED = 4;
const WORDS = 8;

/** The table. */
export class Faults {
  readonly #gauges: Int32Array;
  readonly #journal: Journal;
  readonly #words = new Int32Array(FAULTS_MAX * WORDS);
  #used = 0;
  /** Something was noted that no record tells of. */
  #isDue = false;

  constructor(arena: Arena, journal: Journal) {
    this.#gauges = arena.gauges;
    this.#journal = journal;
  }

  /** Counts a failure: CALL_* and its -errno. */
  note(call: number, rc: number): void {
    this.#gauges[G_FAULTS]++;
    this.#gauges[G_LAST_FAULT] = call;
    this.#gauges[G_LAST_FAULT_RC] = rc;
    const words = this.#words;
    let at = 0;
    const end = this.#used * WORDS;
    while (at < end && (words[at + CALL] !== call || words[at + RC] !== rc)) {
      at += WORDS;
    }
    if (at === end) {
      if (this.#used === FAULTS_MAX) return;
      this.#used++;
      words[at + CALL] = call;
      words[at + RC] = rc;
    }
    words[at + COUNT]++;
    this.#isDue = true;
  }

  /** Writes the records that are due at `nowMs`, guard clock. */
  record(nowMs: number): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    const words = this.#words;
    for (let i = 0; i < this.#used; i++) {
      const at = i * WORDS;
      if (words[at + COUNT] === 0) continue;
      if (words[at + RECORDED] !== 0) {
        if (!isWant(words[at + RC])) continue;
        if (!isPast(nowMs, words[at + RECORDED_MS], RECORD_MS)) {
          this.#isDue = true;
          continue;
        }
      }
      words[at + RECORDED] = 1;
      words[at + RECORDED_MS] = nowMs;
      this.#write(at, nowMs);
      words[at + COUNT] = 0;
    }
  }

  #write(from: number, nowMs: number): void {
    const at = this.#journal.begin(KIND_FAULT, nowMs);
    this.#journal.words[at + J_CALL] = this.#words[from + CALL];
    this.#journal.words[at + J_DETAIL] = this.#words[from + RC];
    this.#journal.words[at + J_VALUE] = this.#words[from + COUNT];
    this.#journal.commit();
  }
}

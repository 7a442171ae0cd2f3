// @hot
// The ready list: the rows most likely to die next, each with its status file
// open and its memory sampled in rotation, so that an emergency opens nothing
// and knows who is growing. A turn costs the same with ten thousand victims
// as with sixty.

import { delta32 } from "../base/int.ts";
import { READY_MAX, SAMPLES_MAX } from "../base/limits.ts";
import { ABSENT } from "../base/scan.ts";
import {
  parseStatus,
  STATUS_ANON_KB,
  STATUS_FIELDS,
  STATUS_RSS_KB,
  STATUS_SWAP_KB,
} from "../kernel/status.ts";
import { parseStatusMemory } from "../kernel/status_memory.ts";
import type { Arena } from "../state/arena.ts";
import {
  AT_SAMPLES,
  MB_COUNT,
  MB_NOW_MS,
  SAMPLE_BYTES,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  NONE,
  ROW_SAMPLED,
  V_ANON_KB,
  V_FLAGS,
  V_GROWN_KB,
  V_PID,
  V_READY,
  V_RSS_KB,
  V_SAMPLED_MS,
  V_STATUS_FD,
  V_SWAP_KB,
  type Victims,
} from "../state/victims.ts";
import type { Ports } from "./ports.ts";

/** Growth is halved this often, ms: what was gained a few seconds ago does not
 * make a culprit of a process that now stands still. */
const GROWTH_HALF_MS = 1_000;

/** Adds a sample of resident and swapped memory to a row's figures. */
export function noteSample(
  rows: Int32Array,
  row: number,
  fields: Int32Array,
  nowMs: number,
): void {
  const at = row * VICTIM_WORDS;
  if (fields[STATUS_RSS_KB] === ABSENT) return;
  const swap = fields[STATUS_SWAP_KB] === ABSENT ? 0 : fields[STATUS_SWAP_KB];
  const before = rows[at + V_RSS_KB] + rows[at + V_SWAP_KB];
  const size = fields[STATUS_RSS_KB] + swap;
  let grown = rows[at + V_GROWN_KB];
  if ((rows[at + V_FLAGS] & ROW_SAMPLED) !== 0) {
    let age = delta32(nowMs, rows[at + V_SAMPLED_MS]);
    // What was gained since a look longer ago may all have been gained then: a
    // process that goes on growing is seen doing it in the next few looks.
    const gained = age > GROWTH_HALF_MS
      ? Math.min(size - before, 0)
      : size - before;
    if (age > 31 * GROWTH_HALF_MS) grown = 0;
    while (grown > 0 && age >= GROWTH_HALF_MS) {
      grown >>= 1;
      age -= GROWTH_HALF_MS;
    }
    // The rest of a half-life in proportion: half of grown over the whole.
    if (age > 0 && grown > 1024) {
      grown -= ((grown >> 10) * age) >> 1;
    }
    grown = Math.max(grown + gained, 0);
  }
  rows[at + V_FLAGS] |= ROW_SAMPLED;
  rows[at + V_RSS_KB] = fields[STATUS_RSS_KB];
  rows[at + V_SWAP_KB] = swap;
  rows[at + V_ANON_KB] = fields[STATUS_ANON_KB] === ABSENT
    ? fields[STATUS_RSS_KB]
    : fields[STATUS_ANON_KB];
  rows[at + V_GROWN_KB] = grown;
  rows[at + V_SAMPLED_MS] = nowMs;
}

/** Parses sample 0, which was just read for `row`, into `fields` and the row's
 * figures. */
export function noteFirstSample(
  arena: Arena,
  rows: Int32Array,
  row: number,
  fields: Int32Array,
): void {
  const length = arena.sampleLengths[0];
  fields.fill(ABSENT);
  if (length <= 0) return;
  parseStatus(arena.bytes, AT_SAMPLES, AT_SAMPLES + length, fields);
  noteSample(rows, row, fields, arena.mailbox[MB_NOW_MS]);
}

/** The list and its sampling. */
export class Ready {
  /** Rows, or NONE where a place is empty. */
  readonly rows = new Int32Array(READY_MAX).fill(NONE);
  readonly #ports: Ports;
  readonly #arena: Arena;
  readonly #victims: Victims;
  readonly #fields = new Int32Array(STATUS_FIELDS);
  /** Rows whose samples are under way. */
  readonly #asked = new Int32Array(SAMPLES_MAX);
  #next = 0;
  count = 0;
  /** Row that is about to be chosen and was not looked at lately: the desk
   * reads its name, user and adj before it may be. */
  checkRow = NONE;
  /** The last such row that the desk has looked at, and its pid. */
  #checkedRow = NONE;
  #checkedPid = 0;

  constructor(ports: Ports, arena: Arena, victims: Victims) {
    this.#ports = ports;
    this.#arena = arena;
    this.#victims = victims;
  }

  /** Has the desk look at a row. */
  ask(row: number): void {
    this.checkRow = row;
  }

  /** The desk's: the row to look at, or NONE. */
  takeAsked(): number {
    const row = this.checkRow;
    this.checkRow = NONE;
    if (row === NONE) return NONE;
    this.#checkedRow = row;
    this.#checkedPid = this.#victims.rows[row * VICTIM_WORDS + V_PID];
    return row;
  }

  /** Whether the desk has just looked at this row for whoever asked; once. */
  wasAsked(row: number): boolean {
    const was = row === this.#checkedRow &&
      this.#victims.rows[row * VICTIM_WORDS + V_PID] === this.#checkedPid;
    this.#checkedRow = NONE;
    return was;
  }

  /** Puts a row with an open status file into place `index`. */
  place(index: number, row: number): void {
    this.rows[index] = row;
    this.#victims.rows[row * VICTIM_WORDS + V_READY] = index;
    this.count++;
  }

  /** Takes a row out; its status file stays with the row. */
  drop(row: number): void {
    const index = this.#victims.rows[row * VICTIM_WORDS + V_READY];
    if (index < 0) return;
    this.rows[index] = NONE;
    this.#victims.rows[row * VICTIM_WORDS + V_READY] = -1;
    this.count--;
  }

  /** Samples up to `most` (at most SAMPLES_MAX) further rows of the list, in
   * rotation. */
  sample(most: number): void {
    const arena = this.#arena;
    const rows = this.#victims.rows;
    let asked = 0;
    for (let i = 0; i < READY_MAX && asked < most; i++) {
      const row = this.rows[(this.#next + i) % READY_MAX];
      if (row === NONE) continue;
      arena.sampleFds[asked] = rows[row * VICTIM_WORDS + V_STATUS_FD];
      this.#asked[asked++] = row;
    }
    if (asked === 0) return;
    const last = rows[this.#asked[asked - 1] * VICTIM_WORDS + V_READY];
    this.#next = (last + 1) % READY_MAX;
    arena.mailbox[MB_COUNT] = asked;
    this.#ports.sample();
    const nowMs = arena.mailbox[MB_NOW_MS];
    for (let i = 0; i < asked; i++) {
      const length = arena.sampleLengths[i];
      if (length <= 0) continue;
      const at = AT_SAMPLES + i * SAMPLE_BYTES;
      parseStatusMemory(arena.bytes, at, at + length, this.#fields);
      noteSample(rows, this.#asked[i], this.#fields, nowMs);
    }
  }
}

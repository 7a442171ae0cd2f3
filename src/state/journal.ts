// @hot
// The journal: fixed records of integers in a ring, written as they happen
// and copied to a file that survives the guard. Words are made by whoever
// reads it (report/). Record 0 of the file is the header; behind the guard's
// ring the file has one for the watchdog thread and one for the keeper, who
// write when the guard cannot (ffi/record.h).

import { delta32, sum32 } from "../base/int.ts";
import {
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  SIDE_RECORDS,
} from "../base/limits.ts";

/** "OOMG", little-endian; first word of the header. */
export const JOURNAL_MAGIC = 0x474d4f4f;
/** Raised when the meaning of a word changes. */
export const JOURNAL_VERSION = 3;
/** The one before, still read: it had the guard's ring only. */
export const JOURNAL_VERSION_BEFORE = 2;

// Words of the header.
export const H_MAGIC = 0;
export const H_VERSION = 1;
export const H_RECORD_WORDS = 2;
export const H_RECORDS = 3;
export const H_SIDE_RECORDS = 4;

// Rings of the file, in their order; each has serials of its own.
export const RING_GUARD = 0;
export const RING_WATCHDOG = 1;
export const RING_KEEPER = 2;
/** Records of the file behind its header. */
export const FILE_RECORDS = JOURNAL_RECORDS + 2 * SIDE_RECORDS;

// Words of a record.
/** Serial number from 1; 0 marks an empty slot. */
export const J_SERIAL = 0;
export const J_KIND = 1;
/** ms since J_EPOCH_S: CLOCK_REALTIME is not asked on the hot path. */
export const J_TIME_MS = 2;
export const J_PID = 3;
export const J_UID = 4;
export const J_ADJ = 5;
export const J_REASON = 6;
export const J_FLOOR_ADJ = 7;
export const J_RSS_KB = 8;
export const J_SWAP_KB = 9;
export const J_AVAILABLE_KB = 10;
export const J_FREE_KB = 11;
export const J_SWAP_FREE_KB = 12;
export const J_SHRINK_KB_PER_S = 13;
export const J_STALL_SOME_PERMILLE = 14;
export const J_STALL_FULL_PERMILLE = 15;
export const J_VALUE = 16;
export const J_LIMIT = 17;
/** Wake to signal, us (a kill); signal to death, ms (a death). */
export const J_LATENCY = 18;
/** Memory expected back (a kill); memory seen back (a death), kB. */
export const J_BACK_KB = 19;
/** 1 for a dry run; for a refusal the -errno. */
export const J_DETAIL = 20;
/** s since 1970 that J_TIME_MS counts from: each record stands alone. */
export const J_EPOCH_S = 21;
/** Growth that made it the culprit, kB; 0 = chosen by importance. */
export const J_GROWN_KB = 22;
/** Serial of the kill that a death or a refusal belongs to. */
export const J_KILL_SERIAL = 23;
/** A second figure and its limit, where the reason has two. */
export const J_VALUE2 = 24;
export const J_LIMIT2 = 25;
/** BELOW_* (policy/watermarks.ts): which watermark is breached. */
export const J_MARK = 26;
// What lmkd's killinfo event tells (AOSP event.logtags, 10195355).
export const J_THRASHING_PERCENT = 27;
export const J_MAX_THRASHING_PERCENT = 28;
/** Since the last pressure event, and between the last two wakeups, ms. */
export const J_EVENT_MS = 29;
export const J_WAKE_MS = 30;
/** Wakeups since that event, and those skipped while a death was awaited. */
export const J_WAKEUPS = 31;
export const J_SKIPPED = 32;
/** 19 values of /proc/meminfo, kB, in killinfo's order. */
export const J_MEMINFO = 33;
export const J_MEMINFO_WORDS = 19;
/** Memory the GPU holds for the process, kB; 0: not told. */
export const J_GPU_KB = 52;
/** avg10 of memory some, memory full, io some, io full, cpu some, hundredths
 * of a percent; ABSENT where the kernel does not tell. */
export const J_PSI = 53;
export const J_PSI_WORDS = 5;
/** process_mrelease: how long it took, us, and 0 or -errno (a reap). */
export const J_REAP_US = 58;
export const J_REAP_RESULT = 59;
/** STRATEGY_* that judged. */
export const J_STRATEGY = 60;
/** CALL_* that failed (state/calls.ts). */
export const J_CALL = 61;
/** TITLE_BYTES bytes of the command name, or NAME_BYTES of the process name
 * where the former is not known. */
export const J_NAME = 63;
export const J_NAME_WORDS = 32;
/** Sum of the words before it, wrapped: a torn record does not count. */
export const J_CHECK = 95;

// Kinds of records.
export const KIND_START = 1;
export const KIND_STOP = 2;
export const KIND_KILL = 3;
export const KIND_DEATH = 4;
/** The signal could not be sent. */
export const KIND_REFUSED = 5;
/** A verdict without a victim. */
export const KIND_NO_VICTIM = 6;
export const KIND_RELOAD = 7;
/** The victim outlived the deadline. */
export const KIND_OVERDUE = 8;
/** process_mrelease has returned for a victim. */
export const KIND_REAP = 9;
/** A call failed for want of something: J_CALL, J_DETAIL its -errno, J_VALUE
 * how often since the last such record. */
export const KIND_FAULT = 10;
/** The watchdog thread killed, as the reactor was silent: J_VALUE for how
 * long, ms, J_LIMIT of what it may be; J_VALUE2 the memory left, kB, and
 * J_LIMIT2 what should be. Deaths that it saw belong to its own serials. */
export const KIND_WATCHDOG = 11;
/** The keeper acted: J_DETAIL says how, KEEPER_*; J_VALUE the silence, ms. */
export const KIND_KEEPER = 12;
/** It called the kernel's killer; J_PID is whom that was armed with. */
export const KEEPER_CALLED = 1;
/** It killed a guard that was silent for too long. */
export const KEEPER_ENDED = 2;
/** It started the guard again. */
export const KEEPER_STARTED = 3;
/** It gave memory groups back to the kernel's killer. */
export const KEEPER_GAVE_BACK = 4;

/** Checksum of the record that starts at word `at`. */
export function checkOf(words: Int32Array, at: number): number {
  let sum = 0x5bd1;
  for (let i = 0; i < J_CHECK; i++) {
    sum = Math.imul(sum, 31) ^ words[at + i];
  }
  return sum;
}

/** A day: after it the guard's epoch is moved on, before ms could wrap. */
const DAY_MS = 86_400_000;

/** The ring. begin() clears a record and answers its first word; the caller
 * fills it; commit() numbers and seals it. */
export class Journal {
  readonly words: Int32Array;
  /** Clock at the epoch, ms, wrapped; s since 1970 at the epoch. */
  #epochMs = 0;
  #epochS = 0;
  /** Serial of the last committed record. */
  serial = 0;
  /** Serial up to which records were copied to the file. */
  persisted = 0;

  constructor(words: Int32Array) {
    this.words = words;
  }

  /** Ties the clock to the calendar: `nowMs` of the monotonic clock was
   * `epochS` s since 1970. */
  setEpoch(nowMs: number, epochS: number): void {
    this.#epochMs = nowMs;
    this.#epochS = epochS;
  }

  /** Moves the epoch on by whole days. The clock wraps after 49 days: unless
   * this is called in between, a record after longer silence is dated wrong. */
  roll(nowMs: number): void {
    for (;;) {
      const age = delta32(nowMs, this.#epochMs);
      // Less than nothing is more than half of the clock's range.
      if (age >= 0 && age <= DAY_MS) return;
      this.#epochMs = sum32(this.#epochMs, DAY_MS);
      this.#epochS += 86_400;
    }
  }

  /** First word of the next record, cleared, with kind and time set. */
  begin(kind: number, nowMs: number): number {
    this.roll(nowMs);
    const at = (this.serial % JOURNAL_RECORDS) * JOURNAL_WORDS;
    this.words.fill(0, at, at + JOURNAL_WORDS);
    this.words[at + J_KIND] = kind;
    this.words[at + J_TIME_MS] = delta32(nowMs, this.#epochMs);
    this.words[at + J_EPOCH_S] = this.#epochS;
    return at;
  }

  /** Numbers and seals the record begun last; answers its serial. */
  commit(): number {
    const at = (this.serial % JOURNAL_RECORDS) * JOURNAL_WORDS;
    this.serial++;
    this.words[at + J_SERIAL] = this.serial;
    this.words[at + J_CHECK] = checkOf(this.words, at);
    return this.serial;
  }
}

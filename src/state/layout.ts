// @hot
// Where everything lies in the arena: one region, mapped by the shim (or by
// the simulator), that TypeScript and C read alike. Offsets are bytes and
// multiples of 64. ffi/shim.h repeats what C needs; the two are compared at
// start (shim_layout).

import {
  EVENTS_MAX,
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  NAME_BYTES,
  PACKET_BYTES_MAX,
  PID_BUCKETS,
  SAMPLES_MAX,
  SCAN_PIDS_MAX,
  SLOTS_MAX,
  STATUS_BYTES,
  TITLE_ASKS_MAX,
  TITLE_BYTES,
  VICTIMS_MAX,
} from "../base/limits.ts";
import { SNAPSHOT_COLUMNS } from "./snapshot.ts";

// Mailbox words: arguments and results of the calls that take none.

/** in: longest wait, ms; -1 = for ever. */
export const MB_TIMEOUT_MS = 0;
/** out: CLOCK_MONOTONIC, ms, wrapped. */
export const MB_NOW_MS = 1;
/** out: CLOCK_MONOTONIC, us, wrapped. */
export const MB_NOW_US = 2;
/** out: events in the event list. */
export const MB_EVENTS = 3;
/** in: bit i = read slot i. */
export const MB_SLOTS = 4;
/** in: the descriptor a call works on. */
export const MB_FD = 5;
/** in/out: bytes to send, bytes received, entries listed. */
export const MB_COUNT = 6;
/** in/out: process id. */
export const MB_PID = 7;
/** in/out: user id. */
export const MB_UID = 8;
/** in/out: oom_score_adj. */
export const MB_ADJ = 9;
/** out: bit 0 SIGTERM or SIGINT, bit 1 SIGHUP, since the last wait. */
export const MB_SIGNALS = 10;
/** out: status descriptor of an adopted process. */
export const MB_STATUS_FD = 11;
/** in: event tag for what a call adds to the wait. */
export const MB_TAG = 12;
/** in: file offset. */
export const MB_OFFSET = 13;
/** in: arena offset of the bytes to write. */
export const MB_SOURCE = 14;
/** out: result of the last finished process_mrelease, 0 or -errno. */
export const MB_REAP_RESULT = 15;
/** out: time the last finished process_mrelease took, us. */
export const MB_REAP_US = 16;
/** out: how many process_mrelease calls have finished. */
export const MB_REAPS = 17;
/** out: CLOCK_MONOTONIC at which the last wait returned, us, wrapped. */
export const MB_WOKE_US = 18;
/** in: 1 = kill() only probes the pidfd: nobody is signalled. */
export const MB_DRY_RUN = 19;
/** out: pid of the last finished process_mrelease. */
export const MB_REAP_PID = 20;
/** out: how many batches of command names have been read. */
export const MB_TITLES = 21;
/** out: grows by one when a wait begins and when it returns: the heartbeat. */
export const MB_BEAT = 22;
/** out: CLOCK_MONOTONIC by which the next beat is promised, ms, wrapped. */
export const MB_DUE_MS = 23;
/** Words of the mailbox; those in use are fewer. */
export const MAILBOX_WORDS = 64;

// Kinds of events; the tag of an event is kind << 24 | index.
export const EVENT_LISTENER = 1;
export const EVENT_CLIENT = 2;
export const EVENT_VICTIM = 3;
export const EVENT_PSI_SOME = 4;
export const EVENT_PSI_FULL = 5;
export const EVENT_SIGNAL = 6;
/** Index: 0 low, 1 medium, 2 critical. */
export const EVENT_VMPRESSURE = 7;
/** lmkd's old strategy has a third trigger, at the lowest level. */
export const EVENT_PSI_LOW = 8;
/** The keeper has ended; detail: its pid. */
export const EVENT_KEEPER = 9;
/** Words of one event: tag, detail (pid of a victim), epoll flags, unused. */
export const EVENT_WORDS = 4;

/** Bytes of one sampled /proc/PID/status. */
export const SAMPLE_BYTES = 4_096;

/** Next multiple of 64: tables start on a cache line. */
function align(bytes: number): number {
  return (bytes + 63) & ~63;
}

const WORD = 4;

export const AT_MAILBOX = 0;
export const AT_EVENTS = align(AT_MAILBOX + MAILBOX_WORDS * WORD);
/** Bytes read into each slot, or -errno. */
export const AT_SLOT_LENGTHS = align(
  AT_EVENTS + EVENTS_MAX * EVENT_WORDS * WORD,
);
/** Requests in and replies out. */
export const AT_PACKET = align(AT_SLOT_LENGTHS + SLOTS_MAX * WORD);
/** Pids listed by a scan. */
export const AT_SCAN = align(AT_PACKET + PACKET_BYTES_MAX);
/** Descriptors to sample, then bytes read from each, or -errno. */
export const AT_SAMPLE_FDS = align(AT_SCAN + SCAN_PIDS_MAX * WORD);
export const AT_SAMPLE_LENGTHS = align(AT_SAMPLE_FDS + SAMPLES_MAX * WORD);
export const AT_SAMPLES = align(AT_SAMPLE_LENGTHS + SAMPLES_MAX * WORD);
/** Pids whose command names are asked for; then what was read, TITLE_BYTES
 * each, padded with NULs, empty when it could not be read. */
export const AT_TITLE_PIDS = align(AT_SAMPLES + SAMPLES_MAX * SAMPLE_BYTES);
export const AT_TITLE_TEXTS = align(AT_TITLE_PIDS + TITLE_ASKS_MAX * WORD);
export const AT_STATUS = align(AT_TITLE_TEXTS + TITLE_ASKS_MAX * TITLE_BYTES);
export const AT_SNAPSHOT = align(AT_STATUS + STATUS_BYTES);
/** Thresholds compiled from the configuration (state/settings.ts). */
export const AT_SETTINGS = align(AT_SNAPSHOT + SNAPSHOT_COLUMNS * WORD);
export const SETTINGS_WORDS = 128;
/** Counters and the reactor's own state, for those who look in. */
export const AT_GAUGES = align(AT_SETTINGS + SETTINGS_WORDS * WORD);
export const GAUGES_WORDS = 128;
export const AT_JOURNAL = align(AT_GAUGES + GAUGES_WORDS * WORD);
export const JOURNAL_BYTES = JOURNAL_RECORDS * JOURNAL_WORDS * WORD;

/** File buffers: slot i of the sensor reads to AT_FILES + its own offset. */
export const AT_FILES = align(AT_JOURNAL + JOURNAL_BYTES);
export const FILES_BYTES = 393_216;

// The victims table comes last: rows are touched only when used, so its tail
// costs no memory.
export const AT_VICTIM_HEADS = align(AT_FILES + FILES_BYTES);
/** Heads and tails of the adj lists, then the pid buckets. */
export const ADJ_LISTS = 2_001;
export const AT_VICTIM_TAILS = align(AT_VICTIM_HEADS + ADJ_LISTS * WORD);
export const AT_PID_BUCKETS = align(AT_VICTIM_TAILS + ADJ_LISTS * WORD);
export const AT_VICTIMS = align(AT_PID_BUCKETS + PID_BUCKETS * WORD);
/** Int32 words of one victim; a row is contiguous, so that a small table
 * touches few pages. */
export const VICTIM_WORDS = 32;
export const AT_NAMES = align(AT_VICTIMS + VICTIMS_MAX * VICTIM_WORDS * WORD);
/** Command names by row, TITLE_BYTES each: the first argument up to its first
 * space, padded with NULs; empty until it has been read. */
export const AT_TITLES = align(AT_NAMES + VICTIMS_MAX * NAME_BYTES);
export const ARENA_BYTES = align(AT_TITLES + VICTIMS_MAX * TITLE_BYTES);

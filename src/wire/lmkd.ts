// @hot
// lmkd's control protocol (AOSP lmkd.h): packets of big-endian int32 words, the
// first of which is the command. Decodes one packet into an Int32Array of
// words as the lmkd of one Android release would, checks length and values, and
// never reads past the packet. It knows no socket.

import { ADJ_MAX, ADJ_MIN, TARGETS_MAX } from "../base/limits.ts";
import { RELEASE_14_QPR3, RELEASE_15, RELEASE_17 } from "../state/settings.ts";

// Commands (AOSP lmkd.h, enum lmk_cmd).

/** Request: 1..6 pairs of minfree pages and adj. */
export const LMK_TARGET = 0;
/** Request: one process and its adj. */
export const LMK_PROCPRIO = 1;
/** Request: a process to forget. */
export const LMK_PROCREMOVE = 2;
/** Request: all of the sender's processes are to be forgotten. */
export const LMK_PROCPURGE = 3;
/** Request and reply: how many were killed within a range of adj. */
export const LMK_GETKILLCNT = 4;
/** Request: messages of one kind (SUBSCRIBE_*) are wanted. */
export const LMK_SUBSCRIBE = 5;
/** Message only: somebody was killed. */
export const LMK_PROCKILL = 6;
/** Request and reply: properties have changed. */
export const LMK_UPDATE_PROPS = 7;
/** Message only: the figures of a kill. */
export const LMK_STAT_KILL_OCCURRED = 8;
/** Message only, Android 12 to 14: a shortage began or ended. */
export const LMK_STAT_STATE_CHANGED = 9;
/** Request since 14-QPR3: the monitors may start. */
export const LMK_START_MONITORING = 9;
/** Request and reply since 15: the device has booted. */
export const LMK_BOOT_COMPLETED = 10;
/** Request since 15: several processes and their adj. */
export const LMK_PROCS_PRIO = 11;

/** Longest request of any release, words: the size of a decoded one. */
export const REQUEST_WORDS_MAX = 16;
/** Longest request before 17, words: 6 target pairs and the command. */
const REQUEST_WORDS_PAIRS = 1 + 2 * TARGETS_MAX;

/** The packet is no request that we know of this length. */
export const BAD_LENGTH = -1;
/** A word is out of its range. */
export const BAD_VALUE = -2;
/** The command is not one that a client of this release sends. */
export const BAD_COMMAND = -3;

/** Word of a decoded PROCPRIO or PROCREMOVE that holds the pid. */
export const PRIO_PID = 1;
/** Word of a decoded PROCPRIO that holds the user. */
export const PRIO_UID = 2;
/** Word of a decoded PROCPRIO that holds the oom_score_adj. */
export const PRIO_ADJ = 3;
/** Word of a decoded PROCPRIO that holds the type: PRIO_TYPE_*. */
export const PRIO_TYPE = 4;
/** Word of a decoded PROCPRIO of 17: not 0, the kernel is not told. */
export const PRIO_LMKD_ONLY = 5;
/** The process is an app: the default. */
export const PRIO_TYPE_APP = 0;
/** The process is a service of the system. */
export const PRIO_TYPE_SERVICE = 1;

/** Word of a decoded LMK_GETKILLCNT that holds the lowest adj counted. */
export const COUNT_MIN_ADJ = 1;
/** Word of a decoded LMK_GETKILLCNT that holds the highest adj counted. */
export const COUNT_MAX_ADJ = 2;

/** Word of a decoded LMK_SUBSCRIBE that holds the kind: SUBSCRIBE_*. */
export const SUBSCRIBE_KIND = 1;
/** LMK_PROCKILL is wanted. */
export const SUBSCRIBE_KILL = 0;
/** LMK_STAT_KILL_OCCURRED and LMK_STAT_STATE_CHANGED are wanted. */
export const SUBSCRIBE_STAT = 1;

/** Words of one record of LMK_PROCS_PRIO before 17. */
const RECORD_WORDS = 4;
/** Words of one record since 17, which adds PRIO_LMKD_ONLY. */
const RECORD_WORDS_17 = 5;

/** Big-endian int32 at byte `at`. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) |
    bytes[at + 3];
}

/** Writes a big-endian int32 at byte `at`. */
export function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >> 24;
  bytes[at + 1] = word >> 16;
  bytes[at + 2] = word >> 8;
  bytes[at + 3] = word;
}

/** Longest request that this release reads, words: 13, or 16 since 17. */
export function requestWords(release: number): number {
  return release >= RELEASE_17 ? REQUEST_WORDS_MAX : REQUEST_WORDS_PAIRS;
}

/** Words of one record of LMK_PROCS_PRIO in this release: 4, or 5 since 17. */
export function prioRecordWords(release: number): number {
  return release >= RELEASE_17 ? RECORD_WORDS_17 : RECORD_WORDS;
}

/**
 * Whether the record whose pid is word `at` of a decoded request is one to act
 * on: a pid over 0, an adj of -1000..1000, a type that exists.
 */
export function prioRecordOk(request: Int32Array, at: number): boolean {
  const adj = request[at + PRIO_ADJ - PRIO_PID];
  const type = request[at + PRIO_TYPE - PRIO_PID];
  return request[at] > 0 && adj >= ADJ_MIN && adj <= ADJ_MAX &&
    (type === PRIO_TYPE_APP || type === PRIO_TYPE_SERVICE);
}

/**
 * Whether the record whose pid is word `at` of a decoded request asks that the
 * kernel be left alone; false before 17, whose records do not tell.
 */
export function prioLmkdOnly(
  request: Int32Array,
  at: number,
  release: number,
): boolean {
  return release >= RELEASE_17 && request[at + PRIO_LMKD_ONLY - PRIO_PID] !== 0;
}

/**
 * Decodes the `length` bytes at `at` into `request` (REQUEST_WORDS_MAX words)
 * as `release` (RELEASE_*) would; answers the number of arguments (words after
 * the command), or BAD_*. What is longer than the longest request is cut to it
 * and then checked, and one to three bytes after the last whole word are
 * ignored, as lmkd has it. A PROCPRIO is given the words it left out. The
 * records of a PROCS_PRIO are not checked here but one by one (prioRecordOk):
 * a bad one does not stop the rest.
 */
export function decodeRequest(
  bytes: Uint8Array,
  at: number,
  length: number,
  request: Int32Array,
  release: number,
): number {
  if (length < 4) return BAD_LENGTH;
  const most = requestWords(release);
  let words = length >> 2;
  if (words > most) words = most;
  for (let i = 0; i < words; i++) request[i] = wordAt(bytes, at + i * 4);
  const args = words - 1;
  switch (request[0]) {
    case LMK_TARGET:
      return checkTarget(request, args);
    case LMK_PROCPRIO:
      return checkPrio(request, args, release);
    case LMK_PROCREMOVE:
      if (args !== 1) return BAD_LENGTH;
      return request[PRIO_PID] > 0 ? args : BAD_VALUE;
    case LMK_GETKILLCNT:
      return args === 2 ? args : BAD_LENGTH;
    case LMK_SUBSCRIBE:
      if (args !== 1) return BAD_LENGTH;
      return request[SUBSCRIBE_KIND] === SUBSCRIBE_KILL ||
          request[SUBSCRIBE_KIND] === SUBSCRIBE_STAT
        ? args
        : BAD_VALUE;
    case LMK_PROCPURGE:
    case LMK_UPDATE_PROPS:
      return checkBare(args);
    case LMK_START_MONITORING:
      return release >= RELEASE_14_QPR3 ? checkBare(args) : BAD_COMMAND;
    case LMK_BOOT_COMPLETED:
      return release >= RELEASE_15 ? checkBare(args) : BAD_COMMAND;
    case LMK_PROCS_PRIO:
      return release >= RELEASE_15 ? checkRecords(args, release) : BAD_COMMAND;
    default:
      return BAD_COMMAND;
  }
}

/** A command alone. */
function checkBare(args: number): number {
  return args === 0 ? args : BAD_LENGTH;
}

/** Pairs of minfree pages and adj; no pair at all is nothing to do. */
function checkTarget(request: Int32Array, args: number): number {
  if (args % 2 !== 0 || args > 2 * TARGETS_MAX) return BAD_LENGTH;
  for (let i = 1; i <= args; i += 2) {
    if (request[i] < 0) return BAD_VALUE;
    if (request[i + 1] < ADJ_MIN || request[i + 1] > ADJ_MAX) return BAD_VALUE;
  }
  return args;
}

/** pid, uid, adj; the type since Android 10; PRIO_LMKD_ONLY since 17. */
function checkPrio(
  request: Int32Array,
  args: number,
  release: number,
): number {
  if (args < 3 || args > prioRecordWords(release)) return BAD_LENGTH;
  if (args < PRIO_TYPE) request[PRIO_TYPE] = PRIO_TYPE_APP;
  if (args < PRIO_LMKD_ONLY && release >= RELEASE_17) {
    request[PRIO_LMKD_ONLY] = 0;
  }
  return prioRecordOk(request, PRIO_PID) ? args : BAD_VALUE;
}

/** Whole records, one at least; as many as fit were left by the cut. */
function checkRecords(args: number, release: number): number {
  return args > 0 && args % prioRecordWords(release) === 0 ? args : BAD_LENGTH;
}

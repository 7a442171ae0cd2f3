// @hot
// lmkd's control protocol (AOSP lmkd.h): packets of big-endian int32 words, the
// first of which is the command. Decodes one packet into an Int32Array of
// words, checks length and values, and never reads past the packet. It knows
// no socket.

import { ADJ_MAX, ADJ_MIN, TARGETS_MAX } from "../base/limits.ts";

/** Commands of a request (AOSP lmkd.h, enum lmk_cmd). */
export const LMK_TARGET = 0;
export const LMK_PROCPRIO = 1;
export const LMK_PROCREMOVE = 2;
export const LMK_PROCPURGE = 3;
export const LMK_GETKILLCNT = 4;

/** Longest request, words: 6 target pairs and the command. */
export const REQUEST_WORDS_MAX = 1 + 2 * TARGETS_MAX;

/** The packet is no request that we know of this length. */
export const BAD_LENGTH = -1;
/** A word is out of its range. */
export const BAD_VALUE = -2;
/** The command is not one of ours. */
export const BAD_COMMAND = -3;

/** Words of a decoded PROCPRIO after the command. */
export const PRIO_PID = 1;
export const PRIO_UID = 2;
export const PRIO_ADJ = 3;
export const PRIO_TYPE = 4;

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

/**
 * Decodes the `length` bytes at `at` into `request`; answers the number of
 * arguments (words after the command), or BAD_*. One to three bytes after the
 * last whole word are ignored, as lmkd ignores them.
 */
export function decodeRequest(
  bytes: Uint8Array,
  at: number,
  length: number,
  request: Int32Array,
): number {
  const words = (length - length % 4) / 4;
  if (words < 1) return BAD_LENGTH;
  if (words > REQUEST_WORDS_MAX) return BAD_LENGTH;
  for (let i = 0; i < words; i++) request[i] = wordAt(bytes, at + i * 4);
  const args = words - 1;
  switch (request[0]) {
    case LMK_TARGET:
      return checkTarget(request, args);
    case LMK_PROCPRIO:
      return checkPrio(request, args);
    case LMK_PROCREMOVE:
      if (args !== 1) return BAD_LENGTH;
      return request[PRIO_PID] > 0 ? args : BAD_VALUE;
    case LMK_PROCPURGE:
      return args === 0 ? args : BAD_LENGTH;
    case LMK_GETKILLCNT:
      return args === 2 ? args : BAD_LENGTH;
    default:
      return BAD_COMMAND;
  }
}

/** Pairs of minfree pages and adj. */
function checkTarget(request: Int32Array, args: number): number {
  if (args % 2 !== 0) return BAD_LENGTH;
  for (let i = 1; i <= args; i += 2) {
    if (request[i] < 0) return BAD_VALUE;
    if (request[i + 1] < ADJ_MIN || request[i + 1] > ADJ_MAX) return BAD_VALUE;
  }
  return args;
}

/** pid, uid, adj and, since Android 10, the type. */
function checkPrio(request: Int32Array, args: number): number {
  if (args !== 3 && args !== 4) return BAD_LENGTH;
  if (args === 3) request[PRIO_TYPE] = 0;
  if (request[PRIO_PID] <= 0) return BAD_VALUE;
  if (request[PRIO_ADJ] < ADJ_MIN || request[PRIO_ADJ] > ADJ_MAX) {
    return BAD_VALUE;
  }
  return request[PRIO_TYPE] === 0 || request[PRIO_TYPE] === 1
    ? args
    : BAD_VALUE;
}

/** Writes the reply to LMK_GETKILLCNT at `at`; answers its length, bytes. */
export function encodeKillCount(
  bytes: Uint8Array,
  at: number,
  count: number,
): number {
  putWord(bytes, at, LMK_GETKILLCNT);
  putWord(bytes, at + 4, count);
  return 8;
}

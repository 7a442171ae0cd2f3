// @hot
// What lmkd sends to its clients (AOSP lmkd.h, statslog.cpp), byte for byte:
// replies and messages of big-endian words, packed. Writes at an offset, nothing
// behind the message, and answers its length; it knows no socket.

import { TITLE_BYTES } from "../base/limits.ts";
import { STAT_MAX_THRASHING_PERCENT, STAT_REASON } from "../state/kill_stat.ts";
import {
  REASON_DIRECT_RECL_STUCK,
  REASON_EXHAUSTION,
  REASON_LOW_FILECACHE_AFTER_THRASHING,
  REASON_LOW_MEM,
  REASON_LOW_MEM_AND_SWAP_UTIL,
  REASON_NONE,
  REASON_PRESSURE_AFTER_KILL,
  REASON_RESERVE,
  REASON_ZRAM,
} from "../state/reasons.ts";
import {
  RELEASE_12,
  RELEASE_14,
  RELEASE_14_QPR3,
  RELEASE_15,
  RELEASE_15_QPR1,
  RELEASE_16,
} from "../state/settings.ts";
import {
  LMK_BOOT_COMPLETED,
  LMK_GETKILLCNT,
  LMK_PROCKILL,
  LMK_STAT_KILL_OCCURRED,
  LMK_STAT_STATE_CHANGED,
  LMK_UPDATE_PROPS,
  putWord,
} from "./lmkd.ts";

/** Result in a reply: done. */
export const RESULT_OK = 0;
/** Result in a reply: not done; to LMK_BOOT_COMPLETED, not booted yet. */
export const RESULT_FAILED = -1;
/** Result in a reply to LMK_BOOT_COMPLETED: it was done before. */
export const RESULT_ALREADY = 1;

/** LMK_STAT_STATE_CHANGED: a shortage began. */
export const STATE_START = 1;
/** LMK_STAT_STATE_CHANGED: the shortage is over. */
export const STATE_STOP = 2;

/** Longest message to a client, bytes: the figures of a kill, the longest name
 * and its NUL. */
export const MESSAGE_BYTES_MAX = 214;

/** Reasons that vendors define (AOSP 16, statslog.h). */
const VENDOR_FIRST = 1000;
const VENDOR_LAST = 1999;

/** Bytes of LMK_STAT_KILL_OCCURRED before the length of the name. */
const STAT_BYTES = 84;

/** Writes the reply to LMK_GETKILLCNT at `at`; answers its length, bytes. */
export function encodeKillCount(
  bytes: Uint8Array,
  at: number,
  count: number,
): number {
  return putPair(bytes, at, LMK_GETKILLCNT, count);
}

/**
 * Writes the reply to LMK_UPDATE_PROPS, RESULT_OK or RESULT_FAILED, at `at`;
 * answers its length, bytes.
 */
export function encodeUpdateProps(
  bytes: Uint8Array,
  at: number,
  result: number,
): number {
  return putPair(bytes, at, LMK_UPDATE_PROPS, result);
}

/**
 * Writes the reply to LMK_BOOT_COMPLETED, one of RESULT_*, at `at`; answers its
 * length, bytes.
 */
export function encodeBootCompleted(
  bytes: Uint8Array,
  at: number,
  result: number,
): number {
  return putPair(bytes, at, LMK_BOOT_COMPLETED, result);
}

/**
 * Writes LMK_STAT_STATE_CHANGED, STATE_START or STATE_STOP, at `at`; answers
 * its length, bytes: 0, and nothing written, in a release other than 12..14.
 */
export function encodeStateChanged(
  bytes: Uint8Array,
  at: number,
  state: number,
  release: number,
): number {
  if (release < RELEASE_12 || release > RELEASE_14) return 0;
  return putPair(bytes, at, LMK_STAT_STATE_CHANGED, state);
}

/**
 * Writes LMK_PROCKILL at `at`; answers its length, bytes: 16 since 15-QPR1,
 * 12 before, without the memory. The framework takes no other length.
 */
export function encodeProcKill(
  bytes: Uint8Array,
  at: number,
  pid: number,
  uid: number,
  rssKb: number,
  release: number,
): number {
  putWord(bytes, at, LMK_PROCKILL);
  putWord(bytes, at + 4, pid);
  putWord(bytes, at + 8, uid);
  if (release < RELEASE_15_QPR1) return 12;
  putWord(bytes, at + 12, rssKb);
  return 16;
}

/**
 * Writes LMK_STAT_KILL_OCCURRED at `at`: the figures of `stat` (STAT_*), its
 * reason as clients know it, and the name, which are the bytes at `nameAt` up
 * to the first NUL, `nameLength` or 127, whichever comes first. Answers its
 * length, bytes: at most MESSAGE_BYTES_MAX; 0, and nothing written, before 12.
 */
export function encodeKillOccurred(
  bytes: Uint8Array,
  at: number,
  stat: Int32Array,
  name: Uint8Array,
  nameAt: number,
  nameLength: number,
  release: number,
): number {
  if (release < RELEASE_12) return 0;
  putWord(bytes, at, LMK_STAT_KILL_OCCURRED);
  // Words of the figures follow each other as the fields of the message do:
  // the wide ones, then those of one word, of which only the reason is ours.
  for (let i = 0; i <= STAT_MAX_THRASHING_PERCENT; i++) {
    const word = i === STAT_REASON ? reasonOnWire(stat[i], release) : stat[i];
    putWord(bytes, at + 4 + i * 4, word);
  }
  const into = at + STAT_BYTES + 2;
  const most = nameLength < TITLE_BYTES - 1 ? nameLength : TITLE_BYTES - 1;
  let length = 0;
  while (length < most && name[nameAt + length] !== 0) {
    bytes[into + length] = name[nameAt + length];
    length++;
  }
  bytes[at + STAT_BYTES] = 0;
  bytes[at + STAT_BYTES + 1] = length;
  bytes[into + length] = 0;
  return STAT_BYTES + 2 + length + 1;
}

/**
 * The number by which a client of `release` knows a reason (REASON_*): lmkd's
 * own and the vendors' where the release has them; ours as the nearest of
 * lmkd's; REASON_NONE for what it cannot be told.
 */
export function reasonOnWire(reason: number, release: number): number {
  if (
    reason === REASON_EXHAUSTION || reason === REASON_RESERVE ||
    reason === REASON_ZRAM
  ) {
    return release >= RELEASE_14_QPR3 ? REASON_LOW_MEM : REASON_NONE;
  }
  if (reason >= VENDOR_FIRST && reason <= VENDOR_LAST) {
    return release >= RELEASE_16 ? reason : REASON_NONE;
  }
  if (
    reason < REASON_PRESSURE_AFTER_KILL || reason > REASON_DIRECT_RECL_STUCK
  ) {
    return REASON_NONE;
  }
  if (reason === REASON_DIRECT_RECL_STUCK) {
    return release >= RELEASE_15 ? reason : REASON_NONE;
  }
  if (reason === REASON_LOW_MEM) {
    return release >= RELEASE_14_QPR3 ? reason : REASON_NONE;
  }
  if (
    reason === REASON_LOW_MEM_AND_SWAP_UTIL ||
    reason === REASON_LOW_FILECACHE_AFTER_THRASHING
  ) {
    return release >= RELEASE_12 ? reason : REASON_NONE;
  }
  return reason;
}

/** Writes a command and one word; answers their length, bytes. */
function putPair(
  bytes: Uint8Array,
  at: number,
  command: number,
  word: number,
): number {
  putWord(bytes, at, command);
  putWord(bytes, at + 4, word);
  return 8;
}

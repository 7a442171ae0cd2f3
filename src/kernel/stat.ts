// @hot
// /proc/PID/stat, or the memory.stat of an app's own cgroup v1 group, to the
// figures that clients are told of a kill. Never fails and never reads outside
// [at, end).
// Source: fs/proc/array.c, do_task_stat; mm/memcontrol-v1.c (mm/memcontrol.c
// before 6.11), memcg1_stat_format.
//
// /proc/PID/stat, fields from 1; the name may hold blanks, parentheses and
// newlines, so fields are counted from the last parenthesis on:
//
//   157 (foo) Z x) S 1 157 157 0 -1 4194560 95 0 7 0 0 0 0 0 20 0 1 0 1194372 …
//   1              3                        10   12                  22
//
// memory.stat, bytes and events, those of the groups below counted in:
//
//   total_cache 2244608
//   total_rss 1339392
//   total_swap 0
//   total_pgfault 9147
//   total_pgmajfault 12

import { mulWide, parseWide } from "../base/wide.ts";
import {
  clearStat,
  STAT_CACHE_HI,
  STAT_MAJFLT_HI,
  STAT_MINFLT_HI,
  STAT_RSS_HI,
  STAT_START_HI,
  STAT_SWAP_HI,
} from "../state/kill_stat.ts";
import { findKey, keyBytes, Keys } from "./keys.ts";

const NEWLINE = 10;
const SPACE = 32;
const CLOSING = 41;
const ZERO = 48;

// Fields of the file as proc_pid_stat(5) counts them.
const FIELD_NAME = 2;
const FIELD_MINFLT = 10;
const FIELD_MAJFLT = 12;
const FIELD_START = 22;

const KEYS = new Keys(
  "total_pgfault total_pgmajfault total_rss total_cache total_swap",
);
/** High word of each key's figure. */
const WORDS = new Int32Array([
  STAT_MINFLT_HI,
  STAT_MAJFLT_HI,
  STAT_RSS_HI,
  STAT_CACHE_HI,
  STAT_SWAP_HI,
]);

/**
 * Fills faults and start of `stat` (STAT_*) from /proc/PID/stat; `tickNs` is
 * the length of a clock tick, ns (10^9 / CLK_TCK). Memory is then to be set by
 * setStatMemory. Answers how many figures it found, 3; or 0, with all that is
 * told of the process -1, when one of them is missing or cut off.
 */
export function parseTaskStat(
  bytes: Uint8Array,
  at: number,
  end: number,
  stat: Int32Array,
  tickNs: number,
): number {
  clearStat(stat);
  let i = end - 1;
  while (i >= at && bytes[i] !== CLOSING) i--;
  if (i < at) return 0;
  let found = 0;
  for (let field = FIELD_NAME + 1; field <= FIELD_START; field++) {
    // To the blank before the field.
    i++;
    while (i < end && bytes[i] !== SPACE) i++;
    if (field === FIELD_MINFLT) {
      found += takeField(bytes, i, end, stat, STAT_MINFLT_HI);
    } else if (field === FIELD_MAJFLT) {
      found += takeField(bytes, i, end, stat, STAT_MAJFLT_HI);
    } else if (field === FIELD_START) {
      found += takeField(bytes, i, end, stat, STAT_START_HI);
    }
  }
  if (found === 3) {
    mulWide(stat, STAT_START_HI, tickNs);
    return found;
  }
  clearStat(stat);
  return 0;
}

/** Stores the number after the blank at `at`; 1 if it is there and whole. */
function takeField(
  bytes: Uint8Array,
  at: number,
  end: number,
  stat: Int32Array,
  index: number,
): number {
  const number = at + 1;
  // For a byte, x ^ "0" is 0..9 for digits and larger for all else.
  if (number >= end || (bytes[number] ^ ZERO) > 9) return 0;
  const after = parseWide(bytes, number, end, stat, index);
  return after < end && bytes[after] === SPACE ? 1 : 0;
}

/**
 * Fills faults, memory, cache and swap of `stat` (STAT_*) from a memory.stat;
 * what the file leaves out is 0, and the start stays as it was. Answers how
 * many figures it found; when none, nothing is changed. A last line without its
 * newline is left out: its number may be cut short.
 */
export function parseGroupStat(
  bytes: Uint8Array,
  at: number,
  end: number,
  stat: Int32Array,
): number {
  let found = 0;
  let i = at;
  while (i < end) {
    const next = bytes.indexOf(NEWLINE, i) + 1;
    if (next === 0 || next > end) break;
    const key = findKey(KEYS, bytes, i, next);
    if (key >= 0) {
      const number = i + keyBytes(KEYS, key);
      // For a byte, x ^ "0" is 0..9 for digits and larger for all else.
      if ((bytes[number] ^ ZERO) <= 9) {
        if (found === 0) stat.fill(0, 0, STAT_START_HI);
        parseWide(bytes, number, next, stat, WORDS[key]);
        found++;
      }
    }
    i = next;
  }
  return found;
}

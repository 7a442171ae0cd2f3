// @hot
// /proc/zoneinfo to columns, pages: sums over all zones of all nodes. Never
// fails and never reads outside [at, end).
// Source: mm/vmstat.c, zoneinfo_show_print.
//
//   Node 0, zone      DMA
//     per-node stats                 (only with the node's first populated zone)
//         nr_inactive_file 29658
//         workingset_refault_file 76662    (workingset_refault before 5.9)
//     pages free     3840
//           boost    0               (5.18 and newer)
//           min      58
//           low      72
//           high     86
//           promo    100             (6.12 and newer)
//           spanned  4095
//           present  3998            (0: the zone is not populated)
//           managed  3840
//           cma      0
//           protection: (0, 3019, 4299, 4299, 4299)
//         nr_free_pages 3840         (more counters, then pagesets)
//
// What follows "protection" holds nothing for us and no capital N, so that the
// next zone is one search away.

import { INT_MAX, sum32, sumClamped } from "../base/int.ts";
import {
  ABSENT,
  parseLineEnd,
  parseWrapped,
  startsWith,
} from "../base/scan.ts";
import {
  TOTAL_RESERVE_PAGES,
  WATERMARK_HIGH_PAGES,
  WATERMARK_LOW_PAGES,
  WATERMARK_MIN_PAGES,
  ZONE_FILE_LRU_PAGES,
  ZONE_REFAULT_FILE,
} from "../state/snapshot.ts";

const NEWLINE = 10;
const SPACE = 32;
const ZERO = 48;
const CLOSING = 41;
const NODE = 78;
const LETTER_A = 97;
const LETTER_F = 102;
const LETTER_H = 104;
const LETTER_I = 105;
const LETTER_L = 108;
const LETTER_M = 109;
const LETTER_N = 110;
const LETTER_P = 112;
const LETTER_S = 115;
const LETTER_T = 116;
const LETTER_W = 119;
/** Blanks before the counters of a node, and before the fields of a zone. */
const NODE_INDENT = 6;
const ZONE_INDENT = 8;
/** Where "nr_inactive_file" and "nr_active_file" have their f. */
const INACTIVE_F = 12;
const ACTIVE_F = 10;
/** Where "workingset_refault" differs from "workingset_restore". */
const REFAULT_F = 13;
const REFAULT_SPACE = 18;
/** One more digit is safe below this. */
const TENTH_MAX = 214_748_364;

const INACTIVE_FILE = new TextEncoder().encode("nr_inactive_file ");
const ACTIVE_FILE = new TextEncoder().encode("nr_active_file ");
const REFAULT = new TextEncoder().encode("workingset_refault ");
const REFAULT_FILE = new TextEncoder().encode("workingset_refault_file ");
const MIN_KEY = new TextEncoder().encode("min ");
const LOW_KEY = new TextEncoder().encode("low ");
const HIGH_KEY = new TextEncoder().encode("high ");
const PRESENT = new TextEncoder().encode("present ");
const PROTECTION = new TextEncoder().encode("protection: (");

/** Watermarks of the zone at hand. */
const ZONE = new Int32Array(3);
const MIN = 0;
const LOW = 1;
const HIGH = 2;

/** Largest of the numbers up to the closing bracket. */
function largestEntry(bytes: Uint8Array, at: number, end: number): number {
  const zero = ZERO;
  let largest = 0;
  let value = 0;
  for (let i = at; i < end; i++) {
    const digit = bytes[i] ^ zero;
    if (digit <= 9) {
      value = value < TENTH_MAX ? value * 10 + digit : INT_MAX;
    } else {
      if (value > largest) largest = value;
      if (bytes[i] === CLOSING) break;
      value = 0;
    }
  }
  return largest;
}

/** Adds a node's file pages, if the line at `at` is about them. */
function addFilePages(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): void {
  const key = bytes[at + 3] === LETTER_I ? INACTIVE_FILE : ACTIVE_FILE;
  if (!startsWith(bytes, at, end, key)) return;
  addPages(columns, ZONE_FILE_LRU_PAGES, parseLineEnd(bytes, at, end), 0);
}

/** Adds a node's refaults, if the line at `at` is about them. */
function addRefaults(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): void {
  const key = bytes[at + REFAULT_SPACE] === SPACE ? REFAULT : REFAULT_FILE;
  if (!startsWith(bytes, at, end, key)) return;
  const sum = columns[ZONE_REFAULT_FILE];
  const count = parseWrapped(bytes, at + key.length, end);
  columns[ZONE_REFAULT_FILE] = sum === ABSENT ? count : sum32(sum, count);
}

/** Adds the zone at hand, which has pages. */
function addZone(protection: number, columns: Int32Array): void {
  addPages(columns, WATERMARK_MIN_PAGES, ZONE[MIN], protection);
  addPages(columns, WATERMARK_LOW_PAGES, ZONE[LOW], protection);
  addPages(columns, WATERMARK_HIGH_PAGES, ZONE[HIGH], protection);
  addPages(columns, TOTAL_RESERVE_PAGES, ZONE[HIGH], protection);
}

function addPages(
  columns: Int32Array,
  column: number,
  pages: number,
  more: number,
): void {
  if (pages < 0) return;
  const sum = columns[column] === ABSENT ? 0 : columns[column];
  columns[column] = sumClamped(sum, sumClamped(pages, more));
}

/** Index of the next zone's line; `end` when there is none. */
function nextZone(bytes: Uint8Array, at: number, end: number): number {
  const zone = bytes.indexOf(NODE, at);
  return zone < 0 || zone > end ? end : zone;
}

/** Keeps a watermark of the zone at hand, if the line at `at` has it. */
function takeMark(
  mark: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  key: Uint8Array,
): void {
  if (startsWith(bytes, at, end, key)) {
    ZONE[mark] = parseLineEnd(bytes, at, end);
  }
}

/**
 * Takes in a line that is not a node's counter; answers where to go on: at the
 * next zone when this one is done, else at `next`.
 */
function parseZoneLine(
  bytes: Uint8Array,
  at: number,
  next: number,
  end: number,
  columns: Int32Array,
): number {
  const k = at + ZONE_INDENT;
  const letter = bytes[k];
  if (bytes[at] === NODE) {
    ZONE.fill(0);
  } else if (bytes[k - 1] !== SPACE) {
    return next;
  } else if (letter === LETTER_P) {
    const fourth = bytes[k + 3];
    if (fourth === LETTER_S && startsWith(bytes, k, next, PRESENT)) {
      if (parseLineEnd(bytes, k, next) !== 0) return next;
      addPages(columns, TOTAL_RESERVE_PAGES, ZONE[HIGH], 0);
      return nextZone(bytes, next, end);
    }
    if (fourth === LETTER_T && startsWith(bytes, k, next, PROTECTION)) {
      const start = k + PROTECTION.length;
      addZone(largestEntry(bytes, start, next), columns);
      return nextZone(bytes, next, end);
    }
  } else if (letter === LETTER_M) {
    if (bytes[k + 1] === LETTER_I) takeMark(MIN, bytes, k, next, MIN_KEY);
  } else if (letter === LETTER_L) {
    takeMark(LOW, bytes, k, next, LOW_KEY);
  } else if (letter === LETTER_H) {
    takeMark(HIGH, bytes, k, next, HIGH_KEY);
  }
  return next;
}

/**
 * Fills the zoneinfo columns; answers how many it filled. Zones that are cut
 * off before their protection do not count.
 */
export function parseZoneinfo(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  columns.fill(ABSENT, WATERMARK_MIN_PAGES, ZONE_FILE_LRU_PAGES + 1);
  ZONE.fill(0);
  // Interpreted, a constant of the module costs a lookup at each use.
  const newline = NEWLINE;
  const indent = NODE_INDENT;
  const letterA = LETTER_A;
  const letterF = LETTER_F;
  const letterI = LETTER_I;
  const letterN = LETTER_N;
  const letterW = LETTER_W;
  // No line that counts is shorter, so nothing looks past the end.
  const stop = end - NODE_INDENT - REFAULT_F;
  let i = at;
  while (i < stop) {
    let next = bytes.indexOf(newline, i) + 1;
    if (next === 0 || next > end) break;
    const k = i + indent;
    if (bytes[k] === letterN) {
      // nr_inactive_file, nr_active_file: the letters that set them apart.
      const fourth = bytes[k + 3];
      if (
        (fourth === letterI && bytes[k + INACTIVE_F] === letterF) ||
        (fourth === letterA && bytes[k + ACTIVE_F] === letterF)
      ) {
        addFilePages(bytes, k, next, columns);
      }
    } else if (bytes[k] === letterW) {
      if (bytes[k + REFAULT_F] === letterF) {
        addRefaults(bytes, k, next, columns);
      }
    } else {
      next = parseZoneLine(bytes, i, next, end, columns);
    }
    i = next;
  }
  return filled(columns);
}

/** How many of the columns have a value. */
function filled(columns: Int32Array): number {
  let count = 0;
  for (let i = WATERMARK_MIN_PAGES; i <= ZONE_FILE_LRU_PAGES; i++) {
    if (columns[i] !== ABSENT) count++;
  }
  return count;
}

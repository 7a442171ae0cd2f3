// @hot
// /proc/pressure/* and a group's memory.pressure to columns: averages in
// hundredths of a percent, totals in us, wrapped. Never fails and never reads
// outside [at, end).
// Source: kernel/sched/psi.c, psi_show. `cpu` has no full line before 5.13.
//
//   some avg10=40.34 avg60=14.21 avg300=3.39 total=10414281
//   full avg10=40.34 avg60=14.21 avg300=3.39 total=10414281

import { ABSENT, parseInt32, parseWrapped, startsWith } from "../base/scan.ts";
import {
  PSI_FULL_AVG10_CENTI,
  PSI_FULL_AVG60_CENTI,
  PSI_FULL_TOTAL_US,
  PSI_SOME_AVG10_CENTI,
  PSI_SOME_AVG60_CENTI,
  PSI_SOME_TOTAL_US,
} from "../state/snapshot.ts";

const NEWLINE = 10;
const POINT = 46;
const ZERO = 48;
const ONE = 49;
const SIX = 54;
const EQUALS = 61;
const LETTER_A = 97;
/** 100.00 percent. */
const CENTI_MAX = 10_000;
const PERCENT_MAX = 100;

const SOME = new TextEncoder().encode("some ");
const FULL = new TextEncoder().encode("full ");
const AVG10 = new TextEncoder().encode("avg10=");
const AVG60 = new TextEncoder().encode("avg60=");
const TOTAL = new TextEncoder().encode("total=");

/** "12.34" as 1234, at most 10000; ABSENT when there is no number. */
function parseCenti(bytes: Uint8Array, at: number, end: number): number {
  const percent = parseInt32(bytes, at, end);
  if (percent < 0) return ABSENT;
  if (percent >= PERCENT_MAX) return CENTI_MAX;
  let i = at + (percent < 10 ? 1 : 2);
  let centi = percent * 100;
  if (i >= end || bytes[i] !== POINT) return centi;
  i++;
  for (let scale = 10; scale > 0 && i < end; scale = scale === 10 ? 1 : 0) {
    const digit = bytes[i] ^ ZERO;
    if (digit > 9) break;
    centi += digit * scale;
    i++;
  }
  return centi;
}

/** Fills the three columns of one line; answers how many it filled. */
function parseLine(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
  avg10: number,
  avg60: number,
  total: number,
): number {
  let found = 0;
  let i = at;
  let equals = bytes.indexOf(EQUALS, i);
  while (equals >= 0 && equals < end) {
    // "avg10=", "avg60=" and "total=" are of one length; avg300 is passed over.
    const key = equals + 1 - TOTAL.length;
    let column = -1;
    let value = ABSENT;
    if (key < at) break;
    // The letter before the last tells which it may be.
    const letter = bytes[equals - 2];
    if (letter === ONE) {
      if (startsWith(bytes, key, end, AVG10)) {
        column = avg10;
        value = parseCenti(bytes, equals + 1, end);
      }
    } else if (letter === SIX) {
      if (startsWith(bytes, key, end, AVG60)) {
        column = avg60;
        value = parseCenti(bytes, equals + 1, end);
      }
    } else if (letter === LETTER_A) {
      if (startsWith(bytes, key, end, TOTAL)) {
        column = total;
        value = parseWrapped(bytes, equals + 1, end);
      }
    }
    if (value !== ABSENT) {
      columns[column] = value;
      found++;
    }
    i = equals + 1;
    equals = bytes.indexOf(EQUALS, i);
  }
  return found;
}

/**
 * Fills the PSI columns; answers how many it filled. A last line without its
 * newline is left out: its number may be cut short.
 */
export function parsePressure(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  columns.fill(ABSENT, PSI_SOME_AVG10_CENTI, PSI_FULL_TOTAL_US + 1);
  let found = 0;
  let i = at;
  while (i < end) {
    const next = bytes.indexOf(NEWLINE, i) + 1;
    if (next === 0 || next > end) break;
    if (startsWith(bytes, i, next, SOME)) {
      found += parseLine(
        bytes,
        i,
        next,
        columns,
        PSI_SOME_AVG10_CENTI,
        PSI_SOME_AVG60_CENTI,
        PSI_SOME_TOTAL_US,
      );
    } else if (startsWith(bytes, i, next, FULL)) {
      found += parseLine(
        bytes,
        i,
        next,
        columns,
        PSI_FULL_AVG10_CENTI,
        PSI_FULL_AVG60_CENTI,
        PSI_FULL_TOTAL_US,
      );
    }
    i = next;
  }
  return found;
}

/**
 * Fills `some`, and `full` where the file has that line, with the 10 s
 * averages in hundredths of a percent: for io and cpu, of which no more is
 * asked. Answers how many it filled; what is not told becomes ABSENT.
 */
export function parseAverages(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
  some: number,
  full: number,
): number {
  columns[full] = ABSENT;
  columns[some] = ABSENT;
  let found = 0;
  let i = at;
  while (i < end) {
    const next = bytes.indexOf(NEWLINE, i) + 1;
    if (next === 0 || next > end) break;
    // "some " and "full " are of one length; avg10 comes first.
    const key = i + SOME.length;
    if (startsWith(bytes, key, next, AVG10)) {
      const value = parseCenti(bytes, key + AVG10.length, next);
      const isSome = startsWith(bytes, i, next, SOME);
      if (isSome || startsWith(bytes, i, next, FULL)) {
        columns[isSome ? some : full] = value;
        if (value !== ABSENT) found++;
      }
    }
    i = next;
  }
  return found;
}

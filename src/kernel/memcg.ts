// @hot
// What both versions of the memory group interface share: files of one number,
// files of named numbers. Never fails and never reads outside [at, end).
// Source: mm/memcontrol.c. v2: memory.current, memory.max, memory.high,
// memory.swap.current; v1: memory.usage_in_bytes, memory.limit_in_bytes,
// memory.memsw.*. No limit is "max", on v1 9223372036854771712.
//
//   16777216

import { INT_MAX } from "../base/int.ts";
import {
  ABSENT,
  parseBytesAsKb,
  parseWrapped,
  startsWith,
} from "../base/scan.ts";
import {
  ACTIVE_FILE_KB,
  INACTIVE_FILE_KB,
  VM_FILE_LRU_PAGES,
  VM_REFAULT_FILE,
} from "../state/snapshot.ts";
import { findKey, keyBytes, type Keys } from "./keys.ts";

const NEWLINE = 10;
const MAX = new TextEncoder().encode("max");

/** The number as kB; INT_MAX for no limit (or 2 TiB), ABSENT for no number. */
export function parseGroupKb(
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  return startsWith(bytes, at, end, MAX)
    ? INT_MAX
    : parseBytesAsKb(bytes, at, end);
}

/**
 * Counter that follows `name` (with its space) at the start of a line, wrapped;
 * ABSENT when there is none.
 */
export function parseNamed(
  bytes: Uint8Array,
  at: number,
  end: number,
  name: Uint8Array,
): number {
  let i = at;
  while (i < end) {
    const next = bytes.indexOf(NEWLINE, i) + 1;
    if (next === 0 || next > end) break;
    if (startsWith(bytes, i, next, name)) {
      return parseWrapped(bytes, i + name.length, next);
    }
    i = next;
  }
  return ABSENT;
}

/**
 * Fills the columns of a memory.stat: `keyColumns` has the column of each key,
 * kB below VM_REFAULT_FILE, wrapped events from there on. When two keys of one
 * file have one column, the later line counts. Answers how many it filled.
 */
export function parseStat(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
  keys: Keys,
  keyColumns: Int32Array,
  pageKbShift: number,
): number {
  const newline = NEWLINE;
  for (let key = 0; key < keyColumns.length; key++) {
    columns[keyColumns[key]] = ABSENT;
  }
  columns[VM_FILE_LRU_PAGES] = ABSENT;
  let found = 0;
  let i = at;
  while (i < end) {
    const next = bytes.indexOf(newline, i) + 1;
    if (next === 0 || next > end) break;
    const key = findKey(keys, bytes, i, next);
    if (key >= 0) {
      const column = keyColumns[key];
      const number = i + keyBytes(keys, key);
      const value = column < VM_REFAULT_FILE
        ? parseBytesAsKb(bytes, number, next)
        : parseWrapped(bytes, number, next);
      if (value !== ABSENT) {
        if (columns[column] === ABSENT) found++;
        columns[column] = value;
      }
    }
    i = next;
  }
  const inactive = columns[INACTIVE_FILE_KB];
  const active = columns[ACTIVE_FILE_KB];
  if (inactive === ABSENT || active === ABSENT) return found;
  columns[VM_FILE_LRU_PAGES] = (inactive >> pageKbShift) +
    (active >> pageKbShift);
  return found + 1;
}

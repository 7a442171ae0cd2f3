// @hot
// What both versions of the memory group interface share: files of one number,
// files of named numbers, kills. Never fails and never reads outside [at, end).
// Source: mm/memcontrol.c. v2: memory.current, memory.max, memory.high,
// memory.swap.current; v1: memory.usage_in_bytes, memory.limit_in_bytes,
// memory.memsw.*. No limit is "max", on v1 9223372036854771712.
//
//   16777216
//
// v2 memory.events (__memory_events_show) and v1 memory.oom_control
// (mem_cgroup_oom_control_read):
//
//   oom_kill 1                       (4.13 and newer)

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
  VM_OOM_KILL,
  VM_REFAULT_FILE,
} from "../state/snapshot.ts";
import { findKey, keyBytes, type Keys } from "./keys.ts";

const NEWLINE = 10;
const MAX = new TextEncoder().encode("max");
const OOM_KILL = new TextEncoder().encode("oom_kill ");

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

/** Kills by the kernel in the group, from memory.events of v2 or
 * memory.oom_control of v1, wrapped; answers 1, or 0 when not told. */
export function parseOomKill(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  columns[VM_OOM_KILL] = ABSENT;
  let i = at;
  while (i < end) {
    const next = bytes.indexOf(NEWLINE, i) + 1;
    if (next === 0 || next > end) break;
    if (startsWith(bytes, i, next, OOM_KILL)) {
      columns[VM_OOM_KILL] = parseWrapped(bytes, i + OOM_KILL.length, next);
      break;
    }
    i = next;
  }
  return columns[VM_OOM_KILL] === ABSENT ? 0 : 1;
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

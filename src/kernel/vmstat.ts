// @hot
// /proc/vmstat to columns: pages and events since boot, wrapped. Never fails
// and never reads outside [at, end).
// Source: mm/vmstat.c, vmstat_text.
//
//   nr_inactive_file 29658
//   workingset_refault_file 76662    (workingset_refault before 5.9)
//   allocstall_normal 12             (one for each zone; allocstall before 4.8)
//   pgscan_direct 1621
//   oom_kill 4                       (4.13 and newer)

import { sum32, sumClamped } from "../base/int.ts";
import { ABSENT, parseInt32, parseWrapped } from "../base/scan.ts";
import {
  VM_ALLOCSTALL,
  VM_FILE_LRU_PAGES,
  VM_OOM_KILL,
  VM_PGREFILL,
  VM_PGSCAN_DIRECT,
  VM_PGSCAN_KSWAPD,
  VM_PSWPIN,
  VM_PSWPOUT,
  VM_REFAULT_ANON,
  VM_REFAULT_FILE,
} from "../state/snapshot.ts";
import { findKey, keyBytes, Keys } from "./keys.ts";

const NEWLINE = 10;
const KEYS = new Keys(
  "nr_inactive_file nr_active_file " +
    "workingset_refault workingset_refault_file workingset_refault_anon " +
    "pgscan_kswapd pgscan_direct pgrefill pswpin pswpout " +
    "allocstall allocstall_dma allocstall_dma32 allocstall_normal " +
    "allocstall_high allocstall_movable allocstall_device oom_kill",
);
/** Column of each name. */
const COLUMNS = new Int32Array([
  VM_FILE_LRU_PAGES,
  VM_FILE_LRU_PAGES,
  VM_REFAULT_FILE,
  VM_REFAULT_FILE,
  VM_REFAULT_ANON,
  VM_PGSCAN_KSWAPD,
  VM_PGSCAN_DIRECT,
  VM_PGREFILL,
  VM_PSWPIN,
  VM_PSWPOUT,
  VM_ALLOCSTALL,
  VM_ALLOCSTALL,
  VM_ALLOCSTALL,
  VM_ALLOCSTALL,
  VM_ALLOCSTALL,
  VM_ALLOCSTALL,
  VM_ALLOCSTALL,
  VM_OOM_KILL,
]);
/** By first and fourth letter: whether a name may begin so. Passes over most of
 * the file's lines for the price of one look. */
const GATE = new Uint8Array(256);
for (let key = 0; key < COLUMNS.length; key++) {
  const at = KEYS.starts[key];
  GATE[(KEYS.text[at] * 4 + KEYS.text[at + 3]) & 255] = 1;
}
/** Columns that a kernel since 5.9 fills: with them, oom_kill is the last. */
const FIELDS = 10;

/** Pages of the file list that came first: half of what its column holds. */
const LISTS = new Int32Array(1);

/** Takes in the line at `at`, which has the key; 1 if that fills a column. */
function take(
  key: number,
  bytes: Uint8Array,
  at: number,
  next: number,
  columns: Int32Array,
): number {
  const column = COLUMNS[key];
  const number = at + keyBytes(KEYS, key);
  const before = columns[column];
  if (column === VM_FILE_LRU_PAGES) {
    const pages = parseInt32(bytes, number, next);
    if (pages < 0) return 0;
    if (LISTS[0] === ABSENT) {
      LISTS[0] = pages;
      return 0;
    }
    columns[column] = sumClamped(LISTS[0], pages);
  } else {
    const count = parseWrapped(bytes, number, next);
    if (count === ABSENT) return 0;
    columns[column] = column === VM_ALLOCSTALL && before !== ABSENT
      ? sum32(before, count)
      : count;
  }
  return before === ABSENT ? 1 : 0;
}

/**
 * Fills the vmstat columns; answers how many it filled. A last line without its
 * newline is left out: its number may be cut short.
 */
export function parseVmstat(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  columns.fill(ABSENT, VM_REFAULT_FILE, VM_FILE_LRU_PAGES + 1);
  LISTS[0] = ABSENT;
  const newline = NEWLINE;
  const gate = GATE;
  let found = 0;
  let i = at;
  while (i + 4 < end) {
    const next = bytes.indexOf(newline, i) + 1;
    if (next === 0 || next > end) break;
    if (gate[(bytes[i] * 4 + bytes[i + 3]) & 255] === 1) {
      const key = findKey(KEYS, bytes, i, next);
      if (key >= 0) found += take(key, bytes, i, next, columns);
      // The last of the names, once all others have been seen.
      if (found === FIELDS && columns[VM_OOM_KILL] !== ABSENT) break;
    }
    i = next;
  }
  return found;
}

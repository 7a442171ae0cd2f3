// @hot
// /proc/meminfo to columns, kB. Never fails and never reads outside [at, end).
// Source: fs/proc/meminfo.c, meminfo_proc_show; ION lines: vendor kernels of
// Android.
//
//   MemTotal:       24684092 kB
//   MemFree:        24360952 kB
//   MemAvailable:   24345992 kB      (3.14 and newer)
//   Active(anon):       1532 kB
//   HugePages_Total:       0
//
// A name and its colon take sixteen columns, the number eight or more. So a
// line is 28 bytes, unless it counts huge pages or 100 GB.

import { ABSENT, parseColumns8, parseInt32, startsWith } from "../base/scan.ts";
import {
  ACTIVE_ANON_KB,
  ACTIVE_FILE_KB,
  ANON_PAGES_KB,
  BUFFERS_KB,
  CACHED_KB,
  CMA_FREE_KB,
  COMMIT_LIMIT_KB,
  COMMITTED_AS_KB,
  DIRTY_KB,
  INACTIVE_ANON_KB,
  INACTIVE_FILE_KB,
  ION_HEAP_KB,
  ION_HEAP_POOL_KB,
  KERNEL_STACK_KB,
  MEM_AVAILABLE_KB,
  MEM_FREE_KB,
  MEM_TOTAL_KB,
  MLOCKED_KB,
  PAGE_TABLES_KB,
  SHMEM_KB,
  SLAB_RECLAIMABLE_KB,
  SLAB_UNRECLAIMABLE_KB,
  SWAP_CACHED_KB,
  SWAP_FREE_KB,
  SWAP_TOTAL_KB,
  UNEVICTABLE_KB,
} from "../state/snapshot.ts";

const NEWLINE = 10;
const LINE_BYTES = 28;
const NAME_COLUMNS = 16;

/** Names of sixteen columns each; those with their colon in the first twelve
 * come first, so that the last four columns need no look. */
const NAMES = new TextEncoder().encode(
  "MemTotal:       " + "MemFree:        " + "Buffers:        " +
    "Cached:         " + "SwapCached:     " + "Unevictable:    " +
    "Mlocked:        " + "SwapTotal:      " + "SwapFree:       " +
    "Dirty:          " + "AnonPages:      " + "Shmem:          " +
    "SUnreclaim:     " + "KernelStack:    " + "PageTables:     " +
    "CommitLimit:    " + "CmaFree:        " + "MemAvailable:   " +
    "Active(anon):   " + "Inactive(anon): " + "Active(file):   " +
    "Inactive(file): " + "SReclaimable:   " + "Committed_AS:   ",
);
/** Names at this index and above are longer than twelve columns. */
const LONG_FIRST = 17;
/** Column of each name. */
const COLUMNS = new Int32Array([
  MEM_TOTAL_KB,
  MEM_FREE_KB,
  BUFFERS_KB,
  CACHED_KB,
  SWAP_CACHED_KB,
  UNEVICTABLE_KB,
  MLOCKED_KB,
  SWAP_TOTAL_KB,
  SWAP_FREE_KB,
  DIRTY_KB,
  ANON_PAGES_KB,
  SHMEM_KB,
  SLAB_UNRECLAIMABLE_KB,
  KERNEL_STACK_KB,
  PAGE_TABLES_KB,
  COMMIT_LIMIT_KB,
  CMA_FREE_KB,
  MEM_AVAILABLE_KB,
  ACTIVE_ANON_KB,
  INACTIVE_ANON_KB,
  ACTIVE_FILE_KB,
  INACTIVE_FILE_KB,
  SLAB_RECLAIMABLE_KB,
  COMMITTED_AS_KB,
]);
const ION_HEAP = new TextEncoder().encode("ION_heap:");
const ION_HEAP_POOL = new TextEncoder().encode("ION_heap_pool:");
const LETTER_I = 73;
const LETTER_O = 79;

// The names as words of four columns each. A hash of three columns, found by
// trial, leaves one name that a line can be; no two share a slot, which
// test/kernel/meminfo_test.ts sees to by finding every name.
const WORD_BYTES = 4;
const NAME_COUNT = NAMES.length / NAME_COLUMNS;
const WORD_0 = new Int32Array(NAME_COUNT);
const WORD_1 = new Int32Array(NAME_COUNT);
const WORD_2 = new Int32Array(NAME_COUNT);
const WORD_3 = new Int32Array(NAME_COUNT);
const SLOTS_MASK = 127;
const SLOTS = new Int8Array(SLOTS_MASK + 1).fill(-1);
for (let name = 0; name < NAME_COUNT; name++) {
  const at = name * NAME_COLUMNS;
  SLOTS[hash(NAMES, at)] = name;
  WORD_0[name] = word(NAMES, at);
  WORD_1[name] = word(NAMES, at + WORD_BYTES);
  WORD_2[name] = word(NAMES, at + 2 * WORD_BYTES);
  WORD_3[name] = word(NAMES, at + 3 * WORD_BYTES);
}

function hash(bytes: Uint8Array, at: number): number {
  return (bytes[at] + bytes[at + 3] * 3 + bytes[at + 9] * 9) & SLOTS_MASK;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
    bytes[at + 3] << 24;
}

/** Lines of Android's vendor kernels, whose layout varies: 1 if one of them. */
function parseIon(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  let column = ION_HEAP_KB;
  let key = ION_HEAP;
  if (!startsWith(bytes, at, end, key)) {
    column = ION_HEAP_POOL_KB;
    key = ION_HEAP_POOL;
    if (!startsWith(bytes, at, end, key)) return 0;
  }
  columns[column] = parseInt32(bytes, at + key.length, end);
  return columns[column] === ABSENT ? 0 : 1;
}

/**
 * Fills the meminfo columns; answers how many fields it found. A last line
 * without its newline is left out: its number may be cut short.
 */
export function parseMeminfo(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  columns.fill(ABSENT, MEM_TOTAL_KB, ION_HEAP_POOL_KB + 1);
  // Interpreted, a constant of the module costs a lookup at each use.
  const newline = NEWLINE;
  const lineBytes = LINE_BYTES;
  const slots = SLOTS;
  const mask = SLOTS_MASK;
  const word0 = WORD_0;
  const word1 = WORD_1;
  const word2 = WORD_2;
  const longFirst = LONG_FIRST;
  const letterI = LETTER_I;
  // A line has more than its name; nothing below looks further than that.
  const stop = end - NAME_COLUMNS;
  let found = 0;
  let i = at;
  while (i < stop) {
    let next = i + lineBytes;
    const odd = next > end || bytes[next - 1] !== newline;
    if (odd) {
      next = bytes.indexOf(newline, i) + 1;
      if (next === 0 || next > end) break;
    }
    // hash() and word() written out: the calls would cost a third more.
    const name = slots[(bytes[i] + bytes[i + 3] * 3 + bytes[i + 9] * 9) & mask];
    if (name < 0) {
      if (bytes[i] === letterI && bytes[i + 1] === LETTER_O) {
        found += parseIon(bytes, i, next, columns);
      }
    } else if (
      (bytes[i + 4] | bytes[i + 5] << 8 | bytes[i + 6] << 16 |
          bytes[i + 7] << 24) === word1[name] &&
      (bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 |
          bytes[i + 3] << 24) === word0[name] &&
      (bytes[i + 8] | bytes[i + 9] << 8 | bytes[i + 10] << 16 |
          bytes[i + 11] << 24) === word2[name] &&
      (name < longFirst ||
        word(bytes, i + 3 * WORD_BYTES) === WORD_3[name])
    ) {
      const value = odd
        ? parseInt32(bytes, i + NAME_COLUMNS, next)
        : parseColumns8(bytes, i + NAME_COLUMNS);
      columns[COLUMNS[name]] = value;
      if (value !== ABSENT) found++;
    }
    i = next;
  }
  return found;
}

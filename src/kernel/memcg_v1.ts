// @hot
// memory.stat of a cgroup v1 memory group, to the columns of the machine.
// Never fails and never reads outside [at, end). Figures are those of the group
// and all below it.
// Source: mm/memcontrol-v1.c (mm/memcontrol.c before 6.11), memcg1_stat_format.
//
// memory.stat, bytes and events:
//
//   cache 2244608                    (the group alone: passed over)
//   total_cache 2244608
//   total_rss 1339392
//   total_workingset_refault_file 72 (5.19 and newer)

import {
  ACTIVE_ANON_KB,
  ACTIVE_FILE_KB,
  ANON_PAGES_KB,
  CACHED_KB,
  DIRTY_KB,
  INACTIVE_ANON_KB,
  INACTIVE_FILE_KB,
  SHMEM_KB,
  SWAP_CACHED_KB,
  UNEVICTABLE_KB,
  VM_REFAULT_ANON,
  VM_REFAULT_FILE,
} from "../state/snapshot.ts";
import { Keys } from "./keys.ts";
import { parseStat } from "./memcg.ts";

const KEYS = new Keys(
  "total_cache total_rss total_shmem total_dirty total_swapcached " +
    "total_inactive_anon total_active_anon " +
    "total_inactive_file total_active_file total_unevictable " +
    "total_workingset_refault_anon total_workingset_refault_file",
);
/** Column of each name. */
const COLUMNS = new Int32Array([
  CACHED_KB,
  ANON_PAGES_KB,
  SHMEM_KB,
  DIRTY_KB,
  SWAP_CACHED_KB,
  INACTIVE_ANON_KB,
  ACTIVE_ANON_KB,
  INACTIVE_FILE_KB,
  ACTIVE_FILE_KB,
  UNEVICTABLE_KB,
  VM_REFAULT_ANON,
  VM_REFAULT_FILE,
]);

/**
 * Fills the columns that memory.stat has a word on; answers how many it filled.
 * `pageKbShift`: binary logarithm of the page size in kB, 2 for 4 kB.
 */
export function parseMemoryStatV1(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
  pageKbShift: number = 2,
): number {
  return parseStat(bytes, at, end, columns, KEYS, COLUMNS, pageKbShift);
}

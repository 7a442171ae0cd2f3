// @hot
// memory.stat of a cgroup v2 memory group, to the columns of the machine.
// Never fails and never reads outside [at, end). Figures are those of the group
// and all below it.
// Source: mm/memcontrol.c, memory_stat_format.
//
// memory.stat, bytes and events; its read allocates in the kernel:
//
//   anon 8417280
//   file 2244608
//   slab_reclaimable 4344
//   workingset_refault_file 72      (workingset_refault before 5.9)
//   pgscan 640088
//   pgscan_direct 639624            (5.19 and newer; only pgscan before)

import {
  ACTIVE_ANON_KB,
  ACTIVE_FILE_KB,
  ANON_PAGES_KB,
  CACHED_KB,
  DIRTY_KB,
  INACTIVE_ANON_KB,
  INACTIVE_FILE_KB,
  KERNEL_STACK_KB,
  PAGE_TABLES_KB,
  SHMEM_KB,
  SLAB_RECLAIMABLE_KB,
  SLAB_UNRECLAIMABLE_KB,
  SWAP_CACHED_KB,
  UNEVICTABLE_KB,
  VM_PGREFILL,
  VM_PGSCAN_DIRECT,
  VM_PGSCAN_KSWAPD,
  VM_REFAULT_ANON,
  VM_REFAULT_FILE,
} from "../state/snapshot.ts";
import { Keys } from "./keys.ts";
import { parseStat } from "./memcg.ts";

const KEYS = new Keys(
  "anon file kernel_stack pagetables shmem file_dirty swapcached " +
    "inactive_anon active_anon inactive_file active_file unevictable " +
    "slab_reclaimable slab_unreclaimable " +
    "workingset_refault workingset_refault_file workingset_refault_anon " +
    "pgscan pgscan_kswapd pgscan_direct pgrefill",
);
/** Column of each name. */
const COLUMNS = new Int32Array([
  ANON_PAGES_KB,
  CACHED_KB,
  KERNEL_STACK_KB,
  PAGE_TABLES_KB,
  SHMEM_KB,
  DIRTY_KB,
  SWAP_CACHED_KB,
  INACTIVE_ANON_KB,
  ACTIVE_ANON_KB,
  INACTIVE_FILE_KB,
  ACTIVE_FILE_KB,
  UNEVICTABLE_KB,
  SLAB_RECLAIMABLE_KB,
  SLAB_UNRECLAIMABLE_KB,
  VM_REFAULT_FILE,
  VM_REFAULT_FILE,
  VM_REFAULT_ANON,
  VM_PGSCAN_DIRECT,
  VM_PGSCAN_KSWAPD,
  VM_PGSCAN_DIRECT,
  VM_PGREFILL,
]);

/**
 * Fills the columns that memory.stat has a word on; answers how many it filled.
 * `pageKbShift`: binary logarithm of the page size in kB, 2 for 4 kB.
 */
export function parseMemoryStatV2(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
  pageKbShift: number = 2,
): number {
  return parseStat(bytes, at, end, columns, KEYS, COLUMNS, pageKbShift);
}

// @hot
// The snapshot: what the judge sees of the machine or of one memory group, as
// one Int32 column for each value. A guard of a group fills the same columns
// from the group's files. ABSENT (base/scan.ts) marks what the kernel did not
// tell. Units are in the names; counters marked "wrapped" are the low 32 bits
// of the kernel's and may only be differenced with delta32.

/** Monotonic clock, ms, wrapped. */
export const NOW_MS = 0;

// /proc/meminfo, kB. In a group: limit, free = limit - usage, and so on.
export const MEM_TOTAL_KB = 1;
export const MEM_FREE_KB = 2;
export const MEM_AVAILABLE_KB = 3;
export const BUFFERS_KB = 4;
export const CACHED_KB = 5;
export const SWAP_CACHED_KB = 6;
export const ACTIVE_ANON_KB = 7;
export const INACTIVE_ANON_KB = 8;
export const ACTIVE_FILE_KB = 9;
export const INACTIVE_FILE_KB = 10;
export const UNEVICTABLE_KB = 11;
export const MLOCKED_KB = 12;
export const SWAP_TOTAL_KB = 13;
export const SWAP_FREE_KB = 14;
export const DIRTY_KB = 15;
export const ANON_PAGES_KB = 16;
export const SHMEM_KB = 17;
export const SLAB_RECLAIMABLE_KB = 18;
export const SLAB_UNRECLAIMABLE_KB = 19;
export const KERNEL_STACK_KB = 20;
export const PAGE_TABLES_KB = 21;
export const COMMIT_LIMIT_KB = 22;
export const COMMITTED_AS_KB = 23;
export const CMA_FREE_KB = 24;
export const ION_HEAP_KB = 25;
export const ION_HEAP_POOL_KB = 26;

// /proc/vmstat, pages or events, wrapped. Its read allocates in the kernel on
// every call (mm/vmstat.c), so these are refreshed in calm turns only.
export const VM_REFAULT_FILE = 32;
export const VM_REFAULT_ANON = 33;
export const VM_PGSCAN_KSWAPD = 34;
export const VM_PGSCAN_DIRECT = 35;
export const VM_PGREFILL = 36;
export const VM_ALLOCSTALL = 37;
export const VM_PSWPIN = 38;
export const VM_PSWPOUT = 39;
export const VM_OOM_KILL = 40;
export const VM_FILE_LRU_PAGES = 41;

// /proc/zoneinfo, pages: sums over populated zones of the watermark and the
// zone's largest protection entry (AOSP lmkd's definition).
export const WATERMARK_MIN_PAGES = 48;
export const WATERMARK_LOW_PAGES = 49;
export const WATERMARK_HIGH_PAGES = 50;
/** Sum over zones of high + largest protection, lmkd's totalreserve. */
export const TOTAL_RESERVE_PAGES = 51;
/** Refaults of file pages by the per-node counters, wrapped. */
export const ZONE_REFAULT_FILE = 52;
/** Active and inactive file pages by the per-node counters. */
export const ZONE_FILE_LRU_PAGES = 53;

// /proc/pressure/memory or the group's memory.pressure: averages in hundredths
// of a percent (0..10000), totals in us, wrapped.
export const PSI_SOME_AVG10_CENTI = 60;
export const PSI_FULL_AVG10_CENTI = 61;
export const PSI_SOME_AVG60_CENTI = 62;
export const PSI_FULL_AVG60_CENTI = 63;
export const PSI_SOME_TOTAL_US = 64;
export const PSI_FULL_TOTAL_US = 65;

// /proc/pressure/io and cpu, hundredths of a percent.
export const PSI_IO_SOME_AVG10_CENTI = 66;
export const PSI_IO_FULL_AVG10_CENTI = 67;
export const PSI_CPU_SOME_AVG10_CENTI = 68;
/** Not a judge's: tasks of a cpu group all waiting (5.13 and newer). */
export const PSI_CPU_FULL_AVG10_CENTI = 69;

// /proc/swaps: swap areas in use, and how much of the total is zram, kB.
export const SWAP_AREAS = 70;
export const SWAP_ZRAM_TOTAL_KB = 71;
export const SWAP_ZRAM_USED_KB = 72;

// /sys/block/zramN/mm_stat, summed over devices, kB.
export const ZRAM_ORIGINAL_KB = 74;
export const ZRAM_COMPRESSED_KB = 75;
export const ZRAM_USED_KB = 76;
export const ZRAM_HUGE_PAGES = 77;

// Derived by the sensor and the history, each turn.
/** Memory that can still be had, kB: what exhaustion is measured against. */
export const HEADROOM_KB = 84;
/** How fast headroom shrinks, kB per second; 0 when it does not. */
export const SHRINK_KB_PER_S = 85;
/** headroom / shrink, ms; INT_MAX when headroom does not shrink. */
export const EXHAUSTION_MS = 86;
/** Share of the time since the last turn with some task stalled, permille. */
export const STALL_SOME_PERMILLE = 87;
/** Share of the time since the last turn with all tasks stalled, permille. */
export const STALL_FULL_PERMILLE = 88;
/** Refaulted file pages in this window per 100 pages of file LRU (lmkd 4.3). */
export const THRASHING_PERCENT = 89;
/** Memory that must come back for the shortage to be over, kB. */
export const NEED_KB = 90;
/** Free pages against the zone watermarks: 0 below min, 1 low, 2 high, 3 ok. */
export const WATERMARK_LEVEL = 91;

/** Refaults of file pages, wrapped, and file pages on the lists: of vmstat in a
 * pass that read it, else of zoneinfo. */
export const REFAULT = 93;
export const FILE_LRU_PAGES = 94;
// Old strategy: use of the root memory group and of memory and swap, kB.
export const MEMCG_USAGE_KB = 95;
export const MEMSW_USAGE_KB = 96;

/** Number of columns. */
export const SNAPSHOT_COLUMNS = 128;

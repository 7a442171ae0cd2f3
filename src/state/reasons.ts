// @hot
// Why a process dies. Numbers up to 9 are AOSP lmkd's and go to its
// clients; 1000..1999 are left to vendors; ours begin at 2000.

export const REASON_NONE = -1;
export const REASON_PRESSURE_AFTER_KILL = 0;
export const REASON_NOT_RESPONDING = 1;
export const REASON_LOW_SWAP_AND_THRASHING = 2;
export const REASON_LOW_MEM_AND_SWAP = 3;
export const REASON_LOW_MEM_AND_THRASHING = 4;
export const REASON_DIRECT_RECL_AND_THRASHING = 5;
export const REASON_LOW_MEM_AND_SWAP_UTIL = 6;
export const REASON_LOW_FILECACHE_AFTER_THRASHING = 7;
export const REASON_LOW_MEM = 8;
/** Headroom ends within the horizon at the rate it shrinks. */
export const REASON_EXHAUSTION = 2000;
/** Headroom is below the reserve and swap cannot make up for it. */
export const REASON_RESERVE = 2001;
/** A minfree tier is undercut (lmkd reports such kills as -1). */
export const REASON_MINFREE = 2002;

// The verdict: what the judge answers, one word each.
export const VERDICT_REASON = 0;
/** Lowest oom_score_adj that may die for it. */
export const VERDICT_FLOOR_ADJ = 1;
/** Memory that should come back, kB. */
export const VERDICT_NEED_KB = 2;
/** The figure that crossed, and the limit it crossed. */
export const VERDICT_VALUE = 3;
export const VERDICT_LIMIT = 4;
export const VERDICT_WORDS = 8;

// History: what the judge remembers from turn to turn, one word each.
/** 1 after the first judgement: the words below are set. */
export const HIST_PRIMED = 0;
export const HIST_WINDOW_START_MS = 1;
export const HIST_BASE_REFAULT = 2;
export const HIST_BASE_FILE_LRU_PAGES = 3;
export const HIST_CARRY_PERCENT = 4;
/** The thrashing limit as it stands after decay, percent. */
export const HIST_THRASHING_LIMIT_PERCENT = 5;
export const HIST_MAX_THRASHING_PERCENT = 6;
/** Set by the killer: the last judgement led to a kill. */
export const HIST_KILLED = 7;
/** Set by the killer: the verdict asked for the limit to be cut. */
export const HIST_CUT_LIMIT = 8;
/** 1 while low file cache after thrashing counts. */
export const HIST_FILECACHE_ARMED = 9;
export const HIST_PGSCAN_DIRECT = 10;
export const HIST_PGSCAN_KSWAPD = 11;
export const HIST_WORDS = 32;

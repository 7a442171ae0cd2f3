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
export const REASON_DIRECT_RECL_STUCK = 9;
/** Headroom ends within the horizon at the rate it shrinks. */
export const REASON_EXHAUSTION = 2000;
/** Headroom is below the reserve and swap cannot make up for it. */
export const REASON_RESERVE = 2001;
/** A minfree tier is undercut (lmkd reports such kills as -1). */
export const REASON_MINFREE = 2002;
/** A pressure level lets it die, by lmkd's oldest rules (lmkd: -1). */
export const REASON_LEVEL = 2003;
/** Headroom is below the reserve, and though swap has room, what zram stores
 * there takes about as much memory as it frees. */
export const REASON_ZRAM = 2004;
/** The guard was silent while memory was short: its watchdog thread killed. */
export const REASON_SILENT = 2005;

// The verdict: what the judge answers, one word each.
export const VERDICT_REASON = 0;
/** Lowest oom_score_adj that may die for it. */
export const VERDICT_FLOOR_ADJ = 1;
/** Memory that should come back, kB. */
export const VERDICT_NEED_KB = 2;
// The figures behind the reason, as lmkd words them; 0 where not named here.
// VALUE and LIMIT, then VALUE2 and LIMIT2:
//
//   PRESSURE_AFTER_KILL            free, min watermark, kB
//   LOW_SWAP_AND_THRASHING         usable swap, low swap, kB
//                                  thrashing, limit, %
//   LOW_MEM_AND_SWAP               usable swap, low swap, kB
//   LOW_MEM_AND_SWAP_UTIL          swap utilization, most, %
//   LOW_MEM_AND_THRASHING          thrashing, limit as cut, %
//   DIRECT_RECL_AND_THRASHING      thrashing, limit as cut, %
//   LOW_FILECACHE_AFTER_THRASHING  file cache, least, kB
//   LOW_MEM                        free, low watermark, kB
//   DIRECT_RECL_STUCK              how long, limit, ms
//   EXHAUSTION                     left, soon needed, kB
//   RESERVE                        headroom (negative), 0, kB
//   MINFREE                        other_free, tier, kB
//                                  other_file, tier, kB
//   SILENT                         silence, its limit, ms
//                                  memory left, least, kB
//   LEVEL                          level 0..2 once raised or lowered, 0
//                                  free, most free at low pressure, kB
/** The figure that crossed, and the limit it crossed. */
export const VERDICT_VALUE = 3;
export const VERDICT_LIMIT = 4;
/** A second figure and its limit, where the reason has two. */
export const VERDICT_VALUE2 = 5;
export const VERDICT_LIMIT2 = 6;
/** Free memory against the watermarks: BELOW_* (policy/watermarks.ts). */
export const VERDICT_MARK = 7;
export const VERDICT_WORDS = 8;

// History: what the judge remembers from turn to turn, one word each.
/** 1 while the thrashing window has its baselines: not before the first pass,
 * nor where refaults or file pages are not known. */
export const HIST_PRIMED = 0;
export const HIST_WINDOW_START_MS = 1;
export const HIST_BASE_REFAULT = 2;
export const HIST_BASE_FILE_LRU_PAGES = 3;
export const HIST_CARRY_PERCENT = 4;
/** The thrashing limit as it stands after decay, percent. */
export const HIST_THRASHING_LIMIT_PERCENT = 5;
export const HIST_MAX_THRASHING_PERCENT = 6;
/** Set by the killer: this pass led to a kill. The next pass takes it back. */
export const HIST_KILLED = 7;
/** Set by the judge: a kill for this verdict cuts the limit. */
export const HIST_CUT_LIMIT = 8;
/** 1 while low file cache after thrashing counts. */
export const HIST_FILECACHE_ARMED = 9;
export const HIST_PGSCAN_DIRECT = 10;
export const HIST_PGSCAN_KSWAPD = 11;
export const HIST_PGREFILL = 12;
/** Refaults at the previous pass. */
export const HIST_REFAULT = 13;
/** What reclaim was seen in this pass: RECLAIM_*. */
export const HIST_RECLAIM = 14;
/** Clock since which every pass saw direct reclaim, ms. */
export const HIST_DIRECT_SINCE_MS = 15;
/** 1 once a reason has been found: lmkd looks twice at its first. */
export const HIST_REASONED = 16;
/** The previous pass led to a kill: reason 0 is possible in this one. */
export const HIST_AFTER_KILL = 17;
// lmkd's polling (policy/polling.ts).
/** POLL_*: not polling, polling, paused for a victim's death. */
export const HIST_POLL = 18;
export const HIST_POLL_START_MS = 19;
export const HIST_POLL_LAST_MS = 20;
export const HIST_POLL_INTERVAL_MS = 21;
/** Level of the last event that was taken, and 1 once a poll came after it. */
export const HIST_EVENT_LEVEL = 22;
export const HIST_POLLED = 23;
// What lmkd's killinfo tells of its wakeups.
export const HIST_EVENT_MS = 24;
export const HIST_WAKE_MS = 25;
export const HIST_PREVIOUS_WAKE_MS = 26;
export const HIST_WAKEUPS = 27;
export const HIST_SKIPPED = 28;
// The old strategy's record of free memory at low pressure, pages; counts once
// HIST_FREE_SEEN is 1.
export const HIST_FREE_MAX_PAGES = 29;
export const HIST_FREE_MIN_PAGES = 30;
export const HIST_FREE_SEEN = 31;
/** Level of the event whose polls run or are paused. */
export const HIST_POLL_LEVEL = 32;
/** Floor by the reason alone: before a critical stall takes it away. */
export const HIST_FLOOR_ADJ = 33;
/** Clock of the last pass that looked at reclaim, ms. */
export const HIST_PASS_MS = 34;
export const HIST_WORDS = 64;

/** HIST_RECLAIM. */
export const RECLAIM_NONE = 0;
export const RECLAIM_KSWAPD = 1;
export const RECLAIM_DIRECT = 2;

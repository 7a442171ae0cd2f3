// @hot
// The configuration as the hot path reads it: one Int32 for each threshold,
// compiled once from the checked configuration (config/compile.ts) and written
// into the arena in one step, so that a reload changes all of it or nothing.

/** Which policy judges: STRATEGY_*. */
export const SET_STRATEGY = 0;
export const STRATEGY_ADAPTIVE = 0;
export const STRATEGY_LMKD = 1;
export const STRATEGY_MINFREE = 2;
/** 1: judge and record, signal nobody. */
export const SET_DRY_RUN = 1;
/** No process below this oom_score_adj is ever chosen; 0..1000. */
export const SET_FLOOR_ADJ = 2;

// Signals.
/** "some" stall within the window that wakes the guard, ms (lmkd
 * psi_partial_stall_ms). 0: no trigger. */
export const SET_PSI_SOME_MS = 4;
/** "full" stall within the window, ms (lmkd psi_complete_stall_ms). */
export const SET_PSI_FULL_MS = 5;
/** PSI window, ms. */
export const SET_PSI_WINDOW_MS = 6;

// lmkd's thresholds (AOSP lmkd), percentages as whole numbers.
export const SET_SWAP_LOW_PERCENT = 8;
export const SET_THRASHING_PERCENT = 9;
export const SET_THRASHING_DECAY_PERCENT = 10;
export const SET_THRASHING_CRITICAL_PERCENT = 11;
export const SET_SWAP_UTIL_MAX_PERCENT = 12;
export const SET_FILECACHE_MIN_KB = 13;
export const SET_STALL_CRITICAL_PERCENT = 14;
export const SET_LOWMEM_ADJ = 15;
export const SET_AFTER_KILL_ADJ = 16;
/** Longest wait for a victim's memory before another may die, ms. */
export const SET_KILL_TIMEOUT_MS = 17;
/** 1: the largest of an adj, not the least recently used. */
export const SET_KILL_HEAVIEST = 18;

// Level and slope (adaptive).
/** Memory that must stay available, kB. */
export const SET_RESERVE_KB = 20;
/** Memory to have again before a shortage counts as over, kB; >= reserve. */
export const SET_COMFORT_KB = 21;
/** How far ahead exhaustion is looked for, ms. */
export const SET_HORIZON_MS = 22;
/** What swapping is trusted to give back, kB per second. */
export const SET_SWAP_KB_PER_S = 23;
/** Growth within the window that makes a process the culprit, kB. */
export const SET_CULPRIT_KB = 24;

// Waiting.
/** Longest sleep when calm, ms. */
export const SET_IDLE_MAX_MS = 26;
/** Shortest sleep, in a sprint, ms. */
export const SET_SPRINT_MS = 27;
/** Fastest growth reckoned with when calm, kB per ms. */
export const SET_FILL_KB_PER_MS = 28;

// Tiers of minfree: other_free and other_file below the first, the floor is
// the second (AOSP lmkd.cpp, mp_event_common).
/** Tiers in use, 0..TARGETS_MAX. */
export const SET_TIERS = 32;
/** 1: a client told the tiers; a reload leaves them alone. */
export const SET_TIERS_TOLD = 51;
/** TARGETS_MAX thresholds, pages. */
export const SET_TIER_PAGES = 33;
/** TARGETS_MAX floors, oom_score_adj. */
export const SET_TIER_ADJ = 39;

// More of lmkd's (AOSP lmkd.cpp, update_props).
/** How strategy `lmkd` judges: LMKD_*. */
export const SET_LMKD_MODE = 52;
/** mp_event_psi. */
export const LMKD_NEW = 0;
/** mp_event_common with the tiers of LMK_TARGET. */
export const LMKD_MINFREE = 1;
/** mp_event_common by pressure levels. */
export const LMKD_LEVELS = 2;
/** Lowest oom_score_adj to die at low, medium and critical pressure: three
 * words; over 1000 turns a level off. */
export const SET_LEVEL_ADJ = 54;
export const SET_CRITICAL_UPGRADE = 57;
export const SET_UPGRADE_PERCENT = 58;
export const SET_DOWNGRADE_PERCENT = 59;
/** Direct reclaim that lasts longer is stuck, ms; 0 is off. */
export const SET_DIRECT_STUCK_MS = 60;
/** Free swap counts up to ratio / div times what is easily available; ratio 0:
 * all of it. */
export const SET_SWAP_RATIO = 61;
export const SET_SWAP_RATIO_DIV = 62;
/** 1: ro.config.low_ram, as lmkd's own rules ask for it. */
export const SET_LOW_RAM = 63;
/** 1: apps have memory groups of their own (ro.config.per_app_memcg). */
export const SET_PER_APP_MEMCG = 64;
/** 1: clients that asked are told each kill's figures (ro.lmk.log_stats). */
export const SET_LOG_STATS = 65;
/** Android release whose framework is spoken to: RELEASE_*. */
export const SET_RELEASE = 66;
/** 1: no pressure triggers until LMK_START_MONITORING. */
export const SET_DELAY_MONITORS = 67;
/** 1: pressure triggers; 0: vmpressure, where memcg v1 has it. */
export const SET_USE_PSI = 68;
/** LMKD_MINFREE or LMKD_LEVELS: how strategy lmkd judges by vmpressure. */
export const SET_OLD_MODE = 69;

// The guard itself (config key "self").
/** How its memory is locked: LOCK_*. */
export const SET_LOCK = 70;
export const LOCK_OFF = 0;
/** Mapped files only. */
export const LOCK_FILES = 1;
/** All of it, or files only where the guard cannot be swapped. */
export const LOCK_AUTO = 2;
/** 1: it moves out of the root memory group. */
export const SET_OWN_GROUP = 71;
/** SCHED_FIFO priority of the reactor; its watchdog thread has one more, the
 * keeper two. 0: none of them is real-time. */
export const SET_FIFO = 72;
export const SET_BALLAST_KB = 73;
/** Silence after which the watchdog thread acts, ms; 0: never. */
export const SET_WATCHDOG_MS = 74;
/** 1: a keeper process stands beside the guard. */
export const SET_KEEPER = 75;
/** Silence after which the keeper acts, ms. */
export const SET_KEEPER_MS = 76;
/** Whether the keeper starts a dead guard again: RESTART_*. */
export const SET_RESTART = 77;
export const RESTART_NEVER = 0;
export const RESTART_ALWAYS = 1;
export const RESTART_AUTO = 2;
/** 1: the kernel's killer is armed with our choice. */
export const SET_ARM_KERNEL = 78;
/** Repeats of a call that ran out of memory or descriptors; -1: while the
 * turn has time. */
export const SET_RETRIES = 79;

// Releases in the order they came; QPRs are quarterly updates of a release.
export const RELEASE_11 = 0;
export const RELEASE_12 = 1;
export const RELEASE_13 = 2;
export const RELEASE_14 = 3;
export const RELEASE_14_QPR3 = 4;
export const RELEASE_15 = 5;
export const RELEASE_15_QPR1 = 6;
export const RELEASE_15_QPR2 = 7;
export const RELEASE_16 = 8;
export const RELEASE_16_QPR2 = 9;
export const RELEASE_17 = 10;

// What is guarded and how victims are found.
/** 1: victims are discovered from /proc or the group. */
export const SET_DISCOVER = 47;
/** Bytes of a page. */
export const SET_PAGE_KB = 48;
/** Shortest time between two scans of /proc, ms. */
export const SET_DISCOVER_MS = 49;

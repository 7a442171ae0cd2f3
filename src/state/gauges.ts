// @hot
// What the guard says about itself while it runs: read by the status file, by
// tests, and through the arena by `oomguard status` and `procs`.

export const G_STATE = 0;
export const STATE_CALM = 0;
/** Looking closely: headroom is small or tasks stall. */
export const STATE_SPRINT = 1;
/** A victim was signalled; its memory is awaited. */
export const STATE_KILLING = 2;
/** Ended by a signal: the figures are the last ones. */
export const STATE_STOPPED = 3;
export const G_TURNS = 1;
export const G_WAIT_MS = 2;
export const G_KILLS = 3;
export const G_REFUSED = 4;
export const G_NO_VICTIM = 5;
export const G_OVERDUE = 6;
export const G_PACKETS = 7;
export const G_BAD_PACKETS = 8;
export const G_CLIENTS = 9;
export const G_VICTIMS = 10;
export const G_LISTED = 11;
export const G_TABLE_FULL = 12;
export const G_SENSE_ERRORS = 14;
/** Wake to signal of the last kill, us. */
export const G_SIGNAL_US = 15;
/** Signal to death of the last victim, ms. */
export const G_DEATH_MS = 16;
/** Memory seen back after the last death, kB. */
export const G_BACK_KB = 17;
export const G_LAST_PID = 18;
export const G_LAST_ADJ = 19;
export const G_LAST_REASON = 20;
/** Guard clock of the last kill, ms, wrapped. */
export const G_LAST_MS = 21;
export const G_PSI_EVENTS = 22;
export const G_STARTED_MS = 23;
export const G_GUARD_PID = 24;
/** Index into RUNGS (state/rungs.ts): which pressure signal there is. */
export const G_RUNG = 25;
export const G_SCANS = 27;
export const G_RELOADS = 28;
/** Bits of self-protection that holds: SELF_*. */
export const G_SELF = 29;
export const SELF_ADJ = 1;
export const SELF_FIFO = 2;
export const SELF_ARENA_LOCKED = 4;
/** Locked to the level that was asked for (G_LOCK_LEVEL). */
export const SELF_LOCKED = 8;
/** In a memory group of its own, without swap; memory.min where there is one. */
export const SELF_GROUP = 16;
/** PR_SET_IO_FLUSHER, only ever together with SELF_FIFO. */
export const SELF_IO_FLUSHER = 32;
export const SELF_NO_THP = 64;
export const SELF_TIMER_SLACK = 128;
export const SELF_BALLAST = 256;
export const SELF_WATCHDOG = 512;
export const SELF_KEEPER = 1024;
/** The kernel's killer is armed with our choice. */
export const SELF_ARMED = 2048;
export const G_EPOCH_S = 30;
export const G_DRY_RUN = 31;
export const G_STRATEGY = 32;
export const G_LAST_RSS_KB = 33;
export const G_TURN_US = 34;
export const G_TURN_US_MAX = 35;
export const G_PROMISED_KB = 36;
/** Messages that a client did not take: it was full. */
export const G_LOST_MESSAGES = 37;
/** Clients dropped for a newcomer. */
export const G_DROPPED_CLIENTS = 38;
/** LMK_TARGETs that came too soon after another. */
export const G_HASTY_TARGETS = 39;
/** Rows of the victims table that were ever used: those beyond are empty. */
export const G_ROWS_USED = 40;
/** Whom the guard would kill next: row, pid and own oom_score_adj; row -1:
 * nobody. The kernel's killer is armed with it while SELF_ARMED holds. */
export const G_NEXT_ROW = 41;
export const G_NEXT_PID = 42;
export const G_NEXT_ADJ = 43;
/** How the guard's memory is held: LEVEL_*. */
export const G_LOCK_LEVEL = 44;
export const LEVEL_NONE = 0;
/** The arena only. */
export const LEVEL_ARENA = 1;
/** Every mapped file, and the arena. */
export const LEVEL_FILES = 2;
/** All memory, present and future, as it is touched. */
export const LEVEL_ALL = 3;
/** The guard's own memory as the kernel counts it, kB. */
export const G_LOCKED_KB = 45;
export const G_ANON_KB = 46;
export const G_FILE_KB = 47;
export const G_SHMEM_KB = 48;
export const G_SWAPPED_KB = 49;
/** Ballast held now, kB, and how often it was given up. */
export const G_BALLAST_KB = 50;
export const G_BALLAST_RELEASES = 51;
/** Process id of the keeper; 0: there is none. */
export const G_KEEPER_PID = 52;
/** Kills by the watchdog thread, since the guard's start. */
export const G_WATCHDOG_KILLS = 53;
/** Calls that failed otherwise than they ordinarily do, the last one (CALL_*),
 * and its -errno. */
export const G_FAULTS = 54;
export const G_LAST_FAULT = 55;
export const G_LAST_FAULT_RC = 56;
/** How often a keeper has started a guard here. */
export const G_RESTARTS = 57;
/** What the keeper could have for itself, written by it: SELF_KEEPER once it
 * stands, SELF_ADJ, SELF_FIFO, SELF_LOCKED, SELF_NO_THP; SELF_ARMED: it can
 * call the kernel's killer. */
export const G_KEEPER_SELF = 58;

// Who is armed, as it is kept in the state folder: pid, 0 for nobody, start in
// ticks since boot (proc(5), field 22), wrapped, own oom_score_adj, the start
// of the first whom it may have forked meanwhile, and its user.
export const G_ARMED_PID = 100;
export const G_ARMED_START = 101;
export const G_ARMED_ADJ = 102;
export const G_ARMED_SINCE = 103;
export const G_ARMED_UID = 104;
export const ARMED_WORDS = 5;
/** -errno with which the kernel refused to take a value back; 0: never. */
export const G_ARM_RC = 105;
/** Guard clock of the wake that ended the calm last, us, wrapped. Read by who
 * traces a guard from outside (test/qemu/load). */
export const G_ALARM_US = 64;

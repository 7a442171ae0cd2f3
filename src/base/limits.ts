// @hot
// Every bound of the program, in one place. What is sized here is sized once,
// at start; a full table refuses, counts and reports, it never grows.

/** Events taken from the kernel in one wait. */
export const EVENTS_MAX = 64;
/** Files that one sense call can read. */
export const SLOTS_MAX = 32;
/** Rows of the victims table. Ten thousand processes and room to spare. */
export const VICTIMS_MAX = 16_384;
/** Buckets of the pid hash; a power of two. */
export const PID_BUCKETS = 4_096;
/** Rows kept ready for an emergency: status file open, memory sampled. */
export const READY_MAX = 64;
/** Ready rows whose status is read in one turn. */
export const SAMPLES_MAX = 16;
/** Clients of the control socket; lmkd allows 3, tests and tools need more. */
export const CLIENTS_MAX = 8;
/** Registrations waiting for the desk. */
export const PENDING_MAX = 512;
/** Packets taken from one client in one turn. */
export const PACKETS_PER_TURN = 32;
/** Longest packet: requests have at most 16 words, a message to a client 214
 * bytes (AOSP lmkd.h); with a margin, so that an over-long one is seen. */
export const PACKET_BYTES_MAX = 256;
/** minfree tiers in one LMK_TARGET (AOSP lmkd.h, MAX_TARGETS). */
export const TARGETS_MAX = 6;
/** Journal records kept; each is JOURNAL_WORDS words. */
export const JOURNAL_RECORDS = 1_024;
/** Journal records kept of each of those who write when the guard cannot: the
 * watchdog thread and the keeper. */
export const SIDE_RECORDS = 64;
/** Words of one journal record: lmkd's killinfo and a full name fit. */
export const JOURNAL_WORDS = 96;
/** Bytes of the plain-text status file. */
export const STATUS_BYTES = 4_096;
/** Entries of /proc looked at in one desk visit. */
export const SCAN_PIDS_MAX = 256;
/** zram devices watched. */
export const ZRAMS_MAX = 4;
/** Longest process name kept, NUL included (TASK_COMM_LEN). */
export const NAME_BYTES = 16;
/** Longest command name kept, NUL included (AOSP lmkd.cpp, LINE_MAX): what a
 * process calls itself by its first argument. */
export const TITLE_BYTES = 128;
/** Command names read in one go. */
export const TITLE_ASKS_MAX = 16;
/** Calls and their errors that failures are counted by. */
export const FAULTS_MAX = 64;
/** Rows put off because their signal failed. */
export const DEFERRED_MAX = 16;
/** Name patterns a configuration may protect. */
export const PROTECTED_NAMES_MAX = 64;

/** oom_score_adj range (include/uapi/linux/oom.h). */
export const ADJ_MIN = -1000;
/** oom_score_adj range (include/uapi/linux/oom.h). */
export const ADJ_MAX = 1000;
/** Bands of importance are this wide in oom_score_adj. */
export const ADJ_BAND = 100;

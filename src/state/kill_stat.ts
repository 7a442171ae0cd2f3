// @hot
// The figures of a kill that subscribed clients are told (AOSP statslog.h,
// struct memory_stat and struct kill_stat), as words: kernel/ and the killer
// fill them, wire/ sends them. Values of 64 bits take two words, the high half
// first.

/** Page faults without and with I/O. */
export const STAT_MINFLT_HI = 0;
export const STAT_MINFLT_LO = 1;
export const STAT_MAJFLT_HI = 2;
export const STAT_MAJFLT_LO = 3;
/** Memory, page cache and swap, bytes. */
export const STAT_RSS_HI = 4;
export const STAT_RSS_LO = 5;
export const STAT_CACHE_HI = 6;
export const STAT_CACHE_LO = 7;
export const STAT_SWAP_HI = 8;
export const STAT_SWAP_LO = 9;
/** When the process started, ns since boot. */
export const STAT_START_HI = 10;
export const STAT_START_LO = 11;
/** How many words come before the first of one word. */
export const STAT_WIDE_WORDS = 12;
export const STAT_UID = 12;
/** oom_score_adj of the victim, and the lowest that might have died. */
export const STAT_ADJ = 13;
export const STAT_FLOOR_ADJ = 14;
/** Free memory, and free swap that counts. */
export const STAT_FREE_KB = 15;
export const STAT_FREE_SWAP_KB = 16;
/** REASON_*: ours, not yet the number that clients know. */
export const STAT_REASON = 17;
export const STAT_THRASHING_PERCENT = 18;
/** The most since the last kill. */
export const STAT_MAX_THRASHING_PERCENT = 19;
export const STAT_WORDS = 20;

/** No figures of the process are known: all six are told as -1. */
export function clearStat(stat: Int32Array): void {
  stat.fill(-1, 0, STAT_WIDE_WORDS);
}

/** Memory and swap as /proc/PID/status has them, kB; it tells no cache. */
export function setStatMemory(
  stat: Int32Array,
  rssKb: number,
  swapKb: number,
): void {
  // kB * 1024, the bits that leave 32 in the high half.
  stat[STAT_RSS_HI] = rssKb >> 22;
  stat[STAT_RSS_LO] = rssKb << 10;
  stat[STAT_CACHE_HI] = 0;
  stat[STAT_CACHE_LO] = 0;
  stat[STAT_SWAP_HI] = swapKb >> 22;
  stat[STAT_SWAP_LO] = swapKb << 10;
}

// The 38 figures that lmkd writes to Android's event log at each kill (AOSP
// event.logtags, killinfo, 10195355), in its order, by names that stay.

import { ABSENT } from "../base/scan.ts";
import {
  J_ADJ,
  J_EVENT_MS,
  J_FLOOR_ADJ,
  J_GPU_KB,
  J_MAX_THRASHING_PERCENT,
  J_MEMINFO,
  J_PID,
  J_PSI,
  J_REASON,
  J_RSS_KB,
  J_SKIPPED,
  J_SWAP_KB,
  J_THRASHING_PERCENT,
  J_UID,
  J_WAKE_MS,
  J_WAKEUPS,
} from "../state/journal.ts";

/** Of /proc/meminfo, in the order of the event and of the record. */
export const MEMINFO_NAMES = [
  "freeKb",
  "cachedKb",
  "swapCachedKb",
  "buffersKb",
  "shmemKb",
  "unevictableKb",
  "swapTotalKb",
  "swapFreeKb",
  "activeAnonKb",
  "inactiveAnonKb",
  "activeFileKb",
  "inactiveFileKb",
  "slabReclaimableKb",
  "slabUnreclaimableKb",
  "kernelStackKb",
  "pageTablesKb",
  "ionHeapKb",
  "ionHeapPoolKb",
  "cmaFreeKb",
] as const;

/** Averages over 10 s, in the order of the event and of the record. */
export const PSI_NAMES = [
  "memorySomePercent",
  "memoryFullPercent",
  "ioSomePercent",
  "ioFullPercent",
  "cpuSomePercent",
] as const;

const BEFORE = [
  ["pid", J_PID],
  ["uid", J_UID],
  ["adj", J_ADJ],
  ["floorAdj", J_FLOOR_ADJ],
  ["rssKb", J_RSS_KB],
  ["reason", J_REASON],
] as const;

const AFTER = [
  ["eventMs", J_EVENT_MS],
  ["wakeMs", J_WAKE_MS],
  ["wakeups", J_WAKEUPS],
  ["skippedWakeups", J_SKIPPED],
  ["swapKb", J_SWAP_KB],
  ["gpuKb", J_GPU_KB],
  ["thrashingPercent", J_THRASHING_PERCENT],
  ["maxThrashingPercent", J_MAX_THRASHING_PERCENT],
] as const;

/** Name of one of the 38. */
export type KillInfoName =
  | typeof BEFORE[number][0]
  | typeof MEMINFO_NAMES[number]
  | typeof AFTER[number][0]
  | typeof PSI_NAMES[number];

/** The 38 by name, in the order of the event; null is what was not known. */
export type KillInfo = Readonly<Record<KillInfoName, number | null>>;

/** Figures of the kill whose record begins at word `at`; `reason` is the
 * guard's own number, which lmkd may not have. */
export function killinfoOf(words: Int32Array, at: number): KillInfo {
  const known = (value: number) => value === ABSENT ? null : value;
  const found: [KillInfoName, number | null][] = [];
  for (const [name, word] of BEFORE) {
    const value = words[at + word];
    // The kernel's uids are unsigned.
    found.push([name, name === "uid" ? value >>> 0 : known(value)]);
  }
  for (const [i, name] of MEMINFO_NAMES.entries()) {
    found.push([name, known(words[at + J_MEMINFO + i])]);
  }
  for (const [name, word] of AFTER) found.push([name, known(words[at + word])]);
  for (const [i, name] of PSI_NAMES.entries()) {
    const centi = known(words[at + J_PSI + i]);
    found.push([name, centi === null ? null : centi / 100]);
  }
  return Object.fromEntries(found) as KillInfo;
}

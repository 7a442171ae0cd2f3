// Reasons in words, as lmkd's log has them where the reason is lmkd's
// (AOSP lmkd.cpp), with the figures behind them.

import { BELOW_MIN } from "../policy/watermarks.ts";
import {
  J_LIMIT,
  J_LIMIT2,
  J_MARK,
  J_REASON,
  J_STRATEGY,
  J_VALUE,
  J_VALUE2,
} from "../state/journal.ts";
import * as reason from "../state/reasons.ts";
import { STRATEGY_ADAPTIVE, STRATEGY_LMKD } from "../state/settings.ts";

/** Short name of a reason: stable, for JSON and tables. */
export function reasonName(number: number): string {
  return NAMES.get(number) ?? `REASON_${number}`;
}

const NAMES = new Map<number, string>([
  [reason.REASON_NONE, "NONE"],
  [reason.REASON_PRESSURE_AFTER_KILL, "PRESSURE_AFTER_KILL"],
  [reason.REASON_NOT_RESPONDING, "NOT_RESPONDING"],
  [reason.REASON_LOW_SWAP_AND_THRASHING, "LOW_SWAP_AND_THRASHING"],
  [reason.REASON_LOW_MEM_AND_SWAP, "LOW_MEM_AND_SWAP"],
  [reason.REASON_LOW_MEM_AND_THRASHING, "LOW_MEM_AND_THRASHING"],
  [reason.REASON_DIRECT_RECL_AND_THRASHING, "DIRECT_RECL_AND_THRASHING"],
  [reason.REASON_LOW_MEM_AND_SWAP_UTIL, "LOW_MEM_AND_SWAP_UTIL"],
  [
    reason.REASON_LOW_FILECACHE_AFTER_THRASHING,
    "LOW_FILECACHE_AFTER_THRASHING",
  ],
  [reason.REASON_LOW_MEM, "LOW_MEM"],
  [reason.REASON_DIRECT_RECL_STUCK, "DIRECT_RECL_STUCK"],
  [reason.REASON_EXHAUSTION, "EXHAUSTION"],
  [reason.REASON_RESERVE, "RESERVE"],
  [reason.REASON_ZRAM, "ZRAM"],
  [reason.REASON_MINFREE, "MINFREE"],
  [reason.REASON_LEVEL, "LEVEL"],
  [reason.REASON_SILENT, "SILENT"],
]);

/** Name of a STRATEGY_*, as the configuration has it. */
export function strategyName(number: number): string {
  if (number === STRATEGY_ADAPTIVE) return "adaptive";
  return number === STRATEGY_LMKD ? "lmkd" : "minfree";
}

/** Pressure by lmkd's numbers. */
const LEVELS = ["low", "medium", "critical"];

/** The reason of the record at word `at`, as a sentence without a stop. */
export function reasonText(words: Int32Array, at: number): string {
  const value = words[at + J_VALUE];
  const limit = words[at + J_LIMIT];
  const below = `${value}kB < ${limit}kB`;
  const mark = words[at + J_MARK] === BELOW_MIN ? "min" : "low";
  const breached = `${mark} watermark is breached`;
  switch (words[at + J_REASON]) {
    case reason.REASON_PRESSURE_AFTER_KILL:
      return "min watermark is breached even after kill";
    case reason.REASON_NOT_RESPONDING:
      return "device is not responding";
    case reason.REASON_LOW_SWAP_AND_THRASHING:
      return `device is low on swap (${below}) and thrashing ` +
        `(${words[at + J_VALUE2]}%)`;
    case reason.REASON_LOW_MEM_AND_SWAP:
      return `${breached} and swap is low (${below})`;
    case reason.REASON_LOW_MEM_AND_THRASHING:
      return `${breached} and thrashing (${value}%)`;
    case reason.REASON_DIRECT_RECL_AND_THRASHING:
      return `device is in direct reclaim and thrashing (${value}%)`;
    case reason.REASON_LOW_MEM_AND_SWAP_UTIL:
      return `${breached} and swap utilization is high (${value}% > ${limit}%)`;
    case reason.REASON_LOW_FILECACHE_AFTER_THRASHING:
      return `filecache is low (${below}) after thrashing`;
    case reason.REASON_LOW_MEM:
      return breached;
    case reason.REASON_DIRECT_RECL_STUCK:
      return `device is stuck in direct reclaim (${value}ms > ${limit}ms)`;
    case reason.REASON_EXHAUSTION:
      return `memory is about to end (${value}kB left, ${limit}kB soon needed)`;
    case reason.REASON_ZRAM:
      return `memory is below its reserve and zram no longer helps (${value}kB take ${limit}kB)`;
    case reason.REASON_RESERVE:
      return `memory is below its reserve (by ${-value}kB)`;
    case reason.REASON_MINFREE:
      return `minfree tier is undercut (${below})`;
    case reason.REASON_LEVEL:
      return `pressure level is ${LEVELS[value] ?? value}`;
    case reason.REASON_SILENT:
      return `the guard was silent for ${value}ms while memory was short ` +
        `(${words[at + J_VALUE2]}kB < ${words[at + J_LIMIT2]}kB)`;
    default:
      return reasonName(words[at + J_REASON]);
  }
}

/** Whether lmkd's own log names no reason for the kill at word `at`: its older
 * strategies have none (AOSP lmkd.cpp, mp_event_common). */
export function isUnreasoned(words: Int32Array, at: number): boolean {
  const number = words[at + J_REASON];
  if (number === reason.REASON_NONE) return true;
  if (words[at + J_STRATEGY] === STRATEGY_ADAPTIVE) return false;
  return number === reason.REASON_MINFREE || number === reason.REASON_LEVEL;
}

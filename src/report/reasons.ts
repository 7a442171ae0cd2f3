// Reasons in words, as lmkd's log has them where the reason is lmkd's
// (AOSP lmkd.cpp), with the figures behind them.

import { J_LIMIT, J_REASON, J_VALUE } from "../state/journal.ts";
import * as reason from "../state/reasons.ts";

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
  [reason.REASON_EXHAUSTION, "EXHAUSTION"],
  [reason.REASON_RESERVE, "RESERVE"],
  [reason.REASON_MINFREE, "MINFREE"],
]);

/** The reason of the record at word `at`, as a sentence without a stop. */
export function reasonText(words: Int32Array, at: number): string {
  const value = words[at + J_VALUE];
  const limit = words[at + J_LIMIT];
  switch (words[at + J_REASON]) {
    case reason.REASON_PRESSURE_AFTER_KILL:
      return "min watermark is breached even after kill";
    case reason.REASON_NOT_RESPONDING:
      return "device is not responding";
    case reason.REASON_LOW_SWAP_AND_THRASHING:
      return `device is low on swap and thrashing (${value}%)`;
    case reason.REASON_LOW_MEM_AND_SWAP:
      return `low watermark is breached and swap is low (${value}kB < ${limit}kB)`;
    case reason.REASON_LOW_MEM_AND_THRASHING:
      return `low watermark is breached and thrashing (${value}%)`;
    case reason.REASON_DIRECT_RECL_AND_THRASHING:
      return `device is in direct reclaim and thrashing (${value}%)`;
    case reason.REASON_LOW_MEM_AND_SWAP_UTIL:
      return `low watermark is breached and swap utilization is high (${value}% > ${limit}%)`;
    case reason.REASON_LOW_FILECACHE_AFTER_THRASHING:
      return `filecache is low (${value}kB < ${limit}kB) after thrashing`;
    case reason.REASON_LOW_MEM:
      return `low watermark is breached (${value}kB < ${limit}kB)`;
    case reason.REASON_EXHAUSTION:
      return `memory is about to end (${value}kB left, ${limit}kB soon needed)`;
    case reason.REASON_RESERVE:
      return `memory is below its reserve (by ${-value}kB)`;
    case reason.REASON_MINFREE:
      return `minfree tier is undercut (${value}kB < ${limit}kB)`;
    default:
      return reasonName(words[at + J_REASON]);
  }
}

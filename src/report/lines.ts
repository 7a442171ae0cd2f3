// Journal records as lines of the log, one for each record that has something
// to say.

import { errnoName } from "../base/errno.ts";
import {
  J_ADJ,
  J_BACK_KB,
  J_CALL,
  J_DETAIL,
  J_FLOOR_ADJ,
  J_KIND,
  J_LATENCY,
  J_NAME,
  J_PID,
  J_REAP_RESULT,
  J_REAP_US,
  J_RSS_KB,
  J_SWAP_KB,
  J_UID,
  J_VALUE,
  KIND_DEATH,
  KIND_FAULT,
  KIND_KEEPER,
  KIND_KILL,
  KIND_NO_VICTIM,
  KIND_OVERDUE,
  KIND_REAP,
  KIND_REFUSED,
  KIND_WATCHDOG,
} from "../state/journal.ts";
import { callName } from "./calls.ts";
import { keeperText } from "./keeper.ts";
import { nameAt } from "./names.ts";
import { isUnreasoned, reasonText } from "./reasons.ts";

/** lmkd's Kill line, word for word: tests and log readers parse it. Where lmkd
 * gives no reason it writes the second unit otherwise (AOSP lmkd.cpp). */
export function killLine(words: Int32Array, at: number): string {
  const name = nameAt(words, at + J_NAME);
  const end = isUnreasoned(words, at)
    ? "kb swap"
    : `kB swap; reason: ${reasonText(words, at)}`;
  return `Kill '${name}' (${words[at + J_PID]}), uid ${words[at + J_UID]}, ` +
    `oom_score_adj ${words[at + J_ADJ]} to free ${words[at + J_RSS_KB]}kB ` +
    `rss, ${words[at + J_SWAP_KB]}${end}`;
}

/** What the C library says of errors that process_mrelease can meet
 * (process_mrelease(2); mm/oom_kill.c): lmkd's test reads one of them. */
const ERRORS = new Map([
  ["EPERM", "Operation not permitted"],
  ["ESRCH", "No such process"],
  ["EINTR", "Interrupted system call"],
  ["EBADF", "Bad file descriptor"],
  ["EAGAIN", "Try again"],
  ["EINVAL", "Invalid argument"],
  ["ENOSYS", "Function not implemented"],
]);

/** lmkd's lines about process_mrelease, word for word. */
function reapLine(words: Int32Array, at: number): string {
  const pid = words[at + J_PID];
  const result = words[at + J_REAP_RESULT];
  if (result === 0) {
    const ms = Math.trunc(words[at + J_REAP_US] / 1_000);
    return `Process ${pid} was reaped in ${ms}ms`;
  }
  const name = errnoName(result);
  return `process_mrelease ${pid} failed: ${ERRORS.get(name) ?? name}`;
}

/** What failed, why, and how often since it was last told. */
function faultLine(words: Int32Array, at: number): string {
  const count = words[at + J_VALUE];
  return `${callName(words[at + J_CALL])} failed: ` +
    `${errnoName(words[at + J_DETAIL])} ` +
    `(${count === 1 ? "once" : `${count} times`})`;
}

/** The log line of any record, or "" for those that have none. */
export function recordLine(words: Int32Array, at: number): string {
  const pid = words[at + J_PID];
  switch (words[at + J_KIND]) {
    case KIND_KILL:
      return (words[at + J_DETAIL] === 1 ? "[dry run] " : "") +
        killLine(words, at);
    case KIND_DEATH:
      return `Process ${pid} died after ${words[at + J_LATENCY]}ms, ` +
        `${words[at + J_BACK_KB]}kB came back`;
    case KIND_REAP:
      return reapLine(words, at);
    case KIND_OVERDUE:
      return `Process ${pid} outlived the deadline of ` +
        `${words[at + J_LATENCY]}ms, going on without it`;
    case KIND_REFUSED:
      return `Cannot signal process ${pid}: ` +
        `${errnoName(words[at + J_DETAIL])}, trying another`;
    case KIND_FAULT:
      return faultLine(words, at);
    case KIND_NO_VICTIM:
      return `Nobody to kill at oom_score_adj ${words[at + J_FLOOR_ADJ]} ` +
        `or above; reason: ${reasonText(words, at)}`;
    case KIND_WATCHDOG:
      return `The watchdog killed '${nameAt(words, at + J_NAME)}' (${pid}), ` +
        `oom_score_adj ${words[at + J_ADJ]}, ${words[at + J_RSS_KB]}kB rss; ` +
        `reason: ${reasonText(words, at)}`;
    case KIND_KEEPER:
      return `The keeper ${keeperText(words, at)}`;
    default:
      return "";
  }
}

/** How grave the line of a record is. lmkd tells of a reap that went well only
 * when debugging, and of one that failed as an error (AOSP reaper.cpp). */
export function recordLevel(
  words: Int32Array,
  at: number,
): "error" | "warn" | "info" | "debug" {
  switch (words[at + J_KIND]) {
    case KIND_REAP:
      return words[at + J_REAP_RESULT] === 0 ? "debug" : "error";
    case KIND_OVERDUE:
    case KIND_REFUSED:
    case KIND_NO_VICTIM:
    case KIND_FAULT:
    case KIND_WATCHDOG:
    case KIND_KEEPER:
      return "warn";
    default:
      return "info";
  }
}

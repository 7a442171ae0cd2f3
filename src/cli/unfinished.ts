// What an earlier guard left unfinished: a victim that it, or its watchdog
// thread, had signalled and not seen die. The next one waits for that death before it kills another, and
// never signals twice.

import { recordsOf, timeOf } from "../report/journal.ts";
import {
  J_BACK_KB,
  J_DETAIL,
  J_KILL_SERIAL,
  J_KIND,
  J_PID,
  J_REASON,
  J_SERIAL,
  KIND_DEATH,
  KIND_KILL,
  KIND_OVERDUE,
  KIND_WATCHDOG,
} from "../state/journal.ts";

/** A victim whose death nobody has told of. */
export interface Unfinished {
  readonly pid: number;
  /** Serial of the kill in the guard's ring; 0 for one of the watchdog thread's,
   * whose serials are its own: its end is awaited, and not recorded. */
  readonly serial: number;
  /** Since the signal, ms. */
  readonly ageMs: number;
  readonly reason: number;
  /** Memory expected back, kB. */
  readonly promisedKb: number;
}

/** The latest kill of any of these rings, each with serials of its own, whose
 * victim's end is not in its ring; null for none, and for one longer ago than
 * `mostMs`. `nowMs` since 1970. */
export function unfinishedKill(
  rings: readonly Int32Array[],
  nowMs: number,
  mostMs: number,
): Unfinished | null {
  let left: Unfinished | null = null;
  for (const words of rings) {
    const at = lastKill(words);
    if (at === null) continue;
    const ageMs = nowMs - timeOf(words, at);
    if (ageMs < 0 || ageMs > mostMs) continue;
    if (left !== null && left.ageMs <= ageMs) continue;
    const isGuards = words[at + J_KIND] === KIND_KILL;
    left = {
      pid: words[at + J_PID],
      serial: isGuards ? words[at + J_SERIAL] : 0,
      ageMs,
      reason: words[at + J_REASON],
      promisedKb: words[at + J_BACK_KB],
    };
  }
  return left;
}

/** Where a ring's last kill is whose end it does not tell; null for none. */
function lastKill(words: Int32Array): number | null {
  let last: number | null = null;
  for (const at of recordsOf(words)) {
    const kind = words[at + J_KIND];
    if (kind === KIND_WATCHDOG) last = at;
    else if (kind === KIND_KILL) last = words[at + J_DETAIL] === 1 ? null : at;
    else if (
      last !== null && (kind === KIND_DEATH || kind === KIND_OVERDUE) &&
      words[at + J_KILL_SERIAL] === words[last + J_SERIAL]
    ) last = null;
  }
  return last;
}

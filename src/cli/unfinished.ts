// What an earlier guard left unfinished: a victim that it had signalled and not
// seen die. The next one waits for that death before it kills another, and
// never signals twice.

import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../base/limits.ts";
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
} from "../state/journal.ts";

/** A victim whose death nobody has told of. */
export interface Unfinished {
  readonly pid: number;
  /** Serial of the kill. */
  readonly serial: number;
  /** Since the signal, ms. */
  readonly ageMs: number;
  readonly reason: number;
  /** Memory expected back, kB. */
  readonly promisedKb: number;
}

/** The last kill of a restored ring whose victim's end is not in it; null for
 * none, and for one longer ago than `mostMs`. `nowMs` since 1970. */
export function unfinishedKill(
  ring: Int32Array,
  nowMs: number,
  mostMs: number,
): Unfinished | null {
  // The guard's own ring: only it awaits deaths.
  const words = ring.subarray(0, JOURNAL_RECORDS * JOURNAL_WORDS);
  let last: number | null = null;
  for (const at of recordsOf(words)) {
    const kind = words[at + J_KIND];
    if (kind === KIND_KILL) last = words[at + J_DETAIL] === 1 ? null : at;
    else if (
      last !== null && (kind === KIND_DEATH || kind === KIND_OVERDUE) &&
      words[at + J_KILL_SERIAL] === words[last + J_SERIAL]
    ) last = null;
  }
  if (last === null) return null;
  const ageMs = nowMs - timeOf(words, last);
  if (ageMs < 0 || ageMs > mostMs) return null;
  return {
    pid: words[last + J_PID],
    serial: words[last + J_SERIAL],
    ageMs,
    reason: words[last + J_REASON],
    promisedKb: words[last + J_BACK_KB],
  };
}

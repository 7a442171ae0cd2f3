// What the journal says of a kill that an earlier guard did not see the end of.

import assert from "node:assert/strict";
import { unfinishedKill } from "../../src/cli/unfinished.ts";
import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../../src/base/limits.ts";
import {
  J_DETAIL,
  J_KILL_SERIAL,
  J_PID,
  Journal,
  KIND_DEATH,
  KIND_KILL,
  KIND_OVERDUE,
  KIND_START,
} from "../../src/state/journal.ts";

const EPOCH_S = 1_700_000_000;
const MOST_MS = 1_000;

/** kind, pid, then: dry (a kill) or the kill's serial (its end). */
type Row = readonly [kind: number, pid: number, more?: number];

/** Rows one ms apart from 0 on; what is unfinished at `nowMs`. */
function check(rows: readonly Row[], nowMs: number, want: number | null): void {
  const words = new Int32Array(JOURNAL_RECORDS * JOURNAL_WORDS);
  const journal = new Journal(words);
  journal.setEpoch(0, EPOCH_S);
  rows.forEach(([kind, pid, more = 0], ms) => {
    const at = journal.begin(kind, ms);
    words[at + J_PID] = pid;
    words[at + (kind === KIND_KILL ? J_DETAIL : J_KILL_SERIAL)] = more;
    journal.commit();
  });
  const left = unfinishedKill(words, EPOCH_S * 1_000 + nowMs, MOST_MS);
  assert.equal(left?.pid ?? null, want, JSON.stringify(rows));
  if (left !== null) {
    const index = rows.findLastIndex(([kind]) => kind === KIND_KILL);
    assert.equal(left.serial, index + 1);
    assert.equal(left.ageMs, nowMs - index);
  }
}

Deno.test("unfinished: only the last kill, and only while it is young", () => {
  check([], 5, null);
  check([[KIND_START, 0]], 5, null);
  check([[KIND_KILL, 7]], 5, 7);
  check([[KIND_KILL, 7], [KIND_START, 0]], 5, 7);
  check([[KIND_KILL, 7], [KIND_DEATH, 7, 1]], 5, null);
  check([[KIND_KILL, 7], [KIND_OVERDUE, 7, 1]], 5, null);
  // The end of another.
  check([[KIND_KILL, 6], [KIND_KILL, 7], [KIND_DEATH, 6, 1]], 5, 7);
  check([[KIND_KILL, 7], [KIND_KILL, 8], [KIND_DEATH, 8, 2]], 5, null);
  // Nobody was signalled.
  check([[KIND_KILL, 7, 1]], 5, null);
  check([[KIND_KILL, 7]], MOST_MS, 7);
  check([[KIND_KILL, 7]], MOST_MS + 1, null);
  // The calendar was set back meanwhile.
  check([[KIND_KILL, 7]], -1, null);
});

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
  KIND_WATCHDOG,
} from "../../src/state/journal.ts";

const EPOCH_S = 1_700_000_000;
const MOST_MS = 1_000;

/** kind, pid, then: dry (a kill) or the kill's serial (its end). */
type Row = readonly [kind: number, pid: number, more?: number];

/** A ring of rows one ms apart. */
function ringOf(rows: readonly Row[], firstMs: number): Int32Array {
  const words = new Int32Array(JOURNAL_RECORDS * JOURNAL_WORDS);
  const journal = new Journal(words);
  journal.setEpoch(0, EPOCH_S);
  rows.forEach(([kind, pid, more = 0], index) => {
    const at = journal.begin(kind, firstMs + index);
    words[at + J_PID] = pid;
    words[at + (kind === KIND_KILL ? J_DETAIL : J_KILL_SERIAL)] = more;
    journal.commit();
  });
  return words;
}

/** Rows one ms apart from 0 on; what is unfinished at `nowMs`. */
function check(rows: readonly Row[], nowMs: number, want: number | null): void {
  const ring = ringOf(rows, 0);
  const left = unfinishedKill([ring], EPOCH_S * 1_000 + nowMs, MOST_MS);
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

Deno.test("unfinished: the watchdog thread's last kill, in its own ring", () => {
  const rows: [guards: Row[], watchdogs: Row[], pid: number | null][] = [
    [[], [[KIND_WATCHDOG, 9]], 9],
    [[], [[KIND_WATCHDOG, 9], [KIND_DEATH, 9, 1]], null],
    // The later one is the one to wait for; these come 10 ms later.
    [[[KIND_KILL, 7]], [[KIND_WATCHDOG, 9]], 9],
    [[[KIND_KILL, 7]], [[KIND_WATCHDOG, 9], [KIND_DEATH, 9, 1]], 7],
    // Serials of one ring say nothing of the other's.
    [[[KIND_KILL, 7], [KIND_DEATH, 7, 1]], [[KIND_WATCHDOG, 9]], 9],
  ];
  for (const [guards, watchdogs, pid] of rows) {
    const rings = [ringOf(guards, 0), ringOf(watchdogs, 10)];
    const left = unfinishedKill(rings, EPOCH_S * 1_000 + 20, MOST_MS);
    assert.equal(left?.pid ?? null, pid, JSON.stringify([guards, watchdogs]));
    // A record of its end would name another kill of the guard's.
    if (pid === 9) assert.equal(left!.serial, 0);
  }
});

// The verdicts on a starved guard and on a victim that holds its lock: a trial
// in which nothing was refused, or nothing was held, proves nothing.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { JOURNAL_WORDS } from "../../src/base/limits.ts";
import * as j from "../../src/state/journal.ts";
import { judgeHeld, judgeStarve } from "./alive_verdict.ts";
import { emptyRun, type Run } from "./record.ts";

let serial = 0;

function record(kind: number, pid: number, latencyUs = 1000): Int32Array {
  const words = new Int32Array(JOURNAL_WORDS);
  words[j.J_SERIAL] = ++serial;
  words[j.J_KIND] = kind;
  words[j.J_PID] = pid;
  words[j.J_LATENCY] = latencyUs;
  words[j.J_CHECK] = j.checkOf(words, 0);
  return words;
}

/** Three processes, each killed: by the watchdog thread, then by the guard. */
function runOf(): Run {
  const run = emptyRun();
  const death = { atUs: 1e6, signal: 9, code: 0 };
  const base = { kind: "hog", uid: 1, adj: 900, spawnUs: 1, sizes: [] };
  run.procs = [7, 8, 9].map((pid) => ({
    ...base,
    pid,
    name: `${pid}`,
    culprit: false,
    death,
  }));
  run.journal = [
    record(j.KIND_WATCHDOG, 7),
    record(j.KIND_KILL, 8),
    record(j.KIND_KILL, 9),
  ];
  run.starving = { threads: 6, works: true };
  run.blockedUs = 800_000;
  return run;
}

Deno.test("starved: each fault of a trial is named", () => {
  deepStrictEqual(judgeStarve(runOf()), []);
  const rows: [(run: Run) => void, string][] = [
    [(run) => delete run.starving, "only 0 threads were starved"],
    [(run) => run.starving!.works = false, "that allocations are refused"],
    [(run) => delete run.procs[0]!.death, "pid 7, oom_score_adj 900, lives"],
    [(run) => run.journal.shift(), "nobody of ours killed 7"],
    [(run) => run.journal.pop(), "the guard's last is 8, not 9"],
  ];
  for (const [spoil, want] of rows) {
    const run = runOf();
    spoil(run);
    const lines = judgeStarve(run).join("; ");
    strictEqual(lines.includes(want), true, lines);
  }
});

Deno.test("held: each fault of a trial is named", () => {
  const good = runOf();
  good.journal = [record(j.KIND_KILL, 7), record(j.KIND_KILL, 8)];
  deepStrictEqual(judgeHeld(good), []);
  const rows: [(run: Run) => void, string][] = [
    [(run) => run.blockedUs = 499_999, "nothing is held"],
    [(run) => delete run.blockedUs, "nothing is held"],
    [(run) => run.journal.reverse(), ""],
    [(run) => run.journal.pop(), "who was killed is 7, not 7 8"],
    [(run) => run.journal[1]![j.J_PID] = 9, "who was killed is 7, not 7 8"],
    [
      (run) => run.journal[0] = record(j.KIND_KILL, 7, 50_001),
      "a signal took 50001 us",
    ],
  ];
  for (const [spoil, want] of rows) {
    const run = { ...good, journal: good.journal.map((one) => one.slice()) };
    spoil(run);
    const lines = judgeHeld(run).join("; ");
    strictEqual(want === "" ? lines === "" : lines.includes(want), true, lines);
  }
});

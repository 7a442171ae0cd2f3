// The verdict on a struck guard: the right line held, and it took whom the guard
// would have taken; each fault of either is named.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { JOURNAL_WORDS } from "../../src/base/limits.ts";
import * as j from "../../src/state/journal.ts";
import { judgeDefence, kernelVictims, type Line } from "./defence.ts";
import { recordsOf } from "./facts.ts";
import { emptyRun, type Run } from "./record.ts";

let serial = 0;

function record(kind: number, pid: number, detail = 0): Int32Array {
  const words = new Int32Array(JOURNAL_WORDS);
  words[j.J_SERIAL] = ++serial;
  words[j.J_KIND] = kind;
  words[j.J_PID] = pid;
  words[j.J_DETAIL] = detail;
  words[j.J_CHECK] = j.checkOf(words, 0);
  return words;
}

/** A run in which the lock, pid 7, was next, and died after the strike. */
function runOf(journal: Int32Array[], kernel: number[]): Run {
  const run = emptyRun();
  const base = { kind: "hog", uid: 1, spawnUs: 1, sizes: [] };
  const lock = { ...base, pid: 7, name: "lock", adj: 900, culprit: true };
  run.procs = [
    { ...lock, death: { atUs: 3e6, signal: 9, code: 0 } },
    { ...lock, pid: 9, death: { atUs: 9e6, signal: 9, code: 0 } },
    { ...base, pid: 8, name: "home", adj: 0, culprit: false },
  ];
  run.isDone = true;
  run.againUs = 5e6;
  run.struck = { atUs: 1e6, how: "stop", nextPid: 7, isDone: true };
  run.journal = journal;
  run.remarks = kernel.map((pid) => ({
    atUs: 2e6,
    from: "kernel",
    line: `Out of memory: Killed process ${pid} (lock) total-vm:1kB`,
  }));
  return run;
}

const CALLED = record(j.KIND_KEEPER, 7, j.KEEPER_CALLED);
const STARTED = record(j.KIND_KEEPER, 70, j.KEEPER_STARTED);
const KILLED = record(j.KIND_KILL, 9);
const STARTS = [record(j.KIND_START, 0), record(j.KIND_START, 0)];

Deno.test("each line holds by its own act, on the one that was next", () => {
  const rows: [Line, Int32Array[], number[], string[]][] = [
    ["kernel", [], [7], []],
    ["kernel", [], [], ["the first of the kernel's is undefined, not 7"]],
    ["keeper", [CALLED], [7], []],
    ["keeper", [], [7], ["whom the keeper's call was for is undefined, not 7"]],
    ["keeper", [STARTED], [7], [
      "whom the keeper's call was for is undefined, not 7",
    ]],
    ["watchdog", [record(j.KIND_WATCHDOG, 7)], [], []],
    ["watchdog", [record(j.KIND_WATCHDOG, 9)], [], [
      "the first of the watchdog's is 9, not 7",
    ]],
    ["watchdog", [record(j.KIND_WATCHDOG, 7)], [7], [
      "kernel OOM kills is 1, not 0",
    ]],
    ["restart", [STARTED, ...STARTS, KILLED], [], []],
    ["restart", [...STARTS, KILLED], [], ["the keeper started no guard"]],
    ["restart", [STARTED, STARTS[0]!, KILLED], [], [
      "starts of a guard is 1, not 2",
    ]],
    ["restart", [STARTED, ...STARTS], [], [
      "the last that a guard killed is undefined, not 9",
    ]],
  ];
  for (const [line, journal, kernel, failures] of rows) {
    const got = judgeDefence(runOf(journal, kernel), line, true);
    deepStrictEqual(got.failures, failures, line);
    strictEqual(got.firstDeathMs, 2000);
  }
});

Deno.test("a machine that is lost, or loses what the user sees, fails", () => {
  const rows: [(run: Run) => void, string][] = [
    [
      (run) => run.isDone = false,
      "the machine did not live to tell the end",
    ],
    [(run) => delete run.struck, "the guard was never struck"],
    [(run) => run.struck!.isDone = false, "the strike is false, not true"],
    [(run) => run.struck!.nextPid = 0, "the guard had told nobody as the next"],
    [(run) => delete run.procs[0]!.death, "the culprit lives"],
    [
      (run) => run.procs[2]!.death = { atUs: 4e6, signal: 9, code: 0 },
      "foreground home died",
    ],
    [(run) => run.procs[0]!.pid = 6, "the first to die is 6, not 7"],
  ];
  for (const [spoil, want] of rows) {
    const run = runOf([], [7]);
    spoil(run);
    const { failures } = judgeDefence(run, "kernel", true);
    strictEqual(failures.includes(want), true, failures.join("; "));
  }
});

Deno.test("a record that was cut short, and the header, are no records", () => {
  const torn = Int32Array.from(CALLED);
  torn[j.J_PID] = 9;
  const header = new Int32Array(JOURNAL_WORDS);
  header[j.H_MAGIC] = j.JOURNAL_MAGIC;
  const run = runOf([header, torn, STARTED, CALLED], []);
  deepStrictEqual(recordsOf(run, j.KIND_KEEPER), [CALLED, STARTED]);
});

Deno.test("only the kernel's own words name a victim of the kernel's", () => {
  const run = runOf([], [7]);
  run.remarks.push(
    { atUs: 1, from: "guard", line: "Killed process 9 (x)" },
    { atUs: 1, from: "kernel", line: "oom_reaper: reaped process 9 (x)" },
  );
  deepStrictEqual(kernelVictims(run), [7]);
});

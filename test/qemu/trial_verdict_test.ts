// Verdicts of trials by table: a good record, and one thing in it made wrong.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { collect } from "./events.ts";
import { judgeTrial } from "./trial_verdict.ts";
import { RUNNER_PATH, type TrialName, TRIALS } from "./trials.ts";

type Line = Record<string, unknown>;

const guard = (t: number, line: string): Line => ({ e: "guard", t, line });
const client = (line: string): Line => ({ e: "client", t: 900, line });

/** The record of a trial in which all went well, as lines of the runner. */
function good(name: TrialName, between: Line[]): Line[] {
  return [
    { e: "ready", t: 5, ms: 5, socket: true },
    { e: "vmBefore", t: 10, oomKill: 3 },
    { e: "begin", t: 10, totalKb: 1000000 },
    ...TRIALS[name].procs.map((spec, index) => ({
      ...spec,
      e: "spawn",
      t: 1000000,
      pid: 100 + index,
    })),
    ...between,
    { e: "end", t: 9000000, decided: true },
    { e: "vmAfter", t: 9000000, oomKill: 3 },
    { e: "status", t: 9000001, line: "lostMessages           0" },
    { e: "done", t: 9000002, dropped: 0 },
  ];
}

const killLine = (name: string, pid: number, uid: number, adj: number) =>
  `oomguard: Kill '${name}' (${pid}), uid ${uid}, oom_score_adj ${adj} ` +
  "to free 2048kB rss, 12kB swap; reason: memory is about to end (1kB left)";

const answer = (asked: number, value = 0): Line => ({
  ...{ e: "reply", t: 500, asked, command: asked, value, bytes: 8 },
});

const killed = (index: number): Line => ({
  ...{ e: "death", t: 2000000, pid: 100 + index, signal: 9, code: 0 },
});

const OOM = good(
  "oom",
  TRIALS.oom.procs.flatMap(({ uid, adj }, index) => [
    answer(4, index),
    killed(index),
    guard(2100000, killLine(RUNNER_PATH, 100 + index, uid, adj)),
  ]),
);

const REAP = good("reap", [
  answer(7),
  answer(4),
  killed(0),
  guard(2100000, killLine(RUNNER_PATH, 100, 10050, 1000)),
  guard(2200000, "oomguard: Process 100 was reaped in 0ms"),
]);

const BATCH = good("batch", [
  answer(4),
  ...TRIALS.batch.procs.map(({ adj }, index) => ({
    ...{ e: "adj", t: 800, pid: 100 + index, want: adj, got: adj },
  })),
]);

const STAT = "stat bytes=103 minflt=512 majflt=0 rss=2097152 cache=0 " +
  "swap=12288 startNs=990000000 uid=10050 adj=900 minAdj=0 freeKb=100 " +
  "swapFreeKb=0 reason=8 thrashing=0 maxThrashing=5 nameBytes=16 " +
  "name=com.example.leak";
const KILL = "kill bytes=16 pid=100 uid=10050 rssKb=2048";

const REPORT = good("report", [
  client("ready sent=1"),
  killed(0),
  guard(2000001, killLine("com.example.leak", 100, 10050, 900)),
  client(STAT),
  client(KILL),
  client("end stats=1 kills=1 faults=0"),
  { e: "death", t: 2500000, pid: 7, name: "client", signal: 0, code: 0 },
]);

function failuresOf(name: TrialName, lines: Line[]): string[] {
  const run = collect(lines.map((line) => JSON.stringify(line)));
  return judgeTrial(TRIALS[name], run).failures;
}

/** The lines with every `from` in their text made `to`; "" takes the line. */
function changed(lines: Line[], from: string, to: string): Line[] {
  const texts = lines.map((line) => JSON.stringify(line));
  strictEqual(texts.some((text) => text.includes(from)), true, from);
  return texts.filter((text) => to !== "" || !text.includes(from))
    .map((text) => JSON.parse(text.replaceAll(from, to)));
}

Deno.test("a trial in which all went well has no failure", () => {
  deepStrictEqual(failuresOf("oom", OOM), []);
  deepStrictEqual(failuresOf("reap", REAP), []);
  deepStrictEqual(failuresOf("batch", BATCH), []);
  deepStrictEqual(failuresOf("report", REPORT), []);
});

Deno.test("what is wrong in any trial", () => {
  const rows: [string, string, string][] = [
    ['"e":"done"', "", "the machine did not live to tell the end"],
    ['"e":"begin"', "", "the trial never began"],
    ['"socket":true', '"socket":false', "the guard has no socket"],
    ['"dropped":0', '"dropped":2', "2 lines of the runner's were lost"],
    ['"decided":true', '"decided":false', "the trial ran into its time limit"],
    [
      "lostMessages           0",
      "lostMessages 7",
      "the guard counts " +
      "lostMessages 7",
    ],
    [
      "lostMessages           0",
      "badPackets 1",
      "the guard counts " +
      "badPackets 1",
    ],
    [
      '"e":"vmAfter","t":9000000,"oomKill":3',
      '"e":"vmAfter","oomKill":4',
      "1 " +
      "kernel OOM kills",
    ],
    [
      '{"e":"status","t":9000001,"line":"lostMessages           0"}',
      JSON
        .stringify({ e: "guard", t: 1, line: "lost 3 messages to client 0" }),
      'the guard says "lost 3 messages to client 0"',
    ],
    [
      '{"e":"status","t":9000001,"line":"lostMessages           0"}',
      JSON
        .stringify({ e: "death", t: 1, pid: 9, name: "guard", signal: 11 }),
      "the guard died",
    ],
    [
      '{"e":"status","t":9000001,"line":"lostMessages           0"}',
      JSON
        .stringify({ e: "kernel", t: 1, line: "Killed process 100" }),
      "1 kernel OOM kills",
    ],
  ];
  for (const [from, to, want] of rows) {
    deepStrictEqual(failuresOf("batch", changed(BATCH, from, to)), [want]);
  }
});

Deno.test("oom: exactly one line for each of the eleven", () => {
  const twelve = "12 lines about kills, 12 of them of '/load/load', not 11";
  const rows: [Line[], string[]][] = [
    [changed(OOM, "Kill '/load/load' (105)", ""), [
      "10 lines about kills, 10 of them of '/load/load', not 11",
    ]],
    [[...OOM, guard(8e6, killLine(RUNNER_PATH, 105, 1, 1))], [twelve]],
    [[...OOM, guard(8e6, killLine("foo) Z ", 7, 1, 1))], [
      "12 lines about kills, 11 of them of '/load/load', not 11",
    ]],
    [
      changed(
        OOM,
        "(110), uid 10050, oom_score_adj 0 ",
        "(110), uid 0, " +
          "oom_score_adj 7 ",
      ),
      [
        "kill 11: uid is 0, not 10050",
        "kill 11: oom_score_adj is 7, not 0",
      ],
    ],
    [changed(OOM, '"pid":103,"signal":9', '"pid":103,"signal":0'), [
      "pid 103, oom_score_adj 700, ended with signal 0, code 0",
    ]],
    [changed(OOM, '"pid":110,"signal":9', ""), [
      "pid 110, oom_score_adj 0, lives",
    ]],
    [changed(OOM, '"value":10,', ""), ["the number of answers is 10, not 11"]],
    [changed(OOM, "12kB swap", "12kb swap"), [
      "0 lines about kills, 0 of them of '/load/load', not 11",
    ]],
  ];
  for (const [lines, want] of rows) {
    deepStrictEqual(failuresOf("oom", lines), want);
  }
});

Deno.test("reap: both lines, in time, and properties were read again", () => {
  const gone = "oomguard: process_mrelease 100 failed: No such process";
  const reaped = "oomguard: Process 100 was reaped in 0ms";
  const rows: [string, string, string[]][] = [
    [reaped, gone, []],
    [reaped, "", ["no line about the reap"]],
    [reaped, gone.replace("No such", "Bad"), ["no line about the reap"]],
    [reaped, "Process 100 was reaped in -1ms", ["no line about the reap"]],
    [reaped, "Process 101 was reaped in 1ms", ["no line about the reap"]],
    ['"t":2200000', '"t":4000001', [
      "the line about the reap came 2000 ms late",
    ]],
    ['"asked":7,"command":7,"value":0', '"asked":7,"command":7,"value":-1', [
      "the answer to UPDATE_PROPS is -1, not 0",
    ]],
    ['"asked":7', "", ["the answer to UPDATE_PROPS is undefined, not 0"]],
  ];
  for (const [from, to, want] of rows) {
    deepStrictEqual(failuresOf("reap", changed(REAP, from, to)), want);
  }
});

Deno.test("batch: the barrier holds, and each adj is the one asked for", () => {
  const rows: [string, string, string[]][] = [
    ['"got":-800', '"got":0', ["oom_score_adj of 101 is 0, not -800"]],
    ['"got":100', '"got":-1001', ["oom_score_adj of 102 is -1001, not 100"]],
    ['"got":950', "", ["the number of children is 2, not 3"]],
    ['"bytes":8', '"bytes":12', ["of them right, is 0, not 1"]],
    ['"asked":4', "", [
      "the number of answers is 0, not 1",
      "the count of kills is undefined, not 0",
    ]],
    ['"value":0', '"value":16777216', [
      "the count of kills is 16777216, not 0",
    ]],
  ];
  for (const [from, to, want] of rows) {
    deepStrictEqual(failuresOf("batch", changed(BATCH, from, to)), want);
  }
});

Deno.test("report: every field agrees with the process that died", () => {
  const rows: [string, string, string[]][] = [
    ["bytes=16", "bytes=12", ["bytes of KILL is 12, not 16"]],
    ["kill bytes=16 pid=100", "kill bytes=16 pid=101", [
      "pid of KILL is 101, not 100",
    ]],
    ["uid=10050 rssKb", "uid=0 rssKb", ["uid of KILL is 0, not 10050"]],
    [" rssKb=2048", "", [
      "what the client tells is ready stat end, not ready stat kill end",
    ]],
    ["rssKb=2048", "rssKb=2", ["rss of KILL, kB is 2, not 2048"]],
    ["uid=10050 adj=900", "uid=0 adj=0", [
      "uid of STAT is 0, not 10050",
      "oom_score_adj of STAT is 0, not 900",
    ]],
    ["rss=2097152", "rss=-1", [
      "rss of STAT, bytes is -1, not 2097152",
      "rss of STAT is -1, not in 1..1099511627776",
    ]],
    ["startNs=990000000", "startNs=-1", [
      "STAT has a start at -0 ms, the process was started at 1000 ms",
    ]],
    ["startNs=990000000", "startNs=99000000", [
      "STAT has a start at 99 ms, the process was started at 1000 ms",
    ]],
    ["reason=8", "reason=2000", ["reason of STAT is 2000, not in 0..9"]],
    ["reason=8", "reason=-1", ["reason of STAT is -1, not in 0..9"]],
    ["minAdj=0", "minAdj=901", ["minAdj of STAT is 901, not in 0..900"]],
    [" minflt=512", "", ["minflt of STAT is NaN, not in 1..1099511627776"]],
    ["name=com.example.leak", "name=leak", [
      "name of STAT is leak, not com.example.leak",
    ]],
    ["Kill 'com.example.leak'", "Kill 'leak'", [
      "name of the line is leak, not com.example.leak",
    ]],
    ["ready sent=1", "fault bytes=9 why=order", [
      "what the client tells is fault stat kill end, not ready stat kill end",
    ]],
    ['"signal":0,"code":0', '"signal":0,"code":1', [
      "the client's exit code is 1, not 0",
    ]],
  ];
  for (const [from, to, want] of rows) {
    const lines = from === " minflt=512"
      ? REPORT.map((line) => JSON.parse(JSON.stringify(line).replace(from, "")))
      : changed(REPORT, from, to);
    deepStrictEqual(failuresOf("report", lines), want, `${from} to ${to}`);
  }
});

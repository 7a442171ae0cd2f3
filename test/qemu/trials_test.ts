// The words of trials: the text that starts one, and the lines it is read from.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { GUARDS } from "./guard_command.ts";
import { parseKill, parseReap, parseWords } from "./trial_verdict.ts";
import { TRIALS, trialText } from "./trials.ts";

Deno.test("lines about kills and reaps, and lines that only look like it", () => {
  const remark = (line: string) => ({ atUs: 5, from: "guard" as const, line });
  const line = "Kill 'foo) Z ' (7), uid 0, oom_score_adj -1 to free 1kB rss, " +
    "0kB swap";
  const want = { atUs: 5, name: "foo) Z ", pid: 7, uid: 0, adj: -1 };
  const sizes = { rssKb: 1, swapKb: 0 };
  const kills: [string, unknown][] = [
    [line, { ...want, ...sizes }],
    [`oomguard: ${line}; reason: low`, { ...want, ...sizes }],
    [`${line} more`, undefined],
    [line.replace("1kB rss", "-1kB rss"), undefined],
    [line.replace("rss, 0kB", "rss 0kB"), undefined],
    [`Would ${line}`, undefined],
    ["", undefined],
  ];
  for (const [text, kill] of kills) {
    deepStrictEqual(parseKill(remark(text)), kill, text);
  }
  const reaps: [string, number | undefined][] = [
    ["Process 9 was reaped in 12ms", 9],
    ["oomguard: process_mrelease 9 failed: No such process", 9],
    ["Process 9 was reaped in 12ms, or so", undefined],
    ["Process 9 died after 12ms, 5kB came back", undefined],
  ];
  for (const [text, pid] of reaps) {
    strictEqual(parseReap(remark(text)), pid, text);
  }
});

Deno.test("a name may hold what divides words", () => {
  const words = parseWords("stat bytes=9 name=a b=c name=d");
  deepStrictEqual([...words], [
    ["", "stat"],
    ["bytes", "9"],
    ["name", "a b=c name=d"],
  ]);
});

Deno.test("a trial's text names it, its processes and debug messages", () => {
  const options = { guard: GUARDS.oomguard, guardArgs: [], seed: 1 };
  const text = trialText(TRIALS.reap, { ...options, targets: [] });
  const lines = text.trimEnd().split("\n");
  strictEqual(lines[0]!.endsWith(" --set log.level=debug"), true);
  deepStrictEqual(lines.slice(-2), [
    "trial reap",
    "proc greedy /load/load 1000 10050 5 25000 0",
  ]);
  const oom = trialText(TRIALS.oom, { ...options, targets: [] });
  const adjs = [...oom.matchAll(/^proc greedy \S+ (\d+)/gm)];
  deepStrictEqual(
    adjs.map(([, adj]) => Number(adj)),
    [1000, 900, 800, 700, 600, 500, 400, 300, 200, 100, 0],
  );
});

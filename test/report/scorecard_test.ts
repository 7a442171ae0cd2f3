// The words of a drill: what they are, and that 80 columns hold them.

import assert from "node:assert/strict";
import { type DrillFacts, judgeDrill } from "../../src/report/drill.ts";
import { scorecardLines, timelineRow } from "../../src/report/scorecard.ts";
import { FACTS, HEART_PID } from "./drill_facts.ts";

function linesOf(facts: DrillFacts): string[] {
  return scorecardLines(facts, judgeDrill(facts), (word) => word);
}

Deno.test("timelineRow: times right-aligned, text beside them", () => {
  const check = (atMs: number, text: string, want: string[]) =>
    assert.deepEqual(timelineRow(atMs, text), want);
  check(0, "group", ["     0  group"]);
  check(123_456.7, "late", ["123457  late"]);
  check(-3, "before", ["    -3  before"]);
  const long = "word ".repeat(20).trim();
  check(5, long, [
    "     5  " + "word ".repeat(14).trim(),
    "        " + "word ".repeat(6).trim(),
  ]);
  check(5, "/".repeat(100), [
    "     5  " + "/".repeat(72),
    "        " + "/".repeat(28),
  ]);
});

Deno.test("scorecard: a drill that passed", () => {
  assert.equal(
    linesOf(FACTS).join("\n"),
    `Scorecard
  verdict                 PASS: the hog died, nobody else did
  died                    drill.hog (14), oom_score_adj 900, at 4407 ms, by the
                          guard
    because               memory is about to end (29080kB left, 29364kB soon
                          needed)
  threshold to signal     8 ms after less than 45.0 MB were available
    wake to signal        1.6 ms
  signal to death         19 ms
  signal to memory back   17 ms, 192 MB came back
  wrong victims           0
  excess victims          0
  kernel OOM kills        0
  foreground              alive, p50 0.3, p99 4.0, max 12.3 ms late in 380 beats
    before the hog grew   p50 0.2, p99 0.9, max 1.2 ms late in 200 beats
    stall of the group    some 1.5 ms, full 0.0 ms
  guard's memory          60.5 MB resident, 25.0 MB of it its own
  guard's CPU             1.7 % in calm, 7.8 % while the hog grew
  guard's start           ready after 141 ms`,
  );
});

Deno.test("scorecard: nothing seen, much gone wrong, still 80 columns", () => {
  const sad: DrillFacts = {
    ...FACTS,
    mode: "simulated",
    why: `no memory group: EACCES, mkdir '${"/very-long".repeat(12)}'`,
    deaths: FACTS.cast.map(({ pid }) => ({
      pid,
      atMs: 1e6,
      by: "somebody else",
      why: "",
    })),
    kernelOomKills: null,
    markKb: null,
    thresholdToSignalMs: null,
    wakeToSignalUs: null,
    signalToDeathMs: null,
    signalToBackMs: null,
    backKb: null,
    heartCalm: null,
    heartBusy: null,
    stallSomeUs: null,
    stallFullUs: null,
    guard: null,
  };
  const lines = linesOf(sad);
  for (const line of lines) assert.ok(line.length <= 80, line);
  const text = lines.join("\n").replaceAll(/\n {26}/g, " ");
  for (
    const part of [
      "FAIL (in a simulation): not the guard killed it; wrong victims:",
      "wrong victims           2: drill.heart, drill.sync",
      "excess victims          1: drill.cached1",
      "foreground              died",
      "this kernel does not tell",
    ]
  ) assert.ok(text.includes(part), part);
});

Deno.test("scorecard: what was not seen is said of a real drill only", () => {
  const row = "  threshold to signal     not seen";
  const unseen = { ...FACTS, thresholdToSignalMs: null };
  assert.ok(linesOf(unseen).includes(row));
  assert.ok(!linesOf({ ...unseen, mode: "simulated" }).includes(row));
});

Deno.test("scorecard: what happened between two looks is no 0 ms", () => {
  const check = (facts: Partial<DrillFacts>, want: string) => {
    const lines = linesOf({ ...FACTS, markKb: null, backKb: null, ...facts });
    assert.ok(lines.includes(`  ${want}`), lines.join("\n"));
  };
  const mode = "simulated";
  check({ thresholdToSignalMs: 0 }, "threshold to signal     < 2 ms");
  check({ thresholdToSignalMs: 1.9 }, "threshold to signal     < 2 ms");
  check({ thresholdToSignalMs: 2 }, "threshold to signal     2 ms");
  check({ signalToBackMs: 0.4 }, "signal to memory back   < 2 ms");
  // What the guard tells is whole ms, and a simulation sees all.
  check({ signalToDeathMs: 0 }, "signal to death         0 ms");
  check({ mode, thresholdToSignalMs: 0 }, "threshold to signal     0 ms");
});

Deno.test("scorecard: only the verdict's word is painted", () => {
  const paint = (word: string, good: boolean) => `<${word} ${good}>`;
  const check = (facts: DrillFacts, want: string) => {
    const lines = scorecardLines(facts, judgeDrill(facts), paint);
    const painted = lines.filter((line) => line.includes("<"));
    assert.equal(painted.length, 1);
    assert.ok(painted[0].includes(want), painted[0]);
  };
  check(FACTS, "<PASS true>");
  check({ ...FACTS, heartPid: HEART_PID, deaths: [] }, "<FAIL false>");
});

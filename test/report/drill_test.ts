// What a drill is judged by, and the arithmetic behind its figures.

import assert from "node:assert/strict";
import {
  type Death,
  type DrillFacts,
  drillJson,
  fellBelowMs,
  judgeDrill,
  latenessOf,
  percentile,
  roseAboveMs,
} from "../../src/report/drill.ts";
import { FACTS, HEART_PID, HOG_PID } from "./drill_facts.ts";

const SYNC_PID = 12;
const CACHED_PID = 13;

function death(pid: number, by: Death["by"] = "guard"): Death {
  return { pid, atMs: 1, by, why: "" };
}

const JUDGEMENTS: [string, Partial<DrillFacts>, string[]][] = [
  ["only the hog", {}, []],
  ["nobody", { deaths: [] }, ["the hog lives"]],
  [
    "the hog by the kernel",
    { deaths: [death(HOG_PID, "somebody else")], kernelOomKills: 1 },
    ["not the guard killed it", "1 kernel OOM kills"],
  ],
  [
    "somebody more important first",
    { deaths: [death(SYNC_PID), death(HOG_PID)] },
    ["wrong victims: drill.sync"],
  ],
  [
    "one of the hog's band first",
    { deaths: [death(CACHED_PID), death(HOG_PID)] },
    ["excess victims: drill.cached1"],
  ],
  [
    "somebody more important when the hog was gone",
    { deaths: [death(HOG_PID), death(SYNC_PID)] },
    ["excess victims: drill.sync"],
  ],
  [
    "the foreground too",
    { deaths: [death(HEART_PID), death(HOG_PID)] },
    ["wrong victims: drill.heart", "the foreground died"],
  ],
  [
    "a pid that is nobody's",
    { deaths: [death(1), death(HOG_PID)] },
    [],
  ],
  [
    "a silent foreground",
    { heartBusy: null },
    ["the foreground no longer answers"],
  ],
  [
    "a silent foreground, simulated",
    { heartBusy: null, mode: "simulated" },
    [],
  ],
  ["a kernel that does not count", { kernelOomKills: null }, []],
  [
    "a violation that only the simulator sees",
    { violations: ["a reused pid was signalled"] },
    ["a reused pid was signalled"],
  ],
];

Deno.test("judgeDrill: bands, the hog, the kernel and the foreground", () => {
  for (const [name, change, want] of JUDGEMENTS) {
    const { failures, passed } = judgeDrill({ ...FACTS, ...change });
    assert.deepEqual(failures, want, name);
    assert.equal(passed, want.length === 0, name);
  }
});

Deno.test("percentile: nearest rank, of none and of one", () => {
  const check = (values: number[], permille: number, want: number) =>
    assert.equal(percentile(Int32Array.from(values), permille), want);
  check([], 500, 0);
  check([7], 0, 7);
  check([7], 1000, 7);
  check([1, 2, 3, 4], 500, 2);
  check([1, 2, 3, 4], 501, 3);
  check([1, 2, 3, 4], 990, 4);
});

Deno.test("latenessOf: sorts a copy", () => {
  const late = Int32Array.from([300, 100, 200]);
  assert.deepEqual(latenessOf(late), {
    beats: 3,
    p50Us: 200,
    p99Us: 300,
    maxUs: 300,
  });
  assert.deepEqual([...late], [300, 100, 200]);
});

function samples(...levels: [number, number][]) {
  return levels.map(([atMs, availableKb]) => ({ atMs, availableKb }));
}

Deno.test("fellBelowMs: the last fall, between two looks", () => {
  const check = (
    levels: [number, number][],
    untilMs: number,
    want: number | null,
  ) => assert.equal(fellBelowMs(samples(...levels), 100, untilMs), want);
  check([], 5, null);
  check([[0, 200], [2, 150]], 5, null);
  check([[0, 150], [2, 50]], 5, 1);
  check([[0, 150], [2, 50], [4, 0]], 5, 1);
  check([[0, 50], [2, 40]], 5, 0);
  check([[0, 50], [2, 150], [4, 50]], 5, 3);
  // What comes after the signal does not count.
  check([[0, 150], [2, 110], [8, 50]], 5, null);
});

Deno.test("roseAboveMs: the first look after the signal", () => {
  const check = (levels: [number, number][], want: number | null) =>
    assert.equal(roseAboveMs(samples(...levels), 100, 5), want);
  check([], null);
  check([[4, 200]], null);
  check([[4, 200], [6, 50], [9, 100], [11, 200]], 9);
});

Deno.test("drillJson: verdict first, facts, timeline last", () => {
  const timeline = [{ atMs: 1, text: "group" }];
  const object = drillJson(FACTS, judgeDrill(FACTS), timeline);
  const keys = Object.keys(object);
  assert.equal(keys[0], "verdict");
  assert.equal(keys.at(-1), "timeline");
  assert.equal(object.verdict, "pass");
  assert.deepEqual(JSON.parse(JSON.stringify(object)), object);
});

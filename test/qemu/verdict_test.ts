// Verdicts by table: a scene in a few numbers, and what it is judged to be.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { collect } from "./events.ts";
import type { Run } from "./record.ts";
import type { Fate } from "./scenes.ts";
import { judge, NEED_PERMILLE } from "./verdict.ts";
import { bandOf, heldKb } from "./victims.ts";

const TOTAL_KB = 1000000;
const APP_KB = 40000;
const MARK_KB = TOTAL_KB * NEED_PERMILLE / 1000;

/** A process: adj, and when it died in ms after begin. */
type Life = [name: string, adj: number, diedMs?: number, swapKb?: number];

interface Story {
  lives: Life[];
  /** MemAvailable in kB at times in ms. */
  curve: [atMs: number, availKb: number][];
  culprit: Life;
  /** More of them. */
  others?: Life[];
  kernelKills?: number;
  grownMs?: number;
  isCut?: boolean;
}

const BEGIN_US = 1000000;

/** The story as the runner would tell it. */
function tell(story: Story): Run {
  const lines: unknown[] = [];
  const at = (ms: number) => BEGIN_US + ms * 1000;
  const culprits = [story.culprit, ...story.others ?? []];
  for (const [index, life] of [...story.lives, ...culprits].entries()) {
    const [name, adj, diedMs, swap = 0] = life;
    const pid = 100 + index;
    const culprit = culprits.includes(life);
    const kind = culprit ? "hog" : "app";
    lines.push({
      e: "spawn",
      t: 10,
      pid,
      name,
      adj,
      uid: 10001,
      kind,
      culprit,
    });
    lines.push({ e: "rss", t: 20, pid, rss: APP_KB - swap, swap });
    if (diedMs === undefined) continue;
    lines.push({ e: "death", t: at(diedMs), pid, name, signal: 9, code: 0 });
  }
  lines.push({ e: "populated", t: 30, complete: true });
  lines.push({ e: "begin", t: BEGIN_US, totalKb: TOTAL_KB });
  lines.push({ e: "vmBefore", t: BEGIN_US, oomKill: 3 });
  for (const [atMs, avail] of story.curve) {
    const grown = atMs * 120;
    lines.push({ e: "mem", t: at(atMs), avail, grown });
  }
  if (story.grownMs) lines.push({ e: "grown", t: at(story.grownMs) });
  const endMs = story.curve.at(-1)![0];
  lines.push({ e: "end", t: at(endMs), decided: true });
  const oomKill = 3 + (story.kernelKills ?? 0);
  lines.push({ e: "vmAfter", t: at(endMs), oomKill });
  if (!story.isCut) lines.push({ e: "done", t: at(endMs), dropped: 0 });
  return collect(lines.map((line) => JSON.stringify(line)));
}

function check(story: Story, fate: Fate, want: {
  failures: number;
  kernelKills?: number;
  wrong?: number;
  excess?: number;
  outOfOrder?: number;
}) {
  const expectation = { fate, rateMbMin: 58.5, launchMsMax: 4000 };
  const verdict = judge(tell(story), expectation);
  const got = {
    failures: verdict.failures.length,
    kernelKills: verdict.kernelKills,
    wrong: verdict.wrong.length,
    excess: verdict.excess.length,
    outOfOrder: verdict.outOfOrder.length,
  };
  const zero = { kernelKills: 0, wrong: 0, excess: 0, outOfOrder: 0 };
  deepStrictEqual(got, { ...zero, ...want }, verdict.failures.join("\n"));
}

/** A leak that is ended at 2 s. */
const LEAK_CURVE: [number, number][] = [
  [0, 300000],
  [1000, 180000],
  [1900, 90000],
  [2100, 300000],
  [5000, 300000],
];
const HOG: Life = ["leak", 900, 2000];
const HOME: Life = ["home", 0];
const SYNC: Life = ["sync", 500];

Deno.test("bands are hundreds of oom_score_adj", () => {
  const rows: [number, number][] = [
    [-1000, -10],
    [-1, -1],
    [0, 0],
    [99, 0],
    [100, 1],
    [900, 9],
    [999, 9],
    [1000, 10],
  ];
  for (const [adj, want] of rows) strictEqual(bandOf(adj), want);
});

Deno.test("half of what is swapped counts as held", () => {
  const run = tell({
    lives: [["a", 900, 500, 10000]],
    curve: [[0, 200000]],
    culprit: HOG,
  });
  const proc = run.procs[0]!;
  strictEqual(heldKb(proc, BEGIN_US), 35000);
  strictEqual(heldKb(proc, 15), 0);
  // What it gave back while it was dying had been its own.
  proc.sizes.push({ atUs: BEGIN_US + 490000, rssKb: 2000, swapKb: 0 });
  strictEqual(heldKb(proc, BEGIN_US + 500000), 35000);
  strictEqual(heldKb(proc, BEGIN_US + 1500000), 2000);
});

Deno.test("leak: the hog alone dies", () => {
  const lives: Life[] = [HOME, SYNC, ["a", 945], ["b", 900]];
  check({ lives, curve: LEAK_CURVE, culprit: HOG }, "dies", { failures: 0 });
});

Deno.test("leak: an app of the hog's band dies first", () => {
  const lives: Life[] = [HOME, ["a", 945, 1500], ["b", 900]];
  check({ lives, curve: LEAK_CURVE, culprit: HOG }, "dies", {
    failures: 2,
    excess: 1,
  });
});

Deno.test("leak: an app dies after the hog, with plenty left", () => {
  const lives: Life[] = [HOME, ["a", 945, 2100], ["b", 900]];
  check({ lives, curve: LEAK_CURVE, culprit: HOG }, "dies", {
    failures: 2,
    excess: 1,
  });
});

Deno.test("leak: a service dies while cached apps live", () => {
  const lives: Life[] = [HOME, ["sync", 500, 1500], ["b", 900]];
  check({ lives, curve: LEAK_CURVE, culprit: HOG }, "dies", {
    failures: 2,
    wrong: 1,
  });
});

Deno.test("leak: the foreground dies", () => {
  const lives: Life[] = [["home", 0, 1500], ["b", 900]];
  check({ lives, curve: LEAK_CURVE, culprit: HOG }, "dies", {
    failures: 2,
    wrong: 1,
  });
});

Deno.test("leak: nobody dies, or only the kernel acts", () => {
  const lives: Life[] = [HOME, ["b", 900]];
  const culprit: Life = ["leak", 900];
  check({ lives, curve: LEAK_CURVE, culprit }, "dies", { failures: 1 });
  check({ lives, curve: LEAK_CURVE, culprit: HOG, kernelKills: 1 }, "dies", {
    failures: 1,
    kernelKills: 1,
  });
});

Deno.test("leak: the machine falls silent", () => {
  const lives: Life[] = [HOME];
  check({ lives, curve: LEAK_CURVE, culprit: HOG, isCut: true }, "dies", {
    failures: 1,
  });
});

Deno.test("leak: an app dies before the scene begins", () => {
  const lives: Life[] = [HOME, ["a", 945, -100], ["b", 900]];
  check({ lives, curve: LEAK_CURVE, culprit: HOG }, "dies", {
    failures: 3,
    excess: 1,
  });
});

const CAMERA: Life = ["camera", 0];

function launchCurve(endKb: number): [number, number][] {
  return [[0, 300000], [1000, 250000], [2000, endKb], [4000, endKb + 5000]];
}

Deno.test("launch: cached apps die in order, as many as needed", () => {
  const lives: Life[] = [HOME, SYNC, ["a", 945, 1000], ["b", 940, 1500], [
    "c",
    900,
  ]];
  const curve = launchCurve(MARK_KB + APP_KB - 1);
  check({ lives, curve, culprit: CAMERA, grownMs: 2000 }, "grows", {
    failures: 0,
  });
});

Deno.test("launch: the last of two need not have died", () => {
  const lives: Life[] = [HOME, ["a", 945, 1000], ["b", 940, 1500]];
  const story = { lives, culprit: CAMERA, grownMs: 2000 };
  const one = launchCurve(MARK_KB + APP_KB);
  check({ ...story, curve: one }, "grows", { failures: 1, excess: 1 });
  const both = launchCurve(MARK_KB + 2 * APP_KB);
  check({ ...story, curve: both }, "grows", { failures: 2, excess: 2 });
});

Deno.test("launch: the more important of a band dies first", () => {
  const lives: Life[] = [HOME, ["a", 945], ["b", 900, 1500]];
  const story = { lives, culprit: CAMERA, grownMs: 2000 };
  const curve = launchCurve(MARK_KB);
  check({ ...story, curve }, "grows", { failures: 1, outOfOrder: 1 });
  // Signalled together, they may end in either order.
  const together: Life[] = [HOME, ["a", 945, 1510], ["b", 900, 1500]];
  check({ ...story, lives: together, curve }, "grows", { failures: 0 });
});

Deno.test("launch: a service dies when no cached app is left", () => {
  const lives: Life[] = [HOME, ["sync", 500, 1500], ["a", 945, 1000]];
  const story = { lives, culprit: CAMERA, grownMs: 2000 };
  check({ ...story, curve: launchCurve(MARK_KB) }, "grows", { failures: 1 });
});

Deno.test("launch: too late, or the new app dies", () => {
  const lives: Life[] = [HOME, ["a", 945]];
  const curve = launchCurve(MARK_KB);
  check({ lives, curve, culprit: CAMERA, grownMs: 4500 }, "grows", {
    failures: 1,
  });
  check({ lives, curve, culprit: ["camera", 0, 1500] }, "grows", {
    failures: 3,
    wrong: 1,
  });
});

/** Memory falls for a second, then stays. */
function fallTo(endKb: number): [number, number][] {
  return [[0, 300000], [500, 250000], [1000, 100000], [1500, endKb], [
    4000,
    endKb,
  ]];
}

Deno.test("storm: some of the many die, and nobody else of their band", () => {
  const many: Life[] = [["s1", 905, 1400], ["s2", 905], ["s3", 905]];
  const culprit: Life = ["s0", 905, 1300];
  const story = { culprit, others: many, curve: fallTo(MARK_KB + 1000) };
  check({ ...story, lives: [HOME, ["a", 945]] }, "thins", { failures: 0 });
  check({ ...story, lives: [HOME, ["a", 945, 1450]] }, "thins", {
    failures: 2,
    excess: 1,
  });
});

Deno.test("storm: one more than was needed, or none at all", () => {
  const others: Life[] = [["s1", 905, 1400], ["s2", 905]];
  const curve = fallTo(MARK_KB + APP_KB + 1000);
  const culprit: Life = ["s0", 905, 1300];
  check({ lives: [HOME], culprit, others, curve }, "thins", {
    failures: 1,
    excess: 1,
  });
  check({ lives: [HOME], culprit: ["s0", 905], curve }, "thins", {
    failures: 1,
  });
});

Deno.test("recover: memory comes back by itself, and nobody need die", () => {
  const curve: [number, number][] = [
    [0, 300000],
    [500, 250000],
    [2000, 90000],
    [
      4000,
      300000,
    ],
  ];
  const story = { culprit: CAMERA, curve };
  check({ ...story, lives: [HOME, ["a", 945]] }, "recedes", { failures: 0 });
  check({ ...story, lives: [HOME, ["a", 945, 1900]] }, "recedes", {
    failures: 1,
  });
});

Deno.test("idle: there is no culprit, and nobody dies", () => {
  const curve: [number, number][] = [[0, 300000], [9000, 300000]];
  const run = tell({ lives: [HOME], culprit: ["s0", 905], curve });
  run.procs = run.procs.filter(({ culprit }) => !culprit);
  const want = { fate: "none", rateMbMin: 0, launchMsMax: 4000 } as const;
  deepStrictEqual(judge(run, want).failures, []);
});

Deno.test("a load that never came is no proof", () => {
  const curve: [number, number][] = [[10, 300000], [2000, 299000]];
  const run = tell({ lives: [HOME], curve, culprit: HOG });
  const want = { fate: "dies", rateMbMin: 250, launchMsMax: 4000 } as const;
  const { failures, rateMb } = judge(run, want);
  strictEqual(Math.round(rateMb), 117);
  strictEqual(failures.length, 1);
});

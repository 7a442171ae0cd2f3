// The goals: met, not met and not measured, on either side of each bound.

import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { judgeGoals, type State } from "./goals.ts";
import type { BenchRecord } from "./record.ts";
import { groupRecords } from "./summary.ts";
import { boot } from "./synthetic.ts";

type Part = Partial<BenchRecord> & { beatMs?: number };

/** One boot that is calm in all respects but these. */
function made({ beatMs = 10, ...part }: Part): BenchRecord {
  return {
    ...boot("oomguard adaptive", "leak", 1),
    ...{ lost: false, fullMs: 0, markToSignalMs: 10, victims: [] },
    ...{ kernelKills: 0, wrong: 0, excess: 0 },
    heart: { count: 9, p50Us: 1, p99Us: 1, maxUs: beatMs * 1000 },
    ...part,
  };
}

const KERNEL = "no kernel OOM kill";
const WRONG = "no wrong victim";
const EXCESS = "no excess victim";
const RECOVER = "no kill in recover";
const THRASH = "worst beat in thrash under 50 ms";
const BEAT = "worst beat never above the best peer's";
const STALL = "full stall at most half of the best peer's";
const SIGNAL = "signal no later than the best sparing peer's";
const IDLE = "idle CPU at most 0.02 %";

const VICTIM = { name: "a", adj: 900, atMs: 1, heldKb: 1 };
const COST = made({}).cost!;
const idle = (cpuMsPerS: number) => ({
  ...COST,
  idle: { cpuMsPerS, wakeupsPerS: 1, rssKb: 1, lockedKb: 1 },
});

/** [goal, state, boots of ours, boots of peers, words in what was found] */
const ROWS: [string, State, Part[], Part[], RegExp?][] = [
  [KERNEL, "not measured", [], [{}]],
  [
    KERNEL,
    "met",
    [{}, { seed: 2 }],
    [{ kernelKills: 9 }],
    /^0 in 2 boots of 1/,
  ],
  [KERNEL, "not met", [{}, { kernelKills: 2 }], [], /^2 in 2 .*: leak$/],
  [
    KERNEL,
    "not met",
    [{}, { lost: true, scene: "lock" }],
    [],
    /1 m.* lost: lo/,
  ],
  [WRONG, "met", [{}], [{ wrong: 3 }]],
  [WRONG, "not met", [{ wrong: 1 }], []],
  [EXCESS, "met", [{}], [{ excess: 3 }]],
  [EXCESS, "not met", [{ excess: 1 }], []],
  [RECOVER, "not measured", [{ victims: [VICTIM] }], []],
  [RECOVER, "met", [{ scene: "recover" }, { victims: [VICTIM] }], []],
  [
    RECOVER,
    "not met",
    [{ scene: "recover", victims: [VICTIM] }],
    [],
    /^1 in 1/,
  ],
  [THRASH, "not measured", [{ beatMs: 90 }], []],
  [THRASH, "met", [{ scene: "thrash", beatMs: 49.9 }], []],
  [THRASH, "not met", [{ scene: "thrash", beatMs: 50 }], [], /^50 ms/],
  // The worst of all boots, not the median.
  [
    THRASH,
    "not met",
    [1, 2, 90].map((beatMs) => ({
      ...{ scene: "thrash", beatMs },
    })),
    [],
  ],
  [
    THRASH,
    "not met",
    [{ scene: "thrash" }, { scene: "thrash", heart: null }],
    [],
    /no beat heard in 1/,
  ],
  [BEAT, "not measured", [{}], []],
  [BEAT, "not measured", [{}], [{ scene: "lock" }]],
  [BEAT, "met", [{ beatMs: 10 }], [{ beatMs: 10 }, { beatMs: 90 }]],
  [BEAT, "not met", [{ beatMs: 11 }], [{ beatMs: 10 }, { beatMs: 90 }], /n=1/],
  [STALL, "met", [{ fullMs: 50 }], [{ fullMs: 100 }, { fullMs: 700 }]],
  [STALL, "not met", [{ fullMs: 51 }], [{ fullMs: 100 }, { fullMs: 700 }]],
  [STALL, "met", [{ fullMs: 51 }], [{ lost: true, fullMs: 0 }]],
  [STALL, "not met", [{ lost: true }], [{ lost: true }]],
  [STALL, "not measured", [{ fullMs: 0 }], [{ fullMs: 0 }]],
  [STALL, "not met", [{ fullMs: 1 }], [{ fullMs: 0 }]],
  [STALL, "not met", [{}, { scene: "lock", fullMs: 3 }], [
    ...[{ fullMs: 9 }, { scene: "lock", fullMs: 5 }],
  ], /^not in 1 of 2 scenes; ms: lock 3 \(3, n=1\) to 5 \(5, peer 1\)$/],
  [SIGNAL, "met", [{}], [{ markToSignalMs: 10 }]],
  [SIGNAL, "not met", [{}], [{ markToSignalMs: 9 }]],
  // Before the mark.
  [SIGNAL, "met", [{ markToSignalMs: -10 }], [{ markToSignalMs: -9 }]],
  [SIGNAL, "not met", [{ markToSignalMs: -8 }], [{ markToSignalMs: -9 }]],
  // Who kills too many is no measure, nor is it a way to win.
  [SIGNAL, "met", [{}], [{ markToSignalMs: 9, excess: 1 }, {}]],
  [SIGNAL, "not measured", [{}], [{ markToSignalMs: 9, wrong: 1 }]],
  [SIGNAL, "not met", [{ excess: 1 }], [{ markToSignalMs: 90 }]],
  [SIGNAL, "not measured", [{ scene: "recover" }], [{ scene: "recover" }]],
  [IDLE, "not measured", [{ cost: { ...COST, idle: null } }], []],
  [IDLE, "met", [{ cost: idle(0.2) }], []],
  [IDLE, "not met", [{ cost: idle(0.21) }], [], /^0\.0210 %/],
];

Deno.test("each goal on either side of its bound", () => {
  for (const [name, state, ours, peers, words] of ROWS) {
    const bench = groupRecords([
      ...ours.map(made),
      ...peers.map((part, index) => made({ guard: `peer ${index}`, ...part })),
    ]);
    const goal = judgeGoals(bench).find((one) => one.name === name)!;
    const where = `${name}: ${JSON.stringify([ours, peers])} ${goal.found}`;
    strictEqual(goal.state, state, where);
    if (words !== undefined) match(goal.found, words, where);
  }
});

Deno.test("other rows of ours are no peers, and can be asked for", () => {
  const bench = groupRecords([
    made({ fullMs: 10 }),
    made({ guard: "oomguard lmkd", fullMs: 1 }),
    made({ guard: "earlyoom", fullMs: 20 }),
  ]);
  const of = (ours?: string) =>
    judgeGoals(bench, ours).find((one) => one.name === STALL)!.found;
  match(of(), /leak 10 .* to 20 \(20, earlyoom\)/);
  match(of("oomguard lmkd"), /leak 1 .* to 20 \(20, earlyoom\)/);
});

Deno.test("nothing is met where nothing was run", () => {
  const states = judgeGoals(groupRecords([])).map((one) => one.state);
  deepStrictEqual([...new Set(states)], ["not measured"]);
});

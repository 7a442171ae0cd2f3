// Strategies compared: figures in, sentences and a table out.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { type Entry, formatComparison, worseIn } from "./compare.ts";
import { emptyRun } from "./record.ts";
import type { StrategyName } from "./scenes.ts";
import type { Verdict } from "./verdict.ts";

interface Figures {
  kernelKills?: number;
  wrong?: number;
  excess?: number;
  someMs?: number;
  fullMs?: number;
  heartMs?: number;
  isLost?: boolean;
}

function entry(strategy: StrategyName, figures: Figures): Entry {
  const names = (count = 0) => Array<string>(count).fill("somebody");
  const verdict: Verdict = {
    failures: [],
    kernelKills: figures.kernelKills ?? 0,
    victims: [],
    wrong: names(figures.wrong),
    excess: names(figures.excess),
    outOfOrder: [],
    needKb: 0,
    availKbMin: 0,
    rateMb: 100,
    isLoadWeak: false,
    someMs: figures.someMs ?? 1234.5,
    fullMs: figures.fullMs ?? 0,
    swapOutMb: 0,
    ...(figures.isLost ? {} : {
      heart: {
        count: 9,
        p50Us: 700,
        p99Us: 90000,
        maxUs: (figures.heartMs ?? 0) * 1000,
      },
    }),
  };
  const run = { ...emptyRun(), isDone: figures.isLost !== true };
  return { scene: "leak", strategy, run, verdict };
}

Deno.test("a difference counts beyond what chance makes", () => {
  const rows: [Figures, Figures, string[]][] = [
    [{ isLost: true }, {}, [
      "kernel OOM kills",
      "wrong victims",
      "excess victims",
      "full stall, ms",
      "worst stalled beat, ms",
    ]],
    [{ isLost: true }, { isLost: true }, []],
    [{}, { isLost: true }, []],
    [{}, {}, []],
    [{ kernelKills: 1 }, {}, ["kernel OOM kills"]],
    [{ wrong: 2 }, { wrong: 1, excess: 9 }, ["wrong victims"]],
    [{ excess: 1 }, {}, ["excess victims"]],
    [{ fullMs: 150 }, {}, []],
    [{ fullMs: 151 }, {}, ["full stall, ms"]],
    [{ heartMs: 250 }, { heartMs: 100 }, []],
    [{ heartMs: 251 }, { heartMs: 100 }, ["worst stalled beat, ms"]],
    [{ heartMs: 100 }, { heartMs: 900 }, []],
    // Nobody stalled for so long: the host was busy.
    [{ heartMs: 975, someMs: 150 }, { heartMs: 0 }, []],
    [{ heartMs: 975, someMs: 151 }, { heartMs: 0 }, ["worst stalled beat, ms"]],
  ];
  for (const [ours, theirs, want] of rows) {
    const lines = worseIn(entry("adaptive", ours), entry("lmkd", theirs));
    const names = lines.map((line) => /^leak, (.*): adaptive/.exec(line)?.[1]);
    deepStrictEqual(names, want);
  }
});

Deno.test("one line for each, in 80 columns, a lost machine by its name", () => {
  const worst: Figures = { kernelKills: 12, wrong: 13, excess: 13 };
  const lost = entry("minfree", { ...worst, fullMs: 40000, isLost: true });
  lost.verdict.someMs = 40000;
  lost.verdict.launchMs = 40000;
  lost.scene = "swapless";
  lost.run.procs.push({
    ...{ pid: 1, kind: "heart", name: "home", adj: 0, uid: 1 },
    ...{ culprit: false, spawnUs: 1, sizes: [] },
    death: { atUs: 1, signal: 9, code: 0 },
  });
  const table = formatComparison([entry("adaptive", { heartMs: 88 }), lost]);
  const lines = table.trimEnd().split("\n");
  strictEqual(lines.length, 3);
  strictEqual(lines.every((line) => line.length <= 80), true, table);
  const words = lines.map((line) => line.trim().split(/\s{2,}|\s/).join(" "));
  deepStrictEqual(words.slice(1), [
    "leak adaptive 0 0 0 0 1235/0 90/88 0/0 -",
    "swapless minfree lost 0 13 13 40000/40000 - 0/1 40000",
  ]);
});

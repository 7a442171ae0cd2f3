// Records to figures: medians and ranges, lost machines, missing figures, and
// the one order of guards and scenes.

import {
  deepStrictEqual,
  notDeepStrictEqual,
  strictEqual,
} from "node:assert/strict";

import { formatFigure, formatRange } from "./figure.ts";
import { orderGuards, orderScenes, tonesOf } from "./guards.ts";
import type { BenchRecord } from "./record.ts";
import {
  BEAT_WORST,
  countWords,
  FULL_STALL,
  groupRecords,
  IDLE_CPU,
  LOAD_CPU,
  LOAD_RSS,
  type Measure,
  provenanceOf,
  spreadOf,
  TO_BACK,
  TO_SIGNAL,
} from "./summary.ts";
import { boot, syntheticRecords } from "./synthetic.ts";

const BOOT = { ...boot("earlyoom", "leak", 1), lost: false };

Deno.test("the median, the least and the most of what was measured", () => {
  const rows: [Measure, Partial<BenchRecord>[], number[]][] = [
    [FULL_STALL, [{ fullMs: 7 }], [1, 7, 7, 7]],
    [FULL_STALL, [{ fullMs: 9 }, { fullMs: 2 }], [2, 5.5, 2, 9]],
    [FULL_STALL, [{ fullMs: 9 }, { fullMs: 2 }, { fullMs: 10 }], [3, 9, 2, 10]],
    // A lost machine's own figure says nothing.
    [FULL_STALL, [{ fullMs: 1, lost: true }, { fullMs: 5 }], [
      ...[2, Infinity, 5, Infinity],
    ]],
    [FULL_STALL, [
      ...[{ lost: true }, { fullMs: 5 }, { fullMs: 6 }],
    ], [3, 6, 5, Infinity]],
    [FULL_STALL, [{ lost: true }, { lost: true }], [
      ...[2, Infinity, Infinity, Infinity],
    ]],
    [BEAT_WORST, [{ heart: null }], [0, NaN, NaN, NaN]],
    [BEAT_WORST, [{ heart: null, lost: true }], [
      ...[1, Infinity, Infinity, Infinity],
    ]],
    [BEAT_WORST, [
      { heart: { count: 1, p50Us: 1, p99Us: 2, maxUs: 31_500 } },
      { heart: null },
    ], [1, 31.5, 31.5, 31.5]],
    // A signal counts even if the machine was lost after it.
    [TO_SIGNAL, [{ markToSignalMs: -4, lost: true }], [1, -4, -4, -4]],
    [TO_SIGNAL, [{ markToSignalMs: null, lost: true }], [
      ...[1, Infinity, Infinity, Infinity],
    ]],
    [TO_SIGNAL, [{ markToSignalMs: null }], [0, NaN, NaN, NaN]],
    [TO_BACK, [{ signalToBackMs: 3, lost: true }], [
      ...[1, Infinity, Infinity, Infinity],
    ]],
    [LOAD_RSS, [{ cost: null }], [0, NaN, NaN, NaN]],
    [LOAD_RSS, [{ lost: true, cost: { ...BOOT.cost!, rssKb: 2048 } }], [
      ...[1, 2, 2, 2],
    ]],
    [LOAD_CPU, [{ durationMs: 2000, cost: { ...BOOT.cost!, cpuMs: 30 } }], [
      ...[1, 1.5, 1.5, 1.5],
    ]],
    [LOAD_CPU, [{ durationMs: 0 }], [0, NaN, NaN, NaN]],
    [IDLE_CPU, [{ cost: { ...BOOT.cost!, idle: null } }], [0, NaN, NaN, NaN]],
    [IDLE_CPU, [{
      cost: {
        ...BOOT.cost!,
        idle: { cpuMsPerS: 0.2, wakeupsPerS: 1, rssKb: 1, lockedKb: 1 },
      },
    }], [1, 0.02, 0.02, 0.02]],
  ];
  for (const [measure, parts, want] of rows) {
    const boots = parts.map((part) => ({ ...BOOT, ...part }));
    const { have, median, min, max, boots: all } = spreadOf(boots, measure);
    deepStrictEqual([have, median, min, max], want, measure.name);
    strictEqual(all, parts.length);
  }
});

Deno.test("guards and scenes have one order, and dropped-in ones follow", () => {
  deepStrictEqual(
    orderGuards([
      ...["zzz", "oomd", "lmkd (local)", "kernel alone", "oomguard lmkd"],
      ...["oomd-tuned", "oomguard adaptive", "oomd"],
    ]),
    [
      ...["oomguard adaptive", "oomguard lmkd", "kernel alone", "oomd"],
      ...["oomd-tuned", "lmkd (local)", "zzz"],
    ],
  );
  deepStrictEqual(
    orderScenes(["recover", "zoo", "slow squeeze", "leak", "launch", "ark"]),
    ["launch", "leak", "slow squeeze", "recover", "ark", "zoo"],
  );
});

Deno.test("no two guards of a full run share a tone", () => {
  const names = syntheticRecords().map((one) => one.guard);
  const tones = tonesOf(orderGuards([...names, "a", "b", "c"]));
  for (const scheme of ["light", "dark"] as const) {
    const all = tones.map((tone) => tone[scheme]);
    strictEqual(new Set(all).size, all.length);
  }
});

Deno.test("a tuned row has its own tone, however it is spelt", () => {
  const of = (...names: string[]) => tonesOf(names);
  deepStrictEqual(of("oomd-tuned"), of("oomd tuned"));
  notDeepStrictEqual(of("oomd-tuned"), of("oomd"));
  notDeepStrictEqual(of("oomd-tuned"), of("unknown"));
});

Deno.test("boots are grouped by scene and guard", () => {
  const records = syntheticRecords(["oomd", "earlyoom"], ["leak", "lock"], 3);
  const bench = groupRecords(records.reverse());
  deepStrictEqual(bench.guards, ["earlyoom", "oomd"]);
  deepStrictEqual(bench.scenes, ["leak", "lock"]);
  deepStrictEqual(bench.seeds, [1, 2, 3]);
  const cell = bench.cell("lock", "oomd");
  deepStrictEqual(cell.map((one) => [one.scene, one.guard, one.seed]), [
    ...[["lock", "oomd", 1], ["lock", "oomd", 2], ["lock", "oomd", 3]],
  ]);
  deepStrictEqual(bench.cell("lock", "nohang"), []);
  strictEqual(countWords(bench), "n=3");
  strictEqual(countWords(groupRecords(records.slice(1))), "n=2 to 3");
  strictEqual(countWords(groupRecords([])), "n=0");
});

Deno.test("where and when: each value that occurs", () => {
  const host = { ...BOOT.host, cores: 4 };
  const from = provenanceOf([
    { ...BOOT, date: "2026-01-02T23:30:00-01:00" },
    { ...BOOT, commit: "other", date: "2026-01-01T00:00:00Z", host },
    { ...BOOT, date: "2026-01-02T00:00:00Z" },
  ]);
  deepStrictEqual(from.days, ["2026-01-01", "2026-01-03"]);
  deepStrictEqual(from.commits, [BOOT.commit, "other"]);
  strictEqual(from.hosts.length, 2);
  deepStrictEqual(from.kernels, [BOOT.kernel]);
});

Deno.test("figures as words", () => {
  const rows: [number, string][] = [
    [0, "0"],
    [5, "5"],
    [0.0106, "0.011"],
    [0.0996, "0.10"],
    [0.25, "0.25"],
    [0.996, "1.0"],
    [3.21, "3.2"],
    [9.96, "10"],
    [46.7, "47"],
    [-374.2, "-374"],
    [12345.6, "12346"],
    [NaN, "-"],
    [Infinity, "lost"],
  ];
  for (const [value, want] of rows) strictEqual(formatFigure(value), want);
  const ranges: [number, number, string][] = [
    [28.2, 47.4, "28–47"],
    [1234, 2099, "1.2–2.1k"],
    [900, 1234, "900–1.2k"],
    [9960, 40_400, "10–40k"],
    [0.008, 0.013, "0.008–0.013"],
    [900, Infinity, "900–lost"],
    [3.21, 3.22, "3.2"],
    [0.0123, 40_000, "0.0–40k"],
    [0, 40_000, "0–40k"],
    [-374, 0.25, "-374–0.3"],
  ];
  for (const [min, max, want] of ranges) {
    strictEqual(formatRange(min, max), want);
  }
});

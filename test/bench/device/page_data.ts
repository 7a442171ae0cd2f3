// What the page's plots are given, from the records. Pure. Figures are rounded
// to what a screen can show, so that a full run's page stays a few megabytes.

import { isOurs, OURS, tonesOf } from "./guards.ts";
import type { PageData, PageScene, Run, Strip } from "./page/data.ts";
import type { BenchRecord } from "./record.ts";
import {
  BEAT_WORST,
  type Bench,
  FULL_STALL,
  type Measure,
  spreadOf,
  TO_BACK,
  TO_SIGNAL,
} from "./summary.ts";

/** The measures that are plotted, in words that need no table. */
const STRIPS: readonly (readonly [name: string, measure: Measure])[] = [
  ["full stall", FULL_STALL],
  ["worst foreground beat", BEAT_WORST],
  ["mark to first signal", TO_SIGNAL],
  ["first signal to headroom back", TO_BACK],
];
/** The row without any guard. */
const ALONE = "kernel alone";

/** All that the page's script needs. */
export function pageData(bench: Bench, ours = OURS): PageData {
  const tones = tonesOf(bench.guards);
  const shown = new Set([ours, ALONE, bestPeer(bench)]);
  return {
    guards: bench.guards.map((name, index) => ({
      name,
      ...tones[index]!,
      isShown: shown.has(name),
    })),
    scenes: bench.scenes.map((scene) => pageScene(bench, scene)),
  };
}

/** The peer with the least full stall over all scenes, of those that lost no
 * machine if there are any. */
function bestPeer(bench: Bench): string | undefined {
  const stalls = bench.guards
    .filter((guard) => !isOurs(guard) && guard !== ALONE)
    .map((guard) => ({
      guard,
      // Medians add up over the same scenes only.
      sum: bench.scenes.reduce((sum, scene) => {
        const { median } = spreadOf(bench.cell(scene, guard), FULL_STALL);
        return sum + (Number.isNaN(median) ? Infinity : median);
      }, 0),
    }));
  return stalls.sort((a, b) => a.sum === b.sum ? 0 : a.sum - b.sum)[0]?.guard;
}

function pageScene(bench: Bench, scene: string): PageScene {
  const boots = bench.guards.flatMap((guard, g) =>
    bench.cell(scene, guard).map((one) => [g, one] as const)
  );
  return {
    name: scene,
    seeds: [...new Set(boots.map(([, one]) => one.seed))].sort((a, b) => a - b),
    strips: STRIPS.map(([name, measure]) => toStrip(name, measure, boots))
      .filter(({ points }) => points.length > 0),
    runs: boots.map(([g, one]) => toRun(g, one)),
  };
}

type Boot = readonly [g: number, one: BenchRecord];

function toStrip(
  name: string,
  measure: Measure,
  boots: readonly Boot[],
): Strip {
  return {
    name,
    unit: measure.unit,
    points: boots.flatMap(([g, one]) => {
      const value = measure.of(one);
      if (value === undefined) return [];
      return {
        g,
        seed: one.seed,
        value: Number.isFinite(value) ? round(value, 1) : null,
      };
    }),
  };
}

function toRun(g: number, { seed, trace, needKb, victims }: BenchRecord): Run {
  return {
    g,
    seed,
    t: trace.t.map((ms) => Math.round(ms)),
    availMb: trace.availKb.map((kb) => round(kb / 1024, 1)),
    fullMs: trace.fullUs.map((us) => Math.round(us / 1000)),
    needMb: needKb === undefined ? null : round(needKb / 1024, 1),
    kills: victims.map(({ name, adj, atMs, heldKb }) => ({
      name,
      adj,
      atMs: Math.round(atMs),
      heldMb: Math.round(heldKb / 1024),
    })),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

// The goals of the device bench, each met, not met or not measured, with the
// number that says so. Pure. A peer is every row that is not the product's, the
// kernel alone and tuned rows included: the strictest reading.

import { isOurs, isRecover, OURS } from "./guards.ts";
import {
  BEAT_WORST,
  type Bench,
  FULL_STALL,
  IDLE_CPU,
  type Measure,
  type Spread,
  spreadOf,
  sumOf,
  TO_SIGNAL,
} from "./summary.ts";
import type { BenchRecord } from "./record.ts";
import { formatFigure, formatRange } from "./figure.ts";

export type State = "met" | "not met" | "not measured";

export interface Goal {
  readonly name: string;
  readonly state: State;
  /** What was found, with its numbers. */
  readonly found: string;
}

/** What the goals ask for. */
const BEAT_MS_MAX = 50;
const STALL_SHARE_MAX = 0.5;
const IDLE_CPU_PERCENT_MAX = 0.02;
/** With fewer boots a figure has no spread to speak of. */
export const BOOTS_MIN = 5;

/** One guard in one scene. */
interface Standing extends Spread {
  readonly guard: string;
}

/** Judges the row `ours` of the bench. */
export function judgeGoals(bench: Bench, ours = OURS): Goal[] {
  const boots = bench.records.filter((one) => one.guard === ours);
  return [
    none("no kernel OOM kill", boots, (one) => one.kernelKills),
    none("no wrong victim", boots, (one) => one.wrong),
    none("no excess victim", boots, (one) => one.excess),
    none(
      "no kill in recover",
      boots.filter((one) => isRecover(one.scene)),
      (one) => one.victims.length,
    ),
    beatInThrash(boots),
    against(bench, ours, "worst beat never above the best peer's", {
      measure: BEAT_WORST,
      share: 1,
      peers: anyPeer,
    }),
    against(bench, ours, "full stall at most half of the best peer's", {
      measure: FULL_STALL,
      share: STALL_SHARE_MAX,
      peers: anyPeer,
    }),
    against(bench, ours, "signal no later than the best sparing peer's", {
      measure: TO_SIGNAL,
      share: 1,
      peers: sparingPeer,
      // Where nobody is to die, none is the first to signal.
      scenes: (scene) => !isRecover(scene),
      isHeld: (scene) => sumOf(bench.cell(scene, ours), over) === 0,
    }),
    idleCpu(boots),
    ...NATIVE.map((name): Goal => ({
      name,
      state: "not measured",
      found: "natively, by deno task bench",
    })),
  ];
}

const NATIVE = [
  "whole turn, 1,000 candidates: p50 under 150 us",
  "whole turn, 10,000 candidates: at most 1.3 times that",
  "sense within 1.5 times of the C baseline",
];

const over = (one: BenchRecord) => one.wrong + one.excess;
const anyPeer = () => true;
/** One that killed nobody beyond what was needed, and kept the machine. */
const sparingPeer = (boots: readonly BenchRecord[]) =>
  boots.every((one) => over(one) === 0 && !one.lost);

function none(
  name: string,
  boots: readonly BenchRecord[],
  of: (one: BenchRecord) => number,
): Goal {
  if (boots.length === 0) return { name, state: "not measured", found: "" };
  const sum = sumOf(boots, of);
  const lost = sumOf(boots, (one) => one.lost ? 1 : 0);
  const scenes = new Set(boots.map((one) => one.scene)).size;
  const bad = [
    ...new Set(
      boots.filter((one) => of(one) > 0 || one.lost).map((one) => one.scene),
    ),
  ];
  return {
    name,
    // What a lost machine would still have done is not known.
    state: sum === 0 && lost === 0 ? "met" : "not met",
    found: `${sum} in ${plural(boots.length, "boot")} of ` +
      plural(scenes, "scene") +
      (lost > 0 ? `, ${plural(lost, "machine")} lost` : "") +
      (bad.length > 0 ? `: ${bad.join(", ")}` : ""),
  };
}

function beatInThrash(boots: readonly BenchRecord[]): Goal {
  const name = `worst beat in thrash under ${BEAT_MS_MAX} ms`;
  const thrash = boots.filter((one) => one.scene === "thrash");
  const { have, max, boots: all } = spreadOf(thrash, BEAT_WORST);
  if (have === 0) return { name, state: "not measured", found: "" };
  return {
    name,
    // A boot without a beat may hide the worst.
    state: max < BEAT_MS_MAX && have === all ? "met" : "not met",
    found: `${formatFigure(max)} ms, the worst of ${plural(have, "boot")}` +
      (have < all ? `; no beat heard in ${all - have}` : ""),
  };
}

interface Contest {
  readonly measure: Measure;
  /** Ours may be at most this share of the best peer's. */
  readonly share: number;
  readonly peers: (boots: readonly BenchRecord[]) => boolean;
  /** Where it is about; everywhere, if it does not say. */
  readonly scenes?: (scene: string) => boolean;
  /** What must hold of ours besides. */
  readonly isHeld?: (scene: string) => boolean;
}

/** Compares medians, scene by scene. */
function against(
  bench: Bench,
  ours: string,
  name: string,
  contest: Contest,
): Goal {
  const kept: string[] = [];
  const missed: string[] = [];
  for (const scene of bench.scenes.filter(contest.scenes ?? (() => true))) {
    const mine = spreadOf(bench.cell(scene, ours), contest.measure);
    const best = bestPeer(bench, scene, contest);
    if (mine.have === 0 || best === undefined) continue;
    // Where nobody has any there is nothing to halve.
    if (mine.median === 0 && best.median === 0) continue;
    const few = mine.boots < BOOTS_MIN ? `, n=${mine.boots}` : "";
    const words = `${scene} ${formatFigure(mine.median)} ` +
      `(${formatRange(mine.min, mine.max)}${few}) to ` +
      `${formatFigure(best.median)} ` +
      `(${formatRange(best.min, best.max)}, ${best.guard})`;
    const most = best.median * contest.share;
    // As lost as the best peer is no goal.
    const isKept = mine.median <= most && Number.isFinite(mine.median) &&
      (contest.isHeld?.(scene) ?? true);
    (isKept ? kept : missed).push(words);
  }
  if (kept.length + missed.length === 0) {
    return { name, state: "not measured", found: "" };
  }
  const all = plural(kept.length + missed.length, "scene");
  return {
    name,
    state: missed.length === 0 ? "met" : "not met",
    found: missed.length === 0
      ? `in ${all}; ms: ${kept.join(", ")}`
      : `not in ${missed.length} of ${all}; ms: ${missed.join(", ")}`,
  };
}

function bestPeer(
  bench: Bench,
  scene: string,
  contest: Contest,
): Standing | undefined {
  let best: Standing | undefined;
  for (const guard of bench.guards) {
    const boots = bench.cell(scene, guard);
    if (isOurs(guard) || !contest.peers(boots)) continue;
    const spread = spreadOf(boots, contest.measure);
    if (spread.have === 0) continue;
    if (best === undefined || spread.median < best.median) {
      best = { guard, ...spread };
    }
  }
  return best;
}

function idleCpu(boots: readonly BenchRecord[]): Goal {
  const name = `idle CPU at most ${IDLE_CPU_PERCENT_MAX} %`;
  const { have, median, min, max } = spreadOf(boots, IDLE_CPU);
  if (have === 0) return { name, state: "not measured", found: "" };
  return {
    name,
    state: median <= IDLE_CPU_PERCENT_MAX ? "met" : "not met",
    found: `${median.toFixed(4)} % in the device ` +
      `(${min.toFixed(4)} to ${max.toFixed(4)}, ${plural(have, "boot")})`,
  };
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

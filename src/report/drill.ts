// What a drill showed: who died, whether rightly, and how quickly; as a
// judgement, as lines for people, and as one object for programs. Pure: the
// drill measures, this only weighs and words.

import { bandOf } from "../state/victims.ts";

/** One process of the drill. */
export interface Actor {
  readonly name: string;
  readonly pid: number;
  readonly adj: number;
  readonly workingKb: number;
}

/** A process of the drill that ended before it was told to. */
export interface Death {
  readonly pid: number;
  /** Since the drill began. */
  readonly atMs: number;
  readonly by: "guard" | "somebody else";
  /** In words; "" where the guard gave none. */
  readonly why: string;
}

/** How late something that should happen regularly did. */
export interface Lateness {
  readonly beats: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** What the guard itself took. */
export interface GuardFacts {
  readonly readyMs: number;
  readonly rssKb: number;
  readonly anonKb: number;
  /** Share of one processor before the hog grew, permille. */
  readonly calmCpuPermille: number;
  /** ... and while it grew. */
  readonly busyCpuPermille: number;
}

/** A real drill looks at its group this often, ms: times between two looks are
 * no finer. */
export const LOOK_MS = 2;

/** How quick the guard was with the hog; null is not seen. */
export interface DrillTimes {
  /** Available memory at which the guard acted, kB. */
  readonly markKb: number | null;
  /** From the fall below that. Of a real drill below LOOK_MS, 0 included, it
   * means less than LOOK_MS: memory fell and the guard acted between two
   * looks. */
  readonly thresholdToSignalMs: number | null;
  readonly wakeToSignalUs: number | null;
  readonly signalToDeathMs: number | null;
  /** To the first look that finds enough available again. */
  readonly signalToBackMs: number | null;
  readonly backKb: number | null;
}

/** Of a hog that the guard did not kill. */
export const NO_TIMES: DrillTimes = {
  markKb: null,
  thresholdToSignalMs: null,
  wakeToSignalUs: null,
  signalToDeathMs: null,
  signalToBackMs: null,
  backKb: null,
};

/** Everything a drill measured; null is what it could not see. */
export interface DrillFacts extends DrillTimes {
  readonly mode: "real" | "simulated";
  /** Why it was simulated, or "". */
  readonly why: string;
  /** The memory group, in words. */
  readonly group: string;
  readonly limitKb: number;
  readonly rateKbPerS: number;
  readonly cast: readonly Actor[];
  readonly hogPid: number;
  readonly heartPid: number;
  /** In the order in which they happened. */
  readonly deaths: readonly Death[];
  /** What the simulator found wrong by itself; none in a real drill. */
  readonly violations: readonly string[];
  readonly kernelOomKills: number | null;
  readonly heartCalm: Lateness | null;
  readonly heartBusy: Lateness | null;
  /** Group PSI while the hog grew and after, us. */
  readonly stallSomeUs: number | null;
  readonly stallFullUs: number | null;
  readonly guard: GuardFacts | null;
}

/** What is to be said of it. */
export interface Judgement {
  readonly passed: boolean;
  /** Each thing that went wrong, in words. */
  readonly failures: readonly string[];
  readonly wrong: readonly string[];
  readonly excess: readonly string[];
}

/**
 * Weighs each death. Wrong: somebody less important lived that would have
 * sufficed, which the hog alone does. Excess: of the hog's own band while the
 * hog lived, or when its death had already sufficed.
 */
export function judgeDrill(facts: DrillFacts): Judgement {
  const wrong: string[] = [];
  const excess: string[] = [];
  const failures: string[] = [];
  const hog = facts.cast.find((actor) => actor.pid === facts.hogPid);
  let hogDeath: Death | undefined;
  for (const death of facts.deaths) {
    const actor = facts.cast.find((one) => one.pid === death.pid);
    if (actor === undefined || hog === undefined) continue;
    if (actor === hog) hogDeath = death;
    else if (hogDeath === undefined && bandOf(actor.adj) < bandOf(hog.adj)) {
      wrong.push(actor.name);
    } else excess.push(actor.name);
  }
  if (hogDeath === undefined) failures.push("the hog lives");
  else if (hogDeath.by !== "guard") failures.push("not the guard killed it");
  if (wrong.length > 0) failures.push(`wrong victims: ${wrong.join(", ")}`);
  if (excess.length > 0) failures.push(`excess victims: ${excess.join(", ")}`);
  const oomKills = facts.kernelOomKills ?? 0;
  if (oomKills > 0) failures.push(`${oomKills} kernel OOM kills`);
  if (facts.deaths.some((death) => death.pid === facts.heartPid)) {
    failures.push("the foreground died");
  } else if (facts.mode === "real" && facts.heartBusy === null) {
    failures.push("the foreground no longer answers");
  }
  if (failures.length === 0) failures.push(...facts.violations);
  return { passed: failures.length === 0, failures, wrong, excess };
}

/** The value below which `permille` of the sorted values lie (nearest rank);
 * 0 of none. */
export function percentile(sorted: Int32Array, permille: number): number {
  if (sorted.length === 0) return 0;
  const rank = Math.ceil(sorted.length * permille / 1000);
  return sorted[Math.max(rank, 1) - 1];
}

/** Percentiles of how late each beat was, us. */
export function latenessOf(lateUs: Int32Array): Lateness {
  const sorted = lateUs.slice().sort();
  return {
    beats: sorted.length,
    p50Us: percentile(sorted, 500),
    p99Us: percentile(sorted, 990),
    maxUs: percentile(sorted, 1000),
  };
}

/** One look at the group. */
export interface LevelSample {
  readonly atMs: number;
  readonly availableKb: number;
}

/** When memory fell below `markKb` for the last time before `untilMs`, between
 * the two looks around it; null when it was not below. */
export function fellBelowMs(
  samples: readonly LevelSample[],
  markKb: number,
  untilMs: number,
): number | null {
  let i = samples.findLastIndex((sample) => sample.atMs <= untilMs);
  if (i < 0 || samples[i].availableKb >= markKb) return null;
  while (i > 0 && samples[i - 1].availableKb < markKb) i--;
  const after = samples[i];
  if (i === 0) return after.atMs;
  const before = samples[i - 1];
  const fall = before.availableKb - after.availableKb;
  const part = (before.availableKb - markKb) / fall;
  return before.atMs + (after.atMs - before.atMs) * part;
}

/** When memory was first at `markKb` or above after `fromMs`, or null. */
export function roseAboveMs(
  samples: readonly LevelSample[],
  markKb: number,
  fromMs: number,
): number | null {
  const found = samples.find((sample) =>
    sample.atMs > fromMs && sample.availableKb >= markKb
  );
  return found === undefined ? null : found.atMs;
}

/** The object of `drill --json`. */
export function drillJson(
  facts: DrillFacts,
  judgement: Judgement,
  timeline: readonly { readonly atMs: number; readonly text: string }[],
): Record<string, unknown> {
  return {
    verdict: judgement.passed ? "pass" : "fail",
    failures: judgement.failures,
    wrongVictims: judgement.wrong,
    excessVictims: judgement.excess,
    ...facts,
    timeline,
  };
}

// Judges a scene from its record: what went wrong, and how the machine fared
// meanwhile. Pure: the same record gives the same verdict. victims.ts defines
// the wrong and the excess victim.

import type { Heart, Proc, Run, Sample, Vmstat } from "./record.ts";
import type { Fate } from "./scenes.ts";
import {
  bandOf,
  excessVictims,
  outOfOrderVictims,
  toVictims,
  type Victim,
  wrongVictims,
} from "./victims.ts";

/** MemAvailable below 13 % of the memory is a need: of 1 GiB, what a launch at
 * 210 MB/s takes in 0.3 s, and 6 % kept in reserve, rounded up. (Android's own
 * minfree levels for 1 GiB begin to take cached apps at 30 %.) */
export const NEED_PERMILLE = 130;

const CACHED_BAND = 9;

export interface Expectation {
  fate: Fate;
  /** With less than this before memory was short, it is not the load meant. */
  rateMbMin: number;
  /** The culprit that is not to die has its memory by then. */
  launchMsMax: number;
}

export interface Verdict {
  /** Empty: the scene passed. Else one sentence for each thing that is wrong. */
  failures: string[];
  kernelKills: number;
  victims: Victim[];
  wrong: string[];
  excess: string[];
  outOfOrder: string[];
  needKb: number;
  availKbMin: number;
  /** From begin until MemAvailable first fell below the need mark. */
  needMs?: number;
  firstDeathMs?: number;
  launchMs?: number;
  rateMb: number;
  /** The load did not reach its rate before memory was short, because the host
   * is too busy or the guard takes all the CPU: not the scene that was meant. */
  isLoadWeak: boolean;
  someMs: number;
  fullMs: number;
  heart?: Heart;
  swapOutMb: number;
}

function isForeground(proc: Proc): boolean {
  return bandOf(proc.adj) === 0;
}

/** Judges one scene. */
export function judge(run: Run, want: Expectation): Verdict {
  const needKb = Math.floor(run.totalKb * NEED_PERMILLE / 1000);
  const samples = run.samples.filter((one) => isWithin(one.atUs, run));
  const victims = toVictims(run);
  const first = samples[0];
  const last = samples.at(-1);
  const need = samples.find((one) => one.availKb < needKb);
  const verdict: Verdict = {
    failures: [],
    kernelKills: countKernelKills(run),
    victims,
    wrong: wrongVictims(run, victims, needKb),
    excess: excessVictims(run, victims, samples, needKb, want.fate),
    outOfOrder: want.fate === "grows" ? outOfOrderVictims(run, victims) : [],
    needKb,
    availKbMin: Math.min(...samples.map((one) => one.availKb)),
    rateMb: growthRateMb(samples, needKb),
    isLoadWeak: false,
    someMs: first && last ? (last.someUs - first.someUs) / 1000 : 0,
    fullMs: first && last ? (last.fullUs - first.fullUs) / 1000 : 0,
    swapOutMb: delta(run, "swapOutPages") / 256,
    ...(run.heart && { heart: run.heart }),
    ...(need && { needMs: (need.atUs - run.beginUs) / 1000 }),
    ...(victims[0] && { firstDeathMs: victims[0].atMs }),
    ...(want.fate === "grows" && run.grownUs && {
      launchMs: (run.grownUs - run.beginUs) / 1000,
    }),
  };
  verdict.isLoadWeak = verdict.rateMb < want.rateMbMin;
  verdict.failures = findFailures(run, verdict, want);
  return verdict;
}

/** Whether culprits have to die. */
function isFatal(fate: Fate): boolean {
  return fate === "dies" || fate === "thins";
}

function mayDie(proc: Proc, fate: Fate): boolean {
  if (isFatal(fate)) return proc.culprit;
  return fate === "grows" && bandOf(proc.adj) >= CACHED_BAND;
}

function isWithin(atUs: number, run: Run): boolean {
  return atUs >= run.beginUs && (run.endUs === 0 || atUs <= run.endUs);
}

function delta(run: Run, key: keyof Vmstat): number {
  if (run.vmBefore === undefined || run.vmAfter === undefined) return 0;
  return run.vmAfter[key] - run.vmBefore[key];
}

/** The kernel's counter, or its log where the machine did not live to count. */
function countKernelKills(run: Run): number {
  const logged = run.remarks.filter((remark) =>
    remark.from === "kernel" && remark.line.includes("Killed process")
  );
  return Math.max(delta(run, "oomKill"), logged.length);
}

/** How fast the culprit grew while nothing held it up yet. */
function growthRateMb(samples: Sample[], needKb: number): number {
  const stop = samples.findIndex((one) => one.availKb < needKb);
  const calm = samples.slice(0, stop < 0 ? samples.length : stop);
  const from = calm[0];
  const to = calm.findLast((one, index) =>
    one.grownKb > (calm[index - 1]?.grownKb ?? 0)
  );
  if (from === undefined || to === undefined || to === from) return 0;
  return (to.grownKb - from.grownKb) / 1024 / ((to.atUs - from.atUs) / 1e6);
}

function findFailures(run: Run, verdict: Verdict, want: Expectation): string[] {
  const failures: string[] = [];
  const fail = (is: boolean, line: string) => is && failures.push(line);
  fail(!run.isDone, "the machine did not live to tell the end");
  fail(run.beginUs === 0, "the scene never began");
  fail(run.populatedUs === 0, "the population was not complete at the start");
  if (failures.length > 0) return failures;
  const early = verdict.victims.filter((victim) => victim.atMs < 0);
  const culprits = run.procs.filter((proc) => proc.culprit);
  const ended = run.procs.filter((proc) => proc.death?.signal === 0);
  const dead = run.procs.filter((proc) => proc.death && isForeground(proc));
  for (const { proc } of early) failures.push(`${proc.name} died in calm time`);
  for (const proc of ended) {
    failures.push(`${proc.name} ended by itself, code ${proc.death!.code}`);
  }
  for (const proc of dead) failures.push(`foreground ${proc.name} died`);
  fail(
    verdict.isLoadWeak,
    `the load only reached ${verdict.rateMb.toFixed(0)} MB/s ` +
      `of at least ${want.rateMbMin}: the host, or the guard, leaves it no time`,
  );
  fail(verdict.kernelKills > 0, `${verdict.kernelKills} kernel OOM kills`);
  fail(run.guardDeath !== undefined, "the guard died");
  fail(
    isFatal(want.fate) && !culprits.some(({ death }) => death),
    "the culprit lives",
  );
  for (const { proc } of verdict.victims) {
    if (mayDie(proc, want.fate) || isForeground(proc)) continue;
    failures.push(`${proc.name} (adj ${proc.adj}) died`);
  }
  const launchMs = verdict.launchMs ?? Infinity;
  fail(
    want.fate === "grows" && launchMs > want.launchMsMax,
    `the launch took ${launchMs.toFixed(0)} ms, more than ${want.launchMsMax}`,
  );
  for (const line of verdict.wrong) failures.push(`wrong victim: ${line}`);
  for (const line of verdict.excess) failures.push(`excess victim: ${line}`);
  for (const line of verdict.outOfOrder) failures.push(`out of order: ${line}`);
  return failures;
}

// Judges a scene: who died and whether that was right, by bands of importance;
// how soon the guard acted, and how the device fared.

import { bandOf } from "../state/victims.ts";
import { ALIVE, type SimProcess } from "./process.ts";
import type { SceneRun } from "./scene_run.ts";

/** The launch asks for its memory in 2 s and must have it in twice that. */
const LAUNCH_MS_MAX = 4_000;

/** One who took part. */
export interface SceneActor {
  readonly pid: number;
  readonly name: string;
  readonly adj: number;
  /** Memory it started with, kB. */
  readonly sizeKb: number;
}

/** One who died. */
export interface SceneDeath {
  readonly pid: number;
  readonly name: string;
  readonly adj: number;
  readonly sizeKb: number;
  readonly reason: number;
  readonly byKernel: boolean;
  readonly isCulprit: boolean;
  readonly signalMs: number;
  readonly deathMs: number;
  /** From signal to memory back, ms. */
  readonly backMs: number;
}

/** What became of a scene. */
export interface SceneResult {
  readonly scene: string;
  readonly seed: number;
  /** Everybody of the population, then the culprit. */
  readonly cast: readonly SceneActor[];
  /** Empty: it passed. Else a sentence for each thing that is wrong. */
  readonly failures: readonly string[];
  readonly deaths: readonly SceneDeath[];
  readonly wrong: number;
  readonly excess: number;
  readonly kernelKills: number;
  /** From the first need to the first signal, ms; -1 without either. */
  readonly needToSignalMs: number;
  readonly leastAvailableKb: number;
  /** Time all tasks stalled, ms. */
  readonly fullStallMs: number;
  readonly someStallMs: number;
  /** Simulated time from the start of the culprit to the end, ms. */
  readonly lastedMs: number;
  readonly turns: number;
  /** The guard's journal ring, to be read as any other (report/journal.ts). */
  readonly journal: Int32Array;
}

/** Judges a scene that has ended. */
export function judgeScene(run: SceneRun): SceneResult {
  const { rig, scene, culprit } = run;
  const { world, machine } = rig;
  const deaths = run.dead.map((process): SceneDeath => ({
    pid: process.pid,
    name: process.name,
    adj: process.plan.adj,
    sizeKb: Math.trunc(process.exitSizeKb),
    reason: run.reasonOf(process),
    byKernel: process.byKernel,
    isCulprit: process === culprit,
    signalMs: (process.killedUs - run.beganUs) / 1000,
    deathMs: (process.diedUs - run.beganUs) / 1000,
    backMs: (process.diedUs - process.killedUs) / 1000,
  }));
  const wrong = run.dead.filter((one) => isWrong(run, one));
  const excess = excessOf(run);
  const signals = machine.signals.length > 0 ? machine.signals[0].atUs : -1;
  const failures = machine.violations.slice();
  const fail = (is: boolean, text: string) => is && failures.push(text);
  fail(run.rig.world.kernelKills.length > 0, "the kernel's OOM killer woke");
  fail(scene.culpritDies && culprit!.state === ALIVE, "the culprit lives");
  fail(!scene.culpritDies && culprit!.state !== ALIVE, "the launch was killed");
  fail(
    !scene.culpritDies &&
      (run.grownUs < 0 || run.grownUs - run.beganUs > LAUNCH_MS_MAX * 1000),
    "the launch did not get its memory in time",
  );
  for (const one of wrong) failures.push(`wrong victim: ${one.name}`);
  for (const one of excess) failures.push(`excess victim: ${one.name}`);
  return {
    scene: scene.name,
    seed: run.seed,
    cast: [...run.others, culprit!].map((one) => ({
      pid: one.pid,
      name: one.name,
      adj: one.plan.adj,
      sizeKb: one.plan.sizeKb,
    })),
    failures,
    deaths,
    wrong: wrong.length,
    excess: excess.length,
    kernelKills: world.kernelKills.length,
    needToSignalMs: signals < 0 || run.needUs < 0
      ? -1
      : (signals - run.needUs) / 1000,
    leastAvailableKb: Math.trunc(world.leastAvailableKb),
    fullStallMs: (world.psi.fullUs - run.fullUs) / 1000,
    someStallMs: (world.psi.someUs - run.someUs) / 1000,
    lastedMs: (world.nowUs - run.beganUs) / 1000,
    turns: rig.turns,
    journal: rig.arena.journal,
  };
}

/** Died while one in a less important band lived that held as much. */
function isWrong(run: SceneRun, victim: SimProcess): boolean {
  const band = bandOf(victim.plan.adj);
  return [...run.others, run.culprit!].some((one) =>
    bandOf(one.plan.adj) > band && one.sizeKb >= victim.exitSizeKb &&
    (one.state === ALIVE || one.killedUs > victim.killedUs)
  );
}

/** Died in the culprit's own band while the culprit, which was to die, lived;
 * or without need: with what it held taken away again, memory would never have
 * been short. Deaths are taken back last first. */
function excessOf(run: SceneRun): SimProcess[] {
  const { culprit, scene } = run;
  if (scene.culpritDies) {
    return run.dead.filter((one) =>
      one !== culprit && bandOf(one.plan.adj) === bandOf(culprit!.plan.adj)
    );
  }
  const excess: SimProcess[] = [];
  let takenBackKb = 0;
  for (const victim of run.dead.toReversed()) {
    const later = run.samples.filter((one) => one.atUs >= victim.diedUs);
    const leastKb = Math.min(...later.map((one) => one.availableKb));
    if (leastKb - takenBackKb - victim.exitSizeKb < run.needKb) continue;
    takenBackKb += victim.exitSizeKb;
    excess.push(victim);
  }
  return excess;
}

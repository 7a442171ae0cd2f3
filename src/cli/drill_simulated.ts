// The drill where no memory group may be made: the production guard, the same
// cast, the same limit, on a simulated machine. It proves the policy, not this
// machine; timeline and scorecard say so.

import type { Death, DrillFacts } from "../report/drill.ts";
import { type KillEntry, killsOf } from "../report/journal.ts";
import { reasonName } from "../report/reasons.ts";
import { sizeText } from "../report/units.ts";
import type { ProcessPlan } from "../sim/process.ts";
import { runScene } from "../sim/run_scene.ts";
import type { SceneEvent } from "../sim/scene_run.ts";
import type { SceneResult } from "../sim/scene_verdict.ts";
import { type Scene, sceneConfig } from "../sim/scenes.ts";
import { HEART, HOG, PARTS } from "./drill_cast.ts";
import { type DrillPlan, WORKING_SHARE } from "./drill_run.ts";
import type { Timeline } from "./drill_timeline.ts";

/** A scene's "need" is available memory below this part of all. */
const NEED_PART = 10;
/** A process of the drill gives its memory back in this time, ms (measured
 * natively: 15 to 40). */
const EXIT_MS = 30;

function sceneOf(plan: DrillPlan): Scene {
  const sizeKb = Math.floor(plan.limitKb / WORKING_SHARE);
  const all = PARTS.map(([name, adj], i): ProcessPlan => ({
    name,
    adj,
    uid: 10_000 + i,
    sizeKb,
    hotKb: sizeKb,
    exitMs: EXIT_MS,
  }));
  const isHog = (one: ProcessPlan) => one.name === HOG;
  const hog = all.find(isHog)!;
  return {
    name: "drill",
    memory: {
      totalKb: plan.limitKb,
      kernelKb: 0,
      fileKb: 0,
      hotFileKb: 0,
      swapKb: 0,
      zramPercent: 0,
    },
    group: true,
    population: all.filter((one) => !isHog(one)),
    culprit: { ...hog, growKbPerMs: Math.ceil(plan.rateKbPerS / 1000) },
    culpritDies: true,
  };
}

function eventText(event: SceneEvent): string {
  const who = `${event.name} (${event.pid})`;
  const left = `${sizeText(event.availableKb)} of the limit are left`;
  switch (event.kind) {
    case "begin":
      return `${who} grows, ${left}`;
    case "need":
      return `memory is short, ${left}`;
    case "signal":
      return `guard kills ${who}, oom_score_adj ${event.adj}: ` +
        `${reasonName(event.reason)}, ${left}`;
    case "death":
      return `${who} is gone, ${sizeText(event.sizeKb)} come back`;
    case "kernel":
      return `the kernel kills ${who}`;
    case "grown":
      return `${who} has what it wanted`;
    case "end":
      return `end, ${left}`;
  }
}

/** Facts of a simulated drill; `why` there was no real one. */
export function simulateDrill(
  plan: DrillPlan,
  why: string,
  timeline: Timeline,
): DrillFacts {
  timeline.say(
    "a simulated machine; what follows is its time, from the growth on",
  );
  const { settings } = sceneConfig([], plan.limitKb);
  const result = runScene(sceneOf(plan), settings, (event) => {
    timeline.say(eventText(event), event.atMs);
  });
  return factsOf(plan, why, result);
}

function factsOf(
  plan: DrillPlan,
  why: string,
  result: SceneResult,
): DrillFacts {
  const pidOf = (name: string) =>
    result.cast.find((one) => one.name === name)?.pid ?? 0;
  const hogPid = pidOf(HOG);
  const kills = killsOf(result.journal);
  const killOf = (pid: number): KillEntry | undefined =>
    kills.find((kill) => kill.pid === pid);
  const seen = result.needToSignalMs >= 0;
  return {
    mode: "simulated",
    why,
    group: "a simulated memory group",
    limitKb: plan.limitKb,
    rateKbPerS: plan.rateKbPerS,
    cast: result.cast.map(({ name, pid, adj, sizeKb }) => ({
      name,
      pid,
      adj,
      workingKb: sizeKb,
    })),
    hogPid,
    heartPid: pidOf(HEART),
    deaths: result.deaths.map((one): Death => ({
      pid: one.pid,
      atMs: one.deathMs,
      by: one.byKernel ? "somebody else" : "guard",
      why: killOf(one.pid)?.reasonText ?? "",
    })),
    violations: result.failures,
    kernelOomKills: result.kernelKills,
    markKb: seen ? Math.floor(plan.limitKb / NEED_PART) : null,
    thresholdToSignalMs: seen ? result.needToSignalMs : null,
    // No program takes time in the simulation.
    wakeToSignalUs: null,
    signalToDeathMs: killOf(hogPid)?.deathMs ?? null,
    signalToBackMs: result.deaths.find((one) => one.pid === hogPid)?.backMs ??
      null,
    backKb: killOf(hogPid)?.backKb ?? null,
    heartCalm: null,
    heartBusy: null,
    stallSomeUs: Math.round(result.someStallMs * 1000),
    stallFullUs: Math.round(result.fullStallMs * 1000),
    guard: null,
  };
}

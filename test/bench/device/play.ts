// One boot of the bench: a scene played against a guard, and what it gave.

import { runScene } from "../../qemu/harness.ts";
import { parseTrace } from "../../qemu/kmem.ts";
import type { GuardSize, Run } from "../../qemu/record.ts";
import type { SceneName } from "../../qemu/scenes.ts";
import type { Verdict } from "../../qemu/verdict.ts";
import { curvesOf, overKilledKb, reactionOf } from "./measures.ts";
import type { Boot } from "./plan.ts";
import { type BenchRecord, TRACE_POINTS_MAX } from "./record.ts";
import type { Asked } from "./rows.ts";

/** What is the same for every boot of a bench. */
export type Setting = Pick<BenchRecord, "commit" | "host">;

/** Times other than the scene's, ms. */
export interface Haste {
  calmMs?: number;
  settleMs?: number;
}

/** Tries at a scene that the host spoils: its load does not come to its rate
 * beside other work, or the emulator ends before it has begun. */
const TRIES = 3;

/** Plays one boot; `tell` hears what was out of the ordinary. Throws when the
 * scene never began. */
export async function play(
  boot: Boot,
  asked: Asked,
  setting: Setting,
  haste: Haste,
  tell: (line: string) => void,
): Promise<BenchRecord> {
  const date = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  for (let left = TRIES - 1;; left--) {
    const { outcome, run, verdict } = await runScene({
      ...asked,
      ...haste,
      scene: boot.scene as SceneName,
      seed: boot.seed,
      signals: true,
      // Some kill groups: everybody has processes in groups.
      groups: true,
    });
    if (outcome.retriedFor) tell(`booted again after "${outcome.retriedFor}"`);
    if (run.beginUs === 0) {
      if (left === 0) throw new Error("the device never came to the scene");
      tell("the device never came to the scene: again");
      continue;
    }
    if (run.isDone && left > 0 && parseTrace(run.trace) === undefined) {
      tell("the record of signals is not complete: again");
      continue;
    }
    if (run.isDone && verdict.isLoadWeak && left > 0) {
      tell(`the load only reached ${verdict.rateMb.toFixed(0)} MB/s: again`);
      continue;
    }
    const kernel = outcome.release;
    return toRecord({ ...boot, ...setting, date, kernel }, run, verdict);
  }
}

type Head = Pick<
  BenchRecord,
  "guard" | "scene" | "seed" | "commit" | "host" | "date" | "kernel"
>;

/** The record of a boot. */
export function toRecord(
  head: Head,
  run: Run,
  verdict: Verdict,
): BenchRecord {
  const { heart, victims, needKb } = verdict;
  return {
    v: 1,
    ...head,
    lost: !run.isDone || !run.isDecided,
    isLoadWeak: verdict.isLoadWeak,
    failures: verdict.failures,
    someMs: verdict.someMs,
    fullMs: verdict.fullMs,
    heart: heart && heart.count > 0 ? heart : null,
    ...(needKb > 0 && { needKb }),
    ...reactionOf(run, needKb),
    kernelKills: verdict.kernelKills,
    wrong: verdict.wrong.length,
    excess: verdict.excess.length,
    victims: victims.map(({ proc, atMs, heldKb }) => ({
      name: proc.name,
      adj: proc.adj,
      atMs,
      heldKb,
    })),
    overKilledKb: overKilledKb(verdict),
    launchMs: verdict.launchMs ?? null,
    cost: costOf(run, head.scene),
    durationMs: Math.max(lastUs(run) - run.beginUs, 0) / 1000,
    trace: curvesOf(run, TRACE_POINTS_MAX),
  };
}

/** When the scene ended, or was last heard of. */
function lastUs(run: Run): number {
  return run.endUs || (run.samples.at(-1)?.atUs ?? run.beginUs);
}

/** What the guard took from begin to end; null: no guard, or it was gone. */
function costOf(run: Run, scene: string): BenchRecord["cost"] {
  const { guardBefore: before, guardAfter: after } = run;
  if (before === undefined || after === undefined) return null;
  const cpuMs = (after.cpuUs - before.cpuUs) / 1000;
  const wakeups = after.sleeps - before.sleeps;
  const seconds = (lastUs(run) - run.beginUs) / 1e6;
  const size = sizeOf(after);
  const idle = {
    cpuMsPerS: cpuMs / seconds,
    wakeupsPerS: wakeups / seconds,
    ...size,
  };
  return { cpuMs, wakeups, ...size, idle: scene === "idle" ? idle : null };
}

/** VmLck counts address space, of which no more than what is resident is locked
 * memory (mm/mlock.c). */
function sizeOf({ rssKb, keeperKb, lockedKb }: GuardSize) {
  return {
    rssKb: rssKb + keeperKb,
    lockedKb: Math.min(lockedKb, rssKb) + (lockedKb > 0 ? keeperKb : 0),
  };
}

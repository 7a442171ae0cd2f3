// One scene or trial from end to end: build what is missing, boot, collect,
// judge.

import { buildPeerDisk } from "../bench/guards/disk.ts";
import { findCommand, findPeer } from "../bench/guards/rows.ts";
import type { Spec } from "./cast.ts";
import { type Defence, judgeDefence } from "./defence.ts";
import { collect } from "./events.ts";
import { isFile } from "./host.ts";
import { buildGuardDisk, buildImage } from "./image.ts";
import { buildFaultKernel } from "./kernel.ts";
import type { Run } from "./record.ts";
import { type SceneOptions, sceneText, type Strike } from "./scene_text.ts";
import {
  DEVICE,
  type Device,
  type Scene,
  type SceneName,
  SCENES,
} from "./scenes.ts";
import type { StruckScene } from "./strikes.ts";
import { judgeTrial, type TrialVerdict } from "./trial_verdict.ts";
import { type Trial, type TrialName, TRIALS, trialText } from "./trials.ts";
import { judge, type Verdict } from "./verdict.ts";
import { boot, type Outcome } from "./vm.ts";

/** Where the build leaves the executable for the device. */
export const GUARD_PATH = `${import.meta.dirname}/../../dist/oomguard-x86_64`;

/** Start, calm and report of a scene take this much beyond its own limit, on
 * a host that is busy with other things too. */
const BOOT_MS = 90000;

/** Many times the longest pause of a runner on a busy host (0.4 s measured,
 * while the device is out of memory). */
const SILENT_MS = 20000;

interface Asked {
  /** none, oomguard, or a peer: guardNames() of test/bench/guards. */
  guard: string;
  guardArgs?: readonly string[];
  guardPath?: string;
  seed?: number;
  device?: Partial<Device>;
  /** Each process in a memory group of its own; by default where the guard
   * cannot do without. */
  groups?: boolean;
  strike?: Strike;
  rounds?: number;
  trace?: boolean;
  signals?: boolean;
  guests?: readonly Spec[];
  /** Other than the scene's or the trial's. */
  swapMb?: number;
  calmMs?: number;
  settleMs?: number;
  verbose?: number;
}

export interface Request extends Asked {
  scene: SceneName;
  targets?: readonly number[];
}

export interface TrialRequest extends Asked {
  trial: TrialName;
}

export interface Result {
  request: Request;
  outcome: Outcome;
  run: Run;
  verdict: Verdict;
}

export interface TrialResult {
  outcome: Outcome;
  run: Run;
  verdict: TrialVerdict;
}

/** Runs one scene against one guard. */
export async function runScene(request: Request): Promise<Result> {
  const scene = {
    ...SCENES[request.scene],
    ...(request.calmMs && { calmMs: request.calmMs }),
    ...(request.settleMs && { settleMs: request.settleMs }),
  };
  const outcome = await bootFor(
    request,
    scene,
    sceneText(scene, {
      ...optionsOf(request),
      targets: request.targets ?? [],
    }),
  );
  const run = collect(outcome.lines);
  const verdict = judge(run, {
    fate: scene.fate,
    rateMbMin: scene.rateMbMin,
    launchMsMax: scene.launchMsMax,
  });
  verdict.failures.unshift(...cutShort(outcome));
  return { request, outcome, run, verdict };
}

export interface StruckResult {
  outcome: Outcome;
  run: Run;
  defence: Defence;
}

/** Runs one scene in which the guard is struck down. */
export async function runStruck(
  { scene, strike, line, guardArgs, rounds, swapMb }: StruckScene,
  asked: Partial<Asked> = {},
): Promise<StruckResult> {
  const { outcome, run } = await runScene({
    guard: "oomguard",
    ...asked,
    scene,
    strike,
    rounds,
    ...(swapMb !== undefined && { swapMb }),
    guardArgs: [...guardArgs, ...asked.guardArgs ?? []],
  });
  const defence = judgeDefence(run, line, SCENES[scene].fate === "dies");
  defence.failures.unshift(...cutShort(outcome));
  return { outcome, run, defence };
}

/** Runs one trial against one guard. */
export async function runTrial(request: TrialRequest): Promise<TrialResult> {
  const trial = TRIALS[request.trial];
  const text = trialText(trial, optionsOf(request));
  const device = {
    memoryMb: trial.memoryMb,
    ...(trial.kernel && { kernel: trial.kernel }),
    ...request.device,
  };
  const outcome = await bootFor({ ...request, device }, trial, text);
  const run = collect(outcome.lines);
  const verdict = judgeTrial(trial, run);
  verdict.failures.unshift(...cutShort(outcome));
  return { outcome, run, verdict };
}

function optionsOf(request: Asked): SceneOptions {
  const guard = findCommand(request.guard);
  return {
    guard,
    groups: request.groups ?? guard?.needsGroups === true,
    guardArgs: request.guardArgs ?? [],
    seed: request.seed ?? 1,
    targets: [],
    ...(request.strike && { strike: request.strike }),
    ...(request.rounds && { rounds: request.rounds }),
    ...(request.guests && { guests: request.guests }),
    ...(request.trace && { trace: request.trace }),
    ...(request.signals && { signals: request.signals }),
    ...(request.verbose && { verbose: request.verbose }),
  };
}

async function bootFor(
  request: Asked,
  play: Scene | Trial,
  sceneText: string,
): Promise<Outcome> {
  const device = { ...DEVICE, ...request.device };
  const base = await buildImage();
  const image = device.kernel === "faults"
    ? { ...base, kernelPath: await buildFaultKernel() }
    : base;
  const init = findCommand(request.guard)?.init;
  const guardDiskPath = await buildDisk(request);
  return await boot({
    image,
    ...(guardDiskPath === undefined ? {} : { guardDiskPath }),
    device,
    ...(init === undefined ? {} : { init }),
    trace: request.trace === true,
    signals: request.signals === true,
    swapMb: request.swapMb ?? play.swapMb,
    sceneText,
    limitMs: play.limitMs * (request.rounds ?? 1) + BOOT_MS,
    silentMs: SILENT_MS,
  });
}

function cutShort(outcome: Outcome): string[] {
  const lines: string[] = [];
  if (outcome.isTimedOut) lines.push("the boot ran into its time limit");
  if (outcome.isSilent) lines.push("the runner fell silent: machine lost");
  return lines;
}

async function buildDisk(request: Asked): Promise<string | undefined> {
  if (request.guard === "none") return undefined;
  const peer = findPeer(request.guard);
  if (peer !== undefined) return await buildPeerDisk(peer.disk);
  const path = request.guardPath ?? GUARD_PATH;
  if (!isFile(path)) {
    throw new Error(`Cannot find the guard "${path}": run deno task build`);
  }
  return await buildGuardDisk(path, "oomguard");
}

// One scene from end to end: build what is missing, boot, collect, judge.

import { collect, type Run } from "./events.ts";
import { isFile } from "./host.ts";
import { buildGuardDisk, buildImage, fetchEarlyoom } from "./image.ts";
import {
  DEVICE,
  type Device,
  type GuardName,
  GUARDS,
  type SceneName,
  SCENES,
  sceneText,
} from "./scenes.ts";
import { judge, type Verdict } from "./verdict.ts";
import { boot, type Outcome } from "./vm.ts";

/** Where the build leaves the executable for the device. */
export const GUARD_PATH = `${import.meta.dirname}/../../dist/oomguard-x86_64`;

/** Start, calm and report of a scene take this much beyond its own limit, on
 * a host that is busy with other things too. */
const BOOT_MS = 90000;

export interface Request {
  scene: SceneName;
  guard: GuardName;
  guardArgs?: readonly string[];
  guardPath?: string;
  seed?: number;
  targets?: readonly number[];
  device?: Partial<Device>;
}

export interface Result {
  request: Request;
  outcome: Outcome;
  run: Run;
  verdict: Verdict;
}

/** Runs one scene against one guard. */
export async function runScene(request: Request): Promise<Result> {
  const scene = SCENES[request.scene];
  const image = await buildImage();
  const guardDiskPath = await buildDisk(request);
  const outcome = await boot({
    image,
    ...(guardDiskPath === undefined ? {} : { guardDiskPath }),
    device: { ...DEVICE, ...request.device },
    swapMb: scene.swapMb,
    sceneText: sceneText(scene, {
      guard: GUARDS[request.guard],
      guardArgs: request.guardArgs ?? [],
      seed: request.seed ?? 1,
      targets: request.targets ?? [],
    }),
    limitMs: scene.limitMs + BOOT_MS,
  });
  const run = collect(outcome.lines);
  const verdict = judge(run, {
    culpritDies: scene.culpritDies,
    rateMb: scene.culprit.rateMb,
    launchMsMax: scene.launchMsMax,
  });
  if (outcome.isTimedOut) {
    verdict.failures.unshift("the boot ran into its time limit");
  }
  return { request, outcome, run, verdict };
}

async function buildDisk(request: Request): Promise<string | undefined> {
  if (request.guard === "none") return undefined;
  if (request.guard === "earlyoom") {
    return await buildGuardDisk(await fetchEarlyoom(), "earlyoom");
  }
  const path = request.guardPath ?? GUARD_PATH;
  if (!isFile(path)) {
    throw new Error(`Cannot find the guard "${path}": run deno task build`);
  }
  return await buildGuardDisk(path, "oomguard");
}

// The trials as data: what the tests that come with lmkd try on a device, and a
// client of its socket that wants to be told of a kill. A trial has no
// population: its few processes are started by the runner (trial.c) at
// oom_score_adj 0, and have the importance asked for from the guard alone.

import type { Spec } from "./cast.ts";
import { type SceneOptions, settingLines, specText } from "./scene_text.ts";
import { DEVICE, type Device, SWAP_MB, type Timing } from "./scenes.ts";

export type TrialName =
  | ("oom" | "reap" | "batch" | "report")
  | ("starve" | "held");

export interface Trial extends Timing {
  name: TrialName;
  memoryMb: number;
  swapMb: number;
  kernel?: Device["kernel"];
  procs: readonly Spec[];
  guardArgs: readonly string[];
}

/** Where the runner lies in the device: lmkd_unit_test wants its own path in
 * the lines about kills. */
export const RUNNER_PATH = "/load/load";

const GREEDY: Spec = {
  kind: "greedy",
  name: RUNNER_PATH,
  adj: 1000,
  uid: 10050,
  sizeMb: 1,
  rateMb: 1000,
  lock: false,
};

/** lmkd_unit_test, check_for_oom: from 1000 down to 0, 1 MiB every 1 ms. */
const OOM_ADJS = Array.from({ length: 11 }, (_, index) => 1000 - 100 * index);

/** Of both signs, none in order, none what a process starts with. */
const BATCH_ADJS = [950, -800, 100];

const IDLE: Spec = { ...GREEDY, kind: "idle", sizeMb: 0, rateMb: 0 };

const HOG: Spec = {
  ...GREEDY,
  kind: "hog",
  name: "com.example.leak",
  sizeMb: 8192,
  rateMb: 120,
};

const BASE = {
  memoryMb: DEVICE.memoryMb,
  swapMb: SWAP_MB,
  guardArgs: [] as readonly string[],
  calmMs: 500,
  settleMs: 100,
  limitMs: 30000,
};

/** What lmkd's own tests try, and a client of its socket. */
export const LMKD_TRIALS: readonly TrialName[] = [
  "oom",
  "reap",
  "batch",
  "report",
];

export const TRIALS: Readonly<Record<TrialName, Trial>> = {
  oom: {
    ...BASE,
    name: "oom",
    procs: OOM_ADJS.map((adj) => ({ ...GREEDY, adj })),
    // Filled eleven times at 150 MB/s, which is what emulation reaches: half of
    // the memory takes half of the time (measured: 83 s for 1 GiB).
    memoryMb: DEVICE.memoryMb / 2,
    swapMb: SWAP_MB / 2,
    limitMs: 120000,
  },
  // lmkd_tests, TargetReaping: 5 MiB every 200 us, with debug messages on.
  reap: {
    ...BASE,
    name: "reap",
    procs: [{ ...GREEDY, sizeMb: 5, rateMb: 25000 }],
    guardArgs: ["--set", "log.level=debug"],
    settleMs: 3000,
  },
  // lmkd_tests, batch_procs_oom_score_adj: three children, one packet.
  batch: {
    ...BASE,
    name: "batch",
    procs: BATCH_ADJS.map((adj) => ({ ...IDLE, adj })),
  },
  report: {
    ...BASE,
    name: "report",
    procs: [{ ...HOG, adj: 900, rateMb: 300 }],
    settleMs: 5000,
  },
  // Nothing is allocated for the guard while three hogs come one after another.
  starve: {
    ...BASE,
    name: "starve",
    procs: [945, 930, 915, 900].map((adj) => ({ ...HOG, adj })),
    memoryMb: DEVICE.memoryMb / 2,
    swapMb: 0,
    kernel: "faults",
    settleMs: 1000,
    limitMs: 60000,
  },
  // The first to die holds its mmap lock, and somebody waits for it.
  held: {
    ...BASE,
    name: "held",
    procs: [
      { ...HOG, kind: "held", name: "com.example.held", adj: 900 },
      { ...HOG, adj: 800 },
      { ...IDLE, kind: "reader", name: "reader", uid: 0 },
    ],
    memoryMb: DEVICE.memoryMb / 2,
    settleMs: 500,
  },
};

/** The trial as the runner in the device reads it (scene_parse.c). */
export function trialText(trial: Trial, options: SceneOptions): string {
  const guardArgs = [...trial.guardArgs, ...options.guardArgs];
  const lines = settingLines(trial, { ...options, guardArgs });
  lines.push(`trial ${trial.name}`);
  for (const spec of trial.procs) lines.push(`proc ${specText(spec)}`);
  return lines.join("\n") + "\n";
}

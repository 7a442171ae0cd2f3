// The scenes of the device test, on a simulated device of 1 GiB: who lives on
// it, who misbehaves, and how a guard is set for it. Sizes are those of
// test/qemu/scenes.ts.

import { compileConfig, type CompiledConfig } from "../config/compile.ts";
import { type Override, parseConfig } from "../config/load.ts";
import type { MemoryPlan } from "./memory.ts";
import type { ProcessPlan } from "./process.ts";

/** The scenes there are. */
export const SCENE_NAMES = ["leak", "lock", "launch", "swapless"] as const;
export type SceneName = (typeof SCENE_NAMES)[number];

/** One scene; those of SCENES, or one of the caller's own. */
export interface Scene {
  readonly name: string;
  readonly memory: MemoryPlan;
  /** The guard guards a memory group, which is all of `memory`. */
  readonly group?: boolean;
  readonly population: readonly ProcessPlan[];
  /** Started when everybody else has been calm for a while. */
  readonly culprit: ProcessPlan;
  /** Whether the culprit is to die, or to get what it asks for. */
  readonly culpritDies: boolean;
}

const MB = 1024;
const TOTAL_KB = 1024 * MB;

/** The device: 1 GiB and zram. */
export const DEVICE: MemoryPlan = {
  totalKb: TOTAL_KB,
  kernelKb: 110 * MB,
  fileKb: 180 * MB,
  hotFileKb: 60 * MB,
  swapKb: 384 * MB,
  zramPercent: 250,
};

const APP: ProcessPlan = {
  name: "",
  adj: 0,
  sizeKb: 40 * MB,
  uid: 10_000,
  exitMs: 15,
};

/** Those who live on the device: ten cached apps hold 400 MB. */
export const POPULATION: readonly ProcessPlan[] = [
  {
    ...APP,
    name: "system_server",
    adj: -900,
    uid: 1000,
    sizeKb: 100 * MB,
    hotKb: 60 * MB,
    precious: true,
  },
  {
    ...APP,
    name: "com.example.home",
    uid: 10_033,
    sizeKb: 16 * MB,
    hotKb: 16 * MB,
  },
  { ...APP, name: "com.example.music", adj: 200, uid: 10_032 },
  { ...APP, name: "com.example.sync", adj: 500, uid: 10_031 },
  ...Array.from({ length: 10 }, (_, i) => ({
    ...APP,
    name: `com.example.cached${i}`,
    adj: 945 - 5 * i,
    uid: 10_001 + i,
  })),
];

const LEAK: ProcessPlan = {
  ...APP,
  name: "com.example.leak",
  adj: 900,
  uid: 10_040,
  sizeKb: 4 * MB,
  growKbPerMs: 120,
  exitMs: 40,
};

const LAUNCH: ProcessPlan = {
  ...APP,
  name: "com.example.camera",
  uid: 10_041,
  sizeKb: 4 * MB,
  growKbPerMs: 210,
  growToKb: 420 * MB,
  hotKb: 420 * MB,
};

const ON_DEVICE = { memory: DEVICE, population: POPULATION };

/** Every scene by name. */
export const SCENES: Readonly<Record<SceneName, Scene>> = {
  leak: { ...ON_DEVICE, name: "leak", culprit: LEAK, culpritDies: true },
  lock: {
    ...ON_DEVICE,
    name: "lock",
    culprit: {
      ...LEAK,
      name: "com.example.lock",
      growKbPerMs: 150,
      locked: true,
    },
    culpritDies: true,
  },
  launch: {
    ...ON_DEVICE,
    name: "launch",
    culprit: LAUNCH,
    culpritDies: false,
  },
  swapless: {
    ...ON_DEVICE,
    name: "swapless",
    memory: { ...DEVICE, swapKb: 0 },
    culprit: LEAK,
    culpritDies: true,
  },
};

/** The configuration of a guard on the simulated device: defaults, and options
 * over them. Throws ConfigError. */
export function sceneConfig(
  overrides: readonly Override[] = [],
  totalKb: number = TOTAL_KB,
): CompiledConfig {
  return compileConfig(parseConfig(null, "", overrides), {
    memTotalKb: totalKb,
    pageKb: 4,
    exists: () => false,
  });
}

// The scenes as data: what happens on the device.

import {
  ASLEEP,
  FILL,
  GAME,
  LAUNCH,
  LEAK,
  LOCK,
  type Spec,
  SPIKE,
  STORM,
} from "./cast.ts";

export type SceneName =
  | ("launch" | "leak" | "lock" | "swapless" | "thrash")
  | ("squeeze" | "storm" | "fill" | "burst" | "recover" | "idle");

/** What is to become of the culprits: the one there is dies; of the many, some
 * die; it gets what it asks for; it gives back what it took, and nobody need
 * die; there is none. */
export type Fate = "dies" | "thins" | "grows" | "recedes" | "none";

/** How long the runner waits for what; trials have it too. */
export interface Timing {
  calmMs: number;
  settleMs: number;
  limitMs: number;
}

export interface Scene extends Timing {
  name: SceneName;
  swapMb: number;
  /** Who lives on the device besides the population, or in its place. */
  guests?: readonly Spec[];
  population?: readonly Spec[];
  /** Held back until everything else has its memory. */
  culprits: readonly Spec[];
  /** They are not even started before that. */
  isLate?: boolean;
  fate: Fate;
  /** How long one that is to get what it asks for may take. */
  launchMsMax: number;
  /** With less than this, all together, it is not the load that was meant. */
  rateMbMin: number;
  sampleMs?: number;
}

/** An Android phone of this size has zram of about 3/8 of its memory. */
export const SWAP_MB = 384;
const MEMORY_MB = 1024;

/** The launch asks for its memory in 2 s. The kernel alone, which swaps for
 * it, needs 8 to 10 s (measured). */
const LAUNCH_MS_MAX = 4000;

const HOG_SCENE = {
  swapMb: SWAP_MB,
  fate: "dies",
  launchMsMax: LAUNCH_MS_MAX,
  calmMs: 1500,
  settleMs: 3000,
  limitMs: 40000,
} as const;

/** With less than half its rate, the load is not the one a scene is about. */
function endedBy(culprit: Spec) {
  return { culprits: [culprit], rateMbMin: culprit.rateMb / 2 };
}

/** The scenes that every change has to pass. */
export const CORE_SCENES: readonly SceneName[] = [
  ...["launch", "leak", "lock", "swapless", "thrash"] as const,
];

export const SCENES: Readonly<Record<SceneName, Scene>> = {
  launch: { ...HOG_SCENE, ...endedBy(LAUNCH), name: "launch", fate: "grows" },
  leak: { ...HOG_SCENE, ...endedBy(LEAK), name: "leak" },
  lock: { ...HOG_SCENE, ...endedBy(LOCK), name: "lock" },
  swapless: { ...HOG_SCENE, ...endedBy(LEAK), name: "swapless", swapMb: 0 },
  thrash: { ...HOG_SCENE, ...endedBy(LEAK), name: "thrash", guests: [GAME] },
  // Nothing moves fast: signals of haste have no part in it. The game leaves
  // little, so that it is over in two minutes.
  squeeze: {
    ...HOG_SCENE,
    ...endedBy({ ...LEAK, name: "com.example.drip", rateMb: 1 }),
    name: "squeeze",
    guests: [{ ...GAME, sizeMb: 144 }],
    swapMb: 64,
    limitMs: 240000,
  },
  // No process is large, and more come while the first are being ended.
  storm: {
    ...HOG_SCENE,
    name: "storm",
    culprits: STORM,
    rateMbMin: 20,
    isLate: true,
    fate: "thins",
  },
  // What fills up is no process's memory.
  fill: {
    ...HOG_SCENE,
    ...endedBy(FILL),
    name: "fill",
    fate: "grows",
    launchMsMax: 20000,
  },
  // As fast as emulation goes.
  burst: {
    ...HOG_SCENE,
    culprits: [{ ...LEAK, name: "com.example.burst", rateMb: 2048 }],
    rateMbMin: 150,
    name: "burst",
  },
  // Memory is short, and by itself it comes back: whoever dies dies for nothing.
  recover: {
    ...HOG_SCENE,
    ...endedBy(SPIKE),
    name: "recover",
    fate: "recedes",
  },
  // The screen is off.
  idle: {
    ...HOG_SCENE,
    name: "idle",
    population: ASLEEP,
    culprits: [],
    rateMbMin: 0,
    fate: "none",
    limitMs: 60000,
    sampleMs: 1000,
  },
};

export interface Device {
  memoryMb: number;
  memcg: "v1" | "v2";
  /** Whether the kernel accounts for pressure; it does unless told. */
  psi?: boolean;
  /** Which kernel: Debian's, or the one that can refuse allocations. */
  kernel?: "cloud" | "faults";
}

export const DEVICE: Device = { memoryMb: MEMORY_MB, memcg: "v2" };

export type StrategyName = "adaptive" | "lmkd" | "minfree";

/** The minfree levels ActivityManager computes for 1 GiB and a 64-bit kernel
 * (ProcessList.updateOomLevels with both scales at 1). */
export const ANDROID_TARGETS: readonly number[] = [
  ...[18432, 0, 23040, 100, 27648, 200],
  ...[32256, 250, 55296, 900, 80640, 950],
];

/** Whose rules the guard follows, and what it is told for that. */
export const STRATEGIES: Readonly<
  Record<
    StrategyName,
    { guardArgs: readonly string[]; targets: readonly number[] }
  >
> = {
  adaptive: { guardArgs: [], targets: [] },
  lmkd: { guardArgs: ["--set", "strategy=lmkd"], targets: [] },
  minfree: {
    guardArgs: ["--set", "strategy=minfree"],
    targets: ANDROID_TARGETS,
  },
};

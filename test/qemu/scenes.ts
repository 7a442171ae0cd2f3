// The scenes as data: who lives on the device, who misbehaves, and how the
// guard is started. Sizes fit a device of 1 GiB.

import { AT_GAUGES } from "../../src/state/layout.ts";
import {
  G_ALARM_US,
  G_KEEPER_PID,
  G_LOCK_LEVEL,
  G_NEXT_PID,
  G_STATE,
} from "../../src/state/gauges.ts";

export type SceneName = "launch" | "leak" | "lock" | "swapless" | "thrash";
export type GuardName = "none" | "oomguard" | "earlyoom";

/** What a process does with its memory: roles.c, held.c. */
type Kind =
  | ("app" | "busy" | "heart" | "hog" | "launch" | "thrash")
  | ("greedy" | "idle" | "held" | "reader" | "knock");

/** One process. */
export interface Spec {
  kind: Kind;
  name: string;
  adj: number;
  uid: number;
  sizeMb: number;
  rateMb: number;
  lock: boolean;
}

export interface Scene extends Timing {
  name: SceneName;
  swapMb: number;
  /** Who lives on the device besides the population. */
  guests?: readonly Spec[];
  /** Started last and held back until everything else has its memory. */
  culprit: Spec;
  /** Whether the culprit is to die, or to get what it asks for, and when. */
  culpritDies: boolean;
  launchMsMax: number;
}

/** An Android phone of this size has zram of about 3/8 of its memory. */
export const SWAP_MB = 384;
const MEMORY_MB = 1024;

/** More than the device can ever give. */
const ENDLESS_MB = 8192;

const APP: Spec = {
  kind: "app",
  name: "",
  adj: 0,
  uid: 10000,
  sizeMb: 40,
  rateMb: 0,
  lock: false,
};

const LEAK: Spec = {
  ...APP,
  kind: "hog",
  name: "com.example.leak",
  adj: 900,
  uid: 10040,
  sizeMb: ENDLESS_MB,
  rateMb: 120,
};

const LOCK: Spec = {
  ...LEAK,
  name: "com.example.lock",
  rateMb: 150,
  lock: true,
};

const LAUNCH: Spec = {
  ...APP,
  kind: "launch",
  name: "com.example.camera",
  adj: 0,
  uid: 10041,
  sizeMb: 420,
  rateMb: 210,
};

/** Those who live on the device: ten cached apps hold 400 MB. */
export const POPULATION: readonly Spec[] = [
  {
    ...APP,
    kind: "busy",
    name: "system_server",
    adj: -900,
    uid: 1000,
    sizeMb: 100,
  },
  { ...APP, kind: "heart", name: "com.example.home", uid: 10033, sizeMb: 16 },
  { ...APP, kind: "busy", name: "com.example.music", adj: 200, uid: 10032 },
  { ...APP, kind: "busy", name: "com.example.sync", adj: 500, uid: 10031 },
  ...Array.from({ length: 10 }, (_, index) => ({
    ...APP,
    name: `com.example.cached${index}`,
    adj: 945 - 5 * index,
    uid: 10001 + index,
  })),
];

/** A game: its working set and the framework's code are gone through once a
 * second, so what the machine takes from it is wanted back at once. */
const GAME: Spec = {
  ...APP,
  kind: "thrash",
  name: "com.example.game",
  adj: 0,
  uid: 10034,
  sizeMb: 96,
};

/** A client that comes and goes: letting it in allocates, whenever it comes. */
export const KNOCKER: Spec = {
  ...APP,
  kind: "knock",
  name: "com.example.knock",
  adj: -900,
  uid: 0,
  sizeMb: 0,
};

/** The launch asks for its memory in 2 s. The kernel alone, which swaps for
 * it, needs 8 to 10 s (measured). */
const LAUNCH_MS_MAX = 4000;

const HOG_SCENE = {
  swapMb: SWAP_MB,
  culpritDies: true,
  launchMsMax: LAUNCH_MS_MAX,
  calmMs: 1500,
  settleMs: 3000,
  limitMs: 40000,
};

export const SCENES: Readonly<Record<SceneName, Scene>> = {
  launch: {
    ...HOG_SCENE,
    name: "launch",
    culprit: LAUNCH,
    culpritDies: false,
  },
  leak: { ...HOG_SCENE, name: "leak", culprit: LEAK },
  lock: { ...HOG_SCENE, name: "lock", culprit: LOCK },
  swapless: { ...HOG_SCENE, name: "swapless", culprit: LEAK, swapMb: 0 },
  thrash: { ...HOG_SCENE, name: "thrash", culprit: LEAK, guests: [GAME] },
};

export interface Device {
  memoryMb: number;
  memcg: "v1" | "v2";
  /** Which kernel: Debian's, or the one that can refuse allocations. */
  kernel?: "cloud" | "faults";
}

export const DEVICE: Device = { memoryMb: MEMORY_MB, memcg: "v2" };

/** How a guard is started in the device: the flags stand here and nowhere
 * else. Without a socket the runner waits readyMs before it goes on. */
export interface GuardCommand {
  argv: readonly string[];
  socketPath?: string;
  showPath?: string;
  journalPath?: string;
  readyMs: number;
}

const SOCKET_PATH = "/dev/socket/lmkd";
const STATE_FOLDER = "/run/oomguard";

export const GUARDS: Readonly<Record<GuardName, GuardCommand | undefined>> = {
  none: undefined,
  oomguard: {
    argv: [
      "/guard/oomguard",
      "daemon",
      "--socket",
      SOCKET_PATH,
      "--state",
      STATE_FOLDER,
      "--log",
      "stderr",
    ],
    socketPath: SOCKET_PATH,
    showPath: `${STATE_FOLDER}/status`,
    journalPath: `${STATE_FOLDER}/journal`,
    readyMs: 60000,
  },
  // -r 0: no periodic report; -p: highest priority, as its service file has it.
  earlyoom: { argv: ["/guard/earlyoom", "-r", "0", "-p"], readyMs: 1000 },
};

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

export interface SceneOptions {
  guard: GuardCommand | undefined;
  guardArgs: readonly string[];
  seed: number;
  /** LMK_TARGET as {minfree pages, adj} pairs; empty: not sent. */
  targets: readonly number[];
  /** What is done to the guard: it is stopped, its main thread alone is, or it
   * is ended, when the scene begins or when it first looks closely. */
  strike?: Strike;
  /** Culprits that come one after another; 1 where it is not said. */
  rounds?: number;
  /** The kernel records what the guard's threads allocate. */
  trace?: boolean;
  /** Who lives on the device besides those of the scene. */
  guests?: readonly Spec[];
  /** What the kernel says of each refused allocation: 0 nothing, 2 where. */
  verbose?: number;
}

export type Strike = readonly [
  how: "stop" | "thread" | "end",
  when: "begin" | "sprint",
];

/** How long the runner waits for what; trials have it too. */
export interface Timing {
  calmMs: number;
  settleMs: number;
  limitMs: number;
}

/** The scene as the runner in the device reads it (scene_parse.c). */
export function sceneText(scene: Scene, options: SceneOptions): string {
  const lines = settingLines(scene, options);
  const guests = [...scene.guests ?? [], ...options.guests ?? []];
  for (const spec of [...POPULATION, ...guests]) {
    lines.push(`proc ${specText(spec)}`);
  }
  lines.push(`culprit ${specText(scene.culprit)}`);
  return lines.join("\n") + "\n";
}

/** Where the runner looks into the guard's arena: bytes from its start, in the
 * order of scene.h. */
const ARENA_WORDS = [
  ...[G_STATE, G_ALARM_US, G_KEEPER_PID, G_NEXT_PID, G_LOCK_LEVEL],
].map((gauge) => AT_GAUGES + gauge * 4);

/** Guard, seed and times: what the text of a scene or a trial opens with. */
export function settingLines(timing: Timing, options: SceneOptions): string[] {
  const lines: string[] = [];
  const { guard } = options;
  if (guard !== undefined) {
    lines.push(`guard ${[...guard.argv, ...options.guardArgs].join(" ")}`);
    lines.push(`ready ${guard.readyMs}`);
    if (guard.socketPath) lines.push(`socket ${guard.socketPath}`);
    if (guard.showPath) lines.push(`show ${guard.showPath}`);
    if (guard.journalPath) lines.push(`journal ${guard.journalPath}`);
    lines.push(`arena ${ARENA_WORDS.join(" ")}`);
    if (options.strike) lines.push(`strike ${options.strike.join(" ")}`);
    if (options.trace) lines.push("trace");
  }
  if (options.rounds) lines.push(`rounds ${options.rounds}`);
  if (options.verbose) lines.push(`verbose ${options.verbose}`);
  if (options.targets.length > 0) {
    lines.push(`target ${options.targets.join(" ")}`);
  }
  lines.push(`seed ${options.seed}`, `calm ${timing.calmMs}`);
  lines.push(`settle ${timing.settleMs}`, `limit ${timing.limitMs}`);
  return lines;
}

/** One process as a line's words. */
export function specText(spec: Spec): string {
  const words = [spec.kind, spec.name, spec.adj, spec.uid, spec.sizeMb];
  return [...words, spec.rateMb, spec.lock ? 1 : 0].join(" ");
}

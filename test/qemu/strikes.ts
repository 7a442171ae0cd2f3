// The struck scenes as data: what is done to the guard in which scene, and which
// line of defence has to hold then.

import type { Line } from "./defence.ts";
import type { Strike } from "./scene_text.ts";
import type { SceneName } from "./scenes.ts";

export interface StruckScene {
  scene: SceneName;
  strike: Strike;
  /** Other than the scene's. */
  swapMb?: number;
  line: Line;
  guardArgs: readonly string[];
  /** Culprits that come: the second meets a guard that was started again. */
  rounds: number;
  what: string;
}

/** The scenes in which only the culprit, or a cached app, may die. */
const STRUCK: readonly SceneName[] = ["leak", "lock", "swapless", "thrash"];

const WAYS: readonly Omit<StruckScene, "scene">[] = [
  {
    strike: ["thread", "sprint"],
    line: "watchdog",
    guardArgs: [],
    rounds: 1,
    what: "its main thread stopped: the watchdog thread kills",
  },
  {
    strike: ["stop", "sprint"],
    line: "keeper",
    guardArgs: [],
    rounds: 1,
    what: "stopped as a whole: the keeper calls the kernel",
  },
  {
    strike: ["end", "sprint"],
    line: "restart",
    guardArgs: [],
    rounds: 2,
    what: "killed: the keeper starts it again, and it kills the next",
  },
];

/** Arming alone: there is no swap and nobody of ours, and what grows is in front,
 * so that the kernel's choice among the cached apps is what was made of it. */
const ARMED: StruckScene = {
  scene: "launch",
  swapMb: 0,
  strike: ["stop", "begin"],
  line: "kernel",
  guardArgs: ["--set", "self.keeper=false", "--set", "self.watchdogMs=0"],
  rounds: 1,
  what: "stopped with no other line: the kernel kills whom it is armed with",
};

/** Every scene with every strike, and arming. */
export const STRIKES: readonly StruckScene[] = [
  ...WAYS.flatMap((way) => STRUCK.map((scene) => ({ ...way, scene }))),
  ARMED,
];

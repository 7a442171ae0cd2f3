// A scene as the runner in the device reads it (scene_parse.c).

import { AT_GAUGES } from "../../src/state/layout.ts";
import {
  G_ALARM_US,
  G_KEEPER_PID,
  G_LOCK_LEVEL,
  G_NEXT_PID,
  G_STATE,
} from "../../src/state/gauges.ts";
import { POPULATION, type Spec } from "./cast.ts";
import { GROUPS_LINE, type GuardCommand, guardLines } from "./guard_command.ts";
import type { Scene, Timing } from "./scenes.ts";

export interface SceneOptions {
  guard: GuardCommand | undefined;
  guardArgs: readonly string[];
  /** Each process lives in a memory group of its own. */
  groups?: boolean;
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
  /** It records every deadly signal. */
  signals?: boolean;
  /** Who lives on the device besides those of the scene. */
  guests?: readonly Spec[];
  /** What the kernel says of each refused allocation: 0 nothing, 2 where. */
  verbose?: number;
}

export type Strike = readonly [
  how: "stop" | "thread" | "end",
  when: "begin" | "sprint",
];

/** The scene as the runner reads it. */
export function sceneText(scene: Scene, options: SceneOptions): string {
  const lines = settingLines(scene, options);
  if (scene.isLate) lines.push("late");
  if (scene.sampleMs) lines.push(`sample ${scene.sampleMs}`);
  const guests = [...scene.guests ?? [], ...options.guests ?? []];
  for (const spec of [...scene.population ?? POPULATION, ...guests]) {
    lines.push(`proc ${specText(spec)}`);
  }
  for (const culprit of scene.culprits) {
    lines.push(`culprit ${specText(culprit)}`);
  }
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
    lines.push(...guardLines(guard, options.guardArgs));
    lines.push(`arena ${ARENA_WORDS.join(" ")}`);
    if (options.strike) lines.push(`strike ${options.strike.join(" ")}`);
    if (options.trace) lines.push("trace");
  }
  if (options.signals) lines.push("signals");
  if (options.groups) lines.push(GROUPS_LINE);
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

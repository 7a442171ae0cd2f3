// A small machine with a guard on it, for rows that each show one behaviour.

import { parseSet } from "../../src/config/load.ts";
import { EVENT_PSI_FULL, VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  NONE,
  ROW_DEAD,
  ROW_KILLED,
  ROW_LISTED,
  V_ADJ,
  V_FLAGS,
  V_OWNER,
  V_UID,
} from "../../src/state/victims.ts";
import type { SimClient } from "../../src/sim/client.ts";
import type { MemoryPlan } from "../../src/sim/memory.ts";
import type { ProcessPlan, SimProcess } from "../../src/sim/process.ts";
import { Rig, type RigPlan } from "../../src/sim/rig.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";

export const MB = 1024;

/** 512 MB without swap: what is short is short. */
export const BARE: MemoryPlan = {
  totalKb: 512 * MB,
  kernelKb: 40 * MB,
  fileKb: 60 * MB,
  hotFileKb: 20 * MB,
  swapKb: 0,
  zramPercent: 0,
};

/** What the rows here reckon with, whatever the defaults become. */
const PINNED = [
  "killTimeoutMs=100",
  "exhaustion.reserveKb=16384",
  "exhaustion.comfortKb=32768",
  "exhaustion.horizonMs=300",
  "exhaustion.culpritKb=8192",
  "wait.idleMaxMs=1000",
  "wait.sprintMs=10",
  "wait.fillKbPerMs=1024",
  "lmkd.lowmemMinAdj=701",
  "self.ballastKb=0",
];

/** Thresholds for this machine, with options as `--set` has them. */
export function settingsOf(sets: readonly string[] = []): Int32Array {
  const overrides = [...PINNED, ...sets].map(parseSet);
  return sceneConfig(overrides, BARE.totalKb).settings;
}

/** A guard that discovers nobody unless told. */
export function makeRig(
  sets: readonly string[] = [],
  plan: Partial<RigPlan> = {},
): Rig {
  return new Rig({
    seed: 1,
    memory: BARE,
    settings: settingsOf(["victims.discover=false", ...sets]),
    ...plan,
  });
}

/** An app of this importance and size. */
export function app(
  adj: number,
  sizeMb: number,
  more: Partial<ProcessPlan> = {},
): ProcessPlan {
  const name = `app${adj}`;
  return { name, adj, uid: 10_000, sizeKb: sizeMb * MB, exitMs: 10, ...more };
}

/** Starts an app and registers it. */
export function register(
  rig: Rig,
  client: SimClient,
  plan: ProcessPlan,
): SimProcess {
  const process = rig.world.start(plan);
  client.prio(process.pid, process.uid, process.adj);
  return process;
}

/** Takes memory until only `leftMb` are available, and goes on taking:
 * somebody nobody may kill holds it. */
export function shorten(rig: Rig, leftMb: number, growKbPerMs = 0): SimProcess {
  const sizeKb = rig.world.memory.availableKb - leftMb * MB;
  const ballast = { name: "ballast", adj: -1000, precious: true };
  return rig.world.start({ ...ballast, sizeKb, growKbPerMs });
}

/** The kernel has reclaimed a little, and tells that all tasks stalled: lmkd
 * judges what it is then told. */
export function stall(rig: Rig): void {
  rig.world.memory.scannedKswapd++;
  rig.machine.triggered(EVENT_PSI_FULL << 24);
}

/** Pids that were signalled, in order. */
export function signalled(rig: Rig): number[] {
  return rig.machine.signals.map(({ process }) => process.pid);
}

/** What the table says of a pid; null when it has no row. */
export function rowOf(rig: Rig, pid: number) {
  const row = rig.victims.find(pid);
  if (row === NONE) return null;
  const word = (index: number) => rig.victims.rows[row * VICTIM_WORDS + index];
  const flags = word(V_FLAGS);
  return {
    adj: word(V_ADJ),
    uid: word(V_UID),
    owner: word(V_OWNER),
    listed: (flags & ROW_LISTED) !== 0,
    dead: (flags & ROW_DEAD) !== 0,
    killed: (flags & ROW_KILLED) !== 0,
  };
}

/** One of the guard's gauges. */
export function gauge(rig: Rig, index: number): number {
  return rig.arena.gauges[index];
}

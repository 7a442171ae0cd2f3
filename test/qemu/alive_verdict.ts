// Judges the trials of the worst moments from their records: no memory for the
// guard at all, and a victim that holds its mmap lock. Pure.

import * as j from "../../src/state/journal.ts";
import { recordsOf, survived, unlike } from "./facts.ts";
import type { Run } from "./record.ts";

/** A guard under emulation has at least its main thread, the reaper and the one
 * that reads names. */
const THREADS_MIN = 3;

/** How long the mmap lock has to be held to prove anything. */
export const BLOCKED_US_MIN = 500_000;

/** Wake to signal while the lock is held: a tenth of that. */
export const SIGNAL_US_MAX = 50_000;

/** The hogs died by the guard or by its watchdog thread, though nothing could be
 * allocated for either; and the last, after that, by the guard itself. */
export function judgeStarve(run: Run): string[] {
  const { starving } = run;
  const pidsOf = (kind: number) =>
    recordsOf(run, kind).map((words) => words[j.J_PID]!);
  const guards = pidsOf(j.KIND_KILL);
  const killed = new Set([...guards, ...pidsOf(j.KIND_WATCHDOG)]);
  const lines = [
    ...unlike("that allocations are refused", starving?.works, true),
    ...run.procs.flatMap(survived),
    ...unlike("the guard's last", guards.at(-1), run.procs.at(-1)?.pid),
  ];
  for (const { pid } of run.procs) {
    if (!killed.has(pid)) lines.push(`nobody of ours killed ${pid}`);
  }
  if ((starving?.threads ?? 0) < THREADS_MIN) {
    lines.push(`only ${starving?.threads ?? 0} threads were starved`);
  }
  return lines;
}

/** Who holds its lock dies, and then the leak, each as fast as ever. */
export function judgeHeld(run: Run): string[] {
  const lines = [...run.procs.slice(0, 2).flatMap(survived)];
  if ((run.blockedUs ?? 0) < BLOCKED_US_MIN) {
    lines.push(`a reader waited ${run.blockedUs ?? 0} us: nothing is held`);
  }
  const kills = recordsOf(run, j.KIND_KILL);
  const pids = kills.map((words) => words[j.J_PID]).join(" ");
  const wanted = run.procs.slice(0, 2).map(({ pid }) => pid).join(" ");
  lines.push(...unlike("who was killed", pids, wanted));
  for (const words of kills) {
    const us = words[j.J_LATENCY]!;
    if (us > SIGNAL_US_MAX) lines.push(`a signal took ${us} us from the wake`);
  }
  return lines;
}

// What must hold after every turn, whatever went wrong in it. Each answers the
// problems it found, one line each; none is good.

import { ADJ_MIN, PID_BUCKETS, READY_MAX } from "../../src/base/limits.ts";
import { ADJ_LISTS, VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  NONE,
  ROW_DEAD,
  ROW_LISTED,
  V_ADJ,
  V_FLAGS,
  V_HASH_NEXT,
  V_NEXT,
  V_PID,
  V_PIDFD,
  V_PREV,
  V_PROTECT,
  V_READY,
  V_STAT_FD,
  V_STATUS_FD,
} from "../../src/state/victims.ts";
import { ALIVE } from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";

/** The lists of the table against its flags and counts. */
export function listProblems({ arena, victims }: Rig): string[] {
  const problems: string[] = [];
  const { rows } = victims;
  const listed = new Set<number>();
  for (let index = 0; index < ADJ_LISTS; index++) {
    let prev = NONE;
    let row = arena.heads[index];
    while (row !== NONE) {
      const at = row * VICTIM_WORDS;
      const flags = rows[at + V_FLAGS];
      if (listed.has(row)) return [...problems, `row ${row} is listed twice`];
      listed.add(row);
      if ((flags & ROW_LISTED) === 0) problems.push(`row ${row} has no flag`);
      if ((flags & ROW_DEAD) !== 0) problems.push(`dead row ${row} is listed`);
      if (rows[at + V_PROTECT] !== 0) {
        problems.push(`protected row ${row} is listed`);
      }
      if (rows[at + V_ADJ] !== index + ADJ_MIN) {
        problems.push(`row ${row} of adj ${rows[at + V_ADJ]} in list ${index}`);
      }
      if (rows[at + V_PREV] !== prev) problems.push(`row ${row}: broken link`);
      prev = row;
      row = rows[at + V_NEXT];
    }
    if (arena.tails[index] !== prev) problems.push(`list ${index}: tail`);
  }
  let used = 0;
  for (let row = 0; row < victims.end; row++) {
    const flags = rows[row * VICTIM_WORDS + V_FLAGS];
    if (flags !== 0) used++;
    if (((flags & ROW_LISTED) !== 0) !== listed.has(row)) {
      problems.push(`row ${row}: flagged as listed, in no list`);
    }
  }
  if (used !== victims.count) problems.push(`${used} used, ${victims.count}`);
  if (listed.size !== victims.listed) {
    problems.push(`${listed.size} listed, counted ${victims.listed}`);
  }
  return problems;
}

/** Every row in use is found by its pid, and nobody else is. */
export function hashProblems({ arena, victims }: Rig): string[] {
  const problems: string[] = [];
  const { rows } = victims;
  let found = 0;
  for (let bucket = 0; bucket < PID_BUCKETS; bucket++) {
    let row = arena.buckets[bucket];
    while (row !== NONE && found <= victims.count) {
      found++;
      const at = row * VICTIM_WORDS;
      if (rows[at + V_FLAGS] === 0) problems.push(`free row ${row} is hashed`);
      if (victims.find(rows[at + V_PID]) !== row) {
        problems.push(`pid ${rows[at + V_PID]} has two rows`);
      }
      row = rows[at + V_HASH_NEXT];
    }
  }
  if (found !== victims.count) problems.push(`${found} hashed`);
  return problems;
}

/** The ready list and the rows agree. */
export function readyProblems({ ready, victims }: Rig): string[] {
  const problems: string[] = [];
  let count = 0;
  for (let index = 0; index < READY_MAX; index++) {
    const row = ready.rows[index];
    if (row === NONE) continue;
    count++;
    const at = row * VICTIM_WORDS;
    if (victims.rows[at + V_FLAGS] === 0) {
      problems.push(`ready row ${row} free`);
    }
    if (victims.rows[at + V_READY] !== index) problems.push(`ready ${index}`);
    if (victims.rows[at + V_STATUS_FD] < 0) problems.push(`ready ${row} shut`);
  }
  if (count !== ready.count) problems.push(`${count} ready, ${ready.count}`);
  return problems;
}

/** Each descriptor is held by exactly one row, and of the row's process. */
export function descriptorProblems(
  { machine, victims, clients }: Rig,
): string[] {
  const problems: string[] = [];
  const held = new Map<number, number>();
  for (let row = 0; row < victims.end; row++) {
    const at = row * VICTIM_WORDS;
    if (victims.rows[at + V_FLAGS] === 0) continue;
    for (const word of [V_PIDFD, V_STATUS_FD, V_STAT_FD]) {
      const fd = victims.rows[at + word];
      if (fd < 0) continue;
      if (held.has(fd)) problems.push(`descriptor ${fd} is of two rows`);
      held.set(fd, row);
    }
  }
  for (const [fd, open] of machine.fds.entries()) {
    if (open.kind === "client" && !clients.fds.includes(fd)) {
      problems.push(`client descriptor ${fd} leaked`);
    }
    const ofRow = open.kind === "pidfd" || open.kind === "status" ||
      open.kind === "stat";
    if (!ofRow) continue;
    const row = held.get(fd);
    if (row === undefined) {
      problems.push(`${open.kind} descriptor ${fd} leaked`);
    } else if (
      victims.rows[row * VICTIM_WORDS + V_PID] !== open.process.pid
    ) {
      problems.push(`descriptor ${fd} is of another process than its row`);
    }
    held.delete(fd);
  }
  for (const fd of held.keys()) problems.push(`descriptor ${fd} is shut`);
  return problems;
}

/** Every kB is somewhere. */
export function balanceProblems({ world }: Rig): string[] {
  const { memory } = world;
  let kb = memory.freeKb + memory.fileKb + memory.zramKb +
    memory.plan.kernelKb + memory.ballastKb;
  let swapKb = 0;
  for (const process of world.processes.values()) {
    kb += process.anonKb;
    swapKb += process.swapKb;
  }
  const problems: string[] = [];
  const off = kb - memory.plan.totalKb;
  if (Math.abs(off) > 1) problems.push(`${off} kB too many`);
  if (Math.abs(swapKb - memory.storedKb) > 1) problems.push("swap is off");
  if (memory.freeKb < -1) problems.push(`${memory.freeKb} kB free`);
  return problems;
}

/** The guard counts whole ms, and its calls take a little. */
const SLACK_US = 2_000;

/** A second signal while the first victim lives and its time is not up. */
export function haste(rig: Rig, timeoutMs: number): string[] {
  const { signals } = rig.machine;
  const problems: string[] = [];
  for (let i = 1; i < signals.length; i++) {
    const { process, atUs } = signals[i - 1];
    const next = signals[i];
    const died = process.state !== ALIVE && process.diedUs >= 0 &&
      process.diedUs <= next.atUs;
    if (died || next.atUs - atUs >= timeoutMs * 1000 - SLACK_US) continue;
    problems.push(`${next.process.pid} signalled while ${process.pid} dies`);
  }
  return problems;
}

/** Everything that must hold after a turn. */
export function turnProblems(rig: Rig): string[] {
  return [
    ...rig.machine.violations,
    ...listProblems(rig),
    ...hashProblems(rig),
    ...readyProblems(rig),
  ];
}

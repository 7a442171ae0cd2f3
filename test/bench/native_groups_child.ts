// The child of the native bench that reads memory groups: the one that the
// guard guards, with so many others below it, each with a process in it; and in
// C the files of all of them. Prints JSON.
//
// Arguments: groups, samples, pausers, native.so.

import {
  SENSE_FAST,
  SENSE_SLOW,
  SLOT_BYTES,
  SLOT_GROUP_EVENTS,
  SLOT_GROUP_LIMIT,
  SLOT_GROUP_STAT,
  SLOT_GROUP_USAGE,
  SLOT_PRESSURE,
} from "../../src/daemon/sensor.ts";
import { makeGroup, removeGroup } from "./groups.ts";
import { type Phase, runPhase } from "./native_phase.ts";
import { makeRig, type Rig } from "./native_rig.ts";
import { type Bench, cPath, loadBench } from "./native_tools.ts";
import { Pausers } from "./pausers.ts";

const SET_FAST = 0;
const SET_SLOW = 1;
/** The figures of all groups: use, limit, stat and kills of each. */
const SET_ALL = 2;
/** Reads of all groups take up to 20 ms. */
const ALL_SHARE = 20;

const count = Number(Deno.args[0]);
const samples = Number(Deno.args[1]);
const [, , program = "", library = ""] = Deno.args;

const V1 = ["usage_in_bytes", "limit_in_bytes", "stat", "oom_control"];
const V2 = ["current", "max", "stat", "events"];
const SLOTS = [
  SLOT_GROUP_USAGE,
  SLOT_GROUP_LIMIT,
  SLOT_GROUP_STAT,
  SLOT_GROUP_EVENTS,
];

/** Opens a group's files for C; those of each turn to one set, the others to
 * another. */
function openFiles(bench: Bench, group: string, fast: number, slow: number) {
  const names = group.startsWith("/sys/fs/cgroup/memory") ? V1 : V2;
  for (const [i, slot] of SLOTS.entries()) {
    const path = cPath(`${group}/memory.${names[i]}`);
    const set = slot === SLOT_GROUP_USAGE ? fast : slow;
    const rc = bench.bench_add(set, path, SLOT_BYTES[slot]);
    if (rc < 0) throw new Error(`Cannot open files of ${group}: ${rc}`);
  }
}

function phasesOf(rig: Rig, bench: Bench, groups: string[]): Phase[] {
  openFiles(bench, groups[0], SET_FAST, SET_SLOW);
  let fast = 1;
  if ((rig.senses.slots & (1 << SLOT_PRESSURE)) !== 0) {
    const path = cPath(rig.senses.pressurePath);
    fast = bench.bench_add(SET_FAST, path, SLOT_BYTES[SLOT_PRESSURE]);
  }
  for (const group of groups) openFiles(bench, group, SET_ALL, SET_ALL);
  const { sensor } = rig;
  return [
    {
      name: "sense one group, fast file",
      ours: () => void sensor.sense(SENSE_FAST),
      theirs: () => bench.bench_read(SET_FAST, fast),
    },
    {
      name: "sense one group, all files",
      ours: () => void sensor.sense(SENSE_SLOW),
      theirs: () =>
        bench.bench_read(SET_FAST, fast) +
        bench.bench_read(SET_SLOW, SLOTS.length - 1),
    },
  ];
}

const bench = loadBench(library);
const groups = [makeGroup()];
const pausers = new Pausers(program);
try {
  for (const [i, pid] of (await pausers.make(count)).entries()) {
    const group = i === 0 ? groups[0] : `${groups[0]}/${i}`;
    if (i > 0) {
      Deno.mkdirSync(group);
      groups.push(group);
    }
    Deno.writeTextFileSync(`${group}/cgroup.procs`, String(pid));
  }
  const rig = makeRig(bench, groups[0]);
  const phases = phasesOf(rig, bench, groups);
  const rows = phases.map((phase) => runPhase(bench, phase, samples));
  const all: number[] = [];
  for (let i = 0; i < samples / ALL_SHARE; i++) {
    all.push(bench.bench_read(SET_ALL, groups.length * SLOTS.length));
  }
  const reads = [0, 0] as const;
  rows.push({ name: "all groups' files", ours: [], theirs: all, reads });
  console.log(JSON.stringify({ count, rows }));
} finally {
  await pausers.end();
  for (const group of groups.reverse()) await removeGroup(group);
}

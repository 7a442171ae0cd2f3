// The phases of a turn, and the same reads in C beside each.

import { ZRAMS_MAX } from "../../src/base/limits.ts";
import {
  SENSE_ALL,
  SENSE_FAST,
  SENSE_SLOW,
  SLOT_BYTES,
  SLOT_CPU_PRESSURE,
  SLOT_IO_PRESSURE,
  SLOT_MEMINFO,
  SLOT_PRESSURE,
  SLOT_SWAPS,
  SLOT_VMSTAT,
  SLOT_ZONEINFO,
  SLOT_ZRAM,
} from "../../src/daemon/sensor.ts";
import { judge } from "../../src/policy/judge.ts";
import { PRESSURE_SOME } from "../../src/policy/pressure.ts";
import { selectVictim } from "../../src/policy/select.ts";
import { VICTIM_WORDS } from "../../src/state/layout.ts";
import { HIST_WORDS, VERDICT_WORDS } from "../../src/state/reasons.ts";
import { NONE, V_PID } from "../../src/state/victims.ts";
import type { Phase } from "./native_phase.ts";
import { type Rig, samplesOf } from "./native_rig.ts";
import { type Bench, cPath } from "./native_tools.ts";

// Sets of files in native.c: those of each turn, status files, the slow ones,
// and what allocates in the kernel.
const SET_FAST = 0;
const SET_STATUS = 1;
const SET_SLOW = 2;
const SET_CALM = 3;

const FILES: readonly (readonly [number, number, string])[] = [
  [SET_FAST, SLOT_MEMINFO, "/proc/meminfo"],
  [SET_FAST, SLOT_PRESSURE, "/proc/pressure/memory"],
  [SET_SLOW, SLOT_ZONEINFO, "/proc/zoneinfo"],
  [SET_SLOW, SLOT_SWAPS, "/proc/swaps"],
  [SET_SLOW, SLOT_IO_PRESSURE, "/proc/pressure/io"],
  [SET_SLOW, SLOT_CPU_PRESSURE, "/proc/pressure/cpu"],
  [SET_CALM, SLOT_VMSTAT, "/proc/vmstat"],
  ...zrams(),
];
const STATUS_BYTES = 4096;

/** Of this machine's zram devices, as src/shim/sensors.ts opens them. */
function zrams(): [number, number, string][] {
  const names = [...Deno.readDirSync("/sys/block")].map(({ name }) => name)
    .filter((name) => /^zram\d+$/.test(name)).sort().slice(0, ZRAMS_MAX);
  return names.map((name, i) => [
    ...[SET_SLOW, SLOT_ZRAM + i] as const,
    `/sys/block/${name}/mm_stat`,
  ]);
}

/** Opens for C what the guard has open, the status files of its ready list
 * too; answers how many of which set. */
function openFiles(rig: Rig, bench: Bench): number[] {
  const counts = [0, 0, 0, 0];
  for (const [set, slot, path] of FILES) {
    const is = (rig.senses.slots & (1 << slot)) !== 0;
    if (is) counts[set] = bench.bench_add(set, cPath(path), SLOT_BYTES[slot]);
  }
  for (const row of rig.ready.rows) {
    if (row === NONE) continue;
    const pid = rig.victims.rows[row * VICTIM_WORDS + V_PID];
    const path = cPath(`/proc/${pid}/status`);
    counts[SET_STATUS] = bench.bench_add(SET_STATUS, path, STATUS_BYTES);
  }
  return counts;
}

const MS_APART = 10;

/** All phases but the signal; the ready list must be filled. */
export function phasesOf(rig: Rig, bench: Bench): Phase[] {
  const counts = openFiles(rig, bench);
  const samples = samplesOf(rig);
  const { sensor, ready, reactor, desk, victims } = rig;
  const { snapshot, settings } = rig.shim.arena;
  const history = new Int32Array(HIST_WORDS);
  const verdict = new Int32Array(VERDICT_WORDS);
  const read = (...sets: number[]) => () =>
    sets.reduce((ns, set) => ns + bench.bench_read(set, counts[set]), 0);
  const nothing = () => -1;
  const tick = () => {
    reactor.tick(false);
  };
  const visit = () => {
    desk.visit(reactor.sprinting);
  };
  return [
    { name: "(two clock calls)", ours: () => {}, theirs: nothing },
    {
      name: "sense, fast files",
      ours: () => void sensor.sense(SENSE_FAST),
      theirs: read(SET_FAST),
    },
    {
      name: "sense, slow files too",
      ours: () => void sensor.sense(SENSE_SLOW),
      theirs: read(SET_FAST, SET_SLOW),
    },
    {
      name: "sense, all files",
      ours: () => void sensor.sense(SENSE_ALL),
      theirs: read(SET_FAST, SET_SLOW, SET_CALM),
    },
    {
      name: `sample, ${samples} candidates`,
      ours: () => ready.sample(samples),
      theirs: () => bench.bench_read(SET_STATUS, samples),
    },
    {
      name: "judge",
      ours: () => judge(snapshot, settings, history, PRESSURE_SOME, verdict),
      theirs: nothing,
    },
    {
      name: "select",
      ours: () => void selectVictim(victims, ready.rows, settings, 0, 1),
      theirs: nothing,
    },
    { name: "turn, calm", ours: tick, theirs: () => bench.bench_turn(0) },
    {
      name: "turn, sprint",
      ours: tick,
      theirs: () => bench.bench_turn(samples),
      prepare: () => rig.press(true),
      finish: visit,
    },
    {
      name: `turn, sprint, ${MS_APART} ms apart`,
      ours: tick,
      theirs: () => bench.bench_turn(samples),
      prepare: () => {
        rig.press(true);
        bench.bench_sleep(MS_APART);
      },
      finish: visit,
    },
    {
      name: "desk, sprint",
      ours: visit,
      theirs: nothing,
      prepare: () => {
        rig.press(true);
        reactor.tick(false);
      },
    },
  ];
}

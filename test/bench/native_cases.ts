// Turns of the native bench for the allocation probe (test/alloc/probe.ts):
// what is timed there is counted here.
//
// Environment: BENCH_PIDS, the candidates, and BENCH_LIBRARY.

import process from "node:process";
import { SENSE_ALL } from "../../src/daemon/sensor.ts";
import { makeRig, type Rig, samplesOf } from "./native_rig.ts";
import { loadBench } from "./native_tools.ts";

/** A turn here is some 40 system calls. */
export const TURNS = 500;
export const ROUNDS = 8;

const FILL_TURNS = 100;

function makeFull(): Rig {
  const rig = makeRig(loadBench(process.env["BENCH_LIBRARY"] ?? ""));
  rig.register((process.env["BENCH_PIDS"] ?? "").split(" ").map(Number));
  rig.press(true);
  for (let i = 0; i < FILL_TURNS; i++) rig.turn();
  return rig;
}

export function setupSense(): () => void {
  const { sensor } = makeFull();
  return () => void sensor.sense(SENSE_ALL);
}

export function setupSample(): () => void {
  const rig = makeFull();
  const samples = samplesOf(rig);
  return () => rig.ready.sample(samples);
}

export function setupTurnAndDesk(): () => void {
  const rig = makeFull();
  return () => rig.turn();
}

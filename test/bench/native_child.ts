// The child of the native bench: runs the phases under the flags that the guard
// ships with, ours and C's in turn, and prints JSON.
//
// Arguments: candidates, samples, part of a phase's name, pausers, native.so.

import { IDLE } from "../../src/daemon/killer.ts";
import { G_KILLS } from "../../src/state/gauges.ts";
import {
  REASON_EXHAUSTION,
  VERDICT_FLOOR_ADJ,
  VERDICT_NEED_KB,
  VERDICT_REASON,
  VERDICT_WORDS,
} from "../../src/state/reasons.ts";
import { type Row, runPhase } from "./native_phase.ts";
import { phasesOf } from "./native_phases.ts";
import { makeRig, type Rig } from "./native_rig.ts";
import { type Bench, cPath, loadBench } from "./native_tools.ts";
import { Pausers } from "./pausers.ts";

/** Turns before the first is measured: the ready list is full, all is warm. */
const WARM_TURNS = 400;
/** Samples of what takes 10 ms and more each. */
const SLOW_SHARE = 8;
/** Signals between which nobody is made. */
const ACTS_MAX = 50;
/** A sprint is waited for in such steps, and no longer than so many. */
const CALM_STEP_MS = 20;
const CALM_TURNS_MAX = 250;
/** Turns in which somebody has died, or never will. */
const TURNS_MAX = 200_000;

const candidates = Number(Deno.args[0]);
const samples = Number(Deno.args[1]);
const [, , wanted = "", program = "", library = ""] = Deno.args;

/** Candidates die, one by one, of a verdict; others of a C signal. */
async function runAct(rig: Rig, bench: Bench, pausers: Pausers): Promise<Row> {
  const count = Math.ceil(samples / SLOW_SHARE);
  const verdict = new Int32Array(VERDICT_WORDS);
  verdict[VERDICT_REASON] = REASON_EXHAUSTION;
  verdict[VERDICT_FLOOR_ADJ] = 0;
  verdict[VERDICT_NEED_KB] = 1;
  const gauges = rig.shim.arena.gauges;
  const ours: number[] = [];
  const theirs: number[] = [];
  while (ours.length < count) {
    const batch = Math.min(ACTS_MAX, candidates, count - ours.length);
    const targets = await pausers.make(batch);
    for (const pid of targets) {
      const before = gauges[G_KILLS];
      bench.bench_begin();
      rig.actor.act(verdict);
      ours.push(bench.bench_end());
      if (gauges[G_KILLS] !== before + 1) throw new Error("Nobody was killed");
      bench.bench_aim(pid, cPath(`/proc/${pid}/status`));
      theirs.push(bench.bench_act());
      for (let i = 0; rig.killer.state !== IDLE; i++) {
        if (i === TURNS_MAX) throw new Error("Nobody has died");
        rig.turn();
      }
      for (let i = 0; i < 4; i++) rig.turn();
    }
    rig.register(await pausers.make(batch));
    for (let i = 0; i < WARM_TURNS / 4; i++) rig.turn();
  }
  return { name: "act: choose, look, signal", ours, theirs, reads: [1, 1] };
}

/** Ends a sprint: it lasts for a second after the last trigger, and for as long
 * as this machine's memory really shrinks. */
function calmDown(rig: Rig, bench: Bench): void {
  rig.press(false);
  for (let i = 0; i < CALM_TURNS_MAX; i++) {
    rig.turn();
    if (!rig.reactor.sprinting) return;
    bench.bench_sleep(CALM_STEP_MS);
  }
}

const bench = loadBench(library);
const rig = makeRig(bench);
const pausers = new Pausers(program);
try {
  const pids = await pausers.make(candidates);
  bench.bench_begin();
  rig.register(pids);
  const adoptMs = bench.bench_end() / 1e6;
  rig.press(true);
  for (let i = 0; i < WARM_TURNS; i++) rig.turn();
  const rows: Row[] = [];
  for (const phase of phasesOf(rig, bench)) {
    if (!phase.name.includes(wanted)) continue;
    calmDown(rig, bench);
    const isSlow = phase.name.includes("apart");
    const count = isSlow ? Math.ceil(samples / SLOW_SHARE) : samples;
    rows.push(runPhase(bench, phase, count));
  }
  rig.press(true);
  if ("act".includes(wanted)) rows.push(await runAct(rig, bench, pausers));
  console.log(JSON.stringify({ candidates, adoptMs, rows }));
} finally {
  await pausers.end();
}

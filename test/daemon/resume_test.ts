// A guard that comes after one that ended amid a kill: who dies already gets no
// row and no second signal, and nobody else dies before it has.

import assert from "node:assert/strict";
import { recordsOf } from "../../src/report/journal.ts";
import {
  J_KILL_SERIAL,
  J_KIND,
  J_LATENCY,
  J_PID,
  KIND_DEATH,
} from "../../src/state/journal.ts";
import { NONE } from "../../src/state/victims.ts";
import { app, makeRig, register, shorten, signalled } from "./helpers.ts";

const SERIAL = 77;

/** A machine on which an earlier guard has signalled one of two apps, which
 * stays in the kernel for `stuckMs`. */
function afterCrash(stuckMs: number) {
  const rig = makeRig(["killTimeoutMs=1000"]);
  const manager = rig.machine.connect(400);
  const first = rig.world.start(app(950, 40, { stuckMs }));
  const other = register(rig, manager, app(900, 40));
  rig.world.kill(first);
  rig.turn();
  return { rig, manager, first, other };
}

Deno.test("resume: who dies already gets no row", () => {
  const { rig, manager, first, other } = afterCrash(500);
  manager.prio(first.pid, first.uid, 950);
  shorten(rig, 8);
  rig.run(300);
  assert.equal(rig.victims.find(first.pid), NONE);
  assert.deepEqual(signalled(rig), [other.pid]);
});

Deno.test("resume: nobody else dies before the earlier victim has", () => {
  const { rig, first } = afterCrash(500);
  rig.run(50);
  const row = rig.desk.adoptDying(first.pid);
  assert.notEqual(row, NONE);
  const resumedUs = rig.world.nowUs;
  rig.killer.resume(row, SERIAL, 200, 0, 40_960);
  shorten(rig, 8);
  rig.run(300);
  assert.deepEqual(signalled(rig), []);
  rig.run(2_000);
  assert.ok(first.diedUs >= 0);
  // What it gave back is enough.
  assert.deepEqual(signalled(rig), []);
  const { words } = rig.journal;
  const [at] = recordsOf(words);
  const told = [J_KIND, J_PID, J_KILL_SERIAL].map((word) => words[at + word]);
  const afterMs = 200 + (first.diedUs - resumedUs) / 1_000;
  const saidMs = words[at + J_LATENCY];
  assert.ok(Math.abs(saidMs - afterMs) < 20, `${saidMs}, not ${afterMs} ms`);
  assert.deepEqual(told, [KIND_DEATH, first.pid, SERIAL]);
});

Deno.test("resume: one that outlives its time is waited for no longer", () => {
  const { rig, first, other } = afterCrash(60_000);
  rig.run(50);
  rig.killer.resume(rig.desk.adoptDying(first.pid), SERIAL, 200, 0, 40_960);
  shorten(rig, 8);
  rig.run(700);
  assert.deepEqual(signalled(rig), []);
  rig.run(500);
  assert.deepEqual(signalled(rig), [other.pid]);
});

Deno.test("resume: whoever came by its pid is not taken for it", () => {
  const { rig, other } = afterCrash(0);
  rig.run(50);
  const free = rig.world.start(app(900, 10));
  assert.equal(rig.desk.adoptDying(free.pid), NONE);
  assert.equal(rig.victims.find(free.pid), NONE);
  assert.equal(rig.desk.adoptDying(32_000), NONE);
  assert.notEqual(rig.victims.find(other.pid), NONE);
});

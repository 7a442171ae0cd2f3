// Whoever has inherited 1000 from an armed process gets back what was that
// one's own, by whatever way it was forked; whose own it is keeps it.

import assert from "node:assert/strict";
import type { ProcessPlan, SimProcess } from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { G_ARMED_ADJ, G_ARMED_PID } from "../../src/state/gauges.ts";
import { MB_PID } from "../../src/state/layout.ts";
import { app, gauge, makeRig, rowOf } from "./helpers.ts";

const SCAN_MS = 100;

function withArmed(adj = 900) {
  const sets = ["victims.discover=true", `victims.scanMs=${SCAN_MS}`];
  const rig = makeRig([...sets, "wait.idleMaxMs=50"]);
  const early = rig.world.start(app(0, 4, { name: "early", uid: 7 }));
  const armed = rig.world.start(app(adj, 40));
  rig.run(5_000);
  assert.equal(armed.adj, 1000);
  return { rig, armed, early };
}

/** Forks as the kernel does: with what it has for the parent. */
function fork(rig: Rig, parentPid: number, more: Partial<ProcessPlan> = {}) {
  return rig.world.start(app(1000, 1, { parentPid, ...more }));
}

/** Fails unless the guard and the kernel have this for each; whoever is armed
 * itself by now has it in the guard's word for it. */
function checkAdjs(rig: Rig, all: SimProcess[], want: number[]): void {
  const armedPid = gauge(rig, G_ARMED_PID);
  const adjOf = ({ pid, adj }: SimProcess) =>
    pid === armedPid ? gauge(rig, G_ARMED_ADJ) : adj;
  assert.deepEqual(all.map(adjOf), want);
  assert.deepEqual(all.map(({ pid }) => rowOf(rig, pid)?.adj), want);
}

Deno.test("heirs: children and theirs; a stranger's 1000 is its own", () => {
  const { rig, armed, early } = withArmed();
  const child = fork(rig, armed.pid);
  // Whoever changes its user on the way is known by its parent.
  const other = fork(rig, child.pid, { uid: 0 });
  const grandchild = fork(rig, other.pid, { uid: 0 });
  const stranger = fork(rig, 1, { uid: 0 });
  const theirs = fork(rig, stranger.pid);
  const started = fork(rig, early.pid, { uid: 7 });
  rig.run(500);
  const all = [child, other, grandchild, stranger, theirs, started];
  checkAdjs(rig, all, [900, 900, 900, 1000, 1000, 1000]);
  rig.armer.stop();
  assert.equal(armed.adj, 900);
});

Deno.test("heirs: more children in one pass than anybody counts", () => {
  const { rig, armed } = withArmed();
  const children = Array.from({ length: 100 }, () => fork(rig, armed.pid));
  rig.run(1_000);
  checkAdjs(rig, children, children.map(() => 900));
});

Deno.test("heirs: who forked twice is another's child by then", () => {
  const { rig, armed, early } = withArmed();
  const daemon = fork(rig, 1);
  // Whoever takes in orphans may be anybody.
  const adopted = fork(rig, early.pid);
  rig.run(500);
  checkAdjs(rig, [daemon, adopted], [900, 900]);
  rig.world.kill(armed);
  rig.run(50);
  const orphan = fork(rig, 1);
  rig.run(500);
  checkAdjs(rig, [orphan], [900]);
});

Deno.test("heirs: who started before anybody was armed is none", () => {
  const sets = ["victims.discover=true", `victims.scanMs=${SCAN_MS}`];
  const rig = makeRig([...sets, "wait.idleMaxMs=50"]);
  const { machine } = rig;
  const early = fork(rig, 1);
  rig.world.advance(rig.world.nowUs + 100_000, () => false);
  const armed = rig.world.start(app(900, 40));
  // Descriptors are wanting for it until somebody is armed.
  const adopt = machine.adopt.bind(machine);
  const isEarly = () => rig.arena.mailbox[MB_PID] === early.pid;
  let wasArmed = false;
  machine.adopt = () => isEarly() && !wasArmed ? -24 : adopt();
  rig.run(5_000, () => wasArmed ||= armed.adj === 1000);
  assert.equal(wasArmed, true);
  checkAdjs(rig, [early], [1000]);
});

Deno.test("heirs: long after, a child's own wish for 1000 counts", () => {
  const { rig, armed } = withArmed(700);
  // Another is next from now on.
  const late = rig.world.start(app(900, 40, { uid: 9 }));
  rig.run(3_000);
  assert.deepEqual([armed.adj, late.adj], [700, 1000]);
  rig.run(10 * SCAN_MS);
  const child = fork(rig, armed.pid);
  const daemon = fork(rig, 1);
  rig.run(500);
  checkAdjs(rig, [child, daemon], [1000, 1000]);
});

Deno.test("heirs: what could not be written is, as soon as it can be", () => {
  const { rig, armed } = withArmed();
  const { machine } = rig;
  const writeAdj = machine.writeAdj.bind(machine);
  machine.writeAdj = () => -12;
  const child = fork(rig, armed.pid);
  rig.run(2_000);
  assert.equal(rowOf(rig, child.pid)?.adj, 900);
  assert.equal(child.adj, 1000);
  machine.writeAdj = writeAdj;
  rig.run(500);
  checkAdjs(rig, [child], [900]);
});

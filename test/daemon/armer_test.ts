// Whom the guard would kill next is known, and the kernel's killer is armed
// with it: only it, only while it is next, and nobody is left behind at 1000.

import assert from "node:assert/strict";
import type { SimProcess } from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";
import {
  G_ARM_RC,
  G_NEXT_ADJ,
  G_NEXT_PID,
  G_SELF,
  SELF_ARMED,
} from "../../src/state/gauges.ts";
import { MB_ADJ } from "../../src/state/layout.ts";
import {
  SET_ARM_KERNEL,
  SET_DRY_RUN,
  SET_FLOOR_ADJ,
} from "../../src/state/settings.ts";
import {
  app,
  gauge,
  makeRig,
  MB,
  register,
  rowOf,
  shorten,
  signalled,
} from "./helpers.ts";

function withApps(
  plans: Parameters<typeof register>[2][],
  sets: readonly string[] = [],
) {
  const rig = makeRig(sets);
  const manager = rig.machine.connect(400);
  const apps = plans.map((plan) => register(rig, manager, plan));
  rig.run(3_000);
  return { rig, manager, apps };
}

/** Fails unless exactly `armed` is at 1000, and is told to be next. */
function checkArmed(
  rig: Rig,
  apps: readonly SimProcess[],
  armed: SimProcess | null,
): void {
  for (const one of apps) {
    const want = one === armed ? 1000 : one.plan.adj;
    assert.equal(one.adj, want, `process ${one.pid}`);
    assert.equal(rowOf(rig, one.pid)?.adj, one.plan.adj);
  }
  const isArmed = (gauge(rig, G_SELF) & SELF_ARMED) !== 0;
  assert.equal(isArmed, armed !== null);
  const [pid, , adj] = new Int32Array(rig.armedFile.buffer, 0, 3);
  assert.deepEqual([pid, adj], [armed?.pid ?? 0, armed?.plan.adj ?? 0]);
  if (armed !== null) {
    assert.equal(gauge(rig, G_NEXT_PID), armed.pid);
    assert.equal(gauge(rig, G_NEXT_ADJ), armed.plan.adj);
  }
}

Deno.test("armer: the next victim, and its own adj back when another is", () => {
  const { rig, manager, apps } = withApps([app(0, 30), app(700, 20)]);
  checkArmed(rig, apps, apps[1]);
  // Least important of all, and later.
  const late = register(rig, manager, app(950, 60));
  rig.run(3_000);
  checkArmed(rig, [...apps, late], late);
  rig.world.kill(late);
  rig.run(3_000);
  checkArmed(rig, apps, apps[1]);
  rig.armer.stop();
  checkArmed(rig, apps, null);
  assert.equal(gauge(rig, G_NEXT_PID), 0);
});

Deno.test("armer: sizes that are alike do not make it change", () => {
  const { rig, apps } = withApps([
    app(950, 40),
    app(950, 39, { growKbPerMs: 1, growAfterMs: 3_000, growToKb: 43 * MB }),
  ], ["exhaustion.culpritKb=65536"]);
  const first = apps.find((one) => one.adj === 1000);
  assert.ok(first !== undefined);
  rig.run(10_000, () => assert.equal(first.adj, 1000));
  checkArmed(rig, apps, first);
});

Deno.test("armer: the kernel kills whom the guard calls next", () => {
  const { rig, apps } = withApps([app(0, 120), app(100, 90), app(900, 8)]);
  // The guard is gone: nobody turns it, and memory runs out.
  const next = gauge(rig, G_NEXT_PID);
  assert.equal(next, apps[2].pid);
  shorten(rig, 30, 100);
  rig.world.advance(rig.world.nowUs + 5_000_000, () => false);
  assert.equal(rig.world.kernelKills[0]?.pid, next);
});

Deno.test("armer: a dry run, a reload that says no: nobody is armed", () => {
  for (const [index, value] of [[SET_DRY_RUN, 1], [SET_ARM_KERNEL, 0]]) {
    const { rig, apps } = withApps([app(0, 30), app(900, 20)]);
    checkArmed(rig, apps, apps[1]);
    rig.arena.settings[index] = value;
    rig.armer.visit(false);
    checkArmed(rig, apps, null);
    rig.run(3_000);
    checkArmed(rig, apps, null);
    // Who is next is told all the same.
    assert.equal(gauge(rig, G_NEXT_PID), apps[1].pid);
  }
});

Deno.test("armer: what the kernel shows of the armed one is not its own", () => {
  const rig = makeRig(["victims.discover=true", "victims.scanMs=100"]);
  const apps = [app(0, 30), app(900, 20)].map((one) => rig.world.start(one));
  rig.run(20_000);
  checkArmed(rig, apps, apps[1]);
  // Somebody else writes another: that is its own from now on.
  apps[1].adj = 910;
  rig.run(20_000);
  assert.equal(rowOf(rig, apps[1].pid)?.adj, 910);
  assert.equal(apps[1].adj, 1000);
  rig.armer.stop();
  assert.equal(apps[1].adj, 910);
});

Deno.test("armer: a client's word is the new own one", () => {
  const { rig, manager, apps: [one] } = withApps([app(900, 20)]);
  assert.equal(one.adj, 1000);
  manager.prio(one.pid, one.uid, 600);
  rig.run(50);
  rig.run(3_000);
  assert.equal(one.adj, 1000);
  assert.equal(rowOf(rig, one.pid)?.adj, 600);
  // Forgotten by its client while it lives: nothing of ours stays with it.
  manager.remove(one.pid);
  rig.run(3_000);
  assert.equal(one.adj, 600);
  assert.equal(gauge(rig, G_NEXT_PID), 0);
});

Deno.test("armer: a refused restore ends arming, and says so", () => {
  const { rig, manager, apps } = withApps([app(700, 20)]);
  const { machine } = rig;
  const writeAdj = machine.writeAdj.bind(machine);
  let refused = 0;
  machine.writeAdj = () => {
    const restoring = rig.arena.mailbox[MB_ADJ] !== 1000;
    if (restoring) refused++;
    return restoring ? -13 : writeAdj();
  };
  const late = register(rig, manager, app(1000, 60));
  rig.run(5_000);
  assert.ok(refused > 0);
  assert.equal(gauge(rig, G_ARM_RC), -13);
  assert.equal(gauge(rig, G_SELF) & SELF_ARMED, 0);
  // Kept for the next start, which may be allowed to.
  const [pid, , adj] = new Int32Array(rig.armedFile.buffer, 0, 3);
  assert.deepEqual([pid, adj], [apps[0].pid, 700]);
  assert.equal(gauge(rig, G_NEXT_PID), late.pid);
});

Deno.test("armer: whom the guard kills stays the kernel's first choice", () => {
  const { rig, apps } = withApps([app(0, 30), app(900, 40, { stuckMs: 300 })]);
  shorten(rig, 4);
  rig.run(200);
  assert.deepEqual(signalled(rig), [apps[1].pid]);
  assert.equal(apps[1].adj, 1000);
  rig.run(5_000);
  assert.equal(rowOf(rig, apps[1].pid), null);
});

Deno.test("armer: who may not die any more is at its own again at once", () => {
  const floor = (rig: Rig) => rig.arena.settings[SET_FLOOR_ADJ] = 950;
  const reload = (rig: Rig) => {
    rig.protector.replace({ protects: () => true });
  };
  for (const change of [floor, reload]) {
    for (const sprinting of [false, true]) {
      const { rig, apps } = withApps([app(0, 30), app(900, 20)]);
      checkArmed(rig, apps, apps[1]);
      change(rig);
      rig.armer.visit(sprinting);
      assert.equal(apps[1].adj, 900, `${change.name}, ${sprinting}`);
      assert.equal(gauge(rig, G_SELF) & SELF_ARMED, 0);
    }
  }
});

Deno.test("armer: forgotten while memory is wanting, and restored later", () => {
  const { rig, manager, apps: [one] } = withApps([app(900, 20)]);
  const { machine } = rig;
  const readAdj = machine.readAdj.bind(machine);
  let isWanting = true;
  machine.readAdj = () => isWanting ? -12 : readAdj();
  manager.remove(one.pid);
  rig.run(3_000);
  assert.equal(rowOf(rig, one.pid), null);
  assert.equal(one.adj, 1000);
  const [pid, , adj] = new Int32Array(rig.armedFile.buffer, 0, 3);
  assert.deepEqual([pid, adj], [one.pid, 900]);
  const late = register(rig, manager, app(950, 20));
  rig.run(3_000);
  assert.equal(late.adj, 950);
  isWanting = false;
  rig.run(3_000);
  assert.equal(one.adj, 900);
  checkArmed(rig, [late], late);
});

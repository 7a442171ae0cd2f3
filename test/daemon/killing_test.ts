// How the guard kills: one at a time, the right one, through a pidfd, and what
// it does when that fails.

import assert from "node:assert/strict";
import {
  G_KILLS,
  G_NO_VICTIM,
  G_OVERDUE,
  G_REFUSED,
} from "../../src/state/gauges.ts";
import { SET_KILL_TIMEOUT_MS } from "../../src/state/settings.ts";
import { ALIVE } from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { haste } from "./checks.ts";
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

/** A guard with these apps registered and settled. */
function withApps(
  plans: Parameters<typeof register>[2][],
  sets: readonly string[] = [],
) {
  const rig = makeRig(sets);
  const manager = rig.machine.connect(400);
  const apps = plans.map((plan) => register(rig, manager, plan));
  rig.run(1_500);
  return { rig, manager, apps };
}

Deno.test("kill: the least important first, no more than needed", () => {
  const { rig, apps } = withApps(
    [0, 100, 900, 905, 910].map((adj) => app(adj, 30)),
  );
  shorten(rig, 8);
  rig.run(2_000);
  assert.deepEqual(signalled(rig), [apps[4].pid]);
});

Deno.test("kill: the one who grows, not the one listed first", () => {
  const { rig, apps } = withApps([
    app(945, 40),
    app(940, 40),
    app(900, 10, { growKbPerMs: 100, growAfterMs: 1_600 }),
  ]);
  rig.run(4_000);
  assert.deepEqual(signalled(rig), [apps[2].pid]);
  assert.equal(rig.world.kernelKills.length, 0);
});

Deno.test("kill: a dry run signals nobody, and goes on registering", () => {
  const { rig, manager, apps } = withApps(
    [app(900, 60), app(905, 60)],
    ["dryRun=true"],
  );
  shorten(rig, 4);
  rig.run(1_000);
  assert.deepEqual(signalled(rig), []);
  assert.equal(gauge(rig, G_KILLS), 1);
  assert.equal(apps[1].state, ALIVE);
  const late = register(rig, manager, app(950, 10));
  manager.askKills(-1000, 1000);
  rig.run(1_000);
  assert.equal(rowOf(rig, late.pid)?.listed, true);
  assert.deepEqual(manager.replies, [[4, 0]]);
});

Deno.test("kill: a second one only when the first is dead or overdue", () => {
  const rows: [string, number, number, number][] = [
    // What, how long the victim takes, the deadline, ms; overdue.
    ["dies at once", 0, 100, 0],
    ["dies in time", 60, 100, 0],
    ["outlives the deadline", 400, 100, 1],
  ];
  for (const [what, stuckMs, timeoutMs, overdue] of rows) {
    const { rig } = withApps(
      [app(910, 6, { stuckMs }), app(905, 6), app(900, 6)],
      [`killTimeoutMs=${timeoutMs}`],
    );
    shorten(rig, 1);
    rig.run(2_000);
    assert.ok(signalled(rig).length > 1, what);
    assert.deepEqual(haste(rig, timeoutMs), [], what);
    assert.equal(gauge(rig, G_OVERDUE), overdue, what);
  }
});

Deno.test("kill: a deadline of 0 is for ever", () => {
  const { rig, apps } = withApps(
    [app(910, 6, { stuckMs: 5_000 }), app(905, 6)],
    ["killTimeoutMs=0"],
  );
  shorten(rig, 1);
  rig.run(4_500);
  assert.deepEqual(signalled(rig), [apps[0].pid]);
  rig.run(2_000);
  assert.deepEqual(signalled(rig), apps.map(({ pid }) => pid));
});

Deno.test("kill: a victim forgotten by its owner still ends the wait", () => {
  const { rig, manager, apps } = withApps(
    [app(910, 6, { stuckMs: 300 }), app(905, 6)],
    ["killTimeoutMs=0"],
  );
  shorten(rig, 1);
  rig.run(100);
  assert.deepEqual(signalled(rig), [apps[0].pid]);
  manager.remove(apps[0].pid);
  rig.run(2_000);
  assert.deepEqual(signalled(rig), apps.map(({ pid }) => pid));
});

Deno.test("kill: refused, the next one dies in the same turn", () => {
  const { rig, apps } = withApps([app(910, 30), app(905, 30), app(900, 30)]);
  rig.faults.permille.set("kill", 1000);
  const kill = rig.machine.kill.bind(rig.machine);
  let calls = 0;
  rig.machine.kill = () => {
    if (++calls === 2) rig.faults.permille.set("kill", 0);
    return kill();
  };
  shorten(rig, 4);
  const turns = () => rig.turns;
  while (calls === 0) rig.turn();
  assert.ok(turns() > 0);
  assert.deepEqual(signalled(rig), [apps[1].pid]);
  assert.equal(gauge(rig, G_REFUSED), 1);
});

Deno.test("kill: all refused, nobody is tried for ever", () => {
  const { rig } = withApps([app(910, 30), app(905, 30)]);
  rig.faults.permille.set("kill", 1000);
  shorten(rig, 4);
  rig.run(3_000);
  assert.deepEqual(signalled(rig), []);
  assert.equal(gauge(rig, G_REFUSED), 2);
  assert.ok(gauge(rig, G_NO_VICTIM) > 0);
});

/** Between the wait and the signal the victim dies and its pid is another's. */
function swapUnderneath(rig: Rig, pid: number): () => void {
  const sense = rig.machine.sense.bind(rig.machine);
  let swapped = false;
  rig.machine.sense = () => {
    const old = rig.world.processes.get(pid)!;
    if (!swapped && rig.world.memory.availableKb < 8 * MB) {
      swapped = true;
      rig.world.exit(old);
      // It takes over the memory too: the shortage lasts.
      rig.world.start({
        ...app(0, 0, { precious: true, name: "reused", exitMs: 0 }),
        sizeKb: old.exitSizeKb,
      }, pid);
    }
    return sense();
  };
  return () => assert.ok(swapped);
}

Deno.test("kill: a pid that was reused is never signalled", () => {
  const { rig, apps } = withApps([app(910, 30, { exitMs: 0 }), app(905, 30)]);
  const swapped = swapUnderneath(rig, apps[0].pid);
  shorten(rig, 4);
  rig.run(2_000);
  swapped();
  assert.deepEqual(rig.machine.violations, []);
  assert.deepEqual(signalled(rig), [apps[1].pid]);
  assert.equal(rig.world.processes.get(apps[0].pid)?.name, "reused");
});

Deno.test("kill: a death told late is not laid at the new row's door", () => {
  // The row of a dead process is given to another before its event is read.
  const { rig, manager, apps } = withApps([app(910, 10)]);
  rig.world.exit(apps[0]);
  rig.run(5);
  const heir = register(rig, manager, app(905, 10));
  rig.run(50);
  assert.equal(rowOf(rig, apps[0].pid), null);
  assert.equal(rowOf(rig, heir.pid)?.listed, true);
});

Deno.test("kill: with half the reserve gone the important may die too", () => {
  // After the first death memory is level: there is no slope to go by.
  const { rig, apps } = withApps([app(950, 4), app(100, 40)]);
  shorten(rig, 1);
  rig.run(1_000);
  assert.deepEqual(signalled(rig), apps.map(({ pid }) => pid));
  const { rig: mild, apps: two } = withApps([app(950, 4), app(100, 40)]);
  shorten(mild, 6);
  mild.run(1_000);
  assert.deepEqual(signalled(mild), [two[0].pid]);
});

Deno.test("kill: nobody left is said once a second, and turns go on", () => {
  const { rig } = withApps([]);
  shorten(rig, 1);
  rig.run(5_000);
  const said = gauge(rig, G_NO_VICTIM);
  assert.ok(said >= 4 && said <= 7, `said ${said} times`);
  assert.ok(rig.turns < 1_000, `${rig.turns} turns in 5 s`);
});

Deno.test("kill: a hog faster than the deadline is held by the next kill", () => {
  const { rig } = withApps([
    app(900, 10, { growKbPerMs: 150, growAfterMs: 1_600, stuckMs: 150 }),
    app(950, 60),
    app(940, 60),
  ]);
  assert.equal(rig.arena.settings[SET_KILL_TIMEOUT_MS], 100);
  rig.run(4_000);
  assert.equal(rig.world.kernelKills.length, 0);
});

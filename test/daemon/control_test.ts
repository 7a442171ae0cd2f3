// The control socket: who may say what about whom, and when it is answered.

import assert from "node:assert/strict";
import { G_BAD_PACKETS, G_CLIENTS } from "../../src/state/gauges.ts";
import {
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
} from "../../src/state/settings.ts";
import { descriptorProblems } from "./checks.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  rowOf,
  shorten,
  signalled,
} from "./helpers.ts";

Deno.test("control: targets are stored, none leave them as they are", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  manager.target(18_432, 0, 23_040, 100);
  manager.target();
  rig.run(20);
  const { settings } = rig.arena;
  assert.equal(settings[SET_TIERS], 2);
  assert.equal(settings[SET_TIER_PAGES + 1], 23_040);
  assert.equal(settings[SET_TIER_ADJ + 1], 100);
});

Deno.test("control: a registration reaches the kernel's own adj", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const one = rig.world.start(app(0, 10));
  manager.prio(one.pid, 10_000, 950);
  rig.run(20);
  assert.equal(one.adj, 950);
  manager.prio(one.pid, 10_000, 100);
  rig.run(20);
  assert.equal(one.adj, 100);
});

Deno.test("control: what another client registered is its own", () => {
  const rig = makeRig();
  const first = rig.machine.connect(400);
  const second = rig.machine.connect(401);
  const one = register(rig, first, app(900, 10));
  rig.run(20);
  second.prio(one.pid, 10_000, 0);
  second.remove(one.pid);
  second.purge();
  rig.run(20);
  assert.deepEqual(rowOf(rig, one.pid), {
    adj: 900,
    uid: 10_000,
    owner: 400,
    listed: true,
    dead: false,
    killed: false,
  });
  assert.equal(gauge(rig, G_BAD_PACKETS), 2);
});

Deno.test("control: of two who register at once the first owns", () => {
  const rig = makeRig();
  const first = rig.machine.connect(400);
  const second = rig.machine.connect(401);
  const one = rig.world.start(app(500, 10));
  first.prio(one.pid, 10_000, 900);
  second.prio(one.pid, 10_000, 0);
  rig.run(50);
  assert.equal(rowOf(rig, one.pid)?.adj, 900);
  assert.equal(rowOf(rig, one.pid)?.owner, 400);
  assert.equal(one.adj, 900);
});

Deno.test("control: what nobody owns any more is anybody's", () => {
  const rig = makeRig();
  const first = rig.machine.connect(400);
  const second = rig.machine.connect(401);
  const [kept, dropped] = [app(900, 10), app(905, 10)].map((plan) =>
    register(rig, first, plan)
  );
  rig.run(20);
  first.hangUp();
  rig.run(20);
  assert.equal(gauge(rig, G_CLIENTS), 1);
  assert.equal(rowOf(rig, kept.pid)?.owner, 0);
  second.prio(kept.pid, 10_000, 100);
  second.remove(dropped.pid);
  rig.run(20);
  assert.equal(rowOf(rig, kept.pid)?.owner, 401);
  assert.equal(rowOf(rig, dropped.pid), null);
});

Deno.test("control: two connections of one process own together", () => {
  const rig = makeRig();
  const first = rig.machine.connect(400);
  const second = rig.machine.connect(400);
  const one = register(rig, first, app(900, 10));
  second.askKills(0, 0);
  rig.run(20);
  first.hangUp();
  rig.run(20);
  assert.equal(rowOf(rig, one.pid)?.owner, 400);
  second.remove(one.pid);
  rig.run(20);
  assert.equal(rowOf(rig, one.pid), null);
});

Deno.test("control: remove and purge, also before the desk has seen it", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const pids = [900, 905, 910].map((adj) =>
    register(rig, manager, app(adj, 10)).pid
  );
  manager.remove(pids[0]);
  rig.run(20);
  assert.deepEqual(pids.map((pid) => rowOf(rig, pid)?.listed), [
    undefined,
    true,
    true,
  ]);
  manager.purge();
  rig.run(20);
  assert.equal(rig.victims.count, 0);
  const late = register(rig, manager, app(900, 10));
  manager.purge();
  rig.run(20);
  assert.equal(rowOf(rig, late.pid), null);
  // Forgotten is not dead: nobody was signalled.
  assert.deepEqual(signalled(rig), []);
});

Deno.test("control: remove, then register again, in one breath", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const one = register(rig, manager, app(900, 10));
  rig.run(20);
  manager.remove(one.pid);
  manager.prio(one.pid, 10_000, 100);
  rig.run(20);
  assert.equal(rowOf(rig, one.pid)?.adj, 100);
  assert.equal(rowOf(rig, one.pid)?.listed, true);
  assert.deepEqual(descriptorProblems(rig), []);
});

Deno.test("control: a kill count is answered after what was asked before", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const processes = Array.from(
    { length: 200 },
    (_, i) => rig.world.start(app(900 - (i % 50), 0)),
  );
  for (const { pid } of processes) manager.prio(pid, 10_000, 900);
  manager.askKills(900, 1000);
  let before = -1;
  rig.run(500, () => {
    if (manager.replies.length > 0 && before < 0) before = rig.victims.listed;
  });
  assert.equal(before, processes.length);
  assert.deepEqual(manager.replies, [[4, 0]]);
});

Deno.test("control: kill counts by range", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  [910, 905].map((adj) => register(rig, manager, app(adj, 4)));
  rig.run(1_200);
  shorten(rig, 1);
  rig.run(1_000);
  assert.equal(signalled(rig).length, 2);
  const rows: [number, number, number][] = [
    [-1000, 1000, 2],
    [906, 1000, 1],
    [0, 904, 0],
    [1000, 0, 0],
    [-5000, 5000, 2],
  ];
  for (const [low, high, want] of rows) {
    manager.askKills(low, high);
    rig.run(20);
    assert.deepEqual(manager.replies.pop(), [4, want], `${low}..${high}`);
  }
});

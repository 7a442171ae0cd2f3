// The control socket: what happens when clients misbehave, when there are too
// many of them or they ask for too much, and what is counted.

import assert from "node:assert/strict";
import {
  CLIENTS_MAX,
  PENDING_MAX,
  VICTIMS_MAX,
} from "../../src/base/limits.ts";
import {
  G_BAD_PACKETS,
  G_CLIENTS,
  G_PACKETS,
  G_TABLE_FULL,
} from "../../src/state/gauges.ts";
import { GONE } from "../../src/sim/process.ts";
import { descriptorProblems, turnProblems } from "./checks.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  rowOf,
  shorten,
  signalled,
} from "./helpers.ts";

Deno.test("control: packets that are none are counted and do no harm", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const one = register(rig, manager, app(900, 10));
  rig.run(20);
  const before = gauge(rig, G_BAD_PACKETS);
  const bad = [0, 1, 3, 5, 12, 13, 57, 255, 256, 300, 5_000];
  for (const length of bad) manager.sendBytes(new Uint8Array(length).fill(9));
  rig.run(50);
  assert.equal(gauge(rig, G_BAD_PACKETS) - before, bad.length);
  manager.prio(one.pid, 10_000, 100);
  rig.run(50);
  assert.equal(rowOf(rig, one.pid)?.adj, 100);
  assert.equal(manager.dropped, false);
});

Deno.test("control: empty packets do not hide what follows a hang-up", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  rig.run(20);
  const one = rig.world.start(app(900, 10));
  manager.sendBytes(new Uint8Array(0));
  manager.prio(one.pid, 10_000, 900);
  manager.hangUp();
  rig.run(50);
  assert.equal(rowOf(rig, one.pid)?.adj, 900);
  assert.equal(manager.dropped, true);
  assert.equal(gauge(rig, G_BAD_PACKETS), 1);
  assert.equal(gauge(rig, G_CLIENTS), 0);
});

Deno.test("control: without credentials the connection is closed", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  manager.sendBytes(new Uint8Array(4), 0);
  rig.run(50);
  assert.equal(manager.dropped, true);
  assert.equal(gauge(rig, G_BAD_PACKETS), 1);
});

Deno.test("control: a flood does not keep the guard from its work", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const flooder = rig.machine.connect(401);
  const one = register(rig, manager, app(900, 30));
  rig.run(1_200);
  const pour = () => {
    while (flooder.prio(one.pid, 10_000, 0));
  };
  pour();
  shorten(rig, 4);
  rig.run(400, pour);
  assert.deepEqual(signalled(rig), [one.pid]);
  assert.ok(gauge(rig, G_PACKETS) > 1_000);
  assert.ok(gauge(rig, G_BAD_PACKETS) > 1_000);
});

Deno.test("control: whoever finds no place is let in when one is free", () => {
  const rig = makeRig();
  const clients = Array.from(
    { length: CLIENTS_MAX + 2 },
    (_, i) => rig.machine.connect(400 + i),
  );
  rig.run(50);
  assert.equal(gauge(rig, G_CLIENTS), CLIENTS_MAX);
  const last = clients[CLIENTS_MAX + 1];
  last.askKills(0, 0);
  clients[3].hangUp();
  clients[4].hangUp();
  rig.run(1_500);
  assert.deepEqual(last.replies, [[4, 0]]);
  assert.deepEqual(descriptorProblems(rig), []);
});

Deno.test("control: a client that could not be let in need not knock again", () => {
  const rig = makeRig();
  rig.faults.permille.set("accept", 1000);
  const manager = rig.machine.connect(400);
  manager.askKills(0, 0);
  rig.run(100);
  rig.faults.permille.set("accept", 0);
  rig.run(1_500);
  assert.deepEqual(manager.replies, [[4, 0]]);
});

Deno.test("control: what finds no room in the ring waits in the socket", () => {
  const rig = makeRig(["killTimeoutMs=2000"]);
  const manager = rig.machine.connect(400);
  register(rig, manager, app(950, 4, { stuckMs: 1_500 }));
  rig.run(1_200);
  shorten(rig, 1);
  while (signalled(rig).length === 0) rig.turn();
  // The desk is shut: registrations wait.
  const late = Array.from(
    { length: PENDING_MAX + 40 },
    () => rig.world.start(app(0, 0)),
  );
  let most = 0;
  for (const { pid } of late) {
    while (!manager.prio(pid, 10_000, -500)) rig.turn();
    most = Math.max(most, rig.pending.count);
  }
  rig.run(4_000, () => most = Math.max(most, rig.pending.count));
  // A packet may bring three, so the last two places may stay empty.
  assert.equal(most, PENDING_MAX - 2);
  assert.equal(rig.pending.count, 0);
  assert.equal(rig.victims.count, late.length);
});

Deno.test("control: a full table refuses and counts", () => {
  const rig = makeRig(["victims.discover=true", "victims.scanMs=60000"]);
  // init, kthreadd and the guard take three rows.
  const room = VICTIMS_MAX - 3;
  for (let i = 0; i < room + 5; i++) rig.world.start(app(0, 0));
  rig.run(5_000);
  assert.equal(rig.victims.count, VICTIMS_MAX);
  assert.equal(gauge(rig, G_TABLE_FULL), 5);
  assert.deepEqual(turnProblems(rig), []);
  // A row that is free again is given away.
  const [leaver] = [...rig.world.processes.values()].slice(10);
  rig.world.exit(leaver);
  rig.run(1_500);
  assert.equal(leaver.state, GONE);
  assert.equal(rig.victims.count, VICTIMS_MAX - 1);
  const manager = rig.machine.connect(400);
  const late = register(rig, manager, app(900, 0, { name: "late" }));
  rig.run(100);
  assert.equal(rowOf(rig, late.pid)?.adj, 900);
});

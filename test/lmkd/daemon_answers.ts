// Requests that are answered: when, in which order, and who waits meanwhile.

import assert from "node:assert/strict";
import {
  WAIT_BOOT,
  WAIT_UPDATE,
  WAIT_UPDATE_SOON,
} from "../../src/daemon/clients.ts";
import { app, makeRig, rowOf } from "../daemon/helpers.ts";
import {
  BOOT_COMPLETED,
  prioAll,
  START_MONITORING,
  UPDATE_PROPS,
} from "../daemon/messages.ts";
import { conforms } from "./conforms.ts";

conforms("1.5", "GETKILLCNT: ranges, and what lies outside of them", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  for (const adj of [910, 905, 0]) rig.killer.killsByAdj[1_000 + adj] = 1;
  const rows: [number, number, number][] = [
    [1000, 999, 0],
    [0, -1, 0],
    [0x7fffffff, -0x80000000, 0],
    [1001, 1001, 3],
    [2_000, 0x7fffffff, 3],
    [1001, 1000, 0],
    [-0x80000000, 0x7fffffff, 3],
    [-1001, 0, 1],
    [906, 1000, 1],
    [905, 905, 1],
    [1, 904, 0],
  ];
  for (const [low, high, want] of rows) {
    client.askKills(low, high);
    rig.run(20);
    assert.deepEqual(client.replies.pop(), [4, want], `${low}..${high}`);
  }
});

for (
  const [name, request, waitsFor] of [
    ["UPDATE_PROPS", UPDATE_PROPS, WAIT_UPDATE],
    ["BOOT_COMPLETED", BOOT_COMPLETED, WAIT_BOOT],
  ] as const
) {
  conforms("1.5", `${name}: answered when it is done, in order`, () => {
    const rig = makeRig();
    const client = rig.machine.connect(400);
    const other = rig.machine.connect(401);
    const one = rig.world.start(app(900, 4));
    client.send(request);
    client.prio(one.pid, 10_000, 905);
    client.askKills(0, 0);
    rig.run(50);
    const index = rig.clients.waiterFor(waitsFor);
    assert.ok(index >= 0);
    other.askKills(0, 0);
    const { turns } = rig;
    rig.run(2_000);
    assert.ok(rig.turns - turns < 100, "waiting costs no turns");
    // The others go on; what it sent after waits.
    assert.deepEqual(other.replies, [[4, 0]]);
    assert.deepEqual(client.replies, []);
    assert.equal(rowOf(rig, one.pid), null);
    if (request === UPDATE_PROPS) {
      // Who asks while they are read waits for the next reading.
      rig.clients.promote(WAIT_UPDATE, WAIT_UPDATE_SOON);
      other.send(request);
      rig.run(50);
      rig.control.answerUpdates(-1);
      assert.equal(other.replies.length, 1);
      rig.clients.promote(WAIT_UPDATE, WAIT_UPDATE_SOON);
      rig.control.answerUpdates(0);
      assert.deepEqual(other.replies[1], [request, 0]);
    } else rig.control.answerBoot(index, 1);
    rig.run(100);
    const result = request === UPDATE_PROPS ? -1 : 1;
    assert.deepEqual(client.replies, [[request, result], [4, 0]]);
    assert.equal(rowOf(rig, one.pid)?.adj, 905);
    assert.equal(rig.clients.waiterFor(waitsFor), -1);
  });
}

conforms("1.5", "START_MONITORING is told on, and not answered", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  client.send(START_MONITORING);
  rig.run(50);
  assert.equal(rig.control.monitorsDue, true);
  assert.deepEqual(client.replies, []);
});

conforms("8", "a batch, then a kill count as a barrier", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  const children = [0, 500, 1000].map((adj) => rig.world.start(app(adj, 1)));
  const wanted = [100, 600, 950];
  children.forEach((one, i) => one.adj = wanted[i]);
  prioAll(client, ...children);
  children.forEach((one) => one.adj = -1);
  client.askKills(-1000, 1000);
  while (client.replies.length === 0) rig.turn();
  assert.deepEqual(children.map(({ adj }) => adj), wanted);
  assert.deepEqual(client.replies, [[4, 0]]);
});

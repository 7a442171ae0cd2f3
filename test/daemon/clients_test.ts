// Clients that are in each other's way: who floods, who cannot be read from,
// who comes when the ring is full.

import assert from "node:assert/strict";
import { PENDING_MAX } from "../../src/base/limits.ts";
import { G_BAD_PACKETS, G_CLIENTS } from "../../src/state/gauges.ts";
import { PROCS_PRIO } from "./messages.ts";
import { app, gauge, makeRig, register, rowOf } from "./helpers.ts";

Deno.test("clients: who keeps the ring full keeps nobody out", () => {
  const rig = makeRig();
  const flooder = rig.machine.connect(401);
  const manager = rig.machine.connect(400);
  rig.run(20);
  // Nobody of these is there: each is an operation, and none leaves a row.
  const record = (pid: number) => [pid, 10_000, 900, 0];
  const pour = () => {
    let pid = 20_000;
    const more = () => [...record(pid++), ...record(pid++), ...record(pid++)];
    while (flooder.send(PROCS_PRIO, ...more()));
  };
  pour();
  rig.run(50, pour);
  assert.ok(rig.pending.count > PENDING_MAX - 40, `${rig.pending.count}`);
  const many = Array.from({ length: 40 }, () => rig.world.start(app(900, 0)));
  const startUs = rig.world.nowUs;
  for (const { pid } of many) manager.prio(pid, 10_000, 905);
  while (many.some(({ pid }) => rowOf(rig, pid)?.adj !== 905)) {
    pour();
    rig.turn();
    assert.ok(rig.world.nowUs - startUs < 500_000, "still not registered");
  }
});

Deno.test("clients: what could not be read is read later, unhurried", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  rig.run(50);
  rig.faults.permille.set("receive", 1000);
  const one = rig.world.start(app(900, 4));
  manager.prio(one.pid, 10_000, 905);
  const { turns } = rig;
  rig.run(3_000);
  assert.ok(rig.turns - turns < 60, `${rig.turns - turns} turns in 3 s`);
  assert.equal(rowOf(rig, one.pid), null);
  rig.faults.permille.set("receive", 0);
  rig.run(1_100);
  assert.equal(rowOf(rig, one.pid)?.adj, 905);
});

Deno.test("clients: reset, then its last packets, then its end", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const one = rig.world.start(app(900, 4));
  rig.run(50);
  const { machine } = rig;
  const receive = machine.receive.bind(machine);
  // It left without reading: the kernel says so before anything else.
  machine.receive = () => {
    machine.receive = receive;
    return -104;
  };
  manager.prio(one.pid, 10_000, 905);
  manager.hangUp();
  rig.run(2_000);
  assert.equal(rowOf(rig, one.pid)?.adj, 905);
  assert.equal(rowOf(rig, one.pid)?.owner, 0);
  assert.equal(gauge(rig, G_CLIENTS), 0);
});

Deno.test("clients: one that can never be read from is let go", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  register(rig, manager, app(900, 4));
  rig.run(50);
  rig.faults.permille.set("receive", 1000);
  manager.hangUp();
  rig.run(3_000);
  assert.equal(gauge(rig, G_CLIENTS), 0);
  assert.equal(manager.dropped, true);
});

Deno.test("clients: thrown out amid its registrations: they are nobody's", () => {
  const rig = makeRig();
  const early = rig.machine.connect(400);
  early.askKills(0, 0);
  rig.run(10);
  const many = Array.from({ length: 200 }, () => rig.world.start(app(900, 0)));
  for (const { pid } of many) early.prio(pid, 10_000, 905);
  for (let i = 0; i < 4; i++) rig.reactor.tick(false);
  assert.ok(rig.pending.count > 0);
  // Eight others, each with something to say, and more to come.
  const others = Array.from({ length: 9 }, (_, i) => {
    const one = rig.machine.connect(500 + i);
    one.send(5, 0);
    return one;
  });
  rig.run(300);
  assert.equal(early.dropped, true);
  const owners = new Set(
    many.flatMap(({ pid }) => rowOf(rig, pid)?.owner ?? []),
  );
  assert.deepEqual([...owners], [0]);
  assert.ok(others.some((one) => !one.dropped));
  assert.equal(gauge(rig, G_BAD_PACKETS), 0);
});

Deno.test("clients: who registers the living without end delays no answer", () => {
  const rig = makeRig();
  const restless = rig.machine.connect(401);
  const manager = rig.machine.connect(400);
  const many = Array.from({ length: 240 }, () => rig.world.start(app(900, 0)));
  for (const { pid } of many) restless.prio(pid, 10_000, 905);
  rig.run(500);
  assert.equal(rig.victims.count, many.length);
  // More is due to be written than a visit of the desk writes.
  let adj = 905;
  let mostDue = 0;
  const pour = () => {
    mostDue = Math.max(mostDue, rig.victims.dueCount);
    adj = adj === 905 ? 906 : 905;
    const record = (i: number) => [many[i]!.pid, 10_000, adj, 0];
    for (let i = 0; i < many.length; i += 3) {
      restless.send(
        PROCS_PRIO,
        ...record(i),
        ...record(i + 1),
        ...record(i + 2),
      );
    }
  };
  rig.run(100, pour);
  const startUs = rig.world.nowUs;
  const asked = manager.askKills(0, 1000);
  for (let turn = 0; manager.replies.length === 0; turn++) {
    pour();
    rig.turn();
    assert.ok(turn < 100, "still not answered");
  }
  assert.ok(asked && mostDue > 30, `${mostDue} were due`);
  assert.ok(rig.world.nowUs - startUs < 100_000, `${rig.world.nowUs} us`);
});

Deno.test("clients: one that cannot be let in is let in later, unhurried", () => {
  const rig = makeRig();
  rig.run(50);
  const { fds } = rig.machine;
  fds.most = fds.count;
  const late = rig.machine.connect(400);
  const { turns } = rig;
  rig.run(3_000);
  assert.ok(rig.turns - turns < 60, `${rig.turns - turns} turns in 3 s`);
  assert.equal(gauge(rig, G_CLIENTS), 0);
  fds.most = fds.count + 1;
  rig.run(1_100);
  assert.equal(gauge(rig, G_CLIENTS), 1);
  late.askKills(0, 1000);
  rig.run(50);
  assert.deepEqual(late.replies, [[4, 0]]);
});

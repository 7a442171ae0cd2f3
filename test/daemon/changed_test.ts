// What has changed since a process was found, or while somebody dies, counts:
// names, importance and owners are as they are at the moment of the choice.

import assert from "node:assert/strict";
import { ProtectTable } from "../../src/config/protect.ts";
import { EVENT_PSI_FULL, MB_PID } from "../../src/state/layout.ts";
import { SET_DISCOVER } from "../../src/state/settings.ts";
import { descriptorProblems } from "./checks.ts";
import {
  app,
  makeRig,
  register,
  rowOf,
  shorten,
  signalled,
} from "./helpers.ts";

Deno.test("changed: who became protected after it was found is spared", () => {
  const rows: [string, { name?: string; adj?: number }][] = [
    ["took its own name", { name: "sshd" }],
    ["asked to be left alone", { adj: -1000 }],
  ];
  for (const [what, change] of rows) {
    const rig = makeRig(
      ["victims.discover=true", "victims.scanMs=60000"],
      { protect: new ProtectTable(["sshd"], []) },
    );
    for (let i = 0; i < 300; i++) rig.world.start(app(0, 0));
    const other = rig.world.start(app(0, 40, { name: "other" }));
    const late = rig.world.start(app(0, 80, { name: "(start)" }));
    rig.run(3_000);
    assert.ok(rowOf(rig, late.pid)?.listed, what);
    Object.assign(late, change);
    shorten(rig, 1);
    rig.run(400);
    assert.equal(signalled(rig)[0], other.pid, what);
    assert.ok(!signalled(rig).includes(late.pid), what);
  }
});

Deno.test("changed: who bore its parent's name when it was found may die", () => {
  const sets = ["victims.discover=true", "victims.scanMs=100"];
  const rows: [what: string, found: { name?: string; adj?: number }][] = [
    ["a protected name", { name: "sshd" }],
    ["an adj of -1000", { adj: -1000 }],
  ];
  for (const [what, found] of rows) {
    const rig = makeRig(sets, { protect: new ProtectTable(["sshd"], []) });
    const sprint = (ms: number) => {
      for (let i = 0; i < ms; i += 50) {
        rig.machine.triggered(EVENT_PSI_FULL << 24);
        rig.run(50);
      }
    };
    const old = rig.world.start(app(0, 1, found));
    // It is young no longer.
    rig.run(30_000);
    sprint(500);
    assert.ok(rig.reactor.sprinting);
    const opened: number[] = [];
    const open = rig.machine.openStatus.bind(rig.machine);
    rig.machine.openStatus = () => {
      opened.push(rig.arena.mailbox[MB_PID]);
      return open();
    };
    const read: number[] = [];
    const readAdj = rig.machine.readAdj.bind(rig.machine);
    rig.machine.readAdj = () => {
      read.push(rig.arena.mailbox[MB_PID]);
      return readAdj();
    };
    const times = (list: number[], { pid }: { pid: number }) =>
      list.filter((one) => one === pid).length;
    const hog = rig.world.start(app(0, 30, found));
    const same = rig.world.start(app(0, 1, found));
    sprint(500);
    assert.equal(rowOf(rig, hog.pid)?.listed, false, what);
    Object.assign(hog, { name: "hog", adj: 0 });
    sprint(1_500);
    assert.equal(rowOf(rig, hog.pid)?.listed, true, what);
    sprint(8_000);
    assert.ok(rig.reactor.sprinting);
    assert.equal(rowOf(rig, same.pid)?.listed, false, what);
    const again = times(read, same);
    assert.ok(again >= 3 && again <= 5, `${what}: read ${again} times`);
    assert.ok(times(opened, same) <= 1, `${what}: opened more than once`);
    assert.equal(times(opened, old) + times(read, old), 0, what);
    shorten(rig, 1);
    sprint(300);
    assert.deepEqual(signalled(rig), [hog.pid], what);
  }
});

Deno.test("changed: a client that left at once leaves its record to others", () => {
  const rig = makeRig();
  const once = rig.machine.connect(400);
  const process = rig.world.start(app(0, 10));
  once.prio(process.pid, 10_000, 900);
  once.hangUp();
  rig.run(200);
  assert.equal(rowOf(rig, process.pid)?.owner, 0);
  const manager = rig.machine.connect(401);
  manager.prio(process.pid, 10_000, 0);
  rig.run(200);
  assert.equal(rowOf(rig, process.pid)?.adj, 0);
});

Deno.test("changed: an adj told between two kills counts for the second", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const apps = [903, 902, 901].map((adj) =>
    register(rig, manager, app(adj, 20, { name: `app${adj}` }))
  );
  const [first, second, third] = apps;
  rig.run(1_200);
  shorten(rig, 1);
  while (signalled(rig).length === 0) rig.turn();
  assert.deepEqual(signalled(rig), [first.pid]);
  manager.askKills(-1000, 1000);
  manager.prio(second.pid, 10_000, 0);
  while (signalled(rig).length < 2) rig.turn();
  assert.deepEqual(signalled(rig), [first.pid, third.pid]);
});

Deno.test("changed: no client makes init or the guard a candidate", () => {
  const rig = makeRig(["victims.discover=true", "victims.scanMs=100"]);
  rig.run(500);
  const manager = rig.machine.connect(400);
  for (const { pid } of rig.natives) manager.prio(pid, 0, 1000);
  rig.run(500);
  for (const { pid, adj } of rig.natives) {
    assert.notEqual(adj, 1000, `${pid}`);
    assert.ok(!rowOf(rig, pid)?.listed, `${pid}`);
  }
});

Deno.test("changed: whom nobody registered is left alone without discovery", () => {
  const rig = makeRig(["victims.discover=true", "victims.scanMs=100"]);
  const manager = rig.machine.connect(400);
  const found = rig.world.start(app(950, 20));
  const told = register(rig, manager, app(900, 20));
  rig.run(1_000);
  assert.equal(rowOf(rig, found.pid)?.listed, true);
  rig.arena.settings[SET_DISCOVER] = 0;
  rig.registrar.forgetDiscovered();
  rig.run(100);
  assert.equal(rowOf(rig, found.pid), null);
  assert.equal(rowOf(rig, told.pid)?.listed, true);
  shorten(rig, 1);
  rig.run(500);
  assert.deepEqual(signalled(rig), [told.pid]);
  assert.deepEqual(descriptorProblems(rig), []);
});

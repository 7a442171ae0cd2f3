// What is put off for want of something is not done: it is lost to nobody's
// packet but its owner's, and no answer goes out as if it were.

import assert from "node:assert/strict";
import { ENOMEM } from "../../src/sim/faults.ts";
import { MB_PID } from "../../src/state/layout.ts";
import { app, makeRig, register, rowOf } from "./helpers.ts";

Deno.test("a registration outlives what others ask of its process", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const stranger = rig.machine.connect(401);
  rig.run(1_000);
  const real = rig.machine.adopt.bind(rig.machine);
  let isOn = true;
  rig.machine.adopt = () => isOn ? -ENOMEM : real();
  const { pid } = register(rig, manager, app(905, 6));
  stranger.remove(pid);
  const moved = register(rig, manager, app(906, 6));
  rig.run(300);
  manager.prio(moved.pid, moved.uid, 950);
  rig.run(300);
  // Ever the newest only: the ring does not fill.
  assert.equal(rig.pending.count, 2);
  isOn = false;
  rig.run(150);
  assert.equal(rowOf(rig, pid)?.owner, 400);
  assert.equal(rowOf(rig, moved.pid)?.adj, 950);
});

Deno.test("an answer waits for what was put off before its question", () => {
  const calls = [["adopt", 905], ["writeAdj", 0]] as const;
  for (const [call, adj] of calls) {
    const rig = makeRig();
    const manager = rig.machine.connect(400);
    const other = rig.machine.connect(401);
    rig.run(1_000);
    const real = rig.machine[call].bind(rig.machine);
    const process = rig.world.start(app(adj, 6));
    let isOn = true;
    rig.machine[call] = () =>
      isOn && rig.arena.mailbox[MB_PID] === process.pid ? -ENOMEM : real();
    manager.prio(process.pid, process.uid, 905);
    manager.askKills(-1000, 1000);
    // What others ask meanwhile is done, and stands for nothing else.
    for (let i = 0; i < 5; i++) {
      register(rig, other, app(900, 1));
      rig.run(150);
    }
    assert.equal(rig.victims.count, call === "adopt" ? 5 : 6);
    assert.equal(manager.replies.length, 0, call);
    isOn = false;
    rig.run(300);
    assert.equal(manager.replies.length, 1, call);
    assert.equal(process.adj, 905);
  }
});

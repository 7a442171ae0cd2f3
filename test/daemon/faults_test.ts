// Calls that fail, on the simulated machine: what is repeated and how often,
// what is tried again later, what is told.

import assert from "node:assert/strict";
import { recordsOf } from "../../src/report/journal.ts";
import { EMFILE, ENOMEM, EPERM } from "../../src/sim/faults.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { EVENT_PSI_FULL } from "../../src/state/layout.ts";
import {
  CALL_ADOPT,
  CALL_KILL,
  CALL_PERSIST,
  CALL_SLOT,
} from "../../src/state/calls.ts";
import {
  G_CLIENTS,
  G_FAULTS,
  G_LAST_FAULT,
  G_LAST_FAULT_RC,
  G_REFUSED,
} from "../../src/state/gauges.ts";
import {
  J_CALL,
  J_DETAIL,
  J_KIND,
  J_VALUE,
  KIND_FAULT,
  KIND_REFUSED,
} from "../../src/state/journal.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  shorten,
  signalled,
} from "./helpers.ts";

// errno(3).
const EIO = 5;
const EACCES = 13;

type Call = "kill" | "adopt" | "writeAdj" | "accept" | "sense" | "persist";

/** Makes a call of the machine's answer `rc` while `isOn`; how often it was
 * asked. */
function failing(rig: Rig, call: Call, rc: number) {
  const real = rig.machine[call].bind(rig.machine);
  const fault = { isOn: true, asked: 0 };
  rig.machine[call] = () => {
    fault.asked++;
    return fault.isOn ? rc : real();
  };
  return fault;
}

/** The journal's fault records: call, -errno, count. */
function told(rig: Rig): number[][] {
  const words = rig.arena.journal;
  return recordsOf(words)
    .filter((at) => words[at + J_KIND] === KIND_FAULT)
    .map((at) => [J_CALL, J_DETAIL, J_VALUE].map((word) => words[at + word]));
}

Deno.test("faults: repeated as often as is configured", () => {
  const rows: [retries: number, asked: number][] = [[0, 1], [2, 3], [7, 8]];
  for (const [retries, asked] of rows) {
    const rig = makeRig([`self.retries=${retries}`]);
    const manager = rig.machine.connect(400);
    rig.run(1_000);
    const fault = failing(rig, "adopt", -EMFILE);
    register(rig, manager, app(905, 6));
    while (fault.asked === 0) rig.turn();
    assert.equal(fault.asked, asked);
    assert.equal(gauge(rig, G_FAULTS), asked);
    assert.equal(gauge(rig, G_LAST_FAULT), CALL_ADOPT);
    assert.equal(gauge(rig, G_LAST_FAULT_RC), -EMFILE);
  }
});

Deno.test("faults: without a count, until the turn's time is over", () => {
  const rig = makeRig(["self.retries=-1"]);
  const manager = rig.machine.connect(400);
  rig.run(1_000);
  let asked = 0;
  rig.machine.adopt = () => {
    asked++;
    rig.world.nowUs += 1_000;
    return -ENOMEM;
  };
  register(rig, manager, app(905, 6));
  while (asked === 0) rig.turn();
  // 20 ms of repeats that take 1 ms each, the last begun before.
  assert.ok(asked >= 20 && asked <= 23, `${asked}`);
});

Deno.test("faults: every repeat of a turn takes of the same time", () => {
  const rig = makeRig(["self.retries=1"]);
  const manager = rig.machine.connect(400);
  rig.run(1_000);
  let asked = 0;
  rig.machine.adopt = () => {
    asked++;
    rig.world.nowUs += 5_000;
    return -ENOMEM;
  };
  for (let i = 0; i < 20; i++) register(rig, manager, app(905, 1));
  while (asked === 0) rig.turn();
  // 20 registrations, and four repeats of 5 ms each.
  assert.equal(asked, 24);
});

Deno.test("faults: who may not be opened is ordinary", () => {
  for (const rc of [EPERM, EACCES]) {
    const rig = makeRig(["victims.discover=true", "victims.scanMs=100"]);
    const fault = failing(rig, "adopt", -rc);
    rig.run(15_000);
    assert.ok(fault.asked > 0);
    assert.equal(gauge(rig, G_FAULTS), 0);
    assert.deepEqual(told(rig), []);
  }
});

Deno.test("faults: what is refused for good is told of once", () => {
  const rig = makeRig(["victims.discover=true", "victims.scanMs=100"]);
  failing(rig, "adopt", -EIO);
  rig.run(60_000);
  assert.ok(gauge(rig, G_FAULTS) > 2);
  const records = told(rig);
  assert.equal(records.length, 1);
  assert.deepEqual(records[0].slice(0, 2), [CALL_ADOPT, -EIO]);
});

Deno.test("faults: what is no want is not repeated", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  rig.run(1_000);
  const fault = failing(rig, "adopt", -3);
  register(rig, manager, app(905, 6));
  rig.run(500);
  // The process is gone: ordinary, neither told nor tried again.
  assert.equal(fault.asked, 1);
  assert.equal(gauge(rig, G_FAULTS), 0);
});

Deno.test("faults: a record in ten seconds for each call and error", () => {
  const rig = makeRig();
  rig.run(1_000);
  const fault = failing(rig, "persist", -ENOMEM);
  rig.run(9_000);
  fault.isOn = false;
  const once = told(rig);
  assert.equal(once.length, 1);
  assert.deepEqual(once[0].slice(0, 2), [CALL_PERSIST, -ENOMEM]);
  rig.run(5_000);
  const all = told(rig);
  assert.equal(all.length, 2);
  assert.equal(all[0][2] + all[1][2], gauge(rig, G_FAULTS));
});

Deno.test("a registration waits until it can be carried out", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  rig.run(1_000);
  const fault = failing(rig, "adopt", -ENOMEM);
  const { pid } = register(rig, manager, app(905, 6));
  const before = rig.turns;
  rig.run(2_000);
  assert.ok(rig.turns - before < 100, `${rig.turns - before} turns: a spin`);
  assert.equal(rig.victims.find(pid), -1);
  fault.isOn = false;
  rig.run(150);
  assert.ok(rig.victims.find(pid) >= 0);
  // Withdrawn meanwhile: it does not come back.
  fault.isOn = true;
  const gone = register(rig, manager, app(905, 6));
  rig.run(300);
  manager.remove(gone.pid);
  rig.run(300);
  fault.isOn = false;
  rig.run(500);
  assert.equal(rig.victims.find(gone.pid), -1);
});

Deno.test("an importance is written as soon as it can be", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  rig.run(1_000);
  const fault = failing(rig, "writeAdj", -ENOMEM);
  const process = rig.world.start(app(0, 6));
  manager.prio(process.pid, process.uid, 905);
  rig.run(1_000);
  assert.equal(process.adj, 0);
  fault.isOn = false;
  rig.run(150);
  assert.equal(process.adj, 905);
});

Deno.test("who knocked in vain is let in later", () => {
  const rig = makeRig();
  rig.run(1_000);
  const fault = failing(rig, "accept", -EMFILE);
  rig.machine.connect(400);
  rig.run(1_000);
  assert.equal(gauge(rig, G_CLIENTS), 0);
  fault.isOn = false;
  rig.run(150);
  assert.equal(gauge(rig, G_CLIENTS), 1);
});

Deno.test("a signal that lacked something is sent again in the next look", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const [one, two] = [app(910, 30), app(905, 30)].map((plan) =>
    register(rig, manager, plan)
  );
  rig.run(1_500);
  const fault = failing(rig, "kill", -ENOMEM);
  shorten(rig, 4);
  rig.run(1_000);
  assert.deepEqual(signalled(rig), []);
  assert.ok(gauge(rig, G_REFUSED) > 4);
  fault.isOn = false;
  rig.run(200);
  assert.ok([one.pid, two.pid].includes(signalled(rig)[0]));
  const words = rig.arena.journal;
  const refusals = recordsOf(words)
    .filter((at) => words[at + J_KIND] === KIND_REFUSED);
  assert.ok(refusals.length <= 2, "the journal is not filled with refusals");
  assert.deepEqual(told(rig)[0].slice(0, 2), [CALL_KILL, -ENOMEM]);
});

Deno.test("a signal that is not allowed is tried again later", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const { pid } = register(rig, manager, app(910, 30));
  rig.run(1_500);
  const fault = failing(rig, "kill", -EPERM);
  shorten(rig, 4);
  rig.run(1_000);
  assert.equal(gauge(rig, G_REFUSED), 1);
  fault.isOn = false;
  rig.run(5_000);
  assert.deepEqual(signalled(rig), []);
  rig.run(5_000);
  assert.deepEqual(signalled(rig), [pid]);
});

Deno.test("a blind look ends no sprint", () => {
  const rig = makeRig();
  rig.run(1_500);
  rig.machine.triggered(EVENT_PSI_FULL << 24);
  rig.run(50);
  assert.ok(rig.reactor.sprinting);
  const sense = rig.machine.sense.bind(rig.machine);
  rig.machine.sense = () => {
    const rc = sense();
    rig.arena.slotLengths[0] = -ENOMEM;
    return rc;
  };
  rig.run(500);
  assert.equal(gauge(rig, G_LAST_FAULT), CALL_SLOT);
  assert.ok(rig.reactor.sprinting);
});

Deno.test("a blind guard looks again soon", () => {
  const rig = makeRig(["wait.idleMaxMs=10000", "wait.fillKbPerMs=1"]);
  const manager = rig.machine.connect(400);
  const { pid } = register(rig, manager, app(910, 30));
  rig.run(1_500);
  const sense = rig.machine.sense.bind(rig.machine);
  let isOn = true;
  let looks = 0;
  rig.machine.sense = () => {
    looks++;
    const rc = sense();
    if (isOn) rig.arena.slotLengths[0] = -ENOMEM;
    return rc;
  };
  rig.run(12_000);
  assert.ok(looks > 3, `${looks} looks`);
  assert.equal(gauge(rig, G_LAST_FAULT), CALL_SLOT);
  shorten(rig, 4);
  isOn = false;
  rig.run(500);
  assert.deepEqual(signalled(rig), [pid]);
});

// What keeps the guard alive and harmless when its means fail: unreadable
// files, a clock that goes round, tables that are full, nobody to kill.

import assert from "node:assert/strict";
import { parseSet } from "../../src/config/load.ts";
import { G_NO_VICTIM, G_SENSE_ERRORS } from "../../src/state/gauges.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import { turnProblems } from "../daemon/checks.ts";
import {
  app,
  BARE,
  gauge,
  makeRig,
  register,
  shorten,
  signalled,
  stall,
} from "../daemon/helpers.ts";
import { conforms } from "./conforms.ts";

conforms("7", "a file that cannot be read: nobody dies, and it goes on", () => {
  for (const fault of ["unreadable", "cut short"]) {
    const rig = makeRig(["strategy=lmkd"], { untriggered: true });
    const manager = rig.machine.connect(400);
    const one = register(rig, manager, app(905, 6));
    rig.run(2_000);
    const before = gauge(rig, G_SENSE_ERRORS);
    if (fault === "unreadable") rig.faults.permille.set("sense", 1000);
    else rig.faults.cut = () => 5;
    stall(rig);
    rig.run(500);
    assert.deepEqual(signalled(rig), [], fault);
    assert.ok(gauge(rig, G_SENSE_ERRORS) > before, fault);
    rig.faults.permille.set("sense", 0);
    rig.faults.cut = (length) => length;
    stall(rig);
    rig.run(100);
    assert.deepEqual(signalled(rig), [one.pid], fault);
  }
});

conforms("7", "init, the guard and kernel threads are nobody's to name", () => {
  const rig = makeRig(["strategy=lmkd", "lmkd.lowmemMinAdj=201"], {
    untriggered: true,
  });
  const manager = rig.machine.connect(400);
  const thread = rig.world.start(app(0, 0, { kernel: true, precious: true }));
  for (const { pid } of [...rig.natives, thread]) {
    manager.prio(pid, 0, 1000);
  }
  rig.run(2_000);
  shorten(rig, 1);
  stall(rig);
  rig.run(1_000);
  assert.deepEqual(signalled(rig), []);
  assert.deepEqual(rig.machine.violations, []);
  assert.ok(gauge(rig, G_NO_VICTIM) > 0);
});

conforms("7", "nobody to kill is said at most once a second", () => {
  const rig = makeRig(["strategy=lmkd"], { untriggered: true });
  rig.run(1_000);
  shorten(rig, 1);
  for (let ms = 0; ms < 3_000; ms += 10) {
    rig.world.after(ms, () => stall(rig));
  }
  rig.run(3_000);
  const said = gauge(rig, G_NO_VICTIM);
  assert.ok(said >= 2 && said <= 5, `said ${said} times`);
});

conforms("7", "a clock that goes round, as it wakes, polls and kills", () => {
  for (const bootMs of [2 ** 31 - 2_050, 2 ** 32 - 2_050]) {
    const rig = makeRig(["strategy=lmkd"], { untriggered: true, bootMs });
    const manager = rig.machine.connect(400);
    const apps = [905, 904].map((adj) => register(rig, manager, app(adj, 6)));
    for (let ms = 1_900; ms < 4_000; ms += 300) {
      rig.world.after(ms, () => stall(rig));
    }
    rig.run(4_500);
    assert.deepEqual(signalled(rig), apps.map(({ pid }) => pid));
    assert.ok(rig.turns < 400, `${rig.turns} turns`);
  }
});

conforms(
  "7",
  "a machine without PSI, vmstat and zoneinfo still has a guard",
  () => {
    // meminfo alone: events and adaptive's own level are left.
    const rig = makeRig([], { untriggered: true, slots: 1 });
    const manager = rig.machine.connect(400);
    const one = register(rig, manager, app(905, 6));
    rig.run(2_000);
    shorten(rig, 1);
    rig.run(500);
    assert.deepEqual(signalled(rig), [one.pid]);
  },
);

conforms("7", "lmkd's strategy on lmkd's own defaults holds a leak", () => {
  const sets = [
    ...["strategy=lmkd", "victims.discover=false", "compat=16"],
    // lmkd has none.
    "self.ballastKb=0",
  ];
  const { settings } = sceneConfig(sets.map(parseSet), BARE.totalKb);
  const rig = makeRig([], { settings });
  const manager = rig.machine.connect(400);
  const leak = register(
    rig,
    manager,
    app(900, 10, { growKbPerMs: 40, growAfterMs: 2_000 }),
  );
  register(rig, manager, app(0, 60));
  rig.run(15_000);
  assert.ok(signalled(rig).includes(leak.pid));
  assert.deepEqual(turnProblems(rig), []);
});

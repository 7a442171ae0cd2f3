// Nobody who is protected is ever signalled, by any strategy, however low the
// floor: the simulated machine records every signal to the precious.

import assert from "node:assert/strict";
import { READY_MAX } from "../../src/base/limits.ts";
import { VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  SET_AFTER_KILL_ADJ,
  SET_FLOOR_ADJ,
  SET_KILL_HEAVIEST,
  SET_LOWMEM_ADJ,
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
} from "../../src/state/settings.ts";
import { V_STATUS_FD } from "../../src/state/victims.ts";
import { G_KEEPER_PID, G_SELF, SELF_KEEPER } from "../../src/state/gauges.ts";
import { EVENT_KEEPER, MB_PID, MB_TAG } from "../../src/state/layout.ts";
import type { SimProcess } from "../../src/sim/process.ts";
import { ProtectTable } from "../../src/config/protect.ts";
import { GUARD_PID, type Rig } from "../../src/sim/rig.ts";
import {
  app,
  makeRig,
  register,
  rowOf,
  settingsOf,
  shorten,
  signalled,
  stall,
} from "./helpers.ts";

const PROTECT = new ProtectTable(["keep*", "zygote"], [1_234]);

/** Thresholds that let everybody die at once. */
function ruthless(strategy: string, discover: boolean): Int32Array {
  const settings = settingsOf([
    `strategy=${strategy}`,
    `victims.discover=${discover}`,
    "victims.scanMs=100",
    "exhaustion.reserveKb=131072",
    "exhaustion.comfortKb=131072",
  ]);
  settings[SET_FLOOR_ADJ] = -1000;
  settings[SET_LOWMEM_ADJ] = -1000;
  settings[SET_AFTER_KILL_ADJ] = -1000;
  settings[SET_KILL_HEAVIEST] = 1;
  settings[SET_TIERS] = 1;
  settings[SET_TIER_PAGES] = 1 << 20;
  settings[SET_TIER_ADJ] = -1000;
  return settings;
}

/** The guard's keeper, which could not make itself -1000. */
function startKeeper(rig: Rig): SimProcess {
  const plan = app(900, 20, { precious: true, name: "oomguard-keeper" });
  const keeper = rig.world.start(plan);
  rig.arena.gauges[G_KEEPER_PID] = keeper.pid;
  return keeper;
}

/** Everybody nobody may kill, each larger than any app. */
function startPrecious(rig: Rig) {
  const precious = { precious: true };
  return [
    rig.world.start(app(900, 20, { ...precious, name: "keeper" })),
    rig.world.start(app(900, 20, { ...precious, name: "zygote" })),
    rig.world.start(app(950, 20, { ...precious, uid: 1_234 })),
    rig.world.start(app(-1000, 20, { ...precious, name: "sshd" })),
    rig.world.start(app(0, 0, { ...precious, name: "kthread", kernel: true })),
    startKeeper(rig),
    ...rig.natives,
  ];
}

for (const strategy of ["adaptive", "lmkd", "minfree"]) {
  for (const discover of [false, true]) {
    const how = discover ? "discovered" : "registered";
    Deno.test(`protection: ${strategy}, ${how}`, () => {
      const settings = ruthless(strategy, discover);
      const rig = makeRig([], { settings, protect: PROTECT });
      const precious = startPrecious(rig);
      const manager = rig.machine.connect(GUARD_PID + 1);
      const apps = [900, 200, 0, -500].map((adj) => app(adj, 8));
      const victims = apps.map((plan) => rig.world.start(plan));
      if (!discover) {
        for (const { pid, uid, adj } of [...precious, ...victims]) {
          manager.prio(pid, uid, adj);
        }
      }
      rig.run(300);
      shorten(rig, 1, 40);
      rig.run(3_000);
      assert.deepEqual(rig.machine.violations, []);
      // minfree never goes below 0, as lmkd's tiers do not.
      const least = strategy === "minfree" ? 0 : -500;
      const pids = victims.filter((one) => one.plan.adj >= least)
        .map(({ pid }) => pid);
      const dead = new Set(signalled(rig));
      for (const { pid } of rig.world.kernelKills) dead.add(pid);
      assert.ok(signalled(rig).length > 0);
      assert.ok(signalled(rig).every((pid) => pids.includes(pid)));
      if (strategy === "lmkd") return;
      assert.ok(pids.every((pid) => dead.has(pid)));
    });
  }
}

Deno.test("protection: adj -1000 said twice, by others, and taken back", () => {
  const rig = makeRig([], { settings: ruthless("adaptive", false) });
  const manager = rig.machine.connect(400);
  const one = register(rig, manager, app(-1000, 30));
  rig.run(50);
  manager.prio(one.pid, 0, -1000);
  rig.run(50);
  assert.equal(rowOf(rig, one.pid)?.listed, false);
  rig.protector.replace(PROTECT);
  assert.equal(rowOf(rig, one.pid)?.listed, false);
  shorten(rig, 1);
  rig.run(500);
  assert.deepEqual(signalled(rig), []);
  manager.prio(one.pid, 0, 900);
  rig.run(500);
  assert.deepEqual(signalled(rig), [one.pid]);
});

Deno.test("protection: a shell that becomes a keeper is spared", () => {
  const rig = makeRig(["victims.discover=true"], { protect: PROTECT });
  const shell = rig.world.start(app(900, 50, { name: "sh" }));
  rig.run(200);
  assert.equal(rowOf(rig, shell.pid)?.listed, true);
  shell.name = "keeper";
  rig.run(10_000);
  assert.equal(rowOf(rig, shell.pid)?.listed, false);
});

Deno.test("protection: a keeper that came by a known pid is not signalled", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const one = register(rig, manager, app(900, 30));
  rig.run(50);
  assert.equal(rowOf(rig, one.pid)?.listed, true);
  rig.arena.gauges[G_KEEPER_PID] = one.pid;
  shorten(rig, 1);
  rig.run(500);
  assert.deepEqual(signalled(rig), []);
});

Deno.test("protection: the keeper's end is noticed, an earlier one's not", () => {
  const rig = makeRig([]);
  const { gauges, mailbox } = rig.arena;
  gauges[G_SELF] |= SELF_KEEPER;
  for (const is of [0, 1]) {
    const keeper = startKeeper(rig);
    mailbox[MB_PID] = keeper.pid;
    mailbox[MB_TAG] = EVENT_KEEPER << 24;
    assert.ok(rig.machine.adopt() >= 0);
    gauges[G_KEEPER_PID] = keeper.pid + 1 - is;
    rig.world.exit(keeper);
    rig.run(50);
    assert.equal(gauges[G_KEEPER_PID] === 0, is === 1);
    assert.equal((gauges[G_SELF] & SELF_KEEPER) === 0, is === 1);
  }
});

Deno.test("protection: whose a process is, it says itself", () => {
  const rig = makeRig([], { protect: PROTECT });
  const manager = rig.machine.connect(400);
  const own = { precious: true, uid: 1_234 };
  const one = rig.world.start(app(900, 20, own));
  manager.prio(one.pid, 10_000, 900);
  rig.run(1_500);
  assert.equal(rowOf(rig, one.pid)?.listed, false);
  shorten(rig, 1);
  rig.run(500);
  assert.deepEqual(rig.machine.violations, []);
});

Deno.test("protection: a fork that still bears a keeper's name is no keeper", () => {
  const rig = makeRig(["victims.discover=true"], { protect: PROTECT });
  const fork = rig.world.start(app(900, 50, { name: "zygote" }));
  rig.run(200);
  assert.equal(rowOf(rig, fork.pid)?.listed, false);
  fork.name = "com.example.app";
  rig.run(10_000);
  assert.equal(rowOf(rig, fork.pid)?.listed, true);
});

Deno.test("protection: a reload spares and gives up, the dead stay dead", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const keeper = register(rig, manager, app(900, 10, { name: "keeper" }));
  const gone = register(rig, manager, app(905, 10, { name: "keeper2" }));
  rig.run(100);
  rig.protector.replace(PROTECT);
  assert.equal(rowOf(rig, keeper.pid)?.listed, false);
  // Forgotten but not yet buried: a kill under way keeps the desk shut.
  rig.registrar.forget(gone.pid, 400);
  assert.equal(rowOf(rig, gone.pid)?.dead, true);
  rig.protector.replace(new ProtectTable([], []));
  assert.equal(rowOf(rig, keeper.pid)?.listed, true);
  assert.equal(rowOf(rig, gone.pid)?.listed, false);
});

Deno.test("protection: a status too long to read protects nobody", () => {
  const rig = makeRig(["victims.discover=true"]);
  rig.faults.shortPermille = 1000;
  const one = rig.world.start(app(900, 10));
  rig.run(100);
  rig.faults.shortPermille = 0;
  rig.run(10_000);
  assert.equal(rowOf(rig, one.pid)?.listed, true);
});

for (const strategy of ["adaptive", "lmkd", "minfree"]) {
  Deno.test(`protection: whoever took a name that protects, ${strategy}`, () => {
    const rig = makeRig([`strategy=${strategy}`], { protect: PROTECT });
    const manager = rig.machine.connect(400);
    manager.target(10_000, 0);
    const turned = register(rig, manager, app(950, 20));
    const other = register(rig, manager, app(900, 20));
    rig.run(3_000);
    // Between two looks of the roster: nobody has asked it since.
    Object.assign(turned, { name: "keeper" });
    shorten(rig, 1);
    stall(rig);
    rig.run(300);
    assert.deepEqual(signalled(rig), [other.pid]);
    assert.equal(rowOf(rig, turned.pid)?.listed, false);
  });
}

// minfree chooses among all rows, adaptive among those held open.
Deno.test("protection: a name taken a moment ago by a row not held open", () => {
  const rig = makeRig(["strategy=minfree"], { protect: PROTECT });
  const manager = rig.machine.connect(400);
  manager.target(10_000, 0);
  for (let i = 0; i < READY_MAX; i++) register(rig, manager, app(900, 4));
  rig.run(8_000);
  // The list is full of larger ones: this one's status file is closed.
  const turned = register(rig, manager, app(950, 1));
  rig.run(300);
  const at = rig.victims.find(turned.pid) * VICTIM_WORDS;
  assert.equal(rig.victims.rows[at + V_STATUS_FD], -1);
  Object.assign(turned, { name: "keeper" });
  shorten(rig, 1);
  rig.run(300);
  assert.ok(signalled(rig).length > 0);
  assert.ok(!signalled(rig).includes(turned.pid));
  assert.equal(rowOf(rig, turned.pid)?.listed, false);
});

// What the guard makes of a machine that tells little, tells wrong, or has a
// clock that goes round.

import assert from "node:assert/strict";
import {
  G_KILLS,
  G_PSI_EVENTS,
  G_SENSE_ERRORS,
  G_TURNS,
} from "../../src/state/gauges.ts";
import { HEADROOM_KB, MEM_TOTAL_KB } from "../../src/state/snapshot.ts";
import {
  SLOT_MEMINFO,
  SLOT_PRESSURE,
  SLOT_VMSTAT,
  SLOT_ZONEINFO,
} from "../../src/daemon/sensor.ts";
import { TURN_RELOAD, TURN_STOP } from "../../src/daemon/reactor.ts";
import { EVENT_PSI_SOME, MB_SLOTS } from "../../src/state/layout.ts";
import type { RigPlan } from "../../src/sim/rig.ts";
import { GROUP_SLOTS, MACHINE_SLOTS } from "../../src/sim/slots.ts";
import {
  app,
  BARE,
  gauge,
  makeRig,
  MB,
  register,
  rowOf,
  shorten,
  signalled,
} from "./helpers.ts";

/** A machine with a hog that begins to grow after 2 s. */
function withHog(sets: readonly string[], plan: Partial<RigPlan>) {
  const rig = makeRig(sets, plan);
  const manager = rig.machine.connect(400);
  register(rig, manager, app(945, 40));
  const hog = register(
    rig,
    manager,
    app(900, 10, { growKbPerMs: 120, growAfterMs: 2_000 }),
  );
  return { rig, hog };
}

Deno.test("senses: what the machine lacks costs no kill", () => {
  const only = (...slots: number[]) =>
    slots.reduce((bits, slot) => bits | 1 << slot, 0);
  const rows: [string, Partial<RigPlan>][] = [
    ["everything", {}],
    ["no triggers", { untriggered: true }],
    ["no PSI", {
      slots: MACHINE_SLOTS & ~only(SLOT_PRESSURE),
      untriggered: true,
    }],
    ["no zoneinfo", { slots: MACHINE_SLOTS & ~only(SLOT_ZONEINFO) }],
    ["no vmstat", { slots: MACHINE_SLOTS & ~only(SLOT_VMSTAT) }],
    ["meminfo alone", { slots: only(SLOT_MEMINFO), untriggered: true }],
    ["a memory group", { group: true }],
    ["a group without PSI", {
      group: true,
      slots: GROUP_SLOTS & ~only(SLOT_PRESSURE),
      untriggered: true,
    }],
  ];
  for (const [what, plan] of rows) {
    const { rig, hog } = withHog([], plan);
    rig.run(7_000);
    assert.deepEqual(signalled(rig), [hog.pid], what);
    assert.equal(rig.world.kernelKills.length, 0, what);
    assert.equal(gauge(rig, G_SENSE_ERRORS), 0, what);
    assert.equal(rig.arena.snapshot[MEM_TOTAL_KB], BARE.totalKb, what);
  }
});

Deno.test("senses: blind, it kills nobody and does not stop", () => {
  const rig = makeRig();
  const one = register(rig, rig.machine.connect(400), app(900, 40));
  rig.run(1_000);
  rig.faults.permille.set("sense", 1000);
  shorten(rig, 4);
  rig.run(3_000);
  assert.deepEqual(signalled(rig), []);
  assert.ok(gauge(rig, G_SENSE_ERRORS) > 1);
  assert.ok(gauge(rig, G_TURNS) < 2_000);
  rig.faults.permille.set("sense", 0);
  rig.run(2_000);
  assert.deepEqual(signalled(rig), [one.pid]);
});

Deno.test("senses: blind from the start, it still serves its clients", () => {
  const rig = makeRig();
  rig.faults.permille.set("sense", 1000);
  const manager = rig.machine.connect(400);
  const one = register(rig, manager, app(900, 10));
  manager.askKills(0, 0);
  rig.run(1_000);
  assert.equal(rowOf(rig, one.pid)?.listed, true);
  assert.deepEqual(manager.replies, [[4, 0]]);
  assert.ok(gauge(rig, G_TURNS) < 200, `${gauge(rig, G_TURNS)} turns`);
});

Deno.test("senses: going blind during a kill ends the wait at its deadline", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  register(rig, manager, app(910, 6, { stuckMs: 60_000 }));
  rig.run(1_500);
  shorten(rig, 4);
  while (signalled(rig).length === 0) rig.turn();
  rig.faults.permille.set("sense", 1000);
  rig.run(1_000);
  assert.equal(rig.reactor.deskOpen, true);
});

Deno.test("senses: half a meminfo is no meminfo", () => {
  // Every prefix of the file: no number is ever taken for a shorter one.
  for (let permille = 100; permille <= 1000; permille += 300) {
    const { rig } = withHog([], {});
    rig.faults.shortPermille = permille;
    rig.run(1_900);
    assert.deepEqual(signalled(rig), [], `${permille} permille`);
    assert.equal(gauge(rig, G_KILLS), 0);
  }
});

Deno.test("senses: the clock goes round and nothing is missed", () => {
  // 2^31 and 2^32 ms after boot, and 2^32 us; and long after the first.
  const rows = [2 ** 31, 2 ** 32, 2 ** 32 / 1000, 2 ** 31 + 5_000_000];
  for (const wrapMs of rows) {
    for (const beforeMs of [0, 1_000, 2_050, 3_000]) {
      const what = `${wrapMs} - ${beforeMs}`;
      const bootMs = Math.trunc(wrapMs) - beforeMs;
      const { rig, hog } = withHog(["victims.discover=true"], { bootMs });
      let visits = 0;
      const scan = rig.machine.scan.bind(rig.machine);
      rig.machine.scan = () => {
        visits++;
        return scan();
      };
      rig.run(7_000);
      assert.deepEqual(signalled(rig), [hog.pid], what);
      assert.ok(visits >= 4, `${what}: ${visits} scans`);
      assert.ok(gauge(rig, G_TURNS) < 3_000, what);
    }
  }
});

Deno.test("senses: slow files are read however late the guard starts", () => {
  for (const bootMs of [1_000, 2 ** 31 + 60_000, 2 ** 32 + 60_000]) {
    const rig = makeRig([], { bootMs });
    let zoneinfo = 0;
    const sense = rig.machine.sense.bind(rig.machine);
    rig.machine.sense = () => {
      if ((rig.arena.mailbox[MB_SLOTS] >> SLOT_ZONEINFO & 1) !== 0) zoneinfo++;
      return sense();
    };
    rig.run(50_000);
    assert.ok(zoneinfo >= 4, `${bootMs}: ${zoneinfo} times`);
  }
});

Deno.test("senses: calm costs few turns, a trigger wakes at once", () => {
  const rig = makeRig();
  rig.run(10_000);
  const turns = gauge(rig, G_TURNS);
  assert.ok(turns <= 60, `${turns} turns in 10 s of calm`);
  rig.machine.triggered(EVENT_PSI_SOME << 24);
  const beforeUs = rig.world.nowUs;
  rig.turn();
  assert.equal(gauge(rig, G_PSI_EVENTS), 1);
  assert.ok(rig.world.nowUs - beforeUs < 1_000);
});

Deno.test("senses: a client that wakes the guard does not put off its look", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  rig.run(2_000);
  const sense = rig.machine.sense.bind(rig.machine);
  let lastUs = rig.world.nowUs;
  let longestMs = 0;
  rig.machine.sense = () => {
    longestMs = Math.max(longestMs, (rig.world.nowUs - lastUs) / 1000);
    lastUs = rig.world.nowUs;
    return sense();
  };
  const headroom = rig.arena.snapshot[HEADROOM_KB];
  const most = Math.trunc(headroom / MB / 2);
  for (let at = 0; at < 5_000; at += 130) {
    rig.world.after(at, () => manager.askKills(0, 0));
  }
  rig.run(5_000);
  assert.ok(longestMs <= most + 2, `${longestMs} ms without a look`);
});

Deno.test("senses: SIGTERM and SIGHUP end up in the answer of the turn", () => {
  const rig = makeRig();
  rig.machine.signal(2);
  assert.equal(rig.turn(), TURN_RELOAD);
  rig.machine.signal(1 | 2);
  assert.equal(rig.turn(), TURN_STOP);
});

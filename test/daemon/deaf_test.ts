// Where the kernel sends no events, or other events than stalls: the guard
// looks by itself, spins for nobody, and believes no stall for ever.

import assert from "node:assert/strict";
import { EVENT_VMPRESSURE, MB_NOW_MS } from "../../src/state/layout.ts";
import { G_RUNG } from "../../src/state/gauges.ts";
import { RUNG_AVERAGES } from "../../src/state/rungs.ts";
import { SET_DRY_RUN } from "../../src/state/settings.ts";
import { STALL_SOME_PERMILLE } from "../../src/state/snapshot.ts";
import { SLOT_PRESSURE } from "../../src/daemon/sensor.ts";
import { MACHINE_SLOTS } from "../../src/sim/slots.ts";
import { app, makeRig, register, shorten, signalled } from "./helpers.ts";

Deno.test("deaf: who awaits a death sleeps while it does", () => {
  const sets = ["strategy=lmkd", "killTimeoutMs=500"];
  const rig = makeRig(sets, { untriggered: true });
  rig.arena.gauges[G_RUNG] = RUNG_AVERAGES;
  const manager = rig.machine.connect(400);
  const one = register(rig, manager, app(905, 6, { stuckMs: 400 }));
  rig.run(1_500);
  shorten(rig, 1);
  while (signalled(rig).length === 0) rig.turn();
  assert.deepEqual(signalled(rig), [one.pid]);
  const { turns } = rig;
  rig.run(300);
  assert.ok(rig.turns - turns < 60, `${rig.turns - turns} turns in 300 ms`);
});

Deno.test("deaf: vmpressure is no stall that lasts", () => {
  const rig = makeRig([], {
    untriggered: true,
    vmpressure: true,
    slots: MACHINE_SLOTS & ~(1 << SLOT_PRESSURE),
  });
  const stall = () => rig.arena.snapshot[STALL_SOME_PERMILLE];
  rig.run(100);
  const before = stall();
  rig.machine.triggered(EVENT_VMPRESSURE << 24);
  rig.run(100);
  assert.equal(stall(), before, "low pressure is no stall");
  rig.machine.triggered((EVENT_VMPRESSURE << 24) | 2);
  rig.turn();
  assert.ok(stall() > 0, `${stall()} permille`);
  rig.run(3_000);
  assert.equal(stall(), 0);
  assert.equal(rig.reactor.sprinting, false);
});

Deno.test("deaf: a dry run that a reload ends holds nothing up", () => {
  const rig = makeRig(["dryRun=true", "killTimeoutMs=0"]);
  const manager = rig.machine.connect(400);
  const one = register(rig, manager, app(905, 6));
  rig.run(1_500);
  shorten(rig, 1);
  rig.run(500);
  assert.deepEqual(signalled(rig), []);
  rig.arena.settings[SET_DRY_RUN] = 0;
  const from = rig.arena.mailbox[MB_NOW_MS];
  while (signalled(rig).length === 0) {
    rig.turn();
    const ms = rig.arena.mailbox[MB_NOW_MS] - from;
    assert.ok(ms < 12_000, "nobody is signalled");
  }
  assert.deepEqual(signalled(rig), [one.pid]);
});

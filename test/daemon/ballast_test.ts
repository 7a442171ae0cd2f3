// The ballast: taken in calm time, given back the moment somebody was
// signalled, taken again when memory has been comfortable for a while.

import assert from "node:assert/strict";
import {
  G_BALLAST_KB,
  G_BALLAST_RELEASES,
  G_SELF,
  SELF_BALLAST,
} from "../../src/state/gauges.ts";
import { MB_DRY_RUN } from "../../src/state/layout.ts";
import { SET_BALLAST_KB, SET_DRY_RUN } from "../../src/state/settings.ts";
import type { Machine } from "../../src/sim/machine.ts";
import type { Rig } from "../../src/sim/rig.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  shorten,
  signalled,
} from "./helpers.ts";

const BALLAST_KB = 4_096;

/** What the guard says it holds is what the machine lacks. */
function checkHeld(rig: Rig, kb: number): void {
  assert.equal(rig.world.memory.ballastKb, kb);
  assert.equal(gauge(rig, G_BALLAST_KB), kb);
  assert.equal((gauge(rig, G_SELF) & SELF_BALLAST) !== 0, kb > 0);
}

/** A guard with two apps, in calm time. */
function withBallast(sets: readonly string[] = []) {
  const calls: string[] = [];
  /** Notes what was held when somebody was signalled. */
  const ports = (machine: Machine) => {
    const kill = machine.kill.bind(machine);
    const release = machine.releaseBallast.bind(machine);
    machine.kill = () => {
      // To ask whether somebody lives kills nobody.
      const asks = machine.arena.mailbox[MB_DRY_RUN] !== 0;
      if (!asks) calls.push(`kill ${machine.world.memory.ballastKb}`);
      return kill();
    };
    machine.releaseBallast = () => {
      calls.push("release");
      return release();
    };
    return machine;
  };
  const rig = makeRig([`self.ballastKb=${BALLAST_KB}`, ...sets], { ports });
  const manager = rig.machine.connect(400);
  for (const adj of [900, 905]) register(rig, manager, app(adj, 60));
  return { rig, calls };
}

Deno.test("ballast: taken after a calm second, not before", () => {
  const { rig } = withBallast();
  rig.run(900);
  checkHeld(rig, 0);
  rig.run(2_000);
  checkHeld(rig, BALLAST_KB);
});

Deno.test("ballast: the signal first, then the ballast, then all anew", () => {
  const { rig, calls } = withBallast();
  rig.run(3_000);
  const hog = shorten(rig, 8);
  rig.run(300);
  assert.equal(signalled(rig).length, 1);
  assert.deepEqual(calls, [`kill ${BALLAST_KB}`, "release"]);
  checkHeld(rig, 0);
  assert.equal(gauge(rig, G_BALLAST_RELEASES), 1);
  rig.world.exit(hog);
  rig.run(4_000);
  checkHeld(rig, BALLAST_KB);
});

Deno.test("ballast: none while headroom is small", () => {
  const { rig } = withBallast();
  // Above the reserve there is more than what is comfortable, but less than
  // that and the ballast.
  shorten(rig, 16 + 32 + 2);
  rig.run(5_000);
  assert.deepEqual(signalled(rig), []);
  checkHeld(rig, 0);
});

Deno.test("ballast: a dry run has none, and a reload changes it", () => {
  const { rig } = withBallast(["dryRun=true"]);
  const { settings } = rig.arena;
  rig.run(3_000);
  checkHeld(rig, 0);
  settings[SET_DRY_RUN] = 0;
  rig.run(3_000);
  checkHeld(rig, BALLAST_KB);
  settings[SET_BALLAST_KB] = 1_024;
  rig.run(3_000);
  checkHeld(rig, 1_024);
  settings[SET_BALLAST_KB] = 0;
  rig.run(3_000);
  checkHeld(rig, 0);
  assert.equal(gauge(rig, G_BALLAST_RELEASES), 0);
});

Deno.test("ballast: refused, it is tried again, and not at every turn", () => {
  const { rig } = withBallast();
  rig.faults.permille.set("fillBallast", 1_000);
  rig.run(10_000);
  checkHeld(rig, 0);
  assert.ok(rig.faults.count >= 2 && rig.faults.count <= 10);
  rig.faults.permille.set("fillBallast", 0);
  rig.run(3_000);
  checkHeld(rig, BALLAST_KB);
});

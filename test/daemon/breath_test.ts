// On a machine so slow that a look takes longer than the wait between two, the
// guard, whose priority is real-time, rests for as long as it worked.

import assert from "node:assert/strict";
import { G_WAIT_MS } from "../../src/state/gauges.ts";
import { EVENT_PSI_FULL } from "../../src/state/layout.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  shorten,
  signalled,
} from "./helpers.ts";

/** Waits of a sprint in which each look takes so long, ms. */
function waitsOf(lookMs: number): number[] {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  register(rig, manager, app(900, 40));
  rig.run(1_000);
  let looks = 0;
  const sense = rig.machine.sense.bind(rig.machine);
  rig.machine.sense = () => {
    looks++;
    rig.world.advance(rig.world.nowUs + lookMs * 1_000, () => false);
    return sense();
  };
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    rig.machine.triggered(EVENT_PSI_FULL << 24);
    const before = looks;
    rig.turn();
    // The wait that follows a look is that of the next turn.
    if (looks === before) continue;
    rig.turn();
    waits.push(gauge(rig, G_WAIT_MS));
  }
  assert.ok(waits.length > 5, `${waits.length} waits`);
  return waits;
}

Deno.test("breath: as long as the look took, and no longer than 50 ms", () => {
  for (
    const [lookMs, least, most] of [[0, 0, 100], [30, 30, 100], [200, 50, 50]]
  ) {
    for (const waitMs of waitsOf(lookMs!)) {
      assert.ok(waitMs >= least!, `${lookMs} ms: rests ${waitMs} ms`);
      assert.ok(waitMs <= most!, `${lookMs} ms: rests ${waitMs} ms`);
    }
  }
});

Deno.test("breath: a slow guard kills all the same", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const victim = register(rig, manager, app(900, 40));
  rig.run(1_000);
  const sense = rig.machine.sense.bind(rig.machine);
  rig.machine.sense = () => {
    rig.world.advance(rig.world.nowUs + 30_000, () => false);
    return sense();
  };
  shorten(rig, 1);
  rig.run(1_500);
  assert.deepEqual(signalled(rig), [victim.pid]);
});

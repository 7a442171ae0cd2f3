// The emergencies bench measures something: each child dies once, by a signal
// that followed a wake.

import assert from "node:assert/strict";
import { benchEmergencies } from "./emergencies.ts";

Deno.test("bench: emergencies through the real shim", async () => {
  const { signalUs, deathUs } = await benchEmergencies(50);
  assert.deepEqual([signalUs.length, deathUs.length], [50, 50]);
  assert.ok(signalUs.every((us) => us > 0), signalUs.join(" "));
  assert.ok(deathUs.every((us) => us > 0), deathUs.join(" "));
});

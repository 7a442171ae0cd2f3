// The rehearsal goes through a whole kill, under every strategy and profile,
// and signals nobody.

import assert from "node:assert/strict";
import { parseSet } from "../../src/config/load.ts";
import { rehearse } from "../../src/daemon/rehearsal.ts";
import { statusLines } from "../../src/report/status.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";

Deno.test("rehearsal: somebody pretended dies, whatever is configured", () => {
  for (const set of ["dryRun=true", "profile=standard", "profile=low-ram"]) {
    const { settings } = sceneConfig([parseSet(set)]);
    assert.equal(rehearse(settings, statusLines), 1, set);
  }
});

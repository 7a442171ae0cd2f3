// The rehearsal goes through a whole kill, under every strategy and profile,
// and signals nobody.

import assert from "node:assert/strict";
import { parseSet } from "../../src/config/load.ts";
import { rehearse } from "../../src/daemon/rehearsal.ts";
import { statusLines } from "../../src/report/status.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";

Deno.test("rehearsal: somebody pretended dies, whatever is configured", () => {
  const sets = [
    "dryRun=true",
    "profile=standard",
    "profile=low-ram",
    "strategy=minfree",
    "strategy=lmkd",
    "strategy=lmkd lmkd.useMinfreeLevels=true lmkd.useNewStrategy=false",
    "strategy=lmkd lmkd.useNewStrategy=false",
    "floorAdj=1000",
    "strategy=lmkd floorAdj=950",
    "compat=11",
    "compat=17",
  ];
  for (const set of sets) {
    const { settings } = sceneConfig(set.split(" ").map(parseSet));
    assert.equal(rehearse(settings, statusLines).deaths, 1, set);
  }
});

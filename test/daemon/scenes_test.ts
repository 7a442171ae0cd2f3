// The scenes of the device test on the simulated device, each from many seeds:
// only the culprit dies where it is to, only cached apps where it is not.

import assert from "node:assert/strict";
import { parseSet } from "../../src/config/load.ts";
import { runScene } from "../../src/sim/run_scene.ts";
import type { SceneResult } from "../../src/sim/scene_verdict.ts";
import type { SceneEvent } from "../../src/sim/scene_run.ts";
import { SCENE_NAMES, sceneConfig, SCENES } from "../../src/sim/scenes.ts";
import { killsOf } from "../../src/report/journal.ts";
import { REASON_EXHAUSTION, REASON_RESERVE } from "../../src/state/reasons.ts";

const { settings } = sceneConfig();
const SEEDS = 10;

function told({ scene, seed, failures }: SceneResult): string {
  return `${scene}, seed ${seed}: ${failures.join("; ")}`;
}

for (const name of SCENE_NAMES) {
  Deno.test(`scene ${name}: passes from every seed`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = runScene(SCENES[name], settings, () => {}, seed);
      assert.deepEqual(result.failures, [], told(result));
      assert.ok(result.leastAvailableKb > 0, told(result));
    }
  });
}

Deno.test("scene lock: nobody stalled, the slope alone told", () => {
  const result = runScene(SCENES.lock, settings);
  assert.equal(result.someStallMs, 0);
  assert.deepEqual(result.deaths.map((one) => one.isCulprit), [true]);
  const { reason } = result.deaths[0];
  assert.ok(reason === REASON_EXHAUSTION || reason === REASON_RESERVE);
});

Deno.test("scene launch: cached apps die, least important first", () => {
  const result = runScene(SCENES.launch, settings);
  const adjs = result.deaths.map((one) => one.adj);
  assert.ok(adjs.length > 0 && adjs.length < 10);
  assert.deepEqual(adjs, adjs.toSorted((a, b) => b - a));
  assert.ok(adjs.every((adj) => adj >= 900));
});

Deno.test("scene: the timeline tells what the journal tells", () => {
  const events: SceneEvent[] = [];
  const result = runScene(SCENES.leak, settings, (one) => events.push(one));
  const kinds = events.map((one) => one.kind);
  assert.deepEqual(
    kinds.filter((kind) => kind !== "need"),
    ["begin", "signal", "death", "end"],
  );
  const [kill] = killsOf(result.journal);
  const signal = events.find((one) => one.kind === "signal")!;
  assert.equal(signal.pid, kill.pid);
  assert.equal(kill.name, "com.example.leak");
  assert.ok(kill.deathMs !== null && kill.backKb !== null);
  const sorted = events.toSorted((a, b) => a.atMs - b.atMs);
  assert.deepEqual(events, sorted);
});

Deno.test("scene: the same seed gives the same run to the last bit", () => {
  const once = runScene(SCENES.launch, settings, () => {}, 7);
  const again = runScene(SCENES.launch, settings, () => {}, 7);
  assert.deepEqual(once, again);
});

Deno.test("scene leak: without a guard the kernel kills", () => {
  // A guard that may choose nobody is none: the simulated kernel must come.
  const blind = sceneConfig(["floorAdj=1000"].map(parseSet)).settings;
  const result = runScene(SCENES.leak, blind);
  assert.ok(result.kernelKills > 0);
  assert.ok(result.failures.length > 0);
});

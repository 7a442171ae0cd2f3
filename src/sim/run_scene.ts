// Runs a scene with the production guard on a simulated machine. The same seed
// gives the same result to the last bit.

import { Prng } from "../base/prng.ts";
import type { ProcessPlan, SimProcess } from "./process.ts";
import { type SceneEvent, SceneRun } from "./scene_run.ts";
import { judgeScene, type SceneResult } from "./scene_verdict.ts";
import type { Scene } from "./scenes.ts";

const CALM_MS = 1_500;
const SETTLE_MS = 2_000;
const SCENE_MS_MAX = 20_000;

/** Starts a process a little larger or smaller than planned. */
function vary(plan: ProcessPlan, prng: Prng): ProcessPlan {
  const sizeKb = Math.trunc(plan.sizeKb * prng.between(97, 103) / 100);
  return { ...plan, sizeKb, hotKb: Math.min(plan.hotKb ?? 0, sizeKb) };
}

/**
 * Runs a scene from a seed. `settings` are those of sceneConfig() or of any
 * compiled configuration; discovery is not used: everybody registers over the
 * simulated socket, as ActivityManager would have it.
 */
export function runScene(
  scene: Scene,
  settings: Int32Array,
  onEvent: (event: SceneEvent) => void = () => {},
  seed = 1,
): SceneResult {
  const run = new SceneRun(scene, settings, seed, onEvent);
  const { rig } = run;
  const { world, machine } = rig;
  const prng = new Prng(seed);
  const manager = machine.connect(
    world.start({
      name: "manager",
      adj: -800,
      sizeKb: 0,
      precious: true,
    }).pid,
  );
  manager.purge();
  const begin = (plan: ProcessPlan): SimProcess => {
    const process = world.start(plan);
    manager.prio(process.pid, process.uid, process.adj);
    return process;
  };
  for (const plan of scene.population) run.others.push(begin(vary(plan, prng)));
  manager.askKills(-1000, 1000);
  rig.run(CALM_MS + prng.below(50));
  run.someUs = world.psi.someUs;
  run.fullUs = world.psi.fullUs;
  run.beganUs = world.nowUs;
  world.leastAvailableKb = world.memory.availableKb;
  run.culprit = begin(scene.culprit);
  run.tell("begin", run.culprit, run.culprit.sizeKb);
  const endUs = world.nowUs + SCENE_MS_MAX * 1000;
  while (world.nowUs < endUs && !run.isSettled) {
    rig.turn();
    run.watch();
  }
  rig.run(SETTLE_MS, () => run.watch());
  run.tell("end", null);
  return judgeScene(run);
}

// The law of the wait (src/daemon/pace.ts): whoever fills memory no faster
// than it allows is seen, and killed, while some is left; whenever it begins,
// however much is left then, on machines of every size, with the defaults.
// The process locks what it takes and there is no swap: nothing else shows it.

import assert from "node:assert/strict";
import { divTrunc } from "../../src/base/int.ts";
import { parseSet } from "../../src/config/load.ts";
import { Rig } from "../../src/sim/rig.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import {
  SET_FILL_KB_PER_MS,
  SET_IDLE_MAX_MS,
  SET_RESERVE_KB,
  SET_SPRINT_MS,
} from "../../src/state/settings.ts";
import { MB, signalled } from "./helpers.ts";

/** 512 MB, 1, 2, 3, 8 and 64 GB. */
const SIZES_MB = [512, 1024, 2048, 3072, 8192, 65_536];
/** When growth begins, ms: calm has set in, and looks go on as they will. */
const CALM_MS = 7_000;
/** Beginnings tried within the longest wait. */
const PHASES = 10;

/** The fastest filling that the law allows, kB/ms. */
function lawKbPerMs(settings: Int32Array): number {
  const reserve = settings[SET_RESERVE_KB];
  return Math.min(
    2 * settings[SET_FILL_KB_PER_MS],
    reserve / (2 * settings[SET_SPRINT_MS]),
  );
}

/** What is left before somebody grows, and how important they are. */
interface Plan {
  readonly headroomKb: number;
  readonly adj: number;
}

/** Headrooms at which the wait is of each kind: the longest, in proportion,
 * the shortest, and that of a guard that finds nobody to kill. */
function plansFor(totalKb: number): Plan[] {
  const settings = settingsFor(totalKb);
  const idleMs = settings[SET_IDLE_MAX_MS];
  const idleKb = 2 * settings[SET_FILL_KB_PER_MS] * idleMs;
  const below = -divTrunc(settings[SET_RESERVE_KB] * 2, 5);
  const calm = [idleKb, idleKb >> 1, idleKb >> 4, 256]
    .filter((headroomKb) => headroomKb < totalKb * 3 / 4);
  return [
    ...calm.map((headroomKb) => ({ headroomKb, adj: 900 })),
    ...[...calm, below].map((headroomKb) => ({ headroomKb, adj: 0 })),
  ];
}

function settingsFor(totalKb: number): Int32Array {
  return sceneConfig([parseSet("victims.discover=false")], totalKb).settings;
}

/** Least memory available until the process was signalled, kB; -1: it never
 * was. */
function leastLeftKb(
  settings: Int32Array,
  totalKb: number,
  { headroomKb, adj }: Plan,
  growth: { readonly growAfterMs: number; readonly growKbPerMs: number },
): number {
  const memory = {
    totalKb,
    kernelKb: totalKb >> 4,
    fileKb: 0,
    hotFileKb: 0,
    swapKb: 0,
    zramPercent: 0,
  };
  const rig = new Rig({ seed: 1, memory, settings });
  const hog = rig.world.start({
    ...{ name: "hog", adj, uid: 10_000, sizeKb: 1 * MB, exitMs: 10 },
    ...{ locked: true, ...growth },
  });
  rig.machine.connect(400).prio(hog.pid, hog.uid, adj);
  const leftKb = headroomKb + settings[SET_RESERVE_KB];
  const sizeKb = rig.world.memory.availableKb - leftKb;
  rig.world.start({ name: "ballast", adj: -1000, precious: true, sizeKb });
  rig.run(CALM_MS - 500);
  assert.deepEqual(signalled(rig), [], `calm at ${headroomKb} kB`);
  const fillMs = growth.growAfterMs + leftKb / growth.growKbPerMs;
  const endUs = rig.world.nowUs + fillMs * 1_000;
  while (signalled(rig).length === 0 && rig.world.nowUs < endUs) rig.turn();
  return signalled(rig).includes(hog.pid) ? rig.world.leastAvailableKb : -1;
}

/** Least left over all phases of the wait, kB. */
function worstKb(totalKb: number, plan: Plan, times: number): number {
  const settings = settingsFor(totalKb);
  let worst = Infinity;
  for (let i = 0; i < PHASES && worst > 0; i++) {
    const growAfterMs = CALM_MS + settings[SET_IDLE_MAX_MS] * i / PHASES;
    const growKbPerMs = lawKbPerMs(settings) * times;
    const growth = { growAfterMs, growKbPerMs };
    worst = Math.min(worst, leastLeftKb(settings, totalKb, plan, growth));
  }
  return worst;
}

for (const sizeMb of SIZES_MB) {
  const totalKb = sizeMb * MB;
  Deno.test(`the law of the wait, ${sizeMb} MB`, () => {
    for (const plan of plansFor(totalKb)) {
      for (const times of [0.05, 0.3, 1]) {
        const left = worstKb(totalKb, plan, times);
        const { headroomKb, adj } = plan;
        assert.ok(left > 0, `${times} x, ${headroomKb} kB, adj ${adj}`);
      }
    }
  });

  Deno.test(`the law of the wait is no excuse, ${sizeMb} MB`, () => {
    const plans = plansFor(totalKb);
    assert.ok(plans.some((plan) => worstKb(totalKb, plan, 4) <= 0));
  });
}

// The promise of the project on a real kernel: in each scene the right process
// dies, in time, and the kernel's OOM killer never wakes; lmkd's own tests and a
// client of its socket get what they expect; and the default strategy is no
// worse than lmkd's anywhere. Boots one emulated device after another; where
// that cannot be done the tests are skipped.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { RUNG_LEVELS, RUNGS } from "../../src/state/rungs.ts";
import { type Entry, formatComparison, worseIn } from "./compare.ts";
import { statusText } from "./facts.ts";
import { type Request, runTrial } from "./harness.ts";
import {
  isFull,
  noDevice,
  noteRetry,
  runLoaded,
  skipReason,
  tellSkipped,
} from "./playing.ts";
import {
  CORE_SCENES,
  type SceneName,
  SCENES,
  STRATEGIES,
  type StrategyName,
} from "./scenes.ts";
import {
  formatRun,
  formatTable,
  formatTimeline,
  type Row,
} from "./timeline.ts";
import { LMKD_TRIALS } from "./trials.ts";

tellSkipped("the device test", skipReason);

const SCENE_NAMES = CORE_SCENES;
const rows: Row[] = [];
const entries: Entry[] = [];

async function play(request: Request): Promise<Row> {
  const { outcome, run, verdict } = await runLoaded(request);
  noteRetry(outcome.retriedFor);
  const row = { ...request, run, verdict, bootMs: outcome.bootMs };
  rows.push(row);
  const isExpected = request.guard === "none"
    ? verdict.kernelKills > 0
    : verdict.failures.length === 0;
  if (!isExpected) {
    console.log(formatTimeline(run, verdict));
    if (!run.isDone) console.log(outcome.console);
  }
  return row;
}

for (const trial of LMKD_TRIALS) {
  Deno.test({
    name: `trial ${trial}, oomguard: what lmkd's tests expect of a device`,
    ignore: skipReason !== undefined,
    fn: async () => {
      const result = await runTrial({ trial, guard: "oomguard" });
      const { outcome, run, verdict } = result;
      noteRetry(outcome.retriedFor);
      if (verdict.failures.length > 0) {
        console.log(formatRun(run).join("\n"));
        if (!run.isDone) console.log(outcome.console);
      }
      strictEqual(verdict.failures.join("\n"), "");
    },
  });
}

Deno.test({
  name: "leak, kernel alone: its OOM killer wakes and the scene is lost",
  ignore: noDevice !== undefined,
  fn: async () => {
    const { run, verdict } = await play({ scene: "leak", guard: "none" });
    strictEqual(run.isDone, true);
    strictEqual(verdict.kernelKills > 0, true);
    strictEqual(verdict.failures.includes("1 kernel OOM kills"), true);
  },
});

const OUR_SCENES = isFull ? Object.keys(SCENES) as SceneName[] : SCENE_NAMES;
for (const scene of OUR_SCENES) {
  Deno.test({
    name: `${scene}, oomguard: the right process dies before the kernel acts`,
    ignore: skipReason !== undefined,
    fn: async () => {
      const { run, verdict } = await play({ scene, guard: "oomguard" });
      entries.push({ scene, strategy: "adaptive", run, verdict });
      strictEqual(verdict.failures.join("\n"), "");
    },
  });
}

Deno.test({
  name: "leak, kernel without PSI: says so, and the right process dies",
  ignore: skipReason !== undefined,
  fn: async () => {
    const device = { psi: false };
    const request: Request = { scene: "leak", guard: "oomguard", device };
    const row = await play(request);
    row.scene = "leak, no psi";
    const { run, verdict } = row;
    strictEqual(verdict.failures.join("\n"), "");
    // The runner could read no pressure: it was really away.
    deepStrictEqual(run.samples.filter(({ someUs }) => someUs !== -1), []);
    const rung = RUNGS[RUNG_LEVELS];
    const said = run.remarks.filter(({ from, line }) =>
      from === "guard" && line.endsWith(`; signal: ${rung}`)
    );
    strictEqual(said.length, 1);
    strictEqual(statusText(run, "signal"), rung);
  },
});

// The other strategies need not pass: that is what the default one is for.
// They must have been tried, on the load the scene is about, to be compared.
// That of minfree levels has no part in the verdict: it is for the long run.
const OTHERS: StrategyName[] = isFull ? ["lmkd", "minfree"] : ["lmkd"];
for (const strategy of OTHERS) {
  for (const scene of SCENE_NAMES) {
    Deno.test({
      name: `${scene}, strategy ${strategy}: for comparison`,
      ignore: skipReason !== undefined,
      fn: async () => {
        const words = STRATEGIES[strategy];
        const request: Request = { scene, guard: "oomguard", ...words };
        const { outcome, run, verdict } = await runLoaded(request);
        noteRetry(outcome.retriedFor);
        entries.push({ scene, strategy, run, verdict });
        strictEqual(run.beginUs > 0, true, "the scene never began");
        strictEqual(run.guardDeath, undefined, "the guard died");
      },
    });
  }
}

function entryOf(scene: SceneName, strategy: StrategyName): Entry {
  const found = entries.find((one) =>
    one.scene === scene && one.strategy === strategy
  );
  if (found === undefined) throw new Error(`${scene}, ${strategy}: never ran`);
  return found;
}

Deno.test({
  name: "adaptive is no worse than lmkd in any scene, and better in most",
  ignore: skipReason !== undefined,
  fn: () => {
    entries.sort((a, b) =>
      SCENE_NAMES.indexOf(a.scene as SceneName) -
      SCENE_NAMES.indexOf(b.scene as SceneName)
    );
    console.log(`\n${formatComparison(entries)}`);
    const worse: string[] = [];
    let betterCount = 0;
    for (const scene of SCENE_NAMES) {
      const ours = entryOf(scene, "adaptive");
      const theirs = entryOf(scene, "lmkd");
      worse.push(...worseIn(ours, theirs));
      if (worseIn(theirs, ours).length > 0) betterCount++;
    }
    deepStrictEqual(worse, []);
    const is = `better in ${betterCount} of ${SCENE_NAMES.length} scenes`;
    strictEqual(betterCount * 2 > SCENE_NAMES.length, true, is);
  },
});

Deno.test({
  name: "all scenes, in numbers",
  ignore: noDevice !== undefined,
  fn: () => console.log(`\n${formatTable(rows)}`),
});

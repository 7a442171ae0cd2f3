// The guard at its worst moments, on a real kernel: nothing is allocated for it
// between the alarm and the victim's death; it kills though every allocation is
// refused to it, and though the victim's mmap lock is held; and when it is
// stopped or killed itself, the next line of defence takes whom it would have
// taken. What each strike and each excuse is about: strikes.ts, kmem.ts.

import { strictEqual } from "node:assert/strict";

import { KNOCKER } from "./cast.ts";
import { signalsOf } from "./facts.ts";
import { runScene, runStruck, runTrial } from "./harness.ts";
import { whyNoFaultKernel } from "./kernel.ts";
import { judgeAllocations, quantile, turnsOf } from "./kmem.ts";
import { isFull, noteRetry, skipReason, tellSkipped } from "./playing.ts";
import type { SceneName } from "./scenes.ts";
import { STRIKES } from "./strikes.ts";
import { formatRun } from "./timeline.ts";
import type { TrialName } from "./trials.ts";

/** Kills in a row, for quantiles that mean something. */
const ROUNDS = 10;
/** A thread that the runtime needed for the start ends ten seconds later and
 * unmaps what was its own: by then it has. */
const SETTLED_MS = 9000;

tellSkipped("the worst moments", skipReason);
const noFaultKernel = skipReason ?? await whyNoFaultKernel(isFull);
if (noFaultKernel) console.log(`the starved guard skipped: ${noFaultKernel}`);

Deno.test({
  name: "lock: nothing is allocated for the guard from alarm to death",
  ignore: skipReason !== undefined,
  fn: async () => {
    const { outcome, run } = await runScene({
      scene: "lock",
      guard: "oomguard",
      trace: true,
      calmMs: SETTLED_MS,
    });
    noteRetry(outcome.retriedFor);
    const { failures, excused, windowMs } = judgeAllocations(run);
    console.log(
      `alarm to death ${
        windowMs.toFixed(0)
      } ms: ${excused.length} allocations ` +
        `with an excuse, ${run.tracing?.threads} threads of the guard and ` +
        `${run.tracing?.keepers} of its keeper's`,
    );
    strictEqual(failures.join("\n"), "");
  },
});

Deno.test({
  name: "lock: a guard that must let clients in is seen to allocate",
  ignore: skipReason !== undefined,
  fn: async () => {
    const { run } = await runScene({
      scene: "lock",
      guard: "oomguard",
      trace: true,
      guests: [KNOCKER],
    });
    const { failures, others } = judgeAllocations(run);
    strictEqual(others.length > 0, true, failures.join("\n"));
    const way = failures.find((line) => line.includes("sys_accept4"));
    strictEqual(way !== undefined, true, failures.join("\n"));
  },
});

const TRIALS: readonly [TrialName, string, string | undefined][] = [
  ["starve", "kills though every allocation is refused to it", noFaultKernel],
  ["held", "signals in time though the victim's lock is held", skipReason],
];

for (const [trial, what, reason] of TRIALS) {
  Deno.test({
    name: `trial ${trial}: the guard ${what}` +
      (reason === undefined ? "" : ` [${reason}]`),
    ignore: reason !== undefined,
    fn: async () => {
      const result = await runTrial({ trial, guard: "oomguard" });
      const { outcome, run, verdict } = result;
      noteRetry(outcome.retriedFor);
      if (verdict.failures.length > 0) {
        console.log(formatRun(run).join("\n"));
        if (!run.isDone) console.log(outcome.console);
      }
      const refused = run.starved.map(({ slab, pages }) => `${slab}+${pages}`);
      if (refused.length > 0) console.log(`refused: ${refused.join(" to ")}`);
      strictEqual(verdict.failures.join("\n"), "");
    },
  });
}

/** One scene for each line, in every run; all of them in the long one. */
const STRUCK: readonly (readonly [line: string, scene: SceneName])[] = [
  ["watchdog", "lock"],
  ["keeper", "leak"],
  ["restart", "swapless"],
  ["kernel", "launch"],
];

for (const struck of STRIKES) {
  const isShort = STRUCK.some(([line, scene]) =>
    line === struck.line && scene === struck.scene
  );
  if (!isShort && !isFull) continue;
  Deno.test({
    name: `${struck.scene}, the guard ${struck.what}`,
    ignore: skipReason !== undefined,
    fn: async () => {
      const { outcome, run, defence } = await runStruck(struck);
      noteRetry(outcome.retriedFor);
      if (defence.failures.length > 0) {
        console.log(formatRun(run).join("\n"));
        if (!run.isDone) console.log(outcome.console);
      }
      console.log(
        `${defence.acts.join(", ")}; first death ` +
          `${defence.firstDeathMs?.toFixed(0)} ms after the strike`,
      );
      strictEqual(defence.failures.join("\n"), "");
    },
  });
}

for (const scene of ["lock", "thrash"] as const) {
  Deno.test({
    name: `${scene}, ${ROUNDS} in a row: wake to signal, and the guard's turns`,
    ignore: skipReason !== undefined || !isFull,
    fn: async () => {
      const request = { scene, guard: "oomguard", trace: true } as const;
      const { run } = await runScene({ ...request, rounds: ROUNDS });
      const culprits = run.procs.filter(({ culprit }) => culprit);
      const ended = culprits.filter(({ death }) => death?.signal === 9);
      for (
        const [what, us] of [
          ["wake to signal", signalsOf(run)],
          ["turn", turnsOf(run)],
        ] as const
      ) {
        const figures = [500, 990, 1000].map((permille) =>
          (quantile(us, permille) / 1000).toFixed(1)
        );
        console.log(
          `${what}, p50/p99/max of ${us.length}: ` +
            `${figures.join("/")} ms`,
        );
      }
      strictEqual(run.guardDeath, undefined, "the guard died");
      strictEqual(ended.length, ROUNDS, "culprits that were killed");
      strictEqual(run.vmAfter!.oomKill - run.vmBefore!.oomKill, 0);
    },
  });
}

// The promise of the project on a real kernel: in each scene the right process
// dies, in time, and the kernel's OOM killer never wakes. Boots one emulated
// device after another; where that cannot be done the tests are skipped, and
// say why. With OOMGUARD_DEVICE=required, as in CI, that is a failure instead.

import { strictEqual } from "node:assert/strict";

import { GUARD_PATH, type Request, type Result, runScene } from "./harness.ts";
import { isFile, whyNoDevice } from "./host.ts";
import { type SceneName, SCENES } from "./scenes.ts";
import { formatTable, formatTimeline, type Row } from "./timeline.ts";

const noDevice = whyNoDevice();
const noGuard = isFile(GUARD_PATH)
  ? undefined
  : "no dist/oomguard-x86_64: run deno task build first";
const skipReason = noDevice ?? noGuard;
if (Deno.env.get("OOMGUARD_DEVICE") === "required") {
  Deno.test("no scene is skipped: OOMGUARD_DEVICE is required", () => {
    if (skipReason !== undefined) throw new Error(skipReason);
  });
} else if (skipReason !== undefined) {
  console.log(`device test skipped: ${skipReason}`);
}

const rows: Row[] = [];

/** A host too busy to put the load on proves nothing either way: once more. */
async function runLoaded(request: Request): Promise<Result> {
  const result = await runScene(request);
  const { isLoadWeak, rateMb } = result.verdict;
  if (!result.run.isDone || !isLoadWeak) return result;
  console.log(`the load only reached ${rateMb.toFixed(0)} MB/s: once more`);
  return await runScene(request);
}

async function play(request: Request): Promise<Row> {
  const { outcome, run, verdict } = await runLoaded(request);
  if (outcome.retriedFor) {
    console.log(`booted again after "${outcome.retriedFor}"`);
  }
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

for (const scene of Object.keys(SCENES) as SceneName[]) {
  Deno.test({
    name: `${scene}, oomguard: the right process dies before the kernel acts`,
    ignore: skipReason !== undefined,
    fn: async () => {
      const { verdict } = await play({ scene, guard: "oomguard" });
      strictEqual(verdict.failures.join("\n"), "");
    },
  });
}

Deno.test({
  name: "all scenes, in numbers",
  ignore: noDevice !== undefined,
  fn: () => console.log(`\n${formatTable(rows)}`),
});

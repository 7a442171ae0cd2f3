// Runs scenes and trials by hand and prints what happened:
//   deno run -A test/qemu/run.ts --scene leak --guard none
//   deno run -A test/qemu/run.ts --trial report
// Exit 0: everything passed; 1: one did not; 64: wrong words; 69: this machine
// cannot run them.

import { parseArgs } from "node:util";

import { guardNames } from "../bench/guards/rows.ts";
import { runScene, runStruck, runTrial } from "./harness.ts";
import { whyNoDevice } from "./host.ts";
import type { Run } from "./record.ts";
import {
  ANDROID_TARGETS,
  CORE_SCENES,
  type SceneName,
  SCENES,
  STRATEGIES,
  type StrategyName,
} from "./scenes.ts";
import { STRIKES } from "./strikes.ts";
import {
  formatRun,
  formatTable,
  formatTimeline,
  type Row,
} from "./timeline.ts";
import { type TrialName, TRIALS } from "./trials.ts";
import type { Outcome } from "./vm.ts";

const USAGE = `Usage: run.ts [options]
  --scene NAME        ${Object.keys(SCENES).join(", ")} or all,
                      the core scenes (default)
  --trial NAME        ${Object.keys(TRIALS).join(", ")} or all; no scene then
  --strategy NAME     ${Object.keys(STRATEGIES).join(", ")} (default adaptive)
  --guard NAME        oomguard (default), none, or a peer: ${
  guardNames().slice(2).join(", ")
}
  --guard-path FILE   the executable (default dist/oomguard-x86_64)
  --guard-args="ARGS" words added to the guard's command line
  --seed N            contents of the processes' memory (default 1)
  --targets           send Android's LMK_TARGET levels after connecting
  --memcg v1|v2       which memory controller is mounted (default v2)
  --no-psi            a kernel that does not account for pressure
  --strike LINE       strike the guard down so that this line of defence has
                      to hold: watchdog, keeper, restart or kernel
  --rounds N          culprits that come one after another (default 1)
  --trace             record what the guard's threads allocate
  --signals           record who sends which deadly signal
  --verbose N         what the kernel says of each refused allocation, 0 to 2
  --json              print the events instead of the timeline
  --console           print the kernel's console as well
  --quiet             print the table only
`;

const OPTIONS = {
  scene: { type: "string", default: "all" },
  trial: { type: "string" },
  strategy: { type: "string", default: "adaptive" },
  guard: { type: "string", default: "oomguard" },
  "guard-path": { type: "string" },
  "guard-args": { type: "string", default: "" },
  seed: { type: "string", default: "1" },
  targets: { type: "boolean", default: false },
  memcg: { type: "string", default: "v2" },
  "no-psi": { type: "boolean", default: false },
  strike: { type: "string" },
  rounds: { type: "string", default: "1" },
  trace: { type: "boolean", default: false },
  signals: { type: "boolean", default: false },
  verbose: { type: "string", default: "0" },
  json: { type: "boolean", default: false },
  console: { type: "boolean", default: false },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

function parseWords(args: string[]) {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.scene !== "all" && !(values.scene in SCENES)) {
    throw new RangeError(`no scene "${values.scene}"`);
  }
  const { trial } = values;
  if (trial !== undefined && trial !== "all" && !(trial in TRIALS)) {
    throw new RangeError(`no trial "${trial}"`);
  }
  if (!(values.strategy in STRATEGIES)) {
    throw new RangeError(`no strategy "${values.strategy}"`);
  }
  if (!guardNames().includes(values.guard)) {
    throw new RangeError(`no guard "${values.guard}"`);
  }
  if (values.memcg !== "v1" && values.memcg !== "v2") {
    throw new RangeError(`no memory controller "${values.memcg}"`);
  }
  if (!/^\d+$/.test(values.seed)) {
    throw new RangeError(`seed "${values.seed}" is not a number`);
  }
  return { ...values, memcg: values.memcg as "v1" | "v2" };
}

async function main(args: string[]): Promise<number> {
  let words: Words;
  try {
    words = parseWords(args);
  } catch (error) {
    console.error(`Cannot run scenes: ${(error as Error).message}\n${USAGE}`);
    return 64;
  }
  if (words.help) {
    console.log(USAGE);
    return 0;
  }
  const reason = whyNoDevice();
  if (reason !== undefined) {
    console.error(`Cannot run scenes: ${reason}`);
    return 69;
  }
  if (words.trial !== undefined) return await runTrials(words.trial, words);
  if (words.strike !== undefined) return await runStrikes(words.strike, words);
  const names = words.scene === "all"
    ? CORE_SCENES
    : [words.scene as SceneName];
  const rows: Row[] = [];
  for (const scene of names) rows.push(await runOne(scene, words));
  if (!words.json) console.log(formatTable(rows));
  return rows.every((row) => row.verdict.failures.length === 0) ? 0 : 1;
}

type Words = ReturnType<typeof parseWords>;

/** What scenes and trials are asked for with. */
function askedBy(words: Words) {
  const more = words["guard-args"].split(" ").filter((word) => word !== "");
  const { guardArgs } = STRATEGIES[words.strategy as StrategyName];
  return {
    guard: words.guard,
    guardArgs: [...guardArgs, ...more],
    seed: Number(words.seed),
    device: { memcg: words.memcg, psi: !words["no-psi"] },
    rounds: Number(words.rounds),
    trace: words.trace,
    signals: words.signals,
    verbose: Number(words.verbose),
    ...(words["guard-path"] && { guardPath: words["guard-path"] }),
  };
}

async function runTrials(name: string, words: Words): Promise<number> {
  const names = Object.keys(TRIALS) as TrialName[];
  let failureCount = 0;
  for (const trial of names.filter((one) => name === "all" || one === name)) {
    const result = await runTrial({ ...askedBy(words), trial });
    const { failures } = result.verdict;
    tell(`trial ${trial}`, result, words, () => formatRun(result.run));
    failureCount += failures.length;
    if (words.json) continue;
    for (const failure of failures) console.log(`FAIL ${failure}`);
    const seconds = ((result.run.endUs - result.run.beginUs) / 1e6).toFixed(1);
    const is = failures.length === 0 ? "ok" : "FAIL";
    console.log(`trial ${trial}: ${is}, ${seconds} s\n`);
  }
  return failureCount === 0 ? 0 : 1;
}

/** Every scene, or the one asked for, with the strike that this line is for. */
async function runStrikes(line: string, words: Words): Promise<number> {
  let failureCount = 0;
  for (const struck of STRIKES) {
    if (struck.line !== line) continue;
    if (words.scene !== "all" && struck.scene !== words.scene) continue;
    const result = await runStruck(struck, askedBy(words));
    const { failures, acts, firstDeathMs } = result.defence;
    const title = `${struck.scene}, ${struck.what}`;
    tell(title, result, words, () => formatRun(result.run));
    failureCount += failures.length;
    if (words.json) continue;
    for (const failure of failures) console.log(`FAIL ${failure}`);
    console.log(`${struck.scene}, ${line}: ${acts.join(", ")}`);
    const is = failures.length === 0 ? "ok" : "FAIL";
    console.log(`${is}, first death after ${firstDeathMs?.toFixed(0)} ms\n`);
  }
  return failureCount === 0 ? 0 : 1;
}

async function runOne(scene: SceneName, words: Words): Promise<Row> {
  const guard = words.guard;
  const { targets } = STRATEGIES[words.strategy as StrategyName];
  const result = await runScene({
    ...askedBy(words),
    scene,
    targets: words.targets ? ANDROID_TARGETS : targets,
  });
  const { outcome, run, verdict } = result;
  const title = `${scene}, guard ${guard}`;
  tell(title, result, words, () => [formatTimeline(run, verdict)]);
  return { scene, guard, run, verdict, bootMs: outcome.bootMs };
}

/** Prints what happened, as it was asked for. */
function tell(
  title: string,
  { outcome, run }: { outcome: Outcome; run: Run },
  words: Words,
  timeline: () => string[],
): void {
  if (outcome.retriedFor) {
    console.error(`qemu: tried again after "${outcome.retriedFor}"`);
  }
  const isTold = run.isDone && !words.console;
  if (!isTold) console.log(outcome.console);
  if (words.json) console.log(outcome.lines.join("\n"));
  else if (!words.quiet) {
    console.log(`== ${title}`);
    for (const line of timeline()) console.log(line);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

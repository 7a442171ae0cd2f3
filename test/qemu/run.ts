// Runs scenes by hand and prints what happened:
//   deno run -A test/qemu/run.ts --scene leak --guard none
// Exit 0: every scene passed; 1: one did not; 64: wrong words; 69: this machine
// cannot run them.

import { parseArgs } from "node:util";

import { type Request, runScene } from "./harness.ts";
import { whyNoDevice } from "./host.ts";
import {
  ANDROID_TARGETS,
  type GuardName,
  GUARDS,
  type SceneName,
  SCENES,
} from "./scenes.ts";
import { formatTable, formatTimeline, type Row } from "./timeline.ts";

const USAGE = `Usage: run.ts [options]
  --scene NAME        ${Object.keys(SCENES).join(", ")} or all (default)
  --guard NAME        ${Object.keys(GUARDS).join(", ")} (default oomguard)
  --guard-path FILE   the executable (default dist/oomguard-x86_64)
  --guard-args "ARGS" words added to the guard's command line
  --seed N            contents of the processes' memory (default 1)
  --targets           send Android's LMK_TARGET levels after connecting
  --memcg v1|v2       which memory controller is mounted (default v2)
  --json              print the events instead of the timeline
  --console           print the kernel's console as well
  --quiet             print the table only
`;

const OPTIONS = {
  scene: { type: "string", default: "all" },
  guard: { type: "string", default: "oomguard" },
  "guard-path": { type: "string" },
  "guard-args": { type: "string", default: "" },
  seed: { type: "string", default: "1" },
  targets: { type: "boolean", default: false },
  memcg: { type: "string", default: "v2" },
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
  if (!(values.guard in GUARDS)) {
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
  let words: ReturnType<typeof parseWords>;
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
  const names = words.scene === "all"
    ? Object.keys(SCENES) as SceneName[]
    : [words.scene as SceneName];
  const rows: Row[] = [];
  for (const scene of names) rows.push(await runOne(scene, words));
  if (!words.json) console.log(formatTable(rows));
  return rows.every((row) => row.verdict.failures.length === 0) ? 0 : 1;
}

async function runOne(
  scene: SceneName,
  words: ReturnType<typeof parseWords>,
): Promise<Row> {
  const guard = words.guard as GuardName;
  const request: Request = {
    scene,
    guard,
    guardArgs: words["guard-args"].split(" ").filter((word) => word !== ""),
    seed: Number(words.seed),
    targets: words.targets ? ANDROID_TARGETS : [],
    device: { memcg: words.memcg },
    ...(words["guard-path"] && { guardPath: words["guard-path"] }),
  };
  const { outcome, run, verdict } = await runScene(request);
  if (outcome.retriedFor) {
    console.error(`qemu: tried again after "${outcome.retriedFor}"`);
  }
  const isTold = run.isDone && !words.console;
  if (!isTold) console.log(outcome.console);
  if (words.json) console.log(outcome.lines.join("\n"));
  else if (!words.quiet) {
    console.log(`== ${scene}, guard ${guard}`);
    console.log(formatTimeline(run, verdict));
  }
  return { scene, guard, run, verdict, bootMs: outcome.bootMs };
}

if (import.meta.main) Deno.exit(await main(Deno.args));

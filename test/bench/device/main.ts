// The device bench: every guard in every scene on the same emulated device, one
// boot each, in interleaved order. Prints where it stands while it runs; each
// boot is a line of the results file as soon as it is over, and a bench that was
// interrupted goes on where it stopped.
//   deno task bench:device --quick
// Exit 0: done; 1: a boot could not be made; 64: wrong words; 69: this machine
// cannot boot a device.

import { parseArgs } from "node:util";

import { whyNoDevice } from "../../qemu/host.ts";
import { SCENES } from "../../qemu/scenes.ts";
import { settingOf } from "./host.ts";
import { makePage } from "./page.ts";
import { type Boot, keyOf, planBoots, restMs } from "./plan.ts";
import { type Haste, play, type Setting } from "./play.ts";
import { type BenchRecord, formatRecord } from "./record.ts";
import { readRecords } from "./report.ts";
import { allRows } from "./rows.ts";
import { groupRecords } from "./summary.ts";
import { formatReport } from "./text.ts";

const FOLDER = `${import.meta.dirname}/../../../dist/bench`;
const QUICK_SCENES = ["leak", "swapless"];
/** Boots to be made in ten minutes: no longer than it takes. */
const QUICK: Haste = { calmMs: 500, settleMs: 1000 };
const SEEDS = 5;

const USAGE = `Usage: deno task bench:device [options]
  --quick           scenes ${QUICK_SCENES.join(" and ")}, one seed, hurried
  --guards A,B      of: ${[...allRows().keys()].join(", ")}
  --scenes A,B      of: ${Object.keys(SCENES).join(", ")}
  --seeds N         1 to N (default ${SEEDS})
  --results FILE    JSON lines; boots that this commit has there already are not
                    made again (default dist/bench/device.jsonl)
  --page FILE       (default: beside the results, .html)
  --json            print the records of this run instead of tables
`;

interface Words {
  guards: string[];
  scenes: string[];
  seeds: number[];
  resultsPath: string;
  pagePath: string;
  json: boolean;
  haste: Haste;
}

function parseWords(args: string[]): Words | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      guards: { type: "string" },
      scenes: { type: "string" },
      seeds: { type: "string" },
      results: { type: "string" },
      page: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const seedCount = Number(values.seeds ?? (values.quick ? 1 : SEEDS));
  if (!Number.isInteger(seedCount) || seedCount < 1) {
    throw new RangeError(`--seeds is "${values.seeds}", not a whole number`);
  }
  const name = values.quick ? "quick" : "device";
  const resultsPath = values.results ?? `${FOLDER}/${name}.jsonl`;
  return {
    guards: pick("guards", values.guards, [...allRows().keys()]),
    scenes: pick(
      "scenes",
      values.scenes ?? (values.quick ? QUICK_SCENES.join() : undefined),
      Object.keys(SCENES),
    ),
    seeds: Array.from({ length: seedCount }, (_, index) => index + 1),
    resultsPath,
    pagePath: values.page ?? resultsPath.replace(/(\.jsonl)?$/, ".html"),
    json: values.json,
    haste: values.quick ? QUICK : {},
  };
}

function pick(what: string, given: string | undefined, all: string[]) {
  if (given === undefined) return all;
  const names = given.split(",");
  for (const name of names) {
    if (all.includes(name)) continue;
    throw new RangeError(
      `--${what}: no "${name}"; there are ${all.join(", ")}`,
    );
  }
  return names;
}

/** What the file holds of this commit's boots; nothing where what is played is
 * not what was committed, or is hurried. */
function readDone(path: string, words: Words, commit: string): BenchRecord[] {
  let text;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return [];
  }
  // The end of a line that was cut short: what follows must not stand behind it.
  const whole = text.lastIndexOf("\n") + 1;
  if (whole < text.length) {
    Deno.writeTextFileSync(path, text.slice(0, whole));
    console.error(`bench: ${path}: dropped a last line that was cut short`);
  }
  if (commit.endsWith("-dirty") || words.haste === QUICK) return [];
  return readRecords([path], (line) => console.error(line))
    .filter((one) => one.commit === commit);
}

/** Makes the boots that are missing, in order, and answers all that were asked
 * for. */
async function runBoots(
  words: Words,
  setting: Setting,
): Promise<BenchRecord[]> {
  const rows = allRows();
  const boots = planBoots(words.guards, words.scenes, words.seeds);
  const done = new Map<string, BenchRecord>();
  for (const one of readDone(words.resultsPath, words, setting.commit)) {
    done.set(keyOf(one), one);
  }
  const open = boots.filter((boot) => !done.has(keyOf(boot)));
  if (open.length < boots.length) {
    console.error(
      `bench: ${boots.length - open.length} boots are there already`,
    );
  }
  const took: { boot: Boot; ms: number }[] = [];
  for (const [index, boot] of open.entries()) {
    const rest = restMs(open.slice(index), took);
    const left = Number.isNaN(rest) ? "" : `, ${minutes(rest)} left`;
    const at = `${index + 1}/${open.length}${left}`;
    console.error(
      `bench: ${at}: ${boot.scene}, ${boot.guard}, seed ${boot.seed}`,
    );
    const startMs = performance.now();
    const record = await play(
      boot,
      rows.get(boot.guard)!,
      setting,
      words.haste,
      (line) => console.error(`bench:   ${line}`),
    );
    took.push({ boot, ms: performance.now() - startMs });
    done.set(keyOf(boot), record);
    Deno.writeTextFileSync(words.resultsPath, formatRecord(record), {
      append: true,
    });
    console.error(`bench:   ${headline(record)}`);
  }
  return boots.map((boot) => done.get(keyOf(boot))!);
}

function minutes(ms: number): string {
  return ms < 90000
    ? `${Math.round(ms / 1000)} s`
    : `${Math.round(ms / 60000)} min`;
}

function headline(one: BenchRecord): string {
  const beat = one.heart ? `, worst beat ${ms(one.heart.maxUs / 1000)}` : "";
  return `${one.lost ? "lost, " : ""}${one.victims.length} died` +
    (one.kernelKills > 0 ? `, ${one.kernelKills} by the kernel` : "") +
    (one.wrong + one.excess > 0
      ? `, ${one.wrong + one.excess} needlessly`
      : "") +
    `, full stall ${ms(one.fullMs)}${beat}`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

async function main(args: string[]): Promise<number> {
  let words;
  try {
    words = parseWords(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`.trimEnd());
    return 64;
  }
  if (words === undefined) {
    console.log(USAGE.trimEnd());
    return 0;
  }
  const reason = whyNoDevice();
  if (reason !== undefined) {
    console.error(`Cannot bench on a device: ${reason}`);
    return 69;
  }
  try {
    Deno.mkdirSync(FOLDER, { recursive: true });
    const records = await runBoots(words, await settingOf());
    const bench = groupRecords(records);
    if (words.json) console.log(records.map(formatRecord).join("").trimEnd());
    else console.log(formatReport(bench).trimEnd());
    Deno.writeTextFileSync(words.pagePath, await makePage(bench));
    console.error(`bench: ${words.resultsPath} and ${words.pagePath}`);
    return 0;
  } catch (error) {
    console.error(`Cannot bench: ${(error as Error).message}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

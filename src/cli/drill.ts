// `oomguard drill`: proof on any machine, safely. A hog grows in a memory
// group of its own; the guard must end it, and nobody else, before the kernel
// does. However the drill ends, nothing of it stays.

import {
  type DrillFacts,
  drillJson,
  judgeDrill,
  LOOK_MS,
} from "../report/drill.ts";
import { scorecardLines } from "../report/scorecard.ts";
import { sizeText } from "../report/units.ts";
import { GroupRefused, removeLeftoverGroups } from "./drill_group.ts";
import { type DrillPlan, DrillRun } from "./drill_run.ts";
import { simulateDrill } from "./drill_simulated.ts";
import { Timeline } from "./drill_timeline.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exits.ts";

// Loaded with this module only: a static import costs every start.
const { readFileSync } = await import("node:fs");
const { parseArgs, styleText } = await import("node:util");

const HELP = `Usage: oomguard drill [OPTION]...
Proves on this machine, safely, that the right process dies. Makes a memory
group with a limit, starts apps of different importance and a guard for the
group, lets one app grow without end, and says who died, why, and how quickly.
Where no memory group may be made, the machine is simulated.

      --limit-mb N   limit of the group; at most a quarter of MemAvailable
      --rate-mb N    growth of the hog, MB a second
      --simulate     simulate although a group could be made
      --keep         leave the guard's journal and log
      --json         one object instead of words; null is what was not seen, and
                     a thresholdToSignalMs below ${LOOK_MS} is between two looks
  -h, --help         this text

Exit: 0 the hog died and nobody else, 1 otherwise, 2 bad option.`;

/** Limit unless told, and the least that the cast can work in, kB. */
const LIMIT_KB = 384 * 1024;
const LIMIT_KB_MIN = 128 * 1024;
/** Growth unless told: a quarter of the limit each second, at most this. */
const RATE_KB_PER_S = 100 * 1024;
/** Beyond this share of MemAvailable a mistake would be felt outside. */
const SAFE_PART = 4;

interface Options {
  readonly limitMb: number | null;
  readonly rateMb: number | null;
  readonly simulate: boolean;
  readonly keep: boolean;
  readonly json: boolean;
}

function wholeNumber(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new TypeError(
    `Cannot use --${name} "${text}": expected a whole number of MB, 1..999999`,
  );
}

/** Options of the command line; null after --help. Throws TypeError. */
function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      "limit-mb": { type: "string" },
      "rate-mb": { type: "string" },
      simulate: { type: "boolean" },
      keep: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  return {
    limitMb: wholeNumber("limit-mb", values["limit-mb"]),
    rateMb: wholeNumber("rate-mb", values["rate-mb"]),
    simulate: values.simulate === true,
    keep: values.keep === true,
    json: values.json === true,
  };
}

/** Limit for a machine with so much available memory, kB, or why there is
 * none. Throws TypeError for one that was asked for and is not safe. */
export function chooseLimitKb(
  availableKb: number,
  askedMb: number | null,
): number | string {
  const most = Math.floor(availableKb / SAFE_PART);
  if (askedMb === null) {
    if (most >= LIMIT_KB_MIN) return Math.min(most, LIMIT_KB);
    return `a quarter of the available memory is ${sizeText(most)}, ` +
      `a drill needs ${sizeText(LIMIT_KB_MIN)}`;
  }
  const asked = askedMb * 1024;
  if (asked >= LIMIT_KB_MIN && asked <= most) return asked;
  throw new TypeError(
    `Cannot use --limit-mb ${askedMb}: expected ` +
      `${LIMIT_KB_MIN / 1024}..${Math.floor(most / 1024)}, ` +
      `a quarter of the available memory at most`,
  );
}

function availableKb(): number {
  const match = /^MemAvailable:\s+(\d+) kB/m.exec(
    readFileSync("/proc/meminfo", "utf8"),
  );
  return match === null ? 0 : Number(match[1]);
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs a drill; answers the exit code. */
export async function drill(args: string[]): Promise<number> {
  let options: Options | null;
  let limit: number | string;
  try {
    options = parseOptions(args);
    if (options === null) {
      console.log(HELP);
      return EXIT_OK;
    }
    limit = chooseLimitKb(availableKb(), options.limitMb);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(error.message);
    return EXIT_USAGE;
  }
  const stop = new AbortController();
  const onSignal = SIGNALS.map((name) => {
    const listener = () => stop.abort(new Error(`Stopped by ${name}`));
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  });
  const timeline = new Timeline(options.json ? null : console.log);
  try {
    const facts = await run(options, limit, timeline, stop.signal);
    return conclude(options, facts, timeline);
  } catch (error) {
    // Ctrl-C ends the cast as well: what ended first is not why.
    const cause = stop.signal.aborted ? stop.signal.reason : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    if (options.json) {
      const { events } = timeline;
      const failed = { verdict: "fail", failures: [why], timeline: events };
      console.log(JSON.stringify(failed));
    }
    console.error(`${why}; the drill proves nothing`);
    return EXIT_FAILED;
  } finally {
    for (const remove of onSignal) remove();
  }
}

/** In a real group where one may be made, else simulated. */
async function run(
  options: Options,
  limit: number | string,
  timeline: Timeline,
  signal: AbortSignal,
): Promise<DrillFacts> {
  const limitKb = typeof limit === "number" ? limit : LIMIT_KB;
  const plan: DrillPlan = {
    limitKb,
    rateKbPerS: options.rateMb === null
      ? Math.min(RATE_KB_PER_S, Math.floor(limitKb / 4))
      : options.rateMb * 1024,
    keep: options.keep,
  };
  if (options.simulate) return simulateDrill(plan, "", timeline);
  if (typeof limit === "string") {
    timeline.say(`${limit}; simulating`);
    return simulateDrill(plan, limit, timeline);
  }
  const removed = await removeLeftoverGroups();
  if (removed > 0) timeline.say(`${removed} groups of a killed drill removed`);
  const real = new DrillRun(plan, timeline, signal);
  try {
    return await real.play();
  } catch (error) {
    if (!(error instanceof GroupRefused)) throw error;
    const why = `no memory group: ${error.message}`;
    timeline.say(`${why}; simulating`);
    return simulateDrill(plan, why, timeline);
  } finally {
    for (const left of await real.clear()) {
      console.error(`Cannot remove "${left}", leaving it`);
    }
  }
}

/** No measurement here is finer than a tenth of its unit. */
function tenths(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 10) / 10 : value;
}

/** The last word, in words or as an object. */
function conclude(
  options: Options,
  facts: DrillFacts,
  timeline: Timeline,
): number {
  const judgement = judgeDrill(facts);
  if (options.json) {
    const object = drillJson(facts, judgement, timeline.events);
    console.log(JSON.stringify(object, tenths));
  } else {
    const colour = Deno.stdout.isTerminal() && !Deno.noColor;
    const paint = (word: string, good: boolean) =>
      colour ? styleText(["bold", good ? "green" : "red"], word) : word;
    console.log();
    for (const line of scorecardLines(facts, judgement, paint)) {
      console.log(line);
    }
  }
  return judgement.passed ? EXIT_OK : EXIT_FAILED;
}

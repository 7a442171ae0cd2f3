// One boot of the device bench as a line of JSON, and back. A line that is not
// one is refused with file, line and what was expected; only the last line of
// a run that was interrupted may be cut short, and that is said.
//
//   {"v":1,"commit":"36fdb52a1b2c","date":"2026-11-21T10:00:00Z",
//    "guard":"earlyoom","scene":"leak","seed":1,"fullMs":1893.4, …}

import * as z from "zod/mini";

/** Points of a trace: what a plot across a screen can show. */
export const TRACE_POINTS_MAX = 400;
/** Processes in a boot: far more than any scene has. */
const VICTIMS_MAX = 10_000;
/** Refusals told at once; what follows is mostly the same again. */
const PROBLEMS_MAX = 8;

const number = (noun: string, low = 0) =>
  z.number({ error: noun }).check(z.gte(low, { error: noun }));
const whole = (noun: string, low = 0) =>
  z.int({ error: noun }).check(z.gte(low, { error: noun }));
const text = (noun: string, most = 200) =>
  z.string({ error: noun }).check(
    z.minLength(1, { error: noun }),
    z.maxLength(most, { error: noun }),
  );
const flag = z.boolean({ error: "true or false" });
const ms = number("a number of ms, 0 or more");
const kb = number("a number of kB, 0 or more");
const us = number("a number of us, 0 or more");
const count = whole("a count, 0 or more");
const point = z.array(number("a number, 0 or more"), { error: "a list" })
  .check(
    z.maxLength(TRACE_POINTS_MAX, {
      error: `at most ${TRACE_POINTS_MAX} points`,
    }),
  );

const heart = z.strictObject({
  count,
  p50Us: us,
  p99Us: us,
  maxUs: us,
});

const victim = z.strictObject({
  name: text("a name of 1 to 200 characters"),
  adj: whole("an oom_score_adj from -1000 to 1000", -1000)
    .check(z.lte(1000, { error: "an oom_score_adj from -1000 to 1000" })),
  /** From the scene's begin; below 0 it died in calm time. */
  atMs: z.number({ error: "a number of ms" }),
  heldKb: kb,
});

const cost = z.strictObject({
  /** Over the whole boot; the scene is what is left without `idle`. */
  cpuMs: ms,
  wakeups: count,
  rssKb: kb,
  lockedKb: kb,
  /** At rest, before the scene; null: not measured. */
  idle: z.nullable(z.strictObject({
    cpuMsPerS: number("ms of CPU in a second, 0 or more"),
    wakeupsPerS: number("wakeups in a second, 0 or more"),
    rssKb: kb,
    lockedKb: kb,
  })),
});

const trace = z.strictObject({
  /** From the scene's begin, rising; below 0 is calm time before. */
  t: z.array(z.number({ error: "a number of ms" }), { error: "a list" }).check(
    z.maxLength(TRACE_POINTS_MAX, {
      error: `at most ${TRACE_POINTS_MAX} points`,
    }),
    z.refine(isRising, { error: "times that rise" }),
  ),
  availKb: point,
  /** Stalls added up since the scene's begin. */
  someUs: point,
  fullUs: point,
  /** How late the worst foreground beat since the last point was. */
  heartLateUs: z.optional(point),
}).check(z.refine(isEven, { error: "lists of one length" }));

const record = z.strictObject({
  v: z.literal(1, { error: "1, the version of this format" }),
  commit: text("a commit"),
  /** ISO 8601, when the boot began. */
  date: text("a date as 2026-11-21T10:00:00Z").check(
    z.refine((one) => !Number.isNaN(Date.parse(one)), {
      error: "a date as 2026-11-21T10:00:00Z",
    }),
  ),
  guard: text("a guard's name of 1 to 40 characters", 40),
  scene: text("a scene's name of 1 to 40 characters", 40),
  seed: whole("a seed, 0 or more"),
  host: z.strictObject({
    cpu: text("a processor's name"),
    cores: whole("a count of cores, 1 or more", 1),
    memoryMb: number("a number of MB"),
    kernel: text("a kernel's release"),
    emulation: text("what emulates the device"),
  }),
  /** Release of the device's kernel. */
  kernel: text("a kernel's release"),
  /** The device did not live to tell the end, or had not recovered in time:
   * its times are worse than any figure. */
  lost: flag,
  /** The load did not reach its rate: not quite the scene that was meant. */
  isLoadWeak: flag,
  /** What test/qemu/verdict.ts found wrong, one sentence each. */
  failures: z.array(z.string({ error: "a sentence" }), { error: "a list" }),
  someMs: ms,
  fullMs: ms,
  /** Beats of the foreground, how late; null: none was heard. */
  heart: z.nullable(heart),
  /** The mark: MemAvailable below it is a need; left out where there is none. */
  needKb: z.optional(kb),
  /** From headroom crossing the mark to the first signal; null: no signal, or
   * the mark was not crossed. Below 0 the signal came first. */
  markToSignalMs: z.nullable(z.number({ error: "a number of ms, or null" })),
  /** From the first signal to headroom above the mark again; null: neither. */
  signalToBackMs: z.nullable(ms),
  kernelKills: count,
  wrong: count,
  excess: count,
  victims: z.array(victim, { error: "a list" }).check(
    z.maxLength(VICTIMS_MAX, { error: `at most ${VICTIMS_MAX} victims` }),
  ),
  /** Held by wrong and excess victims. */
  overKilledKb: kb,
  /** Until the launched app had its memory; null: nothing is launched. */
  launchMs: z.nullable(ms),
  /** What the guard takes for itself; null: no guard, or it died. */
  cost: z.nullable(cost),
  /** The scene's, without start and report. */
  durationMs: ms,
  trace,
});

/** What one boot gave. */
export type BenchRecord = z.infer<typeof record>;

/** What a file held. */
export interface Parsed {
  readonly records: BenchRecord[];
  /** What was passed over, one sentence each. */
  readonly remarks: string[];
}

function isRising(list: readonly number[]): boolean {
  return list.every((one, index) => index === 0 || one >= list[index - 1]!);
}

function isEven(lists: Record<string, readonly number[] | undefined>): boolean {
  const lengths = Object.values(lists).flatMap((one) => one?.length ?? []);
  return new Set(lengths).size === 1;
}

/** One boot as a line, its end included. Throws TypeError for what would be
 * refused when it is read. */
export function formatRecord(one: BenchRecord): string {
  const problems = findProblems(one);
  if (problems.length > 0) {
    throw new TypeError(`Cannot write a record: ${problems.join("; ")}`);
  }
  return JSON.stringify(one) + "\n";
}

/**
 * Parses a file of lines. Blank lines count for nothing. Throws SyntaxError,
 * one line for each that is no record, with the name that was given.
 */
export function parseRecords(lines: string, file: string): Parsed {
  const parsed: Parsed = { records: [], remarks: [] };
  const problems: string[] = [];
  const all = lines.split("\n");
  all.forEach((line, index) => {
    if (line.trim() === "") return;
    const place = `${file}:${index + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      if (index === all.length - 1) {
        parsed.remarks.push(
          `${place}: cut short after ${line.length} characters, skipped`,
        );
      } else problems.push(`${place}: no JSON (${(error as Error).message})`);
      return;
    }
    const found = findProblems(value);
    if (found.length === 0) parsed.records.push(value as BenchRecord);
    problems.push(...found.map((one) => `${place}: ${one}`));
  });
  if (problems.length > 0) throw new SyntaxError(describe(problems));
  return parsed;
}

function describe(problems: readonly string[]): string {
  const told = problems.slice(0, PROBLEMS_MAX);
  const rest = problems.length - told.length;
  return `Cannot parse records:\n  ${told.join("\n  ")}` +
    (rest > 0 ? `\n  and ${rest} more` : "");
}

function findProblems(value: unknown): string[] {
  const result = record.safeParse(value, { jitless: true });
  if (result.success) return [];
  return result.error.issues.map((issue) => {
    const path = issue.path.join(".");
    if (issue.code === "unrecognized_keys") {
      const keys = issue.keys.map((key) => JSON.stringify(key)).join(", ");
      return `unknown ${keys}${path === "" ? "" : ` in ${path}`}`;
    }
    if (path === "") return `is ${shown(value)}, expected a record`;
    const found = issue.path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown>)?.[key],
      value,
    );
    const want = issue.message === "Invalid input"
      ? "an object"
      : issue.message;
    return `${path} is ${shown(found)}, expected ${want}`;
  });
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const words = JSON.stringify(value);
  return words.length <= 40 ? words : `${words.slice(0, 37)}…`;
}

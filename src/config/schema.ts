// The configuration file as a schema: what is not named here is refused, and
// every refusal carries the words for what was expected, so that load.ts can
// put a place before them. A key's unit is the last word of its name.

import * as z from "zod/mini";
import {
  NAME_BYTES,
  PROTECTED_NAMES_MAX,
  TARGETS_MAX,
} from "../base/limits.ts";
import { RELEASES } from "./releases.ts";

/** Most kB a threshold may be: 1 TiB, so that the sum of two fits an int32. */
export const KB_MAX = 1_073_741_824;
/** Most pages a minfree tier may be: 1 TiB of the smallest pages. */
export const PAGES_MAX = 268_435_456;
/** Bytes of a socket's path without its NUL (struct sockaddr_un, unix(7)). */
export const SOCKET_PATH_MAX = 107;
/** Bytes of the state folder's path: room for "/" and a socket's name. */
export const STATE_DIR_MAX = 90;
/** Bytes of a property file's path (PATH_MAX, as below). */
export const PROPERTIES_PATH_MAX = 4_095;
/** Bytes of a memory group's path (PATH_MAX, include/uapi/linux/limits.h). */
export const GROUP_PATH_MAX = 4_095;
/** Most that free swap may count for, times what is easily available: far more
 * than any compression gives. */
export const SWAP_RATIO_MAX = 1_000;
/** Bytes of a name that can be matched (TASK_COMM_LEN less its NUL). */
export const COMM_MAX = NAME_BYTES - 1;
/** Bytes of a pattern: COMM_MAX that match, and a star around each. */
export const PATTERN_MAX = 2 * COMM_MAX + 1;

// Checks are walked, not compiled: a file is read once, and compiled checks
// stay in memory.
z.config({ jitless: true });

const UTF8 = new TextEncoder();

/** Length in bytes, as the kernel counts. */
function bytesOf(text: string): number {
  return UTF8.encode(text).length;
}

/** No control characters: what is printed or passed on is one line. */
function isPlain(text: string): boolean {
  return !/\p{C}/u.test(text);
}

function whole(noun: string, low: number, high: number) {
  const error = `${noun} from ${low} to ${high}`;
  return z.optional(
    z.int({ error }).check(z.gte(low, { error }), z.lte(high, { error })),
  );
}

const ms = (low: number, high: number) =>
  whole("a whole number of ms", low, high);
const kb = (low: number, high = KB_MAX) =>
  whole("a whole number of kB", low, high);
const percent = (low: number, high: number) =>
  whole("a whole number of percent", low, high);
const adj = (low: number, high: number) =>
  whole("a whole oom_score_adj", low, high);

function flag() {
  return z.optional(z.boolean({ error: "true or false" }));
}

function choice<const T extends readonly string[]>(values: T) {
  const error = `one of ${values.map((value) => `"${value}"`).join(", ")}`;
  return z.optional(z.enum(values, { error }));
}

function flagOrAuto() {
  return z.optional(z.union([z.literal("auto"), z.boolean()], {
    error: '"auto", true or false',
  }));
}

/** An absolute path of at most `max` bytes, or the word "auto". */
function pathOrAuto(max: number) {
  const error = `"auto" or an absolute path of at most ${max} bytes`;
  return z.optional(
    z.string({ error }).check(
      z.refine((text) => text === "auto" || isPath(text, max), { error }),
    ),
  );
}

/** Where properties come from: a word, or the file that holds them. */
function properties() {
  const words = ["auto", "off", "getprop"];
  const error = '"auto", "off", "getprop" or an absolute path of at most ' +
    `${PROPERTIES_PATH_MAX} bytes`;
  return z.optional(
    z.string({ error }).check(
      z.refine(
        (text) => words.includes(text) || isPath(text, PROPERTIES_PATH_MAX),
        { error },
      ),
    ),
  );
}

function isPath(text: string, max: number): boolean {
  return text.startsWith("/") && isPlain(text) && bytesOf(text) <= max;
}

/** Whether a pattern can match a process name, and not every one. */
function isPattern(pattern: string): boolean {
  if (!isPlain(pattern) || bytesOf(pattern) > PATTERN_MAX) return false;
  const needed = bytesOf(pattern.replaceAll("*", ""));
  return needed <= COMM_MAX && /[^*?]/.test(pattern);
}

function patterns() {
  // The kernel cuts names to COMM_MAX: a longer pattern would match nothing.
  const each = `a process name of 1 to ${COMM_MAX} bytes, ` +
    "with * and ? for wildcards but not of them alone";
  const error = `a list of at most ${PROTECTED_NAMES_MAX} process names`;
  return z.optional(
    z.array(
      z.string({ error: each }).check(z.refine(isPattern, { error: each })),
      { error },
    ).check(z.maxLength(PROTECTED_NAMES_MAX, { error })),
  );
}

function uids() {
  // -1 is "no user" to the kernel (include/linux/uidgid.h, INVALID_UID).
  const each = "a user id from 0 to 4294967294";
  const error = `a list of at most ${PROTECTED_NAMES_MAX} user ids`;
  return z.optional(
    z.array(
      z.int({ error: each }).check(
        z.gte(0, { error: each }),
        z.lte(4_294_967_294, { error: each }),
      ),
      { error },
    ).check(z.maxLength(PROTECTED_NAMES_MAX, { error })),
  );
}

/** A user or a group by name or number. A union's error would be that of one
 * of its members, hence the predicate. */
function owner() {
  const error = "null, a name, or an id from 0 to 4294967294";
  return z.optional(z.custom<string | number | null>((value) => {
    if (typeof value === "string") {
      return /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/.test(value);
    }
    return value === null ||
      (Number.isInteger(value) && Number(value) >= 0 &&
        Number(value) <= 4_294_967_294);
  }, { error }));
}

function tiers() {
  const one = 'an object with either "pages" or "kb", and "adj"';
  const error = `a list of at most ${TARGETS_MAX} tiers`;
  const tier = z.strictObject({
    pages: whole("a whole number of pages", 0, PAGES_MAX),
    kb: kb(0),
    adj: z.nonoptional(adj(0, 1000), {
      error: "a whole oom_score_adj from 0 to 1000",
    }),
  }, { error: one }).check(z.refine(
    (tier) => (tier.pages === undefined) !== (tier.kb === undefined),
    { error: one },
  ));
  return z.optional(
    z.array(tier, { error }).check(z.maxLength(TARGETS_MAX, { error })),
  );
}

// PSI windows are 500 ms to 10 s (kernel/sched/psi.c, WINDOW_MIN_US and
// WINDOW_MAX_US); lowmemMinAdj starts at 201 as AOSP lmkd's does.
const psi = z.strictObject({
  someStallMs: ms(0, 10_000),
  fullStallMs: ms(0, 10_000),
  windowMs: ms(500, 10_000),
});

const lmkd = z.strictObject({
  swapFreeLowPercent: percent(0, 100),
  thrashingLimitPercent: percent(0, 1_000_000),
  thrashingDecayPercent: percent(0, 100),
  thrashingCriticalPercent: percent(0, 3_000_000),
  swapUtilMaxPercent: percent(0, 100),
  filecacheMinKb: kb(0),
  stallCriticalPercent: percent(0, 100),
  lowmemMinAdj: adj(201, 1001),
  afterKillMinAdj: adj(0, 1000),
  killHeaviest: flag(),
  useNewStrategy: flagOrAuto(),
  useMinfreeLevels: flag(),
  usePsi: flag(),
  delayMonitorsUntilBoot: flag(),
  lowMinAdj: adj(0, 1001),
  mediumMinAdj: adj(0, 1001),
  criticalMinAdj: adj(0, 1001),
  criticalUpgrade: flag(),
  upgradePressurePercent: percent(0, 1_000),
  downgradePressurePercent: percent(0, 1_000),
  directReclaimThresholdMs: ms(0, 600_000),
  swapCompressionRatio: whole("a whole number", 0, SWAP_RATIO_MAX),
  swapCompressionRatioDiv: whole("a whole number", 1, SWAP_RATIO_MAX),
  perAppMemcg: flagOrAuto(),
  logStats: flag(),
});

const exhaustion = z.strictObject({
  reserveKb: kb(0),
  comfortKb: kb(0),
  horizonMs: ms(0, 60_000),
  swapKbPerS: whole("a whole number of kB per s", 0, KB_MAX),
  culpritKb: kb(1),
});

const wait = z.strictObject({
  idleMaxMs: ms(10, 60_000),
  sprintMs: ms(1, 1_000),
  fillKbPerMs: whole("a whole number of kB per ms", 1, 1_048_576),
});

const victims = z.strictObject({
  discover: flagOrAuto(),
  scanMs: ms(100, 600_000),
});

const protect = z.strictObject({
  system: flag(),
  names: patterns(),
  uids: uids(),
});

const mode = 'octal digits in quotes, such as "0660"';
const socket = z.strictObject({
  path: pathOrAuto(SOCKET_PATH_MAX),
  mode: z.optional(
    z.string({ error: mode }).check(
      z.regex(/^0?[0-7]{3}$/, { error: mode }),
    ),
  ),
  owner: owner(),
  group: owner(),
});

const self = z.strictObject({
  lock: choice(["auto", "files", "off"]),
  ownGroup: flag(),
  fifoPriority: whole("a whole priority", 0, 90),
  // As much as the shim holds (BALLAST_KB_MAX of ffi/memory.c).
  ballastKb: kb(0, 1_048_576),
  watchdogMs: ms(0, 60_000),
  keeper: flag(),
  keeperMs: ms(100, 60_000),
  restart: choice(["auto", "always", "never"]),
  armKernel: flagOrAuto(),
  retries: whole("a whole number", -1, 100),
});

const log = z.strictObject({
  to: choice(["auto", "stderr", "kmsg", "logd"]),
  level: choice(["error", "warn", "info", "debug"]),
});

const group = `null or an absolute path of at most ${GROUP_PATH_MAX} bytes`;

/** The configuration file; every key may be left out. */
export const configSchema = z.strictObject({
  profile: choice(["auto", "low-ram", "standard"]),
  strategy: choice(["adaptive", "lmkd", "minfree"]),
  compat: choice(RELEASES),
  properties: properties(),
  dryRun: flag(),
  floorAdj: adj(0, 1000),
  killTimeoutMs: ms(0, 60_000),
  psi: z.optional(psi),
  lmkd: z.optional(lmkd),
  exhaustion: z.optional(exhaustion),
  wait: z.optional(wait),
  minfree: tiers(),
  victims: z.optional(victims),
  protect: z.optional(protect),
  self: z.optional(self),
  group: z.optional(z.custom<string | null>(
    (value) =>
      value === null ||
      (typeof value === "string" && isPath(value, GROUP_PATH_MAX)),
    { error: group },
  )),
  socket: z.optional(socket),
  stateDir: pathOrAuto(STATE_DIR_MAX),
  log: z.optional(log),
});

/** What a file or an option may say: any part of the configuration. */
export type ConfigInput = z.infer<typeof configSchema>;

type Full<T> = T extends readonly unknown[] ? T
  : T extends object ? { [K in keyof T]-?: Full<Exclude<T[K], undefined>> }
  : T;

/** The configuration with nothing left out. */
export type Config = Full<ConfigInput>;

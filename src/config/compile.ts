// From what was written to what the guard runs on: defaults filled in, the
// whole checked, thresholds as the Int32 words of state/settings.ts. Either
// all of it is right or nothing comes out.

import { SETTINGS_WORDS } from "../state/layout.ts";
import * as set from "../state/settings.ts";
import { type Key, KEYS } from "./keys.ts";
import {
  type Draft,
  type Override,
  parseConfig,
  readConfigFile,
} from "./load.ts";
import { ConfigError, type Place } from "./problems.ts";
import {
  chooseProfile,
  defaultConfig,
  type Machine,
  type Profile,
  PROFILE_KEYS,
} from "./profiles.ts";
import { ProtectTable, SYSTEM_NAMES } from "./protect.ts";
import { checkRules, tierPages } from "./rules.ts";
import type { Config } from "./schema.ts";
import { valueAt } from "./validate.ts";

/** Where an effective value comes from. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "profile"; readonly profile: Profile }
  | { readonly from: "file" | "option"; readonly place: Place };

/** The control socket. */
export interface SocketConfig {
  readonly path: string;
  readonly mode: number;
  /** A name or an id; null leaves it as it is made. */
  readonly owner: string | number | null;
  readonly group: string | number | null;
}

/** Where words go. */
export interface LogConfig {
  readonly to: "stderr" | "kmsg" | "logd";
  readonly level: "error" | "warn" | "info" | "debug";
}

/** A configuration that can be run. */
export interface CompiledConfig {
  /** SETTINGS_WORDS thresholds, by SET_*. */
  readonly settings: Int32Array;
  readonly profile: Profile;
  readonly protect: ProtectTable;
  /** Resolved: never "auto". */
  readonly stateDir: string;
  readonly socket: SocketConfig;
  readonly log: LogConfig;
  /** Memory group to guard; null is the machine. */
  readonly group: string | null;
  /** Whether victims are looked for; resolved, and in the settings too. */
  readonly discover: boolean;
  /** Every key with its value, as a file could say it. */
  readonly config: Config;
  /** By key. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** Reads, checks and compiles; throws ConfigError with all that is wrong. */
export function loadConfig(
  file: string | null,
  overrides: readonly Override[],
  machine: Machine,
): CompiledConfig {
  const bytes = file === null ? null : readConfigFile(file);
  return compileConfig(parseConfig(bytes, file ?? "", overrides), machine);
}

/** Compiles a draft; throws ConfigError with all that is wrong. */
export function compileConfig(draft: Draft, machine: Machine): CompiledConfig {
  const { memTotalKb, pageKb } = machine;
  if (!(memTotalKb > 0) || !(pageKb > 0)) {
    throw new RangeError(
      `Cannot compile for ${memTotalKb} kB of memory in pages of ${pageKb} kB`,
    );
  }
  const profile = chooseProfile(draft.input.profile ?? "auto", memTotalKb);
  const defaults = defaultConfig(profile, memTotalKb, draft.input);
  const config = overlay(defaults, draft);
  const problems = [...draft.problems, ...checkRules(config, draft, machine)];
  if (problems.length > 0) throw new ConfigError(problems);
  const exists = machine.exists ?? existsPath;
  const android = exists("/dev/socket");
  const stateDir = config.stateDir === "auto"
    ? defaultStateDir(exists)
    : config.stateDir;
  const { protect, log, victims } = config;
  const discover = victims.discover === "auto" ? !android : victims.discover;
  return {
    settings: compileSettings(config, pageKb, discover),
    profile,
    protect: new ProtectTable(
      protect.system ? [...SYSTEM_NAMES, ...protect.names] : protect.names,
      protect.uids,
    ),
    stateDir,
    socket: compileSocket(config, stateDir, android),
    log: {
      to: log.to !== "auto"
        ? log.to
        : exists("/dev/socket/logdw")
        ? "logd"
        : "stderr",
      level: log.level,
    },
    group: config.group,
    discover,
    config,
    origins: new Map(
      KEYS.map((key) => [key.name, originOf(key, draft, profile)]),
    ),
  };
}

function originOf({ name }: Key, draft: Draft, profile: Profile): Origin {
  const place = draft.places.get(name);
  if (place !== undefined) {
    const { source, line, column } = place;
    const from = line === 0 ? "option" : "file";
    return { from, place: { source, line, column } };
  }
  if (PROFILE_KEYS.has(name)) return { from: "profile", profile };
  return { from: "default" };
}

/** The defaults, which are the caller's own, with what was written in their
 * place. */
function overlay(defaults: Config, draft: Draft): Config {
  const config = defaults as Record<string, unknown>;
  for (const { path } of KEYS) {
    const written = valueAt(draft.input, path);
    if (written === undefined) continue;
    const [first, second] = path;
    if (second === undefined) config[first] = written;
    else (config[first] as Record<string, unknown>)[second] = written;
  }
  return config as Config;
}

function compileSocket(
  config: Config,
  stateDir: string,
  android: boolean,
): SocketConfig {
  const { path, mode, owner, group } = config.socket;
  const auto = android ? "/dev/socket/lmkd" : `${stateDir}/lmkd`;
  return {
    path: path === "auto" ? auto : path,
    mode: parseInt(mode, 8),
    owner,
    group,
  };
}

/** The state folder where none is named. */
export function defaultStateDir(
  exists: (path: string) => boolean = existsPath,
): string {
  return exists("/run") ? "/run/oomguard" : "/dev/oomguard";
}

function existsPath(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

const STRATEGIES = {
  adaptive: set.STRATEGY_ADAPTIVE,
  lmkd: set.STRATEGY_LMKD,
  minfree: set.STRATEGY_MINFREE,
};

function compileSettings(
  config: Config,
  pageKb: number,
  discover: boolean,
): Int32Array {
  const { psi, lmkd, exhaustion, wait, victims, minfree } = config;
  const words = new Int32Array(SETTINGS_WORDS);
  words[set.SET_STRATEGY] = STRATEGIES[config.strategy];
  words[set.SET_DRY_RUN] = Number(config.dryRun);
  words[set.SET_FLOOR_ADJ] = config.floorAdj;
  words[set.SET_PSI_SOME_MS] = psi.someStallMs;
  words[set.SET_PSI_FULL_MS] = psi.fullStallMs;
  words[set.SET_PSI_WINDOW_MS] = psi.windowMs;
  words[set.SET_SWAP_LOW_PERCENT] = lmkd.swapFreeLowPercent;
  words[set.SET_THRASHING_PERCENT] = lmkd.thrashingLimitPercent;
  words[set.SET_THRASHING_DECAY_PERCENT] = lmkd.thrashingDecayPercent;
  words[set.SET_THRASHING_CRITICAL_PERCENT] = lmkd.thrashingCriticalPercent;
  words[set.SET_SWAP_UTIL_MAX_PERCENT] = lmkd.swapUtilMaxPercent;
  words[set.SET_FILECACHE_MIN_KB] = lmkd.filecacheMinKb;
  words[set.SET_STALL_CRITICAL_PERCENT] = lmkd.stallCriticalPercent;
  words[set.SET_LOWMEM_ADJ] = lmkd.lowmemMinAdj;
  words[set.SET_AFTER_KILL_ADJ] = lmkd.afterKillMinAdj;
  words[set.SET_KILL_TIMEOUT_MS] = config.killTimeoutMs;
  words[set.SET_KILL_HEAVIEST] = Number(lmkd.killHeaviest);
  words[set.SET_RESERVE_KB] = exhaustion.reserveKb;
  words[set.SET_COMFORT_KB] = exhaustion.comfortKb;
  words[set.SET_HORIZON_MS] = exhaustion.horizonMs;
  words[set.SET_SWAP_KB_PER_S] = exhaustion.swapKbPerS;
  words[set.SET_CULPRIT_KB] = exhaustion.culpritKb;
  words[set.SET_IDLE_MAX_MS] = wait.idleMaxMs;
  words[set.SET_SPRINT_MS] = wait.sprintMs;
  words[set.SET_FILL_KB_PER_MS] = wait.fillKbPerMs;
  words[set.SET_TIERS] = minfree.length;
  for (let i = 0; i < minfree.length; i++) {
    words[set.SET_TIER_PAGES + i] = tierPages(minfree[i], pageKb);
    words[set.SET_TIER_ADJ + i] = minfree[i].adj;
  }
  words[set.SET_DISCOVER] = Number(discover);
  words[set.SET_PAGE_KB] = pageKb;
  words[set.SET_DISCOVER_MS] = victims.scanMs;
  return words;
}

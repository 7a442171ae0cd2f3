// From what was written to what the guard runs on: defaults filled in, the
// whole checked, thresholds as the Int32 words of state/settings.ts. Either
// all of it is right or nothing comes out.

import { type Key, KEYS } from "./keys.ts";
import { type Draft, type Override, readDraft } from "./load.ts";
import { ConfigError, type Place } from "./problems.ts";
import {
  chooseProfile,
  defaultConfig,
  type Machine,
  type Profile,
  PROFILE_KEYS,
} from "./profiles.ts";
import { ProtectTable, SYSTEM_NAMES } from "./protect.ts";
import { checkRules, type Conflict } from "./rules.ts";
import type { Config } from "./schema.ts";
import {
  NOTHING_TOLD,
  overlayTold,
  propertySource,
  type Told,
} from "./told.ts";
import { valueAt } from "./validate.ts";
import { compileSettings } from "./words.ts";

/** Where an effective value comes from. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "profile"; readonly profile: Profile }
  | { readonly from: "property"; readonly name: string }
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
  /** Where properties come from: "off", "getprop" or a file. */
  readonly properties: string;
  /** Properties that fit nothing: name, and why. */
  readonly ignored: ReadonlyMap<string, string>;
  /** Every key with its value, as a file could say it. */
  readonly config: Config;
  /** By key. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** Reads, checks and compiles, without any properties; throws ConfigError with
 * all that is wrong. */
export function loadConfig(
  file: string | null,
  overrides: readonly Override[],
  machine: Machine,
): CompiledConfig {
  return compileConfig(readDraft(file, overrides), machine);
}

/** Compiles a draft with what properties say; throws ConfigError with all that
 * is wrong with the draft. Properties never make it throw. */
export function compileConfig(
  written: Draft,
  machine: Machine,
  told: Told = NOTHING_TOLD,
): CompiledConfig {
  const { memTotalKb, pageKb } = machine;
  if (!(memTotalKb > 0) || !(pageKb > 0)) {
    throw new RangeError(
      `Cannot compile for ${memTotalKb} kB of memory in pages of ${pageKb} kB`,
    );
  }
  const chosen = written.input.profile ?? "auto";
  const profile = chooseProfile(chosen, memTotalKb, told.lowRam);
  const { draft, config, conflicts, ignored } = fit(
    written,
    machine,
    told,
    profile,
  );
  const problems = [
    ...draft.problems,
    ...conflicts.map(({ problem }) => problem),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  const exists = machine.exists ?? existsPath;
  const android = exists("/dev/socket");
  const stateDir = config.stateDir === "auto"
    ? defaultStateDir(exists)
    : config.stateDir;
  const { protect, log, victims } = config;
  const discover = victims.discover === "auto" ? !android : victims.discover;
  return {
    settings: compileSettings(config, {
      pageKb,
      discover,
      lowRam: profile === "low-ram",
      lowRamTold: told.lowRam === true,
    }),
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
    properties: propertySource(config.properties, exists),
    ignored,
    config,
    origins: new Map(
      KEYS.map((key) => [key.name, originOf(key, draft, profile, told)]),
    ),
  };
}

interface Fitted {
  readonly draft: Draft;
  readonly config: Config;
  readonly conflicts: readonly Conflict[];
  readonly ignored: ReadonlyMap<string, string>;
}

/** The configuration with as many properties as agree with the rest of it: each
 * turn leaves out one for each conflict that has one. */
function fit(
  written: Draft,
  machine: Machine,
  told: Told,
  profile: Profile,
): Fitted {
  const ignored = new Map<string, string>();
  while (true) {
    const draft = overlayTold(written, told, ignored);
    const defaults = defaultConfig(profile, machine.memTotalKb, draft.input);
    const config = overlay(defaults, draft);
    const conflicts = checkRules(config, draft, machine);
    const before = ignored.size;
    for (const { problem, keys } of conflicts) {
      const key = keys.find((key) => draft.told.has(key));
      const name = key === undefined ? undefined : draft.told.get(key);
      if (name !== undefined) ignored.set(name, problem.text);
    }
    if (ignored.size === before) return { draft, config, conflicts, ignored };
  }
}

function originOf(
  { name }: Key,
  draft: Draft,
  profile: Profile,
  told: Told,
): Origin {
  const property = name === "profile" && draft.input.profile !== profile
    ? told.lowRamName
    : draft.told.get(name);
  if (property !== undefined && property !== null) {
    return { from: "property", name: property };
  }
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

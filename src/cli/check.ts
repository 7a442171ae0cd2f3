// `oomguard check`: what the guard would run on, value by value, and where each
// comes from; or everything that is wrong. Changes nothing.

import type { CompiledConfig, Origin } from "../config/compile.ts";
import { KEYS } from "../config/keys.ts";
import { parseSet } from "../config/load.ts";
import { ConfigError } from "../config/problems.ts";
import type { Machine } from "../config/profiles.ts";
import { SYSTEM_NAMES } from "../config/protect.ts";
import { valueAt } from "../config/validate.ts";
import { type Effective, loadEffectiveLater } from "../props/effective.ts";
import {
  LMKD_NEW,
  SET_LMKD_MODE,
  SET_PER_APP_MEMCG,
} from "../state/settings.ts";
import {
  describeProperties,
  propertiesJson,
  shortName,
} from "./check_properties.ts";
import { COLUMNS, wrap } from "./columns.ts";
import { EXIT_OK, EXIT_USAGE } from "./exits.ts";
import { readGroupMachine, readMachine } from "./machine.ts";

// Loaded with this module only: a static import costs every start.
const { parseArgs } = await import("node:util");

const HELP = `Usage: oomguard check [FILE] [OPTION]...

Checks a configuration and prints what the guard would run on, with the origin
of each value. Without FILE, that is the defaults of this machine.

  --set KEY=VALUE      one value over the file's, as JSON; may be repeated
  --mem-total-kb N     check for a machine with this much memory
  --json               print one JSON object
  --explain            print every key, what it expects and what it does
  --properties         print every property of lmkd's: value, origin, key
  --help               print this

Exit: 0 valid, 2 invalid, not to be read, or wrong usage.

Examples:
  oomguard check /etc/oomguard.json
  oomguard check --set profile=low-ram --set psi.someStallMs=50
  oomguard check --properties --set properties=/vendor/build.prop
`;

/** Columns of a key and of a value. */
const KEY_COLUMNS = 31;
const VALUE_COLUMNS = 30;

/** Where lines go; console unless a test listens. */
export interface Output {
  log(line: string): void;
  error(line: string): void;
}

interface Options {
  readonly file: string | null;
  readonly sets: readonly string[];
  readonly memTotalKb: number | null;
  readonly json: boolean;
  readonly explain: boolean;
  readonly properties: boolean;
  readonly help: boolean;
}

/** Runs `oomguard check`; answers its exit code. */
export async function check(
  args: string[],
  out: Output = console,
): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    out.error(`${(error as Error).message}\nTry: oomguard check --help`);
    return EXIT_USAGE;
  }
  if (options.help) {
    out.log(HELP.trimEnd());
    return EXIT_OK;
  }
  if (options.explain) {
    out.log(
      options.json
        ? JSON.stringify(KEYS.map(explainKey), null, 2)
        : explainKeys(),
    );
    return EXIT_OK;
  }
  const { file, sets, json } = options;
  let machine = readMachine(options.memTotalKb);
  try {
    const load = () => loadEffectiveLater(file, sets.map(parseSet), machine);
    let effective = await load();
    const { group } = effective.config;
    // As the daemon does: the group's limit sizes the defaults.
    if (group !== null && options.memTotalKb === null) {
      machine = readGroupMachine(group);
      effective = await load();
    }
    const [toObject, toText] = options.properties
      ? [propertiesJson, describeProperties]
      : [toJson, describe];
    out.log(
      json
        ? JSON.stringify(toObject(effective, file, machine), null, 2)
        : toText(effective, file, machine),
    );
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    out.error(error.message);
    if (json) {
      const { problems } = error;
      const answer = { version: 1, valid: false, file, problems };
      out.log(JSON.stringify(answer, null, 2));
    }
    return EXIT_USAGE;
  }
}

function parseOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      set: { type: "string", multiple: true },
      "mem-total-kb": { type: "string" },
      json: { type: "boolean" },
      explain: { type: "boolean" },
      properties: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (positionals.length > 1) {
    throw new TypeError(
      `Cannot check ${positionals.length} files: expected one`,
    );
  }
  const memory = values["mem-total-kb"];
  if (memory !== undefined && !/^[1-9]\d{0,9}$/.test(memory)) {
    throw new TypeError(
      `Cannot parse --mem-total-kb ${JSON.stringify(memory)}: ` +
        "expected a whole number of kB from 1 to 9999999999",
    );
  }
  return {
    file: positionals[0] ?? null,
    sets: values.set ?? [],
    memTotalKb: memory === undefined ? null : Number(memory),
    json: values.json ?? false,
    explain: values.explain ?? false,
    properties: values.properties ?? false,
    help: values.help ?? false,
  };
}

function describe(
  { config: compiled, warnings }: Effective,
  file: string | null,
  machine: Machine,
): string {
  const { memTotalKb, pageKb } = machine;
  const lines = [
    file === null ? "No file: the defaults." : `${file} is valid.`,
    `Profile ${compiled.profile}: ${memTotalKb} kB of memory, ` +
    `pages of ${pageKb} kB.`,
    "",
  ];
  for (const { name, path } of KEYS) {
    const value = valueAt(compiled.config, path);
    const origin = compiled.origins.get(name) ?? { from: "default" };
    lines.push(...describeValue(name, shown(value, name, compiled), origin));
  }
  if (compiled.config.protect.system) {
    lines.push("", "protect.system is:");
    lines.push(...wrap(SYSTEM_NAMES.join(", "), COLUMNS - 2, "  "));
  }
  if (warnings.length > 0) lines.push("", ...warnings);
  return lines.join("\n");
}

/** A value as rows of its own column. */
function shown(
  value: unknown,
  name: string,
  compiled: CompiledConfig,
): string[] {
  if (Array.isArray(value)) {
    return value.length === 0
      ? ["none"]
      : value.map((each) => JSON.stringify(each));
  }
  if (value !== "auto") return [value === null ? "none" : String(value)];
  const { settings } = compiled;
  const meaning: Record<string, string> = {
    profile: compiled.profile,
    "socket.path": compiled.socket.path,
    stateDir: compiled.stateDir,
    "log.to": compiled.log.to,
    "victims.discover": String(compiled.discover),
    properties: compiled.properties,
    "lmkd.useNewStrategy": String(settings[SET_LMKD_MODE] === LMKD_NEW),
    "lmkd.perAppMemcg": String(settings[SET_PER_APP_MEMCG] === 1),
  };
  return [`auto: ${meaning[name] ?? ""}`];
}

function describeValue(
  name: string,
  rows: readonly string[],
  origin: Origin,
): string[] {
  const width = VALUE_COLUMNS - 1;
  const cut = rows.flatMap((row) => {
    const characters = [...row];
    const pieces: string[] = [];
    for (let i = 0; i < characters.length || i === 0; i += width) {
      pieces.push(characters.slice(i, i + width).join(""));
    }
    return pieces;
  });
  return cut.map((piece, i) =>
    (i === 0
      ? name.padEnd(KEY_COLUMNS) + piece.padEnd(VALUE_COLUMNS) +
        describeOrigin(origin)
      : " ".repeat(KEY_COLUMNS) + piece).trimEnd()
  );
}

/** The name of the file is above, that of the key beside. */
function describeOrigin(origin: Origin): string {
  switch (origin.from) {
    case "default":
      return "default";
    case "profile":
      return `profile ${origin.profile}`;
    case "property":
      return shortName(origin.name);
    case "file":
      return `line ${origin.place.line}`;
    case "option":
      return origin.place.source.split(" ")[0];
  }
}

function explainKey({ name, explanation, expected }: (typeof KEYS)[number]) {
  return { key: name, expected: expected(), explanation };
}

function explainKeys(): string {
  return KEYS.map((key) =>
    [
      key.name,
      ...wrap(key.explanation, COLUMNS - 2, "  "),
      ...wrap(`Expects ${key.expected()}.`, COLUMNS - 2, "  "),
    ].join("\n")
  ).join("\n");
}

/** The stable form: keys are added, never changed, while version is 1. */
function toJson(
  { config: compiled, warnings }: Effective,
  file: string | null,
  machine: Machine,
) {
  const { profile, config, stateDir, socket, log, group, discover } = compiled;
  const { properties } = compiled;
  return {
    version: 1,
    valid: true,
    file,
    machine: { memTotalKb: machine.memTotalKb, pageKb: machine.pageKb },
    config,
    origins: Object.fromEntries(compiled.origins),
    resolved: { profile, stateDir, socket, log, group, discover, properties },
    warnings,
  };
}

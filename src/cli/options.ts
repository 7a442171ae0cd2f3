// Options of `oomguard daemon`, and what they and the file and the properties
// come to for this machine or group.

import { type Override, parseSet } from "../config/load.ts";
import type { Machine } from "../config/profiles.ts";
import {
  type Effective,
  loadEffective,
  loadEffectiveLater,
} from "../props/effective.ts";
import { readGroupMachine, readMachine } from "./machine.ts";

// Loaded with this module only: a static import costs every start.
const { parseArgs } = await import("node:util");

/** What was asked for on the command line. */
export interface Options {
  readonly file: string | null;
  readonly overrides: readonly Override[];
}

/** Options of the command line; null after --help. Throws TypeError. */
export function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: "string", short: "c" },
      set: { type: "string", multiple: true },
      socket: { type: "string" },
      state: { type: "string" },
      group: { type: "string" },
      log: { type: "string" },
      "dry-run": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  const overrides = (values.set ?? []).map(parseSet);
  const named = [
    ["--socket", "socket.path", values.socket],
    ["--state", "stateDir", values.state],
    ["--group", "group", values.group],
    ["--log", "log.to", values.log],
  ] as const;
  for (const [source, key, value] of named) {
    if (value === undefined) continue;
    overrides.push({ source, key, json: JSON.stringify(value) });
  }
  if (values["dry-run"] === true) {
    overrides.push({ source: "--dry-run", key: "dryRun", json: "true" });
  }
  return { file: values.config ?? null, overrides };
}

/** Reads and compiles, waiting for each: for the machine, and once more for the
 * group where one is named, as its limit sizes the defaults. Throws
 * ConfigError. */
export function readNow({ file, overrides }: Options): Effective {
  const first = loadEffective(file, overrides, readMachine(null));
  const { group } = first.config;
  return group === null
    ? first
    : loadEffective(file, overrides, readGroupMachine(group));
}

/** As readNow, with programs running beside the guard. */
export async function readLater(options: Options): Promise<Effective> {
  const { file, overrides } = options;
  const load = (machine: Machine) =>
    loadEffectiveLater(file, overrides, machine);
  const first = await load(readMachine(null));
  const { group } = first.config;
  return group === null ? first : await load(readGroupMachine(group));
}

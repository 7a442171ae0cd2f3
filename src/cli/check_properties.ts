// `oomguard check --properties`: every property that lmkd reads, what it amounts
// to here, who said so and which key of the configuration it is.

import type { CompiledConfig, Origin } from "../config/compile.ts";
import type { Machine } from "../config/profiles.ts";
import { valueAt } from "../config/validate.ts";
import type { Effective } from "../props/effective.ts";
import type { Found } from "../props/layer.ts";
import { BUILT_IN, OVERRIDE, type Value } from "../props/row.ts";
import {
  LMKD_NEW,
  SET_LMKD_MODE,
  SET_PER_APP_MEMCG,
} from "../state/settings.ts";
import { COLUMNS, wrap } from "./columns.ts";

const NAME_COLUMNS = 30;
const VALUE_COLUMNS = 11;
const ORIGIN_COLUMNS = 10;

/** A property's name as one word: which of the sources it is. */
export function shortName(name: string): string {
  if (name.startsWith(OVERRIDE)) return "override";
  return name.startsWith(BUILT_IN) ? "ro.lmk" : "ro.config";
}

/** What the guard runs on, as lmkd's value of a property. */
function valueOf({ row, value }: Found, config: CompiledConfig): Value {
  const { settings } = config;
  switch (row.name) {
    case "low_ram":
      return config.profile === "low-ram";
    case "per_app_memcg":
      return settings[SET_PER_APP_MEMCG] === 1;
    case "use_new_strategy":
      return settings[SET_LMKD_MODE] === LMKD_NEW;
    case "debug":
      return config.log.level === "debug";
  }
  if (row.key === null) return value ?? row.standard;
  return valueAt(config.config, row.key.split(".")) as Value;
}

function originOf({ row, name }: Found, config: CompiledConfig): Origin {
  const origin = row.key === null ? undefined : config.origins.get(row.key);
  if (origin !== undefined) return origin;
  return name === null ? { from: "default" } : { from: "property", name };
}

function describeOrigin(origin: Origin): string {
  switch (origin.from) {
    case "default":
    case "profile":
      return origin.from;
    case "property":
      return shortName(origin.name);
    case "file":
      return `line ${origin.place.line}`;
    case "option":
      return origin.place.source.split(" ")[0];
  }
}

function describeSource({ config, properties }: Effective): string {
  const { source, known, values } = properties;
  if (source === "off") return "No properties are read.";
  const count = known ? `${values.size} read` : "none to be had";
  return `Properties of ${source}: ${count}; profile ${config.profile}.`;
}

/** The table as text. */
export function describeProperties(
  effective: Effective,
  file: string | null,
  _machine: Machine,
): string {
  const { config, found, warnings } = effective;
  const row = (cells: readonly string[]) =>
    (cells[0].padEnd(NAME_COLUMNS) + cells[1].padEnd(VALUE_COLUMNS) +
      cells[2].padEnd(ORIGIN_COLUMNS) + cells[3]).trimEnd();
  const lines = [
    file === null ? "No file: the defaults." : `${file} is valid.`,
    describeSource(effective),
    "",
    row(["PROPERTY", "VALUE", "FROM", "KEY"]),
  ];
  for (const each of found) {
    lines.push(row([
      each.row.name,
      String(valueOf(each, config)),
      describeOrigin(originOf(each, config)),
      each.row.key ?? "(not used)",
    ]));
  }
  if (warnings.length > 0) lines.push("");
  for (const warning of warnings) lines.push(...wrap(warning, COLUMNS, ""));
  return lines.join("\n");
}

/** The stable form: keys are added, never changed, while version is 1. */
export function propertiesJson(
  { config, properties, found, warnings }: Effective,
  file: string | null,
  machine: Machine,
) {
  return {
    version: 1,
    valid: true,
    file,
    machine: { memTotalKb: machine.memTotalKb, pageKb: machine.pageKb },
    profile: config.profile,
    source: properties.source,
    known: properties.known,
    properties: found.map((each) => ({
      name: each.row.name,
      names: each.row.names,
      value: valueOf(each, config),
      origin: originOf(each, config),
      key: each.row.key,
      default: each.row.standard,
      lowRamDefault: each.row.lowRam,
      meaning: each.row.meaning,
      notes: each.notes,
    })),
    warnings,
  };
}

// From properties to configuration values: for each of lmkd's properties the
// full name that counts, its value within bounds, and what there is to say of
// a value that cannot be taken as it stands.

import { NOTHING_TOLD, type Told, type ToldValue } from "../config/told.ts";
import type { PropertySet } from "./read.ts";
import type { PropertyRow, Value } from "./row.ts";
import { PROPERTIES } from "./table.ts";
import { isPlainNumber, parseSwitch, parseWhole } from "./value.ts";

/** What was found of one property. */
export interface Found {
  readonly row: PropertyRow;
  /** Full name of the property that counts; null: none can be used. */
  readonly name: string | null;
  /** Its value within bounds; null: as name. */
  readonly value: Value | null;
  /** Sentences about values that are not taken as they stand. */
  readonly notes: readonly string[];
}

/** Longest value that a note repeats. */
const SHOWN_MAX = 24;

/** One property: the override, else what the device is built with. As in lmkd,
 * a value that cannot be read counts as one that is not set. */
export function findProperty(row: PropertyRow, set: PropertySet): Found {
  const notes: string[] = [];
  for (const name of row.names) {
    const text = set.values.get(name)?.value ?? "";
    if (text === "") continue;
    const cut = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
    const shown = JSON.stringify(cut);
    const read = row.kind === "bool"
      ? parseSwitch(text)
      : parseWhole(text, row.kind);
    if (read === null) {
      const wanted = row.kind === "bool"
        ? "neither true nor false"
        : /^\s*[+-]?\d+$/.test(text)
        ? "too large a number"
        : "not a number";
      notes.push(`${name} is ${shown}: ${wanted}, not used`);
      continue;
    }
    if (typeof read === "boolean") return { row, name, value: read, notes };
    const value = held(read, row);
    if (BigInt(value) !== read) {
      notes.push(
        `${name} is ${read}, expected ${row.low} to ${row.high}: ` +
          `held to ${value}`,
      );
    } else if (!isPlainNumber(text)) {
      notes.push(`${name} is ${shown}: read as ${value}`);
    }
    return { row, name, value, notes };
  }
  return { row, name: null, value: null, notes };
}

function held(value: bigint, { low, high }: PropertyRow): number {
  if (value < BigInt(low)) return low;
  return value > BigInt(high) ? high : Number(value);
}

/** Every property, in the order of the table. */
export function findAll(set: PropertySet): Found[] {
  return PROPERTIES.map((row) => findProperty(row, set));
}

/** What the found properties say, for the compiler. */
export function tell(found: readonly Found[], set: PropertySet): Told {
  if (!set.known) return NOTHING_TOLD;
  const values = new Map<string, ToldValue>();
  let lowRam = false;
  let lowRamName: string | null = null;
  for (const { row, name, value } of found) {
    if (name === null || value === null || row.key === null) continue;
    if (row.key === "profile") {
      lowRam = value === true;
      lowRamName = name;
    } else if (row.key === "log.level") {
      // "Not debug" leaves three levels: whichever holds already, holds on.
      if (value === true) values.set(row.key, { value: "debug", name });
    } else {
      values.set(row.key, { value, name });
    }
  }
  return { lowRam, lowRamName, values };
}

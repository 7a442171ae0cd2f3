// One property of lmkd's as a row of the table: its full names, its kind, its
// defaults and the bounds that it is held to.

import type { Kind } from "./value.ts";

/** A property's value. */
export type Value = number | boolean;

/** One property of lmkd's. */
export interface PropertyRow {
  /** Without what comes before it in a full name. */
  readonly name: string;
  /** Full names, the one that counts most first. */
  readonly names: readonly string[];
  readonly kind: Kind;
  /** The configuration key; null: taken, and nothing follows from it. */
  readonly key: string | null;
  /** lmkd's defaults. */
  readonly standard: Value;
  readonly lowRam: Value;
  /** Bounds that a number is held to. */
  readonly low: number;
  readonly high: number;
  readonly meaning: string;
}

/** Begins the name that an experiment or a shell sets. */
export const OVERRIDE = "persist.device_config.lmkd_native.";
/** Begins the name that a device is built with. */
export const BUILT_IN = "ro.lmk.";

/** lmkd holds a number to these bounds or has none; where ours are narrower,
 * what lies outside means the same or nothing that can be meant. */
export type Bounds = readonly [low: number, high: number];

/** A row for a number. */
export function whole(
  name: string,
  key: string,
  standard: number,
  [low, high]: Bounds,
  meaning: string,
  more: Partial<PropertyRow> = {},
): PropertyRow {
  return {
    name,
    names: [OVERRIDE + name, BUILT_IN + name],
    kind: "i32",
    key,
    standard,
    lowRam: standard,
    low,
    high,
    meaning,
    ...more,
  };
}

/** A row for a switch. */
export function flag(
  name: string,
  key: string | null,
  standard: boolean,
  meaning: string,
  more: Partial<PropertyRow> = {},
): PropertyRow {
  return {
    name,
    names: [OVERRIDE + name, BUILT_IN + name],
    kind: "bool",
    key,
    standard,
    lowRam: standard,
    low: 0,
    high: 1,
    meaning,
    ...more,
  };
}

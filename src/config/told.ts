// What the system's properties say, laid between the file and the options: a
// property goes over the file and gives way to an option. A property is not
// ours to refuse: one that fits nothing is left out, and why is told.

import { type Draft, mergeInputs } from "./load.ts";
import type { Place } from "./problems.ts";
import type { ConfigInput } from "./schema.ts";

/** One value that a property gives. */
export interface ToldValue {
  /** Of the kind and within the bounds that the schema has for the key. */
  readonly value: string | number | boolean;
  /** The property's full name. */
  readonly name: string;
}

/** What properties say. */
export interface Told {
  /** ro.config.low_ram, false where it is not set; null: no properties. */
  readonly lowRam: boolean | null;
  /** Name of the property that says so; null: it is not set. */
  readonly lowRamName: string | null;
  /** By configuration key. */
  readonly values: ReadonlyMap<string, ToldValue>;
}

/** Where there are no properties. */
export const NOTHING_TOLD: Told = {
  lowRam: null,
  lowRamName: null,
  values: new Map(),
};

/** Android's own program that prints every property. */
export const GETPROP = "/system/bin/getprop";

/** Where properties come from: "off", "getprop" or a file; never "auto". */
export function propertySource(
  written: string | undefined,
  exists: (path: string) => boolean,
): string {
  if (written !== undefined && written !== "auto") return written;
  return exists(GETPROP) ? "getprop" : "off";
}

/** The draft with what properties say in it, those named in `ignored` left
 * out. */
export function overlayTold(
  draft: Draft,
  told: Told,
  ignored: ReadonlyMap<string, string>,
): Draft {
  const names = new Map<string, string>();
  const places = new Map<string, Place>(draft.places);
  let input = draft.input;
  for (const [key, { value, name }] of told.values) {
    // An option's place has no line.
    if (draft.places.get(key)?.line === 0 || ignored.has(name)) continue;
    names.set(key, name);
    places.set(key, { source: name, line: 0, column: 0 });
    const [first, second] = key.split(".");
    const layer = second === undefined
      ? { [first]: value }
      : { [first]: { [second]: value } };
    input = mergeInputs(input, layer as ConfigInput);
  }
  return { ...draft, input, places, told: names };
}

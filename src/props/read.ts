// The system's properties from where the configuration says: `getprop`, run
// once for all of them, or a file. What cannot be had is a problem to tell and
// never a reason to stop.

import { readBounded } from "../config/load.ts";
import { ConfigError, type Problem } from "../config/problems.ts";
import { GETPROP } from "../config/told.ts";
import { parseProperties, type Property } from "./parse.ts";
import {
  exists,
  OUTPUT_BYTES_MAX,
  type Ran,
  RUN_MS_MAX,
  runLater,
  runNow,
} from "./run.ts";

/** Properties, or why there are none. */
export interface PropertySet {
  /** "off", "getprop" or a file. */
  readonly source: string;
  /** Whether the source could be read: what it lacks is then not set. */
  readonly known: boolean;
  readonly values: ReadonlyMap<string, Property>;
  readonly problems: readonly Problem[];
  /** Lines that could not be understood; problems tell the first of them. */
  readonly badLines: number;
}

/** No properties, and none asked for. */
export const NO_PROPERTIES: PropertySet = {
  source: "off",
  known: false,
  values: new Map(),
  problems: [],
  badLines: 0,
};

/** Reads a source (never "auto") and waits for it; never throws. */
export function readProperties(
  source: string,
  program = getprop(),
  deadlineMs = RUN_MS_MAX,
): PropertySet {
  if (source === "off") return NO_PROPERTIES;
  if (source === "getprop") {
    return fromProgram(program, runNow(program, [], deadlineMs));
  }
  return fromFile(source);
}

/** As readProperties, beside everything else: a program that hangs is killed at
 * the deadline. Never rejects. */
export async function readPropertiesLater(
  source: string,
  program = getprop(),
  deadlineMs = RUN_MS_MAX,
): Promise<PropertySet> {
  if (source === "off") return NO_PROPERTIES;
  if (source === "getprop") {
    return fromProgram(program, await runLater(program, [], deadlineMs));
  }
  return fromFile(source);
}

function getprop(): string {
  return exists(GETPROP) ? GETPROP : "getprop";
}

function fromProgram(program: string, ran: Ran): PropertySet {
  const name = JSON.stringify(program);
  if (ran.failure !== null) {
    return unread("getprop", `cannot run ${name}: ${ran.failure}`);
  }
  const parsed = parseProperties(ran.output, "getprop");
  // No Android is without any: somebody keeps them from us.
  if (parsed.values.size === 0) {
    return unread("getprop", `${name} printed no property`);
  }
  return { source: "getprop", known: true, ...parsed };
}

function fromFile(file: string): PropertySet {
  try {
    const bytes = readBounded(file, OUTPUT_BYTES_MAX);
    return { source: file, known: true, ...parseProperties(bytes, file) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return unread(file, error.problems[0].text);
  }
}

function unread(source: string, text: string): PropertySet {
  const problem = { source, line: 0, column: 0, text };
  return { ...NO_PROPERTIES, source, problems: [problem] };
}

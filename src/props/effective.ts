// The configuration with the system's properties in it: options over
// properties over the file over defaults. Bad properties are told and passed
// over; only the file and the options can be refused.

import { compileConfig, type CompiledConfig } from "../config/compile.ts";
import { type Draft, type Override, readDraft } from "../config/load.ts";
import { describeProblem } from "../config/problems.ts";
import type { Machine } from "../config/profiles.ts";
import { propertySource } from "../config/told.ts";
import { findAll, type Found, tell } from "./layer.ts";
import {
  type PropertySet,
  readProperties,
  readPropertiesLater,
} from "./read.ts";
import { exists } from "./run.ts";

/** What the guard runs on, and what it was made of. */
export interface Effective {
  readonly config: CompiledConfig;
  readonly properties: PropertySet;
  /** Every property of lmkd's, in the order of the table. */
  readonly found: readonly Found[];
  /** One line for each thing to warn of; none when all is well. */
  readonly warnings: readonly string[];
}

/** Reads file, options and properties, waiting for each, and compiles them.
 * Throws ConfigError with all that is wrong with file and options. */
export function loadEffective(
  file: string | null,
  overrides: readonly Override[],
  machine: Machine,
): Effective {
  const draft = readDraft(file, overrides);
  const set = readProperties(sourceOf(draft, machine));
  return compileEffective(draft, machine, set);
}

/** As loadEffective, but a program that prints properties runs beside
 * everything else and is killed after two seconds. Rejects with ConfigError. */
export async function loadEffectiveLater(
  file: string | null,
  overrides: readonly Override[],
  machine: Machine,
): Promise<Effective> {
  const draft = readDraft(file, overrides);
  const set = await readPropertiesLater(sourceOf(draft, machine));
  return compileEffective(draft, machine, set);
}

/** Where a draft says that properties come from: never "auto". */
export function sourceOf(draft: Draft, machine: Machine): string {
  return propertySource(draft.input.properties, machine.exists ?? exists);
}

/** Compiles a draft with properties that were read; throws ConfigError. */
export function compileEffective(
  draft: Draft,
  machine: Machine,
  properties: PropertySet,
): Effective {
  const found = findAll(properties);
  const config = compileConfig(draft, machine, tell(found, properties));
  const warnings = [...readWarnings(properties)];
  for (const { row, notes } of found) {
    warnings.push(...notes);
    if (row.key === null) continue;
    for (const name of row.names) {
      const why = config.ignored.get(name);
      if (why !== undefined) warnings.push(`${name} is not used: ${why}`);
    }
  }
  return { config, properties, found, warnings };
}

function readWarnings({ source, problems, badLines }: PropertySet): string[] {
  const lines = problems.map((problem) =>
    problem.line > 0
      ? describeProblem(problem)
      : `Cannot read properties from ${JSON.stringify(source)}: ` +
        `${problem.text}; going on without`
  );
  const more = badLines - problems.length;
  if (more > 0) lines.push(`(${more} more lines of ${source} not understood)`);
  return lines;
}

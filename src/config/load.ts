// Reads what the owner wrote: a file, and options over it. Everything that is
// wrong is collected with its place; nothing that is wrong is kept.

import { makeLocate, type Parsed, parseJsonc, showText } from "./jsonc.ts";
import { GROUPS, type Key, KEYS } from "./keys.ts";
import { ConfigError, type Place, type Problem } from "./problems.ts";
import type { ConfigInput } from "./schema.ts";
import { checkValue, describeUnknown, valueAt } from "./validate.ts";

/** Largest file that is read; a full one with comments has about 8 KiB. */
export const FILE_BYTES_MAX = 262_144;

/** One value given outside the file, such as on the command line. */
export interface Override {
  /** What messages call it: `--set psi.someStallMs`, `--dry-run`. */
  readonly source: string;
  /** Dotted key. */
  readonly key: string;
  /** JSON; what is not JSON stands for itself, as a string. */
  readonly json: string;
}

/** What was written, checked value by value but not yet as a whole. */
export interface Draft {
  readonly input: ConfigInput;
  /** Places of the values, by key, and of the parts of lists. */
  readonly places: ReadonlyMap<string, Place>;
  /** What is wrong so far; compileConfig throws it with what it adds. */
  readonly problems: readonly Problem[];
  /** Keys and groups whose value was refused. */
  readonly refused: ReadonlySet<string>;
  /** Keys whose value a property of the system gave, and its name. */
  readonly told: ReadonlyMap<string, string>;
}

interface MutableDraft {
  input: ConfigInput;
  places: Map<string, Place>;
  problems: Problem[];
  refused: Set<string>;
  told: Map<string, string>;
}

/** An option `KEY=VALUE` of --set; without "=" the value is empty, which fits
 * no key, so that it is reported with everything else. */
export function parseSet(text: string): Override {
  const equals = text.indexOf("=");
  const key = equals < 0 ? text : text.slice(0, equals);
  const json = equals < 0 ? "" : text.slice(equals + 1);
  return { source: `--set ${showText(key)}`, key, json };
}

/** Reads a file (null: none) and the options over it. Throws ConfigError when
 * the file cannot be read; all else that is wrong is in the draft. */
export function readDraft(
  file: string | null,
  overrides: readonly Override[],
): Draft {
  const bytes = file === null ? null : readConfigFile(file);
  return parseConfig(bytes, file ?? "", overrides);
}

/** The bytes of a configuration file; ConfigError when it cannot be read. */
export function readConfigFile(file: string): Uint8Array {
  return readBounded(file, FILE_BYTES_MAX);
}

/** The bytes of a regular file of at most `bytesMax`; ConfigError when it
 * cannot be read. */
export function readBounded(file: string, bytesMax: number): Uint8Array {
  const name = JSON.stringify(file);
  const fail = (why: string, cause?: unknown) => {
    const problem = { source: file, line: 0, column: 0, text: why };
    const message = `Cannot read ${name}: ${why}`;
    return new ConfigError([problem], { message, cause });
  };
  let length = 0;
  const bytes = new Uint8Array(bytesMax + 1);
  try {
    // A pipe would be waited for, and a folder read as nothing.
    if (!Deno.statSync(file).isFile) throw fail("it is not a regular file");
    using opened = Deno.openSync(file);
    while (length < bytes.length) {
      const count = opened.readSync(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw fail("there is no such file", error);
    }
    throw fail(error instanceof Error ? error.message : String(error), error);
  }
  if (length > bytesMax) {
    throw fail(`it is larger than ${bytesMax} bytes`);
  }
  return bytes.slice(0, length);
}

/**
 * A file's bytes (null: no file) and the options over it, in order. Never
 * throws: what is wrong is in the draft.
 */
export function parseConfig(
  bytes: Uint8Array | null,
  file: string,
  overrides: readonly Override[],
): Draft {
  const draft: MutableDraft = {
    input: {},
    places: new Map(),
    problems: [],
    refused: new Set(),
    told: new Map(),
  };
  if (bytes !== null) {
    const parsed = parseFile(bytes, file);
    // What cannot be read may have said anything: no rule can be checked.
    if (parsed.value === undefined) {
      for (const { name } of KEYS) draft.refused.add(name);
    }
    mergeParsed(draft, parsed);
  }
  for (const override of overrides) mergeOverride(draft, override);
  return draft;
}

function parseFile(bytes: Uint8Array, file: string): Parsed {
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const problem = { source: file, line: 1, column: 1 };
    const said = "the file is not UTF-8 text, expected JSON";
    const problems = [{ ...problem, text: said }];
    return { value: undefined, spots: new Map(), problems };
  }
  return parseJsonc(text, makeLocate(file, text), []);
}

function mergeOverride(draft: MutableDraft, override: Override): void {
  const { source, key, json } = override;
  const place: Place = { source, line: 0, column: 0 };
  const path = key.split(".");
  const known = KEYS.find(({ name }) => name === key);
  if (known === undefined && !GROUPS.has(key)) {
    draft.problems.push({ ...place, text: describeUnknown(path, false) });
    return;
  }
  const parsed = parseJsonc(
    toJson(json, known),
    makeLocate(source, null),
    path,
  );
  let value = parsed.value;
  if (value === undefined) draft.refused.add(key);
  else for (const step of path.toReversed()) value = { [step]: value };
  mergeParsed(draft, { ...parsed, value });
}

/** A value as JSON: a shell eats quotes, so a bare word is a string, and so is
 * a bare number where only a string will do. */
function toJson(text: string, key: Key | undefined): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return /^\s*[\[{"]/.test(text) ? text : JSON.stringify(text);
  }
  const bare = key !== undefined && typeof value === "number" &&
    !key.accepts(value) && key.accepts(text);
  return bare ? JSON.stringify(text) : text;
}

/** Checks one layer and puts it over what the draft has. */
function mergeParsed(draft: MutableDraft, parsed: Parsed): void {
  const { input, problems } = checkValue(parsed, draft.refused);
  draft.problems.push(...problems);
  for (const { name, path } of KEYS) {
    if (valueAt(input, path) === undefined) continue;
    for (const old of draft.places.keys()) {
      if (isPart(old, name)) draft.places.delete(old);
    }
    for (const [part, spot] of parsed.spots) {
      if (isPart(part, name)) draft.places.set(part, spot);
    }
  }
  draft.input = mergeInputs(draft.input, input);
}

/** Whether a path is a key or a part of the list under it. */
function isPart(path: string, key: string): boolean {
  return path === key || path.startsWith(`${key}[`);
}

/** `over` on top of `under`: groups by key, lists and values whole. */
export function mergeInputs(
  under: ConfigInput,
  over: ConfigInput,
): ConfigInput {
  const merged: Record<string, unknown> = { ...under, ...over };
  for (const group of GROUPS.keys()) {
    const below = valueAt(under, [group]);
    const above = valueAt(over, [group]);
    if (below === undefined || above === undefined) continue;
    merged[group] = { ...below, ...above };
  }
  return merged as ConfigInput;
}

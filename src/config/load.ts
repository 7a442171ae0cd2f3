// Reads what the owner wrote: a file, and options over it. Everything that is
// wrong is collected with its place; nothing that is wrong is kept.

import { makeLocate, type Parsed, parseJsonc, showText } from "./jsonc.ts";
import { GROUPS, KEYS } from "./keys.ts";
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
}

interface MutableDraft {
  input: ConfigInput;
  places: Map<string, Place>;
  problems: Problem[];
  refused: Set<string>;
}

/** An option `KEY=VALUE` of --set; without "=" the value is empty, which fits
 * no key, so that it is reported with everything else. */
export function parseSet(text: string): Override {
  const equals = text.indexOf("=");
  const key = equals < 0 ? text : text.slice(0, equals);
  const json = equals < 0 ? "" : text.slice(equals + 1);
  return { source: `--set ${showText(key)}`, key, json };
}

/** The bytes of a configuration file; ConfigError when it cannot be read. */
export function readConfigFile(file: string): Uint8Array {
  const name = JSON.stringify(file);
  const fail = (why: string, cause?: unknown) => {
    const problem = { source: file, line: 0, column: 0, text: why };
    const message = `Cannot read ${name}: ${why}`;
    return new ConfigError([problem], { message, cause });
  };
  let length = 0;
  const bytes = new Uint8Array(FILE_BYTES_MAX + 1);
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
  if (length > FILE_BYTES_MAX) {
    throw fail(`it is larger than ${FILE_BYTES_MAX} bytes`);
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
  const known = GROUPS.has(key) || KEYS.some(({ name }) => name === key);
  if (!known) {
    draft.problems.push({ ...place, text: describeUnknown(path, false) });
    return;
  }
  const parsed = parseJsonc(toJson(json), makeLocate(source, null), path);
  let value = parsed.value;
  if (value === undefined) draft.refused.add(key);
  else for (const step of path.toReversed()) value = { [step]: value };
  mergeParsed(draft, { ...parsed, value });
}

/** A value as JSON: a shell eats quotes, so a bare word is a string. */
function toJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return /^\s*[\[{"]/.test(text) ? text : JSON.stringify(text);
  }
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
function mergeInputs(under: ConfigInput, over: ConfigInput): ConfigInput {
  const merged: Record<string, unknown> = { ...under, ...over };
  for (const group of GROUPS.keys()) {
    const below = valueAt(under, [group]);
    const above = valueAt(over, [group]);
    if (below === undefined || above === undefined) continue;
    merged[group] = { ...below, ...above };
  }
  return merged as ConfigInput;
}

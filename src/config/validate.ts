// One layer of configuration against the schema: what is wrong is told with
// its place and taken out, so that the rest can still be checked.

import { describePath, type Parsed, showText, type Spot } from "./jsonc.ts";
import type { Step } from "./jsonc.ts";
import { GROUPS, KEYS, nearestKey } from "./keys.ts";
import { type Problem, PROBLEMS_SHOWN_MAX } from "./problems.ts";
import { type ConfigInput, configSchema } from "./schema.ts";

/** What of a layer can be used, and what is wrong with the rest. */
export interface Checked {
  readonly input: ConfigInput;
  /** In the order of the text. */
  readonly problems: readonly Problem[];
}

/** The value of a key in an input; undefined where it was left out. */
export function valueAt(input: unknown, path: readonly string[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** Checks a layer; its value loses what is wrong, whose keys are added to
 * `refused`. */
export function checkValue(parsed: Parsed, refused: Set<string>): Checked {
  const problems = [...parsed.problems];
  const told = new Set<string>();
  let input: ConfigInput | null = parsed.value === undefined ? {} : null;
  let value = parsed.value;
  let unknown = 0;
  // Each turn takes out whole what it complains of, so the second is clean
  // but for what a refused part had hidden.
  while (input === null) {
    const result = configSchema.safeParse(value);
    if (result.success) {
      input = result.data;
      break;
    }
    for (const issue of result.error.issues) {
      const path = issue.path as Step[];
      if (issue.code === "unrecognized_keys") {
        for (const key of issue.keys) {
          const full = [...path, key];
          const brief = unknown++ >= PROBLEMS_SHOWN_MAX;
          const text = describeUnknown(full, brief);
          problems.push({ ...spotOf(parsed.spots, full).key, text });
          value = takeOut(value, full, refused);
        }
        continue;
      }
      const name = describePath(path);
      if (!told.has(name)) {
        problems.push(describeIssue(parsed.spots, path, issue.message));
      }
      told.add(name);
      value = takeOut(value, path, refused);
    }
  }
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return { input, problems };
}

/** The spot of a path, or of the nearest thing around it. */
function spotOf(
  spots: ReadonlyMap<string, Spot>,
  path: readonly Step[],
): Spot {
  for (let length = path.length; length >= 0; length--) {
    const spot = spots.get(describePath(path.slice(0, length)));
    if (spot !== undefined) return spot;
  }
  throw new TypeError(`Cannot place ${describePath(path)}: no spot around it`);
}

function describeIssue(
  spots: ReadonlyMap<string, Spot>,
  path: readonly Step[],
  said: string,
): Problem {
  const { source, line, column, written } = spotOf(spots, path);
  const name = describePath(path);
  const group = GROUPS.get(name);
  const expected = path.length === 0
    ? "an object in braces"
    : group === undefined
    ? said
    : `an object with ${group.join(", ")}`;
  const is = spots.has(name) ? `is ${written}` : "is missing";
  const subject = name === "" ? "the configuration" : name;
  const text = `${subject} ${is}, expected ${expected}`;
  return { source, line, column, text };
}

/** An unknown key, with the known one it is most like; `brief` leaves out the
 * search for that. */
export function describeUnknown(path: readonly Step[], brief: boolean): string {
  const said = `${showText(describePath(path))} is not a known key`;
  if (brief || path.length > 2) return said;
  const near = nearestKey(path.map(String));
  if (near !== null) return `${said}, did you mean ${near}?`;
  const group = GROUPS.get(String(path[0]));
  const known = path.length === 2 && group !== undefined
    ? group
    : Object.keys(configSchema.shape);
  return `${said}, expected one of ${known.join(", ")}`;
}

/** The value without the known key that `path` lies in, or without the path
 * itself. Works in place: a layer's value is its own. */
function takeOut(
  value: unknown,
  path: readonly Step[],
  refused: Set<string>,
): unknown {
  const [first, second] = path;
  if (first === undefined) {
    for (const { name } of KEYS) refused.add(name);
    return {};
  }
  const top = value as Record<string, unknown>;
  const inner = top[first];
  if (!GROUPS.has(String(first)) || second === undefined) {
    delete top[first];
    refused.add(String(first));
  } else if (typeof inner === "object" && inner !== null) {
    delete (inner as Record<string, unknown>)[second];
    refused.add(`${first}.${second}`);
  }
  return value;
}

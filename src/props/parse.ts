// System properties as text: build.prop's lines, `name=value` with # before
// comments, and what `getprop` prints, `[name]: [value]` where a value may hold
// line ends. A property file is not ours: any bytes end in values and problems.

import type { Problem } from "../config/problems.ts";

/** One property as it was read. */
export interface Property {
  readonly value: string;
  /** Where it starts, from 1. */
  readonly line: number;
}

/** What a text holds. */
export interface ParsedProperties {
  /** By name; of a name that comes twice, the last. */
  readonly values: ReadonlyMap<string, Property>;
  /** The first PROBLEMS_MAX of what is wrong. */
  readonly problems: readonly Problem[];
  /** How many lines are wrong. */
  readonly badLines: number;
}

/** Problems kept of one text; further ones are counted. */
export const PROBLEMS_MAX = 20;

/** A name that Android allows (AOSP init, IsLegalPropertyName). */
const NAME = /^[A-Za-z0-9_@:-]+(\.[A-Za-z0-9_@:-]+)*$/;

/** What no value of a property holds. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

const BRACKETED = /^\[([^\]]*)\]: \[(.*)$/s;

/** Parses either form, line by line; `source` is what problems call it. Never
 * throws. */
export function parseProperties(
  bytes: Uint8Array,
  source: string,
): ParsedProperties {
  const values = new Map<string, Property>();
  const problems: Problem[] = [];
  let badLines = 0;
  const complain = (line: number, text: string) => {
    badLines++;
    if (problems.length >= PROBLEMS_MAX) return;
    problems.push({ source, line, column: 1, text });
  };
  const keep = (name: string, value: string, line: number) => {
    if (!NAME.test(name)) {
      complain(line, "expected a property name of letters, digits and ._-@:");
    } else if (CONTROL.test(value)) {
      complain(line, `${name} holds a control character, expected text`);
    } else {
      values.set(name, { value, line });
    }
  };
  const lines = new TextDecoder().decode(bytes).split("\n");
  for (let i = 0; i < lines.length; i++) {
    const start = i + 1;
    const text = lines[i].trim();
    if (text === "" || text.startsWith("#")) continue;
    const [, name, begun] = BRACKETED.exec(text) ?? [];
    if (begun !== undefined) {
      const last = endOf(lines, i);
      if (last < 0) {
        complain(start, 'expected "]", the end of the value');
        continue;
      }
      const rest = lines.slice(i + 1, last + 1);
      keep(name, [begun, ...rest].join("\n").trimEnd().slice(0, -1), start);
      i = last;
      continue;
    }
    const equals = text.indexOf("=");
    if (equals < 0) {
      complain(start, "expected name=value or [name]: [value]");
      continue;
    }
    keep(text.slice(0, equals).trimEnd(), text.slice(equals + 1).trim(), start);
  }
  return { values, problems, badLines };
}

/** Lines that one value may have: a value has 91 bytes, or a few hundred where
 * its name begins with "ro.". */
const VALUE_LINES_MAX = 1_000;

/** Index of the line that ends the value begun in line `from`; -1: none does
 * before the next value begins. */
function endOf(lines: readonly string[], from: number): number {
  const end = Math.min(lines.length, from + VALUE_LINES_MAX);
  for (let i = from; i < end; i++) {
    const line = lines[i].trimEnd();
    if (i > from && BRACKETED.test(line)) return -1;
    if (line.endsWith("]")) return i;
  }
  return -1;
}

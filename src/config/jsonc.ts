// JSON with comments to values, with the place of each: hostile text ends in
// problems, never in a deep stack, a silent second value or a lost place.

import {
  createScanner,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
  type SyntaxKind,
} from "jsonc-parser";
import type { Place, Problem } from "./problems.ts";

/** Brackets that may be open at once; the configuration needs three. */
export const DEPTH_MAX = 8;

/** Characters of what was written that a message repeats. */
const SHOWN_MAX = 40;

// Token kinds of jsonc-parser, whose const enum cannot be imported by value.
const OPEN_BRACE = 1 as SyntaxKind;
const CLOSE_BRACE = 2 as SyntaxKind;
const OPEN_BRACKET = 3 as SyntaxKind;
const CLOSE_BRACKET = 4 as SyntaxKind;
const END = 17 as SyntaxKind;

/** One step into a value: a key or an index. */
export type Step = string | number;

/** Where a value was written, and how. */
export interface Spot extends Place {
  /** The value as it stands in the text, cut to be shown. */
  readonly written: string;
  /** Where its key is; its own place when it has none. */
  readonly key: Place;
}

/** What a text says: a value, and the spot of each of its parts. */
export interface Parsed {
  readonly value: unknown;
  /** By path, written as describePath does. */
  readonly spots: ReadonlyMap<string, Spot>;
  readonly problems: readonly Problem[];
}

/** Offset to place; a text without lines (an option) answers line 0. */
type Locate = (offset: number) => Place;

/** `psi.someStallMs`, `minfree[2].adj`, `["odd key"]`. */
export function describePath(path: readonly Step[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (!/^[A-Za-z_]\w*$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** One line, cut, with nothing in it that a terminal would obey. */
export function showText(text: string): string {
  const line = text.slice(0, SHOWN_MAX * 4).replace(/\s+/gu, " ").trim()
    .replace(
      /\p{C}/gu,
      (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
    );
  const shown = [...line];
  if (shown.length <= SHOWN_MAX && text.length <= SHOWN_MAX * 4) return line;
  return `${shown.slice(0, SHOWN_MAX).join("")}…`;
}

/** Places by line and column for a file, or by name alone for an option. */
export function makeLocate(source: string, text: string | null): Locate {
  if (text === null) return () => ({ source, line: 0, column: 0 });
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) {
    starts.push(match.index + match[0].length);
  }
  // Questions come mostly in order: counting goes on from the last answer, or
  // one long line would be counted anew for each of its values.
  let last = 0;
  let line = 0;
  let column = 1;
  return (offset) => {
    if (offset < last) [last, line, column] = [0, 0, 1];
    while (line + 1 < starts.length && starts[line + 1] <= offset) {
      line++;
      [last, column] = [starts[line], 1];
    }
    for (; last < offset; last++) {
      // The second half of a surrogate pair is no character of its own.
      if ((text.charCodeAt(last) & 0xfc00) !== 0xdc00) column++;
    }
    return { source, line: line + 1, column };
  };
}

/**
 * The value at `path` that `text` says. Where the text is not JSON, the value
 * is undefined and the problems are those of its syntax alone.
 */
export function parseJsonc(
  text: string,
  locate: Locate,
  path: readonly Step[],
): Parsed {
  const nothing = { value: undefined, spots: new Map<string, Spot>() };
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    const problem = { ...locate(nul), text: "found a NUL, expected text" };
    return { ...nothing, problems: [problem] };
  }
  const deep = findDeep(text);
  if (deep >= 0) {
    const said = `brackets are nested deeper than ${DEPTH_MAX} levels`;
    return { ...nothing, problems: [{ ...locate(deep), text: said }] };
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || root === undefined) {
    return { ...nothing, problems: describeErrors(text, errors, locate) };
  }
  const spots = new Map<string, Spot>();
  const problems: Problem[] = [];
  const value = toValue({ text, locate, spots, problems }, root, path, null);
  return { value, spots, problems };
}

/** Offset of the bracket that is one too deep, or -1: the parser recurses. */
function findDeep(text: string): number {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let kind = scanner.scan(); kind !== END; kind = scanner.scan()) {
    if (kind === OPEN_BRACE || kind === OPEN_BRACKET) {
      if (++depth > DEPTH_MAX) return scanner.getTokenOffset();
    } else if (kind === CLOSE_BRACE || kind === CLOSE_BRACKET) depth--;
  }
  return -1;
}

const ERRORS: Record<string, string> = {
  InvalidNumberFormat: "expected a number",
  PropertyNameExpected: "expected a key in double quotes",
  ValueExpected: "expected a value",
  ColonExpected: 'expected ":"',
  CommaExpected: 'expected ","',
  CloseBraceExpected: 'expected "}"',
  CloseBracketExpected: 'expected "]"',
  EndOfFileExpected: "expected nothing more",
  UnexpectedEndOfComment: 'expected "*/", the end of the comment',
  UnexpectedEndOfString: "expected a double quote, the end of the string",
  UnexpectedEndOfNumber: "expected a digit",
  InvalidUnicode: "expected four hexadecimal digits after \\u",
  InvalidEscapeCharacter: "expected a JSON escape after the backslash",
  InvalidCharacter: "found a control character, expected \\u and its number",
};

/** One problem for each line: what follows in it is mostly its echo. */
function describeErrors(
  text: string,
  errors: readonly ParseError[],
  locate: Locate,
): Problem[] {
  const problems: Problem[] = [];
  for (const error of errors) {
    const place = locate(error.offset);
    if (problems.at(-1)?.line === place.line) continue;
    const code = printParseErrorCode(error.error);
    const found = showText(
      text.slice(error.offset, error.offset + error.length),
    );
    problems.push({ ...place, text: describeError(text, code, found) });
  }
  return problems;
}

function describeError(text: string, code: string, found: string): string {
  if (code === "ValueExpected" && found === "") {
    if (text.trim() === "") return "the text is empty, expected {}";
    if (text.trim().startsWith("/")) {
      return "the text holds only comments, expected {}";
    }
  }
  if (code === "InvalidSymbol") {
    return `found ${found}, expected a JSON value or a key in double quotes`;
  }
  const said = ERRORS[code] ?? "expected JSON";
  return found === "" || said.startsWith("found")
    ? said
    : `found ${/^[,:{}[\]]$/.test(found) ? `"${found}"` : found}, ${said}`;
}

interface Walk {
  readonly text: string;
  readonly locate: Locate;
  readonly spots: Map<string, Spot>;
  readonly problems: Problem[];
}

/** A node as a value without prototype; spots and second keys are noted. */
function toValue(
  walk: Walk,
  node: Node,
  path: readonly Step[],
  key: Place | null,
): unknown {
  const place = walk.locate(node.offset);
  walk.spots.set(describePath(path), {
    ...place,
    key: key ?? place,
    written: showText(
      walk.text.slice(node.offset, node.offset + node.length),
    ),
  });
  const children = node.children ?? [];
  if (node.type === "array") {
    return children.map((child, index) =>
      toValue(walk, child, [...path, index], null)
    );
  }
  // Minus zero is zero: it would print as one and compare as another.
  if (node.type !== "object") return node.value === 0 ? 0 : node.value;
  const value = Object.create(null) as Record<string, unknown>;
  const lines = new Map<string, number>();
  for (const property of children) {
    const [name, child] = property.children ?? [];
    if (name === undefined || child === undefined) continue;
    const at = walk.locate(name.offset);
    const step = String(name.value);
    const first = lines.get(step);
    if (first !== undefined) {
      const said = showText(describePath([...path, step]));
      const where = at.line === 0 ? "" : `, first in line ${first}`;
      walk.problems.push({ ...at, text: `${said} is given twice${where}` });
      continue;
    }
    lines.set(step, at.line);
    value[step] = toValue(walk, child, [...path, step], at);
  }
  return value;
}

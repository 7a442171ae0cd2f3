// Reads TypeScript as far as the rules need it: which characters are code,
// which are comment or text, and what a file imports.

/** One import or re-export of a file. */
export interface Import {
  /** The specifier as written. */
  readonly from: string;
  /** Whether the whole statement is `import type` or `export type`. */
  readonly typeOnly: boolean;
}

const AFTER_VALUE = /[\w$)\]}"'`]\s*$/;
const AFTER_KEYWORD = /\b(return|typeof|case|in|of|do|else|void)\s*$/;

/** End of the text or regexp that opens at `start` with `mark`. */
function endOfQuoted(source: string, start: number, mark: string): number {
  let inClass = false;
  for (let i = start + 1; i < source.length; i++) {
    const c = source[i]!;
    if (c === "\\") i++;
    else if (c === "\n") return i;
    else if (mark === "/" && c === "[") inClass = true;
    else if (mark === "/" && c === "]") inClass = false;
    else if (c === mark && !inClass) return i;
  }
  return source.length;
}

/** Whether a slash after this code opens a regexp rather than divides. */
function opensRegexp(before: string): boolean {
  return !AFTER_VALUE.test(before) || AFTER_KEYWORD.test(before);
}

/**
 * The source with comments and the insides of texts blanked, same length:
 * what is left is code. Code inside `${}` of a template stays.
 */
export function codeOf(source: string): string {
  let out = "";
  // Brace depth at which each open template goes on.
  const templates: number[] = [];
  let depth = 0;
  const blank = (end: number) => {
    out += source.slice(out.length, end).replace(/[^\n]/g, " ");
  };
  const template = () => {
    while (out.length < source.length) {
      const c = source[out.length];
      if (c === "\\") blank(out.length + 2);
      else if (c === "`") {
        out += c;
        return;
      } else if (c === "$" && source[out.length + 1] === "{") {
        blank(out.length + 1);
        out += "{";
        templates.push(depth++);
        return;
      } else blank(out.length + 1);
    }
  };
  while (out.length < source.length) {
    const at = out.length;
    const c = source[at]!;
    const next = source[at + 1];
    if (c === "/" && next === "/") {
      const end = source.indexOf("\n", at);
      blank(end < 0 ? source.length : end);
    } else if (c === "/" && next === "*") {
      const end = source.indexOf("*/", at + 2);
      blank(end < 0 ? source.length : end + 2);
    } else if (
      c === '"' || c === "'" || (c === "/" && opensRegexp(out.slice(-40)))
    ) {
      const end = endOfQuoted(source, at, c);
      out += c;
      blank(end);
      out += source[end] ?? "";
    } else {
      out += c;
      if (c === "`") template();
      else if (c === "{") depth++;
      else if (c === "}") {
        depth--;
        if (templates.at(-1) === depth) {
          templates.pop();
          template();
        }
      }
    }
  }
  return out;
}

const STATEMENT =
  /\b(?:import|export)\b(\s+type\b(?!\s+from\b))?[\w$\s{},*]*?\bfrom\s*(["'])( *)\2/g;
const BARE = /\bimport\s*\(?\s*(["'])( *)\1/g;

/** Everything a file imports, in order, dynamic imports included. */
export function importsOf(source: string): Import[] {
  const code = codeOf(source);
  const found: { at: number; one: Import }[] = [];
  for (const match of code.matchAll(STATEMENT)) {
    const end = match.index + match[0].length - 1;
    const from = source.slice(end - match[3]!.length, end);
    found.push({ at: end, one: { from, typeOnly: match[1] !== undefined } });
  }
  for (const match of code.matchAll(BARE)) {
    const end = match.index + match[0].length - 1;
    const from = source.slice(end - match[2]!.length, end);
    found.push({ at: end, one: { from, typeOnly: false } });
  }
  return found.sort((a, b) => a.at - b.at).map(({ one }) => one);
}

/** The path that `specifier` names, seen from `path`; null for a package. */
export function resolveImport(path: string, specifier: string): string | null {
  if (!/^\.\.?\//.test(specifier)) return null;
  const url = new URL(specifier, `file:///tree/${path}`);
  return url.pathname.startsWith("/tree/")
    ? url.pathname.slice("/tree/".length)
    : url.pathname;
}

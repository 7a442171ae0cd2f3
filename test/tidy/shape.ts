// Rules about how files look: length, opening guarantee, JSDoc, names, notes
// to self, the top folder, and the tasks the README promises. Each answers the
// problems it found, one line each; none is good.

import { filesOf, IGNORED, type Tree } from "./tree.ts";

/** House rule: files under 300 lines, hard limit 500. */
export const FILE_LINES_WARN = 300;
export const FILE_LINES_MAX = 500;
/** House rule: functions under 70 lines (TypeScript: lint function-lines). */
const FUNCTION_LINES_MAX = 70;
/** House rule: the shim is mechanism only. Headers declare and do not count.
 * Of it 900 lines do what the guard asks of the kernel, and 800 keep the guard
 * itself alive: its memory, the watchdog thread, and starting the keeper, which
 * is a program of its own. */
const SHIM_LINES_MAX = 1_900;

const TOP_FOLDER = [
  ..."src ffi targets test deno.json deno.lock build.ts".split(" "),
  ..."README.md LICENSE ARCHITECTURE.md CHANGELOG.md".split(" "),
];

const CODE = [".ts", ".c", ".h", ".S"];

function codeFiles(tree: Tree): [string, string][] {
  return filesOf(tree, "", ...CODE);
}

function lineCount(source: string): number {
  return source.split("\n").length - (source.endsWith("\n") ? 1 : 0);
}

/** Files over the hard limit. */
export function lengthProblems(tree: Tree): string[] {
  return overLength(tree, FILE_LINES_MAX);
}

/** Files over `limit` lines, with their length. */
export function overLength(tree: Tree, limit: number): string[] {
  return codeFiles(tree)
    .filter(([, source]) => lineCount(source) > limit)
    .map(([path, source]) => `${path}: ${lineCount(source)} lines of ${limit}`);
}

/** C functions over the limit. A function opens at column 0 and ends there. */
export function cFunctionProblems(tree: Tree): string[] {
  const problems: string[] = [];
  for (const [path, source] of filesOf(tree, "ffi/", ".c", ".h")) {
    let start = -1;
    source.split("\n").forEach((line, i) => {
      if (start < 0 && /^[a-z_][^;=#]*\(/.test(line)) start = i;
      if (start >= 0 && /^[^ ].*;\s*$/.test(line)) start = -1;
      if (!line.startsWith("}")) return;
      const lines = i - start + 1;
      if (start >= 0 && lines > FUNCTION_LINES_MAX) {
        problems.push(`${path}:${start + 1}: function of ${lines} lines`);
      }
      start = -1;
    });
  }
  return problems;
}

/** The shim stays small. The keeper is no part of it: it is a program of its
 * own, under the limit of any file. */
export function shimProblems(tree: Tree): string[] {
  const lines = filesOf(tree, "ffi/", ".c")
    .filter(([path]) => path !== "ffi/keeper.c")
    .map(([, source]) => lineCount(source))
    .reduce((sum, one) => sum + one, 0);
  return lines < SHIM_LINES_MAX
    ? []
    : [`ffi: ${lines} lines of C, the shim stays under ${SHIM_LINES_MAX}`];
}

const DIRECTIVE = /^(#!|\/\/ @hot\s*$|\/\/ deno-lint-ignore-file|\/\/ @ts-)/;

/** Whether the first comment of a file is a sentence, directives aside. */
function opensWithSentence(source: string): boolean {
  const lines = source.split("\n").filter((line) => !DIRECTIVE.test(line));
  const match = /^(\/\/|\/\*+|#(?!\w))(.*)$/.exec(lines[0] ?? "");
  if (match === null) return false;
  const words = match[1]!.startsWith("/*") && match[2]!.trim() === ""
    ? lines[1] ?? ""
    : match[2]!;
  return /[\w"'`]+\S* \S+/.test(words);
}

/** Every file opens with a comment that says what it guarantees. */
export function openingProblems(tree: Tree): string[] {
  return filesOf(tree, "", ...CODE, ".sh")
    .filter(([, source]) => !opensWithSentence(source))
    .map(([path]) => `${path}: opens without saying what it guarantees`);
}

const EXPORT =
  /^export (?:async |abstract |declare |default |const (?=enum))*(?:function\*?|const|let|class|interface|type|enum)\s+([\w$]+)/;

/** Whether line `i` stands under a JSDoc; a run of constants shares one. */
function isDocumented(lines: string[], i: number): boolean {
  let first = i;
  while (/^export const .*;$/.test(lines[first]!) && first > 0) {
    if (!/^export const .*;$/.test(lines[first - 1]!)) break;
    first--;
  }
  return lines[first - 1]?.trimEnd().endsWith("*/") ?? false;
}

/** Exports of the layers that others build on carry a JSDoc sentence. */
export function jsdocProblems(tree: Tree): string[] {
  const problems: string[] = [];
  for (const layer of ["base", "wire", "policy", "kernel"]) {
    for (const [path, source] of filesOf(tree, `src/${layer}/`, ".ts")) {
      const lines = source.split("\n");
      lines.forEach((line, i) => {
        const match = EXPORT.exec(line);
        if (match === null || isDocumented(lines, i)) return;
        problems.push(`${path}:${i + 1}: ${match[1]} has no JSDoc`);
      });
    }
  }
  return problems;
}

/** Notes to self do not reach main. */
export function noteProblems(tree: Tree): string[] {
  const problems: string[] = [];
  for (const [path, source] of tree) {
    if (!/^(src\/|ffi\/|build\.ts$)/.test(path)) continue;
    source.split("\n").forEach((line, i) => {
      const note = /\b(FIXME|TODO|XXX)\b/.exec(line);
      if (note !== null) problems.push(`${path}:${i + 1}: ${note[1]}`);
    });
  }
  return problems;
}

/** The top folder holds what the layout names, dot files, and output. */
export function topFolderProblems(names: string[]): string[] {
  return names
    .filter((name) => !name.startsWith("."))
    .filter((name) => !TOP_FOLDER.includes(name) && !IGNORED.includes(name))
    .map((name) => `${name}: not in the layout of the top folder`);
}

/** File and folder names are snake_case; what init systems name is theirs. */
export function nameProblems(tree: Tree): string[] {
  return [...tree.keys()]
    .filter((path) => /^(src|ffi|test)\/|^build/.test(path))
    .filter((path) => !/\/(README|RESULTS)\.md$/.test(path))
    .filter((path) =>
      !path.split("/").every((part) =>
        /^\.?[a-z0-9]+(_[a-z0-9]+)*(\.[a-zA-Z0-9]+)*$/.test(part)
      )
    )
    .map((path) => `${path}: names are snake_case`);
}

/** Every task that the README tells to run exists in deno.json. */
export function readmeProblems(tree: Tree): string[] {
  const readme = tree.get("README.md") ?? "";
  const config = JSON.parse(tree.get("deno.json") ?? "{}");
  const tasks = Object.keys(config.tasks ?? {});
  const named = [...readme.matchAll(/\bdeno(?:@[\d.]+)? task ([\w:-]+)/g)];
  return named
    .map((match) => match[1]!)
    .filter((task) => !tasks.includes(task))
    .map((task) => `README.md: deno.json has no task ${task}`);
}

// Rules about who may know whom: layers, hot files, packages, `Deno`, and dead
// files. Each answers the problems it found, one line each; none is good.

import { codeOf, importsOf, resolveImport } from "./source.ts";
import { filesOf, type Tree } from "./tree.ts";

/** Imports go to a lower rank only; equal ranks never know each other. */
const RANK = new Map([
  ["base", 0],
  ["state", 1],
  ["kernel", 2],
  ["wire", 2],
  ["policy", 2],
  ["daemon", 3],
  ["shim", 4],
  ["sim", 4],
  ["report", 4],
  ["cli", 5],
  ["main.ts", 6],
]);

/** Folders beside the line of layers: what they may import. */
const ASIDE_IMPORTS = new Map([
  ["config", ["base", "state"]],
  ["props", ["base", "state", "config"]],
  ["pack", ["base"]],
]);

/** Folders beside the line of layers: who of src may import them. */
const ASIDE_IMPORTERS = new Map([
  ["config", ["props", "sim", "cli", "main.ts"]],
  ["props", ["cli", "main.ts"]],
  ["pack", []],
]);

const WITH_DENO = ["shim", "config", "props", "cli", "main.ts", "pack"];

/** The layer of a file of src: its folder, or main.ts; null outside src. */
function layerOf(path: string): string | null {
  const parts = path.split("/");
  return parts[0] === "src" ? parts[1] ?? null : null;
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  const importers = ASIDE_IMPORTERS.get(to);
  if (importers !== undefined) return importers.includes(from);
  const imports = ASIDE_IMPORTS.get(from);
  if (imports !== undefined) return imports.includes(to);
  return RANK.get(from)! > RANK.get(to)!;
}

/** Layers: imports leftwards only, joined folders never know each other. */
export function layerProblems(tree: Tree): string[] {
  const problems: string[] = [];
  for (const [path, source] of filesOf(tree, "src/", ".ts")) {
    const from = layerOf(path)!;
    if (!RANK.has(from) && !ASIDE_IMPORTS.has(from)) {
      problems.push(`${path}: src has no layer ${from}`);
      continue;
    }
    for (const { from: specifier } of importsOf(source)) {
      const target = resolveImport(path, specifier);
      if (target === null || !target.endsWith(".ts")) continue;
      const to = layerOf(target);
      if (to === null) {
        problems.push(`${path}: imports ${target}, outside src`);
      } else if (!mayImport(from, to)) {
        problems.push(`${path}: ${from} must not import ${to} (${target})`);
      }
    }
  }
  return problems;
}

/** Packages: config alone takes any; the others live on node: and Deno. */
export function packageProblems(tree: Tree): string[] {
  const problems: string[] = [];
  for (const [path, source] of filesOf(tree, "src/", ".ts")) {
    if (layerOf(path) === "config") continue;
    for (const { from } of importsOf(source)) {
      if (resolveImport(path, from) !== null || from.startsWith("node:")) {
        continue;
      }
      problems.push(`${path}: package ${from} belongs in config only`);
    }
  }
  return problems;
}

/** `Deno.` only where the world is touched. */
export function denoProblems(tree: Tree): string[] {
  return filesOf(tree, "src/", ".ts")
    .filter(([path]) => !WITH_DENO.includes(layerOf(path)!))
    .filter(([, source]) => /(?<![\w$.])Deno\b/.test(codeOf(source)))
    .map(([path]) => `${path}: Deno is named outside ${WITH_DENO.join(", ")}`);
}

function isHot(source: string | undefined): boolean {
  return source !== undefined && /^\/\/ @hot\r?\n/.test(source);
}

/** Hot files import only hot files, types excepted; the reactor is hot. */
export function hotProblems(tree: Tree): string[] {
  const problems: string[] = [];
  const reactor = "src/daemon/reactor.ts";
  if (tree.has(reactor) && !isHot(tree.get(reactor))) {
    problems.push(`${reactor}: the reactor opens with // @hot`);
  }
  for (const [path, source] of filesOf(tree, "src/", ".ts")) {
    if (!isHot(source)) {
      if (/^\s*\/\/\s*@hot\b/m.test(source)) {
        problems.push(`${path}: // @hot is the whole first line, or nowhere`);
      }
      continue;
    }
    for (const { from, typeOnly } of importsOf(source)) {
      if (typeOnly) continue;
      const target = resolveImport(path, from);
      if (target === null) {
        problems.push(`${path}: hot, imports package ${from}`);
      } else if (!isHot(tree.get(target))) {
        const why = tree.has(target) ? "is not" : "does not exist";
        problems.push(`${path}: hot, imports ${target}, which ${why}`);
      }
    }
  }
  return problems;
}

/** Paths that can be reached from `roots` over imports of any kind. */
export function reachable(tree: Tree, roots: string[]): Set<string> {
  const seen = new Set<string>();
  const queue = [...roots];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const source = tree.get(path);
    if (source === undefined || seen.has(path)) continue;
    seen.add(path);
    if (!path.endsWith(".ts")) continue;
    for (const { from } of importsOf(source)) {
      const target = resolveImport(path, from);
      if (target !== null) queue.push(target);
    }
  }
  return seen;
}

/**
 * Dead files: what neither the program, the build nor a benchmark reaches. The
 * simulator, and what it needs, may live for the tests. A tree without a
 * program has none.
 */
export function deadProblems(tree: Tree): string[] {
  const program = "src/main.ts";
  if (!tree.has(program)) return [];
  const benches = filesOf(tree, "test/bench/", ".ts").map(([path]) => path);
  const tests = filesOf(tree, "test/", ".ts").map(([path]) => path);
  const sims = [...reachable(tree, tests)]
    .filter((path) => layerOf(path) === "sim");
  const roots = [program, "build.ts", ...benches, ...sims];
  const alive = reachable(tree, roots);
  return filesOf(tree, "src/", "")
    .map(([path]) => path)
    .filter((path) => !alive.has(path))
    .map((path) => `${path}: nothing in the program uses it`);
}

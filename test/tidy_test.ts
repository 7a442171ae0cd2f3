// The house style, as far as a test can hold it: layers, hot files, sizes,
// openings, names. The rules are pure functions (test/tidy/), proven there on
// planted violations; here they meet the real tree.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  deadProblems,
  denoProblems,
  hotProblems,
  layerProblems,
  packageProblems,
} from "./tidy/layers.ts";
import {
  cFunctionProblems,
  FILE_LINES_WARN,
  jsdocProblems,
  lengthProblems,
  nameProblems,
  noteProblems,
  openingProblems,
  overLength,
  readmeProblems,
  shimProblems,
  topFolderProblems,
} from "./tidy/shape.ts";
import { importsOf } from "./tidy/source.ts";
import { loadTree, type Tree } from "./tidy/tree.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const TREE = loadTree(ROOT);

const RULES: [string, (tree: Tree) => string[]][] = [
  ["layers: imports go leftwards only", layerProblems],
  ["packages are imported by config only", packageProblems],
  ["Deno is named only where the world is touched", denoProblems],
  ["hot files import hot files only", hotProblems],
  ["no file of src is dead", deadProblems],
  ["files stay under the hard limit", lengthProblems],
  ["C functions stay under the limit", cFunctionProblems],
  ["the shim stays small", shimProblems],
  ["files open with their guarantee", openingProblems],
  ["exports of base, wire, policy and kernel have JSDoc", jsdocProblems],
  ["no notes to self", noteProblems],
  ["names are snake_case", nameProblems],
  ["tasks named in README.md exist", readmeProblems],
];

for (const [name, rule] of RULES) {
  Deno.test(`tidy: ${name}`, () => {
    const problems = rule(TREE);
    assert.equal(problems.length, 0, `\n${problems.join("\n")}`);
  });
}

Deno.test("tidy: the top folder holds what the layout names", () => {
  const names = [...Deno.readDirSync(ROOT)].map((entry) => entry.name);
  const problems = topFolderProblems(names);
  assert.equal(problems.length, 0, `\n${problems.join("\n")}`);
});

Deno.test("tidy: long files are named", () => {
  for (const line of overLength(TREE, FILE_LINES_WARN)) {
    console.warn(`warning: ${line}`);
  }
});

interface GraphModule {
  readonly kind?: string;
  readonly local?: string;
  readonly dependencies?: { readonly specifier: string }[];
}

// The rules above rest on importsOf; Deno's own module graph checks it.
Deno.test("tidy: importsOf agrees with deno info", async () => {
  for (const entry of ["src/main.ts", "build.ts"]) {
    if (!TREE.has(entry)) continue;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", entry],
      cwd: ROOT,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const graph = JSON.parse(new TextDecoder().decode(stdout));
    const seen: GraphModule[] = graph.modules;
    const ours = seen.filter((one) => one.local?.startsWith(ROOT));
    assert.ok(ours.length > 0);
    for (const { local, dependencies } of ours) {
      const source = Deno.readTextFileSync(local!);
      if (!local!.endsWith(".ts")) continue;
      const scanned = new Set(importsOf(source).map((one) => one.from));
      const graphed = new Set(dependencies?.map((one) => one.specifier));
      assert.deepEqual([...scanned].sort(), [...graphed].sort(), local);
    }
  }
});

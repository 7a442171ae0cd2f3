// Each rule of the tidy test catches a planted violation and lets the clean
// neighbour of it pass.

import assert from "node:assert/strict";
import {
  deadProblems,
  denoProblems,
  hotProblems,
  layerProblems,
  packageProblems,
} from "./layers.ts";
import {
  cFunctionProblems,
  jsdocProblems,
  lengthProblems,
  nameProblems,
  noteProblems,
  openingProblems,
  readmeProblems,
  shimProblems,
  topFolderProblems,
} from "./shape.ts";
import { codeOf, importsOf } from "./source.ts";
import type { Tree } from "./tree.ts";

type Files = Record<string, string>;

/** The rule finds one problem in each planted tree, none in each clean one. */
function check(
  rule: (tree: Tree) => string[],
  planted: Files[],
  clean: Files[],
): void {
  for (const files of planted) {
    const found = rule(new Map(Object.entries(files)));
    assert.equal(found.length, 1, `${JSON.stringify(files)}: ${found}`);
  }
  for (const files of clean) {
    assert.deepEqual(rule(new Map(Object.entries(files))), []);
  }
}

function edge(from: string, to: string): Files {
  return { [from]: `import { a } from "${to}";\n` };
}

Deno.test("codeOf blanks comments and texts, keeps code", () => {
  const rows: [string, string][] = [
    ["a // b\nc", "a     \nc"],
    ["a /* b\n */ c", "a     \n    c"],
    ['f("// b", \'"\')', "f(\"    \", ' ')"],
    ['f("\\"", x)', 'f("  ", x)'],
    ["`a ${b + `c ${d}`} e` + f", "`   {b + `   {d}`}  ` + f"],
    ["`a ${{ b: 1 }.b} c`", "`   {{ b: 1 }.b}  `"],
    ["x = /[/\"]'/g; y", "x = /     /g; y"],
    ["x = a / b; y = c / d", "x = a / b; y = c / d"],
    ["return /'/;", "return / /;"],
    ["f() / 2 // '", "f() / 2     "],
  ];
  for (const [source, want] of rows) assert.equal(codeOf(source), want);
});

Deno.test("importsOf finds every form of import", () => {
  const rows: [string, string, boolean][] = [
    ['import { a } from "./x.ts";', "./x.ts", false],
    ['import {\n  a,\n  b,\n} from "./x.ts";', "./x.ts", false],
    ['import a, * as b from "./x.ts";', "./x.ts", false],
    ['import type { A } from "./x.ts";', "./x.ts", true],
    ['import { type A } from "./x.ts";', "./x.ts", false],
    ['import type from "./x.ts";', "./x.ts", false],
    ['export * from "./x.ts";', "./x.ts", false],
    ['export type { A } from "./x.ts";', "./x.ts", true],
    ['import "./x.ts";', "./x.ts", false],
    ['const a = await import("./x.ts");', "./x.ts", false],
    ['import a from "./x.so" with { type: "bytes" };', "./x.so", false],
    ["import { a } from 'x';", "x", false],
  ];
  for (const [source, from, typeOnly] of rows) {
    assert.deepEqual(importsOf(source), [{ from, typeOnly }], source);
  }
  assert.deepEqual(importsOf('// import "./x.ts"\nf("import a from b");'), []);
});

Deno.test("layers: imports go leftwards only", () => {
  check(layerProblems, [
    edge("src/base/a.ts", "../state/b.ts"),
    edge("src/state/a.ts", "../kernel/b.ts"),
    edge("src/kernel/a.ts", "../wire/b.ts"),
    edge("src/wire/a.ts", "../policy/b.ts"),
    edge("src/policy/a.ts", "../daemon/b.ts"),
    edge("src/daemon/a.ts", "../shim/b.ts"),
    edge("src/shim/a.ts", "../sim/b.ts"),
    edge("src/sim/a.ts", "../report/b.ts"),
    edge("src/report/a.ts", "../cli/b.ts"),
    edge("src/cli/a.ts", "../main.ts"),
    edge("src/config/a.ts", "../kernel/b.ts"),
    edge("src/daemon/a.ts", "../config/b.ts"),
    edge("src/shim/a.ts", "../config/b.ts"),
    edge("src/sim/a.ts", "../props/b.ts"),
    edge("src/props/a.ts", "../wire/b.ts"),
    edge("src/pack/a.ts", "../state/b.ts"),
    edge("src/cli/a.ts", "../pack/b.ts"),
    edge("src/main.ts", "./pack/b.ts"),
    edge("src/base/a.ts", "../../test/b.ts"),
    edge("src/other/a.ts", "./b.ts"),
    { "src/base/a.ts": 'export type { A } from "../cli/b.ts";\n' },
  ], [
    edge("src/base/a.ts", "./b.ts"),
    edge("src/policy/a.ts", "../state/b.ts"),
    edge("src/daemon/a.ts", "../wire/b.ts"),
    edge("src/sim/a.ts", "../config/b.ts"),
    edge("src/cli/a.ts", "../config/b.ts"),
    edge("src/cli/a.ts", "../props/b.ts"),
    edge("src/props/a.ts", "../config/b.ts"),
    edge("src/main.ts", "./config/b.ts"),
    edge("src/config/a.ts", "../state/b.ts"),
    edge("src/pack/a.ts", "../base/b.ts"),
    edge("src/cli/a.ts", "node:util"),
    edge("src/shim/a.ts", "../../ffi/shim.so"),
    edge("build.ts", "./src/pack/b.ts"),
    edge("test/a.ts", "../src/pack/b.ts"),
  ]);
});

Deno.test("packages only in config, Deno only where the world is", () => {
  check(packageProblems, [
    edge("src/daemon/a.ts", "zod/mini"),
    edge("src/cli/a.ts", "npm:zod"),
    edge("src/main.ts", "jsonc-parser"),
  ], [
    edge("src/config/a.ts", "zod/mini"),
    edge("src/cli/a.ts", "node:util"),
    edge("build.ts", "zod/mini"),
  ]);
  check(denoProblems, [
    { "src/base/a.ts": "f(Deno.pid);" },
    { "src/report/a.ts": "f(`${Deno.pid}`);" },
    { "src/sim/a.ts": "const { pid } = Deno;" },
  ], [
    { "src/base/a.ts": '// Deno.pid\nf("Deno.pid", MyDeno.pid, a.Deno);' },
    { "src/shim/a.ts": "Deno.pid" },
    { "src/main.ts": "Deno.pid" },
    { "src/pack/a.ts": "Deno.pid" },
    { "test/a.ts": "Deno.pid" },
  ]);
});

Deno.test("hot files import hot files only", () => {
  const cold = { "src/base/b.ts": "// cold\n" };
  const hot = { "src/base/b.ts": "// @hot\n// hot\n" };
  const a = "src/base/a.ts";
  check(hotProblems, [
    { ...cold, [a]: '// @hot\nimport { b } from "./b.ts";' },
    { ...cold, [a]: '// @hot\nimport { type B } from "./b.ts";' },
    { ...cold, [a]: '// @hot\nexport * from "./b.ts";' },
    { [a]: '// @hot\nimport { b } from "./missing.ts";' },
    { [a]: '// @hot\nimport assert from "node:assert";' },
    { [a]: "// A guarantee.\n// @hot\n" },
    { [a]: "// @hot: so and so\n" },
    { "src/daemon/reactor.ts": "// cold\n" },
  ], [
    { ...cold, [a]: '// @hot\nimport type { B } from "./b.ts";' },
    { ...hot, [a]: '// @hot\nimport { b } from "./b.ts";' },
    { ...cold, [a]: '// cold\nimport { b } from "./b.ts";' },
    { "src/daemon/reactor.ts": "// @hot\n" },
  ]);
});

Deno.test("a file that nothing reaches is dead", () => {
  const main = { "src/main.ts": 'import "./cli/a.ts";' };
  check(deadProblems, [
    { ...main, "src/cli/a.ts": "", "src/cli/b.ts": "" },
    {
      ...main,
      "src/cli/a.ts": "",
      "src/cli/b.ts": "",
      "test/b.ts": 'import "../src/cli/b.ts";',
    },
    { ...main, "src/cli/a.ts": "", "src/sim/b.ts": "" },
    { ...main, "src/cli/a.ts": "", "src/cli/page.html": "" },
  ], [
    { "src/cli/b.ts": "" },
    { ...main, "src/cli/a.ts": "" },
    {
      ...main,
      "src/cli/a.ts": 'import page from "./page.html" with { type: "text" };',
      "src/cli/page.html": "",
    },
    {
      ...main,
      "src/cli/a.ts": "",
      "src/pack/b.ts": "",
      "build.ts": 'import "./src/pack/b.ts";',
    },
    {
      ...main,
      "src/cli/a.ts": "",
      "src/sim/b.ts": 'import "../base/c.ts";',
      "src/base/c.ts": "",
      "test/b.ts": 'import "../src/sim/b.ts";',
    },
    {
      ...main,
      "src/cli/a.ts": "",
      "src/state/b.ts": "",
      "test/bench/main.ts": 'import "../../src/state/b.ts";',
    },
  ]);
});

Deno.test("lengths of files, C functions and the shim", () => {
  check(lengthProblems, [
    { "src/a.ts": "x\n".repeat(501) },
    { "ffi/a.c": "x\n".repeat(501) },
    { "ffi/a.S": "x\n".repeat(500) + "x" },
  ], [
    { "src/a.ts": "x\n".repeat(500), "test/data.txt": "x\n".repeat(900) },
  ]);
  const body = (lines: number) => "  x();\n".repeat(lines);
  check(cFunctionProblems, [
    { "ffi/a.c": `int f(void)\n{\n${body(68)}}\n` },
    { "ffi/a.c": `static int f(int a,\n             int b) {\n${body(68)}}\n` },
    { "ffi/a.c": `int g(void);\nint f(void) {\n${body(69)}}\n` },
  ], [
    { "ffi/a.c": `int f(void) {\n${body(68)}}\n\nint g(void) {\n}\n` },
    { "ffi/a.c": `struct a {\n${body(99)}};\n` },
    { "ffi/a.c": `int g(void);\n${"// x\n".repeat(99)}int f(void) {\n}\n` },
  ]);
  const c = (lines: number) => "x\n".repeat(lines);
  check(shimProblems, [
    { "ffi/a.c": c(500), "ffi/b.c": c(500), "ffi/c.c": c(900) },
  ], [
    { "ffi/a.c": c(500), "ffi/b.c": c(500), "ffi/c.c": c(899) },
    { "ffi/a.c": c(1_899), "ffi/keeper.c": c(480), "ffi/a.S": c(99) },
  ]);
});

Deno.test("openings, JSDoc and notes", () => {
  check(openingProblems, [
    { "src/a.ts": "export const A = 1;\n" },
    { "src/a.ts": "// @hot\nexport const A = 1;\n" },
    { "src/a.ts": "//\nexport const A = 1;\n" },
    { "ffi/a.c": "#include <a.h>\n" },
    { "test/a.sh": "#!/bin/sh\nset -e\n" },
  ], [
    { "src/a.ts": "// Parses nothing.\n" },
    { "src/a.ts": "// @hot\n// Whole-number arithmetic.\n" },
    { "src/a.ts": "/**\n * Parses nothing.\n */\n" },
    { "ffi/a.c": "/* Opens nothing. */\n" },
    { "ffi/a.c": "// Opens nothing.\n#include <a.h>\n" },
    { "test/a.sh": "#!/bin/sh\n# Captures nothing.\n" },
    { "test/a.json": "{}\n" },
  ]);
  check(jsdocProblems, [
    { "src/base/a.ts": "export const A = 1;" },
    {
      "src/base/a.ts": "/** A. */\nexport const A = 1;\n\nexport const B = 1;",
    },
    { "src/wire/a.ts": "// not this\nexport function a() {}" },
    { "src/policy/a.ts": "/** A. */\n\nexport interface A {}" },
    { "src/kernel/a.ts": "export type A = 1;" },
    { "src/kernel/a.ts": "export abstract class A {}" },
    { "src/kernel/a.ts": "export const enum A {}" },
  ], [
    { "src/base/a.ts": "/** A. */\nexport const A = 1;" },
    {
      "src/base/a.ts": "/** A, B. */\nexport const A = 1;\nexport const B = 1;",
    },
    { "src/wire/a.ts": "/**\n * A.\n */\nexport function a() {}" },
    { "src/wire/a.ts": 'export { a } from "./b.ts";\nconst b = 1;' },
    { "src/cli/a.ts": "export const A = 1;" },
  ]);
  check(noteProblems, [
    { "src/a.ts": "// TODO: more" },
    { "ffi/a.c": "/* FIXME */" },
    { "build.ts": "// XXX" },
  ], [
    { "src/a.ts": 'mkdtemp("a.XXXXXX"); // a FIXMEUP', "test/a.ts": "// XXX" },
  ]);
});

Deno.test("names, the top folder and the tasks of the README", () => {
  check(nameProblems, [
    { "src/base/fooBar.ts": "" },
    { "src/base/foo-bar.ts": "" },
    { "test/Foo/a.ts": "" },
    { "ffi/shim__a.c": "" },
  ], [
    { "src/kernel/memcg_v1.ts": "", "ffi/entry_x86_64.S": "", "build.ts": "" },
    { "test/a_test.ts": "", "test/.keep": "", "test/a.golden.json": "" },
    { "targets/android/S50oomguard": "", "README.md": "" },
  ]);
  assert.equal(topFolderProblems(["notes.md", "tools"]).length, 2);
  const names = ["src", ".ci", "dist", "node_modules", "LICENSE", "build.ts"];
  assert.deepEqual(topFolderProblems(names), []);
  const deno = { "deno.json": '{ "tasks": { "ok": "", "test:unit": "" } }' };
  check(readmeProblems, [
    { ...deno, "README.md": "Run `deno task fly`." },
    { ...deno, "README.md": "    npx -y deno@2.9.5 task test\n" },
    { "deno.json": "{}", "README.md": "deno task ok" },
  ], [
    { ...deno, "README.md": "`deno task ok`, npx deno@2.9.5 task test:unit." },
    deno,
  ]);
});

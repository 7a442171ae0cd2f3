// Rule hot-no-alloc reports each construct that allocates, once for each row,
// and nothing in code that does not.

import assert from "node:assert/strict";
import plugin from "./plugin.ts";

const RULE = "oomguard/hot-no-alloc";

function faults(source: string): string[] {
  const found = Deno.lint.runPlugin(plugin, "src/daemon/sample.ts", source);
  return found.filter((one) => one.id === RULE).map((one) => one.message);
}

/** Lines inside a hot function, and a word its only report must contain. */
const CAUGHT: [string, string][] = [
  ["return [x];", "array literal"],
  ["return [];", "array literal"],
  ["return { x };", "object literal"],
  ["return ({});", "object literal"],
  ["return /a/;", "regexp"],
  ["return `${x}`;", "template literal"],
  ["return tag`x`;", "tagged template"],
  ["return () => x;", "closure"],
  ["return function () {};", "closure"],
  ["function inner() {}", "closure"],
  ["return class {};", "class"],
  ["class Inner {}", "class"],
  ["return f(...x);", "spread"],
  ["for (const i of x) f(i);", "for..of"],
  ["for (const i in x) f(i);", "for..in"],
  ["let [a] = x; return a;", "array pattern"],
  ["const { a } = x; return a;", "object pattern"],
  ["return new Int32Array(8);", "new"],
  ["throw x;", "throw"],
  ["return 1n;", "BigInt"],
  ["return x * 0.5;", "double"],
  ["return 4294967296;", "int32"],
  ["return -2147483649;", "int32"],
  ["return x / 2;", "divTrunc"],
  ["return (x - x % 2) / 3;", "divTrunc"],
  ["return (x - (x % 2 | 0)) / 3;", "divTrunc"],
  ["return (x - (y % 2 | 0)) / 2;", "divTrunc"],
  ["x /= 2;", "divTrunc"],
  ["return x ** 2;", "double"],
  ["x **= 2;", "double"],
  ["return x >>> 1;", "top bit"],
  ["x >>>= 1;", "top bit"],
  ["return Date.now();", "MB_NOW_MS"],
  ["return performance.now();", "MB_NOW_MS"],
  ["return x.subarray(1);", "view"],
  ["return x.slice(1);", "view"],
  ["return x.map(f);", "callback"],
  ["x.forEach(f);", "callback"],
  ["return x.entries();", "view"],
  ["x.push(1);", "limits.ts"],
  ["return x.toString();", "string"],
  ["return x?.toString();", "string"],
  ["return x.getUint32(0);", "boxed"],
  ["return x.decode(y);", "bytes"],
  ["return f.bind(x);", ".bind()"],
  ["return Int32Array.from(x);", "at start"],
  ["return Math.sqrt(x);", "Math.sqrt"],
  ["return Math.floor(x);", "Math.floor"],
  ["return Math.random();", "Math.random"],
  ["return Number(x);", "double"],
  ["return String(x);", "allocates"],
  ["return BigInt(x);", "delta32"],
  ["return parseInt(x);", "parseInt32"],
  ["return Deno.pid;", "port"],
  ["console.log(x);", "journal"],
  ["return JSON.parse(x);", "allocates"],
  ['return "a" + x;', "concatenation"],
  ['return x + "a";', "concatenation"],
  ['x += "a";', "concatenation"],
  ["delete x.a;", "delete"],
  ["return arguments.length;", "arguments"],
  ['return import("./x.ts");', "dynamic import"],
  ["return x as unknown as Float64Array;", "Int32Array"],
];

/** Whole hot files, and words their reports must contain, in order. */
const CAUGHT_FILES: [string, string[]][] = [
  ["async function f() {}", ["async"]],
  ["async function f() { await g; }", ["async", "await"]],
  ["function* f() { yield 1; }", ["generator", "yield"]],
  ["function f(...rest: number[]) { return rest; }", ["rest"]],
  ["function f([a]: number[]) { return a; }", ["array pattern"]],
  ["class A { f() { return [1]; } }", ["array literal"]],
  ["class A { get f() { return [1]; } }", ["array literal"]],
  ["class A { f = () => [1]; }", ["array literal"]],
  ["class A { constructor() { this.f = () => [1]; } }", ["array literal"]],
  ["const f = () => [1];", ["array literal"]],
  ["function f(x) { g((y) => [y]); }", ["closure", "array literal"]],
  ["const TABLE = { f() { return [1]; } };", ["array literal"]],
  ["export const A = new Float64Array(1);", ["Int32Array"]],
  ["/** @cold */\nfunction f() { return [1]; }", ["reason"]],
  ["// @cold at start\nfunction f() { return [1]; }", ["array literal"]],
  [
    "/** @cold at start */\nfunction f() {}\nfunction g() { return [1]; }",
    ["array literal"],
  ],
];

/** Whole hot files that allocate only where they may, or not at all. */
const CLEAN: string[] = [
  "function f(x, y) { return y === 0 ? 0 : (x - x % y) / y; }",
  "function f(x, y) { return (x - (x % y | 0)) / y; }",
  "function f(x) { return `none` === x; }",
  "function f(x) { return (x | 0) + Math.imul(x, 3) + Math.min(x, 2); }",
  "function f(x) { return -2147483648 + 2147483647 + 1_000; }",
  "function f(x) { for (let i = 0; i < x.length; i++) x[i] = 0; }",
  "function f(x) { x.fill(0); x.copyWithin(0, 1); return x.indexOf(1); }",
  "function f(x, y = 1) { return x > y ? x : y; }",
  "function f(m, k) { m.set(k, 1); return m.get(k); }",
  "const A = [1, 2]; const B = { a: new Int32Array(1) }; const C = 1 / 3;",
  "class A { #a = new Int32Array(1); constructor() { this.b = [1]; } }",
  "class A { f() { return this.apply(1); } apply(x) { return x; } }",
  "const A = ROWS.map((row) => [row].map((x) => ({ x })));",
  "class A { constructor(x) { this.a = x.map((y) => [y]); } }",
  "class A { static { this.a = [1]; } }",
  "class A { f() { return this.#g(); } #g() { return 1; } }",
  "/** Bytes of a key.\n * @cold at module level */\n" +
  "export function f(s: string) { return new TextEncoder().encode(s); }",
  "class A {\n/** @cold the way to exit 70 */\nfail() { throw new Error(); }\n}",
  "/** @cold at start */\nexport const f = () => [1];",
  "import type { A } from './a.ts';\nexport type B = [A, { c: number }];",
  "interface A { f(...rest: number[]): [number]; }",
  "type A = 0.5; let a: A;",
  "export enum A { B = 1 }",
  "function f(a: Int32Array): asserts a { try { f(a); } catch { g(); } }",
];

function plant(line: string): string {
  return `// @hot\nexport function f(x: any, y: any) {\n  ${line}\n}\n`;
}

Deno.test("hot-no-alloc reports each construct that allocates", () => {
  for (const [line, word] of CAUGHT) {
    const found = faults(plant(line));
    assert.equal(found.length, 1, `${line}: ${found.join(" ")}`);
    assert.ok(found[0]!.includes(word), `${line}: ${found[0]}`);
  }
  for (const [source, words] of CAUGHT_FILES) {
    const found = faults(`// @hot\n${source}\n`);
    assert.equal(found.length, words.length, `${source}: ${found.join(" ")}`);
    words.forEach((word, i) => assert.ok(found[i]!.includes(word), found[i]));
  }
});

Deno.test("hot-no-alloc leaves clean code and cold files alone", () => {
  for (const source of CLEAN) {
    assert.deepEqual(faults(`// @hot\n${source}\n`), [], source);
  }
  for (const [line] of CAUGHT) {
    const cold = plant(line).replace("// @hot\n", "// not hot\n");
    assert.deepEqual(faults(cold), [], line);
  }
});

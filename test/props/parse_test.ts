// Property texts of both forms, hostile ones first.

import assert from "node:assert/strict";
import { parseProperties, PROBLEMS_MAX } from "../../src/props/parse.ts";
import {
  isPlainNumber,
  parseSwitch,
  parseWhole,
} from "../../src/props/value.ts";

/** Text; names and values; lines of the problems. */
type Row = [text: string, want: [string, string][], badLines: number[]];

const NAMELESS = "p:1:expected a property name of letters, digits and ._-@:";

const ROWS: Row[] = [
  ["", [], []],
  ["\n\r\n  \t\n#\n # a=b\n", [], []],
  ["=", [], [1]],
  ["=a", [], [1]],
  ["a", [], [1]],
  ["[", [], [1]],
  ["[]", [], [1]],
  ["[a]", [], [1]],
  ["[a]: ", [], [1]],
  ["[a]: [", [], [1]],
  ["[]: []", [], [1]],
  ["[a]: [\n\n\n", [], [1]],
  ["import /vendor/x.prop", [], [1]],
  ["a b=1", [], [1]],
  [".a=1\na.=1\na..b=1", [], [1, 2, 3]],
  ["é=1", [], [1]],
  ["a\0=1", [], [1]],
  ["a=1\0", [], [1]],
  ["a=\x1b[2J", [], [1]],
  ["a=1\0\nb=2", [["b", "2"]], [1]],
  ["a=b=c", [["a", "b=c"]], []],
  ["a=", [["a", ""]], []],
  ["a=1 # no comment", [["a", "1 # no comment"]], []],
  ["  a = 1 \r\nb=2", [["a", "1"], ["b", "2"]], []],
  ["a=1\na=2\na=3", [["a", "3"]], []],
  ["ro.a-b_c@d:e.0=x", [["ro.a-b_c@d:e.0", "x"]], []],
  ["[a]: [1]\nb=2\n[c]: []", [["a", "1"], ["b", "2"], ["c", ""]], []],
  ["[a]: [[x]]", [["a", "[x]"]], []],
  ["[a]: [x]y]", [["a", "x]y"]], []],
  ["[a]: [x\ny=z\n\nw]\n[b]: [2]", [["a", "x\ny=z\n\nw"], ["b", "2"]], []],
  ["[a]: [x\ny\n[b]: [2]", [["b", "2"]], [1, 2]],
  ["[a]: [1]\r\n[b]: [x\r\ny]\r\n", [["a", "1"], ["b", "x\ny"]], []],
];

Deno.test("both forms, and what is neither", () => {
  for (const [text, want, badLines] of ROWS) {
    const parsed = parseProperties(new TextEncoder().encode(text), "p");
    const got = [...parsed.values].map(([name, { value }]) => [name, value]);
    const name = JSON.stringify(text);
    assert.deepEqual(got, want, name);
    const lines = parsed.problems.map(({ line }) => line);
    assert.deepEqual(lines, badLines, name);
    assert.equal(parsed.badLines, badLines.length, name);
  }
});

Deno.test("a problem has its place and says what was expected", () => {
  const { problems } = parseProperties(new TextEncoder().encode("=x"), "p");
  const [{ source, line, column, text }] = problems;
  assert.equal(`${source}:${line}:${text}`, NAMELESS);
  assert.equal(column, 1);
});

Deno.test("each value knows its line", () => {
  const text = "# a\na=1\n[b]: [x\ny]\nc=2\na=3\n";
  const { values } = parseProperties(new TextEncoder().encode(text), "p");
  const lines = [...values].map(([name, { line }]) => [name, line]);
  assert.deepEqual(lines, [["a", 6], ["b", 3], ["c", 5]]);
});

Deno.test("any bytes end in values and counted problems", () => {
  let seed = 20_270_303;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    return seed >>> 8;
  };
  const letters = new TextEncoder().encode("[]: =#\n\r\0ab.\xff");
  for (let round = 0; round < 500; round++) {
    const bytes = new Uint8Array(random() % 400);
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = round % 2 === 0
        ? random()
        : letters[random() % letters.length];
    }
    const { values, problems, badLines } = parseProperties(bytes, "p");
    assert.ok(problems.length <= Math.min(badLines, PROBLEMS_MAX));
    for (const [name, { value, line }] of values) {
      assert.match(name, /^[\w@:.-]+$/);
      assert.ok(!value.includes("\0"));
      assert.ok(line >= 1);
    }
  }
});

Deno.test("a huge text is parsed in one go, its problems only counted", () => {
  const open = new TextEncoder().encode("[a]: [\n".repeat(50_000));
  const parsed = parseProperties(open, "p");
  assert.equal(parsed.badLines, 50_000);
  assert.equal(parsed.problems.length, PROBLEMS_MAX);
  const long = new TextEncoder().encode(`[a]: [${"x\n".repeat(100_000)}`);
  const { values, badLines } = parseProperties(long, "p");
  assert.equal(values.size, 0);
  assert.ok(badLines > 0);
  const wide = parseProperties(
    new TextEncoder().encode(`a=${"x".repeat(1_000_000)}`),
    "p",
  );
  assert.equal(wide.values.get("a")?.value.length, 1_000_000);
});

Deno.test("numbers as Android's C library reads them", () => {
  const rows: [text: string, i32: number | null, plain: boolean][] = [
    ["", null, false],
    ["abc", null, false],
    ["-", null, false],
    ["+-1", null, false],
    [".5", null, false],
    ["0x", 0, false],
    ["0xg", 0, false],
    ["1.9", 1, false],
    ["70ms", 70, false],
    ["1_000", 1, false],
    [" 7", 7, false],
    ["7 ", 7, false],
    ["+7", 7, false],
    ["010", 8, false],
    ["08", 0, false],
    ["-0x10", -16, false],
    ["0x7fffffff", 2_147_483_647, true],
    ["0XfF", 255, true],
    ["0x80000000", null, true],
    ["2147483647", 2_147_483_647, true],
    ["2147483648", null, true],
    ["-2147483648", -2_147_483_648, true],
    ["-2147483649", null, true],
    ["9".repeat(400), null, true],
    ["0", 0, true],
    ["-0", 0, true],
    ["-5", -5, true],
    ["٣", null, false],
  ];
  for (const [text, want, plain] of rows) {
    const value = parseWhole(text, "i32");
    assert.equal(value === null ? null : Number(value), want, text);
    assert.equal(isPlainNumber(text), plain, text);
  }
  assert.equal(parseWhole("9223372036854775807", "i64"), 2n ** 63n - 1n);
  assert.equal(parseWhole("9223372036854775808", "i64"), null);
  assert.equal(parseWhole("-9223372036854775808", "i64"), -(2n ** 63n));
});

Deno.test("switches as Android's C library reads them", () => {
  for (const text of ["1", "y", "yes", "on", "true"]) {
    assert.equal(parseSwitch(text), true, text);
  }
  for (const text of ["0", "n", "no", "off", "false"]) {
    assert.equal(parseSwitch(text), false, text);
  }
  for (const text of ["", "True", "ON", "2", "-1", "t", "yes ", " 1", "00"]) {
    assert.equal(parseSwitch(text), null, text);
  }
});

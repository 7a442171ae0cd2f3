// Figures as people read them, at the edges where their unit changes.

import assert from "node:assert/strict";
import {
  centiText,
  columnsOf,
  cut,
  durationText,
  labelled,
  megabytes,
  microText,
  sizeText,
  wrap,
} from "../../src/report/units.ts";

function check<T>(
  describe: (value: T) => string,
  rows: readonly (readonly [T, string])[],
): void {
  for (const [value, want] of rows) assert.equal(describe(value), want);
}

Deno.test("sizes", () => {
  check<number | null>(megabytes, [
    [null, "-"],
    [0, "0.0"],
    [1, "0.0"],
    [52, "0.1"],
    [1024, "1.0"],
    [102_348, "99.9"],
    [102_349, "100"],
    [2_147_483_647, "2097152"],
    [-2048, "-2.0"],
    [-2_147_483_647, "-2097152"],
  ]);
  check<number | null>(sizeText, [[null, "-"], [1536, "1.5 MB"]]);
});

Deno.test("durations", () => {
  check<number | null>(durationText, [
    [null, "-"],
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1.0 s"],
    [59_999, "59.9 s"],
    [60_000, "1 min"],
    [3_599_999, "59 min"],
    [3_600_000, "1 h 0 min"],
    [86_399_999, "23 h 59 min"],
    [86_400_000, "1 d 0 h"],
    [2_147_483_647, "24 d 20 h"],
  ]);
  check<number | null>(microText, [
    [null, "-"],
    [0, "0 us"],
    [999, "999 us"],
    [1_000, "1.0 ms"],
    [999_949, "999.9 ms"],
    [1_000_000, "1.0 s"],
  ]);
  check<number | null>(centiText, [
    [null, "-"],
    [0, "0.00%"],
    [123, "1.23%"],
    [10_000, "100.00%"],
  ]);
});

Deno.test("text in columns", () => {
  const rows: [text: string, width: number, want: string[]][] = [
    ["", 10, ["  "]],
    ["a b", 10, ["  a b"]],
    ["aaaa bbbb", 10, ["  aaaa", "  bbbb"]],
    ["aaa bbbb", 10, ["  aaa bbbb"]],
    ["aaaaaaaaaa", 6, ["  aaaa", "  aaaa", "  aa"]],
    ["x aaaaaaaaaa y", 6, ["  x", "  aaaa", "  aaaa", "  aa y"]],
    // Never half a character, nor half a surrogate pair.
    ["\u65e5\u672c\u8a9e", 7, ["  \u65e5\u672c", "  \u8a9e"]],
    ["\u{1f600}\u{1f601}", 4, ["  \u{1f600}", "  \u{1f601}"]],
  ];
  for (const [text, width, want] of rows) {
    assert.deepEqual(wrap(text, width, "  "), want, text);
  }
});

Deno.test("columns of a text", () => {
  check<string>((text) => String(columnsOf(text)), [
    ["", "0"],
    ["abc", "3"],
    ["caf\u00e9", "4"],
    ["\u65e5\u672c", "4"],
    ["\u1100a", "3"],
    ["\u{1f600}", "2"],
    ["\u2026", "1"],
  ]);
});

Deno.test("text cut to its columns", () => {
  const rows: [text: string, columns: number, want: string][] = [
    ["", 5, ""],
    ["12345", 5, "12345"],
    ["123456", 5, "1234\u2026"],
    ["\u65e5\u672c\u8a9e", 6, "\u65e5\u672c\u8a9e"],
    ["\u65e5\u672c\u8a9e", 5, "\u65e5\u672c\u2026"],
    ["\u65e5\u672c\u8a9e", 4, "\u65e5\u2026"],
    ["\u{1f600}\u{1f600}\u{1f600}", 4, "\u{1f600}\u2026"],
  ];
  for (const [text, columns, want] of rows) {
    assert.equal(cut(text, columns), want);
    assert.ok(columnsOf(want) <= columns);
  }
});

Deno.test("text behind a label", () => {
  assert.deepEqual(labelled("ab", "c d", "    "), ["ab  c d"]);
  assert.deepEqual(
    labelled("ab", `${"c".repeat(76)} d`, "    "),
    [`ab  ${"c".repeat(76)}`, "    d"],
  );
});

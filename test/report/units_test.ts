// Figures as people read them, at the edges where their unit changes.

import assert from "node:assert/strict";
import {
  centiText,
  durationText,
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
  ];
  for (const [text, width, want] of rows) {
    assert.deepEqual(wrap(text, width, "  "), want, text);
  }
});

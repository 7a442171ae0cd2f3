// PSI files against a plain reading of captured ones; hostile lines first.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import { parseAverages, parsePressure } from "../../src/kernel/pressure.ts";
import {
  PSI_FULL_AVG10_CENTI,
  PSI_FULL_AVG60_CENTI,
  PSI_FULL_TOTAL_US,
  PSI_IO_FULL_AVG10_CENTI,
  PSI_IO_SOME_AVG10_CENTI,
  PSI_SOME_AVG10_CENTI,
  PSI_SOME_AVG60_CENTI,
  PSI_SOME_TOTAL_US,
} from "../../src/state/snapshot.ts";
import {
  checkColumns,
  checkTruncations,
  fixtures,
  parse,
  parseCounted,
  wrapped,
} from "./helpers.ts";

Deno.test("pressure: hostile and unusual rows", () => {
  function check(text: string, found: number, want: [number, number][]) {
    const got = parseCounted(parsePressure, text);
    assert.equal(got.found, found, JSON.stringify(text));
    checkColumns(got.columns, want, JSON.stringify(text));
  }
  check("", 0, [[PSI_SOME_AVG10_CENTI, ABSENT], [PSI_FULL_TOTAL_US, ABSENT]]);
  check("some avg10=1.00 avg60=2.00 total=3", 0, []);
  check("some\nfull\nsome =\nfull ==\n", 0, []);
  check("something avg10=1.00\nfuller avg10=1.00\n", 0, []);
  check("some avg10= avg60=x total=\n", 0, []);
  check("some avg10=-1.00 xavg60=5.00\n", 1, [
    [PSI_SOME_AVG10_CENTI, ABSENT],
    [PSI_SOME_AVG60_CENTI, 500],
  ]);
  check("some avg10=100.00 avg60=99999999999.9 avg300=1.00\n", 2, [
    [PSI_SOME_AVG10_CENTI, 10_000],
    [PSI_SOME_AVG60_CENTI, 10_000],
  ]);
  check("full avg10=7 avg60=7.5\n", 2, [
    [PSI_FULL_AVG10_CENTI, 700],
    [PSI_FULL_AVG60_CENTI, 750],
  ]);
  check("full avg10=0.01 avg60=99.99 total=4294967297\n", 3, [
    [PSI_FULL_AVG10_CENTI, 1],
    [PSI_FULL_AVG60_CENTI, 9_999],
    [PSI_FULL_TOTAL_US, 1],
    [PSI_SOME_TOTAL_US, ABSENT],
  ]);
  // cpu has no full line before 5.13; what a later kernel adds is passed over.
  check("some avg10=1.23 avg60=0.00 avg300=0.00 total=5\nirq avg10=9.00\n", 3, [
    [PSI_SOME_AVG10_CENTI, 123],
    [PSI_FULL_AVG10_CENTI, ABSENT],
  ]);
});

/** parseAverages with the columns of io. */
function parseIo(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  const some = PSI_IO_SOME_AVG10_CENTI;
  return parseAverages(bytes, at, end, columns, some, PSI_IO_FULL_AVG10_CENTI);
}

Deno.test("pressure: averages alone, into columns of their own", () => {
  function check(text: string, found: number, some: number, full: number) {
    const got = parseCounted(parseIo, text);
    assert.equal(got.found, found, JSON.stringify(text));
    checkColumns(got.columns, [
      [PSI_IO_SOME_AVG10_CENTI, some],
      [PSI_IO_FULL_AVG10_CENTI, full],
    ], JSON.stringify(text));
  }
  check("", 0, ABSENT, ABSENT);
  check("some avg10=1.00 avg60=2.00 total=3", 0, ABSENT, ABSENT);
  check("same avg10=1.00\nfill avg10=1.00\n", 0, ABSENT, ABSENT);
  check("some avg60=1.00\nfull total=5\n", 0, ABSENT, ABSENT);
  check("some avg10=x\nfull avg10=-1\n", 0, ABSENT, ABSENT);
  check("full avg10=0.01 avg60=9\nsome avg10=100.00\n", 2, 10_000, 1);
  check("some avg10=1.23 avg60=0.00 total=5\nirq avg10=9.00\n", 1, 123, ABSENT);
});

/** Hundredths of a percent, or us, of one line. */
function number(text: string, line: string, name: string): number {
  const match = new RegExp(`^${line} .*${name}=([0-9.]+)`, "m").exec(text);
  if (match === null) return ABSENT;
  return match[1].includes(".")
    ? Math.round(Number(match[1]) * 100)
    : wrapped(BigInt(match[1]));
}

Deno.test("pressure: fixtures", () => {
  for (const file of ["memory", "io", "cpu"]) {
    for (const { kernel, text } of fixtures(`proc/pressure/${file}`)) {
      checkColumns(parse(parsePressure, text), [
        [PSI_SOME_AVG10_CENTI, number(text, "some", "avg10")],
        [PSI_SOME_AVG60_CENTI, number(text, "some", "avg60")],
        [PSI_SOME_TOTAL_US, number(text, "some", "total")],
        [PSI_FULL_AVG10_CENTI, number(text, "full", "avg10")],
        [PSI_FULL_AVG60_CENTI, number(text, "full", "avg60")],
        [PSI_FULL_TOTAL_US, number(text, "full", "total")],
      ], `${kernel} ${file}`);
      checkTruncations(parsePressure, text);
      checkColumns(parse(parseIo, text), [
        [PSI_IO_SOME_AVG10_CENTI, number(text, "some", "avg10")],
        [PSI_IO_FULL_AVG10_CENTI, number(text, "full", "avg10")],
      ], `${kernel} ${file}`);
      checkTruncations(parseIo, text);
    }
  }
});

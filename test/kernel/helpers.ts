// Fixtures, a plain reading of them that shares no code with the parsers, and
// the two promises that all parsers make: no input makes them fail, and no byte
// outside [at, end) makes a difference.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { ABSENT } from "../../src/base/scan.ts";
import { SNAPSHOT_COLUMNS } from "../../src/state/snapshot.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
/** One tree for each kernel and machine; each has its provenance.txt. */
export const KERNELS = [
  ...["5.10-x86_64", "6.1-x86_64", "6.12-x86_64", "6.18-x86_64"],
];

export type Parse = (
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
) => number;

/** Kernels whose tree has the file, each with the file's text. */
export function fixtures(path: string): { kernel: string; text: string }[] {
  const found = [];
  for (const kernel of KERNELS) {
    const file = new URL(`${kernel}/${path}`, FIXTURES);
    if (!existsSync(file)) continue;
    found.push({ kernel, text: Deno.readTextFileSync(file) });
  }
  assert.ok(found.length > 0, `no kernel has ${path}`);
  return found;
}

/** Columns as the parser leaves them; others than its own must stay 7. */
export function parse(parser: Parse, text: string | Uint8Array): Int32Array {
  return parseCounted(parser, text).columns;
}

/** The same, with how many fields the parser found. */
export function parseCounted(
  parser: Parse,
  text: string | Uint8Array,
): { columns: Int32Array; found: number } {
  const bytes = typeof text === "string" ? encode(text) : text;
  const columns = new Int32Array(SNAPSHOT_COLUMNS).fill(7);
  const found = parser(bytes, 0, bytes.length, columns);
  return { columns, found };
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** "key number" or "key: number unit" lines, as a map of exact numbers. */
export function readPlainly(text: string): Map<string, bigint> {
  const map = new Map<string, bigint>();
  for (const line of text.split("\n")) {
    const match = /^(\S+?):?\s+(\d+)/.exec(line);
    if (match !== null) map.set(match[1], BigInt(match[2]));
  }
  return map;
}

/** A counter as the columns have it. */
export function wrapped(value: bigint | undefined): number {
  return value === undefined ? ABSENT : Number(BigInt.asIntN(32, value));
}

/** Checks that every column named in `want` has its value. */
export function checkColumns(
  columns: Int32Array,
  want: [number, number][],
  label: string,
): void {
  for (const [column, value] of want) {
    assert.equal(columns[column], value, `${label}, column ${column}`);
  }
}

/**
 * Parses each beginning of the text, four bytes into a buffer, with three
 * different fills around it: nothing may throw, and the fills may not matter.
 * `allowed`, where given, also sees each beginning's columns.
 */
export function checkTruncations(
  parser: Parse,
  text: string,
  allowed?: (columns: Int32Array, length: number) => void,
): void {
  const whole = encode(text);
  const step = whole.length > 1000 ? 7 : 1;
  for (let length = 0; length <= whole.length; length += step) {
    let first: Int32Array | undefined;
    for (const fill of ["9", "\n", "n"]) {
      const bytes = new Uint8Array(length + 40).fill(fill.charCodeAt(0));
      bytes.set(whole.subarray(0, length), 4);
      const columns = new Int32Array(SNAPSHOT_COLUMNS).fill(7);
      parser(bytes, 4, 4 + length, columns);
      first ??= columns;
      assert.deepEqual(columns, first, `${length} bytes, then "${fill}"`);
    }
    if (first !== undefined) allowed?.(first, length);
  }
  // At the very end of a buffer, too.
  parser(whole, 0, whole.length, new Int32Array(SNAPSHOT_COLUMNS));
}

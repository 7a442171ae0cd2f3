// Integers of two words against BigInt, at edges and from one seed.

import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { mulWide, parseWide } from "../../src/base/wide.ts";

const INT_MAX = 2_147_483_647;

function toBig(words: Int32Array, index: number): bigint {
  const view = new DataView(words.slice(index, index + 2).buffer);
  view.setInt32(0, words[index]!);
  view.setInt32(4, words[index + 1]!);
  return view.getBigInt64(0);
}

function fromBig(value: bigint): [number, number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt.asIntN(64, value));
  return [view.getInt32(0), view.getInt32(4)];
}

/** The number in `text`, amid bytes that are digits too, and where it ends. */
function check(text: string, want: bigint | null, after = text.length): void {
  const digits = new TextEncoder().encode(text);
  const bytes = new Uint8Array(digits.length + 10).fill(0x39);
  bytes.set(digits, 5);
  const words = new Int32Array(4).fill(7);
  const end = parseWide(bytes, 5, 5 + digits.length, words, 1);
  const label = JSON.stringify(text);
  if (want === null) {
    assert.equal(end, -1, label);
    assert.deepEqual([...words], [7, 7, 7, 7], label);
    return;
  }
  assert.equal(end, 5 + after, label);
  assert.deepEqual([...words], [7, ...fromBig(want), 7], label);
}

Deno.test("parseWide: hostile and unusual numbers", () => {
  for (const text of ["", " ", "-1", "x", "\n5", "/", ":", "\t \t"]) {
    check(text, null);
  }
  check("0", 0n);
  check("000000000000000000000000000012", 12n);
  check("12x", 12n, 2);
  check("12 34", 12n, 2);
  check(" \t7", 7n);
  check("5/", 5n, 1);
  check("5:", 5n, 1);
  for (let bits = 0n; bits <= 64n; bits++) {
    for (const off of [-1n, 0n, 1n]) {
      const value = (1n << bits) + off;
      check(String(value), value);
    }
  }
  // Beyond 64 bits it wraps, whatever the length.
  check("18446744073709551616", 0n);
  check("9".repeat(60), BigInt("9".repeat(60)));
});

Deno.test("parseWide: random numbers", () => {
  const random = new Prng("wide");
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from(
      { length: 1 + random.below(22) },
      () => random.below(10),
    ).join("");
    check(text, BigInt(text));
  }
});

Deno.test("mulWide: modulo 2^64", () => {
  const random = new Prng("mul");
  const edges = [0, 1, 255, 256, 65_535, 65_536, 10_000_000, 1_000_000_000];
  const bys = [...edges, INT_MAX - 1, INT_MAX];
  const words = [...bys, -1, -INT_MAX, -INT_MAX - 1, 0x7fff, -0x8000];
  const multiply = (high: number, low: number, by: number) => {
    const pair = Int32Array.of(7, high, low, 7);
    const want = BigInt.asIntN(64, toBig(pair, 1) * BigInt(by));
    mulWide(pair, 1, by);
    const label = `${high}, ${low} * ${by}`;
    assert.deepEqual([...pair], [7, ...fromBig(want), 7], label);
  };
  for (const high of words) {
    for (const low of words) for (const by of bys) multiply(high, low, by);
  }
  for (let i = 0; i < 100_000; i++) {
    const by = random.next() & INT_MAX;
    multiply(random.next(), random.next(), by >> random.below(31));
  }
});

// Arithmetic against BigInt, on every pair of edges and on pairs from one seed.

import assert from "node:assert/strict";
import {
  clamp,
  delta32,
  divTrunc,
  INT_MAX,
  isPast,
  mulDiv,
  sum32,
  sumClamped,
} from "../../src/base/int.ts";
import { Prng } from "../../src/base/prng.ts";

const INT_MIN = -INT_MAX - 1;
const EDGES = [
  ...[0, 1, -1, 2, 9, 0x7fff, 0x8000, -0x8000, 0xffff, 0x10000, -0x10000],
  ...[INT_MAX, INT_MAX - 1, INT_MIN, INT_MIN + 1, 0x40000000, -0x40000000],
];

/** All pairs of edges, then pairs of one seed. */
function* pairs(seed: string, count: number): Generator<[number, number]> {
  for (const a of EDGES) for (const b of EDGES) yield [a, b];
  const random = new Prng(seed);
  for (let i = 0; i < count; i++) yield [random.next(), random.next()];
}

/** A non-negative int32 of any size: small ones are as likely as large. */
function sized(random: Prng): number {
  return random.next() >>> (1 + (random.next() & 31) % 31);
}

Deno.test("delta32 and sum32 wrap as int32", () => {
  for (const [a, b] of pairs("wrap", 100_000)) {
    const delta = Number(BigInt.asIntN(32, BigInt(a) - BigInt(b)));
    const sum = Number(BigInt.asIntN(32, BigInt(a) + BigInt(b)));
    assert.equal(delta32(a, b), delta, `delta32(${a}, ${b})`);
    assert.equal(sum32(a, b), sum, `sum32(${a}, ${b})`);
  }
});

Deno.test("divTrunc truncates toward zero", () => {
  function check(x: number, y: number, want: number) {
    assert.equal(divTrunc(x, y), want, `divTrunc(${x}, ${y})`);
  }
  check(7, 0, 0);
  check(-7, 2, -3);
  check(7, -2, -3);
  check(INT_MAX, 1, INT_MAX);
  check(INT_MIN, 2, -1_073_741_824);
  // Neither is -0, which would be a double.
  check(-8, 4, -2);
  check(-1, 2, 0);
  check(0, -8, 0);
  for (const [x, y] of pairs("div", 10_000)) {
    // INT_MIN / -1 wraps.
    if (y !== 0) check(x, y, Number(BigInt.asIntN(32, BigInt(x) / BigInt(y))));
  }
});

Deno.test("sumClamped and clamp stay in bounds", () => {
  assert.equal(sumClamped(INT_MAX, INT_MAX), INT_MAX);
  assert.equal(sumClamped(INT_MAX, 0), INT_MAX);
  assert.equal(sumClamped(INT_MAX - 5, 5), INT_MAX);
  assert.equal(sumClamped(1, 2), 3);
  assert.equal(clamp(-1, 0, 10), 0);
  assert.equal(clamp(11, 0, 10), 10);
  assert.equal(clamp(5, 0, 10), 5);
});

Deno.test("mulDiv: edges", () => {
  function check(a: number, b: number, c: number, want: number) {
    assert.equal(mulDiv(a, b, c), want, `mulDiv(${a}, ${b}, ${c})`);
  }
  check(1, 1, 0, INT_MAX);
  check(0, 1, 0, 0);
  check(0, 0, 5, 0);
  check(INT_MAX, INT_MAX, INT_MAX, INT_MAX);
  check(INT_MAX, INT_MAX, 1, INT_MAX);
  check(INT_MAX, 1, 2, 1_073_741_823);
  // A percentage of a large machine: the divisor is small, the product is not.
  check(INT_MAX, 90, 100, 1_932_735_282);
  check(134_217_728, 33, 100, 44_291_850);
});

Deno.test("mulDiv: exact for small divisors, close for large ones", () => {
  const random = new Prng("muldiv");
  for (let i = 0; i < 50_000; i++) {
    const a = sized(random);
    const b = sized(random);
    const c = sized(random);
    if (c === 0) continue;
    const exact = BigInt(a) * BigInt(b) / BigInt(c);
    const want = exact > BigInt(INT_MAX) ? INT_MAX : Number(exact);
    const got = mulDiv(a, b, c);
    const error = c < 1 << 20 ? 0 : b / (1 << 18) + 1;
    assert.ok(
      Math.abs(got - want) <= error,
      `${a} * ${b} / ${c}: ${got}, not ${want}`,
    );
  }
});

Deno.test("isPast: ages, a clock that goes round, and one never set", () => {
  const rows: [nowMs: number, sinceMs: number, ms: number, past: boolean][] = [
    [0, 0, 0, true],
    [0, 0, 1, false],
    [999, 0, 1_000, false],
    [1_000, 0, 1_000, true],
    [-INT_MAX, INT_MAX, 3, false],
    [-INT_MAX, INT_MAX, 2, true],
    [0, 1, 1_000, true],
    [-INT_MAX, 0, 1_000, true],
  ];
  for (const [nowMs, sinceMs, ms, past] of rows) {
    assert.equal(isPast(nowMs, sinceMs, ms), past, `${nowMs} ${sinceMs} ${ms}`);
  }
});

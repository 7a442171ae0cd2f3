// Numbers in text against BigInt, always between bytes that would change them.

import assert from "node:assert/strict";
import { INT_MAX } from "../../src/base/int.ts";
import { Prng } from "../../src/base/prng.ts";
import {
  ABSENT,
  nextLine,
  parseBytesAsKb,
  parseColumns8,
  parseInt32,
  parseLineEnd,
  parseWrapped,
  skipBlanks,
  skipWord,
  startsWith,
} from "../../src/base/scan.ts";

type Parse = (bytes: Uint8Array, at: number, end: number) => number;

/** Parses `text` between guards that would change the result if they were read. */
function between(parse: Parse, text: string): number {
  const bytes = new TextEncoder().encode(`99${text}99`);
  return parse(bytes, 2, bytes.length - 2);
}

/** Text of digits, of a random length. */
function digits(random: Prng, lengthMax: number): string {
  let text = "";
  const length = 1 + (random.next() >>> 1) % lengthMax;
  for (let i = 0; i < length; i++) text += (random.next() >>> 1) % 10;
  return text;
}

Deno.test("parseInt32", () => {
  function check(text: string, want: number) {
    assert.ok(Object.is(between(parseInt32, text), want), `"${text}"`);
  }
  check("", ABSENT);
  check("-", ABSENT);
  check("  ", ABSENT);
  check("x1", ABSENT);
  check("- 1", ABSENT);
  check("\n1", ABSENT);
  check("-0", 0);
  check("0", 0);
  check("\t 7 8", 7);
  check("-42kB", -42);
  check("999999999", 999_999_999);
  check("1000000000", 1_000_000_000);
  check("2147483639", 2_147_483_639);
  check("2147483646", 2_147_483_646);
  check("2147483647", INT_MAX);
  check("2147483648", INT_MAX);
  check("21474836470", INT_MAX);
  check("-2147483648", -INT_MAX);
  check("99999999999999999999", INT_MAX);
  check("00000000000000000005", 5);
  check("1/", 1);
  check("1:", 1);
});

Deno.test("parseWrapped is the low half of the counter", () => {
  function check(text: string, want: number) {
    assert.equal(between(parseWrapped, text), want, `"${text}"`);
  }
  check("", ABSENT);
  check("-1", ABSENT);
  check("4294967295", -1);
  check("4294967296", 0);
  check("2147483647", INT_MAX);
  check("18446744073709551615", -1);
  // The one that would read as ABSENT.
  check("2147483648", ABSENT + 1);
  check(" 12 ", 12);
  const random = new Prng("wrapped");
  for (let i = 0; i < 20_000; i++) {
    const text = digits(random, 24);
    const want = Number(BigInt.asIntN(32, BigInt(text)));
    check(text, want === ABSENT ? ABSENT + 1 : want);
  }
});

Deno.test("parseBytesAsKb keeps 64 bits of range", () => {
  function check(text: string, want: number) {
    assert.equal(between(parseBytesAsKb, text), want, `"${text}"`);
  }
  check("", ABSENT);
  check("max", ABSENT);
  check("1023", 0);
  check("1024", 1);
  check("9223372036854771712", INT_MAX);
  check("2199023255551", INT_MAX);
  check("2199023254528", INT_MAX);
  check("2199023254527", INT_MAX - 1);
  check(" 16777216\n", 16_384);
  const random = new Prng("kb");
  for (let i = 0; i < 20_000; i++) {
    const text = digits(random, 20);
    const kb = BigInt(text) / 1024n;
    check(text, kb > BigInt(INT_MAX) ? INT_MAX : Number(kb));
  }
});

Deno.test("parseLineEnd and parseColumns8", () => {
  function check(text: string, want: number) {
    const bytes = new TextEncoder().encode(`99${text}\n99`);
    assert.equal(parseLineEnd(bytes, 2, bytes.length - 2), want, `"${text}"`);
  }
  check("", ABSENT);
  check("min ", ABSENT);
  check("min      58", 58);
  check("7", 7);
  check("999999999", 999_999_999);
  check("x1234567890", 1_234_567_890);
  check("1234567890", 1_234_567_890);
  check("x99999999999", INT_MAX);
  check("99999999999", INT_MAX);
  const eight = new TextEncoder().encode("1      58 99999999");
  assert.equal(parseColumns8(eight, 1), 58);
  assert.equal(parseColumns8(eight, 10), 99_999_999);
});

Deno.test("walking and matching stay inside", () => {
  const bytes = new TextEncoder().encode("ab \t c\nde\n");
  assert.equal(nextLine(bytes, 0, 10), 7);
  assert.equal(nextLine(bytes, 7, 9), 9);
  assert.equal(nextLine(bytes, 0, 6), 6);
  assert.equal(nextLine(bytes, 0, 7), 7);
  assert.equal(skipBlanks(bytes, 2, 10), 5);
  assert.equal(skipBlanks(bytes, 2, 4), 4);
  assert.equal(skipBlanks(bytes, 6, 10), 6);
  assert.equal(skipWord(bytes, 0, 10), 2);
  assert.equal(skipWord(bytes, 7, 8), 8);
  const key = new TextEncoder().encode("de");
  assert.equal(startsWith(bytes, 7, 10, key), true);
  assert.equal(startsWith(bytes, 7, 8, key), false);
  assert.equal(startsWith(bytes, 0, 10, key), false);
});

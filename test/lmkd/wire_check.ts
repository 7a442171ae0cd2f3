// Decodes packets and encodes messages amid other bytes, and holds the outcome
// to what was built without the codec.

import assert from "node:assert/strict";
import {
  BAD_COMMAND,
  BAD_LENGTH,
  BAD_VALUE,
  decodeRequest,
  REQUEST_WORDS_MAX,
} from "../../src/wire/lmkd.ts";
import { MESSAGE_BYTES_MAX } from "../../src/wire/messages.ts";
import { release, RELEASES, type Verdict } from "./golden.ts";

export const UNTOUCHED = 0x55555555;
const REFUSALS = new Map<Verdict, number>([
  ["length", BAD_LENGTH],
  ["value", BAD_VALUE],
  ["command", BAD_COMMAND],
]);

/** Decodes a packet that lies amid bytes of `around`, at an odd place. */
export function decode(bytes: Uint8Array, around: number, number: number) {
  const at = 7;
  const memory = new Uint8Array(at + bytes.length + 67).fill(around);
  memory.set(bytes, at);
  const request = new Int32Array(REQUEST_WORDS_MAX + 4).fill(UNTOUCHED);
  const args = decodeRequest(memory, at, bytes.length, request, number);
  return { args, request };
}

/** The packet means `want` to the release, whatever lies around it. */
export function check(bytes: Uint8Array, number: number, want: Verdict): void {
  const { args, request } = decode(bytes, 0x00, number);
  const label = `${RELEASES[number]}: ${bytes.toHex()}`;
  const words = Math.floor(bytes.length / 4);
  let written = Math.min(words, number === release("17") ? 16 : 13);
  if (typeof want === "string") assert.equal(args, REFUSALS.get(want), label);
  else {
    assert.equal(args, Math.min(words, written) - 1, label);
    assert.deepEqual([...request.slice(0, want.length)], want, label);
    written = want.length;
  }
  // What PROCPRIO leaves out is given even where another word is then refused.
  if (request[0] === 1 && want === "value") {
    written = Math.max(written, number === release("17") ? 6 : 5);
  }
  for (const word of request.slice(written)) {
    assert.equal(word, UNTOUCHED, label);
  }
  const other = decode(bytes, 0xff, number);
  assert.equal(other.args, args, label);
  assert.deepEqual(other.request, request, label);
}

/** The same in every release from `since` on. */
export function checkSince(
  since: string,
  bytes: Uint8Array,
  want: Verdict,
): void {
  for (let number = release(since); number < RELEASES.length; number++) {
    check(bytes, number, want);
  }
}

export type Encode = (bytes: Uint8Array, at: number) => number;

/** What is written is `want`, at an odd place, and nothing around it. */
export function checkMessage(
  encode: Encode,
  want: Uint8Array,
  label?: string,
): void {
  for (const fill of [0x00, 0xaa]) {
    const bytes = new Uint8Array(MESSAGE_BYTES_MAX + 40).fill(fill);
    const around = bytes.slice();
    assert.equal(encode(bytes, 5), want.length, label);
    around.set(want, 5);
    assert.deepEqual(bytes, around, label);
  }
}

export function eachRelease(fn: (number: number, name: string) => void): void {
  RELEASES.forEach((name, number) => fn(number, name));
}

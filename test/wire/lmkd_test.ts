// Requests against bytes written out by hand, with all the ways in which they
// go wrong, and words in both directions. What each release makes of a packet,
// of every length, is in test/lmkd.

import assert from "node:assert/strict";
import {
  BAD_COMMAND,
  BAD_LENGTH,
  BAD_VALUE,
  decodeRequest,
  putWord,
  REQUEST_WORDS_MAX,
  wordAt,
} from "../../src/wire/lmkd.ts";
import { RELEASE_16 } from "../../src/state/settings.ts";

const UNTOUCHED = 0x55555555;

function bytesOf(hex: string): Uint8Array {
  const pairs = hex.replaceAll(" ", "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** Decodes a packet that lies amid bytes of `around`, at an odd place. */
function decode(packet: Uint8Array, around: number) {
  const at = 7;
  const bytes = new Uint8Array(at + packet.length + 64).fill(around);
  bytes.set(packet, at);
  const request = new Int32Array(REQUEST_WORDS_MAX).fill(UNTOUCHED);
  const args = decodeRequest(
    bytes,
    at,
    packet.length,
    request,
    RELEASE_16,
  );
  return { args, request: [...request] };
}

/** `want`: the words of a good request, or why it is a bad one. */
function check(hex: string, want: number[] | number): void {
  const packet = bytesOf(hex);
  const { args, request } = decode(packet, 0x00);
  if (typeof want === "number") {
    assert.equal(args, want, hex);
    return;
  }
  assert.deepEqual(request.slice(0, want.length), want, hex);
  // What lies behind the packet changes nothing, and nothing is made of it.
  assert.deepEqual(decode(packet, 0xff), { args, request }, hex);
  for (const word of request.slice(want.length)) assert.equal(word, UNTOUCHED);
}

Deno.test("golden bytes", () => {
  // AMS's own packets: minfree in pages and adj, six pairs.
  check(
    "00000000 00004800 00000000 00005a00 00000064 00006c00 000000c8" +
      "00007e00 000000fa 00009000 00000384 0000b400 000003b6",
    [
      0,
      ...[18432, 0, 23040, 100, 27648, 200, 32256, 250, 36864, 900],
      ...[46080, 950],
    ],
  );
  check("00000000", [0]);
  check("00000000 00000000 fffffc18", [0, 0, -1000]);
  check("00000000 7fffffff 000003e8", [0, 2147483647, 1000]);
  check("00000001 000004d2 00002710 00000384", [1, 1234, 10000, 900, 0]);
  check("00000001 000004d2 00002710 00000384 00000000", [
    1,
    1234,
    10000,
    900,
    0,
  ]);
  check("00000001 000004d2 00002710 00000384 00000001", [
    1,
    1234,
    10000,
    900,
    1,
  ]);
  check("00000001 00000001 ffffffff fffffc18", [1, 1, -1, -1000, 0]);
  check("00000001 7fffffff 80000000 000003e8", [
    1,
    2147483647,
    -2147483648,
    1000,
    0,
  ]);
  check("00000002 000004d2", [2, 1234]);
  check("00000003", [3]);
  check("00000004 00000000 000003e8", [4, 0, 1000]);
  check("00000004 80000000 7fffffff", [4, -2147483648, 2147483647]);
  check("00000004 000003e8 00000000", [4, 1000, 0]);
  check("00000005 00000001", [5, 1]);
  check("00000007", [7]);
  check("00000009", [9]);
  check("0000000a", [10]);
  check("0000000b 000004d2 00002710 00000384 00000001", [
    11,
    1234,
    10000,
    900,
    1,
  ]);
  // What is over 13 words is cut off: the seventh pair here.
  check("00000000" + "00000001".repeat(14), [0, ...Array(12).fill(1)]);
  // One to three bytes behind the last word are ignored, as lmkd does.
  check("00000003 ff", [3]);
  check("00000002 000004d2 ffffff", [2, 1234]);
});

Deno.test("bad packets", () => {
  check("", BAD_LENGTH);
  check("00", BAD_LENGTH);
  check("000003", BAD_LENGTH);
  check("00000001", BAD_LENGTH);
  check("00000001 000004d2 00002710", BAD_LENGTH);
  check("00000001 000004d2 00002710 00000384 00000000 00000000", BAD_LENGTH);
  check("00000000 00000001", BAD_LENGTH);
  check("00000000 00000001 00000000 00000001", BAD_LENGTH);
  check("00000001" + "00000001".repeat(14), BAD_LENGTH);
  check("0000000b 00000001 00000001 00000001", BAD_LENGTH);
  check("00000002", BAD_LENGTH);
  check("00000002 00000001 00000001", BAD_LENGTH);
  check("00000003 00000001", BAD_LENGTH);
  check("00000004 00000001", BAD_LENGTH);
  check("00000004 00000001 00000001 00000001", BAD_LENGTH);

  check("00000001 00000000 00000000 00000000", BAD_VALUE);
  check("00000001 ffffffff 00000000 00000000", BAD_VALUE);
  check("00000001 80000000 00000000 00000000", BAD_VALUE);
  check("00000001 00000001 00000000 000003e9", BAD_VALUE);
  check("00000001 00000001 00000000 fffffc17", BAD_VALUE);
  check("00000001 00000001 00000000 7fffffff", BAD_VALUE);
  check("00000001 00000001 00000000 80000000", BAD_VALUE);
  check("00000001 00000001 00000000 00000000 00000002", BAD_VALUE);
  check("00000001 00000001 00000000 00000000 ffffffff", BAD_VALUE);
  check("00000002 00000000", BAD_VALUE);
  check("00000002 ffffffff", BAD_VALUE);
  check("00000000 ffffffff 00000000", BAD_VALUE);
  check("00000000 00000001 000003e9", BAD_VALUE);
  check("00000000 00000001 00000000 00000001 fffffc17", BAD_VALUE);

  check("00000005 00000002", BAD_VALUE);

  check("00000006 00000001 00000001", BAD_COMMAND);
  check("00000008", BAD_COMMAND);
  check("0000000c" + "00000001".repeat(13), BAD_COMMAND);
  check("0000000c", BAD_COMMAND);
  check("ffffffff", BAD_COMMAND);
  check("80000000 00000001", BAD_COMMAND);
  check("01000000 000004d2 00002710 00000384", BAD_COMMAND);
});

Deno.test("words in both directions", () => {
  const rows: [number, string][] = [
    [0, "00000000"],
    [1, "00000001"],
    [-1, "ffffffff"],
    [0x01020304, "01020304"],
    [2147483647, "7fffffff"],
    [-2147483648, "80000000"],
    [-1000, "fffffc18"],
  ];
  for (const [word, hex] of rows) {
    const bytes = new Uint8Array(6).fill(0xaa);
    putWord(bytes, 1, word);
    assert.deepEqual(bytes, bytesOf(`aa${hex}aa`), hex);
    assert.equal(wordAt(bytes, 1), word, hex);
  }
});

// Every length of every command in every release, and random packets, each
// against a second reading of the rules: nothing outside a packet is read, and
// nothing is written beyond its words.

import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { decodeRequest, REQUEST_WORDS_MAX } from "../../src/wire/lmkd.ts";
import { conforms } from "./conforms.ts";
import { packet, RELEASES, RULES, verdictOf } from "./golden.ts";
import { check, decode } from "./wire_check.ts";

conforms("1.1", "every length of every command in every release", () => {
  let good = 0;
  for (let number = 0; number < RELEASES.length; number++) {
    for (let command = -1; command <= 14; command++) {
      // Words of 1 are in range in every place.
      const whole = packet(command, ...Array(63).fill(1));
      for (let length = 0; length <= 256; length++) {
        const bytes = whole.slice(0, length);
        const want = verdictOf(bytes, number);
        if (typeof want !== "string") good++;
        check(bytes, number, want);
      }
    }
  }
  // The rules accept some of each: a table that refused all would prove little.
  assert.ok(good > 2_000, `${good}`);
});

const WORDS = [0, 1, 2, 4, 900, 1000, 1001, -1, -1000, -1001, 2147483647];

/** A random packet: mostly a known command and words near the edges. */
function randomPacket(random: Prng): Uint8Array {
  const words = random.below(random.chance(100) ? 64 : 18);
  const command = random.chance(100) ? random.next() : random.between(-1, 13);
  const sane = random.chance(500);
  const bytes = packet(
    command,
    ...Array.from(
      { length: words },
      () =>
        sane
          ? random.below(2)
          : random.chance(900)
          ? random.pick(WORDS)
          : random.next(),
    ),
  );
  const cut = random.chance(300) ? random.below(bytes.length + 1) : 0;
  return bytes.slice(0, bytes.length - cut);
}

conforms("1.2", "100,000 random packets", () => {
  const random = new Prng("requests");
  const seen = new Map<string, number>();
  for (let i = 0; i < 100_000; i++) {
    const bytes = randomPacket(random);
    const number = random.below(RELEASES.length);
    const want = verdictOf(bytes, number);
    const kind = typeof want === "string" ? want : `${want[0]}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    check(bytes, number, want);
    // A packet that ends where the memory does.
    const request = new Int32Array(REQUEST_WORDS_MAX);
    const args = decodeRequest(bytes, 0, bytes.length, request, number);
    assert.equal(args, decode(bytes, 0, number).args);
  }
  const kinds = ["length", "value", "command"];
  for (const { command } of RULES) kinds.push(String(command));
  for (const kind of kinds) {
    assert.ok((seen.get(kind) ?? 0) > 100, `${kind}: ${seen.get(kind)}`);
  }
});

// Journal files as they may be found: foreign, cut at any byte, with any bit
// changed, of noise. Only a SyntaxError may come of it.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { JOURNAL_WORDS } from "../../src/base/limits.ts";
import { Prng } from "../../src/base/prng.ts";
import {
  killsOf,
  parseJournal,
  recordsOf,
  tornOf,
  wordsOf,
} from "../../src/report/journal.ts";
import { recordLine } from "../../src/report/lines.ts";
import * as j from "../../src/state/journal.ts";
import { type Entry, fileOf, journalOf, KILL } from "./records.ts";

const DEATH: Entry = {
  kind: j.KIND_DEATH,
  words: { J_PID: 1234, J_KILL_SERIAL: 1, J_LATENCY: 23, J_BACK_KB: 40_000 },
};

Deno.test("files that are none of ours", () => {
  const header = (word: number, value: number): Uint8Array => {
    const bytes = fileOf(journalOf([KILL]));
    new Int32Array(bytes.buffer)[word] = value;
    return bytes;
  };
  const rows: [Uint8Array, string][] = [
    [new Uint8Array(), "file is shorter than a header"],
    [new Uint8Array(15), "file is shorter than a header"],
    [new Uint8Array(16), "not a journal"],
    [new TextEncoder().encode("x".repeat(500)), "not a journal"],
    [header(j.H_MAGIC, 0), "not a journal"],
    [header(j.H_VERSION, 4), "version is 4, expected 3"],
    [header(j.H_VERSION, 1), "version is 1, expected 3"],
    // The first version's header was shorter than a record is now.
    [header(j.H_VERSION, 1).subarray(0, 128), "version is 1, expected 3"],
    [
      header(j.H_RECORDS, 512),
      "rings have 512 and 64 records, expected 1024 and 64",
    ],
    [
      header(j.H_SIDE_RECORDS, 0),
      "rings have 1024 and 0 records, expected 1024 and 64",
    ],
    [header(j.H_RECORD_WORDS, 95), "records have 95 words, expected 96"],
    [header(j.H_RECORD_WORDS, -1), "records have -1 words, expected 96"],
    [
      header(0, j.JOURNAL_MAGIC).subarray(0, 383),
      "file is shorter than a header",
    ],
  ];
  for (const [bytes, why] of rows) {
    assert.throws(() => parseJournal(bytes, "a/journal"), {
      name: "SyntaxError",
      message: `Cannot parse "a/journal": ${why}`,
    });
  }
});

Deno.test("a file cut at any byte", () => {
  const whole = fileOf(journalOf([KILL, DEATH, KILL]));
  const record = JOURNAL_WORDS * 4;
  assert.equal(whole.length, 4 * record);
  for (let length = 0; length <= whole.length; length++) {
    const bytes = whole.subarray(0, length);
    if (length < record) {
      assert.throws(() => parseJournal(bytes, "a"), SyntaxError);
      continue;
    }
    const words = parseJournal(bytes, "a");
    const records = Math.floor(length / record) - 1;
    assert.equal(recordsOf(words).length, records, `${length} bytes`);
    assert.equal(killsOf(words).length, Math.ceil(records / 2));
    assert.equal(tornOf(words), 0);
  }
});

/** Reads all there is; only a SyntaxError may come. */
function readAll(bytes: Uint8Array): number {
  let words: Int32Array;
  try {
    words = parseJournal(bytes, "a");
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return 0;
  }
  for (const kill of killsOf(words)) assert.match(kill.time, /Z$/);
  for (const at of recordsOf(words)) {
    assert.doesNotMatch(recordLine(words, at), /\p{C}/u);
  }
  return tornOf(words);
}

Deno.test("bytes that lie anywhere in memory", () => {
  const whole = fileOf(journalOf([KILL]));
  for (let before = 0; before < 5; before++) {
    for (let cut = 0; cut < 5; cut++) {
      const memory = Buffer.alloc(whole.length + 5, 0xaa);
      memory.set(whole, before);
      const bytes = memory.subarray(before, before + whole.length - cut);
      assert.equal(wordsOf(bytes).length, (whole.length - cut) >> 2);
      const kills = killsOf(parseJournal(bytes, "a"));
      assert.equal(kills.length, cut === 0 ? 1 : 0);
    }
  }
});

Deno.test("a file with any bit changed", () => {
  const whole = fileOf(journalOf([KILL, DEATH]));
  let torn = 0;
  for (let bit = 0; bit < whole.length * 8; bit++) {
    whole[bit >> 3] ^= 1 << (bit & 7);
    torn += readAll(whole);
    whole[bit >> 3] ^= 1 << (bit & 7);
  }
  // Each change of a record is noticed, but for none.
  assert.equal(torn, 2 * JOURNAL_WORDS * 32);
});

Deno.test("noise", () => {
  const header = fileOf(journalOf([])).subarray(0, JOURNAL_WORDS * 4);
  for (let seed = 1; seed <= 300; seed++) {
    const prng = new Prng(seed);
    const bytes = new Uint8Array(prng.below(9_000));
    for (let i = 0; i < bytes.length; i++) bytes[i] = prng.next();
    if (prng.chance(700) && bytes.length >= header.length) bytes.set(header);
    // Records that carry a good sum over bad words.
    const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
    for (let at = JOURNAL_WORDS; at + JOURNAL_WORDS <= words.length;) {
      words[at + j.J_CHECK] = j.checkOf(words, at);
      at += JOURNAL_WORDS;
    }
    try {
      readAll(bytes);
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
});

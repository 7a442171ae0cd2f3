// lmkd's 38 figures: each is where its name says, and in lmkd's order.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import { killinfoOf, MEMINFO_NAMES } from "../../src/report/killinfo.ts";
import * as j from "../../src/state/journal.ts";
import { type Entry, journalOf, KILL, withWords } from "./records.ts";

const of = (entry: Entry) => killinfoOf(journalOf([entry]).words, 0);

/** The record's words in the event's order, as the journal lays them out. */
const WORDS = [
  j.J_PID,
  j.J_UID,
  j.J_ADJ,
  j.J_FLOOR_ADJ,
  j.J_RSS_KB,
  j.J_REASON,
  ...Array.from({ length: 19 }, (_, i) => j.J_MEMINFO + i),
  j.J_EVENT_MS,
  j.J_WAKE_MS,
  j.J_WAKEUPS,
  j.J_SKIPPED,
  j.J_SWAP_KB,
  j.J_GPU_KB,
  j.J_THRASHING_PERCENT,
  j.J_MAX_THRASHING_PERCENT,
  ...Array.from({ length: 5 }, (_, i) => j.J_PSI + i),
];

Deno.test("killinfo: 38 figures, each with a place of its own", () => {
  assert.equal(new Set(WORDS).size, 38);
  assert.equal(MEMINFO_NAMES.length, j.J_MEMINFO_WORDS);
  const journal = journalOf([KILL]);
  const clean = Object.values(killinfoOf(journal.words, 0));
  assert.equal(clean.length, 38);
  for (const [i, word] of WORDS.entries()) {
    const { words } = journalOf([KILL]);
    words[word] = 1_234_500 + i;
    const got = Object.values(killinfoOf(words, 0));
    const want = clean.slice();
    want[i] = i < 33 ? 1_234_500 + i : (1_234_500 + i) / 100;
    assert.deepEqual(got, want, `figure ${i + 1}, word ${word}`);
  }
});

Deno.test("killinfo: what the kernel did not tell is null", () => {
  for (const [i, word] of WORDS.entries()) {
    if (i === 1) continue;
    const { words } = journalOf([KILL]);
    words[word] = ABSENT;
    assert.equal(Object.values(killinfoOf(words, 0))[i], null, String(i));
  }
  // A user can have any number; the kernel's are unsigned.
  assert.equal(of(withWords(KILL, { J_UID: ABSENT })).uid, 2_147_483_648);
  assert.equal(of(withWords(KILL, { J_UID: -2 })).uid, 4_294_967_294);
});

Deno.test("killinfo: averages are percent to the hundredth", () => {
  const rows = [[0, 0], [1, 0.01], [1_234, 12.34], [10_000, 100]];
  for (const [centi, want] of rows) {
    const info = of(withWords(KILL, { J_PSI: centi }));
    assert.equal(info.memorySomePercent, want);
    assert.equal(JSON.stringify(info.memorySomePercent), String(want));
  }
});

Deno.test("killinfo: the second of two records", () => {
  const { words } = journalOf([KILL, withWords(KILL, { J_PID: 77 })]);
  assert.equal(killinfoOf(words, words.indexOf(77) - j.J_PID).pid, 77);
  assert.equal(killinfoOf(words, 0).pid, 1234);
});

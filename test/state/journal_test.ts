// The journal's ring: it wraps, it notices any bit that changed, and its times
// stay right over days and over a clock that wraps.

import assert from "node:assert/strict";
import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../../src/base/limits.ts";
import {
  checkOf,
  J_CHECK,
  J_EPOCH_S,
  J_KIND,
  J_PID,
  J_SERIAL,
  J_TIME_MS,
  Journal,
  KIND_DEATH,
  KIND_KILL,
} from "../../src/state/journal.ts";

const DAY_MS = 86_400_000;

function makeJournal(): Journal {
  return new Journal(new Int32Array(JOURNAL_RECORDS * JOURNAL_WORDS));
}

function write(journal: Journal, pid: number, nowMs = 0): number {
  const at = journal.begin(KIND_KILL, nowMs);
  journal.words[at + J_PID] = pid;
  return journal.commit();
}

Deno.test("serials count on and the ring wraps", () => {
  const journal = makeJournal();
  const count = 2 * JOURNAL_RECORDS + 3;
  for (let i = 1; i <= count; i++) assert.equal(write(journal, i * 7), i);
  assert.equal(journal.serial, count);
  for (let slot = 0; slot < JOURNAL_RECORDS; slot++) {
    const at = slot * JOURNAL_WORDS;
    const lap = slot < 3 ? 2 : 1;
    const serial = lap * JOURNAL_RECORDS + slot + 1;
    assert.equal(journal.words[at + J_SERIAL], serial);
    assert.equal(journal.words[at + J_PID], serial * 7);
    assert.equal(journal.words[at + J_CHECK], checkOf(journal.words, at));
  }
});

Deno.test("a record begins clean and counts only when it is committed", () => {
  const journal = makeJournal();
  journal.words.fill(-1);
  const at = journal.begin(KIND_DEATH, 5);
  const set = new Map([[J_KIND, KIND_DEATH], [J_TIME_MS, 5]]);
  for (let i = 0; i < JOURNAL_WORDS; i++) {
    assert.equal(journal.words[at + i], set.get(i) ?? 0, `word ${i}`);
  }
  assert.equal(journal.serial, 0);
  // Not committed: the next takes its place.
  assert.equal(journal.begin(KIND_KILL, 6), at);
  journal.commit();
  assert.equal(journal.words[at + J_KIND], KIND_KILL);
  assert.equal(journal.begin(KIND_KILL, 7), at + JOURNAL_WORDS);
});

Deno.test("the check notices any one bit", () => {
  const journal = makeJournal();
  write(journal, 1234, 77);
  for (let word = 0; word < J_CHECK; word++) {
    for (let bit = 0; bit < 32; bit++) {
      journal.words[word] ^= 1 << bit;
      const name = `word ${word}, bit ${bit}`;
      assert.notEqual(checkOf(journal.words, 0), journal.words[J_CHECK], name);
      journal.words[word] ^= 1 << bit;
    }
  }
  // Words in each other's place are noticed too, and an empty slot never fits.
  const words = journal.words.slice(0, JOURNAL_WORDS);
  [words[J_PID], words[J_TIME_MS]] = [words[J_TIME_MS], words[J_PID]];
  assert.notEqual(checkOf(words, 0), words[J_CHECK]);
  assert.notEqual(checkOf(new Int32Array(JOURNAL_WORDS), 0), 0);
});

Deno.test("times over days and over the wrap of the clock", () => {
  const START_S = 1_700_000_000;
  /** Clock at the epoch; ms after it of each record, in order. */
  const rows: [epochMs: number, afterMs: number[]][] = [
    [0, [0, 1, 999, DAY_MS - 1, DAY_MS, DAY_MS + 1, 2 * DAY_MS + 1]],
    [1_000, [10 * DAY_MS, 10 * DAY_MS + 1, 11 * DAY_MS]],
    // The clock passes the largest int32 and goes on at the smallest.
    [2_147_483_000, [0, 600, 700, 5_000, DAY_MS, 20 * DAY_MS]],
    [-5, [0, 4, 5, 6, 3 * DAY_MS]],
    // Nothing to tell for more than half of what the clock can hold.
    [123, [30 * DAY_MS, 49 * DAY_MS]],
    [123, [49 * DAY_MS, 90 * DAY_MS, 130 * DAY_MS]],
  ];
  for (const [epochMs, afterMs] of rows) {
    const journal = makeJournal();
    journal.setEpoch(epochMs, START_S);
    for (const ms of afterMs) {
      const at = journal.begin(KIND_KILL, (epochMs + ms) | 0);
      const time = journal.words[at + J_TIME_MS];
      assert.ok(time >= 0 && time <= DAY_MS, `${epochMs} + ${ms}`);
      const told = journal.words[at + J_EPOCH_S] * 1000 + time;
      assert.equal(told, START_S * 1000 + ms, `${epochMs} + ${ms}`);
      journal.commit();
    }
  }
  // Rolled now and then, silence may last for ever.
  const journal = makeJournal();
  journal.setEpoch(0, START_S);
  for (let day = 1; day <= 400; day += 20) journal.roll((day * DAY_MS) | 0);
  const at = journal.begin(KIND_KILL, (400 * DAY_MS) | 0);
  assert.equal(
    journal.words[at + J_EPOCH_S] * 1000 + journal.words[at + J_TIME_MS],
    START_S * 1000 + 400 * DAY_MS,
  );
});

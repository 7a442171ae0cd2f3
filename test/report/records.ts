// Makes journals for tests, in the ring and as the file of a state folder.

import {
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  SIDE_RECORDS,
} from "../../src/base/limits.ts";
import * as j from "../../src/state/journal.ts";

const NAME_BYTES = j.J_NAME_WORDS * 4;

const PLACES = j as unknown as Readonly<Record<string, number>>;

/** Words of a record by the names of their places or their numbers; and the
 * process's name. */
export interface Entry {
  readonly kind: number;
  readonly nowMs?: number;
  readonly name?: string | Uint8Array;
  readonly words?: Readonly<Record<string, number>>;
}

/** A kill as it is mostly made. */
export const KILL: Entry = {
  kind: j.KIND_KILL,
  name: "com.example.app",
  words: {
    J_PID: 1234,
    J_UID: 10_085,
    J_ADJ: 905,
    J_REASON: 8,
    J_FLOOR_ADJ: 201,
    J_RSS_KB: 46_080,
    J_SWAP_KB: 2_048,
    J_AVAILABLE_KB: 50_000,
    J_VALUE: 7_000,
    J_LIMIT: 8_000,
    J_MARK: 1,
    J_LATENCY: 312,
  },
};

/** `entry` with words of it changed. */
export function withWords(entry: Entry, words: Entry["words"]): Entry {
  return { ...entry, words: { ...entry.words, ...words } };
}

/** A journal of these records; the epoch is 2023-11-14T22:13:20Z. */
export function journalOf(entries: readonly Entry[]): j.Journal {
  const words = new Int32Array(JOURNAL_RECORDS * JOURNAL_WORDS);
  const journal = new j.Journal(words);
  journal.setEpoch(0, 1_700_000_000);
  for (const entry of entries) {
    const at = journal.begin(entry.kind, entry.nowMs ?? 0);
    for (const [name, value] of Object.entries(entry.words ?? {})) {
      words[at + (PLACES[name] ?? Number(name))] = value;
    }
    const { name = "" } = entry;
    const bytes = typeof name === "string"
      ? new TextEncoder().encode(name)
      : name;
    new Uint8Array(words.buffer, (at + j.J_NAME) * 4, NAME_BYTES)
      .set(bytes.subarray(0, NAME_BYTES));
    journal.commit();
  }
  return journal;
}

/** The journal's file, cut after its last record. */
export function fileOf(journal: j.Journal): Uint8Array<ArrayBuffer> {
  const records = Math.min(journal.serial, JOURNAL_RECORDS);
  const words = new Int32Array((1 + records) * JOURNAL_WORDS);
  words[j.H_MAGIC] = j.JOURNAL_MAGIC;
  words[j.H_VERSION] = j.JOURNAL_VERSION;
  words[j.H_RECORD_WORDS] = JOURNAL_WORDS;
  words[j.H_RECORDS] = JOURNAL_RECORDS;
  words[j.H_SIDE_RECORDS] = SIDE_RECORDS;
  words.set(
    journal.words.subarray(0, records * JOURNAL_WORDS),
    JOURNAL_WORDS,
  );
  return new Uint8Array(words.buffer);
}

// Reads journal records, from the ring or from the file, and makes words of
// them. A record that is torn or foreign is skipped, never guessed at.

import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../base/limits.ts";
import {
  checkOf,
  H_MAGIC,
  H_RECORD_WORDS,
  H_VERSION,
  J_ADJ,
  J_AVAILABLE_KB,
  J_BACK_KB,
  J_CHECK,
  J_DETAIL,
  J_EPOCH_S,
  J_FLOOR_ADJ,
  J_GROWN_KB,
  J_KILL_SERIAL,
  J_KIND,
  J_LATENCY,
  J_NAME,
  J_PID,
  J_REASON,
  J_RSS_KB,
  J_SERIAL,
  J_SWAP_KB,
  J_TIME_MS,
  J_UID,
  JOURNAL_MAGIC,
  JOURNAL_VERSION,
  KIND_DEATH,
  KIND_KILL,
  KIND_NO_VICTIM,
  KIND_OVERDUE,
  KIND_REFUSED,
} from "../state/journal.ts";
import { reasonName, reasonText } from "./reasons.ts";

/** One kill, as `kills` prints it. */
export interface KillEntry {
  readonly serial: number;
  /** ISO 8601 to the ms. */
  readonly time: string;
  readonly pid: number;
  readonly uid: number;
  readonly adj: number;
  readonly name: string;
  readonly rssKb: number;
  readonly swapKb: number;
  readonly reason: string;
  readonly reasonText: string;
  readonly floorAdj: number;
  readonly availableKb: number;
  readonly grownKb: number;
  readonly signalUs: number;
  readonly dryRun: boolean;
  /** ms from signal to death; null while it was not seen. */
  readonly deathMs: number | null;
  /** Memory seen back, kB; null while it was not seen. */
  readonly backKb: number | null;
}

/** Text of a name held in 4 words; bytes that are no text show as "?". */
export function nameAt(words: Int32Array, at: number): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + at * 4, 16);
  const end = bytes.indexOf(0);
  return [...bytes.subarray(0, end < 0 ? 16 : end)]
    .map((byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "?")
    .join("");
}

/** First words of all whole records, oldest first. */
export function recordsOf(words: Int32Array): number[] {
  const found: number[] = [];
  for (let at = 0; at + JOURNAL_WORDS <= words.length; at += JOURNAL_WORDS) {
    if (words[at + J_SERIAL] <= 0) continue;
    if (checkOf(words, at) === words[at + J_CHECK]) found.push(at);
  }
  // By number, not by time: clocks are set late, and set back.
  return found.sort((a, b) => words[a + J_SERIAL] - words[b + J_SERIAL]);
}

/** How many records are written and not whole: torn, or overwritten. */
export function tornOf(words: Int32Array): number {
  let written = 0;
  for (let at = 0; at + JOURNAL_WORDS <= words.length; at += JOURNAL_WORDS) {
    const record = words.subarray(at, at + JOURNAL_WORDS);
    if (record.some((word) => word !== 0)) written++;
  }
  return written - recordsOf(words).length;
}

/** ms since 1970 of the record at `at`. */
export function timeOf(words: Int32Array, at: number): number {
  return words[at + J_EPOCH_S] * 1000 + words[at + J_TIME_MS];
}

/** The whole words of a file, in memory of their own: Buffer.slice would not
 * copy, and may start anywhere. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const whole = bytes.subarray(0, bytes.length - bytes.length % 4);
  return new Int32Array(Uint8Array.from(whole).buffer);
}

/** Records of a journal file. Throws SyntaxError when it is none of ours. */
export function parseJournal(bytes: Uint8Array, name: string): Int32Array {
  const refuse = (why: string) =>
    new SyntaxError(`Cannot parse "${name}": ${why}`);
  const recordBytes = JOURNAL_WORDS * 4;
  if (bytes.length < recordBytes) throw refuse("file is shorter than a header");
  const words = wordsOf(bytes);
  if (words[H_MAGIC] !== JOURNAL_MAGIC) throw refuse("not a journal");
  if (words[H_VERSION] !== JOURNAL_VERSION) {
    throw refuse(
      `version is ${words[H_VERSION]}, expected ${JOURNAL_VERSION}`,
    );
  }
  if (words[H_RECORD_WORDS] !== JOURNAL_WORDS) {
    throw refuse(
      `records have ${words[H_RECORD_WORDS]} words, expected ${JOURNAL_WORDS}`,
    );
  }
  return words.subarray(
    JOURNAL_WORDS,
    JOURNAL_WORDS * (1 + JOURNAL_RECORDS),
  );
}

/** All kills of a journal with what became of them, oldest first. */
export function killsOf(words: Int32Array): KillEntry[] {
  const records = recordsOf(words);
  const deaths = new Map<number, number>();
  for (const at of records) {
    if (words[at + J_KIND] !== KIND_DEATH) continue;
    deaths.set(words[at + J_KILL_SERIAL], at);
  }
  return records
    .filter((at) => words[at + J_KIND] === KIND_KILL)
    .map((at) => {
      const death = deaths.get(words[at + J_SERIAL]);
      const seen = death !== undefined &&
        words[death + J_PID] === words[at + J_PID];
      return {
        serial: words[at + J_SERIAL],
        time: new Date(timeOf(words, at)).toISOString(),
        pid: words[at + J_PID],
        uid: words[at + J_UID] >>> 0,
        adj: words[at + J_ADJ],
        name: nameAt(words, at + J_NAME),
        rssKb: words[at + J_RSS_KB],
        swapKb: words[at + J_SWAP_KB],
        reason: reasonName(words[at + J_REASON]),
        reasonText: reasonText(words, at),
        floorAdj: words[at + J_FLOOR_ADJ],
        availableKb: words[at + J_AVAILABLE_KB],
        grownKb: words[at + J_GROWN_KB],
        signalUs: words[at + J_LATENCY],
        dryRun: words[at + J_DETAIL] === 1,
        deathMs: seen ? words[death + J_LATENCY] : null,
        backKb: seen ? words[death + J_BACK_KB] : null,
      };
    });
}

/** lmkd's Kill line, word for word: tests and log readers parse it. */
export function killLine(words: Int32Array, at: number): string {
  const name = nameAt(words, at + J_NAME);
  return `Kill '${name}' (${words[at + J_PID]}), uid ${words[at + J_UID]}, ` +
    `oom_score_adj ${words[at + J_ADJ]} to free ${words[at + J_RSS_KB]}kB ` +
    `rss, ${words[at + J_SWAP_KB]}kB swap; reason: ${reasonText(words, at)}`;
}

/** The log line of any record, or "" for those that have none. */
export function recordLine(words: Int32Array, at: number): string {
  const pid = words[at + J_PID];
  switch (words[at + J_KIND]) {
    case KIND_KILL:
      return (words[at + J_DETAIL] === 1 ? "[dry run] " : "") +
        killLine(words, at);
    case KIND_DEATH:
      return `Process ${pid} died after ${words[at + J_LATENCY]}ms, ` +
        `${words[at + J_BACK_KB]}kB came back`;
    case KIND_OVERDUE:
      return `Process ${pid} outlived the deadline of ` +
        `${words[at + J_LATENCY]}ms, going on without it`;
    case KIND_REFUSED:
      return `Cannot signal process ${pid}: errno ${-words[at + J_DETAIL]}, ` +
        `leaving it out`;
    case KIND_NO_VICTIM:
      return `Nobody to kill at oom_score_adj ${words[at + J_FLOOR_ADJ]} ` +
        `or above; reason: ${reasonText(words, at)}`;
    default:
      return "";
  }
}

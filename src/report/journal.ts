// Reads journal records, from the guard's ring or from the whole file. A record
// that is torn or foreign is skipped, never guessed at.

import { errnoName } from "../base/errno.ts";
import {
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  SIDE_RECORDS,
} from "../base/limits.ts";
import {
  checkOf,
  FILE_RECORDS,
  H_MAGIC,
  H_RECORD_WORDS,
  H_RECORDS,
  H_SIDE_RECORDS,
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
  J_MARK,
  J_NAME,
  J_PID,
  J_REAP_RESULT,
  J_REAP_US,
  J_REASON,
  J_RSS_KB,
  J_SERIAL,
  J_STRATEGY,
  J_SWAP_KB,
  J_TIME_MS,
  J_UID,
  J_VALUE,
  JOURNAL_MAGIC,
  JOURNAL_VERSION,
  JOURNAL_VERSION_BEFORE,
  KIND_DEATH,
  KIND_KEEPER,
  KIND_KILL,
  KIND_REAP,
  KIND_WATCHDOG,
  RING_GUARD,
  RING_KEEPER,
  RING_WATCHDOG,
} from "../state/journal.ts";
import { keeperAct, keeperText } from "./keeper.ts";
import { type KillInfo, killinfoOf } from "./killinfo.ts";
import { nameAt } from "./names.ts";
import { reasonName, reasonText, strategyName } from "./reasons.ts";

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
  /** What judged. */
  readonly strategy: string;
  /** The zone watermark that free memory was below; null for none. */
  readonly watermark: string | null;
  /** How long process_mrelease took, us; null while it has not returned. */
  readonly reapUs: number | null;
  /** Why it failed; null where it did not. */
  readonly reapError: string | null;
  readonly killinfo: KillInfo;
  /** The guard itself, or its watchdog thread while it was silent. */
  readonly by: "guard" | "watchdog";
}

/** One act of the keeper. */
export interface KeeperEntry {
  readonly by: "keeper";
  readonly serial: number;
  /** ISO 8601 to the ms. */
  readonly time: string;
  readonly act: string;
  /** Whom the kernel's killer was armed with, or the guard; 0: nobody. */
  readonly pid: number;
  /** How long the guard had been silent, ms. */
  readonly silentMs: number;
  /** The act as a sentence, after "the keeper". */
  readonly text: string;
}

/** Watermarks by BELOW_* (policy/watermarks.ts). */
const MARKS = ["min", "low", "high"];

/** RING_* that the record at word `at` lies in, counted from the first. */
export function ringOf(at: number): number {
  const record = at / JOURNAL_WORDS;
  if (record < JOURNAL_RECORDS) return RING_GUARD;
  return record < JOURNAL_RECORDS + SIDE_RECORDS ? RING_WATCHDOG : RING_KEEPER;
}

/** First words of all whole records, oldest first. */
export function recordsOf(words: Int32Array): number[] {
  const rings: number[][] = [[], [], []];
  for (let at = 0; at + JOURNAL_WORDS <= words.length; at += JOURNAL_WORDS) {
    if (words[at + J_SERIAL] <= 0) continue;
    if (checkOf(words, at) === words[at + J_CHECK]) rings[ringOf(at)].push(at);
  }
  for (const ring of rings) {
    // By number, not by time: clocks are set late, and set back.
    ring.sort((a, b) => words[a + J_SERIAL] - words[b + J_SERIAL]);
  }
  return rings.reduce((all, ring) => merged(words, all, ring));
}

/** Two rings in one line, by time where they meet; each keeps its order. */
function merged(words: Int32Array, a: number[], b: number[]): number[] {
  const all: number[] = [];
  let next = 0;
  for (const at of a) {
    while (next < b.length && timeOf(words, b[next]) < timeOf(words, at)) {
      all.push(b[next++]);
    }
    all.push(at);
  }
  return [...all, ...b.slice(next)];
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
  // What it is comes before how long it is: another version's is shorter.
  const words = wordsOf(bytes);
  if (words.length <= H_RECORDS) throw refuse("file is shorter than a header");
  if (words[H_MAGIC] !== JOURNAL_MAGIC) throw refuse("not a journal");
  const version = words[H_VERSION];
  if (version !== JOURNAL_VERSION && version !== JOURNAL_VERSION_BEFORE) {
    throw refuse(`version is ${version}, expected ${JOURNAL_VERSION}`);
  }
  if (words[H_RECORD_WORDS] !== JOURNAL_WORDS) {
    throw refuse(
      `records have ${words[H_RECORD_WORDS]} words, expected ${JOURNAL_WORDS}`,
    );
  }
  if (words.length < JOURNAL_WORDS) {
    throw refuse("file is shorter than a header");
  }
  const sides = version === JOURNAL_VERSION;
  // Where the rings behind the first begin depends on it.
  if (
    sides && (words[H_RECORDS] !== JOURNAL_RECORDS ||
      words[H_SIDE_RECORDS] !== SIDE_RECORDS)
  ) {
    throw refuse(
      `rings have ${words[H_RECORDS]} and ${words[H_SIDE_RECORDS]} records, ` +
        `expected ${JOURNAL_RECORDS} and ${SIDE_RECORDS}`,
    );
  }
  const records = sides ? FILE_RECORDS : JOURNAL_RECORDS;
  return words.subarray(JOURNAL_WORDS, JOURNAL_WORDS * (1 + records));
}

/** A record's serial and the ring that counts it, as one number. */
function serialKey(serial: number, at: number): number {
  return serial * 3 + ringOf(at);
}

/** Records of `kind` by the serial of the kill that they belong to. */
function afterKills(
  words: Int32Array,
  records: readonly number[],
  kind: number,
): Map<number, number> {
  return new Map(
    records.filter((at) => words[at + J_KIND] === kind)
      .map((at) => [serialKey(words[at + J_KILL_SERIAL], at), at]),
  );
}

/** All kills of a journal with what became of them, and what the keeper did,
 * oldest first. */
export function historyOf(words: Int32Array): (KillEntry | KeeperEntry)[] {
  const records = recordsOf(words);
  const deaths = afterKills(words, records, KIND_DEATH);
  const reaps = afterKills(words, records, KIND_REAP);
  const found: (KillEntry | KeeperEntry)[] = [];
  for (const at of records) {
    const kind = words[at + J_KIND];
    if (kind === KIND_KEEPER) found.push(keeperEntryOf(words, at));
    if (kind !== KIND_KILL && kind !== KIND_WATCHDOG) continue;
    const of = (after: Map<number, number>) => {
      const end = after.get(serialKey(words[at + J_SERIAL], at));
      if (end === undefined) return null;
      return words[end + J_PID] === words[at + J_PID] ? end : null;
    };
    found.push(entryOf(words, at, of(deaths), of(reaps)));
  }
  return found;
}

/** The kills among them. */
export function killsOf(words: Int32Array): KillEntry[] {
  return historyOf(words).filter((entry) => entry.by !== "keeper");
}

function keeperEntryOf(words: Int32Array, at: number): KeeperEntry {
  return {
    by: "keeper",
    serial: words[at + J_SERIAL],
    time: new Date(timeOf(words, at)).toISOString(),
    act: keeperAct(words[at + J_DETAIL]),
    pid: words[at + J_PID],
    silentMs: words[at + J_VALUE],
    text: keeperText(words, at),
  };
}

/** The kill at word `at`; `death` and `reap` are its other records. */
function entryOf(
  words: Int32Array,
  at: number,
  death: number | null,
  reap: number | null,
): KillEntry {
  const result = reap === null ? 0 : words[reap + J_REAP_RESULT];
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
    deathMs: death === null ? null : words[death + J_LATENCY],
    backKb: death === null ? null : words[death + J_BACK_KB],
    strategy: strategyName(words[at + J_STRATEGY]),
    watermark: MARKS[words[at + J_MARK]] ?? null,
    reapUs: reap === null ? null : words[reap + J_REAP_US],
    reapError: result === 0 ? null : errnoName(result),
    killinfo: killinfoOf(words, at),
    by: words[at + J_KIND] === KIND_WATCHDOG ? "watchdog" : "guard",
  };
}

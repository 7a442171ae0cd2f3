// Reads journal records, from the ring or from the file, and makes words of
// them. A record that is torn or foreign is skipped, never guessed at.

import { errnoName } from "../base/errno.ts";
import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../base/limits.ts";
import {
  checkOf,
  H_MAGIC,
  H_RECORD_WORDS,
  H_RECORDS,
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
  JOURNAL_MAGIC,
  JOURNAL_VERSION,
  KIND_DEATH,
  KIND_KILL,
  KIND_NO_VICTIM,
  KIND_OVERDUE,
  KIND_REAP,
  KIND_REFUSED,
} from "../state/journal.ts";
import { type KillInfo, killinfoOf } from "./killinfo.ts";
import { nameAt } from "./names.ts";
import {
  isUnreasoned,
  reasonName,
  reasonText,
  strategyName,
} from "./reasons.ts";

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
}

/** Watermarks by BELOW_* (policy/watermarks.ts). */
const MARKS = ["min", "low", "high"];

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
  // What it is comes before how long it is: another version's is shorter.
  const words = wordsOf(bytes);
  if (words.length <= H_RECORDS) throw refuse("file is shorter than a header");
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
  if (words.length < JOURNAL_WORDS) {
    throw refuse("file is shorter than a header");
  }
  return words.subarray(
    JOURNAL_WORDS,
    JOURNAL_WORDS * (1 + JOURNAL_RECORDS),
  );
}

/** Records of `kind` by the serial of the kill that they belong to. */
function afterKills(
  words: Int32Array,
  records: readonly number[],
  kind: number,
): Map<number, number> {
  return new Map(
    records.filter((at) => words[at + J_KIND] === kind)
      .map((at) => [words[at + J_KILL_SERIAL], at]),
  );
}

/** All kills of a journal with what became of them, oldest first. */
export function killsOf(words: Int32Array): KillEntry[] {
  const records = recordsOf(words);
  const deaths = afterKills(words, records, KIND_DEATH);
  const reaps = afterKills(words, records, KIND_REAP);
  return records
    .filter((at) => words[at + J_KIND] === KIND_KILL)
    .map((at) => {
      const of = (found: Map<number, number>) => {
        const after = found.get(words[at + J_SERIAL]);
        if (after === undefined) return null;
        return words[after + J_PID] === words[at + J_PID] ? after : null;
      };
      return entryOf(words, at, of(deaths), of(reaps));
    });
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
  };
}

/** lmkd's Kill line, word for word: tests and log readers parse it. Where lmkd
 * gives no reason it writes the second unit otherwise (AOSP lmkd.cpp). */
export function killLine(words: Int32Array, at: number): string {
  const name = nameAt(words, at + J_NAME);
  const end = isUnreasoned(words, at)
    ? "kb swap"
    : `kB swap; reason: ${reasonText(words, at)}`;
  return `Kill '${name}' (${words[at + J_PID]}), uid ${words[at + J_UID]}, ` +
    `oom_score_adj ${words[at + J_ADJ]} to free ${words[at + J_RSS_KB]}kB ` +
    `rss, ${words[at + J_SWAP_KB]}${end}`;
}

/** What the C library says of errors that process_mrelease can meet
 * (process_mrelease(2); mm/oom_kill.c): lmkd's test reads one of them. */
const ERRORS = new Map([
  ["EPERM", "Operation not permitted"],
  ["ESRCH", "No such process"],
  ["EINTR", "Interrupted system call"],
  ["EBADF", "Bad file descriptor"],
  ["EAGAIN", "Try again"],
  ["EINVAL", "Invalid argument"],
  ["ENOSYS", "Function not implemented"],
]);

/** lmkd's lines about process_mrelease, word for word. */
function reapLine(words: Int32Array, at: number): string {
  const pid = words[at + J_PID];
  const result = words[at + J_REAP_RESULT];
  if (result === 0) {
    const ms = Math.trunc(words[at + J_REAP_US] / 1_000);
    return `Process ${pid} was reaped in ${ms}ms`;
  }
  const name = errnoName(result);
  return `process_mrelease ${pid} failed: ${ERRORS.get(name) ?? name}`;
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
    case KIND_REAP:
      return reapLine(words, at);
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

/** How grave the line of a record is. lmkd tells of a reap that went well only
 * when debugging, and of one that failed as an error (AOSP reaper.cpp). */
export function recordLevel(
  words: Int32Array,
  at: number,
): "error" | "warn" | "info" | "debug" {
  switch (words[at + J_KIND]) {
    case KIND_REAP:
      return words[at + J_REAP_RESULT] === 0 ? "debug" : "error";
    case KIND_OVERDUE:
    case KIND_REFUSED:
    case KIND_NO_VICTIM:
      return "warn";
    default:
      return "info";
  }
}

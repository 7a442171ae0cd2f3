// @hot
// Writes the journal: integers only, with all the figures a verdict stood on,
// so that words can be made of them later (report/).

import { delta32 } from "../base/int.ts";
import { NAME_BYTES, TITLE_BYTES } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import { G_SIGNAL_US } from "../state/gauges.ts";
import * as j from "../state/journal.ts";
import {
  AT_NAMES,
  AT_TITLES,
  MB_NOW_MS,
  MB_REAP_PID,
  MB_REAP_RESULT,
  MB_REAP_US,
  VICTIM_WORDS,
} from "../state/layout.ts";
import * as reasons from "../state/reasons.ts";
import { SET_CULPRIT_KB, SET_STRATEGY } from "../state/settings.ts";
import * as snap from "../state/snapshot.ts";
import {
  NONE,
  V_ADJ,
  V_ANON_KB,
  V_GROWN_KB,
  V_PID,
  V_RSS_KB,
  V_SWAP_KB,
  V_UID,
} from "../state/victims.ts";

/** Columns of killinfo's 19 values, in its order (AOSP event.logtags). */
const MEMINFO = Int32Array.of(
  snap.MEM_FREE_KB,
  snap.CACHED_KB,
  snap.SWAP_CACHED_KB,
  snap.BUFFERS_KB,
  snap.SHMEM_KB,
  snap.UNEVICTABLE_KB,
  snap.SWAP_TOTAL_KB,
  snap.SWAP_FREE_KB,
  snap.ACTIVE_ANON_KB,
  snap.INACTIVE_ANON_KB,
  snap.ACTIVE_FILE_KB,
  snap.INACTIVE_FILE_KB,
  snap.SLAB_RECLAIMABLE_KB,
  snap.SLAB_UNRECLAIMABLE_KB,
  snap.KERNEL_STACK_KB,
  snap.PAGE_TABLES_KB,
  snap.ION_HEAP_KB,
  snap.ION_HEAP_POOL_KB,
  snap.CMA_FREE_KB,
);
/** ... and of its five averages. */
const AVERAGES = Int32Array.of(
  snap.PSI_SOME_AVG10_CENTI,
  snap.PSI_FULL_AVG10_CENTI,
  snap.PSI_IO_SOME_AVG10_CENTI,
  snap.PSI_IO_FULL_AVG10_CENTI,
  snap.PSI_CPU_SOME_AVG10_CENTI,
);

/** The one who writes. */
export class Recorder {
  readonly #mailbox: Int32Array;
  readonly #nameWords: Int32Array;
  readonly #titleWords: Int32Array;
  readonly #snapshot: Int32Array;
  readonly #settings: Int32Array;
  readonly #gauges: Int32Array;
  readonly #rows: Int32Array;
  readonly #history: Int32Array;
  readonly #journal: j.Journal;

  constructor(arena: Arena, journal: j.Journal, history: Int32Array) {
    this.#mailbox = arena.mailbox;
    this.#nameWords = new Int32Array(arena.buffer, AT_NAMES);
    this.#titleWords = new Int32Array(arena.buffer, AT_TITLES);
    this.#snapshot = arena.snapshot;
    this.#settings = arena.settings;
    this.#gauges = arena.gauges;
    this.#rows = arena.victims;
    this.#history = history;
    this.#journal = journal;
  }

  /** A verdict and what came of it: a kill, a refusal, nobody to kill (row
   * NONE). Answers the record's serial. */
  verdict(
    kind: number,
    row: number,
    verdict: Int32Array,
    detail: number,
  ): number {
    const at = this.#journal.begin(kind, this.#mailbox[MB_NOW_MS]);
    const words = this.#journal.words;
    const snapshot = this.#snapshot;
    words[at + j.J_REASON] = verdict[reasons.VERDICT_REASON];
    words[at + j.J_FLOOR_ADJ] = verdict[reasons.VERDICT_FLOOR_ADJ];
    words[at + j.J_VALUE] = verdict[reasons.VERDICT_VALUE];
    words[at + j.J_LIMIT] = verdict[reasons.VERDICT_LIMIT];
    words[at + j.J_VALUE2] = verdict[reasons.VERDICT_VALUE2];
    words[at + j.J_LIMIT2] = verdict[reasons.VERDICT_LIMIT2];
    words[at + j.J_MARK] = verdict[reasons.VERDICT_MARK];
    words[at + j.J_STRATEGY] = this.#settings[SET_STRATEGY];
    words[at + j.J_SHRINK_KB_PER_S] = snapshot[snap.SHRINK_KB_PER_S];
    words[at + j.J_STALL_SOME_PERMILLE] = snapshot[snap.STALL_SOME_PERMILLE];
    words[at + j.J_STALL_FULL_PERMILLE] = snapshot[snap.STALL_FULL_PERMILLE];
    words[at + j.J_DETAIL] = detail;
    this.#writeMemory(at);
    this.#writeWakeups(at);
    for (let i = 0; i < MEMINFO.length; i++) {
      words[at + j.J_MEMINFO + i] = snapshot[MEMINFO[i]];
    }
    for (let i = 0; i < AVERAGES.length; i++) {
      words[at + j.J_PSI + i] = snapshot[AVERAGES[i]];
    }
    if (row !== NONE) this.#writeRow(at, row);
    return this.#journal.commit();
  }

  /** What lmkd tells of its own wakeups and of thrashing. */
  #writeWakeups(at: number): void {
    const words = this.#journal.words;
    const history = this.#history;
    const nowMs = this.#mailbox[MB_NOW_MS];
    words[at + j.J_THRASHING_PERCENT] = this.#snapshot[snap.THRASHING_PERCENT];
    words[at + j.J_MAX_THRASHING_PERCENT] =
      history[reasons.HIST_MAX_THRASHING_PERCENT];
    words[at + j.J_EVENT_MS] = delta32(nowMs, history[reasons.HIST_EVENT_MS]);
    words[at + j.J_WAKE_MS] = delta32(
      history[reasons.HIST_WAKE_MS],
      history[reasons.HIST_PREVIOUS_WAKE_MS],
    );
    words[at + j.J_WAKEUPS] = history[reasons.HIST_WAKEUPS];
    words[at + j.J_SKIPPED] = history[reasons.HIST_SKIPPED];
  }

  #writeRow(at: number, row: number): void {
    const words = this.#journal.words;
    const rows = this.#rows;
    const from = row * VICTIM_WORDS;
    words[at + j.J_PID] = rows[from + V_PID];
    words[at + j.J_UID] = rows[from + V_UID];
    words[at + j.J_ADJ] = rows[from + V_ADJ];
    words[at + j.J_RSS_KB] = rows[from + V_RSS_KB];
    words[at + j.J_SWAP_KB] = rows[from + V_SWAP_KB];
    words[at + j.J_BACK_KB] = rows[from + V_ANON_KB];
    words[at + j.J_LATENCY] = this.#gauges[G_SIGNAL_US];
    const grown = rows[from + V_GROWN_KB];
    if (grown >= this.#settings[SET_CULPRIT_KB]) {
      words[at + j.J_GROWN_KB] = grown;
    }
    this.#writeName(at, row);
  }

  /** What it calls itself, where that is known, else its short name. */
  #writeName(at: number, row: number): void {
    const words = this.#journal.words;
    const title = (row * TITLE_BYTES) >> 2;
    if (this.#titleWords[title] === 0) {
      const name = (row * NAME_BYTES) >> 2;
      for (let i = 0; i < NAME_BYTES >> 2; i++) {
        words[at + j.J_NAME + i] = this.#nameWords[name + i];
      }
      return;
    }
    for (let i = 0; i < j.J_NAME_WORDS; i++) {
      words[at + j.J_NAME + i] = this.#titleWords[title + i];
    }
  }

  /** The end of the kill of record `serial`: a death, or none in time. */
  end(
    kind: number,
    pid: number,
    adj: number,
    reason: number,
    serial: number,
    latencyMs: number,
    backKb: number,
  ): void {
    const at = this.#journal.begin(kind, this.#mailbox[MB_NOW_MS]);
    const words = this.#journal.words;
    words[at + j.J_PID] = pid;
    words[at + j.J_ADJ] = adj;
    words[at + j.J_REASON] = reason;
    words[at + j.J_LATENCY] = latencyMs;
    words[at + j.J_BACK_KB] = backKb;
    words[at + j.J_KILL_SERIAL] = serial;
    this.#writeMemory(at);
    this.#journal.commit();
  }

  /** process_mrelease has returned for the victim of record `serial`, 0 where
   * that is no longer known. */
  reap(serial: number): void {
    const mailbox = this.#mailbox;
    const at = this.#journal.begin(j.KIND_REAP, mailbox[MB_NOW_MS]);
    const words = this.#journal.words;
    words[at + j.J_PID] = mailbox[MB_REAP_PID];
    words[at + j.J_KILL_SERIAL] = serial;
    words[at + j.J_REAP_US] = mailbox[MB_REAP_US];
    words[at + j.J_REAP_RESULT] = mailbox[MB_REAP_RESULT];
    this.#journal.commit();
  }

  #writeMemory(at: number): void {
    const words = this.#journal.words;
    words[at + j.J_AVAILABLE_KB] = this.#snapshot[snap.MEM_AVAILABLE_KB];
    words[at + j.J_FREE_KB] = this.#snapshot[snap.MEM_FREE_KB];
    words[at + j.J_SWAP_FREE_KB] = this.#snapshot[snap.SWAP_FREE_KB];
  }
}

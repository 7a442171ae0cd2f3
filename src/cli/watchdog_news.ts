// What the watchdog thread did, as lines of the log: it writes records, and
// words are made of them here, once the guard is itself again.

import { delta32 } from "../base/int.ts";
import { JOURNAL_WORDS, SIDE_RECORDS } from "../base/limits.ts";
import { recordsOf, wordsOf } from "../report/journal.ts";
import { recordLevel, recordLine } from "../report/lines.ts";
import type { Arena } from "../state/arena.ts";
import { G_WATCHDOG_KILLS } from "../state/gauges.ts";
import {
  J_KIND,
  J_SERIAL,
  KIND_WATCHDOG,
  RING_WATCHDOG,
} from "../state/journal.ts";
import { MB_NOW_MS } from "../state/layout.ts";
import type { Guard } from "./guard.ts";
import type { Log } from "./log.ts";
import { readRing } from "./state_dir.ts";

/** A record that has not come by then could not be written, ms. */
const UNRECORDED_MS = 1_000;

const RING_BYTES = SIDE_RECORDS * JOURNAL_WORDS * 4;

/** The teller. */
export class WatchdogNews {
  readonly #gauges: Int32Array;
  readonly #mailbox: Int32Array;
  readonly #journalFd: number;
  #serial: number;
  #kills = 0;
  /** Kills whose record is still to come, and since when, ms, wrapped: a kill
   * is counted before it is recorded. */
  #untold = 0;
  #sinceMs = 0;

  constructor(arena: Arena, guard: Guard) {
    this.#gauges = arena.gauges;
    this.#mailbox = arena.mailbox;
    this.#journalFd = guard.journalFd;
    this.#serial = guard.firstSerials[RING_WATCHDOG];
  }

  /** Says what has not been said. */
  say(log: Log): void {
    const nowMs = this.#mailbox[MB_NOW_MS];
    const kills = this.#gauges[G_WATCHDOG_KILLS];
    if (kills !== this.#kills) {
      this.#untold += kills - this.#kills;
      this.#kills = kills;
      this.#sinceMs = nowMs;
    }
    if (this.#untold === 0) return;
    this.#sayRecords(log);
    if (this.#untold === 0) return;
    if (delta32(nowMs, this.#sinceMs) < UNRECORDED_MS) return;
    const who = this.#untold === 1
      ? "one process"
      : `${this.#untold} processes`;
    this.#untold = 0;
    log.say("warn", `The watchdog killed ${who}, unrecorded`);
  }

  #sayRecords(log: Log): void {
    const words = wordsOf(
      readRing(this.#journalFd, RING_WATCHDOG, RING_BYTES),
    );
    for (const at of recordsOf(words)) {
      if (words[at + J_SERIAL] <= this.#serial) continue;
      this.#serial = words[at + J_SERIAL];
      log.say(recordLevel(words, at), recordLine(words, at));
      const told = words[at + J_KIND] === KIND_WATCHDOG;
      if (told && this.#untold > 0) this.#untold--;
    }
  }
}

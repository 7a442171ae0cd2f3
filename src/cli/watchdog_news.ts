// What the watchdog thread did, as lines of the log: it writes records, and
// words are made of them here, once the guard is itself again.

import { JOURNAL_WORDS, SIDE_RECORDS } from "../base/limits.ts";
import { recordsOf, wordsOf } from "../report/journal.ts";
import { recordLevel, recordLine } from "../report/lines.ts";
import type { Arena } from "../state/arena.ts";
import { G_WATCHDOG_KILLS } from "../state/gauges.ts";
import { J_SERIAL, RING_WATCHDOG } from "../state/journal.ts";
import type { Guard } from "./guard.ts";
import type { Log } from "./log.ts";
import { readRing } from "./state_dir.ts";

const RING_BYTES = SIDE_RECORDS * JOURNAL_WORDS * 4;

/** The teller. */
export class WatchdogNews {
  readonly #gauges: Int32Array;
  readonly #journalFd: number;
  #serial: number;
  #kills = 0;

  constructor(arena: Arena, guard: Guard) {
    this.#gauges = arena.gauges;
    this.#journalFd = guard.journalFd;
    this.#serial = guard.firstSerials[RING_WATCHDOG];
  }

  /** Says what has not been said. */
  say(log: Log): void {
    const kills = this.#gauges[G_WATCHDOG_KILLS];
    if (kills === this.#kills) return;
    const fresh = kills - this.#kills;
    this.#kills = kills;
    const words = wordsOf(
      readRing(this.#journalFd, RING_WATCHDOG, RING_BYTES),
    );
    const records = recordsOf(words)
      .filter((at) => words[at + J_SERIAL] > this.#serial);
    if (records.length === 0) {
      const who = fresh === 1 ? "one process" : `${fresh} processes`;
      return log.say("warn", `The watchdog killed ${who}, unrecorded`);
    }
    for (const at of records) {
      this.#serial = words[at + J_SERIAL];
      log.say(recordLevel(words, at), recordLine(words, at));
    }
  }
}

// What happened in a drill and when, kept for the report and printed as it
// happens.

import { timelineRow } from "../report/scorecard.ts";

/** A timeline that begins when it is made. */
export class Timeline {
  readonly events: { readonly atMs: number; readonly text: string }[] = [];
  readonly #print: ((line: string) => void) | null;
  readonly #startAt = performance.now();
  readonly #startEpochMs = Date.now();

  /** `print` takes each line; null keeps quiet. */
  constructor(print: ((line: string) => void) | null) {
    this.#print = print;
  }

  /** ms since the beginning. */
  nowMs(): number {
    return performance.now() - this.#startAt;
  }

  /** ms since the beginning of a performance.now(). */
  sinceStart(at: number): number {
    return at - this.#startAt;
  }

  /** ms since the beginning of a time of day. */
  sinceEpoch(epochMs: number): number {
    return epochMs - this.#startEpochMs;
  }

  /** Notes an event, of now unless told. */
  say(text: string, atMs = this.nowMs()): void {
    this.events.push({ atMs: Math.round(atMs), text });
    if (this.#print === null) return;
    for (const line of timelineRow(atMs, text)) this.#print(line);
  }
}

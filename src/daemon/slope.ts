// @hot
// How fast headroom falls. Measured over the shortest stretch of looks that is
// long enough to smooth the allocator's batches; begun anew after a kill, when
// memory came back that says nothing of what comes.

import { delta32, INT_MAX, mulDiv } from "../base/int.ts";

/** Looks kept. */
const SAMPLES = 16;
/** The slope is taken over at least this, ms: 100 ms smooths the allocator's
 * batches and still sees a hog a second ahead (measured on 6.1 and 6.12). */
const STRETCH_MS = 100;

/** The fall of headroom, look by look. */
export class Slope {
  readonly #atMs = new Int32Array(SAMPLES);
  readonly #kb = new Int32Array(SAMPLES);
  #count = 0;
  /** Steepest that a stretch shorter than STRETCH_MS is believed, kB/s. */
  #cap = INT_MAX;

  /** Takes in a look; answers the fall in kB/s, 0 when there is none. */
  note(nowMs: number, headroomKb: number): number {
    const newest = this.#count % SAMPLES;
    this.#atMs[newest] = nowMs;
    this.#kb[newest] = headroomKb;
    this.#count = this.#count + 1;
    if (this.#count > 1_000_000) this.#count -= 999_984;
    const have = this.#count < SAMPLES ? this.#count : SAMPLES;
    for (let back = 1; back < have; back++) {
      const i = (newest - back + SAMPLES) % SAMPLES;
      const age = delta32(nowMs, this.#atMs[i]);
      if (age < STRETCH_MS && back < have - 1) continue;
      if (age <= 0) return 0;
      const fall = this.#kb[i] - headroomKb;
      const rate = fall <= 0 ? 0 : mulDiv(fall, 1000, age);
      if (age >= STRETCH_MS) this.#cap = INT_MAX;
      return rate < this.#cap ? rate : this.#cap;
    }
    return 0;
  }

  /** Begins anew from this look, after a kill that was decided at a fall of
   * `rateKbPerS`. Until the new stretch is long enough the fall counts as no
   * steeper than that: over 10 ms, one batch of pages looks like a hog (a
   * needless kill in every third launch under emulation, measured). */
  restart(nowMs: number, headroomKb: number, rateKbPerS: number): void {
    this.#atMs[0] = nowMs;
    this.#kb[0] = headroomKb;
    this.#count = 1;
    this.#cap = rateKbPerS;
  }
}

// vmpressure of the simulated machine: how much of what reclaim looked at it
// could not get back, told in three levels (mm/vmpressure.c).

import type { Memory } from "./memory.ts";

/** Pages looked at before a level is told (vmpressure_win). */
const WINDOW_PAGES = 512;
/** Percent in vain from which pressure is medium and critical
 * (vmpressure_level_med, vmpressure_level_critical). */
const MEDIUM_PERCENT = 60;
const CRITICAL_PERCENT = 95;

/** Levels and who is told of them. */
export class Vmpressure {
  /** Tag of the event of each level. */
  readonly #tags: number[] = [];
  #scanned = 0;
  #reclaimed = 0;

  /** From now on, tells levels 0 low, 1 medium, 2 critical under these tags. */
  arm(tags: readonly number[]): void {
    this.#tags.splice(0, Infinity, ...tags);
  }

  /** Looks at what reclaim has done; a level is told to those of it and of all
   * below it. */
  pass(memory: Memory, fire: (tag: number) => void): void {
    const scanned = memory.scannedDirect + memory.scannedKswapd;
    const pages = scanned - this.#scanned;
    if (pages < WINDOW_PAGES) return;
    const vain = 100 - 100 * (memory.reclaimed - this.#reclaimed) / pages;
    this.#scanned = scanned;
    this.#reclaimed = memory.reclaimed;
    const level = vain >= CRITICAL_PERCENT ? 2 : vain >= MEDIUM_PERCENT ? 1 : 0;
    this.#tags.slice(0, level + 1).forEach(fire);
  }
}

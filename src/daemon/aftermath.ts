// @hot
// What the watchdog thread did while the reactor was silent. It has killed by
// itself; from here on that is a kill like another: told to subscribers,
// counted, and its memory awaited before anybody else may die.

import type { Arena } from "../state/arena.ts";
import { G_WATCHDOG_KILLS } from "../state/gauges.ts";
import { VICTIM_WORDS } from "../state/layout.ts";
import { ROW_SILENT, V_FLAGS, type Victims } from "../state/victims.ts";
import type { Killer } from "./killer.ts";

/** The one who takes note. */
export class Aftermath {
  readonly #gauges: Int32Array;
  readonly #victims: Victims;
  readonly #killer: Killer;
  #seen = 0;

  constructor(arena: Arena, victims: Victims, killer: Killer) {
    this.#gauges = arena.gauges;
    this.#victims = victims;
    this.#killer = killer;
  }

  /** Takes over what was killed since the last call; false: nobody was. */
  note(): boolean {
    const kills = this.#gauges[G_WATCHDOG_KILLS];
    if (kills === this.#seen) return false;
    this.#seen = kills;
    const rows = this.#victims.rows;
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      if ((rows[at + V_FLAGS] & ROW_SILENT) === 0) continue;
      rows[at + V_FLAGS] &= ~ROW_SILENT;
      this.#killer.takeOver(row);
    }
    return true;
  }
}

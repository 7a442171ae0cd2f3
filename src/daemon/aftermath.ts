// @hot
// What the watchdog thread did while the reactor was silent. It has killed by
// itself; from here on that is a kill like another: told to subscribers,
// counted, and its memory awaited before anybody else may die.

import type { Arena } from "../state/arena.ts";
import { G_WATCHDOG_KILLS } from "../state/gauges.ts";
import { VICTIM_WORDS } from "../state/layout.ts";
import {
  NONE,
  ROW_KILLED,
  V_FLAGS,
  V_SILENT,
  type Victims,
} from "../state/victims.ts";
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
    let last = NONE;
    let most = 0;
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      const nth = rows[at + V_SILENT];
      if (nth === 0) continue;
      // Signalled by both at once: the killer awaits it already.
      const known = (rows[at + V_FLAGS] & ROW_KILLED) !== 0;
      // The flag comes first: the thread must find one of the two.
      if (nth > 0) rows[at + V_FLAGS] |= ROW_KILLED;
      rows[at + V_SILENT] = 0;
      if (nth < 0 || known) continue;
      this.#killer.takeOver(row);
      if (nth <= most) continue;
      most = nth;
      last = row;
    }
    if (last !== NONE) this.#killer.awaitTaken(last);
    return true;
  }
}

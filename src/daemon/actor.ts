// @hot
// From verdict to signal: chooses, makes sure that what is known of the choice
// is fresh, and fires. Tries the next one when the signal itself fails.

import { delta32 } from "../base/int.ts";
import { selectVictim } from "../policy/select.ts";
import type { Arena } from "../state/arena.ts";
import { MB_NOW_MS, VICTIM_WORDS } from "../state/layout.ts";
import { VERDICT_FLOOR_ADJ, VERDICT_NEED_KB } from "../state/reasons.ts";
import {
  NONE,
  OWNER_DISCOVERED,
  V_CHECKED_MS,
  V_OWNER,
  type Victims,
} from "../state/victims.ts";
import type { Killer } from "./killer.ts";
import type { Ready } from "./ready.ts";

/** What is known of a discovered process counts this long, ms. */
const STALE_MS = 1_000;
/** Kills tried in one turn when the signal itself fails. */
const TRIES_PER_TURN = 4;

/** Somebody was signalled. */
export const ACT_KILLED = 0;
/** There is nobody to kill. */
export const ACT_NOBODY = 1;
/** The desk has to look at the choice first; then act again. */
export const ACT_CHECK = 2;
/** Nobody was signalled, but others are left to try. */
export const ACT_FAILED = 3;

/** The one who chooses. */
export class Actor {
  readonly #arena: Arena;
  readonly #victims: Victims;
  readonly #ready: Ready;
  readonly #killer: Killer;

  constructor(
    arena: Arena,
    victims: Victims,
    ready: Ready,
    killer: Killer,
  ) {
    this.#arena = arena;
    this.#victims = victims;
    this.#ready = ready;
    this.#killer = killer;
  }

  /** Carries out a verdict: ACT_*. */
  act(verdict: Int32Array): number {
    for (let i = 0; i < TRIES_PER_TURN; i++) {
      const row = selectVictim(
        this.#victims,
        this.#ready.rows,
        this.#arena.settings,
        verdict[VERDICT_FLOOR_ADJ],
        verdict[VERDICT_NEED_KB],
      );
      if (row === NONE) {
        this.#killer.noVictim(verdict);
        return ACT_NOBODY;
      }
      if (this.#isStale(row)) {
        this.#ready.checkRow = row;
        return ACT_CHECK;
      }
      if (this.#killer.fire(row, verdict) === 0) return ACT_KILLED;
    }
    return ACT_FAILED;
  }

  /** A discovered row that was not looked at lately may have become somebody
   * else: between fork and exec, or before it asked to be left alone. */
  #isStale(row: number): boolean {
    const at = row * VICTIM_WORDS;
    const rows = this.#victims.rows;
    if (rows[at + V_OWNER] !== OWNER_DISCOVERED) return false;
    const nowMs = this.#arena.mailbox[MB_NOW_MS];
    const age = delta32(nowMs, rows[at + V_CHECKED_MS]);
    return age < 0 || age >= STALE_MS;
  }
}

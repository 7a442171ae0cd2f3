// @hot
// From verdict to signal: chooses, makes sure that what is known of the choice
// is fresh, and fires. Tries the next one when the signal itself fails.
// Reading a status file that is open already waits for nobody.

import { delta32 } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import { STATUS_FIELDS, STATUS_UID } from "../kernel/status.ts";
import { selectVictim } from "../policy/select.ts";
import type { Arena } from "../state/arena.ts";
import { MB_COUNT, MB_NOW_MS, VICTIM_WORDS } from "../state/layout.ts";
import { VERDICT_FLOOR_ADJ, VERDICT_NEED_KB } from "../state/reasons.ts";
import {
  NONE,
  OWNER_DISCOVERED,
  V_CHECKED_MS,
  V_OWNER,
  V_PROTECT,
  V_STATUS_FD,
  type Victims,
} from "../state/victims.ts";
import type { Aftermath } from "./aftermath.ts";
import type { Killer } from "./killer.ts";
import type { HotPorts } from "./ports.ts";
import type { Protector } from "./protector.ts";
import { noteFirstSample, type Ready } from "./ready.ts";

/** What is known of a process counts this long, ms. */
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
  readonly #ports: HotPorts;
  readonly #arena: Arena;
  readonly #victims: Victims;
  readonly #protector: Protector;
  readonly #ready: Ready;
  readonly #killer: Killer;
  readonly #aftermath: Aftermath;
  readonly #fields = new Int32Array(STATUS_FIELDS);

  constructor(
    ports: HotPorts,
    arena: Arena,
    victims: Victims,
    protector: Protector,
    ready: Ready,
    killer: Killer,
    aftermath: Aftermath,
  ) {
    this.#ports = ports;
    this.#arena = arena;
    this.#victims = victims;
    this.#protector = protector;
    this.#ready = ready;
    this.#killer = killer;
    this.#aftermath = aftermath;
  }

  /** Carries out a verdict: ACT_*. */
  act(verdict: Int32Array): number {
    this.#killer.begin();
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
        this.#ready.ask(row);
        return ACT_CHECK;
      }
      // Somebody else is the choice when this one turns out to be protected.
      if (!this.#stillMayDie(row)) continue;
      // The thread may have been held up since it looked: others killed for it.
      if (this.#aftermath.note()) return ACT_CHECK;
      if (this.#killer.fire(row, verdict) === 0) return ACT_KILLED;
    }
    return ACT_FAILED;
  }

  /** Whether the desk must look at a row first, which opens what this may not:
   * it may have become somebody else, between fork and exec or before it asked
   * to be left alone. A row without an open status file always: its name is not
   * read again before the signal. What the desk has looked at for this is fresh
   * however long that took: or a machine that thrashes would have nobody
   * killed. */
  #isStale(row: number): boolean {
    if (this.#ready.wasAsked(row)) return false;
    const at = row * VICTIM_WORDS;
    const rows = this.#victims.rows;
    if (rows[at + V_STATUS_FD] < 0) return true;
    if (rows[at + V_OWNER] !== OWNER_DISCOVERED) return false;
    const nowMs = this.#arena.mailbox[MB_NOW_MS];
    const age = delta32(nowMs, rows[at + V_CHECKED_MS]);
    return age < 0 || age >= STALE_MS;
  }

  /** Reads the status of the choice once more where it is open: its memory as
   * it is told of, its name and user as they are. False: it is protected. */
  #stillMayDie(row: number): boolean {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    if (rows[at + V_STATUS_FD] < 0) return true;
    this.#arena.sampleFds[0] = rows[at + V_STATUS_FD];
    this.#arena.mailbox[MB_COUNT] = 1;
    this.#ports.sample();
    noteFirstSample(this.#arena, rows, row, this.#fields);
    if (this.#fields[STATUS_UID] === ABSENT) return true;
    this.#protector.review(row, this.#fields[STATUS_UID]);
    return rows[at + V_PROTECT] === 0;
  }
}

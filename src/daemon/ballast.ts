// @hot
// The ballast: memory that the guard holds for nothing but to give it back. A
// victim takes its time to die; until then its killing, and whoever waits for
// memory, live on what the ballast was. Given back right after the signal went
// out; taken again once memory has been comfortable for a while.

import { delta32 } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import type { Arena } from "../state/arena.ts";
import {
  G_BALLAST_KB,
  G_BALLAST_RELEASES,
  G_SELF,
  SELF_BALLAST,
} from "../state/gauges.ts";
import { MB_COUNT, MB_NOW_MS } from "../state/layout.ts";
import {
  SET_BALLAST_KB,
  SET_COMFORT_KB,
  SET_DRY_RUN,
} from "../state/settings.ts";
import { HEADROOM_KB } from "../state/snapshot.ts";
import type { Ports } from "./ports.ts";

/** Headroom is above what is comfortable for so long before the ballast is
 * taken again, ms: a shortage that has just ended may come back. */
const CALM_MS = 1_000;

/** The ballast of one guard. */
export class Ballast {
  readonly #ports: Ports;
  readonly #arena: Arena;
  #calm = false;
  #calmSinceMs = 0;
  /** What was asked for when it was last filled, kB. */
  #askedKb = 0;

  constructor(ports: Ports, arena: Arena) {
    this.#ports = ports;
    this.#arena = arena;
  }

  /** Somebody was signalled. */
  release(): void {
    const gauges = this.#arena.gauges;
    this.#calm = false;
    if (gauges[G_BALLAST_KB] === 0) return;
    this.#ports.releaseBallast();
    gauges[G_BALLAST_KB] = 0;
    gauges[G_BALLAST_RELEASES]++;
    gauges[G_SELF] &= ~SELF_BALLAST;
    this.#askedKb = 0;
  }

  /** Between turns: takes what is lacking, when there is plenty. */
  visit(sprinting: boolean): void {
    const settings = this.#arena.settings;
    // A dry run gives nothing back, so it takes nothing.
    const wanted = settings[SET_DRY_RUN] === 0 ? settings[SET_BALLAST_KB] : 0;
    if (wanted === this.#askedKb) return;
    if (wanted > this.#askedKb && !this.#isCalm(sprinting, wanted)) return;
    this.#arena.mailbox[MB_COUNT] = wanted;
    const heldKb = this.#ports.fillBallast();
    // Refused: tried again when it has been calm for as long once more.
    this.#calm = false;
    if (heldKb >= 0) this.#note(heldKb, wanted);
  }

  #note(heldKb: number, wantedKb: number): void {
    const gauges = this.#arena.gauges;
    this.#askedKb = wantedKb;
    gauges[G_BALLAST_KB] = heldKb;
    if (heldKb > 0) gauges[G_SELF] |= SELF_BALLAST;
    else gauges[G_SELF] &= ~SELF_BALLAST;
  }

  /** Whether memory has been comfortable for a while, and still would be. */
  #isCalm(sprinting: boolean, wantedKb: number): boolean {
    const nowMs = this.#arena.mailbox[MB_NOW_MS];
    const headroomKb = this.#arena.snapshot[HEADROOM_KB];
    const comfortKb = this.#arena.settings[SET_COMFORT_KB];
    const calm = !sprinting && headroomKb !== ABSENT &&
      headroomKb > comfortKb + wantedKb;
    if (!calm || !this.#calm) this.#calmSinceMs = nowMs;
    this.#calm = calm;
    return calm && delta32(nowMs, this.#calmSinceMs) >= CALM_MS;
  }
}

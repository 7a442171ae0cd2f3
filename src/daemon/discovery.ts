// @hot
// Finds processes where nobody registers them: passes over /proc or over the
// guarded group, a batch at a time. It belongs to the desk.

import { delta32 } from "../base/int.ts";
import type { Arena } from "../state/arena.ts";
import { isWant } from "../state/calls.ts";
import { G_SCANS } from "../state/gauges.ts";
import { MB_COUNT, MB_NOW_MS } from "../state/layout.ts";
import { SET_DISCOVER, SET_DISCOVER_MS } from "../state/settings.ts";
import { NONE, OWNER_DISCOVERED, type Victims } from "../state/victims.ts";
import type { Adopter } from "./adopter.ts";
import type { Ports } from "./ports.ts";

/** In a sprint newcomers are looked for this often, ms: one of them may be what
 * grows. */
const SPRINT_MS = 250;
/** Processes adopted in one visit. */
const ADOPTIONS = 32;

/** The finder. */
export class Discovery {
  readonly #ports: Ports;
  readonly #arena: Arena;
  readonly #victims: Victims;
  readonly #adopter: Adopter;
  #at = 0;
  #count = 0;
  #scanning = false;
  #scannedMs = 0;
  #everScanned = false;
  /** The last pass was cut short for want of something: the next comes soon. */
  failed = false;

  constructor(
    ports: Ports,
    arena: Arena,
    victims: Victims,
    adopter: Adopter,
  ) {
    this.#ports = ports;
    this.#arena = arena;
    this.#victims = victims;
    this.#adopter = adopter;
  }

  /** One step of a pass; true while a pass is under way. */
  visit(sprinting: boolean): boolean {
    const settings = this.#arena.settings;
    if (settings[SET_DISCOVER] === 0) return false;
    const mailbox = this.#arena.mailbox;
    const nowMs = mailbox[MB_NOW_MS];
    if (!this.#scanning) {
      const age = delta32(nowMs, this.#scannedMs);
      const calm = settings[SET_DISCOVER_MS];
      const soon = (sprinting || this.failed) && calm > SPRINT_MS;
      const due = soon ? SPRINT_MS : calm;
      if (this.#everScanned && age < due) return false;
      this.#scanning = true;
      this.failed = false;
      this.#everScanned = true;
      this.#scannedMs = nowMs;
    }
    if (this.#at === this.#count) {
      this.#at = 0;
      this.#count = 0;
      const rc = this.#ports.scan();
      if (rc <= 0) {
        this.failed ||= isWant(rc);
        this.#scanning = false;
        this.#arena.gauges[G_SCANS]++;
        return false;
      }
      this.#count = mailbox[MB_COUNT];
    }
    let adopted = 0;
    while (this.#at < this.#count && adopted < ADOPTIONS) {
      const pid = this.#arena.scan[this.#at++];
      if (this.#victims.find(pid) !== NONE) continue;
      adopted++;
      const row = this.#adopter.adopt(pid, OWNER_DISCOVERED, -1);
      if (row === NONE && isWant(this.#adopter.failure)) this.failed = true;
    }
    return true;
  }
}

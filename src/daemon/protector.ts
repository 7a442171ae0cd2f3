// @hot
// Who must not die, and why. A protected row is in no adj list, so no search
// finds it; the killer asks once more before it signals. Names are looked at
// again while a process lives: a forked app bears its parent's name at first.

import { isPast } from "../base/int.ts";
import { NAME_BYTES, TITLE_BYTES } from "../base/limits.ts";
import { ABSENT } from "../base/scan.ts";
import { copyName, STATUS_PPID, STATUS_RSS_KB } from "../kernel/status.ts";
import type { Arena } from "../state/arena.ts";
import { G_GUARD_PID, G_KEEPER_PID } from "../state/gauges.ts";
import {
  AT_NAMES,
  AT_SAMPLES,
  AT_TITLES,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  PROTECT_ADJ,
  PROTECT_CONFIG,
  PROTECT_GUARD,
  PROTECT_INIT,
  PROTECT_KEEPER,
  PROTECT_KERNEL,
  ROW_DEAD,
  TITLE_DUE,
  V_ADJ,
  V_ADOPTED_MS,
  V_CHECKED_MS,
  V_FLAGS,
  V_OWN_UID,
  V_PID,
  V_PROTECT,
  V_TITLE_DUE,
  type Victims,
} from "../state/victims.ts";

/** Whom the configuration protects besides those nobody may kill. */
export interface Protection {
  /** Whether a process of user `uid`, its name the bytes at..end (cut at a
   * NUL), is never to be chosen. */
  protects(bytes: Uint8Array, at: number, end: number, uid: number): boolean;
}

/** Parent of all kernel threads (kernel/kthread.c), outside of containers. */
export const KTHREADD = 2;
const ADJ_NEVER = -1000;

/** A process found between fork and exec bears its parent's name and adj: for
 * so long after it was found, ms, it is to be read again, as often as this. */
const YOUNG_MS = 5_000;
const AGAIN_MS = 1_000;

/** The one who knows. */
export class Protector {
  readonly #arena: Arena;
  readonly #nameWords: Int32Array;
  readonly #victims: Victims;
  #protection: Protection;

  constructor(arena: Arena, victims: Victims, protection: Protection) {
    this.#arena = arena;
    this.#nameWords = new Int32Array(arena.buffer, AT_NAMES);
    this.#victims = victims;
    this.#protection = protection;
  }

  /** A row was adopted; its status is sample 0, parsed into `fields`. */
  welcome(row: number, fields: Int32Array): void {
    this.#copyName(row);
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    const parent = fields[STATUS_PPID];
    const kthread = rows[at + V_PID] === KTHREADD || parent === KTHREADD;
    if (kthread && fields[STATUS_RSS_KB] === ABSENT) {
      // No memory of its own. Without the parent's word for it this could be
      // a process whose status was too long to read.
      rows[at + V_PROTECT] = PROTECT_KERNEL;
      return;
    }
    rows[at + V_PROTECT] = this.#whyOf(row);
  }

  /** Whether a client may say how important a row is: not of init, the guard,
   * its keeper or a kernel thread. */
  isClients(row: number): boolean {
    const why = this.#victims.rows[row * VICTIM_WORDS + V_PROTECT];
    return why !== PROTECT_INIT && why !== PROTECT_GUARD &&
      why !== PROTECT_KEEPER && why !== PROTECT_KERNEL;
  }

  /** Gives a row its adj: into the adj's list, or, protected, into none. */
  setAdj(row: number, adj: number): void {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    const why = rows[at + V_PROTECT];
    this.#victims.unlist(row);
    rows[at + V_ADJ] = adj;
    if (why === PROTECT_ADJ || (why === 0 && adj === ADJ_NEVER)) {
      rows[at + V_PROTECT] = this.#whyOf(row);
    }
    if (rows[at + V_PROTECT] === 0) this.#victims.list(row, adj);
  }

  /** The status of a row was read again, as sample 0, with its own user `uid`:
   * a new name or user may protect it, or protect it no longer. */
  review(row: number, uid: number): void {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    const before = rows[at + V_PROTECT];
    // Most bear the name they bore: then the patterns need not be asked.
    const words = this.#nameWords;
    const word = (row * NAME_BYTES) >> 2;
    const first = words[word];
    const second = words[word + 1];
    const third = words[word + 2];
    const fourth = words[word + 3];
    this.#copyName(row);
    const same = rows[at + V_OWN_UID] === uid && first === words[word] &&
      second === words[word + 1] && third === words[word + 2] &&
      fourth === words[word + 3];
    rows[at + V_OWN_UID] = uid;
    if (same) return;
    // Its command name is likely to be another too.
    const title = AT_TITLES + row * TITLE_BYTES;
    this.#arena.bytes.fill(0, title, title + TITLE_BYTES);
    rows[at + V_TITLE_DUE] = TITLE_DUE;
    if (before !== 0 && before !== PROTECT_CONFIG) return;
    const why = this.#whyOf(row);
    if (why === before) return;
    rows[at + V_PROTECT] = why;
    this.setAdj(row, rows[at + V_ADJ]);
  }

  /** Puts a new configuration's protection in force for every row. */
  replace(protection: Protection): void {
    this.#protection = protection;
    const rows = this.#victims.rows;
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      const flags = rows[at + V_FLAGS];
      if (flags === 0 || (flags & ROW_DEAD) !== 0) continue;
      const before = rows[at + V_PROTECT];
      if (before !== 0 && before !== PROTECT_CONFIG) continue;
      const why = this.#whyOf(row);
      if (why === before) continue;
      rows[at + V_PROTECT] = why;
      this.setAdj(row, rows[at + V_ADJ]);
    }
  }

  /** Whether what protects a row may yet come to an end: a name or adj that it
   * may only have had from its parent. */
  isYoung(row: number, nowMs: number): boolean {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    const why = rows[at + V_PROTECT];
    if (why !== PROTECT_CONFIG && why !== PROTECT_ADJ) return false;
    return !isPast(nowMs, rows[at + V_ADOPTED_MS], YOUNG_MS);
  }

  /** Whether it may have done so by `nowMs` since the row was read. */
  isUnsettled(row: number, nowMs: number): boolean {
    const checkedMs = this.#victims.rows[row * VICTIM_WORDS + V_CHECKED_MS];
    return this.isYoung(row, nowMs) && isPast(nowMs, checkedMs, AGAIN_MS);
  }

  #copyName(row: number): void {
    const bytes = this.#arena.bytes;
    const sampleLengths = this.#arena.sampleLengths;
    const end = AT_SAMPLES + Math.max(sampleLengths[0], 0);
    copyName(bytes, AT_SAMPLES, end, bytes, AT_NAMES + row * NAME_BYTES);
  }

  #whyOf(row: number): number {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    const pid = rows[at + V_PID];
    if (pid === 1) return PROTECT_INIT;
    if (pid === this.#arena.gauges[G_GUARD_PID]) return PROTECT_GUARD;
    if (pid === this.#arena.gauges[G_KEEPER_PID]) return PROTECT_KEEPER;
    if (rows[at + V_ADJ] === ADJ_NEVER) return PROTECT_ADJ;
    const name = AT_NAMES + row * NAME_BYTES;
    const end = name + NAME_BYTES;
    // Its own user, whatever a client says: that must not lift a protection.
    const uid = rows[at + V_OWN_UID];
    return this.#protection.protects(this.#arena.bytes, name, end, uid)
      ? PROTECT_CONFIG
      : 0;
  }
}

// @hot
// The rules of registration (AOSP lmkd.cpp, apply_proc_prio, cmd_procremove,
// cmd_procpurge): who may touch whose record, under which oom_score_adj it is
// kept, and what the kernel is to be told. It opens nothing: what has to be
// written is marked due for the desk.

import { ADJ_MIN } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import { VICTIM_WORDS } from "../state/layout.ts";
import { SET_PER_APP_MEMCG } from "../state/settings.ts";
import {
  NONE,
  OWNER_DISCOVERED,
  ROW_DEAD,
  ROW_KILLED,
  ROW_SERVICE,
  V_FLAGS,
  V_KERNEL_ADJ,
  V_OWNER,
  V_UID,
  type Victims,
} from "../state/victims.ts";
import type { Pending } from "./pending.ts";
import type { Protector } from "./protector.ts";

/** ptype of an app (AOSP lmkd.h, proc_type). */
const TYPE_APP = 0;
/** A launcher is kept as perceptible where apps have groups of their own. */
const LAUNCHER_ADJ = 600;
const LAUNCHER_ADJ_LAST = 699;
const LAUNCHER_KEPT_ADJ = 200;

/** Soft limit of an app's own memory group by its importance, MiB (AOSP
 * lmkd.cpp, apply_proc_prio: multiples of 8 MiB). */
export function softLimitMib(adj: number): number {
  if (adj >= 700) return 0;
  if (adj >= LAUNCHER_ADJ) return 8;
  if (adj >= 400) return 0;
  if (adj >= 300) return 8;
  if (adj >= 200) return 64;
  if (adj >= 100) return 80;
  return adj >= 0 ? 160 : 512;
}

/** The one who keeps the records. */
export class Registrar {
  readonly #settings: Int32Array;
  readonly #victims: Victims;
  readonly #protector: Protector;
  readonly #pending: Pending;

  constructor(
    arena: Arena,
    victims: Victims,
    protector: Protector,
    pending: Pending,
  ) {
    this.#settings = arena.settings;
    this.#victims = victims;
    this.#protector = protector;
    this.#pending = pending;
  }

  /** Takes in a registration or a new adj; false when it is refused. */
  prioritize(
    pid: number,
    uid: number,
    adj: number,
    type: number,
    owner: number,
    lmkdOnly: number,
  ): boolean {
    const row = this.#victims.find(pid);
    if (row === NONE || this.#isDead(row) || this.#pending.has(pid)) {
      this.#pending.adopt(pid, uid, adj, type, owner, lmkdOnly);
      return true;
    }
    return this.update(row, uid, adj, type, owner, lmkdOnly);
  }

  #isDead(row: number): boolean {
    const flags = this.#victims.rows[row * VICTIM_WORDS + V_FLAGS];
    return (flags & ROW_DEAD) !== 0;
  }

  /** Gives a live row its new adj; false when another client owns it. The uid
   * counts where the row was only discovered: lmkd keeps the first one told. */
  update(
    row: number,
    uid: number,
    adj: number,
    type: number,
    owner: number,
    lmkdOnly: number,
  ): boolean {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    if (!this.#protector.isClients(row)) return false;
    const holder = rows[at + V_OWNER];
    if (holder > 0 && holder !== owner) return false;
    if (holder === OWNER_DISCOVERED) rows[at + V_UID] = uid;
    rows[at + V_OWNER] = owner;
    if (type !== TYPE_APP) rows[at + V_FLAGS] |= ROW_SERVICE;
    else rows[at + V_FLAGS] &= ~ROW_SERVICE;
    const kernelAdj = lmkdOnly === 0 ? adj : ADJ_MIN - 1;
    rows[at + V_KERNEL_ADJ] = kernelAdj;
    this.#protector.setAdj(row, this.#keptAdj(adj, type));
    this.#victims.markDue(row);
    return true;
  }

  #keptAdj(adj: number, type: number): number {
    const launcher = adj >= LAUNCHER_ADJ && adj <= LAUNCHER_ADJ_LAST;
    const grouped = this.#settings[SET_PER_APP_MEMCG] !== 0;
    return launcher && grouped && type === TYPE_APP ? LAUNCHER_KEPT_ADJ : adj;
  }

  /** Forgets a registration: the row is no longer a candidate, and the desk
   * closes its descriptors. False when another client owns it. */
  remove(pid: number, owner: number): boolean {
    if (!this.#pending.has(pid)) return this.forget(pid, owner);
    this.#pending.remove(pid, owner);
    return true;
  }

  /** Marks the row of `pid` dead if `owner` may; unknown pids are ignored. One
   * that was signalled is in no list and stays until its death has been seen,
   * which may be awaited (AOSP lmkd.cpp, pid_remove). */
  forget(pid: number, owner: number): boolean {
    const row = this.#victims.find(pid);
    if (row === NONE) return true;
    const holder = this.#victims.rows[row * VICTIM_WORDS + V_OWNER];
    if (holder < 0) return true;
    if (holder > 0 && holder !== owner) return false;
    this.#drop(row);
    return true;
  }

  /** Discovery is over: whom nobody registered is left alone from now on. */
  forgetDiscovered(): void {
    const rows = this.#victims.rows;
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      if (rows[at + V_FLAGS] === 0) continue;
      if (rows[at + V_OWNER] === OWNER_DISCOVERED) this.#drop(row);
    }
  }

  #drop(row: number): void {
    const at = row * VICTIM_WORDS;
    if ((this.#victims.rows[at + V_FLAGS] & ROW_KILLED) === 0) {
      return this.#victims.markDead(row);
    }
    this.#victims.unlist(row);
    this.#victims.rows[at + V_OWNER] = 0;
  }

  /** Forgets every record of the sender, and every unowned one. */
  purge(owner: number): void {
    const rows = this.#victims.rows;
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      if (rows[at + V_FLAGS] === 0) continue;
      const holder = rows[at + V_OWNER];
      if (holder === owner || holder === 0) this.#drop(row);
    }
    this.#pending.withdraw(owner);
  }

  /** Counts how many records each of these pids owns. */
  countRecords(pids: Int32Array, records: Int32Array): void {
    const rows = this.#victims.rows;
    records.fill(0);
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      if (rows[at + V_FLAGS] === 0 || rows[at + V_OWNER] <= 0) continue;
      for (let i = 0; i < pids.length; i++) {
        if (pids[i] === rows[at + V_OWNER]) records[i]++;
      }
    }
  }

  /** A client left: its records stay, unowned, for whoever touches them next. */
  disown(owner: number): void {
    const rows = this.#victims.rows;
    for (let row = 0; row < this.#victims.end; row++) {
      const at = row * VICTIM_WORDS;
      if (rows[at + V_FLAGS] !== 0 && rows[at + V_OWNER] === owner) {
        rows[at + V_OWNER] = 0;
      }
    }
    this.#pending.disown(owner);
  }
}

// @hot
// Opens processes and buries rows: from here on a row's descriptors are those
// of the process it was when it was adopted. It belongs to the desk and works
// between turns only.

import {
  isDying,
  STATUS_FIELDS,
  STATUS_PPID,
  STATUS_UID,
} from "../kernel/status.ts";
import type { Arena } from "../state/arena.ts";
import { isWant } from "../state/calls.ts";
import { G_TABLE_FULL } from "../state/gauges.ts";
import {
  AT_SAMPLES,
  AT_TITLES,
  EVENT_VICTIM,
  MB_ADJ,
  MB_FD,
  MB_NOW_MS,
  MB_PID,
  MB_STATUS_FD,
  MB_TAG,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  NONE,
  OWNER_DISCOVERED,
  PROTECT_KERNEL,
  ROW_KILLED,
  TITLE_DUE,
  V_ADJ,
  V_ADOPTED_MS,
  V_CHECKED_MS,
  V_FLAGS,
  V_OWN_UID,
  V_OWNER,
  V_PIDFD,
  V_PROTECT,
  V_STAT_FD,
  V_STATUS_FD,
  V_TITLE_DUE,
  V_UID,
  type Victims,
} from "../state/victims.ts";
import { TITLE_BYTES } from "../base/limits.ts";
import type { Armer } from "./armer.ts";
import type { Ports } from "./ports.ts";
import { KTHREADD, type Protector } from "./protector.ts";
import { noteFirstSample, type Ready } from "./ready.ts";

/** Opens and closes. */
export class Adopter {
  readonly #ports: Ports;
  readonly #arena: Arena;
  readonly #mailbox: Int32Array;
  readonly #victims: Victims;
  readonly #ready: Ready;
  readonly #protector: Protector;
  readonly #armer: Armer;
  readonly #fields = new Int32Array(STATUS_FIELDS);
  /** Why the last adoption failed, -errno; 0: it did not, or for want of room
   * in the table. */
  failure = 0;

  constructor(
    ports: Ports,
    arena: Arena,
    victims: Victims,
    ready: Ready,
    protector: Protector,
    armer: Armer,
  ) {
    this.#ports = ports;
    this.#arena = arena;
    this.#mailbox = arena.mailbox;
    this.#victims = victims;
    this.#ready = ready;
    this.#protector = protector;
    this.#armer = armer;
  }

  /** Opens a process and gives it a row, or answers NONE. `uid` -1: the
   * process's own. One that dies already gets none: to kill it would give back
   * nothing, and whoever has signalled it has told of it. */
  adopt(pid: number, owner: number, uid: number): number {
    const row = this.#open(pid, owner);
    if (row === NONE) {
      if (isWant(this.failure)) this.#armer.missed();
      return NONE;
    }
    if (this.#isDying(pid)) {
      this.#discard(row);
      return NONE;
    }
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    rows[at + V_UID] = uid < 0 ? this.#fields[STATUS_UID] : uid;
    rows[at + V_ADJ] = this.#armer.inherited(
      row,
      this.#fields[STATUS_PPID],
      rows[at + V_ADJ],
    );
    this.#protector.welcome(row, this.#fields);
    this.#protector.setAdj(row, rows[at + V_ADJ]);
    const kernel = rows[at + V_PROTECT] === PROTECT_KERNEL;
    rows[at + V_TITLE_DUE] = kernel ? 0 : TITLE_DUE;
    return row;
  }

  /** Opens a process that dies already, to be told of its death: its row is in
   * no list. NONE: it is gone, or is another's that has come by its pid. */
  adoptDying(pid: number): number {
    const row = this.#open(pid, OWNER_DISCOVERED);
    if (row === NONE) return NONE;
    if (!this.#isDying(pid)) {
      this.#discard(row);
      return NONE;
    }
    this.#victims.rows[row * VICTIM_WORDS + V_FLAGS] |= ROW_KILLED;
    return row;
  }

  /** A row with its descriptors and what they tell, in no list. */
  #open(pid: number, owner: number): number {
    const row = this.#victims.add(pid);
    this.failure = 0;
    if (row === NONE) {
      this.#arena.gauges[G_TABLE_FULL]++;
      return NONE;
    }
    this.#mailbox[MB_PID] = pid;
    this.#mailbox[MB_TAG] = (EVENT_VICTIM << 24) | row;
    const pidfd = this.#ports.adopt();
    if (pidfd < 0) {
      this.failure = pidfd;
      this.#victims.remove(row);
      return NONE;
    }
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    rows[at + V_PIDFD] = pidfd;
    rows[at + V_STATUS_FD] = this.#mailbox[MB_STATUS_FD];
    rows[at + V_OWNER] = owner;
    noteFirstSample(this.#arena, rows, row, this.#fields);
    rows[at + V_CHECKED_MS] = this.#mailbox[MB_NOW_MS];
    rows[at + V_OWN_UID] = this.#fields[STATUS_UID];
    rows[at + V_ADJ] = this.#mailbox[MB_ADJ];
    // The row's last holder may have left its command name.
    const title = AT_TITLES + row * TITLE_BYTES;
    this.#arena.bytes.fill(0, title, title + TITLE_BYTES);
    rows[at + V_ADOPTED_MS] = this.#mailbox[MB_NOW_MS];
    return row;
  }

  /** Of the process whose status is sample 0, parsed into the fields. */
  #isDying(pid: number): boolean {
    if (pid === KTHREADD || this.#fields[STATUS_PPID] === KTHREADD) {
      return false;
    }
    const end = AT_SAMPLES + Math.max(this.#arena.sampleLengths[0], 0);
    return isDying(this.#arena.bytes, AT_SAMPLES, end, this.#fields);
  }

  #discard(row: number): void {
    const at = row * VICTIM_WORDS;
    const rows = this.#victims.rows;
    this.close(rows[at + V_STATUS_FD]);
    this.close(rows[at + V_PIDFD]);
    this.#victims.remove(row);
  }

  /** Closes the descriptors of all dead rows and frees them. */
  buryDead(): void {
    const rows = this.#victims.rows;
    for (;;) {
      const row = this.#victims.takeDead();
      if (row === NONE) return;
      this.#ready.drop(row);
      this.#armer.part(row);
      const at = row * VICTIM_WORDS;
      this.close(rows[at + V_STAT_FD]);
      this.close(rows[at + V_STATUS_FD]);
      this.close(rows[at + V_PIDFD]);
      this.#victims.remove(row);
    }
  }

  /** Closes a descriptor; -1 is none. */
  close(fd: number): void {
    if (fd < 0) return;
    this.#mailbox[MB_FD] = fd;
    this.#ports.close();
  }
}

// @hot
// The roster keeps the figures of rows that are not ready up to date, in
// rotation, and fills the ready list with those most likely to be wanted. It
// belongs to the desk: it opens files, so it works between turns only.

import { clamp, delta32, divTrunc, isPast } from "../base/int.ts";
import { READY_MAX } from "../base/limits.ts";
import { ABSENT } from "../base/scan.ts";
import { STATUS_FIELDS, STATUS_UID } from "../kernel/status.ts";
import type { Arena } from "../state/arena.ts";
import {
  MB_ADJ,
  MB_COUNT,
  MB_FD,
  MB_NOW_MS,
  MB_PID,
  MB_UID,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  bandOf,
  NONE,
  OWNER_DISCOVERED,
  PROTECT_KERNEL,
  ROW_DEAD,
  ROW_KILLED,
  ROW_LISTED,
  ROW_STAT_GROUP,
  V_ADJ,
  V_CHECKED_MS,
  V_FLAGS,
  V_OWNER,
  V_PIDFD,
  V_PROTECT,
  V_READY,
  V_RSS_KB,
  V_STAT_FD,
  V_STATUS_FD,
  V_SWAP_KB,
  V_UID,
  type Victims,
} from "../state/victims.ts";
import type { Armer } from "./armer.ts";
import type { Notifier } from "./notifier.ts";
import type { Ports } from "./ports.ts";
import type { Protector } from "./protector.ts";
import { noteFirstSample, type Ready } from "./ready.ts";

/** Rows looked at for the ready list in one visit, and rows of them whose
 * memory and adj are read anew: few, once a second or less, when calm; in a
 * sprint many, and visits come a hundred times a second. */
const ROWS_CALM = 64;
const ROWS_SPRINT = 512;
const REFRESH_CALM = 4;
const REFRESH_SPRINT = 32;
const CALM_MS = 1_000;
/** When calm, all rows are read anew in this time, ms, unless a visit would
 * have to read more of them than in a sprint. */
const REFRESH_ALL_MS = 300_000;
/** In a sprint a ready row is read anew only after this, ms: its adj and name
 * are looked at once more before it is signalled. */
const FRESH_MS = 250;
/** A rest counts as no longer than this, ms: times the rows it is an Int32. */
const REST_MS_MAX = 10_000;
/** Stat files opened in one visit. */
const STATS_PER_VISIT = 8;
/** Status files of rows that lost their place, closed in one visit. */
const CLOSES_PER_VISIT = 32;
/** A candidate must be this much heavier to take another's place: 4 MB in the
 * units of the key. */
const READY_STEP = 256;

/** What a roster is made of. */
export interface RosterParts {
  readonly ports: Ports;
  readonly arena: Arena;
  readonly victims: Victims;
  readonly protector: Protector;
  readonly ready: Ready;
  readonly notifier: Notifier;
  readonly armer: Armer;
}

/** The roster of one guard. */
export class Roster {
  readonly #ports: Ports;
  readonly #arena: Arena;
  readonly #mailbox: Int32Array;
  readonly #victims: Victims;
  readonly #protector: Protector;
  readonly #ready: Ready;
  readonly #notifier: Notifier;
  readonly #armer: Armer;
  readonly #fields = new Int32Array(STATUS_FIELDS);
  #readyAt = 0;
  #visitedMs = 0;
  #seen = 0;
  #rowsPerVisit = ROWS_CALM;
  #refreshAt = 0;
  #spareAt = 0;
  #statAt = 0;
  #worstIndex = 0;
  #worstKey = -1;

  constructor(parts: RosterParts) {
    this.#ports = parts.ports;
    this.#arena = parts.arena;
    this.#mailbox = parts.arena.mailbox;
    this.#victims = parts.victims;
    this.#protector = parts.protector;
    this.#ready = parts.ready;
    this.#notifier = parts.notifier;
    this.#armer = parts.armer;
  }

  /** Reads further rows anew and admits the most wanted to the ready list. */
  visit(sprinting: boolean): void {
    if (this.#victims.end === 0) return;
    this.#check();
    const nowMs = this.#mailbox[MB_NOW_MS];
    const grew = this.#seen !== this.#victims.count;
    const due = isPast(nowMs, this.#visitedMs, CALM_MS);
    if (!sprinting && !grew && !due) return;
    const restMs = delta32(nowMs, this.#visitedMs);
    this.#visitedMs = nowMs;
    this.#seen = this.#victims.count;
    this.#rowsPerVisit = sprinting || grew ? ROWS_SPRINT : ROWS_CALM;
    this.#refresh(sprinting, sprinting ? REFRESH_SPRINT : this.#share(restMs));
    this.#fillReady();
    this.#closeSpare();
    if (this.#notifier.statWanted) this.#openStats();
  }

  /** Reads anew the row that is about to be chosen. */
  #check(): void {
    const row = this.#ready.takeAsked();
    if (row === NONE) return;
    const flags = this.#victims.rows[row * VICTIM_WORDS + V_FLAGS];
    if ((flags & (ROW_LISTED | ROW_DEAD)) === ROW_LISTED) this.#refreshRow(row);
  }

  /** Rows to read anew after so long a rest: among few, a few at each visit. */
  #share(restMs: number): number {
    const ms = clamp(restMs, 0, REST_MS_MAX);
    const due = divTrunc(
      this.#victims.end * ms + REFRESH_ALL_MS - 1,
      REFRESH_ALL_MS,
    );
    return clamp(due, REFRESH_CALM, REFRESH_SPRINT);
  }

  /** Reads adj and memory of `count` further rows. To read a row that is not
   * ready a file has to be opened: while memory is short that is done only for
   * those who could be chosen, or who may come to be. */
  #refresh(sprinting: boolean, count: number): void {
    const rows = this.#victims.rows;
    const end = this.#victims.end;
    const most = Math.min(this.#rowsPerVisit, end);
    let done = 0;
    for (let looked = 0; done < count && looked < most; looked++) {
      this.#refreshAt = this.#refreshAt + 1 < end ? this.#refreshAt + 1 : 0;
      const at = this.#refreshAt * VICTIM_WORDS;
      const flags = rows[at + V_FLAGS];
      if (flags === 0 || (flags & (ROW_DEAD | ROW_KILLED)) !== 0) continue;
      if (rows[at + V_PROTECT] === PROTECT_KERNEL) continue;
      if (rows[at + V_PIDFD] < 0) continue;
      const row = this.#refreshAt;
      // Asked of everybody: the rehearsal must have been through it.
      const young = this.#protector.isUnsettled(row, this.#mailbox[MB_NOW_MS]);
      if (sprinting && (flags & ROW_LISTED) === 0 && !young) continue;
      if (sprinting && this.#isFresh(row)) continue;
      this.#refreshRow(row);
      done++;
    }
  }

  /** Whether a ready row, whose memory is sampled at every look, was read not
   * long ago: once it is, only its adj and its name can have changed. */
  #isFresh(row: number): boolean {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    if (rows[at + V_READY] < 0) return false;
    return !isPast(this.#mailbox[MB_NOW_MS], rows[at + V_CHECKED_MS], FRESH_MS);
  }

  #refreshRow(row: number): void {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    rows[at + V_CHECKED_MS] = this.#mailbox[MB_NOW_MS];
    this.#mailbox[MB_PID] = rows[at];
    this.#mailbox[MB_FD] = rows[at + V_PIDFD];
    if (
      rows[at + V_OWNER] === OWNER_DISCOVERED && this.#ports.readAdj() === 0
    ) {
      const adj = this.#armer.ownAdj(row, this.#mailbox[MB_ADJ]);
      if (adj !== rows[at + V_ADJ]) this.#protector.setAdj(row, adj);
    }
    this.#mailbox[MB_FD] = rows[at + V_PIDFD];
    const open = rows[at + V_STATUS_FD];
    const fd = open >= 0 ? open : this.#ports.openStatus();
    if (fd < 0) return;
    this.#arena.sampleFds[0] = fd;
    this.#mailbox[MB_COUNT] = 1;
    this.#ports.sample();
    noteFirstSample(this.#arena, rows, row, this.#fields);
    const uid = this.#fields[STATUS_UID];
    if (uid !== ABSENT) {
      if (rows[at + V_OWNER] === OWNER_DISCOVERED) rows[at + V_UID] = uid;
      this.#protector.review(row, uid);
    }
    if (open < 0) this.#close(fd);
  }

  /** How soon a row would be wanted: its band, then its size in 16 kB. */
  #keyOf(row: number): number {
    const at = row * VICTIM_WORDS;
    const rows = this.#victims.rows;
    if ((rows[at + V_FLAGS] & (ROW_LISTED | ROW_DEAD)) !== ROW_LISTED) {
      return -1;
    }
    if (rows[at + V_ADJ] < 0) return -1;
    const size = (rows[at + V_RSS_KB] + rows[at + V_SWAP_KB]) >> 4;
    return (bandOf(rows[at + V_ADJ]) << 22) | Math.min(size, 0x3fffff);
  }

  /** Looks at further rows and lets the most wanted into the ready list. */
  #fillReady(): void {
    this.#findWorst();
    const end = this.#victims.end;
    const rows = this.#victims.rows;
    for (let i = 0; i < this.#rowsPerVisit && i < end; i++) {
      this.#readyAt = this.#readyAt + 1 < end ? this.#readyAt + 1 : 0;
      const row = this.#readyAt;
      if (rows[row * VICTIM_WORDS + V_READY] >= 0) continue;
      const key = this.#keyOf(row);
      if (key < 0 || key < this.#worstKey) continue;
      if (this.#worstKey >= 0 && key < this.#worstKey + READY_STEP) continue;
      if (this.#openRow(row)) this.#admit(row);
    }
  }

  /** Status files of rows that found no place need not stay open, but for those
   * that are to be read again soon: an emergency is no time to open them. */
  #closeSpare(): void {
    const end = this.#victims.end;
    const rows = this.#victims.rows;
    for (let i = 0; i < CLOSES_PER_VISIT && i < end; i++) {
      this.#spareAt = this.#spareAt + 1 < end ? this.#spareAt + 1 : 0;
      const at = this.#spareAt * VICTIM_WORDS;
      if (rows[at + V_READY] >= 0 || rows[at + V_STATUS_FD] < 0) continue;
      if (rows[at + V_FLAGS] === 0) continue;
      const nowMs = this.#mailbox[MB_NOW_MS];
      if (this.#protector.isYoung(this.#spareAt, nowMs)) continue;
      this.#closeRow(at);
    }
  }

  #closeRow(at: number): void {
    const rows = this.#victims.rows;
    this.#close(rows[at + V_STATUS_FD]);
    rows[at + V_STATUS_FD] = -1;
    if (rows[at + V_STAT_FD] < 0) return;
    this.#close(rows[at + V_STAT_FD]);
    rows[at + V_STAT_FD] = -1;
  }

  /** Opens what clients are told of a kill from, for rows likely to die. */
  #openStats(): void {
    const rows = this.#victims.rows;
    let opened = 0;
    for (let i = 0; i < READY_MAX && opened < STATS_PER_VISIT; i++) {
      // In rotation: those that cannot be opened do not stand in others' way.
      this.#statAt = (this.#statAt + 1) % READY_MAX;
      const row = this.#ready.rows[this.#statAt];
      if (row === NONE) continue;
      const at = row * VICTIM_WORDS;
      if (rows[at + V_STAT_FD] >= 0) continue;
      opened++;
      this.#mailbox[MB_PID] = rows[at];
      this.#mailbox[MB_FD] = rows[at + V_PIDFD];
      this.#mailbox[MB_UID] = rows[at + V_UID];
      const fd = this.#ports.openStat();
      if (fd < 0) continue;
      rows[at + V_STAT_FD] = fd;
      if (this.#mailbox[MB_COUNT] === 1) rows[at + V_FLAGS] |= ROW_STAT_GROUP;
      else rows[at + V_FLAGS] &= ~ROW_STAT_GROUP;
    }
  }

  #close(fd: number): void {
    this.#mailbox[MB_FD] = fd;
    this.#ports.close();
  }

  #openRow(row: number): boolean {
    const at = row * VICTIM_WORDS;
    const rows = this.#victims.rows;
    if (rows[at + V_STATUS_FD] >= 0) return true;
    this.#mailbox[MB_PID] = rows[at];
    this.#mailbox[MB_FD] = rows[at + V_PIDFD];
    const fd = this.#ports.openStatus();
    if (fd < 0) return false;
    rows[at + V_STATUS_FD] = fd;
    return true;
  }

  /** Puts a row in the worst place, whose row leaves the list. */
  #admit(row: number): void {
    const leaving = this.#ready.rows[this.#worstIndex];
    if (leaving !== NONE) {
      this.#ready.drop(leaving);
      this.#closeRow(leaving * VICTIM_WORDS);
    }
    this.#ready.place(this.#worstIndex, row);
    this.#findWorst();
  }

  /** The place to give away next: an empty one, else the least wanted row. */
  #findWorst(): void {
    this.#worstKey = 0x7fffffff - READY_STEP;
    for (let i = 0; i < READY_MAX; i++) {
      const row = this.#ready.rows[i];
      const key = row === NONE ? -1 : this.#keyOf(row);
      if (key < this.#worstKey) {
        this.#worstKey = key;
        this.#worstIndex = i;
      }
      if (row === NONE) return;
    }
  }
}

// @hot
// The victims table: one row for each process that might die, kept in the
// arena so that C can read it too. Rows are linked into one list for each
// oom_score_adj (newest at the head, as AOSP lmkd) and into a pid hash. A row
// that is protected is in the hash only: no search can find it. The table
// never grows; a full one refuses.

import { ADJ_BAND, ADJ_MIN, PID_BUCKETS, VICTIMS_MAX } from "../base/limits.ts";
import type { Arena } from "./arena.ts";
import { G_ROWS_USED } from "./gauges.ts";
import { ADJ_LISTS, VICTIM_WORDS } from "./layout.ts";

// Words of a row.
export const V_PID = 0;
export const V_UID = 1;
export const V_ADJ = 2;
export const V_PIDFD = 3;
/** Bits ROW_*. */
export const V_FLAGS = 4;
/** Pid of the client that registered it; 0 = unowned, -1 = discovered. */
export const V_OWNER = 5;
export const V_PREV = 6;
export const V_NEXT = 7;
export const V_HASH_NEXT = 8;
/** Resident and swapped memory at the last sample, kB. */
export const V_RSS_KB = 9;
export const V_SWAP_KB = 10;
export const V_ANON_KB = 11;
/** Clock of the last sample, ms, wrapped. */
export const V_SAMPLED_MS = 12;
/** Growth of rss + swap, halved every GROWTH_HALF_MS, kB. */
export const V_GROWN_KB = 13;
/** Open status file while the row is ready, or -1. */
export const V_STATUS_FD = 14;
/** Index in the ready list, or -1. */
export const V_READY = 15;
/** Open stat file (or the app's memory.stat) while the row is ready, or -1. */
export const V_STAT_FD = 16;
/** Why it is protected: PROTECT_*; 0 = it is not. */
export const V_PROTECT = 18;
/** User that it runs as by its own status; V_UID is what a client told. */
export const V_OWN_UID = 19;
/** Clock when name, user and adj were last read from the kernel, ms. */
export const V_CHECKED_MS = 20;
/** Command name: TITLE_DUE to be read, TITLE_YOUNG once more when the row is
 * older, 0 known. */
export const V_TITLE_DUE = 21;
export const TITLE_YOUNG = 1;
export const TITLE_DUE = 2;
/** oom_score_adj that a client asked the kernel to have; ADJ_MIN - 1: none. */
export const V_KERNEL_ADJ = 22;
/** Serial number of its last registration or update, wrapped: the lower the
 * less recently used. */
export const V_USED = 23;
/** Clock when it was adopted, ms, wrapped. */
export const V_ADOPTED_MS = 24;
/** The watchdog thread's own word: which of its kills this row was, from 1; -1:
 * its signal was refused. The reactor only clears it, when it takes note. */
export const V_SILENT = 25;

export const ROW_USED = 1;
/** Linked into the list of its adj: it may be chosen. */
export const ROW_LISTED = 2;
/** Signalled, death awaited. */
export const ROW_KILLED = 4;
/** The kernel's oom_score_adj is still to be written. */
export const ROW_ADJ_DUE = 8;
/** Has been sampled at least once. */
export const ROW_SAMPLED = 16;
/** A service (ptype 1), not an app. */
export const ROW_SERVICE = 32;
/** Gone or forgotten: the desk closes its descriptors and frees the row. */
export const ROW_DEAD = 64;
/** V_STAT_FD is the memory.stat of the app's own group. */
export const ROW_STAT_GROUP = 128;

// Why a process is protected.
export const PROTECT_INIT = 1;
export const PROTECT_GUARD = 2;
export const PROTECT_KERNEL = 3;
export const PROTECT_ADJ = 4;
export const PROTECT_CONFIG = 5;
export const PROTECT_KEEPER = 6;

/** V_OWNER of a row that nobody registered. */
export const OWNER_DISCOVERED = -1;

/** No row. */
export const NONE = -1;

const BITMAP_WORDS = 64;

/** The table and its lists. Methods are hot; the constructor is not. */
export class Victims {
  readonly rows: Int32Array;
  readonly #gauges: Int32Array;
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #buckets: Int32Array;
  /** One bit for each adj list that is not empty. */
  readonly #occupied = new Int32Array(BITMAP_WORDS);
  readonly #free = new Int32Array(VICTIMS_MAX);
  #freeCount = 0;
  #used = 0;
  readonly #dead = new Int32Array(VICTIMS_MAX);
  readonly #due = new Int32Array(VICTIMS_MAX);
  #dueHead = 0;

  /** Rows marked dead, waiting for the desk. */
  deadCount = 0;
  /** Rows whose oom_score_adj is still to be written, and how many were taken
   * for it so far, wrapped: the oldest is taken first. */
  dueCount = 0;
  dueTaken = 0;

  /** Rows in use. */
  count = 0;
  /** Rows that may be chosen. */
  listed = 0;
  #uses = 0;

  /** A table over the rows of `arena`, empty; `fresh` false leaves the lists
   * as they are, for view(). */
  constructor(arena: Arena, fresh = true) {
    this.rows = arena.victims;
    this.#gauges = arena.gauges;
    this.#heads = arena.heads;
    this.#tails = arena.tails;
    this.#buckets = arena.buckets.fill(NONE);
    if (!fresh) return;
    this.#heads.fill(NONE);
    this.#tails.fill(NONE);
  }

  /**
   * The table that another process keeps, seen in a copy of its arena; null
   * when the copy was taken amid a change and its lists do not hang together.
   * Rows can be looked at, listed and unlisted, not added.
   * @cold for commands that look into a running guard: it makes a table.
   */
  static view(copy: Arena): Victims | null {
    const victims = new Victims(copy, false);
    return victims.#restore() ? victims : null;
  }

  /** Brings back what is not in the arena, and checks what is. */
  #restore(): boolean {
    let flagged = 0;
    for (let row = 0; row < VICTIMS_MAX; row++) {
      const at = row * VICTIM_WORDS;
      const flags = this.rows[at + V_FLAGS];
      if (flags === 0) continue;
      if ((flags & ROW_LISTED) !== 0) flagged++;
      const bucket = hashOf(this.rows[at + V_PID]);
      this.rows[at + V_HASH_NEXT] = this.#buckets[bucket];
      this.#buckets[bucket] = row;
      this.#used = row + 1;
      this.count++;
    }
    for (let index = 0; index < ADJ_LISTS; index++) {
      if (!this.#restoreList(index)) return false;
    }
    return this.listed === flagged;
  }

  /** Walks one list. It ends: a row that came up twice would have come from
   * two others, and each is asked where it comes from. */
  #restoreList(index: number): boolean {
    let prev = NONE;
    let row = this.#heads[index];
    while (row !== NONE) {
      if (row < 0 || row >= this.#used) return false;
      const at = row * VICTIM_WORDS;
      if ((this.rows[at + V_FLAGS] & ROW_LISTED) === 0) return false;
      if (this.rows[at + V_ADJ] !== index + ADJ_MIN) return false;
      if (this.rows[at + V_PREV] !== prev) return false;
      this.listed++;
      prev = row;
      row = this.rows[at + V_NEXT];
    }
    if (prev !== NONE) this.#occupied[index >> 5] |= 1 << (index & 31);
    return this.#tails[index] === prev;
  }

  /** One past the highest row ever used. */
  get end(): number {
    return this.#used;
  }

  /** Row of `pid`, or NONE. */
  find(pid: number): number {
    let row = this.#buckets[hashOf(pid)];
    while (row !== NONE) {
      if (this.rows[row * VICTIM_WORDS + V_PID] === pid) return row;
      row = this.rows[row * VICTIM_WORDS + V_HASH_NEXT];
    }
    return NONE;
  }

  /** A new row for `pid`, in no list; NONE when the table is full. */
  add(pid: number): number {
    let row = this.#used;
    if (this.#freeCount > 0) row = this.#free[--this.#freeCount];
    else if (row < VICTIMS_MAX) this.#gauges[G_ROWS_USED] = ++this.#used;
    else return NONE;
    const at = row * VICTIM_WORDS;
    this.rows.fill(0, at, at + VICTIM_WORDS);
    this.rows[at + V_PID] = pid;
    this.rows[at + V_PIDFD] = -1;
    this.rows[at + V_STATUS_FD] = -1;
    this.rows[at + V_STAT_FD] = -1;
    this.rows[at + V_READY] = -1;
    this.rows[at + V_FLAGS] = ROW_USED;
    const bucket = hashOf(pid);
    this.rows[at + V_HASH_NEXT] = this.#buckets[bucket];
    this.#buckets[bucket] = row;
    this.count++;
    return row;
  }

  /** Forgets a row; its descriptors must have been taken care of. */
  remove(row: number): void {
    this.unlist(row);
    const at = row * VICTIM_WORDS;
    const next = this.rows[at + V_HASH_NEXT];
    const bucket = hashOf(this.rows[at + V_PID]);
    if (this.#buckets[bucket] === row) {
      this.#buckets[bucket] = next;
    } else {
      let before = this.#buckets[bucket];
      while (this.rows[before * VICTIM_WORDS + V_HASH_NEXT] !== row) {
        before = this.rows[before * VICTIM_WORDS + V_HASH_NEXT];
      }
      this.rows[before * VICTIM_WORDS + V_HASH_NEXT] = next;
    }
    this.rows[at + V_FLAGS] = 0;
    this.#free[this.#freeCount++] = row;
    this.count--;
  }

  /** Marks a row dead, once: it can no longer be chosen. */
  markDead(row: number): void {
    const at = row * VICTIM_WORDS;
    if ((this.rows[at + V_FLAGS] & ROW_DEAD) !== 0) return;
    this.unlist(row);
    this.rows[at + V_FLAGS] |= ROW_DEAD;
    this.#dead[this.deadCount++] = row;
  }

  /** Takes one dead row to bury; NONE when there is none. */
  takeDead(): number {
    return this.deadCount === 0 ? NONE : this.#dead[--this.deadCount];
  }

  /** Marks a row's oom_score_adj as still to be written, once. */
  markDue(row: number): void {
    const at = row * VICTIM_WORDS;
    if ((this.rows[at + V_FLAGS] & ROW_ADJ_DUE) !== 0) return;
    if (this.dueCount === VICTIMS_MAX) return;
    this.rows[at + V_FLAGS] |= ROW_ADJ_DUE;
    this.#due[(this.#dueHead + this.dueCount++) % VICTIMS_MAX] = row;
  }

  /** Takes the oldest row whose oom_score_adj is due; NONE when there is
   * none. */
  takeDue(): number {
    while (this.dueCount > 0) {
      const row = this.#due[this.#dueHead];
      this.#dueHead = (this.#dueHead + 1) % VICTIMS_MAX;
      this.dueCount--;
      this.dueTaken = (this.dueTaken + 1) | 0;
      const at = row * VICTIM_WORDS;
      // A row that was freed meanwhile lost the mark.
      if ((this.rows[at + V_FLAGS] & ROW_ADJ_DUE) === 0) continue;
      this.rows[at + V_FLAGS] &= ~ROW_ADJ_DUE;
      return row;
    }
    return NONE;
  }

  /** Puts a row at the head of the list of `adj`, from wherever it was. */
  list(row: number, adj: number): void {
    this.unlist(row);
    const at = row * VICTIM_WORDS;
    const index = adj - ADJ_MIN;
    const head = this.#heads[index];
    this.rows[at + V_ADJ] = adj;
    this.rows[at + V_PREV] = NONE;
    this.rows[at + V_NEXT] = head;
    if (head === NONE) this.#tails[index] = row;
    else this.rows[head * VICTIM_WORDS + V_PREV] = row;
    this.#heads[index] = row;
    this.#occupied[index >> 5] |= 1 << (index & 31);
    this.rows[at + V_FLAGS] |= ROW_LISTED;
    this.#uses = (this.#uses + 1) | 0;
    this.rows[at + V_USED] = this.#uses;
    this.listed++;
  }

  /** Takes a row out of its adj list: it can no longer be chosen. */
  unlist(row: number): void {
    const at = row * VICTIM_WORDS;
    if ((this.rows[at + V_FLAGS] & ROW_LISTED) === 0) return;
    const index = this.rows[at + V_ADJ] - ADJ_MIN;
    const prev = this.rows[at + V_PREV];
    const next = this.rows[at + V_NEXT];
    if (prev === NONE) this.#heads[index] = next;
    else this.rows[prev * VICTIM_WORDS + V_NEXT] = next;
    if (next === NONE) this.#tails[index] = prev;
    else this.rows[next * VICTIM_WORDS + V_PREV] = prev;
    if (this.#heads[index] === NONE) {
      this.#occupied[index >> 5] &= ~(1 << (index & 31));
    }
    this.rows[at + V_FLAGS] &= ~ROW_LISTED;
    this.listed--;
  }

  /** Highest adj from `adj` down whose list is not empty; ADJ_MIN - 1 when
   * there is none. */
  highestAdj(adj: number): number {
    let index = adj - ADJ_MIN;
    if (index >= ADJ_LISTS) index = ADJ_LISTS - 1;
    if (index < 0) return ADJ_MIN - 1;
    let word = index >> 5;
    const low = index & 31;
    let bits = this.#occupied[word];
    if (low < 31) bits &= ~(-1 << (low + 1));
    while (bits === 0) {
      if (--word < 0) return ADJ_MIN - 1;
      bits = this.#occupied[word];
    }
    return word * 32 + 31 - Math.clz32(bits) + ADJ_MIN;
  }

  /** Least recently registered or updated row of an adj, or NONE. */
  oldest(adj: number): number {
    return this.#tails[adj - ADJ_MIN];
  }

  /** The next newer row in the list of `row`, or NONE. */
  newer(row: number): number {
    return this.rows[row * VICTIM_WORDS + V_PREV];
  }
}

function hashOf(pid: number): number {
  return ((pid >> 8) ^ pid) & (PID_BUCKETS - 1);
}

/** Band of importance of an adj: 900..1000 is 9, 0..99 is 0, negative is -1. */
export function bandOf(adj: number): number {
  if (adj < 0) return -1;
  const band = (adj - adj % ADJ_BAND) / ADJ_BAND;
  return band > 9 ? 9 : band;
}

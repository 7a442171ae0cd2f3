// @hot
// Who dies. lmkd's order (AOSP lmkd.cpp, find_and_kill_process): highest
// oom_score_adj first; of one adj the least recently used, the largest where
// adj is 200 or less or the owner wants it so.
//
// adaptive goes by bands of 100 (900..1000 is one): the least important band
// that has anybody comes first. Within it a process that has just grown by much
// is the culprit and dies; else the smallest that suffices alone, so that what
// is needed costs one process and no more than it must; else the largest, so
// that it costs few. Sizes that are alike decide nothing: then lmkd's order
// holds.

import { delta32, INT_MAX } from "../base/int.ts";
import { ADJ_MAX, ADJ_MIN, READY_MAX } from "../base/limits.ts";
import { VICTIM_WORDS } from "../state/layout.ts";
import {
  SET_CULPRIT_KB,
  SET_KILL_HEAVIEST,
  SET_STRATEGY,
  STRATEGY_ADAPTIVE,
} from "../state/settings.ts";
import {
  bandOf,
  NONE,
  ROW_KILLED,
  ROW_LISTED,
  V_ADJ,
  V_ANON_KB,
  V_FLAGS,
  V_GROWN_KB,
  V_RSS_KB,
  V_SWAP_KB,
  V_USED,
  type Victims,
} from "../state/victims.ts";

/** At or below this adj the largest dies, not the least recently used. */
const HEAVIEST_ADJ = 200;

/** Whether a row may be chosen now: listed, at or above the floor, and not
 * signalled already. */
export function killable(
  rows: Int32Array,
  row: number,
  floorAdj: number,
): boolean {
  const at = row * VICTIM_WORDS;
  if ((rows[at + V_FLAGS] & (ROW_LISTED | ROW_KILLED)) !== ROW_LISTED) {
    return false;
  }
  return rows[at + V_ADJ] >= floorAdj;
}

/** Least recently used row of an adj that may be chosen, or NONE. */
function oldestOf(victims: Victims, adj: number): number {
  let row = victims.oldest(adj);
  while (row !== NONE && !killable(victims.rows, row, adj)) {
    row = victims.newer(row);
  }
  return row;
}

/** Highest adj from `adj` down to the floor with somebody to choose. */
function adjWithVictim(
  victims: Victims,
  adj: number,
  floorAdj: number,
): number {
  let at = victims.highestAdj(adj);
  while (at >= floorAdj && oldestOf(victims, at) === NONE) {
    at = victims.highestAdj(at - 1);
  }
  return at < floorAdj ? ADJ_MIN - 1 : at;
}

/** The process of the least important band that grew most, by enough to be
 * the culprit, or NONE. */
export function culpritOf(
  victims: Victims,
  ready: Int32Array,
  settings: Int32Array,
  topAdj: number,
  floorAdj: number,
): number {
  const rows = victims.rows;
  const low = Math.max(bandOf(topAdj) * 100, floorAdj);
  let best = NONE;
  let most = settings[SET_CULPRIT_KB] - 1;
  for (let i = 0; i < READY_MAX; i++) {
    const row = ready[i];
    if (row === NONE) continue;
    const at = row * VICTIM_WORDS;
    // Nearly nobody has grown: this is asked first.
    const grown = rows[at + V_GROWN_KB];
    if (grown <= most || rows[at + V_ADJ] > topAdj) continue;
    if (!killable(rows, row, low)) continue;
    most = grown;
    best = row;
  }
  return best;
}

/** Two sizes are alike when they differ by less than a quarter, or 4 MB: who
 * is a little smaller is not worth more than who was used less recently. */
function alikeKb(sizeKb: number): number {
  return Math.max(sizeKb >> 2, 4096);
}

/** Memory that comes back when a row dies, kB: its own pages, and half of what
 * it has swapped, as half-compressible pages take in zram. */
function promisedKb(rows: Int32Array, row: number): number {
  const at = row * VICTIM_WORDS;
  return rows[at + V_ANON_KB] + (rows[at + V_SWAP_KB] >> 1);
}

/** Whether a ready row is of this band and may be chosen. */
function inBand(
  rows: Int32Array,
  row: number,
  topAdj: number,
  lowAdj: number,
): boolean {
  if (row === NONE) return false;
  const adj = rows[row * VICTIM_WORDS + V_ADJ];
  return adj >= lowAdj && adj <= topAdj && killable(rows, row, lowAdj);
}

/** Size to go by among the ready rows of a band: the smallest that is at least
 * `needKb`, or, where none is, the largest. */
function wantedKb(
  rows: Int32Array,
  ready: Int32Array,
  topAdj: number,
  lowAdj: number,
  needKb: number,
): number {
  let enough = INT_MAX;
  let largest = 0;
  for (let i = 0; i < READY_MAX; i++) {
    if (!inBand(rows, ready[i], topAdj, lowAdj)) continue;
    const kb = promisedKb(rows, ready[i]);
    if (kb > largest) largest = kb;
    if (kb >= needKb && kb < enough) enough = kb;
  }
  return enough === INT_MAX ? largest : enough;
}

/** Whether lmkd's order has row `a` before row `b`. */
function comesFirst(rows: Int32Array, a: number, b: number): boolean {
  const adj = rows[a * VICTIM_WORDS + V_ADJ];
  const other = rows[b * VICTIM_WORDS + V_ADJ];
  if (adj !== other) return adj > other;
  return delta32(
    rows[a * VICTIM_WORDS + V_USED],
    rows[b * VICTIM_WORDS + V_USED],
  ) < 0;
}

/** adaptive's choice within a band: first in lmkd's order of those ready that
 * are as large as is wanted, or alike. The ready list has a band's largest. */
function sufficientOf(
  rows: Int32Array,
  ready: Int32Array,
  topAdj: number,
  lowAdj: number,
  needKb: number,
): number {
  const wanted = wantedKb(rows, ready, topAdj, lowAdj, needKb);
  const suffices = wanted >= needKb;
  const least = suffices ? needKb : wanted - alikeKb(wanted);
  const most = suffices ? wanted + alikeKb(wanted) : INT_MAX;
  let best = NONE;
  for (let i = 0; i < READY_MAX; i++) {
    const row = ready[i];
    if (!inBand(rows, row, topAdj, lowAdj)) continue;
    const kb = promisedKb(rows, row);
    if (kb < least || kb > most) continue;
    if (best === NONE || comesFirst(rows, row, best)) best = row;
  }
  return best;
}

/** The largest resident row of an adj by what was last known; the only one
 * whatever it is known by; NONE where all of several are known to be empty. */
function heaviestOf(victims: Victims, adj: number): number {
  const rows = victims.rows;
  let best = NONE;
  let most = 0;
  let only = NONE;
  let count = 0;
  let row = victims.oldest(adj);
  while (row !== NONE) {
    const rssKb = rows[row * VICTIM_WORDS + V_RSS_KB];
    if (killable(rows, row, adj)) {
      only = row;
      count++;
      if (rssKb > most) {
        most = rssKb;
        best = row;
      }
    }
    row = victims.newer(row);
  }
  return count === 1 ? only : best;
}

/** lmkd's choice: adj by adj, down to the floor. */
function selectLmkd(
  victims: Victims,
  settings: Int32Array,
  floorAdj: number,
): number {
  const heaviest = settings[SET_KILL_HEAVIEST] !== 0;
  let adj = adjWithVictim(victims, ADJ_MAX, floorAdj);
  while (adj >= floorAdj) {
    const row = heaviest || adj <= HEAVIEST_ADJ
      ? heaviestOf(victims, adj)
      : oldestOf(victims, adj);
    if (row !== NONE) return row;
    adj = adjWithVictim(victims, adj - 1, floorAdj);
  }
  return NONE;
}

/**
 * Row to die for a verdict with this floor, or NONE. `ready` lists the rows
 * whose memory is being sampled; `needKb` is what should come back, kB.
 */
export function selectVictim(
  victims: Victims,
  ready: Int32Array,
  settings: Int32Array,
  floorAdj: number,
  needKb: number,
): number {
  if (settings[SET_STRATEGY] !== STRATEGY_ADAPTIVE) {
    return selectLmkd(victims, settings, floorAdj);
  }
  const top = adjWithVictim(victims, ADJ_MAX, floorAdj);
  if (top < floorAdj) return NONE;
  const culprit = culpritOf(victims, ready, settings, top, floorAdj);
  if (culprit !== NONE) return culprit;
  const low = Math.max(bandOf(top) * 100, floorAdj);
  // Nobody suffices alone: the largest.
  const need = settings[SET_KILL_HEAVIEST] !== 0
    ? INT_MAX
    : Math.max(needKb, 1);
  const row = sufficientOf(victims.rows, ready, top, low, need);
  return row === NONE ? oldestOf(victims, top) : row;
}

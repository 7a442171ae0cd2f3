// @hot
// Who dies. Importance goes by bands of 100 in oom_score_adj (900..1000 is
// one): the least important band that has anybody comes first. Within it a
// process that has just grown by much is the culprit and dies; else lmkd's
// order holds: highest adj first, least recently used of an adj, the largest
// where adj is 200 or less (AOSP lmkd.cpp, find_and_kill_process).

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
  V_FLAGS,
  V_GROWN_KB,
  V_RSS_KB,
  V_SWAP_KB,
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

/** The ready row with the largest `column` (or rss + swap) within an adj
 * range, at least `least`; NONE when there is none. */
function largestReady(
  victims: Victims,
  ready: Int32Array,
  lowAdj: number,
  highAdj: number,
  grown: boolean,
  least: number,
): number {
  const rows = victims.rows;
  let best = NONE;
  let most = least - 1;
  for (let i = 0; i < READY_MAX; i++) {
    const row = ready[i];
    if (row === NONE || !killable(rows, row, lowAdj)) continue;
    const at = row * VICTIM_WORDS;
    if (rows[at + V_ADJ] > highAdj) continue;
    const size = grown
      ? rows[at + V_GROWN_KB]
      : rows[at + V_RSS_KB] + rows[at + V_SWAP_KB];
    if (size > most) {
      most = size;
      best = row;
    }
  }
  return best;
}

/** The process of the least important band that grew by enough to be the
 * culprit, or NONE. */
export function culpritOf(
  victims: Victims,
  ready: Int32Array,
  settings: Int32Array,
  topAdj: number,
  floorAdj: number,
): number {
  const low = Math.max(bandOf(topAdj) * 100, floorAdj);
  return largestReady(
    victims,
    ready,
    low,
    topAdj,
    true,
    settings[SET_CULPRIT_KB],
  );
}

/**
 * Row to die for a verdict with this floor, or NONE. `ready` lists the rows
 * whose memory is being sampled.
 */
export function selectVictim(
  victims: Victims,
  ready: Int32Array,
  settings: Int32Array,
  floorAdj: number,
): number {
  const top = adjWithVictim(victims, ADJ_MAX, floorAdj);
  if (top < floorAdj) return NONE;
  const adaptive = settings[SET_STRATEGY] === STRATEGY_ADAPTIVE;
  if (adaptive) {
    const culprit = culpritOf(victims, ready, settings, top, floorAdj);
    if (culprit !== NONE) return culprit;
  }
  if (top <= HEAVIEST_ADJ || settings[SET_KILL_HEAVIEST] !== 0) {
    // adaptive ranks a whole band by size, lmkd one adj.
    const band = Math.max(bandOf(top) * 100, floorAdj);
    const low = adaptive && top <= HEAVIEST_ADJ ? band : top;
    const heaviest = largestReady(victims, ready, low, top, false, 0);
    if (heaviest !== NONE) return heaviest;
  }
  return oldestOf(victims, top);
}

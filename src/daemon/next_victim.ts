// @hot
// Whom the guard would kill next, were memory short now: the policy's choice,
// and the one of before while it is as good, so that it does not change with
// every page.

import { killable, selectVictim } from "../policy/select.ts";
import { known } from "../policy/watermarks.ts";
import type { Arena } from "../state/arena.ts";
import { G_NEXT_PID, G_NEXT_ROW } from "../state/gauges.ts";
import { VICTIM_WORDS } from "../state/layout.ts";
import {
  SET_CULPRIT_KB,
  SET_FLOOR_ADJ,
  SET_STRATEGY,
  STRATEGY_ADAPTIVE,
} from "../state/settings.ts";
import { NEED_KB } from "../state/snapshot.ts";
import {
  bandOf,
  NONE,
  V_ADJ,
  V_GROWN_KB,
  V_PID,
  V_RSS_KB,
  V_SWAP_KB,
  type Victims,
} from "../state/victims.ts";
import type { Ready } from "./ready.ts";

/** Sizes that differ by less than this, or by less than a quarter, decide
 * nothing, kB (policy/select.ts). */
const ALIKE_KB = 4_096;

/** The row to die next, or NONE; the gauges name that of before. */
export function chooseNext(
  victims: Victims,
  ready: Ready,
  arena: Arena,
): number {
  const settings = arena.settings;
  const best = selectVictim(
    victims,
    ready.rows,
    settings,
    settings[SET_FLOOR_ADJ],
    known(arena.snapshot, NEED_KB),
  );
  const before = arena.gauges[G_NEXT_ROW];
  if (best === NONE || best === before) return best;
  return isAsGood(victims.rows, arena, before, best) ? before : best;
}

function isAsGood(
  rows: Int32Array,
  arena: Arena,
  before: number,
  best: number,
): boolean {
  if (before === NONE) return false;
  const settings = arena.settings;
  const at = before * VICTIM_WORDS;
  const bestAt = best * VICTIM_WORDS;
  if (rows[at + V_PID] !== arena.gauges[G_NEXT_PID]) return false;
  if (!killable(rows, before, settings[SET_FLOOR_ADJ])) return false;
  const adj = rows[at + V_ADJ];
  const bestAdj = rows[bestAt + V_ADJ];
  const alike = settings[SET_STRATEGY] === STRATEGY_ADAPTIVE
    ? bandOf(adj) === bandOf(bestAdj)
    : adj === bestAdj;
  // A culprit is no matter of size.
  const grown = rows[bestAt + V_GROWN_KB];
  if (!alike || grown >= settings[SET_CULPRIT_KB]) return false;
  const kb = rows[at + V_RSS_KB] + rows[at + V_SWAP_KB];
  const bestKb = rows[bestAt + V_RSS_KB] + rows[bestAt + V_SWAP_KB];
  return Math.abs(kb - bestKb) <= Math.max(bestKb >> 2, ALIKE_KB);
}

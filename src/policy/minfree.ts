// @hot
// Tiers of minfree, as the in-kernel driver and lmkd's old strategy have them
// (AOSP lmkd.cpp, mp_event_common): when both free memory and file cache fall
// below a tier, every process at or above the tier's adj may die.

import {
  REASON_MINFREE,
  REASON_NONE,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_LIMIT2,
  VERDICT_REASON,
  VERDICT_VALUE,
  VERDICT_VALUE2,
} from "../state/reasons.ts";
import { SET_TIER_ADJ, SET_TIER_PAGES, SET_TIERS } from "../state/settings.ts";
import {
  BUFFERS_KB,
  CACHED_KB,
  MEM_FREE_KB,
  SHMEM_KB,
  SWAP_CACHED_KB,
  TOTAL_RESERVE_PAGES,
  UNEVICTABLE_KB,
} from "../state/snapshot.ts";
import { kbOf, known, pagesOf } from "./watermarks.ts";

/** MemFree less what the zones reserve, pages; may be negative. */
export function otherFreePages(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  return pagesOf(snapshot, MEM_FREE_KB, settings) -
    known(snapshot, TOTAL_RESERVE_PAGES);
}

/** File cache that could be given up, pages; 0 when what cannot be given up is
 * as much. */
export function otherFilePages(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  const swapCached = pagesOf(snapshot, SWAP_CACHED_KB, settings);
  const cache = pagesOf(snapshot, CACHED_KB, settings) + swapCached +
    pagesOf(snapshot, BUFFERS_KB, settings);
  const fixed = pagesOf(snapshot, SHMEM_KB, settings) +
    pagesOf(snapshot, UNEVICTABLE_KB, settings) + swapCached;
  return cache > fixed ? cache - fixed : 0;
}

/** Judges by the tiers: the first one undercut sets the floor. */
export function decideMinfree(
  snapshot: Int32Array,
  settings: Int32Array,
  verdict: Int32Array,
): void {
  verdict[VERDICT_REASON] = REASON_NONE;
  const free = otherFreePages(snapshot, settings);
  const file = otherFilePages(snapshot, settings);
  for (let i = 0; i < settings[SET_TIERS]; i++) {
    const threshold = settings[SET_TIER_PAGES + i];
    if (free >= threshold || file >= threshold) continue;
    verdict[VERDICT_REASON] = REASON_MINFREE;
    verdict[VERDICT_FLOOR_ADJ] = Math.max(settings[SET_TIER_ADJ + i], 0);
    verdict[VERDICT_VALUE] = kbOf(free, settings);
    verdict[VERDICT_LIMIT] = kbOf(threshold, settings);
    verdict[VERDICT_VALUE2] = kbOf(file, settings);
    verdict[VERDICT_LIMIT2] = verdict[VERDICT_LIMIT];
    return;
  }
}

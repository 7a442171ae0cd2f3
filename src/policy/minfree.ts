// @hot
// Tiers of minfree, as the in-kernel driver and lmkd's old strategy have them
// (AOSP lmkd.cpp, mp_event_common): when both free memory and file cache fall
// below a tier, every process at or above the tier's adj may die.

import { divTrunc } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import {
  REASON_MINFREE,
  REASON_NONE,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_REASON,
  VERDICT_VALUE,
} from "../state/reasons.ts";
import {
  SET_PAGE_KB,
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
} from "../state/settings.ts";
import {
  BUFFERS_KB,
  CACHED_KB,
  MEM_FREE_KB,
  SHMEM_KB,
  SWAP_CACHED_KB,
  TOTAL_RESERVE_PAGES,
  UNEVICTABLE_KB,
} from "../state/snapshot.ts";
import { known } from "./watermarks.ts";

/** MemFree less what the zones reserve, kB; may be negative. */
export function otherFreeKb(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  const reserve = snapshot[TOTAL_RESERVE_PAGES];
  if (reserve === ABSENT) return known(snapshot, MEM_FREE_KB);
  return known(snapshot, MEM_FREE_KB) - reserve * settings[SET_PAGE_KB];
}

/** File cache that could be given up, kB. */
export function otherFileKb(snapshot: Int32Array): number {
  const swapCached = known(snapshot, SWAP_CACHED_KB);
  const cache = known(snapshot, CACHED_KB) + swapCached +
    known(snapshot, BUFFERS_KB);
  const fixed = known(snapshot, SHMEM_KB) + known(snapshot, UNEVICTABLE_KB) +
    swapCached;
  return cache > fixed ? cache - fixed : 0;
}

/** Judges by the tiers: the first one undercut sets the floor. */
export function decideMinfree(
  snapshot: Int32Array,
  settings: Int32Array,
  verdict: Int32Array,
): void {
  verdict[VERDICT_REASON] = REASON_NONE;
  const pageKb = settings[SET_PAGE_KB];
  const freeKb = otherFreeKb(snapshot, settings);
  const free = divTrunc(freeKb, pageKb);
  const file = divTrunc(otherFileKb(snapshot), pageKb);
  for (let i = 0; i < settings[SET_TIERS]; i++) {
    const threshold = settings[SET_TIER_PAGES + i];
    if (free >= threshold || file >= threshold) continue;
    const floor = settings[SET_TIER_ADJ + i];
    verdict[VERDICT_REASON] = REASON_MINFREE;
    verdict[VERDICT_FLOOR_ADJ] = floor < 0 ? 0 : floor;
    verdict[VERDICT_VALUE] = freeKb;
    verdict[VERDICT_LIMIT] = threshold * pageKb;
    return;
  }
}

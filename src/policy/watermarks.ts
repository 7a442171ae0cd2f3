// @hot
// Values that several strategies derive from the snapshot, defined as lmkd
// defines them (AOSP lmkd.cpp). Pure: they read columns and answer a number.

import { divTrunc, INT_MAX, mulDiv } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import {
  SET_PAGE_KB,
  SET_STALL_CRITICAL_PERCENT,
  SET_SWAP_LOW_PERCENT,
  SET_SWAP_RATIO,
  SET_SWAP_RATIO_DIV,
} from "../state/settings.ts";
import {
  ACTIVE_ANON_KB,
  CMA_FREE_KB,
  INACTIVE_ANON_KB,
  INACTIVE_FILE_KB,
  MEM_FREE_KB,
  PSI_FULL_AVG10_CENTI,
  SHMEM_KB,
  SWAP_FREE_KB,
  SWAP_TOTAL_KB,
  SWAP_ZRAM_TOTAL_KB,
  WATERMARK_HIGH_PAGES,
  WATERMARK_LOW_PAGES,
  WATERMARK_MIN_PAGES,
  ZRAM_ORIGINAL_KB,
  ZRAM_USED_KB,
} from "../state/snapshot.ts";

/** Free memory is below the min watermark. */
export const BELOW_MIN = 0;
/** Free memory is below the low watermark. */
export const BELOW_LOW = 1;
/** Free memory is below the high watermark; never a reason by itself. */
export const BELOW_HIGH = 2;
/** Free memory is above the watermarks, or they are not known. */
export const ABOVE_ALL = 3;

/** A column, or 0 where the kernel did not tell. */
export function known(snapshot: Int32Array, column: number): number {
  return snapshot[column] === ABSENT ? 0 : snapshot[column];
}

/** Times 100, and 99 more, is still an int32. */
const HUNDREDTH_MAX = 21_474_835;
/** Bits of 100. */
const HUNDRED_BITS = 7;

/** part * 100 / whole, truncated and exact; 0 unless both are positive, INT_MAX
 * when it would be more. */
export function percentOf(part: number, whole: number): number {
  if (part <= 0 || whole <= 0) return 0;
  const times = divTrunc(part, whole);
  if (times > HUNDREDTH_MAX) return INT_MAX;
  const rest = part % whole;
  // rest * 100 by doubling, reduced at each step: nothing leaves int32.
  let quotient = 0;
  let left = 0;
  for (let bit = HUNDRED_BITS - 1; bit >= 0; bit--) {
    quotient <<= 1;
    if (left >= whole - left) {
      left -= whole - left;
      quotient++;
    } else left += left;
    if (((100 >> bit) & 1) === 0) continue;
    if (left >= whole - rest) {
      left -= whole - rest;
      quotient++;
    } else left += rest;
  }
  return times * 100 + quotient;
}

/** Bytes of a page in kB; a setting that is not filled counts as 4. */
function pageKbOf(settings: Int32Array): number {
  return settings[SET_PAGE_KB] > 0 ? settings[SET_PAGE_KB] : 4;
}

/** A column of kB in whole pages, 0 where the kernel did not tell: lmkd counts
 * in pages, and rounds each figure by itself (AOSP lmkd.cpp, meminfo_parse). */
export function pagesOf(
  snapshot: Int32Array,
  column: number,
  settings: Int32Array,
): number {
  return divTrunc(known(snapshot, column), pageKbOf(settings));
}

/** So many pages in kB; at most INT_MAX, at least -INT_MAX. */
export function kbOf(pages: number, settings: Int32Array): number {
  const pageKb = pageKbOf(settings);
  const most = divTrunc(INT_MAX, pageKb);
  if (pages > most) return INT_MAX;
  return pages < -most ? -INT_MAX : pages * pageKb;
}

/** MemFree - CmaFree against the summed zone watermarks (AOSP lmkd). */
export function watermarkLevel(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  if (snapshot[WATERMARK_HIGH_PAGES] === ABSENT) return ABOVE_ALL;
  const free = pagesOf(snapshot, MEM_FREE_KB, settings) -
    pagesOf(snapshot, CMA_FREE_KB, settings);
  if (free < snapshot[WATERMARK_MIN_PAGES]) return BELOW_MIN;
  if (free < snapshot[WATERMARK_LOW_PAGES]) return BELOW_LOW;
  if (free < snapshot[WATERMARK_HIGH_PAGES]) return BELOW_HIGH;
  return ABOVE_ALL;
}

/** Free swap that memory can still be moved to, pages: no more than ratio / div
 * times what is easily available in RAM, as zram needs RAM to store in; ratio 0
 * counts all free swap (AOSP lmkd.cpp, get_free_swap). */
export function usableSwapPages(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  const free = pagesOf(snapshot, SWAP_FREE_KB, settings);
  const ratio = settings[SET_SWAP_RATIO];
  if (ratio === 0) return free;
  const easy = pagesOf(snapshot, MEM_FREE_KB, settings) +
    pagesOf(snapshot, INACTIVE_FILE_KB, settings);
  // AOSP divides by what it is told, and would die of a 0.
  const div = Math.max(settings[SET_SWAP_RATIO_DIV], 1);
  return Math.min(free, mulDiv(Math.max(easy, 0), Math.max(ratio, 0), div));
}

/** Free swap that memory can still be moved to, kB. */
export function usableSwapKb(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  return kbOf(usableSwapPages(snapshot, settings), settings);
}

/** Usable swap under which swap is low, pages; 0 without swap. */
export function swapLowPages(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  const total = pagesOf(snapshot, SWAP_TOTAL_KB, settings);
  return mulDiv(total, Math.max(settings[SET_SWAP_LOW_PERCENT], 0), 100);
}

/** Usable swap is below its share of the total; never without swap. */
export function swapIsLow(
  snapshot: Int32Array,
  settings: Int32Array,
): boolean {
  return usableSwapPages(snapshot, settings) <
    swapLowPages(snapshot, settings);
}

/** Share of swappable memory that is swapped out, percent (AOSP lmkd.cpp,
 * calc_swap_utilization); 0 where there is nothing to swap. */
export function swapUtilPercent(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  const used = pagesOf(snapshot, SWAP_TOTAL_KB, settings) -
    usableSwapPages(snapshot, settings);
  const whole = pagesOf(snapshot, ACTIVE_ANON_KB, settings) +
    pagesOf(snapshot, INACTIVE_ANON_KB, settings) +
    pagesOf(snapshot, SHMEM_KB, settings) + used;
  return percentOf(used, whole);
}

/** All tasks stall for more of the time than the configured share (AOSP lmkd,
 * critical_stall); false where the kernel does not tell. */
export function stallsCritically(
  snapshot: Int32Array,
  settings: Int32Array,
): boolean {
  const stall = snapshot[PSI_FULL_AVG10_CENTI];
  const most = settings[SET_STALL_CRITICAL_PERCENT];
  if (stall === ABSENT || most >= 100) return false;
  return most < 0 || stall > most * 100;
}

/** Anonymous memory that swapping could take, kB. */
export function swappableKb(snapshot: Int32Array): number {
  return known(snapshot, ACTIVE_ANON_KB) + known(snapshot, INACTIVE_ANON_KB);
}

/**
 * Memory that swapping can really give back, kB. Moving X to zram keeps
 * X * used / original of it in RAM (drivers/block/zram/zram_drv.c,
 * mm_stat_show); before anything is stored the ratio is taken as 2, what
 * half-compressible pages reach.
 */
export function swapGainKb(snapshot: Int32Array): number {
  const room = Math.min(
    known(snapshot, SWAP_FREE_KB),
    swappableKb(snapshot),
  );
  if (known(snapshot, SWAP_ZRAM_TOTAL_KB) === 0) return room;
  const original = known(snapshot, ZRAM_ORIGINAL_KB);
  const used = known(snapshot, ZRAM_USED_KB);
  if (original < 4096) return room >> 1;
  return used >= original ? 0 : room - mulDiv(room, used, original);
}

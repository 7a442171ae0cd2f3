// @hot
// Values that several strategies derive from the snapshot, defined as lmkd
// defines them (AOSP lmkd.cpp). Pure: they read columns and answer a number.

import { divTrunc, mulDiv } from "../base/int.ts";
import { ABSENT } from "../base/scan.ts";
import { SET_PAGE_KB, SET_SWAP_LOW_PERCENT } from "../state/settings.ts";
import {
  ACTIVE_ANON_KB,
  CMA_FREE_KB,
  INACTIVE_ANON_KB,
  INACTIVE_FILE_KB,
  MEM_FREE_KB,
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

/** MemFree - CmaFree against the summed zone watermarks (AOSP lmkd). */
export function watermarkLevel(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  if (snapshot[WATERMARK_HIGH_PAGES] === ABSENT) return ABOVE_ALL;
  const free = divTrunc(
    known(snapshot, MEM_FREE_KB) - known(snapshot, CMA_FREE_KB),
    settings[SET_PAGE_KB],
  );
  if (free < snapshot[WATERMARK_MIN_PAGES]) return BELOW_MIN;
  if (free < snapshot[WATERMARK_LOW_PAGES]) return BELOW_LOW;
  if (free < snapshot[WATERMARK_HIGH_PAGES]) return BELOW_HIGH;
  return ABOVE_ALL;
}

/** Free swap that memory can still be moved to, kB: never more than what is
 * easily available in RAM, as zram needs RAM to store in (AOSP lmkd). */
export function usableSwapKb(snapshot: Int32Array): number {
  const easy = known(snapshot, MEM_FREE_KB) + known(snapshot, INACTIVE_FILE_KB);
  return Math.min(known(snapshot, SWAP_FREE_KB), easy);
}

/** Usable swap under which swap is low, kB; 0 without swap. */
export function swapLowKb(
  snapshot: Int32Array,
  settings: Int32Array,
): number {
  const total = known(snapshot, SWAP_TOTAL_KB);
  return mulDiv(total, settings[SET_SWAP_LOW_PERCENT], 100);
}

/** Usable swap is below its share of the total; never without swap. */
export function swapIsLow(
  snapshot: Int32Array,
  settings: Int32Array,
): boolean {
  return usableSwapKb(snapshot) < swapLowKb(snapshot, settings);
}

/** Share of swappable memory that is swapped out, percent (AOSP lmkd). */
export function swapUtilPercent(snapshot: Int32Array): number {
  const used = known(snapshot, SWAP_TOTAL_KB) - usableSwapKb(snapshot);
  const whole = known(snapshot, ACTIVE_ANON_KB) +
    known(snapshot, INACTIVE_ANON_KB) + known(snapshot, SHMEM_KB) + used;
  return whole <= 0 || used <= 0 ? 0 : mulDiv(used, 100, whole);
}

/**
 * Memory that swapping can really give back, kB. Moving X to zram keeps
 * X * used / original of it in RAM (drivers/block/zram/zram_drv.c,
 * mm_stat_show); before anything is stored the ratio is taken as 2, what
 * half-compressible pages reach.
 */
export function swapGainKb(snapshot: Int32Array): number {
  const swappable = known(snapshot, ACTIVE_ANON_KB) +
    known(snapshot, INACTIVE_ANON_KB);
  const room = Math.min(known(snapshot, SWAP_FREE_KB), swappable);
  if (known(snapshot, SWAP_ZRAM_TOTAL_KB) === 0) return room;
  const original = known(snapshot, ZRAM_ORIGINAL_KB);
  const used = known(snapshot, ZRAM_USED_KB);
  if (original < 4096) return room >> 1;
  return used >= original ? 0 : room - mulDiv(room, used, original);
}

// @hot
// /sys/block/zramN/mm_stat to columns, kB, added up over devices. Never fails
// and never reads outside [at, end).
// Source: drivers/block/zram/zram_drv.c, mm_stat_show: original and compressed
// bytes, bytes used, limit, most ever used, same-filled pages, pages compacted,
// huge pages (4.19 and newer), huge pages ever stored (5.15 and newer).
//
//   116490240 91892863 94179328        0 94179328        0        4     6801     6801

import { sumClamped } from "../base/int.ts";
import {
  ABSENT,
  parseBytesAsKb,
  parseInt32,
  skipBlanks,
  skipWord,
} from "../base/scan.ts";
import {
  ZRAM_COMPRESSED_KB,
  ZRAM_HUGE_PAGES,
  ZRAM_ORIGINAL_KB,
  ZRAM_USED_KB,
} from "../state/snapshot.ts";

/** Fields between bytes used and huge pages. */
const SKIPPED = 4;

/** Forgets the devices added so far. */
export function clearZram(columns: Int32Array): void {
  columns.fill(ABSENT, ZRAM_ORIGINAL_KB, ZRAM_HUGE_PAGES + 1);
}

/** Adds to a column what a device has; 1 if it has anything. */
function add(columns: Int32Array, column: number, value: number): number {
  if (value < 0) return 0;
  const sum = columns[column];
  columns[column] = sum === ABSENT ? value : sumClamped(sum, value);
  return 1;
}

/** Index of the field after the one at `at`. */
function nextField(bytes: Uint8Array, at: number, end: number): number {
  return skipBlanks(bytes, skipWord(bytes, at, end), end);
}

/** Adds one device to the zram columns; answers how many fields it found. */
export function parseMmStat(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  let i = skipBlanks(bytes, at, end);
  let found = add(columns, ZRAM_ORIGINAL_KB, parseBytesAsKb(bytes, i, end));
  i = nextField(bytes, i, end);
  found += add(columns, ZRAM_COMPRESSED_KB, parseBytesAsKb(bytes, i, end));
  i = nextField(bytes, i, end);
  found += add(columns, ZRAM_USED_KB, parseBytesAsKb(bytes, i, end));
  for (let field = 0; field <= SKIPPED; field++) i = nextField(bytes, i, end);
  return found + add(columns, ZRAM_HUGE_PAGES, parseInt32(bytes, i, end));
}

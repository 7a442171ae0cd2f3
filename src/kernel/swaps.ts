// @hot
// /proc/swaps to columns: how many areas, and what of them is zram, kB. Never
// fails and never reads outside [at, end).
// Source: mm/swapfile.c, swap_show. A name's blanks, newlines and backslashes
// are printed as octal escapes, so a name is one word on one line.
//
//   Filename                Type        Size        Used        Priority
//   /dev/zram0              partition   196604      113920      -2
//   /data/my\040swap\040(deleted)   file   65532   0   -3

import { sumClamped } from "../base/int.ts";
import {
  ABSENT,
  parseInt32,
  skipBlanks,
  skipWord,
  startsWith,
} from "../base/scan.ts";
import {
  SWAP_AREAS,
  SWAP_ZRAM_TOTAL_KB,
  SWAP_ZRAM_USED_KB,
} from "../state/snapshot.ts";

const NEWLINE = 10;
const SLASH = 47;
const FIELDS = 3;

const FILENAME = new TextEncoder().encode("Filename");
const PARTITION = new TextEncoder().encode("partition");
const ZRAM = new TextEncoder().encode("/zram");

/** Whether the last part of the path in [at, end) begins with "zram". */
function isZram(bytes: Uint8Array, at: number, end: number): boolean {
  const slash = bytes.lastIndexOf(SLASH, end - 1);
  return slash >= at && startsWith(bytes, slash, end, ZRAM);
}

/**
 * Fills the swap columns; answers 3, or 0 when this is not the file. A last line
 * without its newline is left out: its numbers may be cut short.
 */
export function parseSwaps(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
): number {
  columns.fill(ABSENT, SWAP_AREAS, SWAP_ZRAM_USED_KB + 1);
  let i = bytes.indexOf(NEWLINE, at) + 1;
  if (i === 0 || i > end || !startsWith(bytes, at, end, FILENAME)) return 0;
  columns.fill(0, SWAP_AREAS, SWAP_ZRAM_USED_KB + 1);
  while (i < end) {
    const next = bytes.indexOf(NEWLINE, i) + 1;
    if (next === 0 || next > end) break;
    const nameEnd = skipWord(bytes, i, next);
    const type = skipBlanks(bytes, nameEnd, next);
    const size = skipBlanks(bytes, skipWord(bytes, type, next), next);
    const used = skipBlanks(bytes, skipWord(bytes, size, next), next);
    const sizeKb = parseInt32(bytes, size, next);
    const usedKb = parseInt32(bytes, used, next);
    if (sizeKb >= 0 && usedKb >= 0) {
      columns[SWAP_AREAS]++;
      if (
        startsWith(bytes, type, next, PARTITION) && isZram(bytes, i, nameEnd)
      ) {
        columns[SWAP_ZRAM_TOTAL_KB] = sumClamped(
          columns[SWAP_ZRAM_TOTAL_KB],
          sizeKb,
        );
        columns[SWAP_ZRAM_USED_KB] = sumClamped(
          columns[SWAP_ZRAM_USED_KB],
          usedKb,
        );
      }
    }
    i = next;
  }
  return FIELDS;
}

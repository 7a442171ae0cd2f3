// The scanner and the whole-number arithmetic of src/base, over a text like
// /proc/meminfo with hostile numbers among it, and over edge pairs.

import {
  clamp,
  delta32,
  divTrunc,
  mulDiv,
  sum32,
} from "../../../src/base/int.ts";
import {
  nextLine,
  parseInt32,
  parseWrapped,
  skipBlanks,
  skipWord,
  startsWith,
} from "../../../src/base/scan.ts";

const TEXT = new TextEncoder().encode(
  "MemTotal:        1014532 kB\nMemFree:          -17 kB\n" +
    "total=18446744073709551615\nnone\n\n99999999999 4294967295 2147483648",
);
const KEY = new TextEncoder().encode("MemFree:");
const EDGES = Int32Array.of(0, 1, -1, 3, 2147483647, -2147483648, 65536, -7);

export function setupScan(): () => void {
  let sink = 0;
  const end = TEXT.length;
  return () => {
    let at = 0;
    while (at < end) {
      if (startsWith(TEXT, at, end, KEY)) sink ^= at;
      const value = skipWord(TEXT, at, end);
      sink ^= parseInt32(TEXT, value, end);
      sink ^= parseWrapped(TEXT, skipBlanks(TEXT, value, end), end);
      sink ^= parseWrapped(TEXT, at, end);
      at = nextLine(TEXT, at, end);
    }
  };
}

/** One pair of edges a turn; 64 turns see them all. */
export function setupInt(): () => void {
  let sink = 0;
  let turns = 0;
  return () => {
    const a = EDGES[turns & 7];
    const b = EDGES[(turns >> 3) & 7];
    turns++;
    sink ^= delta32(a, b) ^ sum32(a, b) ^ clamp(a, -3, b);
    // Any dividend; an exact negative one is where -0 lurks.
    sink ^= divTrunc(a, b & 0x7fffffff) ^ divTrunc(a & ~7, 8);
    sink ^= mulDiv(a & 0x7fffffff, b & 0x7fffffff, 1 + (b & 0xff));
  };
}

// @hot
// Integers of 64 bits as two words of an Int32Array, the high half first. All
// of it wraps modulo 2^64, by 16-bit pieces, so that no intermediate leaves 32
// bits and nothing is allocated.

const SPACE = 32;
const TAB = 9;
const ZERO = 48;
const PIECE_MASK = 0xffff;

/**
 * Reads the decimal number at `at` (blanks before it are skipped), of any
 * length, into the words at `index`, modulo 2^64; answers where it ends: -1,
 * with the words untouched, when there is no digit.
 */
export function parseWide(
  bytes: Uint8Array,
  at: number,
  end: number,
  words: Int32Array,
  index: number,
): number {
  let i = at;
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
  const first = i;
  // Four pieces, the lowest first; ten times a piece and a carry fit 20 bits.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  while (i < end) {
    // For a byte, x ^ "0" is 0..9 for digits and larger for all else.
    const digit = bytes[i] ^ ZERO;
    if (digit > 9) break;
    a = a * 10 + digit;
    b = b * 10 + (a >> 16);
    c = c * 10 + (b >> 16);
    d = (d * 10 + (c >> 16)) & PIECE_MASK;
    a &= PIECE_MASK;
    b &= PIECE_MASK;
    c &= PIECE_MASK;
    i++;
  }
  if (i === first) return -1;
  words[index] = (d << 16) | c;
  words[index + 1] = (b << 16) | a;
  return i;
}

/** Multiplies the words at `index` by `by`, 0..INT_MAX, modulo 2^64. */
export function mulWide(words: Int32Array, index: number, by: number): void {
  const high = words[index];
  const low = words[index + 1];
  const a = low & PIECE_MASK;
  const b = (low >> 16) & PIECE_MASK;
  const c = high & PIECE_MASK;
  const d = (high >> 16) & PIECE_MASK;
  // Long multiplication by the bytes of `by`, from the top: each step is a
  // piece times 256, a piece times a byte, and a carry, under 2^26.
  let outA = 0;
  let outB = 0;
  let outC = 0;
  let outD = 0;
  for (let shift = 24; shift >= 0; shift -= 8) {
    const byte = (by >> shift) & 255;
    outA = (outA << 8) + a * byte;
    outB = (outB << 8) + b * byte + (outA >> 16);
    outC = (outC << 8) + c * byte + (outB >> 16);
    outD = ((outD << 8) + d * byte + (outC >> 16)) & PIECE_MASK;
    outA &= PIECE_MASK;
    outB &= PIECE_MASK;
    outC &= PIECE_MASK;
  }
  words[index] = (outD << 16) | outC;
  words[index + 1] = (outB << 16) | outA;
}

// @hot
// Whole-number arithmetic that allocates nothing, interpreted or compiled.
// Every value is an int32; counters of the kernel that are wider enter wrapped
// and are only ever differenced.

/** Largest int32, used as "no limit". */
export const INT_MAX = 2_147_483_647;

/** Quotient truncated toward zero, exact by construction; 0 when y is 0. */
export function divTrunc(x: number, y: number): number {
  if (y === 0) return 0;
  // -8 % 4 is -0, a double, and so is 0 / -8: the ORs make int32 of them.
  return (x - (x % y | 0)) / y | 0;
}

/**
 * Difference a - b of two wrapped int32 counters, wrapped again, computed by
 * 16-bit halves so that no intermediate leaves 32 bits.
 */
export function delta32(a: number, b: number): number {
  const low = (a & 0xffff) - (b & 0xffff);
  const high = (a >> 16) - (b >> 16) + (low >> 16);
  return ((high & 0xffff) << 16) | (low & 0xffff);
}

/** Whether `ms` have passed at `nowMs` since `sinceMs`, both wrapped. A clock
 * that has gone half way round since, or was never set, counts as past. */
export function isPast(nowMs: number, sinceMs: number, ms: number): boolean {
  const age = delta32(nowMs, sinceMs);
  return age < 0 || age >= ms;
}

/** Sum a + b of two int32, wrapped, computed by 16-bit halves. */
export function sum32(a: number, b: number): number {
  const low = (a & 0xffff) + (b & 0xffff);
  const high = (a >> 16) + (b >> 16) + (low >> 16);
  return ((high & 0xffff) << 16) | (low & 0xffff);
}

/** Sum a + b of two non-negative int32, INT_MAX when it would be more. */
export function sumClamped(a: number, b: number): number {
  return a > INT_MAX - b ? INT_MAX : a + b;
}

/** x limited to low..high. */
export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}

/** Bits of b that mulDiv takes at a time, and the size of its divisor. */
const CHUNK_BITS = 10;
const CHUNK_MASK = 1023;
const DIVISOR_END = 1_048_576;

/**
 * a * b / c, truncated, for non-negative int32; INT_MAX when the result would
 * be more, or when c is 0 and the product is not. Exact for c under 2^20 and
 * for products under 2^31; otherwise off by less than one part of b in 2^18.
 */
export function mulDiv(a: number, b: number, c: number): number {
  if (c <= 0) return a === 0 || b === 0 ? 0 : INT_MAX;
  if (Math.clz32(a) + Math.clz32(b) > 32) return divTrunc(a * b, c);
  const times = divTrunc(a, c);
  if (times !== 0 && b > divTrunc(INT_MAX, times)) return INT_MAX;
  let rest = a % c;
  let by = c;
  while (by >= DIVISOR_END) {
    rest >>= 1;
    by >>= 1;
  }
  // rest * b / by, b taken in chunks from the top: what is carried stays under
  // 2^30 and so does each partial product.
  let quotient = 0;
  let carry = 0;
  for (let shift = 3 * CHUNK_BITS; shift >= 0; shift -= CHUNK_BITS) {
    const sum = (carry << CHUNK_BITS) + rest * ((b >> shift) & CHUNK_MASK);
    quotient = (quotient << CHUNK_BITS) + divTrunc(sum, by);
    carry = sum % by;
  }
  return sumClamped(times * b, quotient);
}

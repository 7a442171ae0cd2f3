// @hot
// Walks bytes of /proc and /sys files without making a string. Functions never
// throw and never read outside [at, end); what is missing is ABSENT.

/** No value: the file did not have this field. */
export const ABSENT = -2_147_483_648;

const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const MINUS = 45;
const ZERO = 48;
/** Any run of nine decimal digits fits an int32. */
const DIGITS_SAFE = 9;
/** Largest int32, and its parts: one more digit is safe up to TENTH_MAX. */
const INT32_MAX = 2_147_483_647;
const TENTH_MAX = 214_748_364;
const LAST_DIGIT_MAX = 7;

/** Index just past the line that holds `at`; `end` when it is the last. */
export function nextLine(bytes: Uint8Array, at: number, end: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline < 0 || newline >= end ? end : newline + 1;
}

/** First index from `at` that holds neither space nor tab. */
export function skipBlanks(
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  let i = at;
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
  return i;
}

/** First index from `at` that holds a space, a tab, a newline or is `end`. */
export function skipWord(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] > SPACE) i++;
  return i;
}

/**
 * Decimal number at `at` (blanks before it are skipped), saturated to int32;
 * ABSENT when there is no digit.
 */
export function parseInt32(
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  let i = at;
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
  const negative = i < end && bytes[i] === MINUS;
  if (negative) i++;
  const first = i;
  const zero = ZERO;
  const safe = end - i > DIGITS_SAFE ? i + DIGITS_SAFE : end;
  let value = 0;
  while (i < safe) {
    // For a byte, x ^ "0" is 0..9 for digits and larger for all else.
    const digit = bytes[i] ^ zero;
    if (digit > 9) break;
    value = value * 10 + digit;
    i++;
  }
  if (i === first) return ABSENT;
  if (i === safe) {
    while (i < end) {
      const digit = bytes[i] ^ zero;
      if (digit > 9) break;
      value = value < TENTH_MAX ||
          (value === TENTH_MAX && digit <= LAST_DIGIT_MAX)
        ? value * 10 + digit
        : INT32_MAX;
      i++;
    }
  }
  // Not -value, which makes a double of 0.
  return negative ? 0 - value : value;
}

/**
 * Decimal counter at `at`, of any length, modulo 2^32 as a signed int32: the
 * low half of the kernel's 64-bit value. ABSENT when there is no digit; the one
 * counter that would read as ABSENT comes back one higher.
 */
export function parseWrapped(
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  let i = at;
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
  const first = i;
  const zero = ZERO;
  const safe = end - i > DIGITS_SAFE ? i + DIGITS_SAFE : end;
  let value = 0;
  while (i < safe) {
    const digit = bytes[i] ^ zero;
    if (digit > 9) break;
    value = value * 10 + digit;
    i++;
  }
  if (i === first) return ABSENT;
  if (i === safe) {
    let low = value & 0xffff;
    let high = value >> 16;
    while (i < end) {
      const digit = bytes[i] ^ zero;
      if (digit > 9) break;
      low = low * 10 + digit;
      high = (high * 10 + (low >> 16)) & 0xffff;
      low &= 0xffff;
      i++;
    }
    value = (high << 16) | low;
  }
  return value === ABSENT ? ABSENT + 1 : value;
}

/**
 * Decimal number of bytes at `at`, of any length, as kB truncated and saturated
 * to int32 (2 TiB); ABSENT when there is no digit.
 */
export function parseBytesAsKb(
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  let i = at;
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
  const first = i;
  const zero = ZERO;
  // Long division by 1024, digit by digit: the remainder stays under 10240.
  let kb = 0;
  let rest = 0;
  while (i < end) {
    const digit = bytes[i] ^ zero;
    if (digit > 9) break;
    rest = rest * 10 + digit;
    const next = rest >> 10;
    kb = kb < TENTH_MAX || (kb === TENTH_MAX && next <= LAST_DIGIT_MAX)
      ? kb * 10 + next
      : INT32_MAX;
    rest &= 1023;
    i++;
  }
  return i === first ? ABSENT : kb;
}

/**
 * Number that the line ends with, `next` being just past its newline, saturated
 * to int32; ABSENT when the line does not end with a digit. Reads from the end:
 * the blanks before the number cost nothing.
 */
export function parseLineEnd(
  bytes: Uint8Array,
  at: number,
  next: number,
): number {
  const zero = ZERO;
  let i = next - 2;
  let value = 0;
  let scale = 1;
  const safe = i - DIGITS_SAFE > at ? i - DIGITS_SAFE : at - 1;
  while (i > safe) {
    const digit = bytes[i] ^ zero;
    if (digit > 9) break;
    value += digit * scale;
    scale *= 10;
    i--;
  }
  if (scale === 1) return ABSENT;
  if (i > safe || i < at) return value;
  // Ten digits or more: from the front, where they begin.
  while (i >= at && (bytes[i] ^ zero) <= 9) i--;
  return parseInt32(bytes, i + 1, next);
}

/**
 * Number in the eight columns at `at`, right-aligned in blanks, as the kernel's
 * seq_put_decimal_ull_width(…, 8) prints it. The caller has made sure that the
 * columns lie in the buffer and that a blank follows them.
 */
export function parseColumns8(bytes: Uint8Array, at: number): number {
  // The low four bits of a digit are its value, those of a blank are 0.
  return (((((((bytes[at] & 15) * 10 + (bytes[at + 1] & 15)) * 10 +
                        (bytes[at + 2] & 15)) * 10 + (bytes[at + 3] & 15)) *
                  10 +
                (bytes[at + 4] & 15)) * 10 + (bytes[at + 5] & 15)) * 10 +
        (bytes[at + 6] & 15)) * 10 + (bytes[at + 7] & 15);
}

/** Whether the bytes at `at` are exactly those of `key`. */
export function startsWith(
  bytes: Uint8Array,
  at: number,
  end: number,
  key: Uint8Array,
): boolean {
  const length = key.length;
  if (end - at < length) return false;
  let i = at;
  let j = 0;
  while (j < length) {
    if (bytes[i] !== key[j]) return false;
    i++;
    j++;
  }
  return true;
}

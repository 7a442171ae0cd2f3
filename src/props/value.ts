// A property's text as a number or a switch, as Android's C library reads it
// (AOSP libcutils, property_get_int32 and property_get_bool), so that a device's
// properties mean here what they meant to lmkd.

/** The kinds of value that lmkd asks for. */
export type Kind = "i32" | "i64" | "bool";

const LIMITS = {
  i32: [-2_147_483_648n, 2_147_483_647n],
  i64: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
} as const;

/** What strtoimax takes with base 0: the base is told by how a number begins,
 * and what follows the number is not looked at. */
const NUMBER = /^[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/;

/** A number as it should be written: anything else is worth telling. */
const PLAIN = /^(-?(0|[1-9][0-9]*)|0[xX][0-9a-fA-F]+)$/;

/** A whole number within its kind; null: it is none, and the next source or
 * the default holds. */
export function parseWhole(text: string, kind: "i32" | "i64"): bigint | null {
  const [, sign, digits] = NUMBER.exec(text) ?? [];
  if (digits === undefined || digits.length > 32) return null;
  const octal = /^0[0-7]/.test(digits);
  const size = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  const value = sign === "-" ? -size : size;
  const [low, high] = LIMITS[kind];
  return value < low || value > high ? null : value;
}

/** Whether a number is written as anybody would read it. */
export function isPlainNumber(text: string): boolean {
  return PLAIN.test(text);
}

const TRUE = ["1", "y", "yes", "on", "true"];
const FALSE = ["0", "n", "no", "off", "false"];

/** A switch; null: it is none. */
export function parseSwitch(text: string): boolean | null {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : null;
}

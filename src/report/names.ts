// Names of processes as text that is safe to print: whatever a process calls
// itself, it can neither end a line, nor steer a terminal, nor hide.

import { J_NAME_WORDS } from "../state/journal.ts";

/** What is not shown: controls, formats (they turn text around), white space
 * but the blank, code points without a meaning or a shape, and the mark that
 * the decoder leaves for bytes that are no UTF-8. */
const UNSAFE =
  /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\p{Default_Ignorable_Code_Point}|\ufffd/gu;

/** Text of the bytes before the first NUL; what is not to be shown is "?". */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const named = end < 0 ? bytes : bytes.subarray(0, end);
  // The pattern costs the guard 1 ms and 1 MB when first used (measured), and
  // that would be while memory is short: most names need none of it.
  if (named.every((byte) => byte >= 32 && byte < 127)) {
    return String.fromCharCode(...named);
  }
  return new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(named)
    .replaceAll(UNSAFE, "?");
}

/** Text of the name that begins at word `at`, of a record unless `count` words
 * are told. */
export function nameAt(
  words: Int32Array,
  at: number,
  count = J_NAME_WORDS,
): string {
  const begin = words.byteOffset + at * 4;
  return textOf(new Uint8Array(words.buffer, begin, count * 4));
}

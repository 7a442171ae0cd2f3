// Builds small ELF files byte by byte, without the code under test.

/** An entry stub in name only: never run. */
export const STUB = new TextEncoder().encode("OOMGUARD--------");

/**
 * An x86-64 executable with a data segment, a code segment and a note:
 *
 *   0x0000 headers and data, 0x1000 code, ends at 0x2000
 */
export function makeElf(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(0x2000);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 3, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, 0x1100n, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 3, true);
  segment(view, 0, 1, 4, [0, 0, 0, 0x1000, 0x1000, 0x1000]);
  segment(view, 1, 1, 5, [0x1000, 0x1000, 0x1000, 0x1000, 0x1000, 0x1000]);
  segment(view, 2, 4, 4, [0x200, 0x200, 0x200, 0x20, 0x20, 4]);
  return bytes;
}

function segment(
  view: DataView,
  index: number,
  type: number,
  flags: number,
  words: number[],
): void {
  const at = 64 + index * 56;
  view.setUint32(at, type, true);
  view.setUint32(at + 4, flags, true);
  words.forEach((word, i) => {
    view.setBigUint64(at + 8 + 8 * i, BigInt(word), true);
  });
}

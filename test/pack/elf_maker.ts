// Builds small ELF files byte by byte, without the code under test.

import type { Target } from "../../src/pack/target.ts";

/** An entry stub in name only: never run. */
export const STUB = new TextEncoder().encode("OOMGUARD--------");

/** e_machine and R_*_GLOB_DAT, from the machines' own ABI documents. */
const NUMBERS: Readonly<Record<Target, { machine: number; globDat: number }>> =
  {
    x86_64: { machine: 62, globDat: 6 },
    aarch64: { machine: 183, globDat: 1025 },
  };

/**
 * An executable with a data segment, a code segment and a note:
 *
 *   0x0000 headers and data, 0x1000 code, ends at 0x2000
 */
export function makeElf(target: Target = "x86_64"): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(0x2000);
  const view = head(bytes, target, 3);
  segment(view, 0, 1, 4, [0, 0, 0, 0x1000, 0x1000, 0x1000]);
  segment(view, 1, 1, 5, [0x1000, 0x1000, 0x1000, 0x1000, 0x1000, 0x1000]);
  segment(view, 2, 4, 4, [0x200, 0x200, 0x200, 0x20, 0x20, 4]);
  return bytes;
}

/** Where makeDynamicElf puts things; addresses are offsets. */
export const DYNAMIC_AT = 0x300;
export const RELOCATIONS_AT = 0x400;
export const SYMBOLS_AT = 0x500;
export const STRINGS_AT = 0x600;
export const SLOT_AT = 0x2100;
/** Where writable memory ends. */
export const WRITABLE_END = 0x2800;

/**
 * An executable with a loader, which reaches `environ` through one slot:
 *
 *   0x0000 headers and tables, 0x1000 code, 0x2000 writable, ends at 0x3000
 *
 * Dynamic entries: relocations, their size, symbols, symbol names. Relocations:
 * a relative one, then the slot's. Symbols: none, "main", "environ".
 */
export function makeDynamicElf(target: Target): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(0x3000);
  const view = head(bytes, target, 6);
  segment(view, 0, 1, 4, [0, 0, 0, 0x1000, 0x1000, 0x1000]);
  segment(view, 1, 1, 5, [0x1000, 0x1000, 0x1000, 0x1000, 0x1000, 0x1000]);
  segment(view, 2, 1, 6, [0x2000, 0x2000, 0x2000, 0x800, 0x800, 0x1000]);
  segment(view, 3, 3, 4, [0x700, 0x700, 0x700, 0x10, 0x10, 1]);
  segment(view, 4, 2, 6, [0x300, 0x300, 0x300, 0x50, 0x50, 8]);
  segment(view, 5, 4, 4, [0x780, 0x780, 0x780, 0x20, 0x20, 4]);
  const words = (at: number, ...values: (number | bigint)[]) =>
    values.forEach((v, i) => view.setBigUint64(at + 8 * i, BigInt(v), true));
  words(DYNAMIC_AT, 7, RELOCATIONS_AT, 8, 48);
  words(DYNAMIC_AT + 32, 6, SYMBOLS_AT, 5, STRINGS_AT, 0, 0);
  const info = (2n << 32n) | BigInt(NUMBERS[target].globDat);
  words(RELOCATIONS_AT, SLOT_AT + 8, 8, 0x1100);
  words(RELOCATIONS_AT + 24, SLOT_AT, info, 0);
  view.setUint32(SYMBOLS_AT + 24, 1, true);
  view.setUint32(SYMBOLS_AT + 48, 6, true);
  bytes.set(new TextEncoder().encode("\0main\0environ\0"), STRINGS_AT);
  return bytes;
}

function head(bytes: Uint8Array, target: Target, segments: number): DataView {
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 3, true);
  view.setUint16(18, NUMBERS[target].machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, 0x1100n, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, segments, true);
  return view;
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

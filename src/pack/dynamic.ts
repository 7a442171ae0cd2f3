// Finds the global offset table slot through which a program reaches libc's
// `environ`. The entry stub runs after the dynamic loader, which has by then
// pointed `environ` at the caller's environment.

import { type Elf, ElfError, PF_W, PT_INTERP, PT_LOAD } from "./elf.ts";
import type { Target } from "./target.ts";

// include/uapi/linux/elf.h
const PT_DYNAMIC = 2;
const DT_NULL = 0;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_RELA = 7;
const DT_RELASZ = 8;
const DYNAMIC_BYTES = 16;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 24;
/** One address in the table. */
const SLOT_BYTES = 8;
/** R_*_GLOB_DAT: "the slot holds the symbol's address" (elf.h of glibc). */
const GLOB_DAT: Readonly<Record<Target, number>> = {
  x86_64: 6,
  aarch64: 1025,
};
/** Names of one and the same variable in glibc. */
const NAMES = ["environ", "__environ", "_environ"];

/**
 * Address of the slot, where a loader can store an address; undefined for a
 * program without a loader, whose libc takes the environment from the stack
 * after the stub. Throws an ElfError for a program that has no such slot.
 */
export function findEnviron(
  elf: Elf,
  bytes: Uint8Array,
  target: Target,
): number | undefined {
  if (!elf.segments.some((s) => s.type === PT_INTERP)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dynamic = readDynamic(elf, view);
  const rela = need(dynamic, DT_RELA, "relocations");
  const count = Math.floor(
    need(dynamic, DT_RELASZ, "relocation size") / RELOCATION_BYTES,
  );
  const symbols = need(dynamic, DT_SYMTAB, "symbols");
  const strings = need(dynamic, DT_STRTAB, "symbol names");
  const relaAt = offsetOf(elf, rela, count * RELOCATION_BYTES);
  for (let i = 0; i < count; i++) {
    const at = relaAt + i * RELOCATION_BYTES;
    if (view.getUint32(at + 8, true) !== GLOB_DAT[target]) continue;
    const index = view.getUint32(at + 12, true);
    const symbol = symbols + index * SYMBOL_BYTES;
    const name = view.getUint32(offsetOf(elf, symbol, SYMBOL_BYTES), true);
    if (!NAMES.some((n) => isText(elf, bytes, strings + name, n))) continue;
    const slot = Number(view.getBigUint64(at, true));
    checkSlot(elf, slot);
    return slot;
  }
  throw new ElfError("it has no slot for environ");
}

/** The stub reads the slot as one word and stores through it: of a slot that
 * the loader cannot have filled, it would take an address from anywhere. */
function checkSlot(elf: Elf, slot: number): void {
  const where = `its slot for environ at 0x${slot.toString(16)}`;
  if (slot % SLOT_BYTES !== 0) throw new ElfError(`${where} is not aligned`);
  const isWritable = elf.segments.some((s) =>
    s.type === PT_LOAD && (s.flags & PF_W) !== 0 && slot >= s.address &&
    slot + SLOT_BYTES <= s.address + s.memoryBytes
  );
  if (!isWritable) throw new ElfError(`${where} is not in writable memory`);
}

function readDynamic(elf: Elf, view: DataView): Map<number, number> {
  const segment = elf.segments.find((s) => s.type === PT_DYNAMIC);
  const entries = new Map<number, number>();
  if (segment === undefined) return entries;
  const end = segment.offset + segment.fileBytes - DYNAMIC_BYTES;
  for (let at = segment.offset; at <= end; at += DYNAMIC_BYTES) {
    const tag = Number(view.getBigUint64(at, true));
    if (tag === DT_NULL) break;
    entries.set(tag, Number(view.getBigUint64(at + 8, true)));
  }
  return entries;
}

function need(
  dynamic: Map<number, number>,
  tag: number,
  what: string,
): number {
  const value = dynamic.get(tag);
  if (value === undefined) {
    throw new ElfError(`its dynamic section names no ${what}`);
  }
  return value;
}

/** File offset of a range of memory that lies in one segment. */
function offsetOf(elf: Elf, address: number, count: number): number {
  const segment = elf.segments.find((s) =>
    s.type === PT_LOAD && address >= s.address &&
    address + count <= s.address + s.fileBytes
  );
  if (segment === undefined) {
    throw new ElfError(
      `its dynamic section points to 0x${address.toString(16)}, ` +
        "outside the file",
    );
  }
  return address - segment.address + segment.offset;
}

function isText(
  elf: Elf,
  bytes: Uint8Array,
  address: number,
  text: string,
): boolean {
  const at = offsetOf(elf, address, 1);
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return bytes[at + text.length] === 0;
}

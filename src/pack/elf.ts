// Reads the header and the program headers of a 64-bit little-endian ELF file
// and rewrites them. Whatever is corrupt or unexpected is refused with the
// reason; nothing outside the given bytes is ever read.

import type { Target } from "./target.ts";

// include/uapi/linux/elf.h
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const ET_EXEC = 2;
const ET_DYN = 3;
export const PT_LOAD = 1;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;
/** e_phnum that says the real number is elsewhere. */
const PN_XNUM = 0xffff;

/** e_machine of each target (include/uapi/linux/elf-em.h). */
export const MACHINES: Readonly<Record<Target, number>> = {
  x86_64: 62,
  aarch64: 183,
};

/** One program header. */
export interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileBytes: number;
  memoryBytes: number;
  align: number;
}

/** What embedding needs to know of an executable. */
export interface Elf {
  machine: number;
  entry: number;
  segmentsAt: number;
  segments: Segment[];
}

/** Refusal; the caller says which file and what it wanted to do. */
export class ElfError extends RangeError {
  override name = "ElfError";
}

/** Header and program headers of `bytes`, checked against its length. */
export function parseElf(bytes: Uint8Array): Elf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkIdentity(bytes, view);
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) {
    throw new ElfError(`type ${type} is not an executable`);
  }
  const segmentsAt = readWide(view, 32, "program header offset");
  const count = view.getUint16(56, true);
  const size = view.getUint16(54, true);
  if (count === 0) throw new ElfError("there are no program headers");
  if (count === PN_XNUM) throw new ElfError("too many program headers");
  if (size !== SEGMENT_BYTES) {
    throw new ElfError(
      `a program header has ${size} bytes, not ${SEGMENT_BYTES}`,
    );
  }
  if (segmentsAt < HEADER_BYTES) {
    throw new ElfError("program headers overlap the ELF header");
  }
  if (segmentsAt + count * SEGMENT_BYTES > bytes.length) {
    throw new ElfError("program headers lie outside the file");
  }
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    segments.push(parseSegment(view, segmentsAt + i * SEGMENT_BYTES, i));
  }
  checkLoads(segments);
  const elf = {
    machine: view.getUint16(18, true),
    entry: readWide(view, 24, "entry point"),
    segmentsAt,
    segments,
  };
  if (entrySegment(elf) === undefined) {
    throw new ElfError(
      `entry point 0x${elf.entry.toString(16)} lies in no executable segment`,
    );
  }
  return elf;
}

/** The executable segment that holds the entry point. */
export function entrySegment(elf: Elf): Segment | undefined {
  return elf.segments.find((s) =>
    s.type === PT_LOAD && (s.flags & PF_X) !== 0 && elf.entry >= s.address &&
    elf.entry < s.address + s.fileBytes
  );
}

/** Writes entry point and program headers of `elf` over those in `bytes`. */
export function writeElfInto(elf: Elf, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setBigUint64(24, BigInt(elf.entry), true);
  elf.segments.forEach((segment, i) => {
    const at = elf.segmentsAt + i * SEGMENT_BYTES;
    view.setUint32(at, segment.type, true);
    view.setUint32(at + 4, segment.flags, true);
    view.setBigUint64(at + 8, BigInt(segment.offset), true);
    view.setBigUint64(at + 16, BigInt(segment.address), true);
    view.setBigUint64(at + 24, BigInt(segment.address), true);
    view.setBigUint64(at + 32, BigInt(segment.fileBytes), true);
    view.setBigUint64(at + 40, BigInt(segment.memoryBytes), true);
    view.setBigUint64(at + 48, BigInt(segment.align), true);
  });
}

function checkIdentity(bytes: Uint8Array, view: DataView): void {
  if (bytes.length < 4 || view.getUint32(0, false) !== 0x7f454c46) {
    throw new ElfError("not an ELF file");
  }
  if (bytes.length < HEADER_BYTES) {
    throw new ElfError(`${bytes.length} bytes are less than an ELF header`);
  }
  if (bytes[4] !== 2) throw new ElfError("not a 64-bit ELF file");
  if (bytes[5] !== 1) throw new ElfError("not a little-endian ELF file");
  if (bytes[6] !== 1) throw new ElfError(`unknown ELF version ${bytes[6]}`);
}

function parseSegment(view: DataView, at: number, index: number): Segment {
  const what = `program header ${index}`;
  const segment: Segment = {
    type: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    offset: readWide(view, at + 8, what),
    address: readWide(view, at + 16, what),
    fileBytes: readWide(view, at + 32, what),
    memoryBytes: readWide(view, at + 40, what),
    align: readWide(view, at + 48, what),
  };
  if (segment.offset + segment.fileBytes > view.byteLength) {
    throw new ElfError(`${what} lies outside the file`);
  }
  if (segment.type !== PT_LOAD) return segment;
  if (segment.memoryBytes < segment.fileBytes) {
    throw new ElfError(`${what} is larger in the file than in memory`);
  }
  if (!isPowerOfTwo(segment.align)) {
    throw new ElfError(`${what} has an alignment of ${segment.align}`);
  }
  if (segment.offset % segment.align !== segment.address % segment.align) {
    throw new ElfError(`${what} is not aligned as it says`);
  }
  return segment;
}

/** The kernel maps loadable segments in order; so they must be sorted. */
function checkLoads(segments: Segment[]): void {
  let end = -1;
  let last = -1;
  segments.forEach((segment, i) => {
    if (segment.type !== PT_LOAD) return;
    if (segment.address < end) {
      throw new ElfError(`program headers ${last} and ${i} overlap`);
    }
    end = segment.address + segment.memoryBytes;
    last = i;
  });
  if (last < 0) throw new ElfError("there is no loadable segment");
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}

function readWide(view: DataView, at: number, what: string): number {
  const value = view.getBigUint64(at, true);
  // Nothing real is near this; sums of two such values stay exact.
  if (value >= 2n ** 51n) throw new ElfError(`${what} is out of range`);
  return Number(value);
}

// Makes a program start with arguments and environment of ours: appends one
// read-only, page-aligned segment with an entry stub, a table and the strings,
// and points the ELF headers at it. The program's own bytes stay as they are.
//
//   stub (ffi/entry_*.S), "OOMGUARD" first │ table │ strings, NUL-terminated

import { findEnviron } from "./dynamic.ts";
import {
  type Elf,
  ElfError,
  entrySegment,
  MACHINES,
  parseElf,
  PF_R,
  PF_X,
  PT_INTERP,
  PT_LOAD,
  PT_NOTE,
  writeElfInto,
} from "./elf.ts";
import type { Target } from "./target.ts";

const MAGIC = new TextEncoder().encode("OOMGUARD");
/** Table bytes before the string offsets. */
const TABLE_HEAD_BYTES = 24;
/** Smallest page of both machines. */
const PAGE_BYTES = 4096;

/** What goes into a program, and how messages call it. */
export interface Embedding {
  name: string;
  target: Target;
  /** Machine code of ffi/entry_*.S, its table not included. */
  stub: Uint8Array;
  /** Argument words put behind argv[0]. */
  args: readonly string[];
  /** Environment words put before the caller's. */
  env: readonly string[];
  /** Loader to use instead of the program's, where it is not Linux's usual. */
  interpreter?: string;
}

/** The program with arguments and environment embedded. */
export function embed(program: Uint8Array, embedding: Embedding): Uint8Array {
  try {
    return embedChecked(program, embedding);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    throw new RangeError(
      `Cannot embed into "${embedding.name}": ${error.message}`,
      { cause: error },
    );
  }
}

function embedChecked(program: Uint8Array, embedding: Embedding): Uint8Array {
  const elf = parseElf(program);
  checkHost(elf, program, embedding.target);
  const loads = elf.segments.filter((s) => s.type === PT_LOAD);
  const align = Math.max(PAGE_BYTES, ...loads.map((s) => s.align));
  const top = Math.max(...loads.map((s) => s.address + s.memoryBytes));
  const offset = roundUp(program.length, align);
  const address = roundUp(top, align);

  const slot = embedding.env.length === 0
    ? undefined
    : findEnviron(elf, program, embedding.target);
  const payload = makePayload(embedding, {
    entry: elf.entry - address,
    environ: slot === undefined ? undefined : slot - address,
  });
  const packed = new Uint8Array(offset + payload.bytes.length);
  packed.set(program);
  packed.set(payload.bytes, offset);

  const load = {
    type: PT_LOAD,
    flags: PF_R | PF_X,
    offset,
    address,
    fileBytes: payload.bytes.length,
    memoryBytes: payload.bytes.length,
    align,
  };
  const note = elf.segments.findLastIndex((s) => s.type === PT_NOTE);
  elf.segments.splice(note, 1);
  const last = elf.segments.findLastIndex((s) => s.type === PT_LOAD);
  elf.segments.splice(last + 1, 0, load);
  elf.entry = address + MAGIC.length;
  if (embedding.interpreter !== undefined) {
    const index = elf.segments.findIndex((s) => s.type === PT_INTERP);
    if (index < 0) throw new ElfError("there is no loader to replace");
    elf.segments[index] = {
      ...elf.segments[index],
      offset: offset + payload.interpreterAt,
      address: address + payload.interpreterAt,
      fileBytes: payload.interpreterBytes,
      memoryBytes: payload.interpreterBytes,
    };
  }
  writeElfInto(elf, packed);
  return packed;
}

function checkHost(elf: Elf, program: Uint8Array, target: Target): void {
  if (elf.machine !== MACHINES[target]) {
    throw new ElfError(
      `machine is ${elf.machine}, not ${MACHINES[target]} (${target})`,
    );
  }
  const segment = entrySegment(elf);
  if (segment !== undefined) {
    const head = segment.offset + elf.entry - segment.address - MAGIC.length;
    if (head >= 0 && MAGIC.every((byte, i) => program[head + i] === byte)) {
      throw new ElfError("something is already embedded");
    }
  }
  if (!elf.segments.some((s) => s.type === PT_NOTE)) {
    throw new ElfError("there is no PT_NOTE to replace");
  }
}

interface Payload {
  bytes: Uint8Array;
  interpreterAt: number;
  interpreterBytes: number;
}

/** Places in the program, counted from the segment's start. */
interface Places {
  entry: number;
  environ: number | undefined;
}

function makePayload(embedding: Embedding, places: Places): Payload {
  const { stub, args, env, interpreter = "" } = embedding;
  const words = [...args, ...env];
  checkWords(stub, words);
  const encoder = new TextEncoder();
  const strings = [...words, interpreter].map((w) => encoder.encode(w));
  const tableBytes = TABLE_HEAD_BYTES + 4 * words.length;
  const textBytes = strings.reduce((sum, s) => sum + s.length + 1, 0);
  // Whole pages: kernels before 6.6 clear what follows the last segment's
  // file bytes up to its page end, which this one does not allow.
  const total = roundUp(stub.length + tableBytes + textBytes, PAGE_BYTES);

  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  bytes.set(stub);
  const table = stub.length;
  view.setBigInt64(table, BigInt(places.entry - table), true);
  if (places.environ !== undefined) {
    view.setBigInt64(table + 8, BigInt(places.environ - table), true);
  }
  view.setUint32(table + 16, args.length, true);
  view.setUint32(table + 20, env.length, true);
  let at = table + tableBytes;
  let lastAt = at;
  strings.forEach((string, i) => {
    bytes.set(string, at);
    if (i < words.length) {
      view.setUint32(table + TABLE_HEAD_BYTES + 4 * i, at - table, true);
    }
    lastAt = at;
    at += string.length + 1;
  });
  return { bytes, interpreterAt: lastAt, interpreterBytes: at - lastAt };
}

function checkWords(stub: Uint8Array, words: readonly string[]): void {
  if (!MAGIC.every((byte, i) => stub[i] === byte) || stub.length % 8 !== 0) {
    throw new TypeError("Cannot embed: this is no entry stub");
  }
  if (words.length % 2 !== 0) {
    throw new RangeError(
      `Cannot embed ${words.length} words: an odd number breaks the alignment`,
    );
  }
  for (const word of words) {
    if (!word.includes("\0")) continue;
    throw new RangeError(
      `Cannot embed "${word.slice(0, 20)}…": it holds a NUL byte`,
    );
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

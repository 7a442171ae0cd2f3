// Hostile and broken executables: each is refused, with its own reason.

import assert from "node:assert/strict";
import { embed } from "../../src/pack/embed.ts";
import { ElfError, parseElf } from "../../src/pack/elf.ts";
import type { Target } from "../../src/pack/target.ts";
import { makeElf, STUB } from "./elf_maker.ts";

type Edit = (view: DataView, bytes: Uint8Array) => Uint8Array | void;

function refused(name: string, edit: Edit, want: string): void {
  Deno.test(`elf: ${name}`, () => {
    const bytes = makeElf();
    const edited = edit(new DataView(bytes.buffer), bytes) ?? bytes;
    const embedding = { name: "x", target: "x86_64", stub: STUB } as const;
    assert.throws(
      () => embed(edited, { ...embedding, args: ["a", "b"], env: [] }),
      { name: "RangeError", message: `Cannot embed into "x": ${want}` },
    );
  });
}

/** Offset of field `field` in program header `index`. */
function at(index: number, field: number): number {
  return 64 + index * 56 + field;
}

const TYPE = 0;
const OFFSET = 8;
const ADDRESS = 16;
const FILE_BYTES = 32;
const MEMORY_BYTES = 40;
const ALIGN = 48;

function wide(offset: number, value: bigint): Edit {
  return (view) => view.setBigUint64(offset, value, true);
}

refused("empty", () => new Uint8Array(), "not an ELF file");
refused(
  "text",
  () => new TextEncoder().encode("#!/bin/sh\n"),
  "not an ELF file",
);
refused(
  "magic only",
  (_, bytes) => bytes.slice(0, 4),
  "4 bytes are less than an ELF header",
);
refused(
  "one byte short of a header",
  (_, bytes) => bytes.slice(0, 63),
  "63 bytes are less than an ELF header",
);
refused("32 bits", (v) => v.setUint8(4, 1), "not a 64-bit ELF file");
refused("big-endian", (v) => v.setUint8(5, 2), "not a little-endian ELF file");
refused("version", (v) => v.setUint8(6, 9), "unknown ELF version 9");
refused(
  "object file",
  (v) => v.setUint16(16, 1, true),
  "type 1 is not an executable",
);
refused(
  "machine",
  (v) => v.setUint16(18, 183, true),
  "machine is 183, not 62 (x86_64)",
);
Deno.test("elf: the other machine's is refused, either way round", () => {
  const row = (target: Target, host: Target, want: string) => {
    const embedding = { name: "x", target, stub: STUB };
    assert.throws(
      () => embed(makeElf(host), { ...embedding, args: [], env: [] }),
      { message: `Cannot embed into "x": ${want}` },
    );
    embed(makeElf(target), { ...embedding, args: [], env: [] });
  };
  row("aarch64", "x86_64", "machine is 62, not 183 (aarch64)");
  row("x86_64", "aarch64", "machine is 183, not 62 (x86_64)");
});

refused(
  "headers past the end",
  wide(32, 1_000_000n),
  "program headers lie outside the file",
);
refused(
  "headers at 2^64-1",
  wide(32, 2n ** 64n - 1n),
  "program header offset is out of range",
);
refused(
  "headers in the header",
  wide(32, 8n),
  "program headers overlap the ELF header",
);
refused(
  "header size",
  (v) => v.setUint16(54, 32, true),
  "a program header has 32 bytes, not 56",
);
refused(
  "no headers",
  (v) => v.setUint16(56, 0, true),
  "there are no program headers",
);
refused(
  "count elsewhere",
  (v) => v.setUint16(56, 0xffff, true),
  "too many program headers",
);
refused(
  "more headers than file",
  (v) => v.setUint16(56, 5000, true),
  "program headers lie outside the file",
);
refused(
  "truncated file",
  (_, bytes) => bytes.slice(0, 0x1800),
  "program header 1 lies outside the file",
);
refused(
  "segment past the end",
  wide(at(1, FILE_BYTES), 0x1001n),
  "program header 1 lies outside the file",
);
refused(
  "segment at 2^63",
  wide(at(1, OFFSET), 2n ** 63n),
  "program header 1 is out of range",
);
refused(
  "less memory than file",
  wide(at(1, MEMORY_BYTES), 1n),
  "program header 1 is larger in the file than in memory",
);
refused(
  "odd alignment",
  wide(at(0, ALIGN), 12n),
  "program header 0 has an alignment of 12",
);
refused(
  "no alignment",
  wide(at(0, ALIGN), 0n),
  "program header 0 has an alignment of 0",
);
refused(
  "misaligned",
  wide(at(1, ADDRESS), 0x1010n),
  "program header 1 is not aligned as it says",
);
refused(
  "overlapping",
  wide(at(0, MEMORY_BYTES), 0x1001n),
  "program headers 0 and 1 overlap",
);
refused(
  "out of order",
  wide(at(0, ADDRESS), 0x9000n),
  "program headers 0 and 1 overlap",
);
refused("nothing loaded", (v) => {
  v.setUint32(at(0, TYPE), 0, true);
  v.setUint32(at(1, TYPE), 0, true);
}, "there is no loadable segment");
refused(
  "entry in data",
  wide(24, 0x100n),
  "entry point 0x100 lies in no executable segment",
);
refused(
  "entry nowhere",
  wide(24, 0x77_0000n),
  "entry point 0x770000 lies in no executable segment",
);
refused(
  "no note",
  (v) => v.setUint32(at(2, TYPE), 0, true),
  "there is no PT_NOTE to replace",
);
refused(
  "embedded twice",
  (_, bytes) =>
    embed(bytes, {
      name: "x",
      target: "x86_64",
      stub: STUB,
      args: ["a", "b"],
      env: [],
    }),
  "something is already embedded",
);

Deno.test("elf: no truncation reads outside the file", () => {
  const whole = makeElf();
  for (let length = 0; length < whole.length; length++) {
    // A copy of its own: reading past it would throw something else.
    assert.throws(() => parseElf(whole.slice(0, length)), ElfError);
  }
});

// The slot through which a program reaches its environment: found for both
// machines, and refused, with the reason, where the entry stub would read an
// address from a place that no loader has filled.

import assert from "node:assert/strict";
import { embed } from "../../src/pack/embed.ts";
import { type Target, TARGETS } from "../../src/pack/target.ts";
import {
  DYNAMIC_AT,
  makeDynamicElf,
  makeElf,
  RELOCATIONS_AT,
  SLOT_AT,
  STRINGS_AT,
  STUB,
  SYMBOLS_AT,
  WRITABLE_END,
} from "./elf_maker.ts";

function embedded(program: Uint8Array, target: Target): Uint8Array {
  const embedding = { name: "x", target, stub: STUB, args: ["a"] };
  return embed(program, { ...embedding, env: ["B=1"] });
}

/** The slot as the entry stub finds it: counted from its table. */
function slotIn(program: Uint8Array): number | undefined {
  const view = new DataView(program.buffer);
  const table = Number(view.getBigUint64(24, true)) - 8 + STUB.length;
  // The appended segment lies at its own address in these small files.
  const offset = Number(view.getBigInt64(table + 8, true));
  return offset === 0 ? undefined : table + offset;
}

for (const target of TARGETS) {
  Deno.test(`dynamic: the slot of a program for ${target}`, () => {
    assert.equal(slotIn(embedded(makeDynamicElf(target), target)), SLOT_AT);
    // Without a loader there is none, and none is needed.
    assert.equal(slotIn(embedded(makeElf(target), target)), undefined);
  });
}

Deno.test("dynamic: each name of the variable counts", () => {
  for (const name of ["environ", "_environ", "__environ"]) {
    const program = makeDynamicElf("x86_64");
    program.set(new TextEncoder().encode(`${name}\0`), STRINGS_AT + 6);
    assert.equal(slotIn(embedded(program, "x86_64")), SLOT_AT, name);
  }
});

Deno.test("dynamic: the last slot of writable memory will do", () => {
  const program = makeDynamicElf("x86_64");
  const view = new DataView(program.buffer);
  view.setBigUint64(SLOT, BigInt(WRITABLE_END - 8), true);
  assert.equal(slotIn(embedded(program, "x86_64")), WRITABLE_END - 8);
});

/** Offset of the second relocation, and of what it says. */
const SLOT = RELOCATIONS_AT + 24;
const INFO = SLOT + 8;
/** Offset of dynamic entry `index`, and of its value. */
const tagAt = (index: number) => DYNAMIC_AT + 16 * index;
const valueAt = (index: number) => tagAt(index) + 8;
const [RELOCATIONS, SIZE, SYMBOLS, STRINGS] = [0, 1, 2, 3];
/** A tag that means nothing here: DT_DEBUG. */
const OTHER_TAG = 21n;

function refused(name: string, at: number, value: bigint, want: string): void {
  Deno.test(`dynamic: ${name}`, () => {
    const program = makeDynamicElf("x86_64");
    new DataView(program.buffer).setBigUint64(at, value, true);
    assert.throws(() => embedded(program, "x86_64"), {
      name: "RangeError",
      message: `Cannot embed into "x": ${want}`,
    });
  });
}

for (
  const [index, what] of [
    [RELOCATIONS, "relocations"],
    [SIZE, "relocation size"],
    [SYMBOLS, "symbols"],
    [STRINGS, "symbol names"],
  ] as const
) {
  const want = `its dynamic section names no ${what}`;
  refused(`no ${what}`, tagAt(index), OTHER_TAG, want);
}
Deno.test("dynamic: entries after the end do not count", () => {
  const program = makeDynamicElf("x86_64");
  // The symbols change places with the end.
  program.copyWithin(tagAt(4), tagAt(SYMBOLS), tagAt(SYMBOLS + 1));
  new DataView(program.buffer).setBigUint64(tagAt(SYMBOLS), 0n, true);
  assert.throws(() => embedded(program, "x86_64"), {
    message: 'Cannot embed into "x": its dynamic section names no symbols',
  });
});

function outside(address: string): string {
  return `its dynamic section points to ${address}, outside the file`;
}
refused(
  "no such relocations",
  valueAt(RELOCATIONS),
  0x3000n,
  outside("0x3000"),
);
refused(
  "relocations past a segment's end",
  valueAt(RELOCATIONS),
  0xfd8n,
  outside("0xfd8"),
);
refused("too many relocations", valueAt(SIZE), 0xc18n, outside("0x400"));
refused(
  "relocations without end",
  valueAt(SIZE),
  2n ** 64n - 1n,
  outside("0x400"),
);
refused("no such symbols", valueAt(SYMBOLS), 0x9000n, outside("0x9030"));
refused(
  "no such symbol",
  INFO,
  (1_000n << 32n) | 6n,
  outside(`0x${(SYMBOLS_AT + 24_000).toString(16)}`),
);
refused("no such names", valueAt(STRINGS), 0x8000n, outside("0x8006"));
refused(
  "no such name",
  SYMBOLS_AT + 48,
  0x7000n,
  outside(`0x${(STRINGS_AT + 0x7000).toString(16)}`),
);

const NO_SLOT = "it has no slot for environ";
refused("another symbol's slot", INFO, (1n << 32n) | 6n, NO_SLOT);
refused("a copy of the variable", INFO, (2n << 32n) | 5n, NO_SLOT);
refused("the other machine's slot", INFO, (2n << 32n) | 1025n, NO_SLOT);
refused("a longer name", STRINGS_AT + 13, 0x78n, NO_SLOT);

function slot(address: string, what: string): string {
  return `its slot for environ at ${address} is not ${what}`;
}
refused("a slot across words", SLOT, 0x2101n, slot("0x2101", "aligned"));
refused(
  "a slot in read-only memory",
  SLOT,
  0x800n,
  slot("0x800", "in writable memory"),
);
refused(
  "a slot in code",
  SLOT,
  0x1100n,
  slot("0x1100", "in writable memory"),
);
refused(
  "a slot past writable memory",
  SLOT,
  BigInt(WRITABLE_END),
  slot("0x2800", "in writable memory"),
);
refused(
  "a slot nowhere",
  SLOT,
  2n ** 63n,
  slot("0x8000000000000000", "in writable memory"),
);

Deno.test("dynamic: a slot that leaves writable memory half-way", () => {
  const program = makeDynamicElf("x86_64");
  const view = new DataView(program.buffer);
  // Its segment ends four bytes into the slot.
  const size = BigInt(SLOT_AT - 0x2000 + 4);
  view.setBigUint64(64 + 2 * 56 + 32, size, true);
  view.setBigUint64(64 + 2 * 56 + 40, size, true);
  assert.throws(() => embedded(program, "x86_64"), {
    message: `Cannot embed into "x": ${slot("0x2100", "in writable memory")}`,
  });
});

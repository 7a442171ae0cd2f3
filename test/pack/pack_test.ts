// Which way a program is packed when ways fail; the ways are stand-ins.

import assert from "node:assert/strict";
import type { Found, Wish } from "../../src/pack/compile.ts";
import { DENO_VERSION } from "../../src/pack/launch.ts";
import { type Packers, packTarget } from "../../src/pack/pack.ts";
import { MissingError } from "../../src/pack/target.ts";

const SEEDED: Found = {
  denoVersion: DENO_VERSION,
  denortBin: "unset",
  seeded: true,
  online: false,
};
const NOTHING: Found = { ...SEEDED, seeded: false };

/** How a stand-in fares: nothing, or what it throws. */
interface Fate {
  found?: Found;
  compile?: Error;
  embed?: Error;
}

/** Packs; answers the executable's text, how it was packed, and what was told. */
async function played(
  wish: Wish,
  fate: Fate,
): Promise<{ text: string; pack: string; told: string[]; bases: unknown[] }> {
  const told: string[] = [];
  const bases: unknown[] = [];
  const answer = (program: string, error: Error | undefined) =>
    error === undefined
      ? Promise.resolve(new TextEncoder().encode(program))
      : Promise.reject(error);
  const packers: Packers = {
    denortBin: "/some/denort",
    findBases: () => Promise.resolve(fate.found ?? SEEDED),
    compile: (program, target, base) => {
      bases.push(base);
      return answer(`compiled ${program} ${target}`, fate.compile);
    },
    embed: (program, target) =>
      answer(`embedded ${program} ${target}`, fate.embed),
  };
  const { bytes, pack } = await packTarget(
    "aarch64",
    wish,
    (way) => `program(${way})`,
    packers,
    (step, target, what) => told.push(`${step} ${target} ${what}`),
  );
  return { text: new TextDecoder().decode(bytes), pack, told, bases };
}

const BROKEN = new Error("Cannot compile for aarch64: no space");
const COMPILED = "pack aarch64 compile: base from the cache folder";
const NONE = "embed: no denort (DENORT_BIN unset, no cache, offline)";

Deno.test("pack: by compile where its base is to be had", async () => {
  for (const wish of ["auto", "compile"] as const) {
    assert.deepEqual(await played(wish, {}), {
      text: "compiled program(compile) aarch64",
      pack: "compile",
      told: [COMPILED],
      // A DENORT_BIN is not handed on where the choice is another base.
      bases: [undefined],
    });
  }
});

Deno.test("pack: DENORT_BIN is handed on where it is the base", async () => {
  const found: Found = { ...SEEDED, denortBin: "aarch64" };
  const { told, bases } = await played("auto", { found });
  assert.deepEqual(told, ["pack aarch64 compile: base from DENORT_BIN"]);
  assert.deepEqual(bases, ["/some/denort"]);
});

Deno.test("pack: by embedding where it is not, or as asked for", async () => {
  const want = { text: "embedded program(embed) aarch64", pack: "embed" };
  assert.deepEqual(await played("auto", { found: NOTHING }), {
    ...want,
    told: [`pack aarch64 ${NONE}`],
    bases: [],
  });
  assert.deepEqual(await played("embed", {}), {
    ...want,
    told: ["pack aarch64 embed: asked for"],
    bases: [],
  });
});

Deno.test("pack: auto falls from a compile that fails to embedding", async () => {
  assert.deepEqual(await played("auto", { compile: BROKEN }), {
    // The program says how it was packed in the end.
    text: "embedded program(embed) aarch64",
    pack: "embed",
    told: [COMPILED, `pack aarch64 embed: ${BROKEN.message}`],
    bases: [undefined],
  });
});

Deno.test("pack: a compile that was asked for does not fall", async () => {
  await assert.rejects(played("compile", { compile: BROKEN }), BROKEN);
  await assert.rejects(
    played("compile", { found: NOTHING }),
    /^Error: Cannot pack aarch64 with deno compile: no denort/,
  );
});

Deno.test("pack: what embedding lacks is said last", async () => {
  const missing = new MissingError("npm does not deliver");
  const fate = { compile: BROKEN, embed: missing };
  await assert.rejects(played("auto", fate), missing);
});

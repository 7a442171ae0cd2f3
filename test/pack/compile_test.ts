// The parts of --pack=compile that need no download.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import {
  compile,
  compileArgs,
  type Found,
  inspectDenort,
  seededPath,
  selectPack,
  type Wish,
} from "../../src/pack/compile.ts";
import {
  DENO_VERSION,
  LAUNCH_ENV,
  launchArgs,
  V8_FLAGS,
} from "../../src/pack/launch.ts";
import { NATIVE } from "../../src/pack/target.ts";

const NOTHING: Found = {
  denoVersion: DENO_VERSION,
  denortBin: "unset",
  seeded: false,
  online: false,
};

function check(wish: Wish, found: Partial<Found>, want: string): void {
  Deno.test(`select: ${wish} with ${JSON.stringify(found)}`, () => {
    const choice = () => selectPack(wish, "x86_64", { ...NOTHING, ...found });
    if (want.startsWith("Cannot")) {
      assert.throws(choice, { message: want });
      return;
    }
    const { pack, why, useDenortBin } = choice();
    assert.equal(`${pack}: ${why}`, want);
    assert.equal(useDenortBin, why.includes("from DENORT_BIN"));
    // The line the build prints fits a terminal.
    assert.ok(want.length + 18 <= 80, want);
  });
}

const NONE = "no denort (DENORT_BIN unset, no cache, offline)";
check("auto", {}, `embed: ${NONE}`);
check("embed", {}, "embed: asked for");
check("embed", { online: true, seeded: true }, "embed: asked for");
check("compile", {}, `Cannot pack x86_64 with deno compile: ${NONE}`);
check("auto", { online: true }, "compile: base from the release host");
check("compile", { online: true }, "compile: base from the release host");
check(
  "auto",
  { seeded: true, online: true },
  "compile: base from the cache folder",
);
check(
  "auto",
  { denortBin: "x86_64", seeded: true },
  "compile: base from DENORT_BIN",
);
check(
  "auto",
  { denortBin: "aarch64" },
  "embed: no denort (DENORT_BIN for aarch64, no cache, offline)",
);
check(
  "auto",
  { denortBin: "aarch64", seeded: true },
  "compile: base from the cache folder",
);
check(
  "auto",
  { denortBin: "unreadable" },
  "embed: no denort (DENORT_BIN unreadable, no cache, offline)",
);
check(
  "auto",
  { denoVersion: "9.9.9", denortBin: "x86_64", seeded: true, online: true },
  `embed: this Deno is 9.9.9, not ${DENO_VERSION}`,
);

Deno.test("compile: both packings start alike", () => {
  const args = compileArgs("aarch64", "in.mjs", "out");
  assert.equal(args[0], "compile");
  assert.equal(args.at(-1), "in.mjs");
  assert.ok(args.includes("aarch64-unknown-linux-gnu"));
  for (const flag of ["--no-config", "--no-lock", "--no-code-cache"]) {
    assert.ok(args.includes(flag), flag);
  }
  assert.ok(args.includes(`--v8-flags=${V8_FLAGS}`));
  assert.ok(LAUNCH_ENV.includes(`DENO_V8_FLAGS=${V8_FLAGS}`));
  const launched = launchArgs("code");
  assert.equal(launched[0], "eval");
  assert.deepEqual(launched.slice(-2), ["code", "--"]);
  assert.equal((launched.length + LAUNCH_ENV.length) % 2, 0);
});

Deno.test("compile: where a seeded base is looked for", () => {
  assert.equal(
    seededPath("/d", "aarch64"),
    `/d/dl/release/v${DENO_VERSION}/denort-aarch64-unknown-linux-gnu.zip`,
  );
});

Deno.test("compile: what a DENORT_BIN is good for", async () => {
  assert.equal(await inspectDenort(undefined), "unset");
  assert.equal(await inspectDenort(""), "unset");
  assert.equal(await inspectDenort("/none"), "unreadable");
  assert.equal(await inspectDenort("/proc"), "unreadable");
  assert.equal(await inspectDenort(import.meta.filename), "unreadable");
  assert.equal(await inspectDenort(Deno.execPath()), NATIVE);
});

Deno.test("compile: runs over a stand-in base, with equal results", async () => {
  const program = "console.log(1)";
  const base = Deno.execPath();
  const once = await compile(program, NATIVE, base);
  const twice = await compile(program, NATIVE, base);
  assert.ok(once.length > program.length);
  assert.ok(new TextDecoder("latin1").decode(once).includes(program));
  assert.equal(Buffer.compare(once, twice), 0);
});

Deno.test("compile: a failure tells what Deno said", async () => {
  const missing = join("/none", "denort");
  await assert.rejects(
    compile("1", NATIVE, missing),
    /Cannot compile for .*: .*(No such file|os error 2)/s,
  );
});

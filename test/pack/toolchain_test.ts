// A compiler that is not there, one that has no libc, and a source that does
// not compile: the first two mean "not here", the last that it is broken. And
// what was compiled here runs on older machines.

import assert from "node:assert/strict";
import { join } from "node:path";
import { run, runOk } from "../../src/pack/run.ts";
import { MissingError, NATIVE, TARGETS } from "../../src/pack/target.ts";
import { buildKeeper, buildShim, toolFor } from "../../src/pack/toolchain.ts";
import { glibcOf } from "./needs.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const FOREIGN = TARGETS.find((target) => target !== NATIVE)!;

async function withCopy(check: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "oomguard-toolchain-" });
  try {
    await runOk("cp", ["-r", join(ROOT, "ffi"), root]);
    await check(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** A compiler that finds its own headers, and nobody else's. */
async function withoutLibc(root: string): Promise<string> {
  const { out } = await runOk("gcc", ["-print-file-name=include"]);
  const path = join(root, "gcc-alone");
  const flags = `-nostdinc -isystem '${out.trim()}'`;
  await Deno.writeTextFile(path, `#!/bin/sh\nexec gcc ${flags} "$@"\n`);
  await Deno.chmod(path, 0o755);
  return path;
}

async function rejected(built: Promise<unknown>): Promise<Error> {
  try {
    await built;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  throw new Error("It was built");
}

for (const build of [buildShim, buildKeeper]) {
  Deno.test(`toolchain: ${build.name} says what is missing`, async () => {
    await withCopy(async (root) => {
      const absent = await rejected(build(root, FOREIGN, "oomguard-no-gcc"));
      assert.ok(absent instanceof MissingError);
      assert.match(
        absent.message,
        /^oomguard-no-gcc is missing:\napt install gcc-\S+-linux-gnu libc6-dev-\S+-cross$/,
      );
      const alone = await withoutLibc(root);
      const bare = await rejected(build(root, FOREIGN, alone));
      assert.ok(bare instanceof MissingError, bare.message);
      const [what, how] = bare.message.split("\n");
      assert.equal(what, `${alone} has no libc to compile with:`);
      assert.equal(how, absent.message.split("\n")[1]);
      const native = await rejected(build(root, NATIVE, alone));
      assert.match(native.message, /\napt install gcc libc6-dev$/);
      // Nothing half-made is left to be taken for a result.
      assert.deepEqual([...Deno.readDirSync(join(root, "dist"))], []);
    });
  });
}

Deno.test("toolchain: a broken source is no missing tool", async () => {
  await withCopy(async (root) => {
    const shim = join(root, "ffi", "shim.c");
    await Deno.writeTextFile(shim, '#include "nowhere.h"\n');
    const error = await rejected(buildShim(root, NATIVE));
    assert.equal(error instanceof MissingError, false);
    assert.match(error.message, /nowhere\.h/);
  });
});

for (const target of TARGETS) {
  const gcc = toolFor("gcc", target);
  const absent = await run(gcc, ["--version"]) === undefined;
  Deno.test({
    name: `toolchain: the shim for ${target} runs on glibc 2.27` +
      (absent ? ` [no ${gcc}]` : ""),
    ignore: absent,
    fn: async () => {
      await withCopy(async (root) => {
        const { path } = await buildShim(root, target);
        const { oldest, text } = await glibcOf(path);
        assert.ok(oldest <= 27, `needs glibc 2.${oldest}:\n${text}`);
      });
    },
  });
}

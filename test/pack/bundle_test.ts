// The text that is packed, and the tools around it.

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  checkBundle,
  makeBundle,
  makeProgram,
  readCommit,
  readVersion,
} from "../../src/pack/bundle.ts";
import { run, runOk } from "../../src/pack/run.ts";
import { NATIVE } from "../../src/pack/target.ts";
import { buildKeeper, buildShim } from "../../src/pack/toolchain.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");

async function withFolders(
  check: (one: string, two: string) => Promise<void>,
): Promise<void> {
  const one = await Deno.makeTempDir({ prefix: "oomguard-one-" });
  const two = await Deno.makeTempDir({ prefix: "oomguard-other-" });
  try {
    await check(one, two);
  } finally {
    await Deno.remove(one, { recursive: true });
    await Deno.remove(two, { recursive: true });
  }
}

Deno.test("bundle: equal wherever the checkout is", async () => {
  await withFolders(async (one, two) => {
    for (const root of [one, two]) {
      await Deno.mkdir(join(root, "src"));
      await Deno.writeTextFile(join(root, "deno.json"), "{}");
      await Deno.writeTextFile(
        join(root, "src", "part.ts"),
        "export const word: string = 'é';\nexport const unused = 1;",
      );
      await Deno.writeTextFile(
        join(root, "src", "main.ts"),
        'import { word } from "./part.ts";\nconsole.log(word, Deno.args);',
      );
    }
    const bundle = await makeBundle(one, "src/main.ts");
    assert.equal(bundle, await makeBundle(two, "src/main.ts"));
    assert.ok(bundle.includes("Deno.args"));
    await assert.rejects(makeBundle(one, "src/none.ts"), /Cannot run/);
  });
});

Deno.test("bundle: what could not be packed is refused", () => {
  const check = (text: string, want: string) =>
    assert.throws(() => checkBundle(text, "/check/out"), {
      message: `Cannot pack: ${want}`,
    });
  check(" \n", "the bundle is empty");
  check('"a\0b"', "the bundle holds a NUL byte");
  check('"/check/out/src/x.ts"', "the bundle holds the path of the checkout");
  checkBundle("console.log(1)", "/check/out");
});

Deno.test("bundle: the program finds its build facts", async () => {
  const facts = {
    version: "1.2.3",
    commit: "abc",
    target: NATIVE,
    pack: "embed",
    shim: "AAEC",
    keeper: "AwQF",
  } as const;
  const code = 'import "node:fs";\nconsole.log(JSON.stringify(OOMGUARD_BUILD))';
  const args = ["eval", "--ext=mjs", "--no-config", makeProgram(code, facts)];
  const { out } = await runOk(Deno.execPath(), args);
  assert.deepEqual(JSON.parse(out), facts);
  const backwards = Object.fromEntries(Object.entries(facts).reverse());
  assert.equal(
    makeProgram(code, backwards as unknown as typeof facts),
    makeProgram(code, facts),
  );
});

Deno.test("bundle: commit and version", async () => {
  await withFolders(async (one) => {
    const unknown = async () => {
      const { name, warning = "" } = await readCommit(one);
      assert.equal(name, "unknown");
      assert.match(warning, /^its commit is unknown, .*:\n\S+/);
      return warning;
    };
    const outside = await unknown();
    const git = (...args: string[]) => runOk("git", args, { cwd: one });
    await git("init", "--quiet");
    // In git's words: no repository, and one without a commit.
    assert.notEqual(await unknown(), outside);
    await Deno.writeTextFile(join(one, "deno.json"), '{"version":"1.0.0"}');
    await git("add", ".");
    const who = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
    await git(...who, "commit", "--quiet", "--message=t");
    const clean = await readCommit(one);
    assert.match(clean.name, /^[0-9a-f]{12}$/);
    assert.equal(clean.warning, undefined);
    assert.equal(await readVersion(one), "1.0.0");
    await Deno.writeTextFile(join(one, "deno.json"), '{"version":1}');
    assert.equal((await readCommit(one)).name, `${clean.name}-dirty`);
    await assert.rejects(readVersion(one), /Cannot read the version/);
  });
});

/** House rule: the keeper is tiny. */
const KEEPER_BYTES_MAX = 10_000;

Deno.test("shim, keeper: equal wherever the checkout is, built once", async () => {
  await withFolders(async (one, two) => {
    for (const root of [one, two]) {
      await Deno.mkdir(join(root, "ffi"));
      for (const { name } of Deno.readDirSync(join(ROOT, "ffi"))) {
        await Deno.copyFile(join(ROOT, "ffi", name), join(root, "ffi", name));
      }
    }
    const keeper = await buildKeeper(one, NATIVE);
    assert.deepEqual(keeper.bytes, (await buildKeeper(two, NATIVE)).bytes);
    assert.ok(keeper.bytes.length < KEEPER_BYTES_MAX);
    const shim = await buildShim(one, NATIVE);
    assert.deepEqual(shim.bytes, (await buildShim(two, NATIVE)).bytes);
    assert.deepEqual([shim.fresh, (await buildShim(one, NATIVE)).fresh], [
      true,
      false,
    ]);
    await Deno.writeTextFile(shim.path, "damaged");
    assert.equal((await buildShim(one, NATIVE)).fresh, true);
    const header = join(one, "ffi", "shim.h");
    await Deno.writeTextFile(header, "#error broken\n", { append: true });
    await assert.rejects(buildShim(one, NATIVE), /broken/);
  });
});

Deno.test("run: no such command, failure, success", async () => {
  assert.equal(await run("oomguard-no-such-command", []), undefined);
  await assert.rejects(
    runOk("oomguard-no-such-command", []),
    /there is no such command/,
  );
  await assert.rejects(
    runOk("sh", ["-c", "echo why >&2; exit 3"]),
    /exit 3\nwhy/,
  );
  assert.equal((await runOk("sh", ["-c", "echo out"])).out, "out\n");
});

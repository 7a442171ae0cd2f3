// A program embedded into the real runtime: it gets exactly the user's
// arguments, nothing around it can stop it, and its start writes nothing.

import assert from "node:assert/strict";
import { join } from "node:path";
import { isPinned } from "../../src/pack/carrier.ts";
import { embed } from "../../src/pack/embed.ts";
import { LAUNCH_ENV, launchArgs } from "../../src/pack/launch.ts";
import { type Ran, run } from "../../src/pack/run.ts";
import { NATIVE } from "../../src/pack/target.ts";
import { buildStub } from "../../src/pack/toolchain.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const PROGRAM = `import "node:fs";
console.log(JSON.stringify([Deno.args, Deno.execPath(), Deno.env.get("DENO_DIR")]));`;

const carrier = await Deno.readFile(Deno.execPath());
const pinned = isPinned(carrier, NATIVE);
const strace = await run("strace", ["-V"]) !== undefined;

async function withExecutable(
  check: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "oomguard-launch-" });
  try {
    const path = join(folder, "guard");
    const bytes = embed(carrier, {
      name: "deno",
      target: NATIVE,
      stub: await buildStub(ROOT, NATIVE),
      args: launchArgs(PROGRAM),
      env: LAUNCH_ENV,
    });
    await Deno.writeFile(path, bytes, { mode: 0o755 });
    await check(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "launch: arguments arrive, surroundings do not",
  ignore: !pinned,
  fn: () =>
    withExecutable(async (path, folder) => {
      for (const name of [".npmrc", "deno.json", "deno.lock", ".env"]) {
        await Deno.writeTextFile(join(folder, name), "@@=\nregistry=::\n{");
      }
      const options = { cwd: folder, clearEnv: true };
      const commonJs = join(folder, "package.json");
      await Deno.writeTextFile(commonJs, '{"type":"commonjs"}');
      const rows: [string[], Record<string, string>][] = [
        [[], {}],
        [["--version"], {}],
        [["", "--", "-A", "--v8-flags=--bogus", "a b", "é"], {}],
        [["--help"], { HOME: folder, DENO_DIR: folder }],
        [["x"], { DENO_V8_FLAGS: "--bogus", DENO_COMPAT: "1" }],
      ];
      for (const [args, env] of rows) {
        const ran = await run(path, args, { ...options, env });
        assert.equal(ran?.err, "");
        const want = [args, path, "/proc/self/exe/none"];
        assert.deepEqual(JSON.parse(ran.out), want);
      }
    }),
});

Deno.test({
  name: "launch: a start writes nothing and asks no network",
  ignore: !pinned || !strace,
  fn: () =>
    withExecutable(async (path, folder) => {
      const log = join(folder, "strace.log");
      const options = { cwd: folder, clearEnv: true, env: { HOME: folder } };
      const trace = ["-f", "-o", log, "-e", "trace=file,network", path];
      const ran = await run("strace", trace, options);
      assert.ok(isStarted(ran), ran?.err);
      const calls = (await Deno.readTextFile(log)).split("\n");
      assert.ok(calls.length > 20, "strace saw nothing");
      const writes = calls.filter((call) =>
        /O_WRONLY|O_RDWR|O_CREAT|AF_INET|AF_NETLINK/.test(call) ||
        /\b(mkdir|unlink|rename|symlink|link|chmod)(at)?\(.* = 0$/.test(call)
      );
      assert.deepEqual(writes, []);
      const names = [...Deno.readDirSync(folder)].map((e) => e.name).sort();
      assert.deepEqual(names, ["guard", "strace.log"]);
    }),
});

function isStarted(ran: Ran | undefined): ran is Ran {
  return ran !== undefined && ran.code === 0 && ran.out.startsWith("[[]");
}

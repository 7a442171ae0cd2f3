// The shim built with AddressSanitizer and UBSan and driven by hostile
// arguments: no call touches what is not its own.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FLAGS = "-std=gnu11 -g -O1 -Wall -Wextra -Werror -pthread " +
  "-fsanitize=address,undefined -fno-sanitize-recover=all";

async function run(command: string, args: string[]) {
  const signal = AbortSignal.timeout(120_000);
  const done = await new Deno.Command(command, {
    args,
    cwd: ROOT,
    signal,
    // A detached thread and static tables are no leaks of ours to find.
    env: { ASAN_OPTIONS: "detect_leaks=0" },
  }).output();
  return { code: done.code, err: new TextDecoder().decode(done.stderr) };
}

Deno.test("sanitize: hostile arguments", async () => {
  const dir = await Deno.makeTempDir({ prefix: "oomguard-sanitize-" });
  try {
    const units = [...Deno.readDirSync(`${ROOT}ffi`)]
      .map(({ name }) => `ffi/${name}`)
      .filter((name) => name.endsWith(".c") && name !== "ffi/keeper.c");
    const program = `${dir}/sanitize`;
    const built = await run("gcc", [
      ...FLAGS.split(" "),
      ...["-o", program, "test/shim/sanitize.c"],
      ...units,
    ]);
    if (/cannot find.*(asan|ubsan)/.test(built.err)) {
      console.log("not checked: the sanitizers' libraries are not installed");
      return;
    }
    assert.equal(built.code, 0, built.err);
    const done = await run(program, [`${dir}/file`]);
    assert.equal(done.code, 0, done.err);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

// Whom the watchdog thread chooses, that it signals nobody whom it did not
// choose, and what of the shim beside it may be refused without harm.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WRAPPED = [
  ...["mprotect", "madvise", "pthread_attr_setstack"],
  "pthread_attr_setstacksize",
];

const CASES = {
  choice: "culprits first, the published one as long as it is the same",
  signal: "who changed since the choice lives, who dies is told of at once",
  patience: "for ever ends",
  reaps: "signalled twice, reaped and closed once",
  ballast: "a ballast that is refused is not held, nor half of it",
  stacks: "large enough for aarch64, and a refusal is told",
};

/** Builds the driver with the shim's sources; watchdog.c is within it. */
function compile(dir: string): string {
  const program = `${dir}/watchdog`;
  const units = ["shim", "desk", "titles", "spawn", "memory"];
  const built = spawnSync("gcc", [
    ...["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"],
    ...WRAPPED.map((name) => `-Wl,--wrap=${name}`),
    ...["-o", program, "test/shim/watchdog.c"],
    ...units.map((name) => `ffi/${name}.c`),
  ], { cwd: ROOT, encoding: "utf8" });
  assert.equal(built.status, 0, built.stderr);
  return program;
}

Deno.test("watchdog", async (t) => {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-watchdog-" });
  try {
    const program = compile(dir);
    for (const [name, title] of Object.entries(CASES)) {
      await t.step(`${name}: ${title}`, () => {
        const options = { encoding: "utf8", timeout: 30_000 } as const;
        const done = spawnSync(program, [name], options);
        assert.equal(done.status, 0, done.stderr);
      });
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

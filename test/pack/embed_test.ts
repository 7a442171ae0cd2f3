// Embeds into small C programs and runs them: what main() sees is the test.
// The aarch64 rows run where its compiler and QEMU's user mode are installed.

import assert from "node:assert/strict";
import { join } from "node:path";
import { embed } from "../../src/pack/embed.ts";
import { run } from "../../src/pack/run.ts";
import { NATIVE, type Target, TARGETS } from "../../src/pack/target.ts";
import { buildStub, toolFor } from "../../src/pack/toolchain.ts";
import { makeElf, STUB } from "./elf_maker.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
/** Where Debian keeps the libraries of a foreign machine. */
const SYSROOT = (target: Target) => `/usr/${target}-linux-gnu`;

// The double needs an aligned stack on x86-64.
const CARRIER = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern char **environ;
static void bye(void) { puts("atexit"); }
int main(int argc, char **argv) {
  atexit(bye);
  printf("%.1f\\n", argc / 2.0);
  for (int i = 1; i < argc; i++)
    printf("arg %zu %.20s\\n", strlen(argv[i]), argv[i]);
  if (argv[argc]) puts("argv has no end");
  for (char **e = environ; *e; e++) printf("env %s\\n", *e);
  printf("getenv %s\\n", getenv("TWICE"));
  return 7;
}
`;

/** Kinds of program; each finds its environment in another way. */
const KINDS = [
  { name: "dynamic", flags: ["-fPIC", "-pie"] },
  { name: "static", flags: ["-static"] },
  { name: "static-pie", flags: ["-fPIC", "-static-pie"] },
];

interface Bench {
  target: Target;
  folder: string;
  stub: Uint8Array;
}

/** Why rows for this target cannot run here; undefined when they can. */
async function obstacle(target: Target): Promise<string | undefined> {
  const gcc = toolFor("gcc", target);
  if (await run(gcc, ["--version"]) === undefined) return `no ${gcc}`;
  if (target === NATIVE) return undefined;
  const qemu = await run(`qemu-${target}`, ["--version"]);
  return qemu === undefined ? `no qemu-${target}` : undefined;
}

async function compileCarrier(
  bench: Bench,
  name: string,
  flags: string[],
): Promise<Uint8Array> {
  const source = join(bench.folder, "carrier.c");
  const output = join(bench.folder, name);
  await Deno.writeTextFile(source, CARRIER);
  const args = [...flags, "-O1", "-o", output, source];
  const ran = await run(toolFor("gcc", bench.target), args);
  assert.equal(ran?.code, 0, ran?.err);
  return await Deno.readFile(output);
}

/** Writes a program, runs it and returns its lines. */
async function runProgram(
  bench: Bench,
  bytes: Uint8Array,
  args: string[],
): Promise<string[]> {
  const path = join(bench.folder, `embedded-${crypto.randomUUID()}`);
  await Deno.writeFile(path, bytes, { mode: 0o755 });
  const native = bench.target === NATIVE;
  // env -i: QEMU's user mode hands its own environment on.
  const command = native
    ? ["-i", "TWICE=caller", path, ...args]
    : ["-i", "TWICE=caller", await which(`qemu-${bench.target}`)]
      .concat("-L", SYSROOT(bench.target), path, args);
  const ran = await run("env", command);
  assert.equal(ran?.code, 7, ran?.err);
  return ran.out.trimEnd().split("\n");
}

async function which(command: string): Promise<string> {
  const ran = await run("sh", ["-c", `command -v ${command}`]);
  return ran?.out.trim() ?? command;
}

for (const target of TARGETS) {
  const reason = await obstacle(target);
  const note = reason === undefined ? "" : ` (skipped: ${reason})`;
  Deno.test({
    name: `embed: ${target} programs see the words in order${note}`,
    ignore: reason !== undefined,
    fn: () => withBench(target, checkPrograms),
  });
}

async function withBench(
  target: Target,
  check: (bench: Bench) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "oomguard-embed-" });
  try {
    await check({ target, folder, stub: await buildStub(ROOT, target) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function checkPrograms(bench: Bench): Promise<void> {
  const { target, stub } = bench;
  // Longer than the kernel would take as one argument (MAX_ARG_STRLEN).
  const long = "x".repeat(300_000) + "é";
  const words = { args: ["one", "", long], env: ["TWICE=ours"] };
  for (const { name, flags } of KINDS) {
    const carrier = await compileCarrier(bench, name, flags);
    const embedded = embed(carrier, { name, target, stub, ...words });
    const again = embed(carrier, { name, target, stub, ...words });
    assert.deepEqual(embedded, again, "the same input gives the same bytes");
    for (const user of [[], ["a"], ["a", "--", "b c"]]) {
      const want = [
        ((1 + 3 + user.length) / 2).toFixed(1),
        ...["one", "", long, ...user].map(printed),
        "env TWICE=ours",
        "env TWICE=caller",
        "getenv ours",
        "atexit",
      ];
      assert.deepEqual(await runProgram(bench, embedded, user), want, name);
    }
  }
}

/** The line the carrier prints for an argument. */
function printed(arg: string): string {
  return `arg ${new TextEncoder().encode(arg).length} ${arg.slice(0, 20)}`;
}

Deno.test("embed: another loader can be named", async () => {
  await withBench(NATIVE, async (bench) => {
    const carrier = await compileCarrier(bench, "pie", ["-fPIC", "-pie"]);
    const loader = join(bench.folder, "loader.so");
    const said = await run("readelf", ["-lW", join(bench.folder, "pie")]);
    const usual = said?.out.match(/interpreter: ([^\]]+)\]/)?.[1];
    assert.ok(usual);
    await Deno.copyFile(usual, loader);
    const embedding = {
      name: "pie",
      target: NATIVE,
      stub: bench.stub,
      args: ["a", "b"],
      env: [],
    };
    const embedded = embed(carrier, { ...embedding, interpreter: loader });
    const lines = await runProgram(bench, embedded, []);
    assert.deepEqual(lines.slice(0, 3), ["1.5", "arg 1 a", "arg 1 b"]);
    const path = join(bench.folder, "loaded");
    await Deno.writeFile(path, embedded);
    const headers = await run("readelf", ["-lW", path]);
    assert.ok(headers?.out.includes(`interpreter: ${loader}]`));
  });
});

Deno.test("embed: a program that copies environ is refused", async () => {
  await withBench(NATIVE, async (bench) => {
    const carrier = await compileCarrier(bench, "fixed", ["-no-pie"]);
    const embedding = { name: "fixed", target: NATIVE, stub: bench.stub };
    assert.throws(
      () => embed(carrier, { ...embedding, args: ["a"], env: ["B=1"] }),
      { message: 'Cannot embed into "fixed": it has no slot for environ' },
    );
  });
});

Deno.test("embed: words that cannot be embedded", () => {
  const check = (args: string[], stub: Uint8Array, want: RegExp) =>
    assert.throws(
      () =>
        embed(makeElf(), { name: "x", target: "x86_64", stub, args, env: [] }),
      { message: want },
    );
  check(["a"], STUB, /an odd number breaks the alignment/);
  check(["a\0b", "c"], STUB, /it holds a NUL byte/);
  check(["a", "b"], STUB.slice(0, 12), /this is no entry stub/);
  check(["a", "b"], new Uint8Array(16), /this is no entry stub/);
});

Deno.test("embed: the interpreter of a static program is refused", () => {
  const embedding = { name: "x", target: "x86_64", stub: STUB } as const;
  assert.throws(
    () =>
      embed(makeElf(), { ...embedding, args: [], env: [], interpreter: "/l" }),
    { message: 'Cannot embed into "x": there is no loader to replace' },
  );
});

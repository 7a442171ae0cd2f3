// Compiles what is not TypeScript: the shim, the keeper and the entry stubs. The same
// sources and the same compiler give the same bytes wherever the checkout is.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { run, runOk } from "./run.ts";
import { MissingError, NATIVE, type Target } from "./target.ts";

const SHIM_UNITS = [
  "shim",
  "desk",
  "titles",
  "spawn",
  "watchdog",
  "memory",
  "hotset",
].map((name) => `./ffi/${name}.c`);
const SHIM_SOURCES = [
  ...SHIM_UNITS,
  "./ffi/shim.h",
  "./ffi/internal.h",
  "./ffi/record.h",
  "./ffi/glibc.h",
];
const SHIM_FLAGS = [
  "-std=gnu11",
  "-include",
  "./ffi/glibc.h",
  "-O2",
  "-fPIC",
  "-shared",
  "-Wall",
  "-Wextra",
  "-Wconversion",
  "-Werror",
  "-pthread",
  "-ffile-prefix-map=./=",
  "-frandom-seed=oomguard",
  "-Wl,--build-id=none",
  "-Wl,-z,noexecstack",
  "-Wl,-z,relro,-z,now",
  // Threads and signal handlers stay in it whatever the runtime closes.
  "-Wl,-z,nodelete",
  "-s",
];
const KEEPER_UNITS = ["./ffi/keeper.c"];
const KEEPER_SOURCES = [
  ...KEEPER_UNITS,
  "./ffi/keeper.h",
  "./ffi/keeper_sys.h",
  "./ffi/record.h",
];
/** A static program without libc, of one page of code: what it has resident is
 * what it needs. */
const KEEPER_FLAGS = [
  "-std=gnu11",
  "-Os",
  "-nostdlib",
  "-static",
  "-no-pie",
  "-fno-pie",
  "-ffreestanding",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-Wall",
  "-Wextra",
  "-Wconversion",
  "-Werror",
  "-ffile-prefix-map=./=",
  "-frandom-seed=oomguard",
  "-Wl,--build-id=none",
  "-Wl,-z,noexecstack",
  // No padding between its two parts.
  "-Wl,-z,noseparate-code",
  "-Wl,-z,norelro",
  "-s",
];
/** Debian's names; other distributions have packages called alike. */
const PACKAGES: Readonly<Record<Target, string>> = {
  x86_64: "gcc-x86-64-linux-gnu libc6-dev-amd64-cross",
  aarch64: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
};

/** Something compiled. */
export interface Built {
  path: string;
  bytes: Uint8Array;
  fresh: boolean;
}

/** How a tool of GNU's toolchain is called for a target. */
export function toolFor(tool: "gcc" | "objcopy", target: Target): string {
  return target === NATIVE ? tool : `${target}-linux-gnu-${tool}`;
}

/** Compiles the shim to dist/shim-TARGET.so unless that is up to date; throws a
 * MissingError where the compiler, or its libc, is not to be had. */
export function buildShim(
  root: string,
  target: Target,
  gcc = toolFor("gcc", target),
): Promise<Built> {
  return build(root, target, gcc, {
    name: `shim-${target}.so`,
    key: `shim-${target}.key`,
    flags: SHIM_FLAGS,
    units: SHIM_UNITS,
    sources: SHIM_SOURCES,
  });
}

/** Compiles the keeper to dist/keeper-TARGET unless that is up to date; throws
 * as the shim does. */
export function buildKeeper(
  root: string,
  target: Target,
  gcc = toolFor("gcc", target),
): Promise<Built> {
  return build(root, target, gcc, {
    name: `keeper-${target}`,
    key: `keeper-${target}.key`,
    flags: KEEPER_FLAGS,
    units: KEEPER_UNITS,
    sources: KEEPER_SOURCES,
  });
}

/** What is compiled: from `units`, anew when any of `sources` changes. */
interface Recipe {
  name: string;
  key: string;
  flags: readonly string[];
  units: readonly string[];
  sources: readonly string[];
}

async function build(
  root: string,
  target: Target,
  gcc: string,
  recipe: Recipe,
): Promise<Built> {
  const version = await run(gcc, ["--version"], { cwd: root });
  if (version === undefined) throw missing(`${gcc} is missing`, target);

  const path = join(root, "dist", recipe.name);
  const keyPath = join(root, ".cache", recipe.key);
  const hash = createHash("sha256");
  hash.update(recipe.flags.join("\n")).update(version.out);
  for (const source of recipe.sources) {
    hash.update(await Deno.readFile(join(root, source)));
  }
  const inputs = hash.digest("hex");
  const bytes = await readIfThere(path);
  const key = await readIfThere(keyPath);
  if (bytes !== undefined && key !== undefined) {
    const known = `${inputs} ${sha256(bytes)}`;
    if (new TextDecoder().decode(key) === known) {
      return { path, bytes, fresh: false };
    }
  }

  await Deno.mkdir(join(root, "dist"), { recursive: true });
  await Deno.mkdir(join(root, ".cache"), { recursive: true });
  // Renamed into place: a test may have the old one open, or build as well.
  const temporary = `${path}.${Deno.pid}`;
  try {
    const args = [...recipe.flags, "-o", temporary, ...recipe.units];
    try {
      await runOk(gcc, args, { cwd: root });
    } catch (error) {
      if (await hasLibc(gcc)) throw error;
      throw missing(`${gcc} has no libc to compile with`, target);
    }
    const compiled = await Deno.readFile(temporary);
    await Deno.rename(temporary, path);
    await Deno.writeTextFile(keyPath, `${inputs} ${sha256(compiled)}`);
    return { path, bytes: compiled, fresh: true };
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
}

/** Whether the compiler finds libc's headers, which are a package of their own. */
async function hasLibc(gcc: string): Promise<boolean> {
  const args = ["-E", "-include", "stdlib.h", "-x", "c", "/dev/null"];
  return (await run(gcc, args))?.code === 0;
}

/** Assembles ffi/entry_TARGET.S and returns its machine code. */
export async function buildStub(
  root: string,
  target: Target,
): Promise<Uint8Array> {
  const gcc = toolFor("gcc", target);
  const folder = await Deno.makeTempDir({ prefix: "oomguard-stub-" });
  try {
    const object = join(folder, "entry.o");
    const binary = join(folder, "entry.bin");
    const source = join(root, "ffi", `entry_${target}.S`);
    const assembled = await run(gcc, ["-c", source, "-o", object]);
    if (assembled === undefined) throw missing(`${gcc} is missing`, target);
    if (assembled.code !== 0) {
      throw new Error(`Cannot assemble the entry stub:\n${assembled.err}`);
    }
    const objcopy = toolFor("objcopy", target);
    await runOk(objcopy, ["-O", "binary", "-j", ".text", object, binary]);
    return await Deno.readFile(binary);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** SHA-256, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The file's bytes; undefined when there is none. */
export async function readIfThere(
  path: string,
): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function missing(what: string, target: Target): MissingError {
  const packages = target === NATIVE ? "gcc libc6-dev" : PACKAGES[target];
  return new MissingError(`${what}:\napt install ${packages}`);
}

// Finds the Deno executable that carries the bundle in --pack=embed. Only the
// pinned bytes will do, whatever way they come.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { DENO_VERSION } from "./launch.ts";
import { run } from "./run.ts";
import { readIfThere } from "./toolchain.ts";
import { MissingError, NATIVE, type Target } from "./target.ts";

/** npm package that distributes the executable. */
const PACKAGES: Readonly<Record<Target, string>> = {
  x86_64: "@deno/linux-x64-glibc",
  aarch64: "@deno/linux-arm64-glibc",
};
/**
 * SHA-512 of the file `deno` in that package. The hash is of the file and not
 * of the package, so that a copy already on this machine passes the same gate.
 */
const HASHES: Readonly<Record<Target, string>> = {
  x86_64: "WQIMTdD+sSfTvK79ixf4ZfTzkm6m80skfW6fV9ViGsgFLtyM+eyWSiZPe6tr" +
    "cmkAHdHC5kULho0XS3nZkNeoaw==",
  aarch64: "OAvJVnIc8BSYETqcMX+Iwk3dhGxTzamye4/OzB0RiiVD9GiyQK7peQHXpdZL" +
    "44hspzhmVLm2x2RXGjk6jutiew==",
};

/** A verified carrier, and where it was found. */
export interface Carrier {
  bytes: Uint8Array;
  from: string;
}

/** Whether these are the pinned bytes for the target. */
export function isPinned(bytes: Uint8Array, target: Target): boolean {
  const hash = createHash("sha512").update(bytes).digest("base64");
  return hash === HASHES[target];
}

/** The pinned executable: this very Deno, the cache, or npm. */
export async function findCarrier(
  root: string,
  target: Target,
): Promise<Carrier> {
  if (target === NATIVE && Deno.version.deno === DENO_VERSION) {
    const bytes = await readIfThere(Deno.execPath());
    if (bytes !== undefined && isPinned(bytes, target)) {
      return { bytes, from: "the running deno" };
    }
  }
  const cached = join(root, ".cache", `deno-${DENO_VERSION}-${target}`);
  const bytes = await readIfThere(cached);
  if (bytes !== undefined && isPinned(bytes, target)) {
    return { bytes, from: "cache" };
  }
  const fetched = await fetchFromNpm(root, target);
  const temporary = `${cached}.${Deno.pid}`;
  await Deno.writeFile(temporary, fetched);
  await Deno.rename(temporary, cached);
  return { bytes: fetched, from: "npm" };
}

/**
 * Deno's own npm client serves as well as npm, is there whenever the build
 * runs, and knows the same registry settings.
 */
async function fetchFromNpm(
  root: string,
  target: Target,
): Promise<Uint8Array> {
  const specifier = `${PACKAGES[target]}@${DENO_VERSION}`;
  await Deno.mkdir(join(root, ".cache"), { recursive: true });
  const folder = await Deno.makeTempDir({
    dir: join(root, ".cache"),
    prefix: "npm-",
  });
  try {
    const args = ["cache", "--no-config", "--no-lock", `npm:${specifier}`];
    // Long enough for 40 MB on a slow line, short enough not to hang a build.
    const ran = await run(Deno.execPath(), args, {
      cwd: folder,
      env: { DENO_DIR: folder, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      timeoutMs: 600_000,
    });
    if (ran === undefined || ran.code !== 0) {
      const why = ran?.err.split("\n").find((line) => line.includes("rror"));
      throw new MissingError(
        `npm does not deliver ${specifier}:\n${why ?? "?"}`,
      );
    }
    const bytes = await findFetched(join(folder, "npm"), target);
    if (bytes === undefined) {
      throw new MissingError(`npm delivered no executable in ${specifier}`);
    }
    if (!isPinned(bytes, target)) {
      throw new Error(
        `Cannot use ${specifier} from npm: its hash is not the pinned one`,
      );
    }
    return bytes;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The cache has one folder for each registry: npm/REGISTRY/PACKAGE/VERSION. */
async function findFetched(
  folder: string,
  target: Target,
): Promise<Uint8Array | undefined> {
  for await (const registry of Deno.readDir(folder)) {
    const path = [PACKAGES[target], DENO_VERSION, "deno"];
    const bytes = await readIfThere(join(folder, registry.name, ...path));
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

// The ecosystem's way to one file, `deno compile`: whether its base binary can
// be had here, and how it is called. The decision is a pure function over what
// was found, so that it can be tested where nothing can be downloaded.

import { join } from "node:path";
import { MACHINES, parseElf } from "./elf.ts";
import { DENO_VERSION, V8_FLAGS } from "./launch.ts";
import { run, runOk } from "./run.ts";
import { readIfThere } from "./toolchain.ts";
import { type Target, TARGETS } from "./target.ts";

/** How the user asked for it. */
export type Wish = "auto" | "compile" | "embed";

/** A way to pack, and the reason for it in words. */
export interface Choice {
  pack: "compile" | "embed";
  why: string;
  /** Whether DENORT_BIN is to be used, or hidden from `deno compile`. */
  useDenortBin: boolean;
}

/** Everything the choice depends on. */
export interface Found {
  denoVersion: string;
  /** What DENORT_BIN names. */
  denortBin: "unset" | "unreadable" | Target;
  /** A base binary waits in the cache folder. */
  seeded: boolean;
  /** The release host answers. */
  online: boolean;
}

/** Decides how one target is packed; throws when the wish cannot be met. */
export function selectPack(wish: Wish, target: Target, found: Found): Choice {
  if (wish === "embed") return embedBecause("asked for");
  const base = selectBase(target, found);
  if (base.pack === "compile" || wish === "auto") return base;
  throw new Error(`Cannot pack ${target} with deno compile: ${base.why}`);
}

function selectBase(target: Target, found: Found): Choice {
  if (found.denoVersion !== DENO_VERSION) {
    return embedBecause(
      `this Deno is ${found.denoVersion}, not ${DENO_VERSION}`,
    );
  }
  if (found.denortBin === target) {
    return { pack: "compile", why: "base from DENORT_BIN", useDenortBin: true };
  }
  const compile = { pack: "compile", useDenortBin: false } as const;
  if (found.seeded) return { ...compile, why: "base from the cache folder" };
  if (found.online) return { ...compile, why: "base from the release host" };
  const bin = found.denortBin === "unset" || found.denortBin === "unreadable"
    ? found.denortBin
    : `for ${found.denortBin}`;
  return embedBecause(
    `no denort (DENORT_BIN ${bin}, no cache, offline)`,
  );
}

function embedBecause(why: string): Choice {
  return { pack: "embed", why, useDenortBin: false };
}

/** Deno's name of a target. */
export function tripleOf(target: Target): string {
  return `${target}-unknown-linux-gnu`;
}

/** Where Deno keeps a downloaded base binary below its cache folder. */
export function seededPath(denoDir: string, target: Target): string {
  const name = `denort-${tripleOf(target)}.zip`;
  return join(denoDir, "dl", "release", `v${DENO_VERSION}`, name);
}

/** Looks for base binaries; quick also without a network. */
export async function findBases(target: Target): Promise<Found> {
  const info = await runOk(Deno.execPath(), ["info", "--no-config", "--json"]);
  const { denoDir } = JSON.parse(info.out);
  const denortBin = await inspectDenort(Deno.env.get("DENORT_BIN"));
  const seeded = await Deno.stat(seededPath(denoDir, target)).then(
    (stat) => stat.isFile,
    () => false,
  );
  const sure = seeded || denortBin === target;
  return {
    denoVersion: Deno.version.deno,
    denortBin,
    seeded,
    online: sure ? false : await isOnline(target),
  };
}

/** What a DENORT_BIN is good for. */
export async function inspectDenort(
  path: string | undefined,
): Promise<Found["denortBin"]> {
  if (path === undefined || path === "") return "unset";
  try {
    const { machine } = parseElf(await readIfThere(path) ?? new Uint8Array());
    return TARGETS.find((t) => MACHINES[t] === machine) ?? "unreadable";
  } catch {
    return "unreadable";
  }
}

/** fetch and not a bare connection: it goes through a proxy where one is set. */
async function isOnline(target: Target): Promise<boolean> {
  const url = `https://dl.deno.land/release/v${DENO_VERSION}/denort-${
    tripleOf(target)
  }.zip`;
  try {
    const signal = AbortSignal.timeout(3_000);
    const response = await fetch(url, { method: "HEAD", signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Arguments of `deno compile`; paths are relative to the folder it runs in. */
export function compileArgs(
  target: Target,
  input: string,
  output: string,
): string[] {
  return [
    "compile",
    "--quiet",
    "--allow-all",
    "--no-check",
    "--no-config",
    "--no-lock",
    // It would be written to the temp folder at the first start.
    "--no-code-cache",
    `--v8-flags=${V8_FLAGS}`,
    "--target",
    tripleOf(target),
    "--output",
    output,
    input,
  ];
}

/**
 * Packs a program with `deno compile` and returns the executable's bytes;
 * without a `denortBin` Deno takes its base from its cache or the network.
 */
export async function compile(
  program: string,
  target: Target,
  denortBin: string | undefined,
): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "oomguard-compile-" });
  try {
    const input = join(folder, "oomguard.mjs");
    await Deno.writeTextFile(input, program);
    // Deno packs the file's time with it: the same bytes need the same time.
    await Deno.utime(input, 0, 0);
    const env = Deno.env.toObject();
    delete env.DENORT_BIN;
    if (denortBin !== undefined) env.DENORT_BIN = denortBin;
    const args = compileArgs(target, "oomguard.mjs", "oomguard");
    const ran = await run(Deno.execPath(), args, {
      cwd: folder,
      env,
      clearEnv: true,
      timeoutMs: 600_000,
    });
    if (ran === undefined || ran.code !== 0) {
      throw new Error(`Cannot compile for ${target}: ${ran?.err.trim()}`);
    }
    return await Deno.readFile(join(folder, "oomguard"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

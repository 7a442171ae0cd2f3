// What the build left in dist/, for the tests that run after it.

import { join } from "node:path";
import { isPinned } from "../../src/pack/carrier.ts";
import { NATIVE, type Target, TARGETS } from "../../src/pack/target.ts";

/** The checkout. */
export const ROOT = join(import.meta.dirname ?? ".", "..", "..");
/** The machine this is not. */
export const FOREIGN = TARGETS.find((target) => target !== NATIVE) as Target;
/** The link to this machine's executable. */
export const GUARD = join(ROOT, "dist", "oomguard");

/** A target's executable. */
export function pathOf(target: Target): string {
  return join(ROOT, "dist", `oomguard-${target}`);
}

/** Whether there is such a file, or a link to one. */
export function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Why a target's executable cannot be tried; undefined when it can. */
export function unbuilt(target: Target): string | undefined {
  return isThere(pathOf(target))
    ? undefined
    : `no dist/oomguard-${target}: run deno task build first`;
}

/** Why none can be packed here; undefined when one can. */
export function noCarrier(): string | undefined {
  return isPinned(Deno.readFileSync(Deno.execPath()), NATIVE)
    ? undefined
    : "this Deno is not the pinned one";
}

/** A test of what was built; skipped, with the reason, where it cannot run. */
export function file(
  name: string,
  reason: string | undefined,
  fn: () => Promise<void>,
): void {
  const note = reason === undefined ? "" : ` [${reason}]`;
  Deno.test({ name: `file: ${name}${note}`, ignore: reason !== undefined, fn });
}

/** Runs `fn` with a folder of its own, and removes it. */
export async function withFolder(
  fn: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "oomguard-file-" });
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

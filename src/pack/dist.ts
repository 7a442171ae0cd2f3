// The folder of results: a file in it is whole, and of the last build that was
// asked for its target.

import { join } from "node:path";
import { NATIVE, type Target } from "./target.ts";

/** Name of a target's executable. */
export function executableName(target: Target): string {
  return `oomguard-${target}`;
}

/** Writes an executable, and for this machine's own the link `oomguard` to it;
 * both take the place of the earlier ones at once. */
export async function writeExecutable(
  dist: string,
  target: Target,
  bytes: Uint8Array,
): Promise<void> {
  const name = executableName(target);
  await replace(join(dist, name), async (temporary) => {
    await Deno.writeFile(temporary, bytes);
    // Whatever the umask is.
    await Deno.chmod(temporary, 0o755);
  });
  if (target !== NATIVE) return;
  await replace(
    join(dist, "oomguard"),
    (temporary) => Deno.symlink(name, temporary),
  );
}

/** Removes the executables of targets that were wanted and not made: they
 * would pass for results of this build. Answers their names. */
export async function removeStale(
  dist: string,
  wanted: readonly Target[],
  made: ReadonlySet<Target>,
): Promise<string[]> {
  const removed: string[] = [];
  for (const target of wanted) {
    if (made.has(target)) continue;
    const name = executableName(target);
    if (await removeIfThere(join(dist, name))) removed.push(name);
  }
  return removed;
}

/** Renamed into place: who has the old one open, or runs it, keeps it. */
async function replace(
  path: string,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${Deno.pid}`;
  try {
    await make(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
}

async function removeIfThere(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

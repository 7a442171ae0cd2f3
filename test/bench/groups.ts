// Memory groups of the benches' own, in whichever controller there is.

/** Where groups can be made, and the name of a group's limit; null: nowhere,
 * and why. */
export type Controller =
  | { readonly base: string; readonly limit: string }
  | { readonly base: null; readonly why: string };

const BASES = [
  ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
  ["/sys/fs/cgroup", "memory.max"],
] as const;

/** Tries it: a controller that is mounted may not be ours to use. */
export function findController(): Controller {
  let why = "no memory controller is mounted";
  for (const [base, limit] of BASES) {
    const group = `${base}/oomguard-bench-try-${Deno.pid}`;
    try {
      Deno.mkdirSync(group);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) why = `${error}`;
      continue;
    }
    try {
      Deno.writeTextFileSync(`${group}/${limit}`, String(64 << 20));
      return { base, limit };
    } catch (error) {
      why = `${error}`;
    } finally {
      Deno.removeSync(group);
    }
  }
  return { base: null, why };
}

/** A group with a limit of 64 MB; throws when it cannot be had. */
export function makeGroup(name = "oomguard-bench"): string {
  const found = findController();
  if (found.base === null) {
    throw new Error(`Cannot make a memory group: ${found.why}`);
  }
  const group = `${found.base}/${name}-${Deno.pid}`;
  Deno.mkdirSync(group);
  Deno.writeTextFileSync(`${group}/${found.limit}`, String(64 << 20));
  return group;
}

/** Removes a group that may still be giving up its last process. */
export async function removeGroup(group: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return Deno.removeSync(group);
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((done) => setTimeout(done, 10));
    }
  }
}

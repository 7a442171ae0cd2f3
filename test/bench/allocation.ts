// What a turn takes from V8's heap and from the C heap, as test/alloc measures
// it: nothing.

import { buildTools, type Cost, measure } from "../alloc/heap.ts";

/** Cases of test/alloc: through kills on a simulated machine, and over the real
 * shim and this machine's own files. */
const CASES = [
  ["daemon.ts", "setupKillCycle"],
  ["shim.ts", "setupTicks"],
] as const;

/** The cost of each case. */
export async function benchAllocation(): Promise<Map<string, Cost>> {
  const dir = await Deno.makeTempDir({ prefix: "oomguard-bench-" });
  try {
    const tools = await buildTools(dir);
    const costs = new Map<string, Cost>();
    for (const [file, setup] of CASES) {
      const url = new URL(`../alloc/cases/${file}`, import.meta.url).href;
      costs.set(setup, await measure(tools, url, setup));
    }
    return costs;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

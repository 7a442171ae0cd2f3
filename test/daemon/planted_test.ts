// The allocation proof must see one double in a whole turn of the reactor; the
// clean turns are cases of test/alloc.

import assert from "node:assert/strict";
import { buildTools, measure } from "../alloc/heap.ts";

Deno.test("alloc: the proof sees a double planted in a turn", async () => {
  const folder = await Deno.makeTempDir({ prefix: "oomguard_planted_" });
  try {
    const tools = await buildTools(folder);
    const url = new URL("./planted.ts", import.meta.url).href;
    const cost = await measure(tools, url, "setupTickWithDouble");
    const { heapBytes, turns } = cost;
    assert.equal(heapBytes, 16 * turns);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

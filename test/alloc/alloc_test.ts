// Zero allocation, measured: the proof first catches what is planted, then
// every case in cases/ must take exactly nothing, from V8's heap and from the
// C heap. A case is an exported function whose name begins with `setup`; it
// answers the turn to measure.

import assert from "node:assert/strict";
import { buildTools, type Cost, measure, type Tools } from "./heap.ts";

/** Planted cases: heap bytes and C allocations, lower and upper bound. A few
 * C allocations are V8's own, for the pages that the planted objects fill. */
const PLANTED: [string, [number, number], [number, number]][] = [
  ["setupNothing", [0, 0], [0, 0]],
  ["setupOneDouble", [16, 16], [0, 0]],
  ["setupDoubles", [16 * 20_000, 48 * 20_000], [0, 64]],
  ["setupObjects", [16 * 20_000, 64 * 20_000], [0, 64]],
  ["setupFfi", [0, 0], [0, 0]],
  ["setupFfiParameter", [0, 0], [20_000, 80_000]],
  ["setupFfiMalloc", [0, 0], [20_000, 20_000]],
];

const CASES = new URL("./cases/", import.meta.url);

function within(value: number, [low, high]: [number, number]): boolean {
  return low <= value && value <= high;
}

function told(cost: Cost): string {
  return `${cost.heapBytes} bytes and ${cost.mallocCalls} C allocations in ` +
    `${cost.turns} turns`;
}

let folder = "";
let tools: Tools;

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "oomguard_alloc_" });
  tools = await buildTools(folder);
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

for (const [setup, heap, mallocs] of PLANTED) {
  Deno.test(`alloc: the proof sees ${setup}`, async () => {
    const url = new URL("./planted.ts", import.meta.url).href;
    const cost = await measure(tools, url, setup);
    assert.ok(within(cost.heapBytes, heap), told(cost));
    assert.ok(within(cost.mallocCalls, mallocs), told(cost));
  });
}

const names = [...Deno.readDirSync(CASES)].map((entry) => entry.name);
for (const name of names.filter((one) => one.endsWith(".ts")).sort()) {
  const url = new URL(name, CASES).href;
  const setups = Object.keys(await import(url))
    .filter((one) => one.startsWith("setup"));
  assert.ok(setups.length > 0, `cases/${name} exports no setup`);
  for (const setup of setups) {
    Deno.test(`alloc: cases/${name} ${setup} takes nothing`, async () => {
      const cost = await measure(tools, url, setup);
      assert.ok(cost.heapBytes === 0 && cost.mallocCalls === 0, told(cost));
    });
  }
}

// The native bench measures what it says: each phase has its samples, and C
// makes the same reads that the guard makes.

import assert from "node:assert/strict";
import { findController } from "./groups.ts";
import * as native from "./native.ts";

const SAMPLES = 16;

async function withTools(
  body: (tools: native.NativeTools) => Promise<void>,
): Promise<void> {
  const tools = await native.buildNative();
  try {
    await body(tools);
  } finally {
    await Deno.remove(tools.dir, { recursive: true });
  }
}

Deno.test("bench: C reads what the guard reads, phase by phase", async () => {
  await withTools(async (tools) => {
    const { rows } = await native.benchNative(tools, 40, SAMPLES, "");
    const read = rows.filter(({ name }) => /^(sense|sample)/.test(name));
    assert.equal(read.length, 4);
    for (const { name, ours, theirs, reads } of read) {
      assert.equal(ours.length, SAMPLES);
      assert.equal(theirs.length, SAMPLES);
      assert.ok(reads[0] > 0 && reads[0] === reads[1], `${name}: ${reads}`);
    }
    // As many files as a sprint's look samples, not those that happen to be.
    assert.equal(read.find(({ name }) => /^sample/.test(name))?.reads[0], 16);
    const act = rows.find(({ name }) => name.startsWith("act"));
    assert.ok(act !== undefined && act.ours.every((ns) => ns > 0));
  });
});

Deno.test({
  name: "bench: the guarded group is read as C reads it, and removed",
  ignore: findController().base === null,
  fn: () =>
    withTools(async (tools) => {
      const told = await native.benchGroups(tools, 3, SAMPLES);
      assert.ok(typeof told !== "string", `${told}`);
      for (const { name, ours, reads } of told.rows.slice(0, 2)) {
        assert.equal(ours.length, SAMPLES);
        assert.ok(reads[0] > 0 && reads[0] === reads[1], `${name}: ${reads}`);
      }
      const { base } = findController() as { base: string };
      const left = [...Deno.readDirSync(base)].map(({ name }) => name);
      assert.deepEqual(
        left.filter((name) => name.includes("oomguard-bench")),
        [],
      );
    }),
});

Deno.test("bench: what a child says of its failure is told", async () => {
  await withTools(async (tools) => {
    const broken = { ...tools, library: `${tools.dir}/none.so` };
    await assert.rejects(native.benchNative(broken, 1, 1, ""), /none\.so/);
  });
});

// The folder of results: whole files, and none of an earlier build that would
// pass for one of this.

import assert from "node:assert/strict";
import { join } from "node:path";
import { removeStale, writeExecutable } from "../../src/pack/dist.ts";
import { NATIVE, type Target, TARGETS } from "../../src/pack/target.ts";

const FOREIGN = TARGETS.find((target) => target !== NATIVE) as Target;
const BYTES = new TextEncoder().encode("#!/bin/sh\necho new\n");

async function withDist(check: (dist: string) => Promise<void>): Promise<void> {
  const dist = await Deno.makeTempDir({ prefix: "oomguard-dist-" });
  try {
    await check(dist);
  } finally {
    await Deno.remove(dist, { recursive: true });
  }
}

function namesIn(dist: string): string[] {
  return [...Deno.readDirSync(dist)].map(({ name }) => name).sort();
}

Deno.test("dist: an executable takes the earlier one's place at once", async () => {
  await withDist(async (dist) => {
    const path = join(dist, `oomguard-${NATIVE}`);
    await Deno.writeTextFile(path, "old");
    await Deno.symlink("oomguard-of-old", join(dist, "oomguard"));
    using old = await Deno.open(path);
    await writeExecutable(dist, NATIVE, BYTES);
    assert.deepEqual(namesIn(dist), ["oomguard", `oomguard-${NATIVE}`]);
    assert.deepEqual(await Deno.readFile(join(dist, "oomguard")), BYTES);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o755);
    const link = await Deno.readLink(join(dist, "oomguard"));
    assert.equal(link, `oomguard-${NATIVE}`);
    // Who has the old one open keeps it.
    const left = new Uint8Array(8);
    assert.equal(await old.read(left), 3);
  });
});

Deno.test("dist: another machine's executable is nobody's link", async () => {
  await withDist(async (dist) => {
    await writeExecutable(dist, FOREIGN, BYTES);
    assert.deepEqual(namesIn(dist), [`oomguard-${FOREIGN}`]);
  });
});

Deno.test("dist: a write that fails leaves nothing half-done", async () => {
  await withDist(async (dist) => {
    // A folder that is not empty cannot be replaced by a file.
    const inTheWay = join(dist, `oomguard-${FOREIGN}`);
    await Deno.mkdir(join(inTheWay, "full"), { recursive: true });
    await assert.rejects(writeExecutable(dist, FOREIGN, BYTES));
    assert.deepEqual(namesIn(dist), [`oomguard-${FOREIGN}`]);
  });
});

Deno.test("dist: what was wanted and not made is removed", async () => {
  await withDist(async (dist) => {
    const names = TARGETS.map((target) => `oomguard-${target}`).sort();
    const all = [...names, "shim-aarch64.so"].sort();
    for (const name of all) await Deno.writeTextFile(join(dist, name), "old");
    const stale = (wanted: readonly Target[], made: Target[]) =>
      removeStale(dist, wanted, new Set(made));
    assert.deepEqual(await stale(TARGETS, [...TARGETS]), []);
    // Another build's result, not asked for this time, stays.
    assert.deepEqual(await stale([NATIVE], [NATIVE]), []);
    assert.deepEqual(namesIn(dist), all);
    const removed = [`oomguard-${FOREIGN}`];
    assert.deepEqual(await stale(TARGETS, [NATIVE]), removed);
    assert.deepEqual(
      namesIn(dist),
      all.filter((name) => name !== removed[0]),
    );
    assert.deepEqual(await stale(TARGETS, [NATIVE]), []);
  });
});

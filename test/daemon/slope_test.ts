// How fast headroom falls: over stretches that are long enough, anew after a
// kill, and across a clock that goes round.

import assert from "node:assert/strict";
import { INT_MAX, sum32 } from "../../src/base/int.ts";
import { Slope } from "../../src/daemon/slope.ts";

/** Looks as [ms, kB]; `want`: the fall told at each, kB/s. */
function check(
  name: string,
  looks: readonly (readonly [ms: number, kb: number])[],
  want: readonly number[],
  startMs = 0,
): void {
  const slope = new Slope();
  const told = looks.map(([ms, kb]) => slope.note(sum32(ms, startMs), kb));
  assert.deepEqual(told, want, name);
}

Deno.test("slope: hostile rows", () => {
  check("one look", [[0, 100]], [0]);
  check("the same moment", [[0, 900], [0, 100]], [0, 0]);
  check("a clock that goes back", [[500, 900], [400, 100]], [0, 0]);
  check("rising", [[0, 100], [100, 900]], [0, 0]);
  check("level", [[0, 100], [100, 100]], [0, 0]);
  check("below nothing", [[0, -100], [100, -300]], [0, 2_000]);
  check("out of all proportion", [[0, INT_MAX], [1, 0]], [0, INT_MAX]);
  for (const startMs of [INT_MAX - 50, -50, 2 ** 31 - 150]) {
    check("round the clock", [[0, 900], [100, 800]], [0, 1_000], startMs);
  }
});

Deno.test("slope: over the shortest stretch of 100 ms or more", () => {
  check("two looks far apart", [[0, 9_000], [1_000, 8_000]], [0, 1_000]);
  check("what was long ago does not count", [
    [0, 900_000],
    [1_000, 5_000],
    [1_100, 4_000],
  ], [0, 895_000, 10_000]);
  check("short looks are taken together", [
    [0, 1_000],
    [50, 1_000],
    [100, 500],
  ], [0, 0, 5_000]);
  // Sixteen looks of 1 ms do not make 100: the longest stretch there is.
  const dense = Array.from({ length: 40 }, (_, i) => [i, 4_000 - 10 * i]);
  const told = new Slope();
  const rates = dense.map(([ms, kb]) => told.note(ms, kb));
  assert.deepEqual(rates.slice(1), rates.slice(1).map(() => 10_000));
});

Deno.test("slope: after a kill, 10 ms are not believed beyond its own rate", () => {
  const slope = new Slope();
  slope.note(0, 100_000);
  assert.equal(slope.note(100, 90_000), 100_000);
  slope.restart(150, 200_000, 100_000);
  // One batch of pages in 10 ms would be 800 MB/s.
  assert.equal(slope.note(160, 192_000), 100_000);
  assert.equal(slope.note(200, 191_000), 100_000);
  // Flatter than that: believed at once.
  assert.equal(slope.note(240, 199_000), 11_111);
  // 100 ms after the restart the fall is measured again, however steep.
  assert.equal(slope.note(250, 100_000), 1_000_000);
  assert.equal(slope.note(350, 50_000), 500_000);
});

Deno.test("slope: a kill decided without a fall caps nothing that follows", () => {
  const slope = new Slope();
  slope.note(0, 100_000);
  slope.restart(10, 100_000, 0);
  assert.equal(slope.note(20, 90_000), 0);
  assert.equal(slope.note(110, 80_000), 200_000);
  slope.restart(120, 100_000, INT_MAX);
  assert.equal(slope.note(130, 90_000), 1_000_000);
});

Deno.test("slope: a million looks later it still measures", () => {
  const slope = new Slope();
  for (let i = 0; i < 1_000_100; i++) slope.note(i * 10 | 0, 0);
  const ms = 1_000_100 * 10;
  slope.note(ms, 0);
  assert.equal(slope.note(ms + 100, -1_000), 10_000);
});

// Who grows now: what was gained long ago makes no culprit of anybody, however
// late it is seen.

import assert from "node:assert/strict";
import { noteSample } from "../../src/daemon/ready.ts";
import {
  STATUS_ANON_KB,
  STATUS_FIELDS,
  STATUS_RSS_KB,
  STATUS_SWAP_KB,
} from "../../src/kernel/status.ts";
import { VICTIM_WORDS } from "../../src/state/layout.ts";
import { V_GROWN_KB, V_RSS_KB } from "../../src/state/victims.ts";
import { MB } from "./helpers.ts";

/** Looks at a process: each at a time, ms, with its size in MB. Answers what it
 * has lately grown by, in MB. */
function grown(...looks: [atMs: number, sizeMb: number][]): number {
  const rows = new Int32Array(VICTIM_WORDS);
  const fields = new Int32Array(STATUS_FIELDS);
  for (const [atMs, sizeMb] of looks) {
    fields[STATUS_RSS_KB] = sizeMb * MB;
    fields[STATUS_ANON_KB] = sizeMb * MB;
    fields[STATUS_SWAP_KB] = 0;
    noteSample(rows, 0, fields, atMs);
    assert.equal(rows[V_RSS_KB], sizeMb * MB);
  }
  return rows[V_GROWN_KB] / MB;
}

Deno.test("ready: growth counts while it lasts", () => {
  assert.equal(grown([0, 40]), 0);
  assert.equal(grown([0, 2], [100, 40]), 38);
  assert.equal(grown([0, 2], [1_000, 40]), 38);
  // Between two looks of a calm guard anything may have happened at any time.
  assert.equal(grown([0, 2], [1_001, 40]), 0);
  assert.equal(grown([0, 2], [4_000, 40], [4_010, 41], [4_020, 42]), 2);
  assert.equal(grown([0, 2], [100, 40], [1_100, 40]), 19);
  assert.equal(grown([0, 2], [100, 40], [3_100, 40]), 38 / 8);
  assert.equal(grown([0, 2], [100, 40], [200, 10]) < 8, true);
  // What was given back counts whenever it was.
  assert.equal(grown([0, 2], [100, 40], [2_100, 1]), 0);
  assert.equal(grown([0, 2], [100, 40], [40_000, 50]), 0);
  // The clock goes round.
  assert.equal(grown([2_147_483_600, 2], [-2_147_483_596, 12]), 10);
});

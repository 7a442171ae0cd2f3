// The victims table at its edges: lists, hash, bitmap, the free list.

import assert from "node:assert/strict";
import { PID_BUCKETS, VICTIMS_MAX } from "../../src/base/limits.ts";
import { VICTIM_WORDS } from "../../src/state/layout.ts";
import { bandOf, NONE, V_PID, Victims } from "../../src/state/victims.ts";
import { NOBODY, oldestFirst } from "./model.ts";
import { makeArena } from "./rows.ts";

Deno.test("highestAdj at every edge", () => {
  /** Who is listed, from where to look down, what is found. */
  const rows: [listed: number[], from: number, want: number][] = [
    [[], 1000, NOBODY],
    [[], -1000, NOBODY],
    [[-1000], 1000, -1000],
    [[-1000], -1000, -1000],
    [[-1000], -1001, NOBODY],
    [[1000], 1000, 1000],
    [[1000], 999, NOBODY],
    [[1000], 5000, 1000],
    [[-1, 0], 1000, 0],
    [[-1, 0], -1, -1],
    [[-1, 0], -2, NOBODY],
    [[0, 31, 32], 31, 31],
    [[0, 31, 32], 32, 32],
    [[0, 31, 32], 30, 0],
    [[-1000, 1000], 999, -1000],
    [[-969, -968], -968, -968],
    [[-969, -968], -969, -969],
    [[-969, -968], -970, NOBODY],
    [[900, 901, 950], 949, 901],
  ];
  for (const [listed, from, want] of rows) {
    const victims = new Victims(makeArena());
    for (const [i, adj] of listed.entries()) {
      victims.list(victims.add(i + 10), adj);
    }
    assert.equal(victims.highestAdj(from), want, `${listed} from ${from}`);
  }
  // Each adj alone: found from itself and above, not from below.
  const victims = new Victims(makeArena());
  const row = victims.add(5);
  for (let adj = -1000; adj <= 1000; adj++) {
    victims.list(row, adj);
    assert.equal(victims.highestAdj(1000), adj);
    assert.equal(victims.highestAdj(adj), adj);
    assert.equal(victims.highestAdj(adj - 1), NOBODY);
    assert.equal(victims.listed, 1);
  }
});

Deno.test("lists: newest at the head, and out from any place", () => {
  for (const gone of [0, 1, 2]) {
    const victims = new Victims(makeArena());
    const rows = [10, 20, 30].map((pid) => victims.add(pid));
    for (const row of rows) victims.list(row, 900);
    assert.deepEqual(oldestFirst(victims, 900), rows);
    victims.unlist(rows[gone]);
    victims.unlist(rows[gone]);
    assert.deepEqual(
      oldestFirst(victims, 900),
      rows.filter((row) => row !== rows[gone]),
    );
    // Listed again it is the newest; listed twice it stands once.
    victims.list(rows[gone], 900);
    victims.list(rows[gone], 900);
    assert.equal(oldestFirst(victims, 900).at(-1), rows[gone]);
    assert.equal(victims.listed, 3);
  }
});

Deno.test("hash: chains of one bucket, from any place", () => {
  // pid and pid >> 8 fall into one bucket: 1, and some that look like it.
  const hash = (pid: number) => ((pid >> 8) ^ pid) & (PID_BUCKETS - 1);
  const pids: number[] = [];
  for (let pid = 1; pids.length < 4; pid++) {
    if (hash(pid) === hash(1)) pids.push(pid);
  }
  for (const gone of pids) {
    const victims = new Victims(makeArena());
    for (const pid of pids) victims.add(pid);
    victims.remove(victims.find(gone));
    for (const pid of pids) {
      const row = victims.find(pid);
      if (pid === gone) assert.equal(row, NONE);
      else assert.equal(victims.rows[row * VICTIM_WORDS + V_PID], pid);
    }
    assert.equal(victims.count, 3);
  }
  assert.equal(new Victims(makeArena()).find(0), NONE);
  assert.equal(new Victims(makeArena()).find(2_147_483_647), NONE);
});

Deno.test("a full table refuses and takes again what was freed", () => {
  const victims = new Victims(makeArena());
  for (let pid = 1; pid <= VICTIMS_MAX; pid++) {
    assert.equal(victims.add(pid), pid - 1);
  }
  assert.equal(victims.add(99_999), NONE);
  assert.equal(victims.find(99_999), NONE);
  assert.equal(victims.count, VICTIMS_MAX);
  victims.remove(4_000);
  victims.remove(7);
  assert.equal(victims.add(99_999), 7);
  assert.equal(victims.add(100_000), 4_000);
  assert.equal(victims.add(100_001), NONE);
  assert.equal(victims.end, VICTIMS_MAX);
});

Deno.test("bands of importance", () => {
  const rows: [adj: number, band: number][] = [
    [-1000, -1],
    [-1, -1],
    [0, 0],
    [99, 0],
    [100, 1],
    [199, 1],
    [899, 8],
    [900, 9],
    [999, 9],
    [1000, 9],
  ];
  for (const [adj, band] of rows) assert.equal(bandOf(adj), band, `${adj}`);
});

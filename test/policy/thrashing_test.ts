// The thrashing window: what it counts, what it carries on, and what a kill does
// to it and to its limit.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import {
  afterKill,
  beginPass,
  directReclaimMs,
  PASS_GO,
  PASS_SKIP,
  updateThrashing,
} from "../../src/policy/thrashing.ts";
import * as r from "../../src/state/reasons.ts";
import {
  NOW_MS,
  THRASHING_PERCENT,
  VM_PGSCAN_DIRECT,
} from "../../src/state/snapshot.ts";
import { type Scene, wordsOf } from "./scene.ts";

/** Thrashing after updateThrashing, and history words. */
function checkWindow(
  name: string,
  scene: Scene,
  thrashing: number,
  history: Scene["history"],
): void {
  const words = wordsOf(scene);
  updateThrashing(words.snapshot, words.settings, words.history);
  assert.equal(words.snapshot[THRASHING_PERCENT], thrashing, name);
  for (const [word, value] of Object.entries(history ?? {})) {
    const at = (r as unknown as Record<string, number>)[word];
    assert.equal(words.history[at], value, `${name}: ${word}`);
  }
}

Deno.test("the thrashing window (AOSP lmkd, mp_event_psi)", () => {
  /** ms since the window began, pages refaulted in it of an LRU of 131071. */
  const at = (ms: number, refaults: number, more: Scene = {}): Scene => ({
    ...more,
    snapshot: {
      NOW_MS: 100_000 + ms,
      REFAULT: refaults,
      ...more.snapshot,
    },
  });
  const opened = { HIST_WINDOW_START_MS: 100_000, HIST_BASE_REFAULT: 0 };
  checkWindow("no time", at(0, 0), 0, opened);
  checkWindow("in the window", at(500, 65_536), 50, opened);
  checkWindow("at its end", at(1_000, 131_072), 100, opened);
  checkWindow(
    "carried on",
    at(10, 1_311, { history: { HIST_CARRY_PERCENT: 70 } }),
    71,
    {
      ...opened,
      HIST_MAX_THRASHING_PERCENT: 71,
    },
  );
  // Over: a new window; what was under the limit is halved.
  checkWindow("under the limit", at(1_001, 65_536), 25, {
    HIST_WINDOW_START_MS: 101_001,
    HIST_BASE_REFAULT: 65_536,
    HIST_CARRY_PERCENT: 25,
  });
  checkWindow("at the limit: whole", at(1_001, 131_072), 100, {
    HIST_CARRY_PERCENT: 100,
  });
  checkWindow("two windows: a quarter", at(2_000, 524_288), 100, {
    HIST_CARRY_PERCENT: 100,
  });
  checkWindow("31 windows", at(31_999, 131_072_000), 0, {});
  checkWindow("an hour", at(3_600_000, 131_072_000), 0, {
    HIST_CARRY_PERCENT: 0,
  });
  checkWindow(
    "a new window lifts a limit that was cut",
    at(1_001, 0, { history: { HIST_THRASHING_LIMIT_PERCENT: 40 } }),
    0,
    { HIST_THRASHING_LIMIT_PERCENT: 100 },
  );
  checkWindow(
    "a limit that was cut makes the carry whole",
    at(1_001, 65_536, { history: { HIST_THRASHING_LIMIT_PERCENT: 40 } }),
    50,
    {},
  );
  checkWindow(
    "after a kill all begins anew",
    at(900, 131_072, { history: { HIST_KILLED: 1, HIST_CARRY_PERCENT: 80 } }),
    0,
    {
      HIST_WINDOW_START_MS: 100_900,
      HIST_BASE_REFAULT: 131_072,
      HIST_CARRY_PERCENT: 0,
      HIST_KILLED: 0,
      HIST_AFTER_KILL: 1,
    },
  );
  checkWindow(
    "first ever",
    at(0, 999_999, { history: { HIST_PRIMED: 0 } }),
    0,
    {
      HIST_PRIMED: 1,
      HIST_BASE_REFAULT: 999_999,
      HIST_THRASHING_LIMIT_PERCENT: 100,
    },
  );
  checkWindow(
    "a counter that wraps",
    at(500, -2_147_450_881, {
      history: { HIST_BASE_REFAULT: 2_147_483_647 },
    }),
    25,
    {},
  );
  checkWindow(
    "a counter that went back",
    at(500, 5, { history: { HIST_BASE_REFAULT: 10 } }),
    0,
    {},
  );
  checkWindow(
    "an empty LRU",
    at(500, 3, { history: { HIST_BASE_FILE_LRU_PAGES: 0 } }),
    300,
    {},
  );
  // Refaults that were not told once must not all count when they are again,
  // nor may an LRU that is not known count as an empty one.
  const forgotten = { HIST_PRIMED: 0, HIST_CARRY_PERCENT: 0 };
  const carried = { history: { HIST_CARRY_PERCENT: 70 } };
  checkWindow("no refaults", at(500, ABSENT, carried), 0, forgotten);
  checkWindow(
    "no file pages",
    at(500, 1_000_000, { ...carried, snapshot: { FILE_LRU_PAGES: ABSENT } }),
    0,
    forgotten,
  );
  checkWindow("known again", at(500, 5_000_000, { history: forgotten }), 0, {
    HIST_PRIMED: 1,
    HIST_BASE_REFAULT: 5_000_000,
  });
  checkWindow(
    "a kill while nothing is known",
    at(500, ABSENT, { history: { HIST_KILLED: 1 } }),
    0,
    { HIST_KILLED: 0, HIST_AFTER_KILL: 1 },
  );
  checkWindow("half of the clock later", at(-2_000_000_000, 262_144), 0, {
    HIST_CARRY_PERCENT: 0,
    HIST_WINDOW_START_MS: -1_999_900_000,
  });
  const most = 2_147_483_647;
  checkWindow(
    "as much as an int32 holds, and more carried",
    at(500, most, {
      history: { HIST_BASE_FILE_LRU_PAGES: 0, HIST_CARRY_PERCENT: most },
    }),
    most,
    { HIST_MAX_THRASHING_PERCENT: most },
  );
  checkWindow(
    "an LRU as large as an int32",
    at(500, most, { history: { HIST_BASE_FILE_LRU_PAGES: most } }),
    100,
    {},
  );
});

Deno.test("after a kill the limit is cut where the reason asked for it", () => {
  const rows: [cut: number, decay: number, want: number][] = [
    [0, 10, 100],
    [1, 10, 90],
    [1, 0, 100],
    [1, 100, 0],
    [1, 50, 50],
    [1, 101, 0],
  ];
  for (const [cut, decay, want] of rows) {
    const { settings, history } = wordsOf({
      settings: { SET_THRASHING_DECAY_PERCENT: decay },
      history: { HIST_CUT_LIMIT: cut, HIST_MAX_THRASHING_PERCENT: 500 },
    });
    afterKill(settings, history);
    assert.equal(history[r.HIST_THRASHING_LIMIT_PERCENT], want);
    assert.equal(history[r.HIST_KILLED], 1);
    assert.equal(history[r.HIST_MAX_THRASHING_PERCENT], 0);
  }
});

Deno.test("what was reclaimed, and whether the pass goes on", () => {
  const saved = { HIST_PGSCAN_DIRECT: 5, HIST_PGSCAN_KSWAPD: 6 };
  const still = { VM_PGSCAN_DIRECT: 5, VM_PGSCAN_KSWAPD: 6, VM_PGREFILL: 0 };
  type Row = [string, Scene["snapshot"], number, number];
  const rows: Row[] = [
    [
      "nothing is known",
      {
        VM_PGSCAN_DIRECT: ABSENT,
        VM_PGSCAN_KSWAPD: ABSENT,
        VM_PGREFILL: ABSENT,
        REFAULT: ABSENT,
      },
      PASS_SKIP,
      r.RECLAIM_NONE,
    ],
    ["still", still, PASS_SKIP, r.RECLAIM_NONE],
    ["refaulted", { ...still, REFAULT: 1 }, PASS_GO, r.RECLAIM_NONE],
    ["refaults went back", { ...still, REFAULT: -1 }, PASS_GO, r.RECLAIM_NONE],
    ["refill", { ...still, VM_PGREFILL: 1 }, PASS_GO, r.RECLAIM_KSWAPD],
    ["kswapd", { ...still, VM_PGSCAN_KSWAPD: 7 }, PASS_GO, r.RECLAIM_KSWAPD],
    ["direct", { ...still, VM_PGSCAN_DIRECT: -9 }, PASS_GO, r.RECLAIM_DIRECT],
    [
      "both",
      {
        VM_PGSCAN_DIRECT: 6,
        VM_PGSCAN_KSWAPD: 9,
        VM_PGREFILL: 9,
      },
      PASS_GO,
      r.RECLAIM_DIRECT,
    ],
  ];
  for (const [name, snapshot, pass, reclaim] of rows) {
    const words = wordsOf({
      snapshot: { ...still, ...snapshot },
      history: saved,
    });
    const got = beginPass(words.snapshot, words.settings, words.history);
    assert.equal(got, pass, name);
    assert.equal(words.history[r.HIST_RECLAIM], reclaim, name);
    // What was seen is saved: the same again is nothing new.
    const again = beginPass(words.snapshot, words.settings, words.history);
    assert.equal(again, PASS_SKIP, `${name}, again`);
  }
});

Deno.test("kswapd leaves what was saved of direct reclaim alone", () => {
  const { snapshot, settings, history } = wordsOf({
    snapshot: { VM_PGSCAN_DIRECT: ABSENT, VM_PGSCAN_KSWAPD: 3 },
    history: { HIST_PGSCAN_DIRECT: 7 },
  });
  beginPass(snapshot, settings, history);
  assert.equal(history[r.HIST_PGSCAN_DIRECT], 7);
  assert.equal(history[r.HIST_PGSCAN_KSWAPD], 3);
});

Deno.test("how long direct reclaim lasts", () => {
  /** Passes: time, pages scanned directly; then how long it has lasted. */
  type Pass = [nowMs: number, scanned: number, wantMs: number];
  const rows: [string, Pass[]][] = [
    // Two events an hour apart, each with reclaim since the other.
    ["an hour", [[0, 1, 0], [3_600_000, 2, 0], [3_600_100, 3, 100]]],
    ["over the clock's end", [
      [2_147_483_600, 1, 0],
      [-2_147_483_596, 2, 100],
      [-2_147_483_496, 3, 200],
    ]],
    ["the clock went half way round", [
      [0, 1, 0],
      [-2_000_000_000, 2, 0],
      [-1_999_999_900, 3, 100],
    ]],
    ["each pass", [[0, 1, 0], [100, 2, 100], [300, 3, 300], [310, 4, 310]]],
    ["one pass without", [[0, 1, 0], [100, 1, 0], [200, 2, 0], [300, 3, 100]]],
    ["too far apart", [[0, 1, 0], [201, 2, 0]]],
  ];
  for (const [name, passes] of rows) {
    const { snapshot, settings, history } = wordsOf({});
    for (const [nowMs, scanned, wantMs] of passes) {
      snapshot[NOW_MS] = nowMs;
      snapshot[VM_PGSCAN_DIRECT] = scanned;
      beginPass(snapshot, settings, history);
      const got = directReclaimMs(snapshot, history);
      assert.equal(got, wantMs, `${name}, at ${nowMs}`);
    }
  }
});

// The thrashing window: what it counts, what it carries on, and what a kill does
// to it and to its limit.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import { afterKill, updateThrashing } from "../../src/policy/pressure.ts";
import * as r from "../../src/state/reasons.ts";
import { THRASHING_PERCENT } from "../../src/state/snapshot.ts";
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
      ZONE_REFAULT_FILE: refaults,
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
      HIST_KILLED: 1,
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
  checkWindow(
    "no zoneinfo",
    at(500, ABSENT, { snapshot: { ZONE_FILE_LRU_PAGES: ABSENT } }),
    0,
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

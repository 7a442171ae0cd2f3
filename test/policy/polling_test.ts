// What a pass does to polling, by itself: each strategy, each way it can end.
// Sequences of passes are in test/lmkd.

import assert from "node:assert/strict";
import {
  failPass,
  finishPass,
  isOldStrategy,
  levelOf,
  POLL_OFF,
  POLL_ON,
  POLL_PAUSED,
  pollIntervalMs,
  pollWaitMs,
  resumePolling,
  sinceEventMs,
  sincePreviousWakeMs,
  UPDATE_NONE,
  UPDATE_PAUSE,
  UPDATE_START,
} from "../../src/policy/polling.ts";
import {
  PRESSURE_FULL,
  PRESSURE_LOW,
  PRESSURE_SOME,
} from "../../src/policy/pressure.ts";
import { HIST_POLL, RECLAIM_DIRECT } from "../../src/state/reasons.ts";
import * as s from "../../src/state/settings.ts";
import { type Scene, wordsOf } from "./scene.ts";

type Settings = NonNullable<Scene["settings"]>;
type History = NonNullable<Scene["history"]>;

const NEW: Settings = {};
const OLD: Settings = { SET_LMKD_MODE: s.LMKD_LEVELS };
const NO_PSI: Settings = { ...OLD, SET_USE_PSI: 0 };
const MOST = 2_147_483_647;

Deno.test("which strategies are old", () => {
  const rows: [Settings, boolean][] = [
    [{ SET_LMKD_MODE: s.LMKD_NEW }, false],
    [{ SET_LMKD_MODE: s.LMKD_MINFREE }, true],
    [{ SET_LMKD_MODE: s.LMKD_LEVELS }, true],
    [{ SET_STRATEGY: s.STRATEGY_MINFREE }, true],
    [{ SET_STRATEGY: s.STRATEGY_ADAPTIVE, SET_LMKD_MODE: 2 }, false],
  ];
  for (const [settings, want] of rows) {
    const got = isOldStrategy(wordsOf({ settings }).settings);
    assert.equal(got, want, JSON.stringify(settings));
  }
});

Deno.test("the level of a pass", () => {
  const { history } = wordsOf({ history: { HIST_POLL_LEVEL: 1 } });
  const rows: [pressure: number, level: number][] = [
    [0, 1],
    [8, 1],
    [PRESSURE_LOW, 0],
    [PRESSURE_SOME, 1],
    [PRESSURE_FULL, 2],
    [PRESSURE_LOW | PRESSURE_SOME, 1],
    [PRESSURE_LOW | PRESSURE_SOME | PRESSURE_FULL, 2],
  ];
  for (const [pressure, level] of rows) {
    assert.equal(levelOf(history, pressure), level, `${pressure}`);
  }
});

Deno.test("how a pass ends", () => {
  const on = (level: number): History => ({
    HIST_POLL: POLL_ON,
    HIST_POLL_LEVEL: level,
  });
  const none = UPDATE_NONE;
  const start = UPDATE_START;
  const pause = UPDATE_PAUSE;
  type Row = [Settings, History, number, awaiting: boolean, skipped: boolean];
  const rows: [...Row, update: number][] = [
    [NEW, {}, 0, false, false, none],
    [NEW, {}, PRESSURE_SOME, false, false, start],
    [NEW, {}, PRESSURE_SOME, true, false, pause],
    [NEW, {}, PRESSURE_SOME, true, true, pause],
    [NEW, {}, 0, true, true, pause],
    // A kill whose death nobody awaits.
    [NEW, { HIST_KILLED: 1 }, 0, false, false, start],
    [NEW, { HIST_RECLAIM: RECLAIM_DIRECT }, 0, false, false, start],
    [NEW, { HIST_RECLAIM: 1 }, 0, false, false, none],
    [OLD, { HIST_KILLED: 1, HIST_RECLAIM: 2 }, 0, false, false, none],
    [OLD, {}, PRESSURE_LOW, false, false, start],
    [OLD, {}, PRESSURE_LOW, true, false, pause],
    [OLD, {}, PRESSURE_LOW, true, true, start],
    [OLD, {}, 0, true, true, none],
    [OLD, on(1), PRESSURE_SOME, false, false, none],
    [OLD, on(1), PRESSURE_FULL, false, false, start],
    [OLD, { ...on(2), HIST_POLL: POLL_PAUSED }, 1, true, true, start],
    [OLD, { ...on(2), HIST_POLL: POLL_OFF }, 1, false, false, start],
    [NO_PSI, {}, PRESSURE_FULL, false, false, none],
    [NO_PSI, {}, PRESSURE_FULL, true, false, pause],
  ];
  for (const row of rows) {
    const [settings, history, pressure, awaiting, skipped, want] = row;
    const words = wordsOf({ settings, history });
    const got = finishPass(
      words.settings,
      words.history,
      pressure,
      awaiting,
      skipped,
    );
    assert.equal(got, want, JSON.stringify(row));
  }
});

Deno.test("how a pass ends that read nothing", () => {
  const rows: [Settings, pressure: number, update: number][] = [
    [NEW, PRESSURE_FULL, UPDATE_NONE],
    [OLD, PRESSURE_FULL, UPDATE_START],
    [OLD, 0, UPDATE_NONE],
    [NO_PSI, PRESSURE_FULL, UPDATE_NONE],
  ];
  for (const [settings, pressure, want] of rows) {
    const words = wordsOf({ settings });
    const got = failPass(words.settings, words.history, pressure);
    assert.equal(got, want, JSON.stringify([settings, pressure]));
  }
});

Deno.test("the interval after a pass, 0 where it stays", () => {
  const low = { SWAP_FREE_KB: 0 };
  type Row = [Settings, History, NonNullable<Scene["snapshot"]>, number];
  const rows: [...Row, ms: number][] = [
    [NEW, {}, {}, UPDATE_NONE, 100],
    [NEW, {}, {}, UPDATE_START, 100],
    [NEW, {}, low, UPDATE_NONE, 10],
    [NEW, { HIST_KILLED: 1 }, {}, UPDATE_START, 10],
    [NEW, { HIST_KILLED: 1 }, low, UPDATE_PAUSE, 0],
    [OLD, {}, {}, UPDATE_START, 10],
    [OLD, {}, low, UPDATE_NONE, 0],
    [OLD, {}, {}, UPDATE_PAUSE, 0],
  ];
  for (const row of rows) {
    const [settings, history, snapshot, update, want] = row;
    const words = wordsOf({ settings, history, snapshot });
    const got = pollIntervalMs(
      words.snapshot,
      words.settings,
      words.history,
      update,
    );
    assert.equal(got, want, JSON.stringify(row));
  }
});

Deno.test("time to the next poll", () => {
  type Row = [poll: number, lastMs: number, nowMs: number, interval: number];
  const rows: [...Row, waitMs: number][] = [
    [POLL_ON, MOST, -2_147_483_648, 100, 99],
    [POLL_ON, MOST, -2_147_483_549, 100, 0],
    [POLL_ON, 0, -1, 100, 0],
    [POLL_ON, 0, MOST, 100, 0],
    [POLL_ON, 50, 50, 0, 0],
    [POLL_ON, 50, 60, 100, 90],
    [POLL_OFF, 50, 60, 100, -1],
    [POLL_PAUSED, 50, 60, 100, -1],
  ];
  for (const [poll, lastMs, nowMs, interval, want] of rows) {
    const { history } = wordsOf({
      history: {
        HIST_POLL: poll,
        HIST_POLL_LAST_MS: lastMs,
        HIST_POLL_INTERVAL_MS: interval,
      },
    });
    assert.equal(pollWaitMs(history, nowMs), want, `${lastMs} ${nowMs}`);
  }
});

Deno.test("only what is paused resumes, over the clock's end too", () => {
  for (const nowMs of [-2_147_483_648, 0, 5, MOST]) {
    const { history } = wordsOf({ history: { HIST_POLL: POLL_PAUSED } });
    resumePolling(history, nowMs);
    assert.equal(history[HIST_POLL], POLL_ON);
    assert.equal(pollWaitMs(history, nowMs), 0, `${nowMs}`);
  }
  const { history } = wordsOf({});
  resumePolling(history, 0);
  assert.equal(history[HIST_POLL], POLL_OFF);
});

Deno.test("times that killinfo tells stay within int32", () => {
  const { history } = wordsOf({
    history: { HIST_EVENT_MS: 100, HIST_PREVIOUS_WAKE_MS: -2_147_483_648 },
  });
  assert.equal(sinceEventMs(history, 350), 250);
  assert.equal(sinceEventMs(history, 99), MOST);
  assert.equal(sincePreviousWakeMs(history, MOST), MOST);
  assert.equal(sincePreviousWakeMs(history, -2_147_483_000), 648);
});

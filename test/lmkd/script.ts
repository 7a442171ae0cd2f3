// Passes in sequence, as the guard makes them for lmkd's strategies: level
// filter, wakeup, pending kill, judge, recheck, kill, polling. What a pass
// leaves behind is told as one record; columns stay as they are until a pass
// changes them.

import assert from "node:assert/strict";
import { delta32, sum32 } from "../../src/base/int.ts";
import { judge, rejudge } from "../../src/policy/judge.ts";
import {
  applyUpdate,
  failPass,
  finishPass,
  levelOf,
  notePolled,
  noteSkipped,
  noteWakeup,
  passesLevelFilter,
  POLL_OFF,
  POLL_ON,
  POLL_PAUSED,
  pollIntervalMs,
  resumePolling,
  UPDATE_NONE,
} from "../../src/policy/polling.ts";
import {
  PRESSURE_FULL,
  PRESSURE_LOW,
  PRESSURE_SOME,
  wantsRecheck,
} from "../../src/policy/pressure.ts";
import { afterKill } from "../../src/policy/thrashing.ts";
import * as r from "../../src/state/reasons.ts";
import { SET_KILL_TIMEOUT_MS } from "../../src/state/settings.ts";
import * as columns from "../../src/state/snapshot.ts";
import { type Scene, type Words4, wordsOf } from "../policy/scene.ts";

/** Columns by name. */
export type Columns = NonNullable<Scene["snapshot"]>;
/** Settings by name. */
export type Settings = NonNullable<Scene["settings"]>;

/** What a pass is for. */
export type Cause = "low" | "some" | "full" | "poll";

const PRESSURE: Readonly<Record<Cause, number>> = {
  low: PRESSURE_LOW,
  some: PRESSURE_SOME,
  full: PRESSURE_FULL,
  poll: 0,
};

/** One pass. */
export interface Pass {
  readonly cause: Cause;
  /** ms since the pass before it. */
  readonly after?: number;
  /** Columns that have changed. */
  readonly now?: Columns;
  /** Columns that are found changed when the first reason is looked at again. */
  readonly again?: Columns;
  /** Nobody is found to kill. */
  readonly nobody?: boolean;
  /** The files cannot be read. */
  readonly blind?: boolean;
}

/** What a pass came to. */
export interface Outcome {
  readonly did: "dropped" | "skipped" | "blind" | "judged";
  readonly reason: number;
  readonly floor: number;
  readonly killed: boolean;
  readonly poll: "off" | "on" | "paused";
  readonly intervalMs: number;
}

const POLL = new Map<number, Outcome["poll"]>([
  [POLL_OFF, "off"],
  [POLL_ON, "on"],
  [POLL_PAUSED, "paused"],
]);

function change(words: Int32Array, changes: Columns | undefined): void {
  for (const [name, value] of Object.entries(changes ?? {})) {
    words[(columns as unknown as Record<string, number>)[name]!] = value;
  }
}

/** A guard of lmkd's strategies whose machine the test writes. */
export class Script {
  readonly words: Words4;
  nowMs: number;
  awaiting = false;
  #killedMs = 0;

  /** A machine that is well: see test/policy/scene.ts; the clock, and all of
   * history, begin as the guard finds them. */
  constructor(settings: Settings = {}, now: Columns = {}, nowMs = 100_000) {
    this.words = wordsOf({ settings, snapshot: now });
    this.words.history.fill(0);
    this.words.settings[SET_KILL_TIMEOUT_MS] = settings.SET_KILL_TIMEOUT_MS ??
      100;
    this.nowMs = nowMs;
  }

  /** A history word. */
  at(word: number): number {
    return this.words.history[word]!;
  }

  /** A snapshot column. */
  column(column: number): number {
    return this.words.snapshot[column]!;
  }

  /** Runs one pass. */
  pass(pass: Pass): Outcome {
    const { snapshot, settings, history, verdict } = this.words;
    this.nowMs = sum32(this.nowMs, pass.after ?? 0);
    const nowMs = this.nowMs;
    change(snapshot, pass.now);
    snapshot[columns.NOW_MS] = nowMs;
    const pressure = PRESSURE[pass.cause];
    const level = levelOf(history, pressure);
    if (pressure === 0) notePolled(history, nowMs);
    else if (!passesLevelFilter(settings, history, level)) {
      applyUpdate(history, UPDATE_NONE, level, nowMs, 0);
      return this.#told("dropped", false);
    }
    noteWakeup(history, pressure, nowMs);
    if (this.#isPending()) {
      noteSkipped(history);
      this.#finish(pressure, level, true);
      return this.#told("skipped", false);
    }
    this.awaiting = false;
    if (pass.blind) {
      const update = failPass(settings, history, pressure);
      applyUpdate(history, update, level, nowMs, 0);
      return this.#told("blind", false);
    }
    judge(snapshot, settings, history, pressure, verdict);
    if (wantsRecheck(settings, history, verdict)) {
      change(snapshot, pass.again);
      rejudge(snapshot, settings, history, pressure, verdict);
    }
    const kills = verdict[r.VERDICT_REASON] !== r.REASON_NONE && !pass.nobody;
    if (kills) {
      afterKill(settings, history);
      this.awaiting = true;
      this.#killedMs = nowMs;
    }
    this.#finish(pressure, level, false);
    return this.#told("judged", kills);
  }

  /** The victim died: polling goes on. */
  died(after = 0): void {
    this.nowMs = sum32(this.nowMs, after);
    this.awaiting = false;
    resumePolling(this.words.history, this.nowMs);
  }

  #isPending(): boolean {
    const timeoutMs = this.words.settings[SET_KILL_TIMEOUT_MS]!;
    const age = delta32(this.nowMs, this.#killedMs);
    return this.awaiting && (timeoutMs === 0 || age < timeoutMs);
  }

  #finish(pressure: number, level: number, skipped: boolean): void {
    const { snapshot, settings, history } = this.words;
    const update = finishPass(
      settings,
      history,
      pressure,
      this.awaiting,
      skipped,
    );
    const intervalMs = pollIntervalMs(snapshot, settings, history, update);
    applyUpdate(history, update, level, this.nowMs, intervalMs);
  }

  #told(did: Outcome["did"], killed: boolean): Outcome {
    const { history, verdict } = this.words;
    const judged = did === "judged";
    return {
      did,
      reason: judged ? verdict[r.VERDICT_REASON]! : r.REASON_NONE,
      floor: judged ? verdict[r.VERDICT_FLOOR_ADJ]! : 0,
      killed,
      poll: POLL.get(history[r.HIST_POLL]!)!,
      intervalMs: history[r.HIST_POLL_INTERVAL_MS]!,
    };
  }
}

/** A pass and what of its outcome a test names. */
export type Step = readonly [Pass, Partial<Outcome>];

/** Runs steps one after the other; a failure names the step. */
export function runSteps(script: Script, steps: readonly Step[]): void {
  for (const [i, [pass, want]] of steps.entries()) {
    const got = script.pass(pass) as unknown as Record<string, unknown>;
    const named = Object.keys(want).map((key) => [key, got[key]]);
    assert.deepEqual(
      Object.fromEntries(named),
      want,
      `step ${i}: ${JSON.stringify(pass)}`,
    );
  }
}

// @hot
// Strategy `lmkd`: judges when lmkd would and no oftener, on an event of the
// kernel or on a poll after one (AOSP lmkd.cpp, mainloop and mp_event_psi).
// Between them the figures are read now and then for those who look in, and
// nobody is judged by them. Where the kernel sends no events at all, every look
// is a poll.

import { clamp, delta32 } from "../base/int.ts";
import { SAMPLES_MAX } from "../base/limits.ts";
import { ABSENT } from "../base/scan.ts";
import { judge, rejudge } from "../policy/judge.ts";
import {
  applyUpdate,
  failPass,
  finishPass,
  isPollDue,
  levelOf,
  notePolled,
  noteSkipped,
  noteWakeup,
  passesLevelFilter,
  POLL_OFF,
  pollIntervalMs,
  pollWaitMs,
  resumePolling,
  UPDATE_NONE,
} from "../policy/polling.ts";
import { wantsRecheck } from "../policy/pressure.ts";
import type { Arena } from "../state/arena.ts";
import { G_RUNG } from "../state/gauges.ts";
import { MB_NOW_MS } from "../state/layout.ts";
import { HIST_POLL, REASON_NONE, VERDICT_REASON } from "../state/reasons.ts";
import { RUNG_AVERAGES } from "../state/rungs.ts";
import {
  SET_IDLE_MAX_MS,
  SET_STRATEGY,
  STRATEGY_LMKD,
} from "../state/settings.ts";
import { WATERMARK_HIGH_PAGES } from "../state/snapshot.ts";
import { STATE_START, STATE_STOP } from "../wire/messages.ts";
import { ACT_CHECK, ACT_NOBODY, type Actor } from "./actor.ts";
import { AWAITING_DEATH, IDLE, type Killer, SETTLING } from "./killer.ts";
import type { Notifier } from "./notifier.ts";
import type { Pace } from "./pace.ts";
import type { Ready } from "./ready.ts";
import {
  SENSE_ALL,
  SENSE_FAST,
  SENSE_PASS,
  SENSE_PASS_ZONES,
  type Sensor,
} from "./sensor.ts";

/** Watermarks are read again when they are this old, ms (AOSP lmkd.cpp). */
const WATERMARKS_MS = 60_000;
/** Candidates sampled with the figures when calm. */
const SAMPLES_CALM = 4;

/** What passes are made of. */
export interface PassParts {
  readonly arena: Arena;
  readonly sensor: Sensor;
  readonly killer: Killer;
  readonly actor: Actor;
  readonly notifier: Notifier;
  readonly pace: Pace;
  readonly ready: Ready;
  readonly history: Int32Array;
  readonly verdict: Int32Array;
}

/** lmkd's passes. */
export class Passes {
  readonly #arena: Arena;
  readonly #mailbox: Int32Array;
  readonly #settings: Int32Array;
  readonly #sensor: Sensor;
  readonly #killer: Killer;
  readonly #actor: Actor;
  readonly #notifier: Notifier;
  readonly #pace: Pace;
  readonly #ready: Ready;
  readonly #history: Int32Array;
  readonly #verdict: Int32Array;
  /** Events since the last pass: PRESSURE_*. */
  #pressure = 0;
  #sensed = false;
  #sensedMs = 0;
  #zonesMs = 0;
  /** A verdict waits for the desk to have looked at its choice: the events and
   * the level of its pass. */
  #actDue = false;
  #actPressure = 0;
  #actLevel = 0;

  constructor(parts: PassParts) {
    this.#arena = parts.arena;
    this.#mailbox = parts.arena.mailbox;
    this.#settings = parts.arena.settings;
    this.#sensor = parts.sensor;
    this.#killer = parts.killer;
    this.#actor = parts.actor;
    this.#notifier = parts.notifier;
    this.#pace = parts.pace;
    this.#ready = parts.ready;
    this.#history = parts.history;
    this.#verdict = parts.verdict;
  }

  /** Whether this strategy judges. */
  get inForce(): boolean {
    return this.#settings[SET_STRATEGY] === STRATEGY_LMKD;
  }

  /** A trigger fired: one PRESSURE_* bit. */
  noteEvent(pressure: number): void {
    const level = levelOf(this.#history, pressure);
    if (passesLevelFilter(this.#settings, this.#history, level)) {
      this.#pressure |= pressure;
    } else {
      // What is dropped may still end the window.
      this.#apply(UPDATE_NONE, level, 0);
    }
  }

  /** How long the next wait may sleep, ms. */
  restMs(): number {
    if (this.#pressure !== 0 || this.#actDue || !this.#sensed) return 0;
    const nowMs = this.#mailbox[MB_NOW_MS];
    const idleMs = this.#refreshMs();
    let waitMs = clamp(idleMs - delta32(nowMs, this.#sensedMs), 0, idleMs);
    const pollMs = pollWaitMs(this.#history, nowMs);
    if (pollMs >= 0 && pollMs < waitMs) waitMs = pollMs;
    const killMs = this.#killer.waitMs(nowMs);
    if (killMs >= 0 && killMs < waitMs) waitMs = killMs;
    return waitMs;
  }

  /** Nothing wakes the guard: it looks by itself, and judges what it sees. */
  get #isDeaf(): boolean {
    return this.#arena.gauges[G_RUNG] >= RUNG_AVERAGES;
  }

  #refreshMs(): number {
    return this.#isDeaf ? this.#pace.waitMs() : this.#settings[SET_IDLE_MAX_MS];
  }

  /** One turn's look. */
  look(): void {
    const nowMs = this.#mailbox[MB_NOW_MS];
    if (this.#actDue) {
      this.#act();
    } else if (!this.#endKill(nowMs)) {
      const polled = isPollDue(this.#history, nowMs) ||
        (this.#isDeaf && this.#isRefreshDue(nowMs));
      if (this.#pressure !== 0 || polled) this.#pass(nowMs);
      else this.#refresh(nowMs);
    }
    this.#pace.update();
    if (this.#history[HIST_POLL] !== POLL_OFF) this.#pace.sprinting = true;
    else if (!this.#isDeaf) this.#pace.sprinting = false;
  }

  /** The awaited victim is dead, or has taken too long: polling goes on. True:
   * in the next turn, as the desk has a visit between two kills. */
  #endKill(nowMs: number): boolean {
    const killer = this.#killer;
    if (killer.state === IDLE) return false;
    const late = killer.state === AWAITING_DEATH && killer.waitMs(nowMs) === 0;
    if (killer.state !== SETTLING && !late) return false;
    this.#sensor.sense(SENSE_FAST);
    if (!killer.settle()) return false;
    resumePolling(this.#history, nowMs);
    return true;
  }

  #pass(nowMs: number): void {
    const pressure = this.#pressure;
    this.#pressure = 0;
    // Also a pass that reads nothing: the next one is not due at once.
    this.#noteSensed(nowMs);
    const history = this.#history;
    if (pressure === 0) notePolled(history, nowMs);
    const level = levelOf(history, pressure);
    noteWakeup(history, pressure, nowMs);
    if (this.#killer.state !== IDLE) {
      noteSkipped(history);
      return this.#finish(pressure, level, true);
    }
    if (this.#sense(nowMs, false) < 0) {
      const update = failPass(this.#settings, history, pressure);
      return this.#apply(update, level, 0);
    }
    this.#ready.sample(SAMPLES_MAX);
    const snapshot = this.#arena.snapshot;
    judge(snapshot, this.#settings, history, pressure, this.#verdict);
    const again = wantsRecheck(this.#settings, history, this.#verdict);
    if (again && this.#sense(nowMs, true) === 0) {
      rejudge(snapshot, this.#settings, history, pressure, this.#verdict);
    }
    this.#actPressure = pressure;
    this.#actLevel = level;
    this.#act();
  }

  #act(): void {
    this.#actDue = false;
    this.#pace.stuck = false;
    // The watchdog thread has killed meanwhile: that comes first.
    if (this.#killer.state !== IDLE) {
      return this.#finish(this.#actPressure, this.#actLevel, true);
    }
    if (this.#verdict[VERDICT_REASON] !== REASON_NONE) {
      const done = this.#actor.act(this.#verdict);
      this.#pace.stuck = done === ACT_NOBODY;
      if (done === ACT_CHECK) {
        this.#actDue = true;
        return;
      }
    }
    this.#finish(this.#actPressure, this.#actLevel, false);
  }

  #finish(pressure: number, level: number, skipped: boolean): void {
    const history = this.#history;
    const awaiting = this.#killer.state !== IDLE;
    const update = finishPass(
      this.#settings,
      history,
      pressure,
      awaiting,
      skipped,
    );
    const snapshot = this.#arena.snapshot;
    const ms = pollIntervalMs(snapshot, this.#settings, history, update);
    this.#apply(update, level, ms);
  }

  #apply(update: number, level: number, intervalMs: number): void {
    const history = this.#history;
    const before = history[HIST_POLL];
    const nowMs = this.#mailbox[MB_NOW_MS];
    applyUpdate(history, update, level, nowMs, intervalMs);
    const after = history[HIST_POLL];
    if (before === after) return;
    if (before === POLL_OFF) this.#notifier.tellState(STATE_START);
    if (after === POLL_OFF) this.#notifier.tellState(STATE_STOP);
  }

  /** Reads what a pass reads; zoneinfo when its watermarks are old, or `fresh`
   * ones are asked for. */
  #sense(nowMs: number, fresh: boolean): number {
    const age = delta32(nowMs, this.#zonesMs);
    const none = this.#arena.snapshot[WATERMARK_HIGH_PAGES] === ABSENT;
    const zones = fresh || none || age < 0 || age > WATERMARKS_MS;
    const rc = this.#sensor.sense(zones ? SENSE_PASS_ZONES : SENSE_PASS);
    if (rc < 0) return rc;
    if (zones) this.#zonesMs = nowMs;
    return rc;
  }

  /** Brings the figures up to date for those who look in. */
  #refresh(nowMs: number): void {
    if (!this.#isRefreshDue(nowMs)) return;
    this.#noteSensed(nowMs);
    this.#pace.blind = this.#sensor.sense(SENSE_ALL) < 0;
    if (this.#pace.blind) return;
    this.#ready.sample(SAMPLES_CALM);
  }

  #isRefreshDue(nowMs: number): boolean {
    const age = delta32(nowMs, this.#sensedMs);
    return !this.#sensed || age < 0 || age >= this.#refreshMs();
  }

  #noteSensed(nowMs: number): void {
    this.#sensed = true;
    this.#sensedMs = nowMs;
  }
}

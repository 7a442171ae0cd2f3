// @hot
// One turn of the guard: wait, sense, judge, act, record. A turn allocates
// nothing, neither on V8's heap nor in libc, and opens, maps and forks
// nothing; what must open something is left to the desk, which visits between
// turns and never while a victim's death is awaited.

import { clamp, delta32, divTrunc, isPast } from "../base/int.ts";
import { JOURNAL_RECORDS, JOURNAL_WORDS, SAMPLES_MAX } from "../base/limits.ts";
import { judge } from "../policy/judge.ts";
import { noteWakeup } from "../policy/polling.ts";
import {
  PRESSURE_FULL,
  PRESSURE_LOW,
  PRESSURE_SOME,
} from "../policy/pressure.ts";
import type { Arena } from "../state/arena.ts";
import {
  G_ALARM_US,
  G_KEEPER_PID,
  G_PSI_EVENTS,
  G_SELF,
  G_STATE,
  G_TURN_US,
  G_TURN_US_MAX,
  G_TURNS,
  G_WAIT_MS,
  SELF_KEEPER,
  STATE_CALM,
  STATE_KILLING,
  STATE_SPRINT,
} from "../state/gauges.ts";
import type { Journal } from "../state/journal.ts";
import {
  AT_JOURNAL,
  EVENT_CLIENT,
  EVENT_KEEPER,
  EVENT_LISTENER,
  EVENT_PSI_FULL,
  EVENT_PSI_LOW,
  EVENT_PSI_SOME,
  EVENT_VICTIM,
  EVENT_VMPRESSURE,
  EVENT_WORDS,
  MB_COUNT,
  MB_EVENTS,
  MB_FD,
  MB_NOW_MS,
  MB_NOW_US,
  MB_OFFSET,
  MB_SIGNALS,
  MB_SOURCE,
  MB_TIMEOUT_MS,
  MB_WOKE_US,
  VICTIM_WORDS,
} from "../state/layout.ts";
import { REASON_NONE, VERDICT_REASON } from "../state/reasons.ts";
import { SET_DRY_RUN } from "../state/settings.ts";
import { NONE, V_FLAGS, V_PID, type Victims } from "../state/victims.ts";
import { ACT_CHECK, ACT_NOBODY, type Actor } from "./actor.ts";
import type { Aftermath } from "./aftermath.ts";
import type { Clients } from "./clients.ts";
import type { Control } from "./control.ts";
import type { Faults } from "./faults.ts";
import { IDLE, type Killer, SETTLING } from "./killer.ts";
import type { Pace } from "./pace.ts";
import type { Passes } from "./passes.ts";
import type { Ports } from "./ports.ts";
import type { Ready } from "./ready.ts";
import { SENSE_ALL, SENSE_FAST, SENSE_SLOW, type Sensor } from "./sensor.ts";
import type { StatusFile } from "./status_file.ts";

/** tick() answers: go on. */
export const TURN_DONE = 0;
/** SIGTERM or SIGINT came. */
export const TURN_STOP = 1;
/** SIGHUP came. */
export const TURN_RELOAD = 2;

/** Slow files are read at most this often in a sprint, ms. */
const SLOW_SPRINT_MS = 100;
/** ... and this often when calm, ms; the first look of a sprint reads them. */
const SLOW_CALM_MS = 10_000;
/** The status file is brought up to date at most this often, ms. */
const STATUS_MS = 1_000;
/** Records that could not be written are tried again after this, ms. */
const PERSIST_AGAIN_MS = 1_000;
/** Candidates are sampled at most this often when calm, ms. */
const SAMPLE_CALM_MS = 1_000;
/** ... and this many of them. */
const SAMPLES_CALM = 4;
/** Words of the journal's file before its first record. */
const JOURNAL_RECORD_BYTES = JOURNAL_WORDS * 4;

/** Pressure bit of vmpressure's levels: low, medium, critical. */
const VMPRESSURE = Int32Array.of(PRESSURE_LOW, PRESSURE_SOME, PRESSURE_FULL, 0);

/** Longest rest for the sake of others, ms: in it the device tests' fastest hog
 * takes an eighth of the reserve. */
const BREATH_MS_MAX = 50;

/** Everything a reactor is made of. */
export interface ReactorParts {
  readonly ports: Ports;
  readonly arena: Arena;
  readonly sensor: Sensor;
  readonly clients: Clients;
  readonly control: Control;
  readonly killer: Killer;
  readonly actor: Actor;
  readonly aftermath: Aftermath;
  readonly pace: Pace;
  readonly passes: Passes;
  readonly ready: Ready;
  readonly victims: Victims;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly status: StatusFile;
  readonly history: Int32Array;
  readonly verdict: Int32Array;
  /** Open journal file, or -1. */
  readonly journalFd: number;
}

/** The reactor. */
export class Reactor {
  readonly #ports: Ports;
  readonly #arena: Arena;
  readonly #mailbox: Int32Array;
  readonly #sensor: Sensor;
  readonly #clients: Clients;
  readonly #control: Control;
  readonly #killer: Killer;
  readonly #actor: Actor;
  readonly #aftermath: Aftermath;
  readonly #pace: Pace;
  readonly #passes: Passes;
  readonly #ready: Ready;
  readonly #victims: Victims;
  readonly #journal: Journal;
  readonly #faults: Faults;
  readonly #status: StatusFile;
  readonly #history: Int32Array;
  readonly #verdict: Int32Array;
  readonly #journalFd: number;

  #pressure = 0;
  #sensedMs = 0;
  #slowMs = 0;
  #statusMs = 0;
  /** Serial of the newest record that the status file was written after. */
  #serial = 0;
  /** The journal's file took a record the last time; if not, when that was. */
  #persists = true;
  #persistMs = 0;
  #sampledMs = 0;
  #first = true;
  #senseDue = true;
  #mutedSinceMs = 0;
  #mutedMs = 0;

  constructor(parts: ReactorParts) {
    this.#ports = parts.ports;
    this.#arena = parts.arena;
    this.#mailbox = parts.arena.mailbox;
    this.#sensor = parts.sensor;
    this.#clients = parts.clients;
    this.#control = parts.control;
    this.#killer = parts.killer;
    this.#actor = parts.actor;
    this.#aftermath = parts.aftermath;
    this.#pace = parts.pace;
    this.#passes = parts.passes;
    this.#ready = parts.ready;
    this.#victims = parts.victims;
    this.#journal = parts.journal;
    this.#faults = parts.faults;
    this.#status = parts.status;
    this.#history = parts.history;
    this.#verdict = parts.verdict;
    this.#journalFd = parts.journalFd;
  }

  /** Whether the desk may open things now. In a dry run nobody dies: to wait
   * for a death would keep it shut as long as memory is short. */
  get deskOpen(): boolean {
    return this.#killer.state === IDLE ||
      this.#arena.settings[SET_DRY_RUN] !== 0 ||
      this.#killer.isDrawnOut(this.#mailbox[MB_NOW_MS]);
  }

  /** Whether memory is being watched closely. */
  get sprinting(): boolean {
    return this.#pace.sprinting;
  }

  /** One turn; `deskBusy` when the desk has more to do at once, `mostMs` the
   * longest it may wait, -1 for as long as it likes. */
  tick(deskBusy: boolean, mostMs = -1): number {
    const mailbox = this.#mailbox;
    let waitMs = deskBusy || this.#control.busy || this.#senseDue
      ? 0
      : this.#restMs();
    if (mostMs >= 0 && mostMs < waitMs) waitMs = mostMs;
    mailbox[MB_TIMEOUT_MS] = waitMs;
    this.#arena.gauges[G_WAIT_MS] = waitMs;
    this.#ports.wait();
    this.#arena.gauges[G_TURNS]++;
    // Before the deaths of those whom it killed are taken.
    if (this.#aftermath.note()) this.#senseDue = true;
    this.#takeEvents();
    this.#killer.noteReaps();
    this.#control.serve();
    this.#look();
    this.record();
    this.#noteTurnTime();
    if ((mailbox[MB_SIGNALS] & 1) !== 0) return TURN_STOP;
    return (mailbox[MB_SIGNALS] & 2) !== 0 ? TURN_RELOAD : TURN_DONE;
  }

  #takeEvents(): void {
    const events = this.#arena.events;
    const count = this.#mailbox[MB_EVENTS];
    for (let i = 0; i < count; i++) {
      const tag = events[i * EVENT_WORDS];
      const index = tag & 0xffffff;
      switch (tag >> 24) {
        case EVENT_LISTENER:
          this.#control.knocking = true;
          break;
        case EVENT_CLIENT:
          this.#clients.note(index, events[i * EVENT_WORDS + 2]);
          break;
        case EVENT_VICTIM:
          this.#noteDeath(index, events[i * EVENT_WORDS + 1]);
          break;
        case EVENT_PSI_LOW:
          this.#noteTrigger(PRESSURE_LOW, false);
          break;
        case EVENT_PSI_SOME:
          this.#noteTrigger(PRESSURE_SOME, false);
          break;
        case EVENT_PSI_FULL:
          this.#noteTrigger(PRESSURE_FULL, true);
          break;
        case EVENT_KEEPER:
          this.#noteKeeper(events[i * EVENT_WORDS + 1]);
          break;
        case EVENT_VMPRESSURE:
          this.#noteTrigger(VMPRESSURE[index & 3], false);
          break;
        default:
          break;
      }
    }
  }

  /** The keeper has ended: whoever starts it sees that there is none. */
  #noteKeeper(pid: number): void {
    const gauges = this.#arena.gauges;
    if (gauges[G_KEEPER_PID] !== pid) return;
    gauges[G_KEEPER_PID] = 0;
    gauges[G_SELF] &= ~SELF_KEEPER;
  }

  /** Ignores triggers for `ms` from now: those armed without privilege count
   * every stall since boot in their first window (kernel/sched/psi.c starts
   * it from another aggregator's total; seen on 6.18). */
  muteTriggers(ms: number): void {
    this.#mutedSinceMs = this.#mailbox[MB_NOW_MS];
    this.#mutedMs = ms;
  }

  #noteTrigger(pressure: number, full: boolean): void {
    if (this.#mutedMs > 0) {
      const since = this.#mutedSinceMs;
      if (!isPast(this.#mailbox[MB_NOW_MS], since, this.#mutedMs)) return;
      this.#mutedMs = 0;
    }
    this.#arena.gauges[G_PSI_EVENTS]++;
    if (this.#passes.inForce) return this.#passes.noteEvent(pressure);
    this.#pressure |= pressure;
    this.#pace.noteTrigger();
    this.#senseDue = true;
    // The lowest pressure is reclaim as it goes on every day: nobody waits.
    if (pressure !== PRESSURE_LOW) this.#sensor.noteTrigger(full);
  }

  /** A pidfd became readable: the process of that row is gone. The pid guards
   * against an event that was under way when its row was given to another. */
  #noteDeath(row: number, pid: number): void {
    const at = row * VICTIM_WORDS;
    const rows = this.#victims.rows;
    if (rows[at + V_PID] !== pid || rows[at + V_FLAGS] === 0) return;
    // A client may have forgotten the row while its death was awaited.
    if (this.#killer.died(row)) this.#senseDue = true;
    this.#victims.markDead(row);
  }

  /** How long the next wait may sleep, ms: until the next look is due. Who
   * wakes the guard before that does not put the look off. */
  #restMs(): number {
    if (this.#passes.inForce) return this.#passes.restMs();
    const mailbox = this.#mailbox;
    const waitMs = this.#pace.waitMs();
    this.#ports.clock();
    const age = delta32(mailbox[MB_NOW_MS], this.#sensedMs);
    // The guard's priority is real-time: between looks it rests for as long as
    // it worked, turn and desk, where that is longer than the wait has left.
    const busyUs = delta32(mailbox[MB_NOW_US], mailbox[MB_WOKE_US]);
    const breathMs = clamp(divTrunc(busyUs, 1000), 0, BREATH_MS_MAX);
    return Math.max(clamp(waitMs - age, 0, waitMs), breathMs);
  }

  #isSenseDue(): boolean {
    if (this.#senseDue || this.#first) return true;
    return isPast(
      this.#mailbox[MB_NOW_MS],
      this.#sensedMs,
      this.#pace.waitMs(),
    );
  }

  /** Sense, judge and act, where it is time for it. */
  #look(): void {
    if (this.#passes.inForce) {
      this.#senseDue = false;
      this.#passes.look();
      return this.#setState();
    }
    if (!this.#isSenseDue()) return;
    const nowMs = this.#mailbox[MB_NOW_MS];
    this.#senseDue = false;
    this.#sensedMs = nowMs;
    this.#pace.blind = this.#sensor.sense(this.#depth(nowMs)) < 0;
    if (this.#pace.blind) {
      // Blind: nobody is judged, but a kill under way still has its deadline.
      // A sprint goes on: the desk must not work as in calm time because what
      // would end it cannot be read.
      this.#killer.settle();
      return this.#setState();
    }
    this.#sample(nowMs);
    if (this.#killer.state !== IDLE) this.#await();
    else this.#judge(nowMs);
    this.#setState();
  }

  /** A kill is under way: nobody else dies before its memory is back or its
   * time is over. */
  #await(): void {
    // A stall of before the memory came back says nothing of after, and
    // neither does the fall that led to the kill.
    this.#pressure = 0;
    const died = this.#killer.state === SETTLING;
    if (!this.#killer.settle()) return;
    if (died) this.#sensor.restartSlope(this.#killer.decidedKbPerS);
    // The desk has its turn before anybody else may die: who registered or
    // became important meanwhile counts.
    this.#senseDue = true;
  }

  #judge(nowMs: number): void {
    noteWakeup(this.#history, this.#pressure, nowMs);
    judge(
      this.#arena.snapshot,
      this.#arena.settings,
      this.#history,
      this.#pressure,
      this.#verdict,
    );
    this.#pace.stuck = false;
    if (this.#verdict[VERDICT_REASON] !== REASON_NONE) {
      const done = this.#actor.act(this.#verdict);
      this.#pace.stuck = done === ACT_NOBODY;
      if (done === ACT_CHECK) this.#senseDue = true;
    }
    // A choice that waits to be looked at is judged again as it was.
    if (this.#ready.checkRow === NONE) this.#pressure = 0;
    this.#first = false;
    this.#pace.update();
  }

  /** Slow files now and then; those whose read allocates only when calm. */
  #depth(nowMs: number): number {
    if (this.#first) return SENSE_ALL;
    const close = this.#pace.sprinting || this.#pace.triggered;
    const due = close ? SLOW_SPRINT_MS : SLOW_CALM_MS;
    if (!isPast(nowMs, this.#slowMs, due)) return SENSE_FAST;
    this.#slowMs = nowMs;
    const calm = !close && this.#killer.state === IDLE;
    return calm ? SENSE_ALL : SENSE_SLOW;
  }

  #sample(nowMs: number): void {
    const due = isPast(nowMs, this.#sampledMs, SAMPLE_CALM_MS);
    const sprinting = this.#pace.sprinting;
    if (!sprinting && !due) return;
    this.#sampledMs = nowMs;
    this.#ready.sample(sprinting ? SAMPLES_MAX : SAMPLES_CALM);
  }

  #setState(): void {
    const gauges = this.#arena.gauges;
    const was = gauges[G_STATE];
    gauges[G_STATE] = this.#killer.state !== IDLE
      ? STATE_KILLING
      : this.#pace.sprinting
      ? STATE_SPRINT
      : STATE_CALM;
    if (was !== STATE_CALM || gauges[G_STATE] === STATE_CALM) return;
    gauges[G_ALARM_US] = this.#mailbox[MB_WOKE_US];
  }

  /** Copies new journal records to the file and brings the status file up to
   * date: each second, and whenever something was recorded. */
  record(): void {
    const journal = this.#journal;
    const nowMs = this.#mailbox[MB_NOW_MS];
    this.#faults.record(nowMs);
    const fresh = this.#serial !== journal.serial;
    this.#serial = journal.serial;
    if (journal.persisted !== journal.serial) this.#persist(nowMs);
    if (!fresh && !isPast(nowMs, this.#statusMs, STATUS_MS)) return;
    this.#statusMs = nowMs;
    journal.roll(nowMs);
    this.#status.update();
  }

  /** Writes what the file lacks. A disk that refuses is asked again: what the
   * ring still holds by then is not lost. */
  #persist(nowMs: number): void {
    const journal = this.#journal;
    if (this.#journalFd < 0) {
      journal.persisted = journal.serial;
      return;
    }
    const again = isPast(nowMs, this.#persistMs, PERSIST_AGAIN_MS);
    if (!this.#persists && !again) return;
    this.#persists = true;
    if (journal.serial - journal.persisted > JOURNAL_RECORDS) {
      journal.persisted = journal.serial - JOURNAL_RECORDS;
    }
    while (this.#persists && journal.persisted !== journal.serial) {
      const slot = journal.persisted % JOURNAL_RECORDS;
      this.#mailbox[MB_FD] = this.#journalFd;
      this.#mailbox[MB_SOURCE] = AT_JOURNAL + slot * JOURNAL_RECORD_BYTES;
      this.#mailbox[MB_OFFSET] = (slot + 1) * JOURNAL_RECORD_BYTES;
      this.#mailbox[MB_COUNT] = JOURNAL_RECORD_BYTES;
      this.#persists = this.#ports.persist() >= 0;
      if (this.#persists) journal.persisted++;
      else this.#persistMs = nowMs;
    }
  }

  #noteTurnTime(): void {
    this.#ports.clock();
    const us = delta32(this.#mailbox[MB_NOW_US], this.#mailbox[MB_WOKE_US]);
    const gauges = this.#arena.gauges;
    gauges[G_TURN_US] = us;
    if (us > gauges[G_TURN_US_MAX]) gauges[G_TURN_US_MAX] = us;
  }
}

// @hot
// Act: one signal at a time, through a pidfd, to a row that may die; then wait
// until its memory is back or the deadline has passed. Nothing here opens,
// maps or allocates. Protection is checked again at the last moment.

import { delta32, INT_MAX, sum32 } from "../base/int.ts";
import { afterKill } from "../policy/pressure.ts";
import type { Arena } from "../state/arena.ts";
import {
  G_BACK_KB,
  G_DEATH_MS,
  G_GUARD_PID,
  G_KEEPER_PID,
  G_KILLS,
  G_LAST_ADJ,
  G_LAST_MS,
  G_LAST_PID,
  G_LAST_REASON,
  G_LAST_RSS_KB,
  G_NO_VICTIM,
  G_OVERDUE,
  G_PROMISED_KB,
  G_REFUSED,
  G_SIGNAL_US,
} from "../state/gauges.ts";
import {
  KIND_DEATH,
  KIND_KILL,
  KIND_NO_VICTIM,
  KIND_OVERDUE,
  KIND_REFUSED,
} from "../state/journal.ts";
import {
  MB_DRY_RUN,
  MB_FD,
  MB_NOW_MS,
  MB_NOW_US,
  MB_PID,
  MB_REAP_PID,
  MB_REAPS,
  MB_WOKE_US,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  REASON_SILENT,
  VERDICT_FLOOR_ADJ,
  VERDICT_REASON,
  VERDICT_WORDS,
} from "../state/reasons.ts";
import {
  SET_DRY_RUN,
  SET_FLOOR_ADJ,
  SET_KILL_TIMEOUT_MS,
  SET_STRATEGY,
  STRATEGY_ADAPTIVE,
} from "../state/settings.ts";
import { HEADROOM_KB, SHRINK_KB_PER_S } from "../state/snapshot.ts";
import {
  NONE,
  ROW_KILLED,
  V_ADJ,
  V_ANON_KB,
  V_FLAGS,
  V_PID,
  V_PIDFD,
  V_PROTECT,
  V_RSS_KB,
  V_SILENT,
  type Victims,
} from "../state/victims.ts";
import { isWant } from "../state/calls.ts";
import { Deferred } from "./deferred.ts";
import type { Ballast } from "./ballast.ts";
import type { Notifier } from "./notifier.ts";
import type { Ports } from "./ports.ts";
import type { Recorder } from "./recorder.ts";

/** A dry run looks again after this, ms: nobody died, the shortage lasts. */
const DRY_RUN_HOLD_MS = 10_000;
/** After the victim's death its last pages may still be on their way to the
 * free lists (per-cpu batches, mrelease in another thread), ms. */
const SETTLE_MS = 20;

/** A victim that takes longer than this to die sits in the kernel, ms: others
 * die within tens of ms (measured on 6.1 and 6.12). */
const DRAWN_OUT_MS = 1_000;

/** A row whose signal was refused, but for want of something, is not tried
 * again before this, ms. */
const REFUSED_HOLD_MS = 10_000;
/** A further refusal for the same error is recorded after this, ms. */
const REFUSED_RECORD_MS = 1_000;
/** The process is gone (errno(3)). */
const ESRCH = 3;

/** Nobody is awaited. */
export const IDLE = 0;
/** Signalled; death not yet seen. */
export const AWAITING_DEATH = 1;
/** Dead; its memory is coming back. */
export const SETTLING = 2;

/** The one who signals. */
export class Killer {
  readonly #ports: Ports;
  readonly #mailbox: Int32Array;
  readonly #snapshot: Int32Array;
  readonly #settings: Int32Array;
  readonly #gauges: Int32Array;
  readonly #history: Int32Array;
  readonly #victims: Victims;
  readonly #recorder: Recorder;
  readonly #notifier: Notifier;
  readonly #ballast: Ballast;
  /** Kills by the oom_score_adj of the victim, from ADJ_MIN. */
  readonly killsByAdj = new Int32Array(2_001);
  /** The verdict that stands for the watchdog thread's. */
  readonly #silent = new Int32Array(VERDICT_WORDS);

  state = IDLE;
  #pid = 0;
  #killedMs = 0;
  #diedMs = 0;
  /** Record of the kill; 0: the watchdog thread's, which has its own. */
  #serial = 0;
  #headroomKb = 0;
  #noVictimMs = 0;
  #noVictimReason = NONE;
  #reaps = 0;
  readonly #deferred: Deferred;
  #refusedMs = 0;
  #refusedRc = 0;
  /** The last victim was not signalled: a reload may end or begin a dry run. */
  #dry = false;
  /** Fall of headroom at which the last kill was decided, kB/s. */
  decidedKbPerS = 0;

  constructor(
    ports: Ports,
    arena: Arena,
    victims: Victims,
    recorder: Recorder,
    notifier: Notifier,
    ballast: Ballast,
    history: Int32Array,
  ) {
    this.#ports = ports;
    this.#mailbox = arena.mailbox;
    this.#snapshot = arena.snapshot;
    this.#settings = arena.settings;
    this.#gauges = arena.gauges;
    this.#history = history;
    this.#victims = victims;
    this.#deferred = new Deferred(victims);
    this.#recorder = recorder;
    this.#notifier = notifier;
    this.#ballast = ballast;
  }

  /** Whether a death has been awaited for so long that the rest of the guard's
   * work can wait for it no longer: its deadline may be for ever. */
  isDrawnOut(nowMs: number): boolean {
    return this.state === AWAITING_DEATH &&
      delta32(nowMs, this.#killedMs) >= DRAWN_OUT_MS;
  }

  /** ms until this must be looked at again, or -1. */
  waitMs(nowMs: number): number {
    if (this.state === IDLE) return -1;
    const age = this.state === SETTLING
      ? SETTLE_MS - delta32(nowMs, this.#diedMs)
      : this.#deadlineMs() - delta32(nowMs, this.#killedMs);
    return Math.max(age, 0);
  }

  #deadlineMs(): number {
    if (this.#dry) return DRY_RUN_HOLD_MS;
    // 0 is for ever, as AOSP lmkd has it.
    const timeout = this.#settings[SET_KILL_TIMEOUT_MS];
    return timeout === 0 ? INT_MAX : timeout;
  }

  /** Before a verdict is carried out: who was put off may be chosen again. */
  begin(): void {
    this.#deferred.back(this.#mailbox[MB_NOW_MS]);
  }

  /**
   * Signals `row` for the verdict. 0, or -errno when nobody was signalled; the
   * row is then out of the lists, so that the next choice is another: until
   * the next verdict where something was wanting, for good where the process
   * is gone or must not die.
   */
  fire(row: number, verdict: Int32Array): number {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    const pid = rows[at + V_PID];
    // Nor is anybody signalled twice: a thread may have done so meanwhile.
    const mayDie = (rows[at + V_FLAGS] & ROW_KILLED) === 0 &&
      rows[at + V_SILENT] <= 0 && rows[at + V_PROTECT] === 0 && pid > 1 &&
      pid !== this.#gauges[G_GUARD_PID] &&
      pid !== this.#gauges[G_KEEPER_PID] && rows[at + V_PIDFD] >= 0;
    let rc = -1;
    if (mayDie) {
      this.#notifier.readStat(row);
      this.#mailbox[MB_FD] = rows[at + V_PIDFD];
      this.#mailbox[MB_PID] = pid;
      this.#mailbox[MB_DRY_RUN] = this.#settings[SET_DRY_RUN];
      rc = this.#ports.kill();
    }
    this.#ports.clock();
    const dry = this.#settings[SET_DRY_RUN] !== 0;
    if (!dry || rc < 0) this.#victims.unlist(row);
    if (rc < 0) {
      if (mayDie && rc !== -ESRCH) this.#putOff(row, rc);
      this.#noteRefusal(row, verdict, rc);
      return rc;
    }
    if (!dry) this.#ballast.release();
    this.#noteKill(row, verdict, dry);
    return 0;
  }

  #putOff(row: number, rc: number): void {
    const holdMs = isWant(rc) ? 0 : REFUSED_HOLD_MS;
    this.#deferred.put(row, this.#mailbox[MB_NOW_MS], holdMs);
  }

  /** Counted each time; recorded when it is another error, or a second later:
   * a signal that always fails would fill the journal. */
  #noteRefusal(row: number, verdict: Int32Array, rc: number): void {
    this.#gauges[G_REFUSED]++;
    const nowMs = this.#mailbox[MB_NOW_MS];
    const age = delta32(nowMs, this.#refusedMs);
    const same = rc === this.#refusedRc;
    if (same && age >= 0 && age < REFUSED_RECORD_MS) return;
    this.#refusedRc = rc;
    this.#refusedMs = nowMs;
    this.#recorder.verdict(KIND_REFUSED, row, verdict, rc);
  }

  #noteKill(row: number, verdict: Int32Array, dry: boolean): void {
    if (!dry) this.#victims.rows[row * VICTIM_WORDS + V_FLAGS] |= ROW_KILLED;
    this.#gauges[G_SIGNAL_US] = delta32(
      this.#mailbox[MB_NOW_US],
      this.#mailbox[MB_WOKE_US],
    );
    this.#count(row, dry);
    this.#show(row, verdict[VERDICT_REASON]);
    this.#expect(row, dry);
    const detail = dry ? 1 : 0;
    this.#serial = this.#recorder.verdict(KIND_KILL, row, verdict, detail);
    if (!dry) this.#notifier.tellKill(row, verdict, this.#history);
    afterKill(this.#settings, this.#history);
  }

  /** The watchdog thread has killed a row: counted and told of as any other.
   * Its record is that thread's. */
  takeOver(row: number): void {
    this.#silent[VERDICT_REASON] = REASON_SILENT;
    this.#silent[VERDICT_FLOOR_ADJ] = this.#settings[SET_FLOOR_ADJ];
    this.#victims.unlist(row);
    this.#count(row, false);
    this.#notifier.readStat(row);
    this.#notifier.tellKill(row, this.#silent, this.#history);
  }

  /** Awaits the row that was taken over and killed last, whoever was awaited
   * before: of that one no end is recorded. */
  awaitTaken(row: number): void {
    this.#show(row, REASON_SILENT);
    this.#expect(row, false);
    this.#serial = 0;
  }

  /** Awaits the memory of a row that was signalled. */
  #expect(row: number, dry: boolean): void {
    this.state = AWAITING_DEATH;
    this.#dry = dry;
    this.#pid = this.#victims.rows[row * VICTIM_WORDS + V_PID];
    this.#killedMs = this.#mailbox[MB_NOW_MS];
    this.#headroomKb = this.#snapshot[HEADROOM_KB];
    this.decidedKbPerS = this.#snapshot[SHRINK_KB_PER_S];
    this.#noVictimReason = NONE;
  }

  #count(row: number, dry: boolean): void {
    this.#gauges[G_KILLS]++;
    if (dry) return;
    this.killsByAdj[this.#victims.rows[row * VICTIM_WORDS + V_ADJ] + 1000]++;
  }

  /** Shows a kill as the last one. */
  #show(row: number, reason: number): void {
    const rows = this.#victims.rows;
    const at = row * VICTIM_WORDS;
    const nowMs = this.#mailbox[MB_NOW_MS];
    const gauges = this.#gauges;
    gauges[G_LAST_PID] = rows[at + V_PID];
    gauges[G_LAST_ADJ] = rows[at + V_ADJ];
    gauges[G_LAST_REASON] = reason;
    gauges[G_LAST_MS] = nowMs;
    gauges[G_LAST_RSS_KB] = rows[at + V_RSS_KB];
    gauges[G_PROMISED_KB] = rows[at + V_ANON_KB];
  }

  /** Takes over a kill of an earlier guard, of record `serial`, `ageMs` ago:
   * nobody else dies before the process of `row` has, or its time is over. What
   * memory it gave back by now is not known. */
  resume(
    row: number,
    serial: number,
    ageMs: number,
    reason: number,
    promisedKb: number,
  ): void {
    const gauges = this.#gauges;
    this.#expect(row, false);
    this.#killedMs = sum32(this.#killedMs, -ageMs);
    this.#serial = serial;
    gauges[G_LAST_PID] = this.#pid;
    gauges[G_LAST_ADJ] = this.#victims.rows[row * VICTIM_WORDS + V_ADJ];
    gauges[G_LAST_REASON] = reason;
    gauges[G_LAST_MS] = this.#killedMs;
    gauges[G_PROMISED_KB] = promisedKb;
  }

  /** A verdict found nobody: recorded once, and again each second while it
   * lasts. */
  noVictim(verdict: Int32Array): void {
    const nowMs = this.#mailbox[MB_NOW_MS];
    const reason = verdict[VERDICT_REASON];
    const same = reason === this.#noVictimReason;
    const age = delta32(nowMs, this.#noVictimMs);
    if (same && age >= 0 && age < 1_000) return;
    this.#noVictimReason = reason;
    this.#noVictimMs = nowMs;
    this.#gauges[G_NO_VICTIM]++;
    this.#recorder.verdict(KIND_NO_VICTIM, NONE, verdict, 0);
  }

  /** The process of a row has died; true when it is the awaited one. */
  died(row: number): boolean {
    const pid = this.#victims.rows[row * VICTIM_WORDS + V_PID];
    if (this.state !== AWAITING_DEATH || pid !== this.#pid) return false;
    this.state = SETTLING;
    this.#diedMs = this.#mailbox[MB_NOW_MS];
    return true;
  }

  /** After a fresh sense: ends the wait when the memory is back, the settle
   * time is over, or the deadline has passed. True when it ended now. */
  settle(): boolean {
    if (this.state === IDLE) return false;
    const nowMs = this.#mailbox[MB_NOW_MS];
    const back = this.#snapshot[HEADROOM_KB] - this.#headroomKb;
    // lmkd waits for the death or its timeout, not for the memory.
    const adaptive = this.#settings[SET_STRATEGY] === STRATEGY_ADAPTIVE;
    if (this.state === SETTLING) {
      const promised = this.#gauges[G_PROMISED_KB];
      const settled = !adaptive ||
        delta32(nowMs, this.#diedMs) >= SETTLE_MS;
      if (!settled && back < promised - (promised >> 2)) return false;
      this.#gauges[G_DEATH_MS] = delta32(this.#diedMs, this.#killedMs);
      this.#gauges[G_BACK_KB] = back;
      const latency = this.#gauges[G_DEATH_MS];
      this.#end(KIND_DEATH, latency, back);
      return true;
    }
    const age = delta32(nowMs, this.#killedMs);
    const deadline = this.#deadlineMs();
    if (age < deadline) return false;
    // While its memory is coming back the victim is dying: killing another
    // would be one too many.
    const promised = this.#gauges[G_PROMISED_KB];
    const coming = adaptive && back > promised >> 2;
    if (coming && age >> 2 < deadline) return false;
    if (!this.#dry) {
      this.#gauges[G_OVERDUE]++;
      this.#end(KIND_OVERDUE, age, back);
    }
    this.state = IDLE;
    return true;
  }

  #end(kind: number, latencyMs: number, backKb: number): void {
    this.state = IDLE;
    if (this.#serial === 0) return;
    this.#recorder.end(
      kind,
      this.#pid,
      this.#gauges[G_LAST_ADJ],
      this.#gauges[G_LAST_REASON],
      this.#serial,
      latencyMs,
      backKb,
    );
  }

  /** Records what process_mrelease made of a victim, once it has returned. */
  noteReaps(): void {
    if (this.#reaps === this.#mailbox[MB_REAPS]) return;
    this.#reaps = this.#mailbox[MB_REAPS];
    const ours = this.#mailbox[MB_REAP_PID] === this.#pid;
    this.#recorder.reap(ours ? this.#serial : 0);
  }
}

// A rehearsal upon somebody real: what opens, reads, signals, waits and closes
// goes to the guard's own ports as well, and a child that waits to be killed
// dies of it. So the first real emergency finds the shim, the runtime's way to
// it and the reaper warm. What is recorded stays with the rehearsal: nothing of
// it is seen in the guard's journal, gauges or status.

import type { Arena } from "../state/arena.ts";
import { G_KEEPER_PID, G_SELF, SELF_KEEPER } from "../state/gauges.ts";
import {
  EVENT_KEEPER,
  EVENT_VICTIM,
  EVENT_WORDS,
  MB_COUNT,
  MB_DRY_RUN,
  MB_EVENTS,
  MB_FD,
  MB_PID,
  MB_REAP_PID,
  MB_REAP_RESULT,
  MB_REAP_US,
  MB_REAPS,
  MB_SIGNALS,
  MB_STATUS_FD,
  MB_TAG,
  MB_TIMEOUT_MS,
  MB_UID,
} from "../state/layout.ts";
import type { Ports } from "./ports.ts";
import { PretendedPorts } from "./pretended.ts";

/** Who dies in the rehearsal, and the guard's own ports and arena. */
export interface Sacrifice {
  readonly pid: number;
  readonly ports: Ports;
  readonly arena: Arena;
}

/** Longest that its death and its reaper are waited for, ms: a process without
 * memory dies in less than one. */
const PATIENCE_MS = 400;
const STEP_MS = 5;

/** The pretended machine with a real victim on it. */
export class SacrificePorts extends PretendedPorts {
  readonly #real: Sacrifice;
  readonly #reaps: number;
  /** Descriptors that are real, to be closed for real. */
  readonly #fds = new Set<number>();
  #signalled = false;
  #dead = false;
  #patienceMs = PATIENCE_MS;
  /** MB_SIGNALS of all waits: they were for the guard. */
  signals = 0;

  constructor(arena: Arena, real: Sacrifice) {
    super(arena, real.pid);
    this.#real = real;
    this.#reaps = real.arena.mailbox[MB_REAPS];
  }

  /** Takes what a call is told to the guard's mailbox, makes it, and notes the
   * descriptor it may have opened. */
  #call(call: () => number, words: readonly number[], opens = false): number {
    const { mailbox } = this.#real.arena;
    for (const word of words) mailbox[word] = this.arena.mailbox[word];
    const rc = call();
    if (opens && rc >= 0) this.#fds.add(rc);
    return rc;
  }

  #wait(ms: number): void {
    const { arena, ports, pid } = this.#real;
    const { mailbox, events } = arena;
    mailbox[MB_TIMEOUT_MS] = ms;
    ports.wait();
    this.signals |= mailbox[MB_SIGNALS];
    for (let i = 0; i < mailbox[MB_EVENTS]; i++) {
      const kind = events[i * EVENT_WORDS] >> 24;
      const who = events[i * EVENT_WORDS + 1];
      if (kind === EVENT_VICTIM && who === pid) this.#dead = true;
      else if (kind === EVENT_KEEPER) this.#noteKeeper(who);
    }
  }

  /** The keeper has ended: told once, and the guard's own turn does not hear of
   * it any more. */
  #noteKeeper(pid: number): void {
    const { gauges } = this.#real.arena;
    if (gauges[G_KEEPER_PID] !== pid) return;
    gauges[G_KEEPER_PID] = 0;
    gauges[G_SELF] &= ~SELF_KEEPER;
  }

  /** Waits until something has come to pass, but not for ever. */
  #await(done: () => boolean): void {
    while (!done() && this.#patienceMs > 0) {
      this.#patienceMs -= STEP_MS;
      this.#wait(STEP_MS);
    }
  }

  protected override isDead(): boolean {
    if (!this.#signalled) return false;
    const real = this.#real.arena.mailbox;
    this.#await(() => this.#dead);
    this.#await(() => real[MB_REAPS] !== this.#reaps);
    const { mailbox } = this.arena;
    for (const word of [MB_REAP_PID, MB_REAP_RESULT, MB_REAP_US, MB_REAPS]) {
      mailbox[word] = real[word];
    }
    return this.#dead;
  }

  override sense(): number {
    this.#real.ports.sense();
    return super.sense();
  }

  override sample(): number {
    const { sampleFds } = this.arena;
    const real = this.#real.arena;
    let count = 0;
    for (let i = 0; i < this.arena.mailbox[MB_COUNT]; i++) {
      if (this.#fds.has(sampleFds[i])) real.sampleFds[count++] = sampleFds[i];
    }
    real.mailbox[MB_COUNT] = count;
    this.#real.ports.sample();
    return super.sample();
  }

  /** Whether a call is about the sacrifice: the other is pretended. */
  get #isReal(): boolean {
    return this.#fds.has(this.arena.mailbox[MB_FD]);
  }

  override kill(): number {
    if (!this.#isReal) return super.kill();
    const { ports } = this.#real;
    const words = [MB_FD, MB_PID, MB_DRY_RUN];
    const rc = this.#call(() => ports.kill(), words);
    if (rc < 0) return rc;
    if (this.arena.mailbox[MB_DRY_RUN] === 0) this.#signalled = true;
    return super.kill();
  }

  override adopt(): number {
    if (this.arena.mailbox[MB_PID] !== this.pid) return super.adopt();
    const { ports, arena } = this.#real;
    const rc = this.#call(() => ports.adopt(), [MB_PID, MB_TAG], true);
    if (rc < 0) return rc;
    super.adopt();
    const statusFd = arena.mailbox[MB_STATUS_FD];
    this.#fds.add(statusFd);
    this.arena.mailbox[MB_STATUS_FD] = statusFd;
    return rc;
  }

  override openStatus(): number {
    if (!this.#isReal) return super.openStatus();
    const { ports } = this.#real;
    return this.#call(() => ports.openStatus(), [MB_FD, MB_PID], true);
  }

  override openStat(): number {
    if (!this.#isReal) return super.openStat();
    const { ports } = this.#real;
    const words = [MB_FD, MB_PID, MB_UID];
    const rc = this.#call(() => ports.openStat(), words, true);
    this.statFd = rc;
    this.arena.mailbox[MB_COUNT] = 0;
    return rc;
  }

  override readAdj(): number {
    if (!this.#isReal) return super.readAdj();
    const { ports } = this.#real;
    const rc = this.#call(() => ports.readAdj(), [MB_FD, MB_PID]);
    return rc < 0 ? rc : super.readAdj();
  }

  override close(): number {
    if (!this.#fds.delete(this.arena.mailbox[MB_FD])) return 0;
    return this.#call(() => this.#real.ports.close(), [MB_FD]);
  }

  /** Closes what the rehearsal left open, and hides its reaping. */
  end(): void {
    if (this.#signalled) this.isDead();
    const { ports, arena } = this.#real;
    for (const fd of this.#fds) {
      arena.mailbox[MB_FD] = fd;
      ports.close();
    }
    this.#fds.clear();
    arena.mailbox[MB_REAPS] = this.#reaps;
    arena.mailbox[MB_SIGNALS] = 0;
  }
}

// The simulated machine without the guard: a clock, processes, memory and
// pressure that go on by themselves. Deterministic: what happens depends on
// the plan and on the calls made, never on the host.

import { Memory, type MemoryPlan } from "./memory.ts";
import {
  ALIVE,
  EXITING,
  GONE,
  type ProcessPlan,
  SimProcess,
  ZOMBIE,
} from "./process.ts";
import { Psi } from "./psi.ts";
import { Vmpressure } from "./vmpressure.ts";

/** What happens in the world that others want to know of. */
export interface Witness {
  started?(process: SimProcess): void;
  died?(process: SimProcess): void;
  triggered?(tag: number): void;
}

/** Longest stretch computed at once while something moves, and at rest, us. */
const STEP_BUSY_US = 2_000;
const STEP_REST_US = 50_000;

/** Nobody waits for this pressure. */
const IDLE = () => {};

/** The world. */
export class World {
  readonly memory: Memory;
  readonly psi: Psi;
  readonly ioPsi: Psi;
  readonly cpuPsi: Psi;
  readonly vmpressure = new Vmpressure();
  /** CLOCK_MONOTONIC, us. */
  nowUs: number;
  /** Everybody who is not gone, by pid, in order of start. */
  readonly processes = new Map<number, SimProcess>();
  /** Kills by the kernel's own OOM killer, in order. */
  readonly kernelKills: SimProcess[] = [];
  readonly witnesses: Witness[] = [];
  /** Least memory that was ever available, kB. */
  leastAvailableKb = Infinity;
  #holders: SimProcess[] = [];
  readonly #timers: { readonly atUs: number; readonly run: () => void }[] = [];
  readonly #pidMax: number;
  #lastPid = 299;

  /** Pids go up to `pidMax`, then begin again at 300, as the kernel's do. */
  constructor(plan: MemoryPlan, bootMs: number, pidMax: number) {
    this.memory = new Memory(plan);
    this.nowUs = bootMs * 1000;
    this.psi = new Psi(this.nowUs);
    this.ioPsi = new Psi(this.nowUs);
    this.cpuPsi = new Psi(this.nowUs);
    this.#pidMax = pidMax;
  }

  /** Runs something at a time; what is past runs at the next step. */
  at(atUs: number, run: () => void): void {
    let i = this.#timers.length;
    while (i > 0 && this.#timers[i - 1].atUs > atUs) i--;
    this.#timers.splice(i, 0, { atUs, run });
  }

  /** Runs something in so many ms. */
  after(ms: number, run: () => void): void {
    this.at(this.nowUs + Math.trunc(ms * 1000), run);
  }

  /** Starts a process under the next free pid, or under `pid`. */
  start(plan: ProcessPlan, pid = this.#nextPid()): SimProcess {
    if (this.processes.has(pid)) {
      throw new RangeError(`Cannot start process: pid ${pid} is taken`);
    }
    const process = new SimProcess(pid, plan, this.nowUs);
    this.processes.set(pid, process);
    this.#holders.push(process);
    this.memory.grow(process, plan.sizeKb, 1_000_000, this.#holders);
    for (const witness of this.witnesses) witness.started?.(process);
    return process;
  }

  #nextPid(): number {
    for (let tries = 0; tries <= this.#pidMax; tries++) {
      this.#lastPid = this.#lastPid < this.#pidMax ? this.#lastPid + 1 : 300;
      if (!this.processes.has(this.#lastPid)) return this.#lastPid;
    }
    throw new RangeError("Cannot start process: every pid is taken");
  }

  /** SIGKILL: the process exits in its own time; later ones change nothing. */
  kill(process: SimProcess): void {
    if (process.state !== ALIVE || process.killedUs >= 0) return;
    if (process.plan.kernel === true) return;
    process.killedUs = this.nowUs;
    this.after(process.plan.stuckMs ?? 0, () => this.exit(process));
  }

  /** A process leaves, by itself or killed. */
  exit(process: SimProcess): void {
    if (process.state !== ALIVE) return;
    process.state = EXITING;
    process.exitSizeKb = process.sizeKb;
    if ((process.plan.exitMs ?? 0) === 0) this.#bury(process);
  }

  #bury(process: SimProcess): void {
    this.memory.release(process, process.sizeKb);
    this.#holders = this.#holders.filter((one) => one !== process);
    process.state = ZOMBIE;
    process.diedUs = this.nowUs;
    for (const witness of this.witnesses) witness.died?.(process);
    const { reapMs = 0 } = process.plan;
    if (reapMs === 0) this.reap(process);
    else this.after(reapMs, () => this.reap(process));
  }

  /** The parent takes notice: the pid is free. */
  reap(process: SimProcess): void {
    if (process.state !== ZOMBIE) return;
    process.state = GONE;
    this.processes.delete(process.pid);
  }

  /** Goes on until `untilUs`, or until `stop` says so. */
  advance(untilUs: number, stop: () => boolean): void {
    for (;;) {
      this.#runTimers();
      if (stop() || this.nowUs >= untilUs) return;
      const next = this.#timers.length > 0 ? this.#timers[0].atUs : Infinity;
      const step = this.#isBusy() ? STEP_BUSY_US : STEP_REST_US;
      this.#step(Math.min(step, untilUs - this.nowUs, next - this.nowUs));
    }
  }

  #runTimers(): void {
    while (this.#timers.length > 0 && this.#timers[0].atUs <= this.nowUs) {
      this.#timers.shift()!.run();
    }
  }

  #isBusy(): boolean {
    if (this.memory.isShort) return true;
    for (const process of this.#holders) {
      if (process.state === EXITING) return true;
      if (process.wantKb(this.nowUs, STEP_REST_US) > 0) return true;
    }
    return false;
  }

  #step(us: number): void {
    const memory = this.memory;
    const holders = this.#holders;
    this.nowUs += us;
    let someUs = 0;
    let wanting = 0;
    let waitedUs = 0;
    for (const process of holders) {
      if (process.state === EXITING) {
        this.#giveBack(process, us);
        continue;
      }
      const wantKb = process.wantKb(this.nowUs, us);
      if (wantKb <= 0) continue;
      const waited = memory.grow(process, wantKb, us, holders);
      process.stalledUs += waited;
      someUs = Math.max(someUs, waited);
      wanting++;
      waitedUs += waited;
    }
    memory.background(us, holders);
    const lost = memory.refault(us);
    // They who read again wait for the disk; they who grow share a processor.
    this.ioPsi.pass(this.nowUs, us * Math.min(lost, 1), us * lost * lost, IDLE);
    const share = wanting > 1 ? us * (wanting - 1) / wanting / 4 : 0;
    this.cpuPsi.pass(this.nowUs, share, 0, IDLE);
    someUs = Math.max(someUs, us * Math.min(lost * 2, 1));
    // All wait when nobody gets on: what runs besides the growing ones needs
    // its file pages.
    const fullUs = Math.min(
      someUs,
      us * lost * lost + (wanting > 0 ? waitedUs / wanting * lost : 0),
    );
    this.leastAvailableKb = Math.min(
      this.leastAvailableKb,
      memory.availableKb,
    );
    const fire = (tag: number) => {
      for (const witness of this.witnesses) witness.triggered?.(tag);
    };
    this.psi.pass(this.nowUs, someUs, fullUs, fire);
    this.vmpressure.pass(memory, fire);
    if (memory.isOut) this.#kernelKill();
  }

  #giveBack(process: SimProcess, us: number): void {
    const ms = Math.max(process.plan.exitMs ?? 0, 1);
    const kb = process.exitSizeKb / ms * us / 1000;
    this.memory.release(process, Math.min(kb, process.sizeKb));
    if (process.sizeKb < 1) this.#bury(process);
  }

  /** The kernel's own choice: rss and swap, shifted by oom_score_adj
   * (mm/oom_kill.c, oom_badness). */
  #kernelKill(): void {
    let worst: SimProcess | null = null;
    let most = 0;
    for (const process of this.#holders) {
      const { kernel = false } = process.plan;
      if (kernel || process.pid === 1 || process.adj <= -1000) continue;
      // One exits already: the kernel waits for it.
      if (process.killedUs >= 0 && process.state !== ZOMBIE) return;
      const points = process.sizeKb +
        process.adj * this.memory.plan.totalKb / 1000;
      if (points <= most) continue;
      most = points;
      worst = process;
    }
    if (worst === null) return;
    worst.byKernel = true;
    this.kernelKills.push(worst);
    this.kill(worst);
  }
}

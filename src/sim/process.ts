// A simulated process: what it holds, how it grows, and how it dies. A process
// keeps its identity for ever; its pid may later be another's.

/** How a process behaves; times count from its start. */
export interface ProcessPlan {
  readonly name: string;
  /** What it was started as, arguments apart; its name unless told. */
  readonly title?: string;
  readonly adj: number;
  readonly uid?: number;
  /** Memory at its start, kB. */
  readonly sizeKb: number;
  /** Growth, kB per ms; 0 unless told. */
  readonly growKbPerMs?: number;
  /** When growth begins, ms. */
  readonly growAfterMs?: number;
  /** Size at which growth ends, kB; without end unless told. */
  readonly growToKb?: number;
  /** Its memory cannot be swapped out (mlock). */
  readonly locked?: boolean;
  /** Memory that it keeps touching, which is never swapped out, kB. */
  readonly hotKb?: number;
  /** From SIGKILL until it begins to exit (it sat in the kernel), ms. */
  readonly stuckMs?: number;
  /** How long it then takes to give its memory back, ms. */
  readonly exitMs?: number;
  /** From its death until its parent takes notice and the pid is free, ms. */
  readonly reapMs?: number;
  /** A kernel thread: no memory of its own, cannot be killed. */
  readonly kernel?: boolean;
  /** Who forked it; init unless told. */
  readonly parentPid?: number;
  /** Must never be signalled. */
  readonly precious?: boolean;
}

/** Runs. */
export const ALIVE = 0;
/** Gives its memory back. */
export const EXITING = 1;
/** Dead; its parent has not noticed. */
export const ZOMBIE = 2;
/** Gone: its pid may be another's. */
export const GONE = 3;

/** One process. */
export class SimProcess {
  readonly pid: number;
  readonly plan: ProcessPlan;
  readonly startedUs: number;
  readonly uid: number;
  /** What /proc/PID/oom_score_adj says. */
  adj: number;
  name: string;
  state = ALIVE;
  /** Resident memory, kB. */
  anonKb = 0;
  /** Memory in swap, kB. */
  swapKb = 0;
  /** When SIGKILL first reached it, us; -1 before. */
  killedUs = -1;
  /** When it died, us; -1 before. */
  diedUs = -1;
  /** Killed by the simulated kernel. */
  byKernel = false;
  /** Size when it began to exit, kB. */
  exitSizeKb = 0;
  /** Soft limit of its own memory group, MiB; -1: none was ever set. */
  softLimitMib = -1;
  /** Pages it got without, and by, reading. */
  minorFaults = 0;
  majorFaults = 0;
  /** Time it has been waiting for memory since it started, us. */
  stalledUs = 0;

  constructor(pid: number, plan: ProcessPlan, nowUs: number) {
    this.pid = pid;
    this.plan = plan;
    this.startedUs = nowUs;
    this.adj = plan.adj;
    this.name = plan.name;
    this.uid = plan.uid ?? 0;
  }

  /** What /proc/PID/cmdline begins with: kernel threads and the dead have
   * none. */
  get title(): string {
    const has = this.plan.kernel !== true && this.state === ALIVE;
    return has ? this.plan.title ?? this.name : "";
  }

  /** Resident and swapped, kB. */
  get sizeKb(): number {
    return this.anonKb + this.swapKb;
  }

  /** Resident memory that swapping may take without anybody noticing, kB. */
  get coldKb(): number {
    if (this.plan.locked === true) return 0;
    return Math.max(this.anonKb - (this.plan.hotKb ?? 0), 0);
  }

  /** What it would take within `us` from `nowUs` on, kB. */
  wantKb(nowUs: number, us: number): number {
    const { growKbPerMs = 0, growAfterMs = 0, growToKb = Infinity } = this.plan;
    if (growKbPerMs === 0 || this.state !== ALIVE) return 0;
    if (nowUs - this.startedUs < growAfterMs * 1000) return 0;
    return Math.min(growKbPerMs * us / 1000, growToKb - this.sizeKb);
  }
}

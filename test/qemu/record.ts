// The record of a scene or a trial: its processes, the machine over time, and
// what was said. Plain data; events.ts fills it.

/** One process of the scene and what became of it. */
export interface Proc {
  pid: number;
  kind: string;
  name: string;
  adj: number;
  uid: number;
  culprit: boolean;
  spawnUs: number;
  /** Resident and swapped size whenever it had changed, oldest first. */
  sizes: Size[];
  death?: Death;
}

export interface Size {
  atUs: number;
  rssKb: number;
  swapKb: number;
}

export interface Death {
  atUs: number;
  /** When the guard had last been alarmed by then, us wrapped. */
  alarmUs?: number;
  /** 0: it ended by itself, with `code`. */
  signal: number;
  code: number;
}

/** The machine every 20 ms. */
export interface Sample {
  atUs: number;
  availKb: number;
  freeKb: number;
  fileKb: number;
  swapFreeKb: number;
  mlockedKb: number;
  someUs: number;
  fullUs: number;
  /** How far the culprit has grown. */
  grownKb: number;
  /** How late the worst foreground beat since the last sample was. */
  lateUs: number;
}

export interface Heart {
  count: number;
  p50Us: number;
  p99Us: number;
  maxUs: number;
}

export interface GuardSize {
  rssKb: number;
  anonKb: number;
  swapKb: number;
  lockedKb: number;
  cpuMs: number;
  /** With its keeper's: time on a CPU, how often a thread went to sleep, and
   * what the keeper holds. */
  cpuUs: number;
  sleeps: number;
  keeperKb: number;
}

export interface Vmstat {
  oomKill: number;
  swapInPages: number;
  swapOutPages: number;
  majorFaults: number;
  refaultFilePages: number;
}

/** A line that somebody wrote: the guard, the kernel, or the runner itself. */
export interface Remark {
  atUs: number;
  from: "guard" | "client" | "kernel" | "note" | "status" | "before";
  line: string;
}

/** What the runner did to the guard. */
export interface Struck {
  atUs: number;
  how: string;
  /** Whom the guard would have killed next; 0: nobody. */
  nextPid: number;
  isDone: boolean;
}

/** What the kernel was told to record. */
export interface Tracing {
  guardPid: number;
  threads: number;
  keepers: number;
  /** Kinds of allocation that this kernel can record. */
  events: number;
  hasTurns: boolean;
  hasSignals: boolean;
}

/** Allocations refused so far, as the fault-injection kernel counts them. */
export interface Starved {
  atUs: number;
  slab: number;
  pages: number;
}

/** What the guard answered to a command of the runner's. */
export interface Reply {
  atUs: number;
  asked: number;
  command: number;
  value: number;
  bytes: number;
}

/** The importance a process was to have, and the one the kernel tells. */
export interface Placed {
  pid: number;
  want: number;
  got: number;
}

export interface Run {
  procs: Proc[];
  samples: Sample[];
  remarks: Remark[];
  replies: Reply[];
  placed: Placed[];
  /** Lines of the kernel's trace, and the guard's journal as words. */
  trace: string[];
  /** The guard's mappings at the end, as /proc/PID/maps has them. */
  maps: string[];
  journal: Int32Array[];
  tracing?: Tracing;
  struck?: Struck;
  /** When a guard that was started again had let the runner in. */
  againUs?: number;
  /** Threads whose allocations were refused, and that it was so. */
  starving?: { threads: number; works: boolean };
  starved: Starved[];
  /** Longest wait of the reader of a command line, us. */
  blockedUs?: number;
  totalKb: number;
  /** 0: not reached. */
  populatedUs: number;
  beginUs: number;
  endUs: number;
  grownUs: number;
  /** The culprit died or got everything, and the machine had time to settle. */
  isDecided: boolean;
  /** The runner finished and told everything. */
  isDone: boolean;
  guardReadyMs?: number;
  guardHasSocket: boolean;
  guardDeath?: Death;
  clientDeath?: Death;
  guardBefore?: GuardSize;
  guardAfter?: GuardSize;
  heart?: Heart;
  vmBefore?: Vmstat;
  vmAfter?: Vmstat;
  badLineCount: number;
  droppedCount: number;
}

/** A record in which nothing has happened. */
export function emptyRun(): Run {
  return {
    procs: [],
    samples: [],
    remarks: [],
    replies: [],
    placed: [],
    trace: [],
    maps: [],
    journal: [],
    starved: [],
    totalKb: 0,
    populatedUs: 0,
    beginUs: 0,
    endUs: 0,
    grownUs: 0,
    isDecided: false,
    isDone: false,
    guardHasSocket: false,
    badLineCount: 0,
    droppedCount: 0,
  };
}

// What the model of lmkd is shown in a pass, and what it answers: sizes and
// counters as they are, without wrapping.

/** What a machine shows in one pass; sizes in pages. */
export interface World {
  memFree: bigint;
  cmaFree: bigint;
  inactiveFile: bigint;
  activeAnon: bigint;
  inactiveAnon: bigint;
  shmem: bigint;
  swapTotal: bigint;
  swapFree: bigint;
  refault: bigint;
  fileLru: bigint;
  pgscanDirect: bigint;
  pgscanKswapd: bigint;
  pgrefill: bigint;
  marks: { min: bigint; low: bigint; high: bigint };
  /** avg10 of "full", percent. */
  fullAvg10: number;
}

/** Properties by their names. */
export interface Properties {
  swap_free_low_percentage: bigint;
  thrashing_limit: bigint;
  thrashing_limit_decay: bigint;
  thrashing_limit_critical: bigint;
  swap_util_max: bigint;
  filecache_min_kb: bigint;
  stall_limit_critical: number;
  pressure_after_kill_min_score: number;
  lowmem_min_oom_score: number;
  direct_reclaim_threshold_ms: number;
  swap_compression_ratio: bigint;
  swap_compression_ratio_div: bigint;
  kill_timeout_ms: number;
  page_kb: bigint;
}

/** What happens in one pass. */
export interface Visit {
  now: number;
  /** 1 medium, 2 critical; null: a poll. */
  level: 1 | 2 | null;
  world: World;
  /** What is seen when the first reason ever is looked at again. */
  second: World;
  victim: boolean;
  parses: boolean;
}

/** What the model says of a pass. */
export interface Answer {
  did: "dropped" | "skipped" | "blind" | "judged";
  reason: number;
  floor: number;
  limit: bigint;
  carry: bigint;
  maxThrashing: bigint;
  polling: "off" | "on" | "paused";
  interval: number;
  nextPoll: number | null;
  skippedWakeups: number;
  wakeups: number;
}

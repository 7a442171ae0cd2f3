// One pass of lmkd's new strategy that a table describes: memory, swap and
// thrashing on either side of their limits.

import assert from "node:assert/strict";
import * as r from "../../src/state/reasons.ts";
import { type Cause, type Columns, Script, type Settings } from "./script.ts";

/** Free memory below each watermark, and just not. */
export const MIN = { MEM_FREE_KB: 3_996 };
export const AT_MIN = { MEM_FREE_KB: 4_000 };
export const LOW = { MEM_FREE_KB: 7_996 };
export const AT_LOW = { MEM_FREE_KB: 8_000 };
export const LOW_SWAP = { SWAP_FREE_KB: 52_424 };
export const AT_SWAP = { SWAP_FREE_KB: 52_428 };
export const UTIL = { SET_SWAP_UTIL_MAX_PERCENT: 39, SET_SWAP_RATIO: 0 };
/** 300000 of swap used, of 450000 more that could be: 40 %. */
export const USED = {
  SWAP_TOTAL_KB: 400_000,
  SWAP_FREE_KB: 100_000,
  ACTIVE_ANON_KB: 150_000,
  INACTIVE_ANON_KB: 150_000,
  SHMEM_KB: 150_000,
};

/** What a row of a table says of its pass. */
export interface Case {
  readonly cause?: Cause;
  readonly now?: Columns;
  readonly settings?: Settings;
  /** Refaults per 100 file pages in this window. */
  readonly thrashing?: number;
  readonly direct?: boolean;
  readonly afterKill?: boolean;
  /** The dynamic limit, where a kill has cut it. */
  readonly limit?: number;
  readonly armed?: boolean;
}

/** Reason, floor, cut, armed: of the pass of a case. */
export function judged(one: Case): [number, number, number, number] {
  const script = new Script(one.settings, { FILE_LRU_PAGES: 99 });
  // A pass before it, with nothing amiss, sets the baselines.
  script.pass({ cause: "poll", now: { VM_PGSCAN_KSWAPD: 1 } });
  const { history } = script.words;
  if (one.afterKill) history[r.HIST_KILLED] = 1;
  if (one.limit !== undefined) {
    history[r.HIST_THRASHING_LIMIT_PERCENT] = one.limit;
  }
  if (one.armed) history[r.HIST_FILECACHE_ARMED] = 1;
  const { reason, floor } = script.pass({
    cause: one.cause ?? "poll",
    after: 10,
    now: {
      VM_PGSCAN_KSWAPD: 2,
      REFAULT: one.thrashing ?? 0,
      VM_PGSCAN_DIRECT: one.direct ? 1 : 0,
      ...one.now,
    },
    nobody: true,
  });
  const cut = history[r.HIST_CUT_LIMIT]!;
  return [reason, floor, cut, history[r.HIST_FILECACHE_ARMED]!];
}

/** Name, case, and what its pass comes to. */
export type Row = readonly [
  name: string,
  one: Case,
  reason: number,
  floor?: number,
  cut?: number,
  armed?: number,
];

/** Runs a table of rows. */
export function check(rows: readonly Row[]): void {
  for (const [name, one, reason, floor = 0, cut = 0, armed = 0] of rows) {
    const want = [reason, reason === -1 ? 0 : floor, cut, armed];
    assert.deepEqual(judged(one), want, name);
  }
}

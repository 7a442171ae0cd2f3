// lmkd's old strategy by tiers of minfree that a client has told.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import * as r from "../../src/state/reasons.ts";
import {
  LMKD_MINFREE,
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
  STRATEGY_LMKD,
  STRATEGY_MINFREE,
} from "../../src/state/settings.ts";
import { conforms } from "./conforms.ts";
import {
  type Cause,
  type Columns,
  type Pass,
  runSteps,
  Script,
  type Settings,
} from "./script.ts";

/** Tiers told by a client: pages, adj. */
function minfree(tiers: readonly (readonly number[])[], more: Settings = {}) {
  const script = new Script({ SET_LMKD_MODE: LMKD_MINFREE, ...more });
  const { settings } = script.words;
  settings[SET_TIERS] = tiers.length;
  for (const [i, [pages, adj]] of tiers.entries()) {
    settings[SET_TIER_PAGES + i] = pages!;
    settings[SET_TIER_ADJ + i] = adj!;
  }
  return script;
}

const alone = (cause: Cause, now: Columns = {}): Pass => ({
  cause,
  now,
  nobody: true,
});

conforms("5", "tiers: other_free and other_file, both below", () => {
  /** What is free beyond the reserve of 3000, and the file cache, pages. */
  const at = (free: number, file: number): Columns => ({
    MEM_FREE_KB: (3_000 + free) * 4,
    CACHED_KB: file * 4,
    BUFFERS_KB: 0,
    SWAP_CACHED_KB: 0,
    SHMEM_KB: 0,
    UNEVICTABLE_KB: 0,
  });
  const tiers = [[1_000, 0], [2_000, 300], [4_000, 900]];
  const rows: [Columns, floor: number | null][] = [
    [{ ...at(0, 0), MEM_FREE_KB: ABSENT }, 0],
    [at(-3_000, 0), 0],
    [at(-3_000, 4_000), null],
    [at(999, 999), 0],
    [at(1_000, 999), 300],
    [at(999, 1_000), 300],
    [at(1_999, 1_999), 300],
    [at(2_000, 0), 900],
    [at(3_999, 3_999), 900],
    [at(4_000, 0), null],
    [at(0, 4_000), null],
    // Cached + Buffers - Shmem - Unevictable; SwapCached cancels out.
    [{ ...at(0, 5_000), SHMEM_KB: 6_000, UNEVICTABLE_KB: 6_000 }, 900],
    [{ ...at(0, 5_000), SHMEM_KB: 6_004, UNEVICTABLE_KB: 6_000 }, 300],
    [{ ...at(0, 100), BUFFERS_KB: 16_000 }, null],
    [{ ...at(0, 100), SWAP_CACHED_KB: 400_000 }, 0],
    [{ ...at(0, 100), SHMEM_KB: 400_000 }, 0],
    // Not told: no reserve, nothing that cannot be dropped.
    [{ ...at(0, 4_000), SHMEM_KB: ABSENT, UNEVICTABLE_KB: ABSENT }, null],
    [{ ...at(1_000, 0), TOTAL_RESERVE_PAGES: ABSENT }, null],
  ];
  for (const [now, floor] of rows) {
    const got = minfree(tiers).pass(alone("some", now));
    const want = floor === null
      ? [r.REASON_NONE, 0]
      : [r.REASON_MINFREE, floor];
    assert.deepEqual([got.reason, got.floor], want, JSON.stringify(now));
  }
});

conforms("5", "tiers: the first that fits, whatever their order", () => {
  const now = { MEM_FREE_KB: 12_200, CACHED_KB: 200 };
  const rows: [number[][], Settings, number | null][] = [
    [[], {}, null],
    [[[0, 0], [1, 0]], {}, null],
    [[[51, 0]], {}, 0],
    [[[50, 0], [60, 5]], {}, 5],
    [[[60, -800]], {}, 0],
    [[[10, 0], [1_000, 900], [100, 500]], {}, 900],
    [[[2_147_483_647, 1000]], {}, 1000],
    // The strategy of that name is the same.
    [[[60, 700]], { SET_STRATEGY: STRATEGY_MINFREE, SET_LMKD_MODE: 0 }, 700],
  ];
  for (const [tiers, settings, floor] of rows) {
    const script = minfree(tiers, { SET_STRATEGY: STRATEGY_LMKD, ...settings });
    const got = script.pass(alone("poll", now));
    const name = JSON.stringify(tiers);
    if (floor === null) assert.equal(got.reason, r.REASON_NONE, name);
    else assert.deepEqual([got.reason, got.floor], [r.REASON_MINFREE, floor]);
  }
});

conforms("5", "tiers: levels, stalls, swap and thrashing do not count", () => {
  const script = minfree([[100, 0]]);
  const now = { SWAP_FREE_KB: 0, REFAULT: 900_000, VM_PGSCAN_DIRECT: 3 };
  runSteps(script, [[alone("full", now), { reason: r.REASON_NONE }]]);
});

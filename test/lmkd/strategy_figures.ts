// What lmkd derives from the kernel's files, through the verdict: which figures
// make swap low, memory low, and swap utilized.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import * as r from "../../src/state/reasons.ts";
import {
  ABOVE_ALL,
  BELOW_HIGH,
  BELOW_LOW,
  BELOW_MIN,
  stallsCritically,
  swapIsLow,
  swapLowPages,
  swapUtilPercent,
  usableSwapPages,
  watermarkLevel,
} from "../../src/policy/watermarks.ts";
import { wordsOf } from "../policy/scene.ts";
import { conforms } from "./conforms.ts";
import { type Columns, Script, type Settings } from "./script.ts";

const PAGE_KB = 4;

/** Columns given in pages. */
function pages(columns: Columns): Columns {
  const entries = Object.entries(columns).map(([name, value]) => {
    const inKb = name.endsWith("_KB") && value !== ABSENT;
    return [name, inKb ? value * PAGE_KB : value];
  });
  return Object.fromEntries(entries);
}

conforms("4.2", "easily available: MemFree and Inactive(file)", () => {
  // Swap to be had: no more than that, times the ratio.
  const rows: [Columns, Settings, usable: number][] = [
    [{ SWAP_FREE_KB: ABSENT }, {}, 0],
    [{ MEM_FREE_KB: 0, INACTIVE_FILE_KB: 0 }, {}, 0],
    [{ MEM_FREE_KB: 30, INACTIVE_FILE_KB: 12 }, {}, 42],
    [{ MEM_FREE_KB: 30, INACTIVE_FILE_KB: 12, ACTIVE_FILE_KB: 99 }, {}, 42],
    [{ MEM_FREE_KB: 30, CMA_FREE_KB: 29, INACTIVE_FILE_KB: 0 }, {}, 30],
    [{ MEM_FREE_KB: 500, INACTIVE_FILE_KB: 501 }, {}, 1_000],
    [{ MEM_FREE_KB: 30 }, { SET_SWAP_RATIO: 0 }, 1_000],
  ];
  for (const [columns, settings, want] of rows) {
    const snapshot = pages({
      SWAP_TOTAL_KB: 2_000,
      SWAP_FREE_KB: 1_000,
      INACTIVE_FILE_KB: 0,
      ...columns,
    });
    const words = wordsOf({ snapshot, settings });
    const got = usableSwapPages(words.snapshot, words.settings);
    assert.equal(got, want, JSON.stringify([columns, settings]));
  }
});

conforms("4.2", "usable swap: the ratio multiplies before it divides", () => {
  const rows: [ratio: number, div: number, usable: number][] = [
    [0, 1, 900],
    [1, 1, 7],
    [3, 2, 10],
    [1, 2, 3],
    [1, 8, 0],
    [2_147_483_647, 1, 900],
    [1_000_000, 1_000_000, 7],
  ];
  for (const [ratio, div, want] of rows) {
    const words = wordsOf({
      snapshot: pages({
        SWAP_FREE_KB: 900,
        MEM_FREE_KB: 5,
        INACTIVE_FILE_KB: 2,
      }),
      settings: { SET_SWAP_RATIO: ratio, SET_SWAP_RATIO_DIV: div },
    });
    const got = usableSwapPages(words.snapshot, words.settings);
    assert.equal(got, want, `${ratio} / ${div}`);
  }
});

conforms("4.2", "swap is low below its share of the total", () => {
  type Row = [total: number, free: number, percent: number, least: number];
  const rows: [...Row, low: boolean][] = [
    [0, 0, 10, 0, false],
    [0, 0, 100, 0, false],
    [1_000, 0, 0, 0, false],
    [1_000, 99, 10, 100, true],
    [1_000, 100, 10, 100, false],
    [1_009, 100, 10, 100, false],
    [9, 0, 10, 0, false],
    [1_000, 999, 100, 1_000, true],
    [500_000_000, 49_999_999, 10, 50_000_000, true],
    [500_000_000, 50_000_000, 10, 50_000_000, false],
  ];
  for (const [total, free, percent, least, low] of rows) {
    const words = wordsOf({
      snapshot: pages({ SWAP_TOTAL_KB: total, SWAP_FREE_KB: free }),
      settings: { SET_SWAP_LOW_PERCENT: percent, SET_SWAP_RATIO: 0 },
    });
    const { snapshot, settings } = words;
    const name = JSON.stringify([total, free, percent]);
    assert.equal(swapLowPages(snapshot, settings), least, name);
    assert.equal(swapIsLow(snapshot, settings), low, name);
  }
});

conforms("4.2", "which watermark is breached, from MemFree - CmaFree", () => {
  const rows: [Columns, number][] = [
    [{ MEM_FREE_KB: 0 }, BELOW_MIN],
    [{ MEM_FREE_KB: 100, CMA_FREE_KB: 200 }, BELOW_MIN],
    [{ MEM_FREE_KB: 999 }, BELOW_MIN],
    [{ MEM_FREE_KB: 1_000 }, BELOW_LOW],
    [{ MEM_FREE_KB: 1_999 }, BELOW_LOW],
    [{ MEM_FREE_KB: 2_000 }, BELOW_HIGH],
    [{ MEM_FREE_KB: 2_000, CMA_FREE_KB: 1 }, BELOW_LOW],
    [{ MEM_FREE_KB: 2_999 }, BELOW_HIGH],
    [{ MEM_FREE_KB: 3_000 }, ABOVE_ALL],
    [{ MEM_FREE_KB: 0, WATERMARK_HIGH_PAGES: ABSENT }, ABOVE_ALL],
  ];
  for (const [columns, want] of rows) {
    const { snapshot, settings } = wordsOf({ snapshot: pages(columns) });
    const got = watermarkLevel(snapshot, settings);
    assert.equal(got, want, JSON.stringify(columns));
  }
});

conforms("4.2", "the high watermark alone never kills", () => {
  const rows: [freeKb: number, reason: number][] = [
    [7_996, r.REASON_LOW_MEM],
    [8_000, r.REASON_NONE],
    [11_996, r.REASON_NONE],
  ];
  for (const [MEM_FREE_KB, reason] of rows) {
    const script = new Script({}, { MEM_FREE_KB, VM_PGSCAN_KSWAPD: 1 });
    assert.equal(script.pass({ cause: "some" }).reason, reason);
  }
});

conforms("4.2", "swap utilization", () => {
  // Active and inactive anon, shmem, swap total and free.
  type Row = [number, number, number, number, number];
  const rows: [...Row, percent: number][] = [
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 10, 10, 0],
    [0, 0, 0, 10, 0, 100],
    [10, 0, 0, 10, 0, 50],
    [0, 10, 0, 10, 0, 50],
    [0, 0, 10, 10, 0, 50],
    [10, 10, 10, 10, 0, 25],
    [2, 0, 0, 1, 0, 33],
    [1, 0, 0, 200, 1, 99],
  ];
  for (const [active, inactive, shmem, total, free, want] of rows) {
    const { snapshot, settings } = wordsOf({
      snapshot: pages({
        ACTIVE_ANON_KB: active,
        INACTIVE_ANON_KB: inactive,
        SHMEM_KB: shmem,
        SWAP_TOTAL_KB: total,
        SWAP_FREE_KB: free,
      }),
    });
    const got = swapUtilPercent(snapshot, settings);
    assert.equal(got, want, JSON.stringify([active, inactive, total, free]));
  }
});

conforms("4.2", "a critical stall is a share of time, not a time", () => {
  const rows: [centi: number, percent: number, want: boolean][] = [
    [ABSENT, 0, false],
    [10_000, 300, false],
    [10_000, 100, false],
    [8_000, 80, false],
    [8_001, 80, true],
    [1, 0, true],
  ];
  for (const [centi, percent, want] of rows) {
    const { snapshot, settings } = wordsOf({
      snapshot: { PSI_FULL_AVG10_CENTI: centi },
      settings: { SET_STALL_CRITICAL_PERCENT: percent },
    });
    const got = stallsCritically(snapshot, settings);
    assert.equal(got, want, `${centi} of ${percent}`);
  }
});

conforms(
  "4.2",
  "refaults and file pages: what is not told counts as nothing",
  () => {
    const script = new Script({}, { REFAULT: ABSENT, MEM_FREE_KB: 7_996 });
    const thrash = { REFAULT: 900_000, VM_PGSCAN_KSWAPD: 2 };
    assert.equal(
      script.pass({ cause: "some", now: { VM_PGSCAN_KSWAPD: 1 }, nobody: true })
        .reason,
      r.REASON_LOW_MEM,
    );
    // Told for the first time: no window to compare with.
    const told = { cause: "poll", after: 100, now: thrash } as const;
    assert.equal(script.pass(told).reason, r.REASON_LOW_MEM);
  },
);

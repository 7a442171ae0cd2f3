// What the strategies derive from the snapshot: watermarks, swap, zram.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import {
  ABOVE_ALL,
  BELOW_HIGH,
  BELOW_LOW,
  BELOW_MIN,
  known,
  swapGainKb,
  swapIsLow,
  swapLowKb,
  swapUtilPercent,
  usableSwapKb,
  watermarkLevel,
} from "../../src/policy/watermarks.ts";
import { FREE_KB, type Scene, wordsOf } from "./scene.ts";

type Columns = NonNullable<Scene["snapshot"]>;

Deno.test("watermark level", () => {
  const rows: [Columns, number][] = [
    [{ MEM_FREE_KB: ABSENT }, BELOW_MIN],
    [{ MEM_FREE_KB: 0 }, BELOW_MIN],
    [{ MEM_FREE_KB: FREE_KB.belowMin }, BELOW_MIN],
    [{ MEM_FREE_KB: FREE_KB.atMin }, BELOW_LOW],
    [{ MEM_FREE_KB: FREE_KB.belowLow }, BELOW_LOW],
    [{ MEM_FREE_KB: FREE_KB.atLow }, BELOW_HIGH],
    [{ MEM_FREE_KB: FREE_KB.belowHigh }, BELOW_HIGH],
    [{ MEM_FREE_KB: FREE_KB.atHigh }, ABOVE_ALL],
    // Pages kept for CMA do not count as free.
    [{ MEM_FREE_KB: 12_000, CMA_FREE_KB: 1 }, BELOW_HIGH],
    [{ MEM_FREE_KB: 12_000, CMA_FREE_KB: 12_000 }, BELOW_MIN],
    [{ MEM_FREE_KB: 1_000, CMA_FREE_KB: 2_000 }, BELOW_MIN],
    // Without zoneinfo nothing can be said.
    [{ MEM_FREE_KB: 0, WATERMARK_HIGH_PAGES: ABSENT }, ABOVE_ALL],
  ];
  for (const [snapshot, want] of rows) {
    const words = wordsOf({ snapshot });
    const name = JSON.stringify(snapshot);
    assert.equal(watermarkLevel(words.snapshot, words.settings), want, name);
  }
});

Deno.test("usable swap, low swap", () => {
  /** Usable, threshold, low. */
  const rows: [Columns, percent: number, [number, number, boolean]][] = [
    // No swap is never low swap.
    [{ SWAP_TOTAL_KB: 0, SWAP_FREE_KB: 0 }, 10, [0, 0, false]],
    [{ SWAP_TOTAL_KB: ABSENT, SWAP_FREE_KB: ABSENT }, 10, [0, 0, false]],
    [{ SWAP_FREE_KB: 52_428 }, 10, [52_428, 52_428, false]],
    [{ SWAP_FREE_KB: 52_427 }, 10, [52_427, 52_428, true]],
    [{ SWAP_FREE_KB: 0 }, 0, [0, 0, false]],
    [{ SWAP_FREE_KB: 524_287 }, 100, [524_287, 524_288, true]],
    // Never more than what is easily available in RAM.
    [{ MEM_FREE_KB: 100, INACTIVE_FILE_KB: 50 }, 10, [150, 52_428, true]],
    [
      { MEM_FREE_KB: 100, INACTIVE_FILE_KB: ABSENT },
      10,
      [100, 52_428, true],
    ],
    // 2 TiB: the product does not fit an int32.
    [
      { SWAP_TOTAL_KB: 2_147_483_647, SWAP_FREE_KB: 0 },
      10,
      [0, 214_748_364, true],
    ],
  ];
  for (const [snapshot, percent, want] of rows) {
    const words = wordsOf({
      snapshot,
      settings: { SET_SWAP_LOW_PERCENT: percent },
    });
    const got = [
      usableSwapKb(words.snapshot),
      swapLowKb(words.snapshot, words.settings),
      swapIsLow(words.snapshot, words.settings),
    ];
    // mulDiv is off by less than one part in 2^18 beyond 2^31.
    assert.ok(Math.abs(Number(got[1]) - want[1]) <= want[1] / 2 ** 18);
    assert.deepEqual([got[0], got[2]], [want[0], want[2]]);
  }
});

Deno.test("swap utilization", () => {
  const anon = { ACTIVE_ANON_KB: 100, INACTIVE_ANON_KB: 100, SHMEM_KB: 100 };
  const none = { ACTIVE_ANON_KB: 0, INACTIVE_ANON_KB: 0, SHMEM_KB: 0 };
  const rows: [Columns, number][] = [
    [{ ...none, SWAP_TOTAL_KB: 0, SWAP_FREE_KB: 0 }, 0],
    [{ ...none, SWAP_TOTAL_KB: 100, SWAP_FREE_KB: 100 }, 0],
    [{ ...none, SWAP_TOTAL_KB: 100, SWAP_FREE_KB: 0 }, 100],
    [{ ...anon, SWAP_TOTAL_KB: 300, SWAP_FREE_KB: 0 }, 50],
    [{ ...anon, SWAP_TOTAL_KB: 300, SWAP_FREE_KB: 300 }, 0],
    [{ ...anon, SWAP_TOTAL_KB: 100, SWAP_FREE_KB: 0 }, 25],
    // Swap that RAM cannot feed counts as used.
    [
      {
        ...anon,
        SWAP_TOTAL_KB: 300,
        SWAP_FREE_KB: 300,
        MEM_FREE_KB: 0,
        INACTIVE_FILE_KB: 0,
      },
      50,
    ],
  ];
  for (const [snapshot, want] of rows) {
    const words = wordsOf({ snapshot });
    const name = JSON.stringify(snapshot);
    assert.equal(swapUtilPercent(words.snapshot), want, name);
  }
});

Deno.test("what swapping gives back", () => {
  const zram = { SWAP_ZRAM_TOTAL_KB: 524_288 };
  const rows: [string, Columns, number][] = [
    ["no swap", { SWAP_TOTAL_KB: 0, SWAP_FREE_KB: 0 }, 0],
    ["disk: all that is free", { SWAP_FREE_KB: 300_000 }, 300_000],
    ["no more than there is to swap", { SWAP_FREE_KB: 524_288 }, 400_000],
    ["zram, empty: half", { ...zram, SWAP_FREE_KB: 300_000 }, 150_000],
    [
      "zram, nearly empty: half",
      { ...zram, SWAP_FREE_KB: 1_000, ZRAM_ORIGINAL_KB: 4_095 },
      500,
    ],
    [
      "zram at a third",
      {
        ...zram,
        SWAP_FREE_KB: 300_000,
        ZRAM_ORIGINAL_KB: 90_000,
        ZRAM_USED_KB: 30_000,
      },
      200_000,
    ],
    [
      "zram that does not compress",
      {
        ...zram,
        SWAP_FREE_KB: 300_000,
        ZRAM_ORIGINAL_KB: 90_000,
        ZRAM_USED_KB: 90_000,
      },
      0,
    ],
    [
      "zram that takes more than it stores",
      {
        ...zram,
        SWAP_FREE_KB: 300_000,
        ZRAM_ORIGINAL_KB: 90_000,
        ZRAM_USED_KB: 95_000,
      },
      0,
    ],
  ];
  for (const [name, snapshot, want] of rows) {
    assert.equal(swapGainKb(wordsOf({ snapshot }).snapshot), want, name);
  }
  assert.equal(known(Int32Array.of(ABSENT, -5), 0), 0);
  assert.equal(known(Int32Array.of(ABSENT, -5), 1), -5);
});

// What the strategies derive from the snapshot: watermarks, swap, zram.

import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { ABSENT } from "../../src/base/scan.ts";
import {
  ABOVE_ALL,
  BELOW_HIGH,
  BELOW_LOW,
  BELOW_MIN,
  kbOf,
  known,
  percentOf,
  stallsCritically,
  swapGainKb,
  swapIsLow,
  swapLowPages,
  swapUtilPercent,
  usableSwapKb,
  usableSwapPages,
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
    [{ MEM_FREE_KB: 12_000, CMA_FREE_KB: 4 }, BELOW_HIGH],
    // Less than a page of them is none.
    [{ MEM_FREE_KB: 12_000, CMA_FREE_KB: 3 }, ABOVE_ALL],
    [{ MEM_FREE_KB: 0, CMA_FREE_KB: 2_147_483_647 }, BELOW_MIN],
    [{ MEM_FREE_KB: 2_147_483_647 }, ABOVE_ALL],
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
  /** Usable, threshold, pages; low. */
  type Row = [Columns, Scene["settings"], [number, number, boolean]];
  const ten = {};
  const some = { MEM_FREE_KB: 4_000, INACTIVE_FILE_KB: 2_000 };
  const huge = {
    SWAP_TOTAL_KB: 2_147_483_647,
    SWAP_FREE_KB: 2_147_483_647,
    MEM_FREE_KB: 2_147_483_647,
    INACTIVE_FILE_KB: 2_147_483_647,
  };
  const rows: Row[] = [
    // No swap is never low swap.
    [{ SWAP_TOTAL_KB: 0, SWAP_FREE_KB: 0 }, ten, [0, 0, false]],
    [{ SWAP_TOTAL_KB: ABSENT, SWAP_FREE_KB: ABSENT }, ten, [0, 0, false]],
    [{ SWAP_FREE_KB: 52_428 }, ten, [13_107, 13_107, false]],
    // A page that is not whole does not count.
    [{ SWAP_FREE_KB: 52_427 }, ten, [13_106, 13_107, true]],
    [{ SWAP_FREE_KB: 0 }, { SET_SWAP_LOW_PERCENT: 0 }, [0, 0, false]],
    [{ SWAP_FREE_KB: 0 }, { SET_SWAP_LOW_PERCENT: -5 }, [0, 0, false]],
    [{ SWAP_FREE_KB: 524_287 }, { SET_SWAP_LOW_PERCENT: 100 }, [
      131_071,
      131_072,
      true,
    ]],
    // Never more than what is easily available in RAM, times the ratio.
    [some, ten, [1_500, 13_107, true]],
    [some, { SET_SWAP_RATIO: 3 }, [4_500, 13_107, true]],
    [some, { SET_SWAP_RATIO: 7, SET_SWAP_RATIO_DIV: 2 }, [
      5_250,
      13_107,
      true,
    ]],
    [some, { SET_SWAP_RATIO: 2, SET_SWAP_RATIO_DIV: 7 }, [428, 13_107, true]],
    // Ratio 0: RAM does not limit it. A divisor of 0 is none.
    [some, { SET_SWAP_RATIO: 0 }, [131_072, 13_107, false]],
    [some, { SET_SWAP_RATIO: 0, SET_SWAP_RATIO_DIV: 0 }, [
      131_072,
      13_107,
      false,
    ]],
    [some, { SET_SWAP_RATIO_DIV: 0 }, [1_500, 13_107, true]],
    [some, { SET_SWAP_RATIO: -1 }, [0, 13_107, true]],
    [{ ...some, INACTIVE_FILE_KB: ABSENT }, ten, [1_000, 13_107, true]],
    // 2 TiB: products that do not fit an int32.
    [{ SWAP_TOTAL_KB: 2_147_483_647, SWAP_FREE_KB: 0 }, ten, [
      0,
      53_687_091,
      true,
    ]],
    [huge, { SET_SWAP_RATIO: 2_147_483_647 }, [
      536_870_911,
      53_687_091,
      false,
    ]],
  ];
  for (const [snapshot, settings, want] of rows) {
    const words = wordsOf({ snapshot, ...(settings && { settings }) });
    const got = [
      usableSwapPages(words.snapshot, words.settings),
      swapLowPages(words.snapshot, words.settings),
      swapIsLow(words.snapshot, words.settings),
    ];
    const name = JSON.stringify([snapshot, settings]);
    assert.deepEqual(got, want, name);
    const kb = usableSwapKb(words.snapshot, words.settings);
    assert.equal(kb, want[0] * 4, name);
  }
});

Deno.test("percentOf: whole percents of any two int32", () => {
  const most = 2_147_483_647;
  const rows: [part: number, whole: number, want: number][] = [
    [most, 1, most],
    [most, 99, most],
    [most, 100, most],
    [most, 101, 2_126_221_432],
    [21_474_836, 1, most],
    [21_474_835, 1, 2_147_483_500],
    [most, most, 100],
    [most - 1, most, 99],
    [1, most, 0],
    [214_748_363, 214_748_364, 99],
    [-1, 100, 0],
    [0, 5, 0],
    [5, 0, 0],
    [5, -5, 0],
    [2, 3, 66],
    [199, 200, 99],
  ];
  for (const [part, whole, want] of rows) {
    assert.equal(percentOf(part, whole), want, `${part} of ${whole}`);
  }
  const prng = new Prng("percentOf");
  for (let i = 0; i < 20_000; i++) {
    const part = (prng.next() & most) >> prng.below(31);
    const whole = 1 + ((prng.next() & most) - 1 >> prng.below(31));
    const exact = BigInt(part) * 100n / BigInt(whole);
    const want = exact > BigInt(most) ? most : Number(exact);
    assert.equal(percentOf(part, whole), want, `${part} of ${whole}`);
  }
});

Deno.test("pages to kB and back", () => {
  const rows: [pages: number, pageKb: number, kb: number][] = [
    [2_147_483_647, 4, 2_147_483_647],
    [-2_147_483_648, 4, -2_147_483_647],
    [536_870_911, 4, 2_147_483_644],
    [-3, 16, -48],
    [5, 0, 20],
    [0, 4, 0],
  ];
  for (const [pages, pageKb, kb] of rows) {
    const { settings } = wordsOf({ settings: { SET_PAGE_KB: pageKb } });
    assert.equal(kbOf(pages, settings), kb, `${pages} of ${pageKb} kB`);
  }
});

Deno.test("a critical stall", () => {
  const rows: [centi: number, percent: number, want: boolean][] = [
    [ABSENT, 0, false],
    [ABSENT, -1, false],
    [0, -1, true],
    [0, -2_147_483_648, true],
    [10_000, 100, false],
    [10_000, 2_147_483_647, false],
    [10_000, 99, true],
    [9_900, 99, false],
    [1, 0, true],
    [0, 0, false],
  ];
  for (const [centi, percent, want] of rows) {
    const words = wordsOf({
      snapshot: { PSI_FULL_AVG10_CENTI: centi },
      settings: { SET_STALL_CRITICAL_PERCENT: percent },
    });
    const got = stallsCritically(words.snapshot, words.settings);
    assert.equal(got, want, `${centi} of ${percent}`);
  }
});

Deno.test("swap utilization", () => {
  const anon = { ACTIVE_ANON_KB: 400, INACTIVE_ANON_KB: 400, SHMEM_KB: 400 };
  const none = { ACTIVE_ANON_KB: 0, INACTIVE_ANON_KB: 0, SHMEM_KB: 0 };
  const most = 2_147_483_647;
  const rows: [Columns, number][] = [
    [{ ...none, SWAP_TOTAL_KB: 0, SWAP_FREE_KB: 0 }, 0],
    [{ ...none, SWAP_TOTAL_KB: 400, SWAP_FREE_KB: 400 }, 0],
    [{ ...none, SWAP_TOTAL_KB: 400, SWAP_FREE_KB: 0 }, 100],
    // More free than there is: nothing is used.
    [{ ...none, SWAP_TOTAL_KB: 400, SWAP_FREE_KB: 800 }, 0],
    [{ ...anon, SWAP_TOTAL_KB: 1_200, SWAP_FREE_KB: 0 }, 50],
    [{ ...anon, SWAP_TOTAL_KB: 1_200, SWAP_FREE_KB: 1_200 }, 0],
    [{ ...anon, SWAP_TOTAL_KB: 400, SWAP_FREE_KB: 0 }, 25],
    [{ ...anon, SHMEM_KB: ABSENT, SWAP_TOTAL_KB: 400, SWAP_FREE_KB: 0 }, 33],
    // Swap that RAM cannot feed counts as used.
    [
      {
        ...anon,
        SWAP_TOTAL_KB: 1_200,
        SWAP_FREE_KB: 1_200,
        MEM_FREE_KB: 0,
        INACTIVE_FILE_KB: 0,
      },
      50,
    ],
    [
      {
        ACTIVE_ANON_KB: most,
        INACTIVE_ANON_KB: most,
        SHMEM_KB: most,
        SWAP_TOTAL_KB: most,
        SWAP_FREE_KB: 0,
      },
      25,
    ],
  ];
  for (const [snapshot, want] of rows) {
    const words = wordsOf({ snapshot });
    const name = JSON.stringify(snapshot);
    assert.equal(swapUtilPercent(words.snapshot, words.settings), want, name);
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

// Tiers of minfree: both free memory and file cache must be below a tier.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import {
  decideMinfree,
  otherFilePages,
  otherFreePages,
} from "../../src/policy/minfree.ts";
import {
  REASON_MINFREE,
  REASON_NONE,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_LIMIT2,
  VERDICT_REASON,
  VERDICT_VALUE,
  VERDICT_VALUE2,
} from "../../src/state/reasons.ts";
import { type Scene, wordsOf } from "./scene.ts";

type Columns = NonNullable<Scene["snapshot"]>;

/** The defaults of a 512 MB device of its time: pages and adj. */
const TIERS = [
  [3_072, 0],
  [4_096, 58],
  [6_144, 117],
  [7_168, 176],
  [8_192, 529],
  [10_240, 1000],
] as const;

/** Columns in which other_free and other_file are so many pages. */
function pages(free: number, file: number): Columns {
  return {
    MEM_FREE_KB: (free + 3_000) * 4,
    TOTAL_RESERVE_PAGES: 3_000,
    CACHED_KB: file * 4,
    BUFFERS_KB: 0,
    SWAP_CACHED_KB: 0,
    SHMEM_KB: 0,
    UNEVICTABLE_KB: 0,
  };
}

/** `want`: floor and limit in kB, or null for nobody. */
function check(
  snapshot: Columns,
  tiers: Scene["tiers"],
  want: [floor: number, limitKb: number] | null,
): void {
  const words = wordsOf({ snapshot, ...(tiers && { tiers }) });
  decideMinfree(words.snapshot, words.settings, words.verdict);
  const name = JSON.stringify(snapshot);
  const reason = want === null ? REASON_NONE : REASON_MINFREE;
  assert.equal(words.verdict[VERDICT_REASON], reason, name);
  if (want === null) return;
  assert.equal(words.verdict[VERDICT_FLOOR_ADJ], want[0], name);
  assert.equal(words.verdict[VERDICT_LIMIT], want[1], name);
  const free = otherFreePages(words.snapshot, words.settings);
  const file = otherFilePages(words.snapshot, words.settings);
  assert.equal(words.verdict[VERDICT_VALUE], free * 4, name);
  assert.equal(words.verdict[VERDICT_VALUE2], file * 4, name);
  assert.equal(words.verdict[VERDICT_LIMIT2], want[1], name);
}

Deno.test("the first tier undercut by both decides", () => {
  check(pages(10_240, 0), TIERS, null);
  check(pages(0, 10_240), TIERS, null);
  check(pages(1_000_000, 1_000_000), TIERS, null);
  check(pages(10_239, 10_239), TIERS, [1000, 40_960]);
  check(pages(0, 10_239), TIERS, [1000, 40_960]);
  check(pages(10_239, 0), TIERS, [1000, 40_960]);
  check(pages(8_191, 8_191), TIERS, [529, 32_768]);
  check(pages(8_192, 8_191), TIERS, [1000, 40_960]);
  check(pages(7_167, 0), TIERS, [176, 28_672]);
  check(pages(6_143, 0), TIERS, [117, 24_576]);
  check(pages(4_095, 0), TIERS, [58, 16_384]);
  check(pages(3_071, 3_071), TIERS, [0, 12_288]);
  check(pages(3_071, 3_072), TIERS, [58, 16_384]);
  check(pages(0, 0), TIERS, [0, 12_288]);
  // Less free than the zones reserve.
  check(pages(-2_000, 0), TIERS, [0, 12_288]);
  check(pages(-2_000, 9_000), TIERS, [1000, 40_960]);
});

Deno.test("tiers as a client may send them", () => {
  check(pages(0, 0), [], null);
  check(pages(0, 0), [[0, 900]], null);
  check(pages(-1, 0), [[0, 900]], null);
  check(pages(0, 0), [[1, 900]], [900, 4]);
  // A negative adj would make system processes eligible: it counts as 0.
  check(pages(0, 0), [[100, -1000]], [0, 400]);
  // Out of order: the first that fits decides all the same.
  check(pages(50, 50), [[10, 0], [1_000, 900], [100, 500]], [900, 4_000]);
});

Deno.test("other_free and other_file", () => {
  const cache = {
    CACHED_KB: 4_000,
    BUFFERS_KB: 400,
    SWAP_CACHED_KB: 200,
    SHMEM_KB: 1_200,
    UNEVICTABLE_KB: 800,
  };
  const rows: [Columns, freePages: number, filePages: number][] = [
    // Sums that leave int32 in kB stay within it in pages.
    [
      {
        MEM_FREE_KB: 0,
        TOTAL_RESERVE_PAGES: 536_870_911,
        CACHED_KB: 2_147_483_644,
        BUFFERS_KB: 2_147_483_644,
        SWAP_CACHED_KB: 2_147_483_644,
      },
      -536_870_911,
      1_073_741_822,
    ],
    [cache, 259_144, 600],
    // What cannot be dropped is no cache.
    [{ ...cache, SHMEM_KB: 3_600 }, 259_144, 0],
    [{ ...cache, SHMEM_KB: 3_596 }, 259_144, 1],
    [{ ...cache, UNEVICTABLE_KB: 20_000 }, 259_144, 0],
    [{ ...cache, SWAP_CACHED_KB: 40_000 }, 259_144, 600],
    // Each figure counts in whole pages.
    [{ ...cache, CACHED_KB: 4_003, BUFFERS_KB: 403 }, 259_144, 600],
    [{ MEM_FREE_KB: 12_003 }, 0, 0],
    // Files that an old kernel or a group does not have.
    [{ TOTAL_RESERVE_PAGES: ABSENT }, 262_144, 0],
    [{ ...cache, SHMEM_KB: ABSENT, UNEVICTABLE_KB: ABSENT }, 259_144, 1_100],
    [{ MEM_FREE_KB: 100, TOTAL_RESERVE_PAGES: 30 }, -5, 0],
    [{ MEM_FREE_KB: ABSENT, TOTAL_RESERVE_PAGES: ABSENT }, 0, 0],
  ];
  for (const [snapshot, free, file] of rows) {
    const words = wordsOf({ snapshot });
    const name = JSON.stringify(snapshot);
    assert.equal(otherFreePages(words.snapshot, words.settings), free, name);
    assert.equal(otherFilePages(words.snapshot, words.settings), file, name);
  }
});

Deno.test("a threshold of any size is told without leaving int32", () => {
  const words = wordsOf({
    snapshot: pages(0, 0),
    tiers: [[2_147_483_647, 900]],
  });
  decideMinfree(words.snapshot, words.settings, words.verdict);
  assert.equal(words.verdict[VERDICT_REASON], REASON_MINFREE);
  assert.equal(words.verdict[VERDICT_LIMIT], 2_147_483_647);
});

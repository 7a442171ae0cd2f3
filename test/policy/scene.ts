// Scenes for the judge: a machine that is well, with what a row changes. A
// column that is not named is ABSENT, a setting or history word is 0.

import { ABSENT } from "../../src/base/scan.ts";
import { SETTINGS_WORDS } from "../../src/state/layout.ts";
import * as reasons from "../../src/state/reasons.ts";
import * as settings from "../../src/state/settings.ts";
import * as snapshot from "../../src/state/snapshot.ts";

type Words<T> = { readonly [K in keyof T]?: number };

/** What a row of a table says. */
export interface Scene {
  readonly snapshot?: Words<typeof snapshot>;
  readonly settings?: Words<typeof settings>;
  readonly history?: Words<typeof reasons>;
  /** Minfree tiers: pages, adj. */
  readonly tiers?: readonly (readonly [number, number])[];
  /** PRESSURE_* bits. */
  readonly pressure?: number;
}

/** The words that the policy works on. */
export interface Words4 {
  readonly snapshot: Int32Array;
  readonly settings: Int32Array;
  readonly history: Int32Array;
  readonly verdict: Int32Array;
}

/** 2 GB, half of it free, 512 MB of swap, watermarks at 4, 8 and 12 MB. */
const WELL: Scene = {
  snapshot: {
    NOW_MS: 100_000,
    MEM_TOTAL_KB: 2_097_152,
    MEM_FREE_KB: 1_048_576,
    MEM_AVAILABLE_KB: 1_572_864,
    ACTIVE_ANON_KB: 200_000,
    INACTIVE_ANON_KB: 200_000,
    INACTIVE_FILE_KB: 262_144,
    ACTIVE_FILE_KB: 262_144,
    SHMEM_KB: 0,
    SWAP_TOTAL_KB: 524_288,
    SWAP_FREE_KB: 524_288,
    WATERMARK_MIN_PAGES: 1_000,
    WATERMARK_LOW_PAGES: 2_000,
    WATERMARK_HIGH_PAGES: 3_000,
    TOTAL_RESERVE_PAGES: 3_000,
    REFAULT: 0,
    FILE_LRU_PAGES: 131_071,
    VM_PGSCAN_DIRECT: 0,
    PSI_FULL_AVG10_CENTI: 0,
    THRASHING_PERCENT: 0,
    HEADROOM_KB: 1_500_000,
    SHRINK_KB_PER_S: 0,
    STALL_SOME_PERMILLE: 0,
  },
  settings: {
    SET_STRATEGY: settings.STRATEGY_LMKD,
    SET_PAGE_KB: 4,
    SET_SWAP_LOW_PERCENT: 10,
    SET_THRASHING_PERCENT: 100,
    SET_THRASHING_DECAY_PERCENT: 10,
    SET_THRASHING_CRITICAL_PERCENT: 300,
    SET_SWAP_UTIL_MAX_PERCENT: 100,
    SET_STALL_CRITICAL_PERCENT: 100,
    SET_LOWMEM_ADJ: 701,
    SET_AFTER_KILL_ADJ: 0,
    SET_SWAP_RATIO: 1,
    SET_SWAP_RATIO_DIV: 1,
    SET_LEVEL_ADJ: 1001,
    SET_USE_PSI: 1,
    SET_RELEASE: settings.RELEASE_16,
    SET_RESERVE_KB: 51_200,
    SET_COMFORT_KB: 102_400,
    SET_HORIZON_MS: 500,
    SET_SWAP_KB_PER_S: 51_200,
    SET_CULPRIT_KB: 16_384,
  },
  history: {
    HIST_PRIMED: 1,
    HIST_THRASHING_LIMIT_PERCENT: 100,
    HIST_WINDOW_START_MS: 100_000,
    HIST_BASE_FILE_LRU_PAGES: 131_071,
  },
};

function fill(
  words: Int32Array,
  names: Readonly<Record<string, unknown>>,
  ...layers: (Readonly<Record<string, number>> | undefined)[]
): Int32Array {
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      words[names[name] as number] = value;
    }
  }
  return words;
}

/** The words of a scene. */
export function wordsOf(scene: Scene): Words4 {
  const words = {
    snapshot: fill(
      new Int32Array(snapshot.SNAPSHOT_COLUMNS).fill(ABSENT),
      snapshot,
      WELL.snapshot,
      scene.snapshot,
    ),
    settings: fill(
      new Int32Array(SETTINGS_WORDS),
      settings,
      WELL.settings,
      scene.settings,
    ),
    history: fill(
      new Int32Array(reasons.HIST_WORDS),
      reasons,
      WELL.history,
      scene.history,
    ),
    verdict: new Int32Array(reasons.VERDICT_WORDS).fill(-77),
  };
  const tiers = scene.tiers ?? [];
  words.settings[settings.SET_TIERS] = tiers.length;
  for (const [i, [pages, adj]] of tiers.entries()) {
    words.settings[settings.SET_TIER_PAGES + i] = pages;
    words.settings[settings.SET_TIER_ADJ + i] = adj;
  }
  return words;
}

/** Free memory below each watermark, and just not. */
export const FREE_KB = {
  belowMin: 3_999,
  atMin: 4_000,
  belowLow: 7_999,
  atLow: 8_000,
  belowHigh: 11_999,
  atHigh: 12_000,
} as const;

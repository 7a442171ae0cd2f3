// The judge of src/policy, each strategy, over snapshots in which every column
// changes each turn: levels up to 64 GiB, counters that wrap, missing values;
// and the selection of a victim from a table of all bands.

import { READY_MAX, TARGETS_MAX } from "../../../src/base/limits.ts";
import { ABSENT } from "../../../src/base/scan.ts";
import { judge } from "../../../src/policy/judge.ts";
import { selectVictim } from "../../../src/policy/select.ts";
import { Arena } from "../../../src/state/arena.ts";
import {
  ARENA_BYTES,
  SETTINGS_WORDS,
  VICTIM_WORDS,
} from "../../../src/state/layout.ts";
import { HIST_WORDS, VERDICT_WORDS } from "../../../src/state/reasons.ts";
import {
  SET_CULPRIT_KB,
  SET_PAGE_KB,
  SET_STRATEGY,
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
  STRATEGY_ADAPTIVE,
  STRATEGY_LMKD,
  STRATEGY_MINFREE,
} from "../../../src/state/settings.ts";
import {
  PSI_FULL_TOTAL_US,
  PSI_SOME_TOTAL_US,
  SNAPSHOT_COLUMNS,
  SWAP_FREE_KB,
  SWAP_TOTAL_KB,
  VM_FILE_LRU_PAGES,
  VM_REFAULT_FILE,
  ZONE_REFAULT_FILE,
} from "../../../src/state/snapshot.ts";
import {
  V_GROWN_KB,
  V_RSS_KB,
  V_SWAP_KB,
  Victims,
} from "../../../src/state/victims.ts";
import { Noise } from "../noise.ts";

/** 1 for a column that holds a wrapped counter. */
const WRAPPED = new Int32Array(SNAPSHOT_COLUMNS);
WRAPPED.fill(1, VM_REFAULT_FILE, VM_FILE_LRU_PAGES);
WRAPPED[ZONE_REFAULT_FILE] = 1;
WRAPPED[PSI_SOME_TOTAL_US] = 1;
WRAPPED[PSI_FULL_TOTAL_US] = 1;

/** Fills a snapshot: any counter, levels of any size up to 2^26, ABSENT. */
function scramble(snapshot: Int32Array, noise: Noise): void {
  for (let i = 0; i < SNAPSHOT_COLUMNS; i++) {
    const value = noise.next();
    if (WRAPPED[i] === 1) snapshot[i] = value;
    else if ((value & 15) === 0) snapshot[i] = ABSENT;
    else snapshot[i] = (value & 0x03ff_ffff) >> noise.bits(5);
  }
  // As the kernel has it: no more swap is free than there is.
  if (snapshot[SWAP_FREE_KB] > snapshot[SWAP_TOTAL_KB]) {
    snapshot[SWAP_FREE_KB] = snapshot[SWAP_TOTAL_KB];
  }
}

/** Settings of every size that a configuration may hold. */
function settingsOf(strategy: number): Int32Array {
  const settings = new Int32Array(SETTINGS_WORDS);
  for (let i = 0; i < SETTINGS_WORDS; i++) settings[i] = 10 + i;
  settings[SET_STRATEGY] = strategy;
  settings[SET_PAGE_KB] = 4;
  settings[SET_TIERS] = TARGETS_MAX;
  for (let i = 0; i < TARGETS_MAX; i++) {
    settings[SET_TIER_PAGES + i] = 4096 << i;
    settings[SET_TIER_ADJ + i] = 900 - 100 * i;
  }
  return settings;
}

function setupJudge(strategy: number): () => void {
  const noise = new Noise();
  const snapshot = new Int32Array(SNAPSHOT_COLUMNS);
  const settings = settingsOf(strategy);
  const history = new Int32Array(HIST_WORDS);
  const verdict = new Int32Array(VERDICT_WORDS);
  return () => {
    scramble(snapshot, noise);
    judge(snapshot, settings, history, noise.bits(2), verdict);
  };
}

export function setupAdaptive(): () => void {
  return setupJudge(STRATEGY_ADAPTIVE);
}

export function setupLmkd(): () => void {
  return setupJudge(STRATEGY_LMKD);
}

export function setupMinfree(): () => void {
  return setupJudge(STRATEGY_MINFREE);
}

export function setupSelect(): () => void {
  const noise = new Noise();
  const victims = new Victims(new Arena(new ArrayBuffer(ARENA_BYTES)));
  const ready = new Int32Array(READY_MAX);
  for (let i = 0; i < READY_MAX; i++) {
    ready[i] = victims.add(100 + i);
    victims.list(ready[i], 1000 - i * 16);
  }
  const settings = settingsOf(STRATEGY_ADAPTIVE);
  let sink = 0;
  return () => {
    const row = ready[noise.bits(5)];
    victims.rows[row * VICTIM_WORDS + V_RSS_KB] = noise.bits(28);
    victims.rows[row * VICTIM_WORDS + V_SWAP_KB] = noise.bits(28);
    victims.rows[row * VICTIM_WORDS + V_GROWN_KB] = noise.bits(20);
    settings[SET_CULPRIT_KB] = noise.bits(22);
    settings[SET_STRATEGY] = noise.bits(1);
    sink ^= selectVictim(victims, ready, settings, noise.bits(10));
  };
}

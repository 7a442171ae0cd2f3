// The judge of src/policy, each strategy, over snapshots in which every column
// changes each turn: levels up to 64 GiB, counters that wrap, missing values;
// and the selection of a victim from a table of all bands.

import { sum32 } from "../../../src/base/int.ts";
import { READY_MAX, TARGETS_MAX } from "../../../src/base/limits.ts";
import { ABSENT } from "../../../src/base/scan.ts";
import { judge, rejudge } from "../../../src/policy/judge.ts";
import {
  applyUpdate,
  failPass,
  finishPass,
  isPollDue,
  levelOf,
  notePolled,
  noteSkipped,
  noteWakeup,
  passesLevelFilter,
  pollIntervalMs,
  pollWaitMs,
  resumePolling,
  sinceEventMs,
  sincePreviousWakeMs,
  UPDATE_NONE,
} from "../../../src/policy/polling.ts";
import { wantsRecheck } from "../../../src/policy/pressure.ts";
import { selectVictim } from "../../../src/policy/select.ts";
import { afterKill } from "../../../src/policy/thrashing.ts";
import { usableSwapKb } from "../../../src/policy/watermarks.ts";
import { Arena } from "../../../src/state/arena.ts";
import {
  ARENA_BYTES,
  SETTINGS_WORDS,
  VICTIM_WORDS,
} from "../../../src/state/layout.ts";
import {
  HIST_KILLED,
  HIST_REASONED,
  HIST_WORDS,
  REASON_NONE,
  VERDICT_REASON,
  VERDICT_WORDS,
} from "../../../src/state/reasons.ts";
import {
  LMKD_LEVELS,
  LMKD_MINFREE,
  LMKD_NEW,
  RELEASE_17,
  SET_CULPRIT_KB,
  SET_LMKD_MODE,
  SET_PAGE_KB,
  SET_RELEASE,
  SET_STRATEGY,
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
  STRATEGY_ADAPTIVE,
  STRATEGY_LMKD,
  STRATEGY_MINFREE,
} from "../../../src/state/settings.ts";
import {
  NOW_MS,
  PSI_FULL_TOTAL_US,
  PSI_SOME_TOTAL_US,
  REFAULT,
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
WRAPPED[NOW_MS] = 1;
WRAPPED[REFAULT] = 1;
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
  settings[SET_LMKD_MODE] = LMKD_NEW;
  settings[SET_RELEASE] = RELEASE_17;
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

/** Whole passes of strategy lmkd as the reactor makes them, polling included,
 * over a clock that goes on and wraps. */
function setupPasses(mode: number): () => void {
  const noise = new Noise();
  const snapshot = new Int32Array(SNAPSHOT_COLUMNS);
  const settings = settingsOf(STRATEGY_LMKD);
  settings[SET_LMKD_MODE] = mode;
  const history = new Int32Array(HIST_WORDS);
  const verdict = new Int32Array(VERDICT_WORDS);
  let nowMs = 2_147_400_000;
  let sink = 0;
  return () => {
    scramble(snapshot, noise);
    nowMs = sum32(nowMs, noise.bits(8));
    snapshot[NOW_MS] = nowMs;
    const pressure = isPollDue(history, nowMs) ? 0 : noise.bits(3);
    const level = levelOf(history, pressure);
    if (pressure === 0) notePolled(history, nowMs);
    else if (!passesLevelFilter(settings, history, level)) {
      return applyUpdate(history, UPDATE_NONE, level, nowMs, 0);
    }
    noteWakeup(history, pressure, nowMs);
    const awaits = noise.bits(3) === 0;
    let update = failPass(settings, history, pressure);
    if (awaits) noteSkipped(history);
    else {
      judge(snapshot, settings, history, pressure, verdict);
      if (wantsRecheck(settings, history, verdict)) {
        rejudge(snapshot, settings, history, pressure, verdict);
        history[HIST_REASONED] = noise.bits(1);
      }
      if (verdict[VERDICT_REASON] !== REASON_NONE) {
        afterKill(settings, history);
      }
    }
    const awaiting = history[HIST_KILLED] !== 0;
    update = finishPass(settings, history, pressure, awaiting, awaits);
    const ms = pollIntervalMs(snapshot, settings, history, update);
    applyUpdate(history, update, level, nowMs, ms);
    if (noise.bits(2) === 0) resumePolling(history, nowMs);
    sink ^= pollWaitMs(history, nowMs) ^ sinceEventMs(history, nowMs) ^
      sincePreviousWakeMs(history, nowMs) ^ usableSwapKb(snapshot, settings);
  };
}

export function setupPassesNew(): () => void {
  return setupPasses(LMKD_NEW);
}

export function setupPassesMinfree(): () => void {
  return setupPasses(LMKD_MINFREE);
}

export function setupPassesLevels(): () => void {
  return setupPasses(LMKD_LEVELS);
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
    sink ^= selectVictim(
      victims,
      ready,
      settings,
      noise.bits(10),
      noise.bits(20),
    );
  };
}

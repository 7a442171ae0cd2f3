// A checked configuration as the Int32 words of state/settings.ts: every value
// in its word, whatever is "auto" settled.

import { SETTINGS_WORDS } from "../state/layout.ts";
import * as set from "../state/settings.ts";
import { RELEASE_WORDS } from "./releases.ts";
import { tierPages } from "./rules.ts";
import type { Config } from "./schema.ts";

/** What the words need beside the configuration. */
export interface Facts {
  readonly pageKb: number;
  /** Whether victims are looked for. */
  readonly discover: boolean;
  /** Whether this is a low-ram device. */
  readonly lowRam: boolean;
  /** Whether ro.config.low_ram says so. */
  readonly lowRamTold: boolean;
}

const STRATEGIES = {
  adaptive: set.STRATEGY_ADAPTIVE,
  lmkd: set.STRATEGY_LMKD,
  minfree: set.STRATEGY_MINFREE,
};

/** SETTINGS_WORDS words, by SET_*. */
export function compileSettings(config: Config, facts: Facts): Int32Array {
  const { psi, exhaustion, wait, victims, minfree } = config;
  const words = new Int32Array(SETTINGS_WORDS);
  words[set.SET_STRATEGY] = STRATEGIES[config.strategy];
  words[set.SET_DRY_RUN] = Number(config.dryRun);
  words[set.SET_FLOOR_ADJ] = config.floorAdj;
  words[set.SET_PSI_SOME_MS] = psi.someStallMs;
  words[set.SET_PSI_FULL_MS] = psi.fullStallMs;
  words[set.SET_PSI_WINDOW_MS] = psi.windowMs;
  words[set.SET_KILL_TIMEOUT_MS] = config.killTimeoutMs;
  words[set.SET_RESERVE_KB] = exhaustion.reserveKb;
  words[set.SET_COMFORT_KB] = exhaustion.comfortKb;
  words[set.SET_HORIZON_MS] = exhaustion.horizonMs;
  words[set.SET_SWAP_KB_PER_S] = exhaustion.swapKbPerS;
  words[set.SET_CULPRIT_KB] = exhaustion.culpritKb;
  words[set.SET_IDLE_MAX_MS] = wait.idleMaxMs;
  words[set.SET_SPRINT_MS] = wait.sprintMs;
  words[set.SET_FILL_KB_PER_MS] = wait.fillKbPerMs;
  words[set.SET_TIERS] = minfree.length;
  for (let i = 0; i < minfree.length; i++) {
    words[set.SET_TIER_PAGES + i] = tierPages(minfree[i], facts.pageKb);
    words[set.SET_TIER_ADJ + i] = minfree[i].adj;
  }
  words[set.SET_DISCOVER] = Number(facts.discover);
  words[set.SET_PAGE_KB] = facts.pageKb;
  words[set.SET_DISCOVER_MS] = victims.scanMs;
  words[set.SET_RELEASE] = RELEASE_WORDS[config.compat];
  words[set.SET_LOW_RAM] = Number(facts.lowRam);
  putLmkd(words, config.lmkd, facts);
  putSelf(words, config);
  return words;
}

/** lmkd's own thresholds and switches. */
function putLmkd(words: Int32Array, lmkd: Config["lmkd"], facts: Facts): void {
  words[set.SET_SWAP_LOW_PERCENT] = lmkd.swapFreeLowPercent;
  words[set.SET_THRASHING_PERCENT] = lmkd.thrashingLimitPercent;
  words[set.SET_THRASHING_DECAY_PERCENT] = lmkd.thrashingDecayPercent;
  words[set.SET_THRASHING_CRITICAL_PERCENT] = lmkd.thrashingCriticalPercent;
  words[set.SET_SWAP_UTIL_MAX_PERCENT] = lmkd.swapUtilMaxPercent;
  words[set.SET_FILECACHE_MIN_KB] = lmkd.filecacheMinKb;
  words[set.SET_STALL_CRITICAL_PERCENT] = lmkd.stallCriticalPercent;
  words[set.SET_LOWMEM_ADJ] = lmkd.lowmemMinAdj;
  words[set.SET_AFTER_KILL_ADJ] = lmkd.afterKillMinAdj;
  words[set.SET_KILL_HEAVIEST] = Number(lmkd.killHeaviest);
  words[set.SET_LMKD_MODE] = modeOf(lmkd, facts.lowRam);
  words[set.SET_USE_PSI] = Number(lmkd.usePsi);
  words[set.SET_OLD_MODE] = oldModeOf(lmkd);
  words[set.SET_DELAY_MONITORS] = Number(lmkd.delayMonitorsUntilBoot);
  words[set.SET_LEVEL_ADJ] = lmkd.lowMinAdj;
  words[set.SET_LEVEL_ADJ + 1] = lmkd.mediumMinAdj;
  words[set.SET_LEVEL_ADJ + 2] = lmkd.criticalMinAdj;
  words[set.SET_CRITICAL_UPGRADE] = Number(lmkd.criticalUpgrade);
  words[set.SET_UPGRADE_PERCENT] = lmkd.upgradePressurePercent;
  words[set.SET_DOWNGRADE_PERCENT] = lmkd.downgradePressurePercent;
  words[set.SET_DIRECT_STUCK_MS] = lmkd.directReclaimThresholdMs;
  words[set.SET_SWAP_RATIO] = lmkd.swapCompressionRatio;
  words[set.SET_SWAP_RATIO_DIV] = lmkd.swapCompressionRatioDiv;
  words[set.SET_PER_APP_MEMCG] = Number(
    lmkd.perAppMemcg === "auto" ? facts.lowRamTold : lmkd.perAppMemcg,
  );
  words[set.SET_LOG_STATS] = Number(lmkd.logStats);
}

const LOCKS = {
  off: set.LOCK_OFF,
  files: set.LOCK_FILES,
  auto: set.LOCK_AUTO,
};
const RESTARTS = {
  never: set.RESTART_NEVER,
  always: set.RESTART_ALWAYS,
  auto: set.RESTART_AUTO,
};

/** What keeps the guard itself alive. */
function putSelf(words: Int32Array, config: Config): void {
  const { self, strategy, group } = config;
  words[set.SET_LOCK] = LOCKS[self.lock];
  words[set.SET_OWN_GROUP] = Number(self.ownGroup);
  words[set.SET_FIFO] = self.fifoPriority;
  // The ballast is the guard's: to give it up helps no other memory group.
  words[set.SET_BALLAST_KB] = group === null ? self.ballastKb : 0;
  words[set.SET_WATCHDOG_MS] = self.watchdogMs;
  words[set.SET_KEEPER] = Number(self.keeper);
  words[set.SET_KEEPER_MS] = self.keeperMs;
  words[set.SET_RESTART] = RESTARTS[self.restart];
  // oom_score_adj is for the whole machine: who guards one group has no say in
  // whom the kernel kills beside it.
  const arms = strategy !== "lmkd" && group === null;
  words[set.SET_ARM_KERNEL] = Number(
    self.armKernel === "auto" ? arms : self.armKernel,
  );
  words[set.SET_RETRIES] = self.retries;
}

/** How strategy lmkd judges (AOSP lmkd.cpp, init_psi_monitors). */
function modeOf(lmkd: Config["lmkd"], lowRam: boolean): number {
  const isNew = lmkd.useNewStrategy === "auto"
    ? lowRam || !lmkd.useMinfreeLevels
    : lmkd.useNewStrategy;
  return isNew ? set.LMKD_NEW : oldModeOf(lmkd);
}

function oldModeOf(lmkd: Config["lmkd"]): number {
  return lmkd.useMinfreeLevels ? set.LMKD_MINFREE : set.LMKD_LEVELS;
}

// Every property that lmkd reads, with its default and what it is here (AOSP
// lmkd.cpp, update_props, init_psi_monitors and main).

import { KB_MAX, SWAP_RATIO_MAX } from "../config/schema.ts";
import { type Bounds, flag, type PropertyRow, whole } from "./row.ts";

/** Set by init when a property that it watches has changed; blanked by
 * `--reinit`. */
export const REINIT_PROPERTY = "lmkd.reinit";

const PERCENT: Bounds = [0, 100];
/** Below 0 would make system processes eligible, over 1000 is off. */
const FLOOR: Bounds = [0, 1001];
/** The longest PSI window (kernel/sched/psi.c, WINDOW_MAX_US). */
const STALL_MS: Bounds = [0, 10_000];

/** All of them, in the order in which they are shown. */
export const PROPERTIES: readonly PropertyRow[] = [
  flag("low_ram", "profile", false, "a device short of memory", {
    names: ["ro.config.low_ram"],
    lowRam: true,
  }),
  flag("per_app_memcg", "lmkd.perAppMemcg", false, "each app has its memcg", {
    names: ["ro.config.per_app_memcg"],
    lowRam: true,
  }),
  flag("log_stats", "lmkd.logStats", true, "kills' figures go to clients", {
    names: ["ro.lmk.log_stats"],
  }),
  flag("debug", "log.level", false, "more words in the log"),
  flag("use_psi", "lmkd.usePsi", true, "PSI; false is vmpressure"),
  flag(
    "use_new_strategy",
    "lmkd.useNewStrategy",
    true,
    "watermarks, swap and thrashing decide",
  ),
  flag(
    "use_minfree_levels",
    "lmkd.useMinfreeLevels",
    false,
    "the old strategy goes by minfree tiers",
  ),
  flag(
    "delay_monitors_until_boot",
    "lmkd.delayMonitorsUntilBoot",
    false,
    "no pressure events until the device has booted",
  ),
  whole(
    "psi_partial_stall_ms",
    "psi.someStallMs",
    70,
    STALL_MS,
    "stall of some tasks that wakes; 0 is none",
    { lowRam: 200 },
  ),
  whole(
    "psi_complete_stall_ms",
    "psi.fullStallMs",
    700,
    STALL_MS,
    "stall of all tasks that wakes; 0 is none",
  ),
  whole(
    "psi_window_size_ms",
    "psi.windowMs",
    1000,
    [500, 10_000],
    "the window of both stalls",
  ),
  whole(
    "swap_free_low_percentage",
    "lmkd.swapFreeLowPercent",
    10,
    PERCENT,
    "free swap below it is low; 0 is never",
  ),
  whole(
    "swap_util_max",
    "lmkd.swapUtilMaxPercent",
    100,
    PERCENT,
    "most of what can be swapped that is; 100 is off",
  ),
  whole(
    "swap_compression_ratio",
    "lmkd.swapCompressionRatio",
    1,
    [0, SWAP_RATIO_MAX],
    "free swap counts up to this times what is available",
    { kind: "i64" },
  ),
  whole(
    "swap_compression_ratio_div",
    "lmkd.swapCompressionRatioDiv",
    1,
    [1, SWAP_RATIO_MAX],
    "divides the ratio",
    { kind: "i64" },
  ),
  flag(
    "relaxed_available_memory",
    null,
    false,
    "taken, not used: dirty file pages never count as available",
  ),
  whole(
    "thrashing_limit",
    "lmkd.thrashingLimitPercent",
    100,
    [0, 1_000_000],
    "refaults, of the file pages there are",
    { lowRam: 30 },
  ),
  whole(
    "thrashing_limit_decay",
    "lmkd.thrashingDecayPercent",
    10,
    PERCENT,
    "how much of the limit goes with each kill",
    { lowRam: 50 },
  ),
  whole(
    "thrashing_limit_critical",
    "lmkd.thrashingCriticalPercent",
    300,
    [0, 3_000_000],
    "from here anybody may die; three limits if unset",
    { lowRam: 90 },
  ),
  whole(
    "filecache_min_kb",
    "lmkd.filecacheMinKb",
    0,
    [0, KB_MAX],
    "file cache to be left after thrashing; 0 is off",
    { kind: "i64" },
  ),
  whole(
    "stall_limit_critical",
    "lmkd.stallCriticalPercent",
    100,
    PERCENT,
    "full stall, avg10, from which anybody may die",
    { kind: "i64" },
  ),
  whole(
    "direct_reclaim_threshold_ms",
    "lmkd.directReclaimThresholdMs",
    0,
    [0, 600_000],
    "longer direct reclaim is stuck; 0 is off",
    { kind: "i64" },
  ),
  whole(
    "lowmem_min_oom_score",
    "lmkd.lowmemMinAdj",
    701,
    [201, 1001],
    "lowest to die for low memory alone; 1001 is off",
  ),
  whole(
    "pressure_after_kill_min_score",
    "lmkd.afterKillMinAdj",
    0,
    [0, 1000],
    "lowest to die when a kill was not enough",
  ),
  whole(
    "kill_timeout_ms",
    "killTimeoutMs",
    100,
    [0, 60_000],
    "longest wait for the last victim; 0 is for ever",
  ),
  flag(
    "kill_heaviest_task",
    "lmkd.killHeaviest",
    false,
    "the largest of an oom_score_adj dies",
  ),
  whole("low", "lmkd.lowMinAdj", 1001, FLOOR, "lowest to die, low pressure"),
  whole(
    "medium",
    "lmkd.mediumMinAdj",
    800,
    FLOOR,
    "lowest to die, medium pressure",
  ),
  whole(
    "critical",
    "lmkd.criticalMinAdj",
    0,
    FLOOR,
    "lowest to die, critical pressure",
  ),
  flag(
    "critical_upgrade",
    "lmkd.criticalUpgrade",
    false,
    "raise a level when much memory is used beside swap",
  ),
  whole(
    "upgrade_pressure",
    "lmkd.upgradePressurePercent",
    100,
    [0, 1_000],
    "use of memory below which a level is raised",
  ),
  whole(
    "downgrade_pressure",
    "lmkd.downgradePressurePercent",
    100,
    [0, 1_000],
    "use of memory above which a level is not heeded",
  ),
];

/** Overrides whose change Android's init answers with `--reinit` (AOSP
 * lmkd.rc). */
export const WATCHED: readonly string[] = [
  "debug",
  "kill_heaviest_task",
  "kill_timeout_ms",
  "swap_free_low_percentage",
  "psi_partial_stall_ms",
  "psi_complete_stall_ms",
  "thrashing_limit",
  "thrashing_limit_decay",
  "thrashing_limit_critical",
  "swap_util_max",
  "filecache_min_kb",
  "direct_reclaim_threshold_ms",
  "swap_compression_ratio",
  "lowmem_min_oom_score",
];

// Section 2 as a table: the properties of lmkd, their defaults on either kind of
// device and their bounds, written from the reference alone.

import * as set from "../../src/state/settings.ts";

/** A property whose value is one word of the settings. Written from the
 * reference, not from the table of the program. */
export interface Row {
  readonly name: string;
  readonly word: number;
  readonly standard: number;
  readonly lowRam: number;
  readonly kind: "i32" | "i64" | "bool";
  /** Below the lowest, and what holds then; above the highest, likewise. */
  readonly below?: readonly [string, number];
  readonly above?: readonly [string, number];
}

const bool = (name: string, word: number, standard: 0 | 1): Row => ({
  name,
  word,
  standard,
  lowRam: standard,
  kind: "bool",
});

const whole = (
  kind: "i32" | "i64",
  name: string,
  word: number,
  standard: number,
  lowRam: number,
  held: Pick<Row, "below" | "above">,
): Row => ({ name, word, standard, lowRam, kind, ...held });

export const ROWS: readonly Row[] = [
  whole("i32", "low", set.SET_LEVEL_ADJ, 1001, 1001, {
    below: ["-1", 0],
    above: ["1002", 1001],
  }),
  whole("i32", "medium", set.SET_LEVEL_ADJ + 1, 800, 800, {
    below: ["-1000", 0],
    above: ["2147483647", 1001],
  }),
  whole("i32", "critical", set.SET_LEVEL_ADJ + 2, 0, 0, {
    below: ["-2147483648", 0],
    above: ["1002", 1001],
  }),
  bool("critical_upgrade", set.SET_CRITICAL_UPGRADE, 0),
  whole("i32", "upgrade_pressure", set.SET_UPGRADE_PERCENT, 100, 100, {
    below: ["-1", 0],
    above: ["1001", 1000],
  }),
  whole("i32", "downgrade_pressure", set.SET_DOWNGRADE_PERCENT, 100, 100, {
    below: ["-1", 0],
    above: ["1001", 1000],
  }),
  bool("kill_heaviest_task", set.SET_KILL_HEAVIEST, 0),
  // As an unsigned number it is longer than any wait: for ever, which is 0.
  whole("i32", "kill_timeout_ms", set.SET_KILL_TIMEOUT_MS, 100, 100, {
    below: ["-1", 0],
    above: ["60001", 60_000],
  }),
  whole("i32", "pressure_after_kill_min_score", set.SET_AFTER_KILL_ADJ, 0, 0, {
    below: ["-1", 0],
    above: ["1001", 1000],
  }),
  bool("use_psi", set.SET_USE_PSI, 1),
  whole("i32", "swap_free_low_percentage", set.SET_SWAP_LOW_PERCENT, 10, 10, {
    below: ["-1", 0],
    above: ["101", 100],
  }),
  whole("i32", "psi_partial_stall_ms", set.SET_PSI_SOME_MS, 70, 200, {
    below: ["-1", 0],
  }),
  whole("i32", "psi_complete_stall_ms", set.SET_PSI_FULL_MS, 700, 700, {
    below: ["-1", 0],
  }),
  whole("i32", "psi_window_size_ms", set.SET_PSI_WINDOW_MS, 1000, 1000, {
    above: ["10001", 10_000],
  }),
  whole("i32", "thrashing_limit", set.SET_THRASHING_PERCENT, 100, 30, {
    below: ["-1", 0],
    above: ["2147483647", 1_000_000],
  }),
  whole(
    "i32",
    "thrashing_limit_decay",
    set.SET_THRASHING_DECAY_PERCENT,
    10,
    50,
    { below: ["-1", 0], above: ["101", 100] },
  ),
  whole(
    "i32",
    "thrashing_limit_critical",
    set.SET_THRASHING_CRITICAL_PERCENT,
    300,
    90,
    { below: ["-1", 0], above: ["2147483647", 3_000_000] },
  ),
  whole("i32", "swap_util_max", set.SET_SWAP_UTIL_MAX_PERCENT, 100, 100, {
    below: ["-1", 0],
    above: ["101", 100],
  }),
  whole("i64", "filecache_min_kb", set.SET_FILECACHE_MIN_KB, 0, 0, {
    below: ["-1", 0],
    above: ["9223372036854775807", 1_073_741_824],
  }),
  whole(
    "i64",
    "stall_limit_critical",
    set.SET_STALL_CRITICAL_PERCENT,
    100,
    100,
    { below: ["-1", 0], above: ["300", 100] },
  ),
  bool("delay_monitors_until_boot", set.SET_DELAY_MONITORS, 0),
  whole("i64", "direct_reclaim_threshold_ms", set.SET_DIRECT_STUCK_MS, 0, 0, {
    below: ["-1", 0],
    above: ["4294967297", 600_000],
  }),
  whole("i64", "swap_compression_ratio", set.SET_SWAP_RATIO, 1, 1, {
    below: ["-1", 0],
    above: ["1001", 1000],
  }),
  // A division by it must be possible.
  whole("i64", "swap_compression_ratio_div", set.SET_SWAP_RATIO_DIV, 1, 1, {
    below: ["0", 1],
    above: ["1001", 1000],
  }),
  whole("i32", "lowmem_min_oom_score", set.SET_LOWMEM_ADJ, 701, 701, {
    below: ["200", 201],
    above: ["1002", 1001],
  }),
];

/** Those whose value is not one word of the settings. */
export const OTHERS = [
  "low_ram",
  "per_app_memcg",
  "log_stats",
  "debug",
  "use_minfree_levels",
  "use_new_strategy",
  "relaxed_available_memory",
];

// Section 2, row by row: each property's default on either kind of device,
// what it sets, what goes over it, and what becomes of a value that cannot be.

import assert from "node:assert/strict";
import { PROPERTIES, WATCHED } from "../../src/props/table.ts";
import { publishedProperties } from "../../src/props/publish.ts";
import * as set from "../../src/state/settings.ts";
import { effect } from "../props/helpers.ts";
import { conforms } from "./conforms.ts";
import { OTHERS, type Row, ROWS } from "./property_rows.ts";

const OVERRIDE = "persist.device_config.lmkd_native.";

function word(index: number, properties: string): number {
  return effect(properties, ["strategy=lmkd"]).config.settings[index];
}

/** A value that is neither default, and within all bounds. */
function sampleOf({ name, kind, standard }: Row): [string, number] {
  if (kind === "bool") return standard === 1 ? ["false", 0] : ["true", 1];
  if (name === "lowmem_min_oom_score") return ["0x12d", 301];
  if (name === "psi_window_size_ms") return ["2000", 2000];
  return ["0x21", 33];
}

for (const row of ROWS) {
  conforms("2", `${row.name}: default, ro.lmk, override, bounds`, () => {
    const { name, word: index, kind } = row;
    const built = (value: string) => `ro.lmk.${name}=${value}\n`;
    const over = (value: string) => `${OVERRIDE}${name}=${value}\n`;
    const lowRam = "ro.config.low_ram=true\n";
    const [text, value] = sampleOf(row);
    assert.equal(word(index, ""), row.standard);
    assert.equal(word(index, lowRam), row.lowRam);
    assert.equal(word(index, built(text)), value);
    assert.equal(word(index, lowRam + built(text)), value);
    assert.equal(word(index, over(text)), value);
    // The override counts, and where it cannot be read, the other does.
    const other = kind === "bool" ? String(row.standard) : "250";
    assert.equal(word(index, built(other) + over(text)), value);
    assert.equal(word(index, built(text) + over("?")), value);
    assert.equal(word(index, built(text) + over("")), value);
    const junk = ["?", "", "x1", "NaN", "9223372036854775808", "TRUE"];
    if (kind === "i32") junk.push("2147483648", "-2147483649");
    for (const bad of junk) {
      assert.equal(word(index, built(bad)), row.standard, bad);
      assert.equal(word(index, over(bad)), row.standard, bad);
      assert.equal(word(index, lowRam + built(bad)), row.lowRam, bad);
    }
    for (const [outside, held] of [row.below, row.above].filter((x) => !!x)) {
      assert.equal(word(index, built(outside)), held, outside);
      assert.equal(word(index, over(outside)), held, outside);
    }
  });
}

conforms("2", "every property is pinned by a test here", () => {
  assert.deepEqual(
    [...ROWS.map(({ name }) => name), ...OTHERS].sort(),
    PROPERTIES.map(({ name }) => name).sort(),
  );
});

conforms("2", "what the table of the program says is what is in force", () => {
  for (const { name, standard, lowRam, kind } of ROWS) {
    const row = PROPERTIES.find((one) => one.name === name);
    assert.equal(Number(row?.standard), standard, name);
    assert.equal(Number(row?.lowRam), lowRam, name);
    assert.equal(row?.kind, kind, name);
  }
});

conforms("2", "low_ram, per_app_memcg and log_stats have no override", () => {
  const rows: [string, number, number, number][] = [
    ["ro.config.low_ram", set.SET_LOW_RAM, 0, 1],
    ["ro.config.per_app_memcg", set.SET_PER_APP_MEMCG, 0, 1],
    ["ro.lmk.log_stats", set.SET_LOG_STATS, 1, 0],
  ];
  for (const [name, index, standard, value] of rows) {
    assert.equal(word(index, ""), standard, name);
    assert.equal(word(index, `${name}=${value}`), value, name);
    assert.equal(word(index, `${name}=?`), standard, name);
    const last = name.split(".").at(-1);
    for (const wrong of [OVERRIDE, "ro.lmk.", "ro.config."]) {
      if (wrong + last === name) continue;
      assert.equal(word(index, `${wrong}${last}=${value}`), standard, wrong);
    }
  }
});

conforms("2", "per_app_memcg is low_ram unless it is told", () => {
  const index = set.SET_PER_APP_MEMCG;
  assert.equal(word(index, "ro.config.low_ram=true"), 1);
  const told = "ro.config.low_ram=true\nro.config.per_app_memcg=false";
  assert.equal(word(index, told), 0);
});

conforms("2", "use_new_strategy is low_ram or not use_minfree_levels", () => {
  const minfree = "ro.lmk.use_minfree_levels=true\n";
  const lowRam = "ro.config.low_ram=true\n";
  const rows: [string, number][] = [
    ["", set.LMKD_NEW],
    [minfree, set.LMKD_MINFREE],
    [minfree + lowRam, set.LMKD_NEW],
    [`${minfree}ro.lmk.use_new_strategy=1`, set.LMKD_NEW],
    [`${minfree}${lowRam}ro.lmk.use_new_strategy=0`, set.LMKD_MINFREE],
    ["ro.lmk.use_new_strategy=no", set.LMKD_LEVELS],
    [`${lowRam}ro.lmk.use_new_strategy=no`, set.LMKD_LEVELS],
    ["ro.lmk.use_new_strategy=what", set.LMKD_NEW],
    [
      `ro.lmk.use_new_strategy=no\n${OVERRIDE}use_new_strategy=y`,
      set.LMKD_NEW,
    ],
    [`${minfree}${OVERRIDE}use_minfree_levels=off`, set.LMKD_NEW],
  ];
  for (const [properties, mode] of rows) {
    assert.equal(word(set.SET_LMKD_MODE, properties), mode, properties);
  }
});

conforms("2", "debug makes the log verbose", () => {
  const level = (properties: string, sets: string[] = []) =>
    effect(properties, sets).config.log.level;
  assert.equal(level(""), "info");
  assert.equal(level("ro.lmk.debug=true"), "debug");
  assert.equal(level("ro.lmk.debug=false"), "info");
  assert.equal(level(`ro.lmk.debug=true\n${OVERRIDE}debug=false`), "info");
  assert.equal(level("ro.lmk.debug=true", ["log.level=warn"]), "warn");
});

conforms("2", "thrashing_limit_critical is three limits unless told", () => {
  const index = set.SET_THRASHING_CRITICAL_PERCENT;
  assert.equal(word(index, "ro.lmk.thrashing_limit=7"), 21);
  const both = "ro.lmk.thrashing_limit=7\nro.lmk.thrashing_limit_critical=3";
  assert.equal(word(index, both), 3);
});

conforms("2", "relaxed_available_memory is taken and changes nothing", () => {
  const plain = effect("").config;
  const told = effect("ro.lmk.relaxed_available_memory=true");
  assert.deepEqual(told.config.settings, plain.settings);
  assert.deepEqual(told.warnings, []);
  const found = told.found.find(({ row }) =>
    row.name === "relaxed_available_memory"
  );
  assert.equal(found?.value, true);
});

conforms("2", "a kill timeout told holds for any strategy", () => {
  const index = set.SET_KILL_TIMEOUT_MS;
  const rows: [string, number][] = [
    ["adaptive", 500],
    ["lmkd", 100],
    ["minfree", 100],
  ];
  for (const [strategy, fallback] of rows) {
    const sets = [`strategy=${strategy}`];
    assert.equal(effect("", sets).config.settings[index], fallback);
    const told = effect("ro.lmk.kill_timeout_ms=7", sets).config;
    assert.equal(told.settings[index], 7);
  }
});

conforms("2", "the 14 overrides that init watches", () => {
  assert.deepEqual([...WATCHED].sort(), [
    "debug",
    "direct_reclaim_threshold_ms",
    "filecache_min_kb",
    "kill_heaviest_task",
    "kill_timeout_ms",
    "lowmem_min_oom_score",
    "psi_complete_stall_ms",
    "psi_partial_stall_ms",
    "swap_compression_ratio",
    "swap_free_low_percentage",
    "swap_util_max",
    "thrashing_limit",
    "thrashing_limit_critical",
    "thrashing_limit_decay",
  ]);
});

conforms("2", "reports of kills are published once there are any", () => {
  const settings = effect("").config.settings;
  assert.equal(publishedProperties(settings, false).size, 0);
  assert.deepEqual([...publishedProperties(settings, true)], [
    ["sys.lmk.reportkills", "1"],
  ]);
});

conforms("1.5", "TARGET: tiers are published as pages:adj pairs", () => {
  const settings = effect("").config.settings;
  settings[set.SET_TIERS] = 2;
  settings.set([18_432, 23_040], set.SET_TIER_PAGES);
  settings.set([0, 100], set.SET_TIER_ADJ);
  const published = publishedProperties(settings, true);
  assert.equal(published.get("sys.lmk.minfree_levels"), "18432:0,23040:100");
});

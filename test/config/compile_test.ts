// The settings words, what comes beside them, and the way round.

import assert from "node:assert/strict";
import { compileConfig } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { Machine } from "../../src/config/profiles.ts";
import { RELEASES } from "../../src/config/releases.ts";
import { SETTINGS_WORDS } from "../../src/state/layout.ts";
import * as set from "../../src/state/settings.ts";
import { compile, LARGE, SMALL } from "./helpers.ts";

const FULL = `{
  "profile": "low-ram", "strategy": "minfree", "compat": "15",
  "properties": "/tmp/p", "dryRun": true, "floorAdj": 11,
  "killTimeoutMs": 12,
  "psi": { "someStallMs": 13, "fullStallMs": 14, "windowMs": 2000 },
  "lmkd": {
    "swapFreeLowPercent": 15, "thrashingLimitPercent": 16,
    "thrashingDecayPercent": 17, "thrashingCriticalPercent": 18,
    "swapUtilMaxPercent": 19, "filecacheMinKb": 20, "stallCriticalPercent": 21,
    "lowmemMinAdj": 222, "afterKillMinAdj": 23, "killHeaviest": true,
    "useNewStrategy": false, "useMinfreeLevels": false, "usePsi": true,
    "delayMonitorsUntilBoot": true, "lowMinAdj": 1000, "mediumMinAdj": 801,
    "criticalMinAdj": 1, "criticalUpgrade": true, "upgradePressurePercent": 41,
    "downgradePressurePercent": 42, "directReclaimThresholdMs": 43,
    "swapCompressionRatio": 44, "swapCompressionRatioDiv": 45,
    "perAppMemcg": true, "logStats": true,
  },
  "exhaustion": { "reserveKb": 24, "comfortKb": 25, "horizonMs": 26,
    "swapKbPerS": 27, "culpritKb": 28 },
  "wait": { "idleMaxMs": 31, "sprintMs": 29, "fillKbPerMs": 30 },
  "minfree": [{ "pages": 32, "adj": 0 }, { "kb": 3333, "adj": 100 },
    { "pages": 268435456, "adj": 1000 }],
  "victims": { "discover": false, "scanMs": 340 },
  "protect": { "system": false, "names": ["ab*"], "uids": [4294967294] },
  "self": { "lock": "files", "ownGroup": true, "fifoPriority": 50,
    "ballastKb": 51, "watchdogMs": 52, "keeper": true, "keeperMs": 153,
    "restart": "always", "armKernel": true, "retries": -1 },
  "group": "/sys/fs/cgroup/apps",
  "socket": { "path": "/tmp/s", "mode": "0606", "owner": "system", "group": 7 },
  "stateDir": "/tmp/d", "log": { "to": "kmsg", "level": "debug" },
}`;

/** Every word that is not zero. */
const WORDS: [word: number, value: number][] = [
  [set.SET_STRATEGY, set.STRATEGY_MINFREE],
  [set.SET_DRY_RUN, 1],
  [set.SET_FLOOR_ADJ, 11],
  [set.SET_KILL_TIMEOUT_MS, 12],
  [set.SET_PSI_SOME_MS, 13],
  [set.SET_PSI_FULL_MS, 14],
  [set.SET_PSI_WINDOW_MS, 2000],
  [set.SET_SWAP_LOW_PERCENT, 15],
  [set.SET_THRASHING_PERCENT, 16],
  [set.SET_THRASHING_DECAY_PERCENT, 17],
  [set.SET_THRASHING_CRITICAL_PERCENT, 18],
  [set.SET_SWAP_UTIL_MAX_PERCENT, 19],
  [set.SET_FILECACHE_MIN_KB, 20],
  [set.SET_STALL_CRITICAL_PERCENT, 21],
  [set.SET_LOWMEM_ADJ, 222],
  [set.SET_AFTER_KILL_ADJ, 23],
  [set.SET_KILL_HEAVIEST, 1],
  [set.SET_LMKD_MODE, set.LMKD_LEVELS],
  [set.SET_USE_PSI, 1],
  [set.SET_OLD_MODE, set.LMKD_LEVELS],
  [set.SET_DELAY_MONITORS, 1],
  [set.SET_LEVEL_ADJ, 1000],
  [set.SET_LEVEL_ADJ + 1, 801],
  [set.SET_LEVEL_ADJ + 2, 1],
  [set.SET_CRITICAL_UPGRADE, 1],
  [set.SET_UPGRADE_PERCENT, 41],
  [set.SET_DOWNGRADE_PERCENT, 42],
  [set.SET_DIRECT_STUCK_MS, 43],
  [set.SET_SWAP_RATIO, 44],
  [set.SET_SWAP_RATIO_DIV, 45],
  [set.SET_LOW_RAM, 1],
  [set.SET_PER_APP_MEMCG, 1],
  [set.SET_LOG_STATS, 1],
  [set.SET_RELEASE, set.RELEASE_15],
  [set.SET_RESERVE_KB, 24],
  [set.SET_COMFORT_KB, 25],
  [set.SET_HORIZON_MS, 26],
  [set.SET_SWAP_KB_PER_S, 27],
  [set.SET_CULPRIT_KB, 28],
  [set.SET_IDLE_MAX_MS, 31],
  [set.SET_SPRINT_MS, 29],
  [set.SET_FILL_KB_PER_MS, 30],
  [set.SET_TIERS, 3],
  [set.SET_TIER_PAGES, 32],
  [set.SET_TIER_PAGES + 1, 833],
  [set.SET_TIER_PAGES + 2, 268_435_456],
  [set.SET_TIER_ADJ + 1, 100],
  [set.SET_TIER_ADJ + 2, 1000],
  [set.SET_PAGE_KB, 4],
  [set.SET_DISCOVER_MS, 340],
  [set.SET_LOCK, set.LOCK_FILES],
  [set.SET_OWN_GROUP, 1],
  [set.SET_FIFO, 50],
  [set.SET_WATCHDOG_MS, 52],
  [set.SET_KEEPER, 1],
  [set.SET_KEEPER_MS, 153],
  [set.SET_RESTART, set.RESTART_ALWAYS],
  [set.SET_ARM_KERNEL, 1],
  [set.SET_RETRIES, -1],
];

Deno.test("each value lands in its word, and nowhere else", () => {
  const { settings } = compile(FULL);
  const want = new Int32Array(SETTINGS_WORDS);
  for (const [word, value] of WORDS) want[word] = value;
  assert.deepEqual(settings, want);
  const pages = compile(FULL, [], { ...SMALL, pageKb: 16 }).settings;
  assert.equal(pages[set.SET_TIER_PAGES + 1], 208);
  assert.equal(pages[set.SET_PAGE_KB], 16);
  const strategies: [string, number][] = [
    ["adaptive", set.STRATEGY_ADAPTIVE],
    ["lmkd", set.STRATEGY_LMKD],
    ["minfree", set.STRATEGY_MINFREE],
  ];
  for (const [name, value] of strategies) {
    const { settings } = compile(null, [`strategy=${name}`]);
    assert.equal(settings[set.SET_STRATEGY], value);
  }
});

Deno.test("each switch, release and mode has its word", () => {
  const word = (sets: string[], index: number, machine = LARGE) =>
    compile(null, sets, machine).settings[index];
  const switches: [string, number, number][] = [
    ["lmkd.usePsi", set.SET_USE_PSI, 1],
    ["lmkd.delayMonitorsUntilBoot", set.SET_DELAY_MONITORS, 0],
    ["lmkd.criticalUpgrade", set.SET_CRITICAL_UPGRADE, 0],
    ["lmkd.logStats", set.SET_LOG_STATS, 1],
    ["lmkd.perAppMemcg", set.SET_PER_APP_MEMCG, 0],
  ];
  for (const [key, index, fallback] of switches) {
    assert.equal(word([], index), fallback, key);
    assert.equal(word([`${key}=false`], index), 0, key);
    assert.equal(word([`${key}=true`], index), 1, key);
  }
  // Memory alone makes no app groups: ro.config.low_ram does.
  assert.equal(word([], set.SET_PER_APP_MEMCG, SMALL), 0);
  assert.equal(word([], set.SET_LOW_RAM, SMALL), 1);
  assert.equal(word([], set.SET_LOW_RAM), 0);
  RELEASES.forEach((release, i) => {
    assert.equal(word([`compat=${release}`], set.SET_RELEASE), i, release);
  });
  const minfree = "lmkd.useMinfreeLevels=true";
  const modes: [string[], Machine, number][] = [
    [[], LARGE, set.LMKD_NEW],
    [[minfree], LARGE, set.LMKD_MINFREE],
    [[minfree], SMALL, set.LMKD_NEW],
    [[minfree, "lmkd.useNewStrategy=true"], LARGE, set.LMKD_NEW],
    [[minfree, "lmkd.useNewStrategy=false"], SMALL, set.LMKD_MINFREE],
    [["lmkd.useNewStrategy=false"], LARGE, set.LMKD_LEVELS],
    [["lmkd.useNewStrategy=auto"], LARGE, set.LMKD_NEW],
  ];
  for (const [sets, machine, mode] of modes) {
    assert.equal(word(sets, set.SET_LMKD_MODE, machine), mode, sets.join());
    const old = sets[0] === minfree ? set.LMKD_MINFREE : set.LMKD_LEVELS;
    assert.equal(word(sets, set.SET_OLD_MODE, machine), old, sets.join());
  }
});

Deno.test("what is no number comes out beside the settings", () => {
  const full = compile(FULL);
  assert.deepEqual(full.socket, {
    path: "/tmp/s",
    mode: 0o606,
    owner: "system",
    group: 7,
  });
  assert.deepEqual(full.log, { to: "kmsg", level: "debug" });
  assert.equal(full.group, "/sys/fs/cgroup/apps");
  assert.equal(full.stateDir, "/tmp/d");
  assert.equal(full.discover, false);
  assert.equal(full.protect.patterns.length, 1);
  assert.deepEqual(full.protect.uids, Int32Array.of(-2));
});

Deno.test("auto is settled by what the machine has", () => {
  const rows: [
    has: string[],
    dir: string,
    socket: string,
    to: string,
    0 | 1,
  ][] = [
    [["/run"], "/run/oomguard", "/run/oomguard/lmkd", "stderr", 1],
    [[], "/dev/oomguard", "/dev/oomguard/lmkd", "stderr", 1],
    [
      ["/dev/socket", "/dev/socket/logdw"],
      "/dev/oomguard",
      "/dev/socket/lmkd",
      "logd",
      0,
    ],
    [["/run", "/dev/socket"], "/run/oomguard", "/dev/socket/lmkd", "stderr", 0],
  ];
  for (const [has, dir, path, to, discover] of rows) {
    const machine = { ...SMALL, exists: (path: string) => has.includes(path) };
    const compiled = compile(null, [], machine);
    assert.equal(compiled.stateDir, dir);
    assert.equal(compiled.socket.path, path);
    assert.equal(compiled.log.to, to);
    assert.equal(compiled.settings[set.SET_DISCOVER], discover);
    assert.equal(compiled.discover, discover === 1);
  }
});

Deno.test("an effective configuration is accepted and gives the same", () => {
  const machines: Machine[] = [SMALL, LARGE, { ...LARGE, pageKb: 64 }];
  for (const machine of machines) {
    for (const text of [null, "{}", FULL]) {
      const first = compile(text, [], machine);
      const second = compile(JSON.stringify(first.config), [], machine);
      assert.deepEqual(second.settings, first.settings);
      const { settings: _, origins: __, ...rest } = first;
      const { settings: ___, origins, ...again } = second;
      assert.deepEqual(again, rest);
      for (const [key, { from }] of origins) assert.equal(from, "file", key);
    }
  }
});

Deno.test("a machine that cannot be is our own mistake", () => {
  const draft = parseConfig(null, "", []);
  for (const memTotalKb of [0, -1, NaN]) {
    assert.throws(
      () => compileConfig(draft, { memTotalKb, pageKb: 4 }),
      RangeError,
    );
  }
});

Deno.test("the kernel's killer is armed for the machine, not for a group", () => {
  const rows: [sets: string[], armed: 0 | 1][] = [
    [[], 1],
    [["strategy=minfree"], 1],
    [["strategy=lmkd"], 0],
    [["strategy=lmkd", "self.armKernel=true"], 1],
    [["group=/sys/fs/cgroup/apps"], 0],
    [["group=/sys/fs/cgroup/apps", "self.armKernel=true"], 1],
    [["self.armKernel=false"], 0],
  ];
  for (const [sets, armed] of rows) {
    const { settings } = compile(null, sets);
    assert.equal(settings[set.SET_ARM_KERNEL], armed, sets.join());
  }
});

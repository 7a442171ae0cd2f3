// Every default, and what it follows.

import assert from "node:assert/strict";
import { KEYS } from "../../src/config/keys.ts";
import { chooseProfile, PROFILE_KEYS } from "../../src/config/profiles.ts";
import { valueAt } from "../../src/config/validate.ts";
import { compile, LARGE, SMALL } from "./helpers.ts";

/** Key, standard, low-ram: the defaults of AOSP lmkd, then our own. */
const DEFAULTS: [key: string, standard: unknown, lowRam: unknown][] = [
  ["psi.someStallMs", 70, 200],
  ["psi.fullStallMs", 700, 700],
  ["psi.windowMs", 1000, 1000],
  ["lmkd.swapFreeLowPercent", 10, 10],
  ["lmkd.thrashingLimitPercent", 100, 30],
  ["lmkd.thrashingDecayPercent", 10, 50],
  ["lmkd.thrashingCriticalPercent", 300, 90],
  ["lmkd.swapUtilMaxPercent", 100, 100],
  ["lmkd.filecacheMinKb", 0, 0],
  ["lmkd.stallCriticalPercent", 100, 100],
  ["lmkd.lowmemMinAdj", 701, 701],
  ["lmkd.afterKillMinAdj", 0, 0],
  ["lmkd.killHeaviest", false, false],
  ["lmkd.useNewStrategy", "auto", "auto"],
  ["lmkd.useMinfreeLevels", false, false],
  ["lmkd.usePsi", true, true],
  ["lmkd.delayMonitorsUntilBoot", false, false],
  ["lmkd.lowMinAdj", 1001, 1001],
  ["lmkd.mediumMinAdj", 800, 800],
  ["lmkd.criticalMinAdj", 0, 0],
  ["lmkd.criticalUpgrade", false, false],
  ["lmkd.upgradePressurePercent", 100, 100],
  ["lmkd.downgradePressurePercent", 100, 100],
  ["lmkd.directReclaimThresholdMs", 0, 0],
  ["lmkd.swapCompressionRatio", 1, 1],
  ["lmkd.swapCompressionRatioDiv", 1, 1],
  ["lmkd.perAppMemcg", "auto", "auto"],
  ["lmkd.logStats", true, true],
  ["killTimeoutMs", 500, 500],
  ["socket.mode", "0660", "0660"],
  ["profile", "auto", "auto"],
  ["strategy", "adaptive", "adaptive"],
  ["compat", "16-qpr2", "16-qpr2"],
  ["properties", "auto", "auto"],
  ["dryRun", false, false],
  ["floorAdj", 0, 0],
  ["exhaustion.reserveKb", 335_544, 62_914],
  ["exhaustion.comfortKb", 671_088, 125_828],
  ["exhaustion.horizonMs", 300, 300],
  ["exhaustion.swapKbPerS", 32_768, 32_768],
  ["exhaustion.culpritKb", 65_536, 10_485],
  ["wait.idleMaxMs", 2000, 1000],
  ["wait.sprintMs", 10, 10],
  ["wait.fillKbPerMs", 4096, 512],
  ["minfree", [], []],
  ["victims.discover", "auto", "auto"],
  ["victims.scanMs", 10_000, 10_000],
  ["protect.system", true, true],
  ["protect.names", [], []],
  ["protect.uids", [], []],
  ["self.lock", "auto", "auto"],
  ["self.ownGroup", true, true],
  ["self.fifoPriority", 10, 10],
  ["self.ballastKb", 4096, 4096],
  ["self.watchdogMs", 300, 300],
  ["self.keeper", true, true],
  ["self.keeperMs", 1000, 1000],
  ["self.restart", "auto", "auto"],
  ["self.armKernel", "auto", "auto"],
  ["self.retries", 2, 2],
  ["group", null, null],
  ["socket.path", "auto", "auto"],
  ["socket.owner", null, null],
  ["socket.group", null, null],
  ["stateDir", "auto", "auto"],
  ["log.to", "auto", "auto"],
  ["log.level", "info", "info"],
];

Deno.test("every default of both profiles", () => {
  const standard = compile(null, [], LARGE);
  const lowRam = compile(null, [], SMALL);
  assert.equal(standard.profile, "standard");
  assert.equal(lowRam.profile, "low-ram");
  for (const [key, large, small] of DEFAULTS) {
    const path = key.split(".");
    assert.deepEqual(valueAt(standard.config, path), large, key);
    assert.deepEqual(valueAt(lowRam.config, path), small, key);
    const differs = JSON.stringify(large) !== JSON.stringify(small);
    if (!PROFILE_KEYS.has(key) && key !== "exhaustion.culpritKb") {
      assert.ok(!differs, `${key} is the profile's`);
    }
    const from = PROFILE_KEYS.has(key) ? "profile" : "default";
    assert.equal(standard.origins.get(key)?.from, from, key);
  }
  assert.deepEqual(
    DEFAULTS.map(([key]) => key).sort(),
    KEYS.map(({ name }) => name).sort(),
  );
});

Deno.test("the profile follows the memory unless it is told", () => {
  assert.equal(chooseProfile("auto", 2_097_152), "low-ram");
  assert.equal(chooseProfile("auto", 2_097_153), "standard");
  assert.equal(chooseProfile("low-ram", 16_777_216), "low-ram");
  assert.equal(chooseProfile("standard", 1), "standard");
  // ro.config.low_ram knows better than the memory, and a file than either.
  assert.equal(chooseProfile("auto", 1, false), "standard");
  assert.equal(chooseProfile("auto", 16_777_216, true), "low-ram");
  assert.equal(chooseProfile("standard", 1, true), "standard");
  const told = compile('{"profile": "low-ram"}', [], LARGE);
  assert.equal(told.config.psi.someStallMs, 200);
});

Deno.test("shares of memory stay within their bounds", () => {
  // Profile, memory, reserve, comfort, culprit; all kB.
  const rows: [string, number, number, number, number][] = [
    ["low-ram", 40_000, 10_000, 20_000, 8_192],
    ["low-ram", 65_536, 16_384, 32_768, 8_192],
    ["low-ram", 819_200, 49_152, 98_304, 8_192],
    ["low-ram", 2_097_152, 125_829, 251_658, 20_971],
    ["low-ram", 16_777_216, 131_072, 262_144, 65_536],
    ["standard", 131_072, 32_768, 65_536, 8_192],
    ["standard", 4_194_304, 83_886, 167_772, 41_943],
    ["standard", 1_073_741_824, 524_288, 1_048_576, 65_536],
    ["standard", 17_179_869_184, 524_288, 1_048_576, 65_536],
  ];
  for (const [profile, memTotalKb, reserveKb, comfortKb, culpritKb] of rows) {
    const machine = { ...SMALL, memTotalKb };
    const { config } = compile(null, [`profile=${profile}`], machine);
    const { exhaustion } = config;
    assert.deepEqual(
      [exhaustion.reserveKb, exhaustion.comfortKb, exhaustion.culpritKb],
      [reserveKb, comfortKb, culpritKb],
      `${profile} ${memTotalKb}`,
    );
  }
});

Deno.test("two defaults follow what was written", () => {
  const { config } = compile(null, [
    "exhaustion.reserveKb=50000",
    "lmkd.thrashingLimitPercent=180",
  ]);
  assert.equal(config.exhaustion.comfortKb, 100_000);
  assert.equal(config.lmkd.thrashingCriticalPercent, 540);
});

// Who goes over whom, and what a bad property does: nothing but words.

import assert from "node:assert/strict";
import {
  loadEffective,
  loadEffectiveLater,
} from "../../src/props/effective.ts";
import { parseSet } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";
import { KEYS } from "../../src/config/keys.ts";
import { valueAt } from "../../src/config/validate.ts";
import { PROPERTIES, WATCHED } from "../../src/props/table.ts";
import { propertyFile, publishedProperties } from "../../src/props/publish.ts";
import { parseProperties } from "../../src/props/parse.ts";
import { SETTINGS_WORDS } from "../../src/state/layout.ts";
import {
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
} from "../../src/state/settings.ts";
import { effect, MACHINE, withDir } from "./helpers.ts";

const LOW_RAM = "ro.config.low_ram=true\n";
const TIMEOUT = "ro.lmk.kill_timeout_ms=11\n";
const TIMEOUT_OVER = "persist.device_config.lmkd_native.kill_timeout_ms=12\n";
const FILE = '{"killTimeoutMs": 13}';

Deno.test("option over property over file over default", () => {
  type Row = [
    properties: string,
    sets: string[],
    file: string | null,
    want: number,
    origin: unknown,
  ];
  const place = (source: string, line: number, column: number) => ({
    source,
    line,
    column,
  });
  const option = place("--set killTimeoutMs", 0, 0);
  const rows: Row[] = [
    ["", [], null, 500, { from: "default" }],
    ["", [], FILE, 13, { from: "file", place: place("a", 1, 19) }],
    [TIMEOUT, [], null, 11, {
      from: "property",
      name: "ro.lmk.kill_timeout_ms",
    }],
    [TIMEOUT, [], FILE, 11, {
      from: "property",
      name: "ro.lmk.kill_timeout_ms",
    }],
    [TIMEOUT + TIMEOUT_OVER, [], FILE, 12, {
      from: "property",
      name: "persist.device_config.lmkd_native.kill_timeout_ms",
    }],
    [TIMEOUT_OVER, ["killTimeoutMs=14"], FILE, 14, {
      from: "option",
      place: option,
    }],
  ];
  for (const [properties, sets, file, want, origin] of rows) {
    const { config, warnings } = effect(properties, sets, file);
    assert.equal(config.config.killTimeoutMs, want);
    assert.deepEqual(config.origins.get("killTimeoutMs"), origin);
    assert.deepEqual(warnings, []);
  }
  const strategy = effect("", ["strategy=lmkd"]).config.config;
  assert.equal(strategy.killTimeoutMs, 100);
});

Deno.test("an option for a group leaves its other keys to properties", () => {
  const { config } = effect(
    "ro.lmk.psi_partial_stall_ms=40\nro.lmk.psi_complete_stall_ms=50\n",
    ['psi={"fullStallMs":60}'],
    '{"psi": {"someStallMs": 1, "fullStallMs": 2, "windowMs": 2000}}',
  );
  assert.deepEqual(config.config.psi, {
    someStallMs: 40,
    fullStallMs: 60,
    windowMs: 2000,
  });
});

Deno.test("ro.config.low_ram chooses the profile unless it is told", () => {
  const small = { ...MACHINE, memTotalKb: 1_048_576 };
  const named = { from: "property", name: "ro.config.low_ram" };
  const byFile = '{"profile": "standard"}';
  const place = { source: "a", line: 1, column: 13 };
  const rows: [string, string[], string | null, unknown, string, unknown][] = [
    [LOW_RAM, [], null, MACHINE, "low-ram", named],
    [LOW_RAM, ["profile=auto"], null, MACHINE, "low-ram", named],
    [LOW_RAM, ["profile=standard"], null, MACHINE, "standard", undefined],
    [LOW_RAM, [], byFile, MACHINE, "standard", { from: "file", place }],
    ["", [], null, small, "standard", { from: "default" }],
    ["ro.config.low_ram=false", [], null, small, "standard", named],
    ["ro.config.low_ram=maybe", [], null, small, "standard", {
      from: "default",
    }],
  ];
  for (const [properties, sets, file, machine, profile, origin] of rows) {
    const { config } = effect(
      properties,
      sets,
      file,
      machine as typeof MACHINE,
    );
    assert.equal(config.profile, profile, `${properties} ${sets} ${file}`);
    if (origin !== undefined) {
      assert.deepEqual(config.origins.get("profile"), origin);
    }
  }
});

Deno.test("without properties the memory chooses, as ever", async () => {
  const small = { ...MACHINE, memTotalKb: 1_048_576 };
  for (const source of ["auto", "off", "/nowhere/at/all"]) {
    const sets = [parseSet(`properties=${source}`)];
    for (const load of [loadEffective, loadEffectiveLater]) {
      const { config, warnings } = await load(null, sets, small);
      assert.equal(config.profile, "low-ram", source);
      assert.equal(config.properties, source === "auto" ? "off" : source);
      assert.deepEqual(
        warnings,
        source.startsWith("/")
          ? [
            'Cannot read properties from "/nowhere/at/all": ' +
            "there is no such file; going on without",
          ]
          : [],
      );
    }
  }
});

Deno.test("properties that cannot be taken are told and passed over", () => {
  const over = "persist.device_config.lmkd_native.";
  const rows: [properties: string, key: string, want: unknown, string[]][] = [
    ["ro.lmk.low=abc", "lmkd.lowMinAdj", 1001, [
      'ro.lmk.low is "abc": not a number, not used',
    ]],
    [`${over}low=abc\nro.lmk.low=7`, "lmkd.lowMinAdj", 7, [
      `${over}low is "abc": not a number, not used`,
    ]],
    [`${over}low=\nro.lmk.low=7`, "lmkd.lowMinAdj", 7, []],
    ["ro.lmk.low=99999999999", "lmkd.lowMinAdj", 1001, [
      'ro.lmk.low is "99999999999": too large a number, not used',
    ]],
    ["ro.lmk.use_psi=maybe", "lmkd.usePsi", true, [
      'ro.lmk.use_psi is "maybe": neither true nor false, not used',
    ]],
    ["ro.lmk.low=0x10q", "lmkd.lowMinAdj", 16, [
      'ro.lmk.low is "0x10q": read as 16',
    ]],
    ["ro.lmk.medium=-5", "lmkd.mediumMinAdj", 0, [
      "ro.lmk.medium is -5, expected 0 to 1001: held to 0",
    ]],
    ["ro.lmk.psi_complete_stall_ms=1500", "psi.fullStallMs", 700, [
      "ro.lmk.psi_complete_stall_ms is not used: psi.fullStallMs is 1500, " +
      "expected at most psi.windowMs, which is 1000 by default",
    ]],
    ["ro.lmk.psi_window_size_ms=600", "psi.windowMs", 1000, [
      "ro.lmk.psi_window_size_ms is not used: psi.fullStallMs is 700 by " +
      "default, expected at most psi.windowMs, which is 600",
    ]],
    [
      `ro.lmk.low=${"x".repeat(90)}`,
      "lmkd.lowMinAdj",
      1001,
      [`ro.lmk.low is "${"x".repeat(24)}…": not a number, not used`],
    ],
    ["what\nro.lmk.low=5", "lmkd.lowMinAdj", 5, [
      'Cannot parse "p": line 1, column 1: ' +
      "expected name=value or [name]: [value]",
    ]],
    ["?\n".repeat(21), "lmkd.lowMinAdj", 1001, [
      ...Array.from(
        { length: 20 },
        (_, i) =>
          `Cannot parse "p": line ${i + 1}, column 1: ` +
          "expected name=value or [name]: [value]",
      ),
      "(1 more lines of p not understood)",
    ]],
  ];
  for (const [properties, key, want, warnings] of rows) {
    const effective = effect(properties);
    assert.equal(valueAt(effective.config.config, key.split(".")), want);
    assert.deepEqual(effective.warnings, warnings);
  }
});

Deno.test("a file that is wrong stays wrong, with or without properties", () => {
  const file = '{"psi": {"someStallMs": 900, "windowMs": 800}}';
  for (const properties of ["", TIMEOUT, "ro.lmk.psi_complete_stall_ms=1"]) {
    assert.throws(() => effect(properties, [], file), ConfigError);
  }
  // What a property makes wrong, it loses: the file holds.
  const mended = effect(
    "ro.lmk.psi_window_size_ms=600",
    [],
    '{"psi": {"someStallMs": 650, "fullStallMs": 1}}',
  );
  assert.equal(mended.config.config.psi.windowMs, 1000);
  assert.equal(mended.config.ignored.size, 1);
});

Deno.test("the critical limit may be below the limit where lmkd said so", () => {
  const critical = "ro.lmk.thrashing_limit_critical=50";
  const { config, warnings } = effect(critical);
  assert.equal(config.config.lmkd.thrashingCriticalPercent, 50);
  assert.deepEqual(warnings, []);
  assert.throws(
    () => effect("", ["lmkd.thrashingCriticalPercent=50"]),
    ConfigError,
  );
});

Deno.test("every property has a key that takes its bounds", () => {
  const names = new Set<string>();
  for (const { name, names: full, key, kind, low, high } of PROPERTIES) {
    assert.ok(!names.has(name), name);
    names.add(name);
    assert.ok(full.length >= 1 && full.every((one) => one.endsWith(name)));
    if (key === null) continue;
    const known = KEYS.find((one) => one.name === key);
    assert.ok(known !== undefined, key);
    if (kind === "bool") continue;
    for (const bound of [low, high]) assert.ok(known.accepts(bound), name);
  }
  // Every key of lmkd's group is a property.
  for (const { name } of KEYS) {
    if (!name.startsWith("lmkd.")) continue;
    assert.ok(PROPERTIES.some(({ key }) => key === name), name);
  }
  for (const name of WATCHED) {
    const row = PROPERTIES.find((one) => one.name === name);
    assert.equal(row?.names.length, 2, name);
  }
  assert.equal(new Set(WATCHED).size, 14);
});

Deno.test("what is published", () => {
  const words = (tiers: [number, number][]) => {
    const settings = new Int32Array(SETTINGS_WORDS);
    settings[SET_TIERS] = tiers.length;
    tiers.forEach(([pages, adj], i) => {
      settings[SET_TIER_PAGES + i] = pages;
      settings[SET_TIER_ADJ + i] = adj;
    });
    return settings;
  };
  const levels = (tiers: [number, number][]) =>
    publishedProperties(words(tiers), false).get("sys.lmk.minfree_levels");
  assert.equal(publishedProperties(words([]), false).size, 0);
  assert.deepEqual([...publishedProperties(words([[18_432, 0]]), true)], [
    ["sys.lmk.reportkills", "1"],
    ["sys.lmk.minfree_levels", "18432:0"],
  ]);
  assert.equal(levels([[1, 0], [2, 100], [3, -5]]), "1:0,2:100,3:-5");
  const six = Array.from({ length: 6 }, (): [number, number] => [
    268_435_456,
    1000,
  ]);
  assert.equal(levels(six)?.length, 89);
  // Six of the longest do not fit 92 bytes with the NUL: five are told whole.
  const long = six.map((): [number, number] => [2_147_483_647, 1000]);
  assert.equal(levels(long), Array(5).fill("2147483647:1000").join(","));
  // A torn count reads no further than the tiers there are.
  const torn = words(six);
  torn[SET_TIERS] = 99;
  assert.equal(publishedProperties(torn, false).size, 1);
  assert.equal(
    publishedProperties(torn, false).values().next().value,
    levels(six),
  );
  const file = propertyFile(publishedProperties(words([[1, 0]]), true));
  assert.equal(file, "sys.lmk.reportkills=1\nsys.lmk.minfree_levels=1:0\n");
  const { values } = parseProperties(new TextEncoder().encode(file), "p");
  assert.equal(values.get("sys.lmk.minfree_levels")?.value, "1:0");
});

Deno.test("a property file is read where the configuration says", async () => {
  await withDir(async (dir) => {
    const file = `${dir}/build.prop`;
    Deno.writeTextFileSync(file, TIMEOUT);
    const config = `${dir}/a.json`;
    Deno.writeTextFileSync(config, `{"properties": "${file}"}`);
    for (const load of [loadEffective, loadEffectiveLater]) {
      const effective = await load(config, [], MACHINE);
      assert.equal(effective.config.config.killTimeoutMs, 11);
      assert.equal(effective.config.properties, file);
      const off = await load(config, [parseSet("properties=off")], MACHINE);
      assert.equal(off.config.config.killTimeoutMs, 500);
    }
  });
});

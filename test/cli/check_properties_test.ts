// `oomguard check --properties`: the whole table, as text and as JSON.

import assert from "node:assert/strict";
import { check } from "../../src/cli/check.ts";
import { EXIT_OK, EXIT_USAGE } from "../../src/cli/exits.ts";
import { PROPERTIES } from "../../src/props/table.ts";
import { withDir } from "../props/helpers.ts";

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await check(["--properties", ...args], {
    log: (line) => out.push(line),
    error: (line) => err.push(line),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const MEMORY = "--mem-total-kb=16777216";

const FILE = `{
  "killTimeoutMs": 900, // the property's 250 goes over it
  "lmkd": { "killHeaviest": true },
}`;

const BUILD_PROP = `# what a vendor ships
ro.config.low_ram=true
ro.lmk.debug=true
ro.lmk.kill_timeout_ms=250
ro.lmk.thrashing_limit=180
ro.lmk.swap_util_max=150
ro.lmk.medium=950
persist.device_config.lmkd_native.medium=900
persist.device_config.lmkd_native.low=soon
ro.lmk.psi_complete_stall_ms=1200
ro.lmk.relaxed_available_memory=true
no property
`;

const GOLDEN = `DIR/a.json is valid.
Properties of DIR/build.prop: 10 read; profile low-ram.

PROPERTY                      VALUE      FROM      KEY
low_ram                       true       ro.config profile
per_app_memcg                 true       default   lmkd.perAppMemcg
log_stats                     true       default   lmkd.logStats
debug                         true       ro.lmk    log.level
use_psi                       true       default   lmkd.usePsi
use_new_strategy              true       default   lmkd.useNewStrategy
use_minfree_levels            false      default   lmkd.useMinfreeLevels
delay_monitors_until_boot     false      default   lmkd.delayMonitorsUntilBoot
psi_partial_stall_ms          200        profile   psi.someStallMs
psi_complete_stall_ms         700        default   psi.fullStallMs
psi_window_size_ms            1000       default   psi.windowMs
swap_free_low_percentage      10         default   lmkd.swapFreeLowPercent
swap_util_max                 100        ro.lmk    lmkd.swapUtilMaxPercent
swap_compression_ratio        1          default   lmkd.swapCompressionRatio
swap_compression_ratio_div    1          default   lmkd.swapCompressionRatioDiv
relaxed_available_memory      true       ro.lmk    (not used)
thrashing_limit               180        ro.lmk    lmkd.thrashingLimitPercent
thrashing_limit_decay         5          --set     lmkd.thrashingDecayPercent
thrashing_limit_critical      540        profile   lmkd.thrashingCriticalPercent
filecache_min_kb              0          default   lmkd.filecacheMinKb
stall_limit_critical          100        default   lmkd.stallCriticalPercent
direct_reclaim_threshold_ms   0          default   lmkd.directReclaimThresholdMs
lowmem_min_oom_score          701        default   lmkd.lowmemMinAdj
pressure_after_kill_min_score 0          default   lmkd.afterKillMinAdj
kill_timeout_ms               250        ro.lmk    killTimeoutMs
kill_heaviest_task            true       line 3    lmkd.killHeaviest
low                           1001       default   lmkd.lowMinAdj
medium                        900        override  lmkd.mediumMinAdj
critical                      0          default   lmkd.criticalMinAdj
critical_upgrade              false      default   lmkd.criticalUpgrade
upgrade_pressure              100        default   lmkd.upgradePressurePercent
downgrade_pressure            100        default   lmkd.downgradePressurePercent

Cannot parse "DIR/build.prop": line 12, column 1: expected name=value or [name]:
[value]
ro.lmk.psi_complete_stall_ms is not used: psi.fullStallMs is 1200, expected at
most psi.windowMs, which is 1000 by default
ro.lmk.swap_util_max is 150, expected 0 to 100: held to 100
persist.device_config.lmkd_native.low is "soon": not a number, not used`;

Deno.test("every property, its value, its origin and its key", async () => {
  await withDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/a.json`, FILE);
    Deno.writeTextFileSync(`${dir}/build.prop`, BUILD_PROP);
    const { code, out, err } = await run(
      `${dir}/a.json`,
      MEMORY,
      "--set",
      `properties=${dir}/build.prop`,
      "--set",
      "lmkd.thrashingDecayPercent=5",
    );
    assert.equal(err, "");
    assert.equal(code, EXIT_OK);
    // Where a line breaks depends on how long the folder's name is.
    const flat = (text: string) =>
      text.replace(/(Cannot parse[^\n]*)\n(?!ro)/, "$1 ");
    assert.equal(flat(out.replaceAll(dir, "DIR")), flat(GOLDEN));
    for (const line of out.split("\n").slice(2)) {
      assert.ok(line.length <= 80 || line.includes(dir), line);
    }
  });
});

Deno.test("without a source, the defaults", async () => {
  const { code, out } = await run(MEMORY, "--set", "properties=off");
  assert.equal(code, EXIT_OK);
  const lines = out.split("\n");
  assert.equal(lines[1], "No properties are read.");
  assert.equal(lines.length, 4 + PROPERTIES.length);
  for (const line of lines.slice(4)) {
    assert.match(line, /^\w+ +\w+ +(default|profile) +\S/);
  }
});

Deno.test("a source that cannot be read is told, and holds nothing up", async () => {
  const { code, out } = await run("--set", "properties=/nowhere/at/all");
  assert.equal(code, EXIT_OK);
  assert.match(out, /^Properties of \/nowhere\/at\/all: none to be had; /m);
  assert.match(out, /there is no such file; going on\swithout$/);
});

Deno.test("the same as JSON", async () => {
  await withDir(async (dir) => {
    const file = `${dir}/build.prop`;
    Deno.writeTextFileSync(file, BUILD_PROP);
    const set = `properties=${file}`;
    const { code, out } = await run(MEMORY, "--json", "--set", set);
    assert.equal(code, EXIT_OK);
    const told = JSON.parse(out);
    assert.deepEqual(Object.keys(told), [
      "version",
      "valid",
      "file",
      "machine",
      "profile",
      "source",
      "known",
      "properties",
      "warnings",
    ]);
    assert.deepEqual(
      [told.version, told.valid, told.file, told.profile, told.known],
      [1, true, null, "low-ram", true],
    );
    assert.equal(told.source, file);
    assert.equal(told.warnings.length, 4);
    const names = told.properties.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, PROPERTIES.map(({ name }) => name));
    const low = told.properties.find(({ name }: { name: string }) =>
      name === "low"
    );
    assert.deepEqual(low, {
      name: "low",
      names: ["persist.device_config.lmkd_native.low", "ro.lmk.low"],
      value: 1001,
      origin: { from: "default" },
      key: "lmkd.lowMinAdj",
      default: 1001,
      lowRamDefault: 1001,
      meaning: "lowest to die, low pressure",
      notes: [
        'persist.device_config.lmkd_native.low is "soon": not a number, ' +
        "not used",
      ],
    });
    const medium = told.properties.find(({ name }: { name: string }) =>
      name === "medium"
    );
    assert.deepEqual(medium.origin, {
      from: "property",
      name: "persist.device_config.lmkd_native.medium",
    });
  });
});

Deno.test("a configuration that is wrong stays wrong", async () => {
  const { code, out, err } = await run("--set", "dryRun=1");
  assert.equal(code, EXIT_USAGE);
  assert.equal(out, "");
  assert.match(err, /^Cannot parse "--set dryRun"/);
});

Deno.test("plain check names the property and repeats the warnings", async () => {
  await withDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/p`, BUILD_PROP);
    const out: string[] = [];
    const code = await check([MEMORY, "--set", `properties=${dir}/p`], {
      log: (line) => out.push(line),
      error: (line) => out.push(line),
    });
    assert.equal(code, EXIT_OK);
    const lines = out.join("\n").split("\n");
    const rows: RegExp[] = [
      /^profile +auto: low-ram +ro\.config$/,
      /^killTimeoutMs +250 +ro\.lmk$/,
      /^lmkd\.mediumMinAdj +900 +override$/,
      /^lmkd\.perAppMemcg +auto: true +default$/,
      /^lmkd\.useNewStrategy +auto: true +default$/,
      /^log\.level +debug +ro\.lmk$/,
      /^ro\.lmk\.swap_util_max is 150, expected 0 to 100: held to 100$/,
    ];
    for (const row of rows) {
      assert.ok(lines.some((line) => row.test(line)), String(row));
    }
  });
});

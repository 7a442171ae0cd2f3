// The pure parts around the emulator: package lists, modules, the scene's
// text, the oops filter, and the words a scene is told in.

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";

import { POPULATION } from "./cast.ts";
import { collect } from "./events.ts";
import { parseDebs, parseKernelPackage } from "./host.ts";
import { orderModules, parseDepends } from "./image.ts";
import { GUARDS } from "./guard_command.ts";
import { SCENES } from "./scenes.ts";
import { sceneText } from "./scene_text.ts";
import { formatTable, formatTimeline } from "./timeline.ts";
import { judge } from "./verdict.ts";
import { findOops, watchdog } from "./vm.ts";

Deno.test("apt's list of files", () => {
  const text = "Reading package lists...\n" +
    "'http://example.org/pool/c/b%3a1_amd64.deb' b_1%3a1_amd64.deb 928188 " +
    "SHA256:ab12\n";
  deepStrictEqual(parseDebs(text), [{
    package_: "b",
    fileName: "b_1%3a1_amd64.deb",
    hash: "SHA256:ab12",
  }]);
  deepStrictEqual(parseDebs("E: Unable to locate package b\n"), []);
});

Deno.test("the cloud kernel behind the meta package", () => {
  const text = "linux-image-cloud-amd64\n" +
    "  Depends: linux-image-6.1.0-56-cloud-amd64\n";
  strictEqual(parseKernelPackage(text), "linux-image-6.1.0-56-cloud-amd64");
  throws(() => parseKernelPackage("linux-image-cloud-amd64\n"), SyntaxError);
});

Deno.test("modules say what they depend on", () => {
  const rows: [string, string[]][] = [
    ["", []],
    ["\x7fELF\0license=GPL\0depends=\0name=x\0", []],
    ["\x7fELF\0depends=virtio_ring,virtio\0", ["virtio_ring", "virtio"]],
    ["\0depends=crc32c-generic\0", ["crc32c_generic"]],
    ["\0depends=cut short", []],
  ];
  for (const [text, want] of rows) {
    deepStrictEqual(parseDepends(new TextEncoder().encode(text)), want);
  }
});

Deno.test("modules are loaded after what they need, built-in ones not", () => {
  const depends: Record<string, string[]> = {
    blk: ["ring", "core"],
    pci: ["ring", "builtin"],
    ring: ["core"],
    core: [],
  };
  const order = orderModules(["pci", "blk", "none"], (name) => depends[name]);
  deepStrictEqual(order, ["core", "ring", "pci", "blk"]);
});

Deno.test("an oops is told from a death for want of memory", () => {
  const rows: [string, string | undefined][] = [
    ["Out of memory: Killed process 7 (leak)", undefined],
    ["Kernel panic - not syncing: System is deadlocked on memory", undefined],
    ["a\n[ 1.2] Oops: 0000 [#1] SMP\nb", "[ 1.2] Oops: 0000 [#1] SMP"],
    ["[ 1.2] BUG: unable to handle page fault", undefined],
  ];
  rows[3]![1] = rows[3]![0];
  for (const [text, want] of rows) strictEqual(findOops(text), want);
});

Deno.test("a boot ends by silence, or by its limit, or by itself", async () => {
  const long = 60000;
  const rows: [number, number, number, { isSilent: boolean }][] = [
    [long, 1, 2, { isSilent: true }],
    [1, long, 1, { isSilent: false }],
    // Before its first word the kernel boots: that is not silence.
    [1, 1, 0, { isSilent: false }],
  ];
  for (const [limitMs, silentMs, feeds, { isSilent }] of rows) {
    const state = await new Promise((resolve) => {
      const watch = watchdog({ limitMs, silentMs }, () => {
        watch.stop();
        resolve(watch.state);
      });
      for (let i = 0; i < feeds; i++) watch.feed();
    });
    deepStrictEqual(state, { isSilent, isTimedOut: !isSilent });
  }
});

Deno.test({
  name: "a boot that ended by itself leaves no timer behind",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () => {
    const watch = watchdog({ limitMs: 60000, silentMs: 60000 }, () => {});
    watch.feed();
    watch.stop();
    deepStrictEqual(watch.state, { isTimedOut: false, isSilent: false });
  },
});

Deno.test("ten cached apps hold 400 MB in one band", () => {
  const cached = POPULATION.filter((spec) => spec.adj >= 900);
  deepStrictEqual(
    cached.map((spec) => spec.adj).sort(),
    [900, 905, 910, 915, 920, 925, 930, 935, 940, 945],
  );
  strictEqual(cached.reduce((sum, spec) => sum + spec.sizeMb, 0), 400);
  const uids = new Set(POPULATION.map((spec) => spec.uid));
  strictEqual(uids.size, POPULATION.length);
});

Deno.test("a scene's text names the guard, the load and the culprit", () => {
  const text = sceneText(SCENES.lock, {
    guard: GUARDS.oomguard,
    guardArgs: ["--dry-run"],
    seed: 3,
    targets: [18432, 0],
  });
  const lines = text.split("\n");
  const has = (line: string) => strictEqual(lines.includes(line), true, line);
  has("target 18432 0");
  has("socket /dev/socket/lmkd");
  has("seed 3");
  has("proc app com.example.cached0 945 10001 40 0 0");
  has("culprit hog com.example.lock 900 10040 8192 150 1");
  strictEqual(lines[0]!.startsWith("guard /guard/oomguard daemon "), true);
  strictEqual(lines[0]!.endsWith(" --dry-run"), true);
});

Deno.test("those who come late are many, and all are culprits", () => {
  const options = { guard: undefined, guardArgs: [], seed: 1, targets: [] };
  const text = sceneText(SCENES.storm, { ...options, signals: true });
  strictEqual(text.match(/^culprit swarm /gm)?.length, 48);
  strictEqual(/^late$/m.test(text), true);
  strictEqual(/^signals$/m.test(text), true);
  const asleep = sceneText(SCENES.idle, options);
  strictEqual(/^culprit|^late|heart|busy/m.test(asleep), false);
  strictEqual(/^sample 1000$/m.test(asleep), true);
});

Deno.test("no guard, no guard lines", () => {
  const options = { guard: undefined, guardArgs: [], seed: 1, targets: [] };
  const text = sceneText(SCENES.leak, options);
  strictEqual(/^(guard|socket|ready|target)/m.test(text), false);
});

Deno.test("a scene is told in order, also one that was cut short", () => {
  const run = collect([
    '{"e":"guard","t":900,"line":"ready"}',
    '{"e":"begin","t":1000,"totalKb":1000}',
    '{"e":"spawn","t":500,"pid":7,"name":"a","adj":900}',
    '{"e":"death","t":3000,"pid":7,"signal":9}',
  ]);
  const want = { fate: "dies", rateMbMin: 60, launchMsMax: 4000 } as const;
  const verdict = judge(run, want);
  const lines = formatTimeline(run, verdict).split("\n");
  deepStrictEqual(lines.slice(0, 4), [
    "     -0.5 start a (pid 7, adj 900)",
    "     -0.1 guard: ready",
    "      0.0 -- the culprit is let go",
    "      2.0 DEATH a (pid 7, adj 900): signal 9, held 0 MB",
  ]);
  const row = { scene: "leak", guard: "none", run, verdict, bootMs: 1 };
  const table = formatTable([row]);
  strictEqual(table.split("\n").every((line) => line.length <= 80), true);
  strictEqual(table.split("\n")[0]?.trim(), "leak");
  strictEqual(table.includes("FAIL"), true);
});

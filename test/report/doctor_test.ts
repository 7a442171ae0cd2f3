// The doctor's findings: each row is a guard and a kernel that are well but for
// one thing.

import assert from "node:assert/strict";
import {
  describeDoctor,
  examine,
  type KernelFacts,
  PROTECTIONS,
} from "../../src/report/doctor.ts";
import * as g from "../../src/state/gauges.ts";
import type { StatusFields } from "../../src/report/summary.ts";
import { COLUMNS } from "../../src/report/units.ts";

const ALL = PROTECTIONS.reduce((bits, [bit]) => bits | bit, 0);
const CAPS = (1n << 41n) - 1n;

const WELL: StatusFields = {
  state: "calm",
  guardPid: 4321,
  dryRun: 0,
  self: ALL,
  lockLevel: "all",
  anonKb: 15_360,
  fileKb: 9_216,
  shmemKb: 1_024,
  swappedKb: 0,
  ballastKb: 4_096,
  lockWanted: "auto",
  ballastWantedKb: 4_096,
  armWanted: 1,
  watchdogMs: 300,
  nextPid: 777,
};
const KERNEL: KernelFacts = {
  swapKb: 524_288,
  isZram: true,
  panicOnOom: 0,
  killAllocatingTask: 0,
  minTtlMs: 0,
  hasPsi: true,
  memoryGroups: "v2",
  capabilities: CAPS,
  memlockKb: 8_192,
};

/** What is found, as "grade what". */
function found(
  fields: StatusFields,
  kernel: Partial<KernelFacts> = {},
): string[] {
  return examine({ ...WELL, ...fields }, { ...KERNEL, ...kernel })
    .map(({ grade, what }) => `${grade} ${what}`);
}

Deno.test("doctor: nothing to change", () => {
  const unknown = { panicOnOom: null, killAllocatingTask: null };
  assert.deepEqual(found({}), []);
  assert.deepEqual(found({}, { ...unknown, minTtlMs: null }), []);
  assert.deepEqual(found({}, { capabilities: null }), []);
  assert.deepEqual(found({ lockLevel: "files" }, { swapKb: 0 }), []);
  // Without a limit on locked memory the capability is not needed.
  const noLimit = { capabilities: CAPS & ~(1n << 14n), memlockKb: null };
  assert.deepEqual(found({}, noLimit), []);
});

Deno.test("doctor: what nothing calls for is not missed", () => {
  const { SELF_ARMED, SELF_LOCKED } = g;
  const rows: [StatusFields, Partial<KernelFacts>][] = [
    // In a group without swap, on a machine with it.
    [{ lockLevel: "files" }, {}],
    // Swap was there when memory could not be locked, and is gone.
    [{ lockLevel: "files", self: ALL & ~SELF_LOCKED }, { swapKb: 0 }],
    // --group, or turned off.
    [{ ballastKb: 0, ballastWantedKb: 0 }, {}],
    [{ self: ALL & ~SELF_ARMED, armWanted: 0 }, {}],
    [{ self: ALL & ~SELF_ARMED, nextPid: 0 }, {}],
  ];
  for (const [fields, kernel] of rows) {
    assert.deepEqual(found(fields, kernel), [], JSON.stringify(fields));
  }
});

Deno.test("doctor: one thing each", () => {
  const rows: [StatusFields, Partial<KernelFacts>, RegExp][] = [
    [{ swappedKb: 512 }, {}, /^grave 0.5 MB of the guard are in swap/],
    [
      { lockLevel: "files", lockWanted: "files" },
      {},
      /^grave There is swap, .* locked: files$/,
    ],
    [{ lockLevel: "arena" }, { swapKb: 0 }, /^grave The guard's code can be/],
    [{ lockLevel: "nothing" }, { swapKb: 0 }, /^grave The guard's code/],
    [{ dryRun: 1 }, {}, /^grave It is a dry run/],
    [{ ballastKb: 0 }, {}, /^weak No ballast/],
    [{ watchdogMs: 0 }, {}, /^weak Without watchdog thread$/],
    [{}, { panicOnOom: 1 }, /^grave The kernel panics/],
    [{}, { killAllocatingTask: 1 }, /^weak The kernel's killer takes/],
    [{}, { minTtlMs: 1000 }, /^weak The kernel may kill first.* is 1000$/],
    [{}, { hasPsi: false }, /^weak The kernel does not measure pressure$/],
    [{}, { memoryGroups: "" }, /^weak There are no memory groups$/],
    [{}, { capabilities: CAPS & ~(1n << 5n) }, /^grave .* lacks CAP_KILL$/],
    [{}, { capabilities: CAPS & ~(1n << 14n) }, /^weak .* CAP_IPC_LOCK$/],
    [{}, { capabilities: CAPS & ~(1n << 23n) }, /^weak .* CAP_SYS_NICE$/],
    [{}, { capabilities: CAPS & ~(1n << 24n) }, /^weak .*CAP_SYS_RESOURCE$/],
  ];
  for (const [fields, kernel, want] of rows) {
    const what = found(fields, kernel);
    assert.equal(what.length, 1, what.join("\n"));
    assert.match(what[0]!, want);
  }
  for (const [bit, name, grade] of PROTECTIONS) {
    assert.deepEqual(found({ self: ALL & ~bit }), [`${grade} Without ${name}`]);
  }
});

Deno.test("doctor: the worst first, readable at 80 columns", () => {
  const nothing = { self: 0, lockLevel: "nothing", swappedKb: 1, ballastKb: 0 };
  const bad = { ...KERNEL, panicOnOom: 2, minTtlMs: 5_000, capabilities: 0n };
  const rows: [StatusFields, KernelFacts][] = [
    [WELL, KERNEL],
    [{ ...WELL, ...nothing }, bad],
    [{}, { ...bad, swapKb: null, hasPsi: false, memoryGroups: "" }],
  ];
  for (const [fields, kernel] of rows) {
    const findings = examine(fields, kernel);
    const grades = findings.map(({ grade }) => grade);
    assert.deepEqual(grades, [...grades].sort(), "grave comes first");
    const lines = describeDoctor(fields, kernel, findings);
    for (const line of lines) assert.ok(line.length <= COLUMNS, line);
    const told = lines.filter((line) => /^(grave|weak) /.test(line));
    assert.equal(told.length, findings.length);
    const well = lines.at(-1) === "Nothing to change.";
    assert.equal(well, findings.length === 0);
  }
  assert.equal(
    describeDoctor(WELL, { ...KERNEL, swapKb: 0 }, []).slice(0, 3).join("\n"),
    `guard   process 4321, calm
memory  locked: all; 15.0 MB anonymous, 9.0 MB of files, 1.0 MB shared, 0.0 MB
        swapped; ballast 4.0 MB`,
  );
});

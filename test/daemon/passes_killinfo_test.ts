// What the record of a kill by strategy `lmkd` says: each of killinfo's 38
// figures from its own source (lmkd.md, section 6.3).

import assert from "node:assert/strict";
import { POLL_ON, POLL_PAUSED } from "../../src/policy/polling.ts";
import { REASON_LOW_MEM } from "../../src/state/reasons.ts";
import { app, MB } from "./helpers.ts";
import { BELOW_MIN_KB, MEMINFO_LABELS, Stage } from "./passes_scenes.ts";

Deno.test("passes: each figure of killinfo is its own", () => {
  const stage = new Stage(
    ["lmkd.lowmemMinAdj=333"],
    [app(905, 6, { uid: 10_077 })],
  );
  const [one] = stage.apps;
  one.swapKb = 3_100;
  // 17 % in a first window; half of it is carried into the next.
  stage.event("some");
  stage.refaults = 170;
  stage.rig.run(900);
  stage.eventAt("some", stage.wokeMs + 200);
  const eventMs = stage.wokeMs;
  // Two polls find all well, the third does not.
  assert.equal(stage.pollsOf(150), 2);
  MEMINFO_LABELS.forEach((label, i) => {
    stage.meminfo[label] = 4_004 + 40 * i;
  });
  stage.meminfo.CmaFree = 44;
  stage.memory = ["1.01", "2.02"];
  stage.io = ["3.03", "4.04"];
  stage.cpu = ["5.05", "6.06"];
  stage.untilSignals(1);
  const [{ killinfo }] = stage.entries();
  const passedMs = stage.wokeMs - eventMs;
  assert.ok(Math.abs(Number(killinfo.wakeMs) - 100) <= 2);
  const want = {
    pid: one.pid,
    uid: 10_077,
    adj: 905,
    floorAdj: 333,
    rssKb: 6 * MB,
    reason: REASON_LOW_MEM,
    freeKb: 4_004,
    cachedKb: 4_044,
    swapCachedKb: 4_084,
    buffersKb: 4_124,
    shmemKb: 4_164,
    unevictableKb: 4_204,
    swapTotalKb: 4_244,
    swapFreeKb: 4_284,
    activeAnonKb: 4_324,
    inactiveAnonKb: 4_364,
    activeFileKb: 4_404,
    inactiveFileKb: 4_444,
    slabReclaimableKb: 4_484,
    slabUnreclaimableKb: 4_524,
    kernelStackKb: 4_564,
    pageTablesKb: 4_604,
    ionHeapKb: 4_644,
    ionHeapPoolKb: 4_684,
    cmaFreeKb: 44,
    eventMs: passedMs,
    wakeMs: killinfo.wakeMs,
    wakeups: 3,
    skippedWakeups: 0,
    swapKb: 3_100,
    gpuKb: 0,
    thrashingPercent: 8,
    maxThrashingPercent: 17,
    memorySomePercent: 1.01,
    memoryFullPercent: 2.02,
    ioSomePercent: 3.03,
    ioFullPercent: 4.04,
    cpuSomePercent: 5.05,
  };
  assert.deepEqual(killinfo, want);
  // In the order of the event as well (lmkd.md, section 6.3).
  assert.deepEqual(Object.keys(killinfo), Object.keys(want));
});

Deno.test("passes: an event is skipped while a death is awaited, and told", () => {
  const stage = new Stage([], [
    app(905, 6, { stuckMs: 60 }),
    app(904, 6),
  ]);
  stage.meminfo = { MemFree: BELOW_MIN_KB };
  stage.event("some");
  stage.eventAt("some", stage.wokeMs + 20);
  const eventMs = stage.wokeMs;
  assert.equal(stage.kills().length, 1);
  assert.equal(stage.poll, POLL_PAUSED);
  stage.untilSignals(2);
  const { killinfo } = stage.entries()[1];
  const passedMs = stage.wokeMs - eventMs;
  assert.ok(passedMs > 30);
  assert.equal(killinfo.skippedWakeups, 1);
  assert.equal(killinfo.wakeups, 1);
  assert.equal(killinfo.wakeMs, passedMs);
  assert.equal(killinfo.eventMs, passedMs);
});

Deno.test("passes: the old strategy polls on meanwhile, and skips each", () => {
  const stage = new Stage(
    ["lmkd.useNewStrategy=false", "lmkd.useMinfreeLevels=true"],
    [app(905, 6, { stuckMs: 80 }), app(904, 6)],
  );
  stage.manager.target(4_000, 900);
  stage.rig.run(50);
  stage.meminfo = { MemFree: BELOW_MIN_KB };
  stage.event("some");
  assert.equal(stage.poll, POLL_PAUSED);
  stage.eventAt("some", stage.wokeMs + 20);
  assert.equal(stage.poll, POLL_ON);
  stage.untilSignals(2);
  const skipped = Number(stage.entries()[1].killinfo.skippedWakeups);
  assert.ok(skipped >= 6 && skipped <= 8, `${skipped} skipped`);
});

// lmkd's passes as the reactor makes them: what follows a kill, when zoneinfo is
// read, which events are looked at, a victim that does not die. The reasons and
// the rules of polling by themselves: test/policy, test/lmkd.

import assert from "node:assert/strict";
import { SLOT_ZONEINFO } from "../../src/daemon/sensor.ts";
import { POLL_OFF, POLL_ON, POLL_PAUSED } from "../../src/policy/polling.ts";
import { ABOVE_ALL, BELOW_MIN } from "../../src/policy/watermarks.ts";
import { G_OVERDUE } from "../../src/state/gauges.ts";
import {
  J_LIMIT,
  J_MARK,
  J_VALUE,
  KIND_KILL,
} from "../../src/state/journal.ts";
import {
  HIST_THRASHING_LIMIT_PERCENT,
  HIST_WAKEUPS,
  REASON_LOW_MEM,
  REASON_LOW_MEM_AND_THRASHING,
  REASON_NOT_RESPONDING,
  REASON_PRESSURE_AFTER_KILL,
} from "../../src/state/reasons.ts";
import { app, gauge, MB } from "./helpers.ts";
import {
  BELOW_LOW_KB,
  BELOW_MIN_KB,
  PLENTY_KB,
  Stage,
  TAGS,
} from "./passes_scenes.ts";

Deno.test("passes: below min after a kill is a reason, once for each", () => {
  const stage = new Stage(
    ["lmkd.afterKillMinAdj=300"],
    [app(905, 6), app(310, 6), app(250, 6)],
  );
  stage.meminfo = { MemFree: BELOW_MIN_KB };
  stage.event("some");
  assert.deepEqual(stage.kills(), [[REASON_LOW_MEM, 701, 0]]);
  assert.equal(stage.poll, POLL_PAUSED);
  // Its death is followed by a poll, in which the next one dies.
  stage.untilSignals(2);
  assert.ok(stage.wokeMs - stage.apps[0].diedUs / 1000 < 5);
  assert.deepEqual(stage.kills().slice(1), [
    [REASON_PRESSURE_AFTER_KILL, 300, 1],
  ]);
  // Once more nobody is found for it, and the pass after that follows no kill.
  stage.rig.run(50);
  assert.equal(stage.kills().length, 2);
  assert.deepEqual(stage.nobodies(), [
    [REASON_PRESSURE_AFTER_KILL, 300],
    [REASON_LOW_MEM, 701],
  ]);
});

Deno.test("passes: above min after a kill, it is spent", () => {
  const stage = new Stage(
    ["lmkd.afterKillMinAdj=300"],
    [app(905, 6), app(904, 6), app(310, 6)],
  );
  stage.meminfo = { MemFree: BELOW_MIN_KB };
  stage.event("some");
  stage.meminfo = { MemFree: PLENTY_KB };
  stage.rig.run(50);
  stage.meminfo = { MemFree: BELOW_MIN_KB };
  stage.untilSignals(2);
  assert.deepEqual(stage.kills(), [
    [REASON_LOW_MEM, 701, 0],
    [REASON_LOW_MEM, 701, 1],
  ]);
});

Deno.test("passes: a real event is a reason, the polls after it are not", () => {
  const stage = new Stage([], [app(905, 6), app(904, 6)]);
  stage.event("full");
  assert.deepEqual(stage.kills(), [[REASON_NOT_RESPONDING, 0, 0]]);
  stage.rig.run(500);
  assert.equal(stage.kills().length, 1);
  stage.event("full");
  assert.deepEqual(stage.kills().slice(1), [[REASON_NOT_RESPONDING, 0, 1]]);
  // Two events of one turn are one pass, of the higher level.
  const both = new Stage([], [app(905, 6)]);
  both.rig.machine.triggered(TAGS.full);
  both.event("some");
  assert.deepEqual(both.kills(), [[REASON_NOT_RESPONDING, 0, 0]]);
});

Deno.test("passes: each kill for thrashing cuts the limit", () => {
  const stage = new Stage(
    ["lmkd.thrashingLimitPercent=100", "lmkd.thrashingDecayPercent=10"],
    [905, 904, 903].map((adj) => app(adj, 6)),
  );
  const limit = () => stage.rig.history[HIST_THRASHING_LIMIT_PERCENT];
  const figures = () =>
    stage.records(KIND_KILL)
      .map(({ at, words }) => [words[at + J_VALUE], words[at + J_LIMIT]]);
  // Ten refaults are a percent. The first pass only begins to count.
  stage.event("some");
  assert.equal(limit(), 100);
  stage.meminfo = { MemFree: BELOW_LOW_KB };
  stage.refaults += 1_500;
  stage.untilSignals(1);
  assert.deepEqual(stage.kills(), [[REASON_LOW_MEM_AND_THRASHING, 201, 0]]);
  assert.deepEqual(figures(), [[150, 100]]);
  assert.equal(limit(), 90);
  // All is counted anew; 95 % would not have been a reason before.
  stage.meminfo = { MemFree: PLENTY_KB };
  stage.rig.run(50);
  stage.meminfo = { MemFree: BELOW_LOW_KB };
  stage.refaults += 950;
  stage.untilSignals(2);
  assert.deepEqual(figures()[1], [95, 90]);
  assert.equal(limit(), 81);
  // A kill for something else leaves it; a new window has it whole.
  stage.untilSignals(3);
  assert.deepEqual(stage.kills()[2], [REASON_LOW_MEM, 701, 2]);
  assert.equal(limit(), 81);
  stage.rig.run(1_500, () => stage.event("some"));
  assert.equal(limit(), 100);
  const most = stage.entries().map(({ killinfo }) => [
    killinfo.thrashingPercent,
    killinfo.maxThrashingPercent,
  ]);
  // The most since the kill before.
  assert.deepEqual(most, [[150, 150], [95, 95], [0, 0]]);
});

Deno.test("passes: thrashing that kills nobody cuts nothing", () => {
  const stage = new Stage(["lmkd.thrashingLimitPercent=100"], [app(200, 6)]);
  stage.event("some");
  stage.meminfo = { MemFree: BELOW_LOW_KB };
  stage.refaults += 1_500;
  stage.rig.run(300);
  assert.deepEqual(stage.nobodies(), [[REASON_LOW_MEM_AND_THRASHING, 201]]);
  assert.equal(stage.rig.history[HIST_THRASHING_LIMIT_PERCENT], 100);
});

Deno.test("passes: zoneinfo at the first reason, then once a minute", () => {
  // Where the first look is a pass, the watermarks are not known.
  const early = new Stage([], [], {}, 0);
  early.event("some");
  assert.deepEqual(early.asksFor(SLOT_ZONEINFO), [true]);
  const stage = new Stage();
  const asks = (atMs?: number) => {
    if (atMs === undefined) stage.event("some");
    else stage.eventAt("some", atMs);
    return stage.asksFor(SLOT_ZONEINFO);
  };
  // The watermarks are known from a calm look.
  assert.deepEqual(asks(), [false]);
  stage.meminfo = { MemFree: BELOW_LOW_KB };
  // Looked at twice, the second time with fresh watermarks.
  assert.deepEqual(asks(), [false, true]);
  const readMs = stage.wokeMs;
  assert.deepEqual(stage.nobodies(), [[REASON_LOW_MEM, 701]]);
  assert.deepEqual(asks(), [false]);
  // Calm looks in between bring the figures up to date for those who look in;
  // they are no passes and do not count.
  stage.rig.run(59_000);
  assert.equal(stage.poll, POLL_OFF);
  assert.deepEqual(asks(readMs + 60_000), [false]);
  assert.deepEqual(asks(readMs + 60_001), [true]);
  assert.deepEqual(asks(readMs + 60_002), [false]);
});

Deno.test("passes: the first reason is judged by fresh watermarks", () => {
  const rows: [what: string, marks: number[], mark: number][] = [
    ["they have risen", [1_200, 1_500, 1_800], BELOW_MIN],
    // A reason that no longer holds still kills (AOSP lmkd.cpp).
    ["they have fallen", [10, 20, 30], ABOVE_ALL],
  ];
  for (const [what, marks, mark] of rows) {
    const stage = new Stage([], [app(905, 6)]);
    stage.meminfo = { MemFree: BELOW_LOW_KB };
    stage.marks = marks;
    stage.event("some");
    assert.deepEqual(stage.kills(), [[REASON_LOW_MEM, 701, 0]], what);
    const [{ at, words }] = stage.records(KIND_KILL);
    assert.equal(words[at + J_MARK], mark, what);
  }
});

Deno.test("passes: a victim that does not die holds polling up so long", () => {
  for (const ms of [100, 250]) {
    const stage = new Stage(
      [`killTimeoutMs=${ms}`],
      [app(905, 6, { stuckMs: 5_000 }), app(904, 6)],
    );
    stage.meminfo = { MemFree: BELOW_MIN_KB };
    stage.event("some");
    assert.equal(stage.poll, POLL_PAUSED);
    stage.untilSignals(2);
    // The first poll since comes at once, and it follows a kill.
    const { killinfo } = stage.entries()[1];
    const { wakeups, wakeMs, eventMs } = killinfo;
    assert.deepEqual([wakeups, wakeMs], [1, eventMs]);
    const lateMs = Number(eventMs) - ms;
    assert.ok(lateMs >= 0 && lateMs <= 2, `${lateMs} ms late`);
    assert.equal(gauge(stage.rig, G_OVERDUE), 1);
    assert.deepEqual(stage.kills()[1], [REASON_PRESSURE_AFTER_KILL, 0, 1]);
  }
});

Deno.test("passes: an event below the last one's level is not looked at", () => {
  const stage = new Stage();
  stage.event("full");
  stage.event("some");
  assert.deepEqual(stage.asked, []);
  assert.equal(stage.poll, POLL_ON);
  // The guard had no time for a second: the window is over.
  stage.rig.world.nowUs += 1_500_000;
  stage.event("some");
  assert.equal(stage.poll, POLL_OFF);
  assert.equal(stage.rig.history[HIST_WAKEUPS], 0);
});

Deno.test("passes: who wakes the guard does not make it look", () => {
  const stage = new Stage();
  stage.manager.askKills(0, 0);
  stage.asked.length = 0;
  stage.rig.turn();
  assert.deepEqual(stage.manager.replies, [[4, 0]]);
  assert.deepEqual(stage.asked, []);
});

Deno.test("passes: the largest by what it is now, not by the last look", () => {
  const stage = new Stage([], [app(100, 6), app(100, 8)]);
  stage.apps[0].anonKb += 4 * MB;
  stage.event("full");
  assert.deepEqual(stage.kills(), [[REASON_NOT_RESPONDING, 0, 0]]);
});

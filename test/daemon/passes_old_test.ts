// The passes of lmkd's old strategy as the reactor makes them: tiers of minfree
// and levels of pressure, at an event and at the polls after it.

import assert from "node:assert/strict";
import { POLL_OFF, POLL_ON, POLL_PAUSED } from "../../src/policy/polling.ts";
import {
  HIST_POLL_INTERVAL_MS,
  REASON_LEVEL,
  REASON_MINFREE,
} from "../../src/state/reasons.ts";
import { app } from "./helpers.ts";
import {
  BELOW_MIN_KB,
  MARKS,
  type Meminfo,
  PLENTY_KB,
  Stage,
} from "./passes_scenes.ts";

Deno.test("passes: blind, only the old strategy begins to poll", () => {
  const rows: [sets: string[], poll: number][] = [
    [[], POLL_OFF],
    [["lmkd.useNewStrategy=false"], POLL_ON],
  ];
  for (const [sets, want] of rows) {
    const stage = new Stage(sets, [app(905, 6)]);
    stage.meminfo = { MemFree: BELOW_MIN_KB };
    stage.rig.faults.permille.set("sense", 1000);
    stage.event("full");
    assert.equal(stage.poll, want);
    assert.deepEqual(stage.kills(), []);
  }
});

/** Free beyond the high watermark, and file cache, pages. */
function others(freePages: number, filePages: number): Meminfo {
  return { MemFree: (MARKS[2] + freePages) * 4, Cached: filePages * 4 };
}

Deno.test("passes: tiers of minfree, at the event and at every poll", () => {
  const stage = new Stage(
    ["lmkd.useNewStrategy=false", "lmkd.useMinfreeLevels=true"],
    [app(905, 6), app(400, 6), app(250, 6)],
  );
  stage.manager.target(1_000, 0, 2_000, 300, 4_000, 900);
  stage.rig.run(50);
  stage.meminfo = others(1_999, 1_999);
  stage.event("low");
  assert.deepEqual(stage.kills(), [[REASON_MINFREE, 300, 0]]);
  assert.equal(stage.poll, POLL_PAUSED);
  stage.untilSignals(2);
  assert.deepEqual(stage.kills()[1], [REASON_MINFREE, 300, 1]);
  stage.rig.run(200);
  assert.deepEqual(stage.nobodies(), [[REASON_MINFREE, 300]]);
  stage.meminfo = others(999, 999);
  stage.rig.run(20);
  assert.deepEqual(stage.kills()[2], [REASON_MINFREE, 0, 2]);
  // A window from its death on, every 10 ms; then nothing.
  stage.rig.run(900);
  assert.equal(stage.poll, POLL_ON);
  assert.equal(stage.rig.history[HIST_POLL_INTERVAL_MS], 10);
  stage.rig.run(200);
  assert.equal(stage.poll, POLL_OFF);
  assert.equal(stage.pollsOf(1_000), 0);
});

Deno.test("passes: pressure levels, at the event and at every poll", () => {
  const stage = new Stage(
    [
      "profile=standard",
      "lmkd.useNewStrategy=false",
      "lmkd.useMinfreeLevels=false",
    ],
    [app(905, 6), app(850, 6), app(700, 6), app(100, 6)],
  );
  // Nothing before free memory at low pressure is known.
  stage.event("full");
  stage.event("low");
  assert.deepEqual(stage.kills(), []);
  stage.rig.run(1_500);
  assert.equal(stage.poll, POLL_OFF);
  stage.meminfo = { MemFree: PLENTY_KB - 4 };
  stage.event("some");
  assert.deepEqual(stage.kills(), [[REASON_LEVEL, 800, 0]]);
  // Its polls are of its level, and see that there is enough again.
  stage.untilSignals(2);
  stage.rig.run(50);
  assert.deepEqual(stage.nobodies(), [[REASON_LEVEL, 800]]);
  stage.event("full");
  assert.deepEqual(stage.kills().slice(1), [
    [REASON_LEVEL, 800, 1],
    [REASON_LEVEL, 0, 2],
  ]);
  stage.meminfo = { MemFree: PLENTY_KB };
  stage.rig.run(100);
  assert.equal(stage.poll, POLL_ON);
  assert.equal(stage.kills().length, 3);
});

Deno.test("passes: the old strategy polls for a second after an event", () => {
  for (const tiers of ["true", "false"]) {
    const stage = new Stage([
      "lmkd.useNewStrategy=false",
      `lmkd.useMinfreeLevels=${tiers}`,
    ]);
    stage.event("some");
    const polls = stage.pollsOf(2_000);
    assert.ok(polls >= 99 && polls <= 101, `${polls} polls`);
    assert.equal(stage.poll, POLL_OFF);
  }
});

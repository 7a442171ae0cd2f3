// lmkd's old strategy by levels of pressure, and how the old strategies poll.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import { pollWaitMs } from "../../src/policy/polling.ts";
import * as r from "../../src/state/reasons.ts";
import { LMKD_LEVELS, SET_LEVEL_ADJ } from "../../src/state/settings.ts";
import { conforms } from "./conforms.ts";
import {
  type Cause,
  type Columns,
  type Pass,
  runSteps,
  Script,
  type Settings,
} from "./script.ts";

/** Floors at low, medium and critical pressure that all let somebody die. */
const FLOORS = [900, 600, 100];

function levels(
  settings: Settings = {},
  now: Columns = {},
  floors: readonly number[] = FLOORS,
): Script {
  const script = new Script({
    SET_LMKD_MODE: LMKD_LEVELS,
    SET_UPGRADE_PERCENT: 100,
    SET_DOWNGRADE_PERCENT: 100,
    ...settings,
  }, now);
  script.words.settings.set(floors, SET_LEVEL_ADJ);
  return script;
}

const pass = (cause: Cause, now: Columns = {}): Pass => ({ cause, now });
const alone = (cause: Cause, now: Columns = {}): Pass => ({
  cause,
  now,
  nobody: true,
});

conforms("5", "an event polls at 10 ms; a higher one begins anew", () => {
  const script = levels({}, {}, [1001, 1001, 1001]);
  runSteps(script, [
    [pass("some"), { poll: "on", intervalMs: 10 }],
    [{ cause: "some", after: 900 }, { poll: "on" }],
    // Of its own level or below: the window goes on, and ends.
    [{ cause: "low", after: 100 }, { poll: "on" }],
    [{ cause: "some", after: 1 }, { poll: "off" }],
    [{ cause: "some", after: 1 }, { poll: "on" }],
    [{ cause: "full", after: 900 }, { poll: "on" }],
    [{ cause: "poll", after: 1_000 }, { poll: "on" }],
    [{ cause: "poll", after: 1 }, { poll: "off" }],
  ]);
  assert.equal(pollWaitMs(script.words.history, script.nowMs), -1);
});

conforms("5", "polling begins before the files are read", () => {
  runSteps(levels(), [
    [{ cause: "some", blind: true }, { did: "blind", poll: "on" }],
  ]);
});

conforms("5", "without PSI triggers nothing polls, but a kill pauses", () => {
  const script = levels({ SET_USE_PSI: 0 });
  runSteps(script, [
    [alone("low"), { poll: "off" }],
    [alone("full"), { poll: "off" }],
    [pass("full", { MEM_FREE_KB: 9_000 }), { killed: true, poll: "paused" }],
  ]);
});

conforms(
  "5",
  "while a death is awaited events poll, and nobody is judged",
  () => {
    const script = levels({}, { MEM_FREE_KB: 50_000 });
    runSteps(script, [
      [alone("low"), { reason: r.REASON_NONE }],
      [pass("full", { MEM_FREE_KB: 40_000 }), { killed: true, poll: "paused" }],
      [{ cause: "full", after: 50 }, { did: "skipped", poll: "on" }],
      [{ cause: "poll", after: 10 }, { did: "skipped", poll: "on" }],
      [{ cause: "poll", after: 40 }, { did: "judged", killed: true }],
    ]);
  },
);

conforms("5", "after a kill polls have the level that led to it", () => {
  const script = levels({}, { MEM_FREE_KB: 50_000 });
  runSteps(script, [
    [alone("low"), { reason: r.REASON_NONE, poll: "on" }],
    [pass("full", { MEM_FREE_KB: 40_000 }), { killed: true, poll: "paused" }],
  ]);
  script.died(20);
  assert.equal(pollWaitMs(script.words.history, script.nowMs), 0);
  runSteps(script, [[alone("poll"), { floor: 100, intervalMs: 10 }]]);
});

conforms("5", "levels: nobody dies before low pressure was seen", () => {
  for (const cause of ["some", "full", "poll"] as const) {
    const got = levels({}, { MEM_FREE_KB: 0 }).pass(pass(cause));
    assert.equal(got.reason, r.REASON_NONE, cause);
  }
  // Nor by figures of the group that are not known.
  const absent = { MEMCG_USAGE_KB: ABSENT, MEMSW_USAGE_KB: ABSENT };
  assert.equal(levels({}, absent).pass(pass("full")).reason, r.REASON_NONE);
  // Low pressure itself sets the record, which free memory then equals.
  assert.equal(levels().pass(pass("low")).reason, r.REASON_NONE);
});

conforms(
  "5",
  "levels: the floor of each, while less is free than at low",
  () => {
    const rows: [Cause, freeKb: number, floor: number | null][] = [
      ["low", 39_996, 900],
      ["some", 39_996, 600],
      ["full", 39_996, 100],
      ["full", 40_000, null],
      ["full", 40_004, null],
    ];
    for (const [cause, MEM_FREE_KB, floor] of rows) {
      const script = levels({}, { MEM_FREE_KB: 40_000 });
      runSteps(script, [
        [alone("low"), { reason: r.REASON_NONE }],
        [
          alone(cause, { MEM_FREE_KB }),
          floor === null
            ? { reason: r.REASON_NONE }
            : { reason: r.REASON_LEVEL, floor },
        ],
      ]);
    }
  },
);

conforms("5", "levels: a poll has the level of the event before it", () => {
  const script = levels({}, { MEM_FREE_KB: 40_000 });
  runSteps(script, [
    [alone("low"), { reason: r.REASON_NONE }],
    [alone("full", { MEM_FREE_KB: 39_996 }), { floor: 100 }],
    [alone("poll"), { floor: 100 }],
    // An event below it is judged by its own.
    [alone("some"), { floor: 600 }],
    [alone("poll"), { floor: 100 }],
  ]);
});

conforms("5", "levels: over 1000 a level is off, and negative is 0", () => {
  const rows: [floors: number[], Cause, number | null][] = [
    [[1001, 1001, 1001], "full", null],
    [[1001, 800, 0], "low", null],
    [[1000, 800, 0], "low", 1000],
    [[1001, -1000, 0], "some", 0],
    [[1001, 800, -2_147_483_648], "full", 0],
    [[2_147_483_647, 800, 0], "low", null],
  ];
  for (const [floors, cause, floor] of rows) {
    const script = levels({ SET_LOW_RAM: 1 }, {}, floors);
    const got = script.pass(alone(cause));
    const name = JSON.stringify([floors, cause]);
    if (floor === null) assert.equal(got.reason, r.REASON_NONE, name);
    else assert.deepEqual([got.reason, got.floor], [r.REASON_LEVEL, floor]);
  }
});

conforms("5", "levels: with little RAM free memory does not matter", () => {
  const script = levels({ SET_LOW_RAM: 1 });
  runSteps(script, [[alone("some"), { reason: r.REASON_LEVEL, floor: 600 }]]);
});

conforms("5", "levels: the record rises by less than a tenth at a time", () => {
  const rows: [pages: number[], min: number, max: number][] = [
    [[0, 1], 0, 0],
    [[1, 2], 1, 1],
    [[10, 11], 10, 10],
    [[11, 12], 11, 12],
    [[1_000, 1_100], 1_000, 1_000],
    [[1_000, 1_099], 1_000, 1_099],
    [[1_000, 1_099, 1_208], 1_000, 1_208],
    [[1_000, 5_000, 900], 900, 1_000],
    [[500_000_000, 536_870_911], 500_000_000, 536_870_911],
    [[0, 536_870_911], 0, 0],
  ];
  for (const [pages, min, max] of rows) {
    const script = levels();
    for (const free of pages) {
      const MEM_FREE_KB = Math.min(free * 4, 2_147_483_647);
      script.pass(alone("low", { MEM_FREE_KB }));
    }
    const got = [
      script.at(r.HIST_FREE_MIN_PAGES),
      script.at(r.HIST_FREE_MAX_PAGES),
    ];
    assert.deepEqual(got, [min, max], JSON.stringify(pages));
  }
});

conforms(
  "5",
  "levels: low pressure is recorded also where its level is off",
  () => {
    const script = levels({}, { MEM_FREE_KB: 40_000 }, [1001, 800, 0]);
    runSteps(script, [
      [alone("low"), { reason: r.REASON_NONE }],
      [alone("full", { MEM_FREE_KB: 30_000 }), { floor: 0 }],
    ]);
  },
);

/** The floor at `cause` with so many kB in use, and with swap; swap is low
 * unless `swapKb` are free. */
function ruled(
  cause: Cause,
  used: number,
  withSwap: number,
  settings: Settings,
  swapKb = 0,
): number | null {
  const script = levels({ SET_LOW_RAM: 1, ...settings }, {
    MEMCG_USAGE_KB: used,
    MEMSW_USAGE_KB: withSwap,
    SWAP_FREE_KB: swapKb,
  });
  const { reason, floor } = script.pass(alone(cause));
  return reason === r.REASON_NONE ? null : floor;
}

conforms(
  "5",
  "levels: much swapped out raises the level, where asked for",
  () => {
    const up = { SET_CRITICAL_UPGRADE: 1, SET_UPGRADE_PERCENT: 60 };
    type Row = [Cause, number, number, Settings, number | null];
    const rows: Row[] = [
      ["low", 0, 100, up, 900],
      ["low", 100, 0, up, 900],
      ["low", ABSENT, 100, up, 900],
      ["low", 100, ABSENT, up, 900],
      ["low", 59, 100, up, 600],
      ["low", 60, 100, up, 900],
      ["some", 59, 100, up, 100],
      ["full", 59, 100, up, 100],
      ["low", 59, 100, { ...up, SET_CRITICAL_UPGRADE: 0 }, 900],
      ["some", 2_147_483_646, 2_147_483_647, {
        ...up,
        SET_UPGRADE_PERCENT: 100,
      }, 100],
      ["some", 2_147_483_647, 2_147_483_647, {
        ...up,
        SET_UPGRADE_PERCENT: 100,
      }, 600],
    ];
    for (const [cause, used, withSwap, settings, want] of rows) {
      const got = ruled(cause, used, withSwap, settings);
      assert.equal(got, want, JSON.stringify([cause, used, withSwap]));
    }
  },
);

conforms("5", "levels: a level raised to one that is off kills nobody", () => {
  const script = levels(
    { SET_LOW_RAM: 1, SET_CRITICAL_UPGRADE: 1 },
    { MEMCG_USAGE_KB: 1, MEMSW_USAGE_KB: 100, SWAP_FREE_KB: 0 },
    [900, 1001, 0],
  );
  assert.equal(script.pass(alone("low")).reason, r.REASON_NONE);
});

conforms("5", "levels: with swap to be had little swapped out lets be", () => {
  const down = { SET_DOWNGRADE_PERCENT: 80, SET_UPGRADE_PERCENT: 60 };
  type Row = [Cause, number, Settings, swapKb: number, number | null];
  const rows: Row[] = [
    ["full", 81, down, 52_428, null],
    ["full", 81, down, 52_424, 100],
    ["full", 80, down, 52_428, 600],
    ["full", 61, down, 52_428, 600],
    ["full", 60, down, 52_428, 100],
    ["some", 80, down, 52_428, 600],
    ["low", 81, down, 52_428, null],
    ["low", 80, down, 52_428, 900],
    // Raised to critical: it is under the limit for being lowered again.
    ["some", 59, { ...down, SET_CRITICAL_UPGRADE: 1 }, 52_428, 100],
    // No threshold for swap: there is always enough.
    ["full", 81, { ...down, SET_SWAP_LOW_PERCENT: 0 }, 0, null],
  ];
  for (const [cause, used, settings, swapKb, want] of rows) {
    const got = ruled(cause, used, 100, settings, swapKb);
    assert.equal(got, want, JSON.stringify([cause, used, swapKb]));
  }
  // Without the group's figures swap does not count.
  assert.equal(ruled("full", ABSENT, 100, down, 500_000), 100);
});

// One evaluation of lmkd's new strategy, step by step: what a pass finds, what
// it leaves to the next, and where it ends early.

import assert from "node:assert/strict";
import * as r from "../../src/state/reasons.ts";
import { THRASHING_PERCENT } from "../../src/state/snapshot.ts";
import { sinceEventMs, sincePreviousWakeMs } from "../../src/policy/polling.ts";
import { conforms } from "./conforms.ts";
import { type Pass, runSteps, Script } from "./script.ts";

const MIN = { MEM_FREE_KB: 3_996 };
const LOW = { MEM_FREE_KB: 7_996 };
const ENOUGH = { MEM_FREE_KB: 1_000_000 };
/** 99 file pages: so many refaults are so many percent. */
const HUNDRED = { FILE_LRU_PAGES: 99 };

let scanned = 0;

/** A pass in which kswapd has reclaimed. */
function busy(cause: Pass["cause"], more: Partial<Pass> = {}): Pass {
  return { cause, ...more, now: { VM_PGSCAN_KSWAPD: ++scanned, ...more.now } };
}

conforms("4.3", "step 1: wakeups are counted from event to event", () => {
  const script = new Script();
  const told = () => [
    sinceEventMs(script.words.history, script.nowMs),
    sincePreviousWakeMs(script.words.history, script.nowMs),
    script.at(r.HIST_WAKEUPS),
    script.at(r.HIST_SKIPPED),
  ];
  script.pass({ cause: "some" });
  assert.deepEqual(told().slice(2), [0, 0]);
  script.pass({ cause: "poll", after: 100 });
  assert.deepEqual(told(), [100, 100, 1, 0]);
  script.pass({ cause: "poll", after: 30 });
  assert.deepEqual(told(), [130, 30, 2, 0]);
  script.pass(busy("some", { after: 20, now: LOW }));
  assert.deepEqual(told(), [0, 20, 0, 0]);
  script.pass({ cause: "poll", after: 7 });
  assert.deepEqual(told(), [7, 7, 1, 1]);
  script.pass({ cause: "some", after: 3 });
  assert.deepEqual(told(), [0, 3, 0, 1]);
});

conforms("4.3", "step 1: wakeups do not run over, nor does their clock", () => {
  const script = new Script({}, {}, 2_147_483_647);
  script.pass({ cause: "some" });
  script.words.history[r.HIST_WAKEUPS] = 2_147_483_647;
  script.pass({ cause: "poll", after: 10 });
  assert.equal(script.at(r.HIST_WAKEUPS), 2_147_483_647);
  assert.equal(sinceEventMs(script.words.history, script.nowMs), 10);
});

conforms("4.3", "step 2: nobody is judged while a death is awaited", () => {
  runSteps(new Script({ SET_KILL_TIMEOUT_MS: 100 }, LOW), [
    [busy("some"), { killed: true }],
    [busy("full", { after: 99, now: MIN }), { did: "skipped" }],
    [busy("full", { after: 1 }), { did: "judged", reason: 0 }],
  ]);
  runSteps(new Script({ SET_KILL_TIMEOUT_MS: 0 }, LOW), [
    [busy("some"), { killed: true }],
    [busy("full", { after: 1_000_000 }), { did: "skipped", poll: "paused" }],
  ]);
});

conforms("4.3", "step 3: without its files a pass changes nothing", () => {
  const script = new Script({}, { ...HUNDRED, ...ENOUGH });
  script.pass(busy("some"));
  const before = script.words.history.slice(0, r.HIST_POLL);
  script.pass({
    cause: "poll",
    after: 1_500,
    now: { REFAULT: 500, VM_PGSCAN_DIRECT: 5, ...MIN },
    blind: true,
  });
  assert.deepEqual(script.words.history.slice(0, r.HIST_POLL), before);
});

conforms("4.3", "step 4: the first pass sets the baselines", () => {
  // Refaults since boot are no thrashing.
  const script = new Script({}, { ...LOW, ...HUNDRED, REFAULT: 50_000_000 });
  runSteps(script, [[busy("some", { nobody: true }), {
    reason: r.REASON_LOW_MEM,
  }]]);
  assert.equal(script.column(THRASHING_PERCENT), 0);
  assert.equal(script.at(r.HIST_THRASHING_LIMIT_PERCENT), 100);
});

conforms(
  "4.3",
  "step 4: a kill begins all anew, and counts for one pass",
  () => {
    const script = new Script({}, { ...MIN, ...HUNDRED });
    script.pass(busy("some", { nobody: true }));
    runSteps(script, [
      [busy("poll", { after: 100, now: { REFAULT: 150 } }), {
        reason: r.REASON_LOW_MEM_AND_THRASHING,
        killed: true,
      }],
    ]);
    assert.equal(script.at(r.HIST_MAX_THRASHING_PERCENT), 0);
    script.died(20);
    // What was refaulted up to here is in the baseline.
    runSteps(script, [
      [busy("poll", { nobody: true, now: { REFAULT: 900 } }), {
        reason: r.REASON_PRESSURE_AFTER_KILL,
      }],
    ]);
    assert.equal(script.column(THRASHING_PERCENT), 0);
    assert.equal(script.at(r.HIST_CARRY_PERCENT), 0);
    runSteps(script, [
      [busy("poll", { after: 10, nobody: true }), { reason: r.REASON_LOW_MEM }],
    ]);
  },
);

conforms("4.3", "step 4: a pass that ends early has used the kill up", () => {
  const script = new Script({}, MIN);
  runSteps(script, [[busy("some"), { killed: true }]]);
  script.died();
  runSteps(script, [
    [{ cause: "poll" }, { reason: r.REASON_NONE }],
    [busy("poll", { after: 10 }), { reason: r.REASON_LOW_MEM }],
  ]);
});

conforms("4.3", "step 6: what was saved is 0 at first", () => {
  // Direct reclaim of before the start counts as seen in the first pass.
  runSteps(new Script({}, { VM_PGSCAN_DIRECT: 7 }), [
    [{ cause: "poll" }, { did: "judged", poll: "on" }],
  ]);
  runSteps(new Script({}, { VM_PGSCAN_DIRECT: 0, VM_PGSCAN_KSWAPD: 7 }), [
    [{ cause: "poll" }, { did: "judged", poll: "off" }],
  ]);
});

conforms("4.3", "step 6: direct wins and saves all, kswapd saves two", () => {
  const script = new Script({}, LOW);
  const saved = () => [
    script.at(r.HIST_RECLAIM),
    script.at(r.HIST_PGSCAN_DIRECT),
    script.at(r.HIST_PGSCAN_KSWAPD),
    script.at(r.HIST_PGREFILL),
  ];
  const counts = (direct: number, kswapd: number, refill: number): Pass => ({
    cause: "poll",
    after: 10,
    nobody: true,
    now: {
      VM_PGSCAN_DIRECT: direct,
      VM_PGSCAN_KSWAPD: kswapd,
      VM_PGREFILL: refill,
    },
  });
  const rows: [Pass, number[]][] = [
    [counts(2_147_483_647, 1, 1), [2, 2_147_483_647, 1, 1]],
    [counts(-2_147_483_647, 2, 2), [2, -2_147_483_647, 2, 2]],
    [counts(-2_147_483_647, 2, 3), [1, -2_147_483_647, 2, 3]],
    [counts(-2_147_483_647, 1, 3), [1, -2_147_483_647, 1, 3]],
    [counts(-2_147_483_647, 1, 3), [0, -2_147_483_647, 1, 3]],
  ];
  for (const [i, [pass, want]] of rows.entries()) {
    script.pass(pass);
    assert.deepEqual(saved(), want, `pass ${i}`);
  }
});

conforms("4.3", "step 7: where nothing moved nothing is asked", () => {
  const script = new Script({}, { ...MIN, SWAP_FREE_KB: 0 });
  runSteps(script, [
    // Even a real event of full stall; swap is low, so polls come fast.
    [{ cause: "full" }, { reason: r.REASON_NONE, poll: "on", intervalMs: 10 }],
    [busy("poll", { after: 10, nobody: true }), { reason: 3 }],
    [{ cause: "poll", after: 10 }, { reason: r.REASON_NONE }],
    // Refaults alone are enough, also if they went back.
    [{ cause: "poll", after: 10, nobody: true, now: { REFAULT: 1 } }, {
      reason: 3,
    }],
    [{ cause: "poll", after: 10, nobody: true, now: { REFAULT: 0 } }, {
      reason: 3,
    }],
    [{ cause: "poll", after: 10 }, { reason: r.REASON_NONE }],
  ]);
});

/** Thrashing and carry after passes so many ms apart, each with so many
 * refaults more, of 100 file pages. */
function thrash(
  limit: number,
  passes: readonly (readonly [after: number, refaults: number])[],
): number[] {
  const script = new Script({ SET_THRASHING_PERCENT: limit }, HUNDRED);
  script.pass(busy("some", { nobody: true }));
  let refaults = 0;
  for (const [after, more] of passes) {
    refaults += more;
    script.pass(busy("poll", {
      after,
      nobody: true,
      now: { REFAULT: refaults },
    }));
  }
  return [script.column(THRASHING_PERCENT), script.at(r.HIST_CARRY_PERCENT)];
}

conforms("4.3", "step 9: the window of thrashing", () => {
  type Row = [string, number, [number, number][], number[]];
  const rows: Row[] = [
    ["64 windows", 10, [[64_000, 2_147_483_000]], [0, 0]],
    ["32 windows", 10, [[32_000, 2_147_483_000]], [0, 0]],
    ["31 windows", 10, [[31_000, 2_147_483_000]], [0, 0]],
    ["30 windows", 10, [[30_999, 2_147_483_000]], [1, 1]],
    ["20 windows", 10, [[20_000, 20_000_000]], [19, 19]],
    ["an hour", 10, [[3_600_000, 2_000_000]], [0, 0]],
    ["within", 100, [[500, 30]], [30, 0]],
    ["to its end", 100, [[500, 30], [500, 30]], [60, 0]],
    ["over", 100, [[500, 30], [501, 30]], [30, 30]],
    ["halved again", 100, [[1_001, 60], [1_001, 0]], [0, 0]],
    ["on top of the carry", 100, [[1_001, 60], [10, 5]], [35, 30]],
    ["just under the limit", 100, [[1_001, 99]], [49, 49]],
    ["at the limit: carried whole", 100, [[1_001, 100]], [100, 100]],
    ["over it: carried whole", 100, [[1_999, 250]], [250, 250]],
    ["two windows: a quarter", 100, [[2_000, 400]], [100, 100]],
    ["three: an eighth", 100, [[3_999, 400]], [50, 50]],
  ];
  for (const [name, limit, passes, want] of rows) {
    assert.deepEqual(thrash(limit, passes), want, name);
  }
});

conforms("4.3", "step 9: an empty file list counts as one page", () => {
  const script = new Script({}, { FILE_LRU_PAGES: 0 });
  script.pass(busy("some"));
  script.pass(busy("poll", { after: 10, now: { REFAULT: 3 } }));
  assert.equal(script.column(THRASHING_PERCENT), 300);
});

conforms("4.3", "step 9: counters and clock wrap within a window", () => {
  const now = { ...HUNDRED, REFAULT: 2_147_483_640 };
  const script = new Script({}, now, 2_147_483_600);
  script.pass(busy("some"));
  script.pass(busy("poll", { after: 900, now: { REFAULT: -2_147_483_636 } }));
  assert.equal(script.column(THRASHING_PERCENT), 20);
  script.pass(busy("poll", { after: 101 }));
  assert.equal(script.at(r.HIST_CARRY_PERCENT), 10);
});

conforms("4.3", "step 9: the most since the last kill", () => {
  const script = new Script({}, HUNDRED);
  const rows: [after: number, refaults: number, most: number][] = [
    [0, 0, 0],
    [10, 80, 80],
    [991, 80, 80],
    [10, 85, 80],
    [10, 200, 160],
  ];
  for (const [after, REFAULT, most] of rows) {
    script.pass(busy("poll", { after, nobody: true, now: { REFAULT } }));
    assert.equal(script.at(r.HIST_MAX_THRASHING_PERCENT), most, `${REFAULT}`);
  }
});

conforms(
  "4.3",
  "step 9: over the limit with nobody to kill, it tries on",
  () => {
    const script = new Script({}, { ...LOW, ...HUNDRED });
    script.pass(busy("some", { nobody: true }));
    runSteps(script, [
      [busy("poll", { after: 1_001, nobody: true, now: { REFAULT: 150 } }), {
        reason: r.REASON_LOW_MEM_AND_THRASHING,
      }],
      // Nothing is refaulted any more: the whole carry still stands.
      [busy("poll", { after: 900 }), {
        reason: r.REASON_LOW_MEM_AND_THRASHING,
        killed: true,
      }],
    ]);
  },
);

// The end of one evaluation of lmkd's new strategy: the second look at its first
// reason, what a kill leaves to the next pass, and what becomes of polling.

import assert from "node:assert/strict";
import * as r from "../../src/state/reasons.ts";
import { conforms } from "./conforms.ts";
import { type Pass, runSteps, Script } from "./script.ts";

const LOW = { MEM_FREE_KB: 7_996 };
/** 99 file pages: so many refaults are so many percent. */
const HUNDRED = { FILE_LRU_PAGES: 99 };

let scanned = 0;

/** A pass in which kswapd has reclaimed. */
function busy(cause: Pass["cause"], more: Partial<Pass> = {}): Pass {
  return { cause, ...more, now: { VM_PGSCAN_KSWAPD: ++scanned, ...more.now } };
}

conforms(
  "4.3",
  "step 13: the first reason ever is judged over fresh marks",
  () => {
    const marks = (low: number) => ({ WATERMARK_LOW_PAGES: low });
    const script = new Script({}, LOW);
    // The marks were stale; what was found first still kills.
    runSteps(script, [
      [busy("some", { again: marks(1_500) }), {
        reason: r.REASON_LOW_MEM,
        floor: 701,
        killed: true,
      }],
    ]);
    script.died();
    // From then on they are taken as they are.
    runSteps(script, [
      [busy("poll"), { reason: r.REASON_NONE }],
      [busy("poll", { after: 10, now: marks(2_000), again: marks(0) }), {
        reason: r.REASON_LOW_MEM,
      }],
    ]);
  },
);

conforms("4.3", "step 13: what matches the second time decides", () => {
  const settings = { SET_SWAP_UTIL_MAX_PERCENT: 40, SET_LOWMEM_ADJ: 701 };
  const again = { SWAP_TOTAL_KB: 900_000, SWAP_FREE_KB: 100_000 };
  runSteps(new Script({ ...settings, SET_SWAP_RATIO: 0 }, LOW), [
    // The floor of the first time stands: this reason sets none.
    [busy("some", { again }), {
      reason: r.REASON_LOW_MEM_AND_SWAP_UTIL,
      floor: 701,
    }],
  ]);
});

conforms("4.3", "step 13: a critical stall takes the floor away", () => {
  const rows: [centi: number, floor: number][] = [[8_000, 701], [8_001, 0]];
  for (const [PSI_FULL_AVG10_CENTI, floor] of rows) {
    const script = new Script(
      { SET_STALL_CRITICAL_PERCENT: 80 },
      { ...LOW, PSI_FULL_AVG10_CENTI },
    );
    runSteps(script, [[busy("some"), { reason: r.REASON_LOW_MEM, floor }]]);
  }
});

conforms(
  "4.3",
  "step 13: a kill for thrashing cuts the limit, once each",
  () => {
    const script = new Script(
      { SET_THRASHING_DECAY_PERCENT: 15 },
      { ...LOW, ...HUNDRED },
    );
    script.pass(busy("some", { nobody: true }));
    const limits: number[] = [];
    let refaults = 0;
    for (let i = 0; i < 4; i++) {
      refaults += 150;
      const pass = { after: 10, now: { REFAULT: refaults } };
      assert.equal(script.pass(busy("poll", pass)).reason, 4);
      limits.push(script.at(r.HIST_THRASHING_LIMIT_PERCENT));
      script.died();
      script.pass(busy("poll", { nobody: true }));
    }
    // Truncated each time: 100, 85, 72.25, 61.2, 51.85.
    assert.deepEqual(limits, [85, 72, 61, 51]);
    script.pass(busy("poll", { after: 1_001, nobody: true }));
    assert.equal(script.at(r.HIST_THRASHING_LIMIT_PERCENT), 100);
  },
);

conforms("4.3", "step 13: without a victim nothing is cut or reset", () => {
  const script = new Script({}, { ...LOW, ...HUNDRED });
  script.pass(busy("some", { nobody: true }));
  const now = { REFAULT: 150 };
  script.pass(busy("poll", { after: 10, nobody: true, now }));
  assert.equal(script.at(r.HIST_THRASHING_LIMIT_PERCENT), 100);
  assert.equal(script.at(r.HIST_MAX_THRASHING_PERCENT), 150);
  assert.equal(script.at(r.HIST_KILLED), 0);
});

conforms("4.3", "step 14: what starts polling, and how fast", () => {
  const polled = (pass: Pass, now = {}): [string, number] => {
    const { poll, intervalMs } = new Script({}, now).pass(pass);
    return [poll, intervalMs];
  };
  const low = { SWAP_FREE_KB: 0 };
  assert.deepEqual(polled({ cause: "poll" }), ["off", 100]);
  assert.deepEqual(polled(busy("poll")), ["off", 100]);
  assert.deepEqual(polled({ cause: "poll" }, low), ["off", 10]);
  assert.deepEqual(polled({ cause: "some" }, low), ["on", 10]);
  assert.deepEqual(polled({ cause: "full" }), ["on", 100]);
  const direct = { VM_PGSCAN_DIRECT: 1 };
  assert.deepEqual(polled({ cause: "poll", now: direct }), ["on", 100]);
  // A pause leaves the interval as it was.
  assert.deepEqual(polled(busy("some"), LOW), ["paused", 0]);
});

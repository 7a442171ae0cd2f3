// How long lmkd looks closely after an event, and what stops, pauses and
// resumes it.

import assert from "node:assert/strict";
import {
  isPollDue,
  pollWaitMs,
  resumePolling,
} from "../../src/policy/polling.ts";
import {
  LMKD_LEVELS,
  LMKD_MINFREE,
  RELEASE_15_QPR1,
  RELEASE_15_QPR2,
} from "../../src/state/settings.ts";
import { conforms } from "./conforms.ts";
import { type Pass, runSteps, Script, type Step } from "./script.ts";

/** Free memory below the low watermark of 8000 kB. */
const LOW = { MEM_FREE_KB: 7_996 };
/** Swap below its 52428 kB, memory enough. */
const LOW_SWAP = { SWAP_FREE_KB: 40_000 };

let scanned = 0;

/** A pass in which kswapd has reclaimed, so that reasons are looked at. */
function busy(cause: Pass["cause"], more: Partial<Pass> = {}): Pass {
  const now = { VM_PGSCAN_KSWAPD: ++scanned, ...more.now };
  return { cause, ...more, now };
}

/** How long to the next poll. */
function waits(script: Script): number {
  return pollWaitMs(script.words.history, script.nowMs);
}

conforms(
  "3.3",
  "an event starts polling at 100 ms, for a window of 1 s",
  () => {
    const script = new Script();
    assert.equal(waits(script), -1);
    runSteps(script, [
      [{ cause: "some" }, { poll: "on", intervalMs: 100 }],
      [{ cause: "poll", after: 1_000 }, { poll: "on" }],
      [{ cause: "poll", after: 1 }, { poll: "off" }],
    ]);
    assert.equal(waits(script), -1);
  },
);

conforms("3.3", "an event while polling begins the window anew", () => {
  runSteps(new Script(), [
    [{ cause: "some" }, { poll: "on" }],
    [{ cause: "poll", after: 900 }, { poll: "on" }],
    [{ cause: "some", after: 50 }, { poll: "on" }],
    [{ cause: "poll", after: 1_000 }, { poll: "on" }],
    [{ cause: "poll", after: 1 }, { poll: "off" }],
  ]);
});

conforms("3.3", "the first poll is one interval after its event", () => {
  const script = new Script();
  script.pass({ cause: "some" });
  assert.equal(waits(script), 100);
  script.nowMs += 99;
  assert.equal(waits(script), 1);
  assert.ok(!isPollDue(script.words.history, script.nowMs));
  script.nowMs += 1;
  assert.ok(isPollDue(script.words.history, script.nowMs));
  script.nowMs += 5_000;
  assert.equal(waits(script), 0);
});

conforms("3.3", "the clock wraps in the middle of a window", () => {
  for (const start of [2_147_483_600, -500]) {
    const script = new Script({}, {}, start);
    script.pass({ cause: "some" });
    assert.equal(waits(script), 100);
    const steps: Step[] = [
      [{ cause: "poll", after: 100 }, { poll: "on" }],
      [{ cause: "poll", after: 900 }, { poll: "on" }],
      [{ cause: "poll", after: 1 }, { poll: "off" }],
    ];
    runSteps(script, steps);
  }
});

conforms("3.3", "a clock gone half way round ends polling", () => {
  const script = new Script();
  script.pass({ cause: "some" });
  assert.ok(isPollDue(script.words.history, script.nowMs - 2_000_000_000));
  runSteps(script, [[{ cause: "poll", after: -2_000_000_000 }, {
    poll: "off",
  }]]);
});

conforms("3.3", "10 ms while swap is low or a kill was just made", () => {
  runSteps(new Script(), [
    [{ cause: "some", now: LOW_SWAP }, { poll: "on", intervalMs: 10 }],
    [{ cause: "poll", after: 10, now: { SWAP_FREE_KB: 500_000 } }, {
      intervalMs: 100,
    }],
  ]);
  const script = new Script({}, LOW);
  runSteps(script, [[busy("some"), { killed: true, poll: "paused" }]]);
  script.died(30);
  runSteps(script, [
    [busy("poll", { now: { MEM_FREE_KB: 500_000 } }), {
      poll: "on",
      intervalMs: 100,
    }],
  ]);
});

conforms("3.3", "direct reclaim extends polling, kswapd does not", () => {
  const script = new Script();
  runSteps(script, [
    [{ cause: "some" }, { poll: "on" }],
    [{ cause: "poll", after: 900, now: { VM_PGSCAN_DIRECT: 1 } }, {
      poll: "on",
    }],
    [busy("poll", { after: 1_000 }), { poll: "on" }],
    [busy("poll", { after: 1 }), { poll: "off" }],
  ]);
});

conforms(
  "3.3",
  "a pause lasts until the victim is dead; then a poll at once",
  () => {
    const script = new Script({}, LOW);
    runSteps(script, [
      [busy("some"), { killed: true, poll: "paused", reason: 8 }],
      [busy("full", { after: 50 }), { did: "skipped", poll: "paused" }],
    ]);
    assert.equal(waits(script), -1);
    script.died(10);
    assert.equal(waits(script), 0);
    runSteps(script, [
      // The window is new: it began with the death.
      [busy("poll", { nobody: true, after: 1_000 }), {
        poll: "on",
        intervalMs: 100,
      }],
      [busy("poll", { nobody: true, after: 1 }), { poll: "off" }],
    ]);
  },
);

conforms("3.3", "a death that nobody awaited changes nothing", () => {
  const script = new Script();
  script.died();
  assert.equal(waits(script), -1);
  script.pass({ cause: "some" });
  script.died(20);
  assert.equal(waits(script), 80);
  resumePolling(script.words.history, script.nowMs);
  assert.equal(waits(script), 80);
});

conforms("3.3", "a pass that fails may end the window, and starts none", () => {
  runSteps(new Script(), [
    [{ cause: "some", blind: true }, { did: "blind", poll: "off" }],
    [{ cause: "some" }, { poll: "on", intervalMs: 100 }],
    [{ cause: "poll", after: 1_000, blind: true }, { poll: "on" }],
    [{ cause: "poll", after: 1, blind: true }, { poll: "off" }],
  ]);
});

conforms("3.3", "medium cannot displace critical before the first poll", () => {
  runSteps(new Script({ SET_RELEASE: RELEASE_15_QPR2 }), [
    [{ cause: "full" }, { did: "judged", poll: "on" }],
    [{ cause: "some", after: 5 }, { did: "dropped", poll: "on" }],
    [{ cause: "full", after: 5 }, { did: "judged" }],
    [{ cause: "poll", after: 100 }, { did: "judged" }],
    [{ cause: "some", after: 5 }, { did: "judged" }],
    [{ cause: "full", after: 5 }, { did: "judged" }],
    [{ cause: "some", after: 5 }, { did: "dropped" }],
  ]);
});

conforms("3.3", "what is dropped may still end the window", () => {
  runSteps(new Script(), [
    [{ cause: "full" }, { poll: "on" }],
    [{ cause: "some", after: 1_001 }, { did: "dropped", poll: "off" }],
    // Nothing polls: there is nothing to displace.
    [{ cause: "some", after: 1 }, { did: "judged", poll: "on" }],
  ]);
});

conforms("3.3", "critical's kill is not displaced either", () => {
  const script = new Script({}, LOW);
  runSteps(script, [
    [busy("full"), { reason: 1, poll: "paused" }],
    [busy("some", { after: 10 }), { did: "dropped", poll: "paused" }],
  ]);
  script.died(10);
  runSteps(script, [
    [busy("poll"), { did: "judged" }],
    [busy("some", { nobody: true }), { did: "skipped" }],
  ]);
});

conforms("3.3", "the filter is of 15-QPR2, and of the new strategy", () => {
  const passes: Step[] = [
    [{ cause: "full" }, { did: "judged" }],
    [{ cause: "some", after: 5 }, { did: "judged" }],
  ];
  runSteps(new Script({ SET_RELEASE: RELEASE_15_QPR1 }), passes);
  for (const mode of [LMKD_MINFREE, LMKD_LEVELS]) {
    const settings = { SET_LMKD_MODE: mode, SET_LEVEL_ADJ: 1001 };
    const script = new Script(settings);
    script.words.settings.fill(1001, 54, 57);
    runSteps(script, passes);
  }
});

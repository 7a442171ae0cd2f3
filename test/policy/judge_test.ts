// Which strategy is asked, in which order, and the floor of the configuration
// under all of them.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import { judge } from "../../src/policy/judge.ts";
import {
  PRESSURE_FULL,
  PRESSURE_LOW,
  PRESSURE_SOME,
} from "../../src/policy/pressure.ts";
import * as r from "../../src/state/reasons.ts";
import {
  LMKD_LEVELS,
  LMKD_MINFREE,
  STRATEGY_ADAPTIVE,
  STRATEGY_LMKD,
  STRATEGY_MINFREE,
} from "../../src/state/settings.ts";
import { THRASHING_PERCENT } from "../../src/state/snapshot.ts";
import { FREE_KB, type Scene, wordsOf } from "./scene.ts";

interface Want {
  readonly reason: number;
  readonly floor?: number;
  readonly need?: number;
  readonly thrashing?: number;
  readonly history?: Scene["history"];
}

function check(
  strategy: number,
  name: string,
  scene: Scene,
  want: Want,
): void {
  const settings = { ...scene.settings, SET_STRATEGY: strategy };
  const words = wordsOf({ ...scene, settings });
  const pressure = scene.pressure ?? 0;
  const { verdict, history } = words;
  judge(words.snapshot, words.settings, history, pressure, verdict);
  assert.equal(verdict[r.VERDICT_REASON], want.reason, name);
  if (want.floor !== undefined) {
    assert.equal(verdict[r.VERDICT_FLOOR_ADJ], want.floor, name);
  }
  assert.equal(verdict[r.VERDICT_NEED_KB], want.need ?? 0, name);
  for (const [word, value] of Object.entries(want.history ?? {})) {
    const at = (r as unknown as Record<string, number>)[word];
    assert.equal(history[at], value, `${name}: ${word}`);
  }
  if (want.thrashing !== undefined) {
    assert.equal(words.snapshot[THRASHING_PERCENT], want.thrashing, name);
  }
  assert.equal(history[r.HIST_KILLED], 0, name);
}

const NOBODY: Want = { reason: r.REASON_NONE };
/** Something was reclaimed: lmkd looks no further without. */
const RECLAIMED = { VM_PGSCAN_KSWAPD: 1 };
const LOW = { MEM_FREE_KB: FREE_KB.belowLow };
/** Free and file cache at 1999 pages. */
const TIGHT = {
  MEM_FREE_KB: 19_996,
  CACHED_KB: 7_996,
  TOTAL_RESERVE_PAGES: 3_000,
};
const TIERS: Scene["tiers"] = [[1_000, 0], [2_000, 600]];

Deno.test("lmkd: the chain alone", () => {
  const lmkd = check.bind(null, STRATEGY_LMKD);
  lmkd("well", {}, NOBODY);
  lmkd("low, but nothing moved since the last pass", { snapshot: LOW }, NOBODY);
  lmkd("low", { snapshot: { ...LOW, ...RECLAIMED } }, {
    reason: r.REASON_LOW_MEM,
    floor: 701,
  });
  lmkd("a full stall, but nothing moved", { pressure: PRESSURE_FULL }, NOBODY);
  lmkd("slope and level do not count", {
    snapshot: {
      ...RECLAIMED,
      HEADROOM_KB: -5_000,
      SHRINK_KB_PER_S: 1_000_000,
    },
  }, NOBODY);
  lmkd("tiers do not count", {
    snapshot: { ...TIGHT, ...RECLAIMED },
    tiers: TIERS,
  }, NOBODY);
  lmkd("thrashing is brought up to date", {
    snapshot: { ...LOW, REFAULT: 200_000 },
  }, { reason: r.REASON_LOW_MEM_AND_THRASHING, floor: 201 });
});

Deno.test("lmkd: the old strategy where it is asked for", () => {
  const lmkd = check.bind(null, STRATEGY_LMKD);
  const tiers = { SET_LMKD_MODE: LMKD_MINFREE };
  const levels = { SET_LMKD_MODE: LMKD_LEVELS, SET_LOW_RAM: 1 };
  lmkd("tiers", { snapshot: TIGHT, tiers: TIERS, settings: tiers }, {
    reason: r.REASON_MINFREE,
    floor: 600,
  });
  lmkd("tiers, not the chain", {
    snapshot: { ...LOW, ...RECLAIMED },
    pressure: PRESSURE_FULL,
    settings: tiers,
  }, NOBODY);
  lmkd("levels: critical", { pressure: PRESSURE_FULL, settings: levels }, {
    reason: r.REASON_LEVEL,
    floor: 0,
  });
  lmkd("levels: a poll goes by what it began with", {
    settings: levels,
    history: { HIST_POLL_LEVEL: 2 },
  }, { reason: r.REASON_LEVEL, floor: 0 });
  lmkd("levels: low is turned off", {
    pressure: PRESSURE_LOW,
    settings: levels,
  }, NOBODY);
});

/** Tasks stall, and there is hardly anything left that could be swapped. */
const SWAP_SPENT = {
  ACTIVE_ANON_KB: 30_000,
  INACTIVE_ANON_KB: 20_000,
  STALL_SOME_PERMILLE: 50,
};

Deno.test("adaptive: nothing stops it early, and no mode of lmkd's counts", () => {
  const adaptive = check.bind(null, STRATEGY_ADAPTIVE);
  const short = { ...LOW, ...SWAP_SPENT, HEADROOM_KB: 51_199 };
  for (const mode of [LMKD_MINFREE, LMKD_LEVELS]) {
    adaptive(`mode ${mode}`, {
      snapshot: short,
      settings: { SET_LMKD_MODE: mode },
    }, { reason: r.REASON_LOW_MEM, floor: 701, need: 1 });
  }
});

Deno.test("every verdict tells its own figures only", () => {
  const exhausted = {
    ...LOW,
    REFAULT: 200_000,
    SWAP_FREE_KB: 0,
    HEADROOM_KB: 0,
    SHRINK_KB_PER_S: 1_000_000,
  };
  const rows: [string, number, Scene, (number | undefined)[]][] = [
    // What the chain said of swap goes with its reason.
    ["exhaustion", STRATEGY_ADAPTIVE, { snapshot: exhausted }, [0, 0, 1]],
    ["well", STRATEGY_ADAPTIVE, {}, [0, 0, 3]],
    ["well", STRATEGY_LMKD, {}, [0, 0, 3]],
    ["low", STRATEGY_MINFREE, { snapshot: LOW }, [0, 0, 1]],
    ["both", STRATEGY_LMKD, { snapshot: exhausted }, [152, 100, 1]],
  ];
  for (const [name, strategy, scene, want] of rows) {
    const words = wordsOf({ ...scene, settings: { SET_STRATEGY: strategy } });
    const { snapshot, settings, history, verdict } = words;
    judge(snapshot, settings, history, 0, verdict);
    const got = [r.VERDICT_VALUE2, r.VERDICT_LIMIT2, r.VERDICT_MARK]
      .map((word) => verdict[word]);
    assert.deepEqual(got, want, name);
  }
});

Deno.test("minfree: tiers alone", () => {
  const minfree = check.bind(null, STRATEGY_MINFREE);
  minfree("no tiers", { snapshot: TIGHT }, NOBODY);
  minfree("undercut", { snapshot: TIGHT, tiers: TIERS }, {
    reason: r.REASON_MINFREE,
    floor: 600,
  });
  minfree("nothing else counts", {
    snapshot: { ...LOW, HEADROOM_KB: -5_000, CACHED_KB: 1_000_000 },
    tiers: TIERS,
    pressure: PRESSURE_FULL,
  }, NOBODY);
  minfree("what another strategy left behind is cleared", {
    snapshot: { THRASHING_PERCENT: 70 },
    history: {
      HIST_KILLED: 1,
      HIST_CUT_LIMIT: 1,
      HIST_AFTER_KILL: 1,
      HIST_RECLAIM: r.RECLAIM_DIRECT,
    },
  }, {
    ...NOBODY,
    thrashing: 0,
    history: {
      HIST_CUT_LIMIT: 0,
      HIST_AFTER_KILL: 0,
      HIST_PRIMED: 0,
      HIST_RECLAIM: r.RECLAIM_NONE,
    },
  });
});

Deno.test("adaptive: slope and level, then tiers", () => {
  const adaptive = check.bind(null, STRATEGY_ADAPTIVE);
  adaptive("well", {}, NOBODY);
  adaptive("exhaustion", {
    snapshot: {
      HEADROOM_KB: 1_000,
      SHRINK_KB_PER_S: 1_000_000,
      SWAP_FREE_KB: 0,
    },
    tiers: TIERS,
  }, { reason: r.REASON_EXHAUSTION, floor: 0, need: 550_200 });
  adaptive("reserve", { snapshot: { HEADROOM_KB: -1, SWAP_FREE_KB: 0 } }, {
    reason: r.REASON_RESERVE,
    floor: 701,
    need: 51_201,
  });
  adaptive("tiers", { snapshot: TIGHT, tiers: TIERS }, {
    reason: r.REASON_MINFREE,
    floor: 600,
  });
  adaptive("a tier not undercut", { tiers: TIERS }, NOBODY);
});

Deno.test("adaptive: the chain counts while it is short and tasks stall", () => {
  const adaptive = check.bind(null, STRATEGY_ADAPTIVE);
  const short = { ...LOW, ...SWAP_SPENT, HEADROOM_KB: 51_199 };
  const lowMem = { reason: r.REASON_LOW_MEM, floor: 701, need: 1 };
  adaptive("short and stalling", { snapshot: short }, lowMem);
  const swaps = { ...short, ACTIVE_ANON_KB: 500_000 };
  adaptive("swapping helps", { snapshot: swaps }, { ...NOBODY, need: 1 });
  adaptive("swapping is noticed", {
    snapshot: { ...swaps, STALL_SOME_PERMILLE: 101 },
  }, lowMem);
  adaptive("comfortable", {
    snapshot: { ...short, HEADROOM_KB: 51_200 },
  }, NOBODY);
  adaptive("nobody stalls", {
    snapshot: { ...short, STALL_SOME_PERMILLE: 49 },
  }, { ...NOBODY, need: 1 });
  adaptive("no psi", {
    snapshot: { ...short, STALL_SOME_PERMILLE: ABSENT },
  }, { ...NOBODY, need: 1 });
  adaptive("a full stall with plenty of memory", {
    snapshot: { STALL_SOME_PERMILLE: 1000 },
    pressure: PRESSURE_FULL,
  }, NOBODY);
  adaptive("a full stall while short", {
    snapshot: { ...short, MEM_FREE_KB: 500_000 },
    pressure: PRESSURE_FULL | PRESSURE_SOME,
  }, { reason: r.REASON_NOT_RESPONDING, floor: 0, need: 1 });
  // A reason that does not count must not cut the limit either, when the next
  // one kills.
  const thrashing = { ...LOW, REFAULT: 200_000 };
  adaptive("thrashing, ignored; exhaustion", {
    snapshot: {
      ...thrashing,
      HEADROOM_KB: 1_000,
      SHRINK_KB_PER_S: 1_000_000,
      STALL_SOME_PERMILLE: 0,
    },
  }, {
    reason: r.REASON_EXHAUSTION,
    need: 550_200,
    history: { HIST_CUT_LIMIT: 0 },
  });
  adaptive("thrashing, heeded", {
    snapshot: { ...short, ...thrashing },
  }, {
    reason: r.REASON_LOW_MEM_AND_THRASHING,
    floor: 201,
    need: 1,
    history: { HIST_CUT_LIMIT: 1 },
  });
});

Deno.test("nothing undercuts the configured floor", () => {
  const floor = { SET_FLOOR_ADJ: 800 };
  const exhausted = {
    HEADROOM_KB: 0,
    SHRINK_KB_PER_S: 1_000_000,
    SWAP_FREE_KB: 0,
  };
  const rows: [number, Scene, number, need: number][] = [
    [STRATEGY_LMKD, { snapshot: { ...LOW, ...RECLAIMED } }, 800, 0],
    [
      STRATEGY_LMKD,
      { pressure: PRESSURE_FULL, snapshot: RECLAIMED },
      800,
      0,
    ],
    [STRATEGY_MINFREE, { snapshot: TIGHT, tiers: TIERS }, 800, 0],
    [STRATEGY_MINFREE, { snapshot: TIGHT, tiers: [[2_000, 900]] }, 900, 0],
    [STRATEGY_ADAPTIVE, { snapshot: exhausted }, 800, 551_200],
  ];
  for (const [strategy, scene, want, need] of rows) {
    const words = wordsOf({
      ...scene,
      settings: { ...floor, SET_STRATEGY: strategy },
    });
    const { snapshot, settings, history, verdict } = words;
    judge(snapshot, settings, history, scene.pressure ?? 0, verdict);
    assert.notEqual(verdict[r.VERDICT_REASON], r.REASON_NONE);
    assert.equal(verdict[r.VERDICT_FLOOR_ADJ], want);
    assert.equal(verdict[r.VERDICT_NEED_KB], need);
  }
});

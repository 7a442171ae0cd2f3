// lmkd's first reason ever is looked at twice, over watermarks read anew: what
// of the first time stands, and what does not.

import assert from "node:assert/strict";
import {
  decidePressure,
  redecidePressure,
  wantsRecheck,
} from "../../src/policy/pressure.ts";
import * as r from "../../src/state/reasons.ts";
import { FREE_KB, type Scene, wordsOf } from "./scene.ts";

type Columns = NonNullable<Scene["snapshot"]>;

const MIN: Columns = { MEM_FREE_KB: FREE_KB.belowMin };
const LOW: Columns = { MEM_FREE_KB: FREE_KB.belowLow };
/** Over the limit of 100, under the critical 300. */
const THRASHING: Columns = { THRASHING_PERCENT: 101 };

Deno.test("the first reason ever is judged twice", () => {
  /** Reason and floor of the second time; `again`: what changed between. */
  const twice = (
    name: string,
    first: Scene,
    again: Columns,
    want: [reason: number, floor: number, cut: number],
  ) => {
    const words = wordsOf(first);
    const { snapshot, settings, history, verdict } = words;
    const pressure = first.pressure ?? 0;
    decidePressure(snapshot, settings, history, pressure, verdict);
    assert.ok(wantsRecheck(settings, history, verdict), name);
    const second = wordsOf({ snapshot: { ...first.snapshot, ...again } });
    snapshot.set(second.snapshot);
    redecidePressure(snapshot, settings, history, pressure, verdict);
    const got = [
      verdict[r.VERDICT_REASON],
      verdict[r.VERDICT_FLOOR_ADJ],
      history[r.HIST_CUT_LIMIT],
    ];
    assert.deepEqual(got, want, name);
    assert.ok(!wantsRecheck(settings, history, verdict), name);
  };
  const enough: Columns = { MEM_FREE_KB: 1_000_000 };
  const half = { SWAP_TOTAL_KB: 800_000, SWAP_FREE_KB: 400_000 };
  twice("nothing changed", { snapshot: LOW }, {}, [r.REASON_LOW_MEM, 701, 0]);
  twice("nothing matches: it stands", { snapshot: LOW }, enough, [
    r.REASON_LOW_MEM,
    701,
    0,
  ]);
  twice(
    "thrashing that ended: so does its cut",
    {
      snapshot: { ...LOW, ...THRASHING },
    },
    enough,
    [r.REASON_LOW_MEM_AND_THRASHING, 201, 1],
  );
  twice(
    "a floor that the new reason does not set stands",
    {
      snapshot: { ...LOW, ...half, INACTIVE_FILE_KB: 800_000 },
      settings: { SET_SWAP_UTIL_MAX_PERCENT: 60 },
    },
    { ACTIVE_ANON_KB: 0, INACTIVE_ANON_KB: 0 },
    [
      r.REASON_LOW_MEM_AND_SWAP_UTIL,
      701,
      0,
    ],
  );
  twice(
    "a stall that ended gives the floor back",
    {
      snapshot: { ...LOW, PSI_FULL_AVG10_CENTI: 9_000 },
      settings: { SET_STALL_CRITICAL_PERCENT: 80 },
    },
    { PSI_FULL_AVG10_CENTI: 0 },
    [r.REASON_LOW_MEM, 701, 0],
  );
  twice(
    "a stall that began takes it",
    {
      snapshot: LOW,
      settings: { SET_STALL_CRITICAL_PERCENT: 80 },
    },
    { PSI_FULL_AVG10_CENTI: 9_000 },
    [r.REASON_LOW_MEM, 0, 0],
  );

  twice(
    "below min after a kill, then not quite: no other reason",
    {
      snapshot: MIN,
      history: { HIST_AFTER_KILL: 1 },
      settings: { SET_AFTER_KILL_ADJ: 300 },
    },
    { WATERMARK_MIN_PAGES: 10 },
    [r.REASON_PRESSURE_AFTER_KILL, 300, 0],
  );
});

Deno.test("who asks for a second look", () => {
  const rows: [string, Scene, boolean][] = [
    ["the second", { snapshot: LOW, history: { HIST_REASONED: 1 } }, false],
    ["no reason", {}, false],
    ["adaptive", { snapshot: LOW, settings: { SET_STRATEGY: 0 } }, false],
    ["old", { snapshot: LOW, settings: { SET_LMKD_MODE: 1 } }, false],
    ["first", { snapshot: LOW }, true],
  ];
  for (const [name, scene, want] of rows) {
    const { snapshot, settings, history, verdict } = wordsOf(scene);
    decidePressure(snapshot, settings, history, 0, verdict);
    assert.equal(wantsRecheck(settings, history, verdict), want, name);
  }
});

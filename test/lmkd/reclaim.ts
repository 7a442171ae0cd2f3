// Reclaim without BPF: what the kernel's counters tell of it from pass to pass.

import assert from "node:assert/strict";
import {
  HIST_RECLAIM,
  REASON_DIRECT_RECL_STUCK,
  RECLAIM_DIRECT,
  RECLAIM_KSWAPD,
  RECLAIM_NONE,
} from "../../src/state/reasons.ts";
import { directReclaimMs } from "../../src/policy/thrashing.ts";
import { conforms } from "./conforms.ts";
import { type Columns, Script } from "./script.ts";

const STILL: Columns = {
  VM_PGSCAN_DIRECT: 100,
  VM_PGSCAN_KSWAPD: 200,
  VM_PGREFILL: 300,
};

conforms("3.4", "counters say who reclaims, where no tracepoint tells", () => {
  const rows: [string, Columns, number][] = [
    ["nobody", {}, RECLAIM_NONE],
    ["kswapd scans", { VM_PGSCAN_KSWAPD: 201 }, RECLAIM_KSWAPD],
    ["pages are refilled", { VM_PGREFILL: 301 }, RECLAIM_KSWAPD],
    ["a task scans", { VM_PGSCAN_DIRECT: 101 }, RECLAIM_DIRECT],
    [
      "both: the task counts",
      { VM_PGSCAN_DIRECT: 101, VM_PGSCAN_KSWAPD: 201 },
      RECLAIM_DIRECT,
    ],
    ["a counter that wrapped", { VM_PGSCAN_DIRECT: -5 }, RECLAIM_DIRECT],
  ];
  for (const [name, now, want] of rows) {
    const script = new Script({}, STILL);
    script.pass({ cause: "some" });
    script.pass({ cause: "some", after: 50, now });
    assert.equal(script.at(HIST_RECLAIM), want, name);
  }
});

conforms(
  "3.4",
  "how long a task reclaims: while every pass has seen it",
  () => {
    const script = new Script({ SET_DIRECT_STUCK_MS: 120 }, STILL);
    const look = (after: number, scanned: number) =>
      script.pass({ cause: "poll", after, now: { VM_PGSCAN_DIRECT: scanned } });
    const lasted = () =>
      directReclaimMs(script.words.snapshot, script.words.history);
    // What was saved is 0 at first: the first pass sees reclaim.
    script.pass({ cause: "some" });
    look(50, 100);
    look(50, 101);
    assert.equal(lasted(), 0);
    look(50, 102);
    assert.equal(lasted(), 50);
    look(50, 102);
    assert.equal(lasted(), 0, "a pass without it ends it");
    look(50, 103);
    look(100, 104);
    assert.notEqual(look(10, 105).reason, REASON_DIRECT_RECL_STUCK);
    assert.equal(look(20, 106).reason, REASON_DIRECT_RECL_STUCK);
  },
);

// The bench's numbers by table, from what a runner would have told.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { collect } from "../../qemu/events.ts";
import type { Run } from "../../qemu/record.ts";
import { curvesOf, reactionOf, signalsSent } from "./measures.ts";

const BEGIN_US = 1_000_000;

/** MemAvailable in kB at ms, and signals as [ms, signal, code, pid]. */
function tell(
  curve: [number, number][],
  signals: [number, number, number, number][],
): Run {
  const at = (ms: number) => BEGIN_US + ms * 1000;
  const seconds = (ms: number) => (at(ms) / 1e6).toFixed(6);
  const trace = [
    `#  entries-in-buffer/entries-written: ${signals.length}/${signals.length}`,
    ...signals.map(([ms, sig, code, pid]) =>
      `     guard-115     [000] d..1. ${seconds(ms)}: signal_generate: ` +
      `sig=${sig} errno=0 code=${code} comm=foo) Z pid=${pid} grp=1 res=0`
    ),
  ];
  const lines: unknown[] = [
    { e: "spawn", t: 1, pid: 131, name: "a", adj: 900, uid: 1, kind: "app" },
    { e: "begin", t: BEGIN_US, totalKb: 1000 },
    ...curve.map(([ms, avail]) => ({
      e: "mem",
      t: at(ms),
      avail,
      some: ms * 10,
      full: ms,
      late: ms === 200 ? 900 : 5,
    })),
    ...trace.map((line) => ({ e: "trace", t: 1, line })),
    { e: "end", t: at(900), decided: true },
  ];
  return collect(lines.map((line) => JSON.stringify(line)));
}

const CURVE: [number, number][] = [
  ...[[0, 300], [100, 140], [200, 120], [300, 100], [400, 90]],
  ...[[500, 128], [600, 131]],
] as [number, number][];

Deno.test("a signal is somebody's, to a process of the scene, after its begin", () => {
  const run = tell(CURVE, [
    [-5, 9, 0, 131],
    [10, 9, 0, 999],
    [250, 15, 0, 131],
    [300, 9, 128, 131],
  ]);
  const found = signalsSent(run).map(({ signal, isKernels, atUs }) => [
    signal,
    isKernels,
    (atUs - BEGIN_US) / 1000,
  ]);
  deepStrictEqual(found, [[15, false, 250], [9, true, 300]]);
});

Deno.test("from the mark to the first signal, and back", () => {
  const at = (...signals: [number, number, number, number][]) =>
    reactionOf(tell(CURVE, signals), 130);
  deepStrictEqual(at([350, 9, 0, 131], [380, 9, 0, 131]), {
    markToSignalMs: 150,
    signalToBackMs: 250,
  });
  // Before the mark, which then counts as crossed in vain.
  deepStrictEqual(at([150, 9, 0, 131]), {
    markToSignalMs: -50,
    signalToBackMs: 450,
  });
  // The kernel's OOM killer is no guard's signal.
  deepStrictEqual(at([350, 9, 128, 131]), {
    markToSignalMs: null,
    signalToBackMs: null,
  });
  deepStrictEqual(reactionOf(tell(CURVE, [[650, 9, 0, 131]]), 130), {
    markToSignalMs: 450,
    signalToBackMs: null,
  });
  deepStrictEqual(reactionOf(tell([[0, 300], [900, 290]], []), 130), {
    markToSignalMs: null,
    signalToBackMs: null,
  });
});

Deno.test("of points that are merged, the least and the latest", () => {
  const curves = curvesOf(tell(CURVE, []), 4);
  deepStrictEqual(curves.t, [100, 300, 500, 600]);
  deepStrictEqual(curves.availKb, [140, 100, 90, 131]);
  deepStrictEqual(curves.fullUs, [100, 300, 500, 600]);
  deepStrictEqual(curves.heartLateUs, [5, 900, 5, 5]);
  strictEqual(curvesOf(tell([], []), 4).t.length, 0);
});

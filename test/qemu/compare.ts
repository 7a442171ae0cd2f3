// Strategies side by side, on the same scenes: one line each in a table, and
// where one did worse or better than another. Pure. A difference counts when
// it is more than what two runs of the same thing differ by.

import type { Run } from "./record.ts";
import type { StrategyName } from "./scenes.ts";
import type { Verdict } from "./verdict.ts";
import { bandOf } from "./victims.ts";

export interface Entry {
  scene: string;
  strategy: StrategyName;
  run: Run;
  verdict: Verdict;
}

/** A beat that is late for want of memory was stalled, and PSI counts every
 * stall: what a beat is late beyond their sum is the doing of the host. (With
 * no stall at all, beats were up to 101 ms late on a quiet host and 975 ms on a
 * busy one.) Of the rest, half as much again as on the quiet one is chance. */
const HEART_NOISE_MS = 150;

/** A victim of 230 MB takes 115 ms to die under emulation (measured), and
 * everybody may stall for it: one such death more or less is chance. */
const STALL_NOISE_MS = 150;

/** What is compared: smaller is better. */
const FIGURES: readonly [
  name: string,
  noise: number,
  of: (verdict: Verdict) => number,
][] = [
  ["kernel OOM kills", 0, (one) => one.kernelKills],
  ["wrong victims", 0, (one) => one.wrong.length],
  ["excess victims", 0, (one) => one.excess.length],
  ["full stall, ms", STALL_NOISE_MS, (one) => one.fullMs],
  ["worst stalled beat, ms", HEART_NOISE_MS, stalledBeatMs],
];

function stalledBeatMs({ heart, someMs }: Verdict): number {
  return Math.min((heart?.maxUs ?? Infinity) / 1000, someMs);
}

/** A machine that was lost is worse than any figure. */
function figure(entry: Entry, of: (verdict: Verdict) => number): number {
  return entry.run.isDone ? of(entry.verdict) : Infinity;
}

/** In which figures `ours` is worse than `theirs`, one sentence each. To ask
 * where it is better, exchange the two. */
export function worseIn(ours: Entry, theirs: Entry): string[] {
  const lines: string[] = [];
  for (const [name, noise, of] of FIGURES) {
    const [mine, other] = [figure(ours, of), figure(theirs, of)];
    // Both lost: neither is worse.
    if (mine === other || !(mine > other + noise)) continue;
    lines.push(
      `${ours.scene}, ${name}: ${ours.strategy} ${mine.toFixed(0)}, ` +
        `${theirs.strategy} ${other.toFixed(0)}`,
    );
  }
  return lines;
}

const HEAD = [
  ...["scene", "strategy", "kernel", "died", "wrong", "excess"],
  ...["some/full", "beat p99/max", "fore", "launch"],
];

/** Every entry in one line; times in ms. */
export function formatComparison(entries: readonly Entry[]): string {
  const lines = [HEAD, ...entries.map(toCells)];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]!.length))
  );
  const isText = (column: number) => column < 2;
  return lines.map((cells) =>
    cells.map((cell, column) =>
      isText(column)
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!)
    ).join(" ").trimEnd() + "\n"
  ).join("");
}

function toCells({ scene, strategy, run, verdict }: Entry): string[] {
  const { heart, launchMs } = verdict;
  const ms = (us: number) => (us / 1000).toFixed(0);
  return [
    scene,
    strategy,
    run.isDone ? `${verdict.kernelKills}` : "lost",
    `${verdict.victims.length}`,
    `${verdict.wrong.length}`,
    `${verdict.excess.length}`,
    `${verdict.someMs.toFixed(0)}/${verdict.fullMs.toFixed(0)}`,
    heart === undefined ? "-" : `${ms(heart.p99Us)}/${ms(heart.maxUs)}`,
    foreground(run),
    launchMs === undefined ? "-" : launchMs.toFixed(0),
  ];
}

/** How many of the processes the user sees live at the end. */
function foreground(run: Run): string {
  const seen = run.procs.filter(({ adj }) => bandOf(adj) === 0);
  const alive = seen.filter(({ death }) => death === undefined);
  return `${alive.length}/${seen.length}`;
}

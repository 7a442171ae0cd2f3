// One seed over time: MemAvailable with a cross for each death, and the full
// stall added up below, for the guards that are chosen.

/// <reference lib="dom" />

import uPlot from "uplot";
import type { PageGuard, PageScene, Run } from "./data.ts";
import { hintPlugin, type Mark } from "./hint.ts";
import { colour, FONT, make, type Plot, toneOf } from "./theme.ts";

const HEIGHT_PX = 230;
const LABELS_PX = 58;
const CROSS_PX = 4.5;

/** Which guards are drawn, by index; the same in every scene. */
export type Choice = Set<number>;

/** One of the two plots: what it shows of a run. */
interface View {
  readonly name: string;
  readonly unit: string;
  readonly of: (run: Run) => readonly number[];
  readonly hasKills: boolean;
}

const VIEWS: readonly View[] = [
  {
    name: "MemAvailable",
    unit: "MB, × a death",
    of: (run) => run.availMb,
    hasKills: true,
  },
  {
    name: "full stall, added up",
    unit: "ms",
    of: (run) => run.fullMs,
    hasKills: false,
  },
];

/** Both plots of a scene with their seed's buttons. */
export function timeline(
  guards: readonly PageGuard[],
  scene: PageScene,
  choice: Choice,
): Plot {
  const host = make("div", "timeline");
  let seed = scene.seeds[0]!;
  const runs = () =>
    scene.runs.filter((run) => run.seed === seed && choice.has(run.g));
  const plots = VIEWS.map((view) => viewPlot(guards, view, scene.name, runs));
  const draw = () => plots.forEach((plot) => plot.draw());
  const buttons = make("div", "seeds");
  buttons.append(make("span", "", "seed"));
  for (const one of scene.seeds) {
    const button = make("button", "seed", `${one}`);
    button.type = "button";
    button.ariaPressed = `${one === seed}`;
    button.addEventListener("click", () => {
      seed = one;
      for (const other of buttons.querySelectorAll("button")) {
        other.ariaPressed = `${other === button}`;
      }
      draw();
    });
    buttons.append(button);
  }
  host.append(buttons, ...plots.map((plot) => plot.host));
  return { host, draw };
}

function viewPlot(
  guards: readonly PageGuard[],
  view: View,
  sync: string,
  runs: () => readonly Run[],
): Plot {
  const host = make("figure", "plot");
  host.dataset.plot = view.name;
  const caption = make("figcaption", "", view.name);
  caption.append(make("span", "unit", view.unit));
  const stage = make("div", "stage");
  host.append(caption, stage);
  let plot: uPlot | undefined;
  const draw = () => {
    plot?.destroy();
    plot = undefined;
    const shown = runs();
    stage.classList.toggle("empty", shown.length === 0);
    if (shown.length === 0) return;
    plot = new uPlot(
      options(guards, view, sync, shown, stage.clientWidth),
      toData(view, shown),
      stage,
    );
  };
  return { host, draw };
}

/** The runs' own times joined to one list. */
function toData(view: View, runs: readonly Run[]): uPlot.AlignedData {
  return uPlot.join(runs.map((run) => [
    run.t.map((ms) => ms / 1000),
    [...view.of(run)],
  ]));
}

function options(
  guards: readonly PageGuard[],
  view: View,
  sync: string,
  runs: readonly Run[],
  width: number,
): uPlot.Options {
  const axis = { stroke: colour("soft"), font: FONT, ticks: { show: false } };
  const grid = { stroke: colour("line"), width: 1 };
  let marks: Mark[] = [];
  const mark = (plot: uPlot) => {
    marks = view.hasKills ? killMarks(plot, guards, runs) : [];
  };
  return {
    width,
    height: HEIGHT_PX,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: sync }, y: false, drag: { x: true, y: false } },
    scales: {
      x: { time: false },
      y: { range: (_, __, most) => [0, Math.max(most * 1.08, 1)] },
    },
    axes: [
      {
        ...axis,
        ...{ grid, size: 30 },
        values: (_, at) => at.map((one) => `${one} s`),
      },
      { ...axis, grid, size: LABELS_PX },
    ],
    series: [
      {},
      ...runs.map((run): uPlot.Series => ({
        stroke: toneOf(guards[run.g]!),
        width: 1.75,
        spanGaps: true,
        points: { show: false },
      })),
    ],
    hooks: {
      drawAxes: view.hasKills ? [(plot) => drawNeed(plot, runs)] : [],
      draw: view.hasKills ? [(plot) => drawKills(plot, guards, runs)] : [],
      ready: [mark],
      setScale: [mark],
    },
    plugins: [hintPlugin(() => marks)],
  };
}

/** The mark below which memory is needed, as a dashed line. */
function drawNeed(plot: uPlot, runs: readonly Run[]): void {
  const { ctx, bbox } = plot;
  for (const needMb of new Set(runs.map((run) => run.needMb))) {
    if (needMb === null) continue;
    const y = plot.valToPos(needMb, "y", true);
    ctx.save();
    ctx.strokeStyle = colour("soft");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}

/** MemAvailable of the run at that time, between its points. */
function availAt({ t, availMb }: Run, atMs: number): number {
  const next = t.findIndex((ms) => ms >= atMs);
  if (next < 0) return availMb.at(-1) ?? 0;
  if (next === 0) return availMb[0] ?? 0;
  const share = (atMs - t[next - 1]!) / ((t[next]! - t[next - 1]!) || 1);
  return availMb[next - 1]! + share * (availMb[next]! - availMb[next - 1]!);
}

function drawKills(
  plot: uPlot,
  guards: readonly PageGuard[],
  runs: readonly Run[],
): void {
  const { ctx, bbox } = plot;
  const arm = CROSS_PX * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineCap = "round";
  // A halo first, so that crosses stand out from the lines.
  for (const isHalo of [true, false]) {
    for (const run of runs) {
      ctx.strokeStyle = isHalo ? colour("card") : toneOf(guards[run.g]!);
      ctx.lineWidth = (isHalo ? 5 : 2.25) * devicePixelRatio;
      for (const { atMs } of run.kills) {
        const x = plot.valToPos(atMs / 1000, "x", true);
        const y = plot.valToPos(availAt(run, atMs), "y", true);
        ctx.beginPath();
        ctx.moveTo(x - arm, y - arm);
        ctx.lineTo(x + arm, y + arm);
        ctx.moveTo(x - arm, y + arm);
        ctx.lineTo(x + arm, y - arm);
        ctx.stroke();
      }
    }
  }
  ctx.restore();
}

function killMarks(
  plot: uPlot,
  guards: readonly PageGuard[],
  runs: readonly Run[],
): Mark[] {
  return runs.flatMap((run) =>
    run.kills.map(({ atMs, name, adj, heldMb }) => ({
      x: plot.valToPos(atMs / 1000, "x"),
      y: plot.valToPos(availAt(run, atMs), "y"),
      words: `${guards[run.g]!.name}, ${(atMs / 1000).toFixed(2)} s: ` +
        `${name} (${adj}), ${heldMb} MB`,
    }))
  );
}

// A strip plot: a row for each guard, a point for each boot, a bar at the
// median. The scale is logarithmic away from 0, which it has; lost machines
// stand at its right end.

/// <reference lib="dom" />

import uPlot from "uplot";
import type { PageGuard, Point, Strip } from "./data.ts";
import { hintPlugin, type Mark } from "./hint.ts";
import { colour, FONT, make, type Plot, toneOf } from "./theme.ts";

const ROW_PX = 21;
const AXIS_PX = 30;
const LABELS_PX = 136;
const POINT_PX = 7;
const BAR_PX = 15;
/** Rows' points stand apart by seed, within this share of a row. */
const SPREAD = 0.44;

/** 0 stays 0, and a tenfold is about as far as the next. */
function bend(value: number): number {
  return Math.sign(value) * Math.log10(1 + Math.abs(value));
}

/** A point where it is drawn. */
interface Placed extends Point {
  readonly x: number;
  readonly y: number;
}

interface Layout {
  readonly placed: readonly Placed[];
  readonly rows: readonly number[];
  readonly low: number;
  readonly high: number;
  /** Where lost machines stand; undefined: there are none. */
  readonly lostX: number | undefined;
}

function lay(rows: readonly number[], points: readonly Point[]): Layout {
  const values = points.flatMap(({ value }) => value ?? []).map(bend);
  const low = Math.min(0, ...values);
  const most = Math.max(1, ...values);
  const room = (most - low) * 0.06;
  const hasLost = points.some(({ value }) => value === null);
  const lostX = hasLost ? most + 3 * room : undefined;
  const placed = rows.flatMap((g, row) => {
    const own = points.filter((one) => one.g === g);
    return own.map((one, index) => ({
      ...one,
      x: one.value === null ? lostX! : bend(one.value),
      y: row + SPREAD * ((index + 0.5) / own.length - 0.5),
    }));
  });
  placed.sort((a, b) => a.x - b.x);
  return {
    placed,
    rows,
    low: low - room,
    high: (lostX ?? most) + room,
    lostX,
  };
}

/** Decades between the ends of the scale, 0 among them. */
function ticks({ low, high, lostX }: Layout): number[] {
  const decades = [0, 1, 10, 100, 1000, 10000, 100000].map(bend);
  const all = [...decades.slice(1).map((one) => -one), ...decades];
  const most = lostX === undefined ? high : lostX - (high - low) / 8;
  // Beside 0 there is room for 1 only where the scale begins there.
  const isNear = (at: number) => low < -1 && Math.abs(at) === bend(1);
  const inside = all.filter((at) => at >= low && at < most && !isNear(at));
  return [...inside, ...lostX === undefined ? [] : [lostX]];
}

function tickWords(at: number, { lostX }: Layout): string {
  if (at === lostX) return "lost";
  const value = Math.sign(at) * Math.round(10 ** Math.abs(at) - 1);
  return Math.abs(value) >= 1000 ? `${value / 1000}k` : `${value}`;
}

/** A strip plot that fills its host's width. Rows are guards by index; one
 * without a point stays empty. */
export function stripPlot(
  guards: readonly PageGuard[],
  rows: readonly number[],
  strip: Strip,
): Plot {
  const host = make("figure", "plot");
  host.dataset.plot = strip.name;
  const caption = make("figcaption", "", strip.name);
  caption.append(make("span", "unit", `${strip.unit}, logarithmic`));
  const stage = make("div", "stage");
  host.append(caption, stage);
  const layout = lay(rows, strip.points);
  let plot: uPlot | undefined;
  const draw = () => {
    plot?.destroy();
    plot = new uPlot(
      options(guards, strip, layout, stage.clientWidth),
      toData(layout),
      stage,
    );
  };
  return { host, draw };
}

/** One list of x, and for each row its y or null. */
function toData({ placed, rows }: Layout): uPlot.AlignedData {
  return [
    placed.map(({ x }) => x),
    ...rows.map((g) => placed.map((one) => one.g === g ? one.y : null)),
  ];
}

function options(
  guards: readonly PageGuard[],
  strip: Strip,
  layout: Layout,
  width: number,
): uPlot.Options {
  const { rows } = layout;
  const axis = { stroke: colour("soft"), font: FONT, ticks: { show: false } };
  const grid = { stroke: colour("line"), width: 1 };
  let marks: Mark[] = [];
  return {
    width,
    height: rows.length * ROW_PX + AXIS_PX + 8,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      ...{ x: false, y: false, drag: { x: false, y: false } },
      points: { show: false },
    },
    scales: {
      x: { time: false, range: [layout.low, layout.high] },
      y: { dir: -1, range: [-0.6, rows.length - 0.4] },
    },
    axes: [
      {
        ...axis,
        ...{ grid, size: AXIS_PX, splits: () => ticks(layout) },
        values: (_, at) => at.map((one) => tickWords(one, layout)),
      },
      {
        ...axis,
        ...{ grid, size: LABELS_PX, stroke: colour("ink"), gap: 8 },
        splits: () => rows.map((_, row) => row),
        values: (_, at) => at.map((row) => guards[rows[row]!]!.name),
      },
    ],
    series: [{}, ...rows.map((g) => series(toneOf(guards[g]!)))],
    hooks: {
      draw: [(plot) => drawBars(plot, guards, layout)],
      ready: [(plot) => marks = markAll(plot, guards, strip, layout)],
      setSize: [(plot) => marks = markAll(plot, guards, strip, layout)],
    },
    plugins: [hintPlugin(() => marks)],
  };
}

function series(tone: string): uPlot.Series {
  return {
    stroke: tone,
    paths: () => null,
    points: { show: true, size: POINT_PX, width: 1, stroke: tone, fill: tone },
  };
}

/** A bar at each row's median; where that is lost there is none. */
function drawBars(
  plot: uPlot,
  guards: readonly PageGuard[],
  { placed, rows }: Layout,
): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  const high = BAR_PX * ratio;
  rows.forEach((g, row) => {
    const values = placed.filter((one) => one.g === g)
      .map(({ value }) => value ?? Infinity).sort((a, b) => a - b);
    const half = values.length >> 1;
    const median = (values[half]! + values[values.length - 1 - half]!) / 2;
    if (values.length === 0 || !Number.isFinite(median)) return;
    const x = plot.valToPos(bend(median), "x", true);
    const y = plot.valToPos(row, "y", true);
    ctx.fillStyle = toneOf(guards[g]!);
    ctx.fillRect(x - 1.5 * ratio, y - high / 2, 3 * ratio, high);
  });
}

function markAll(
  plot: uPlot,
  guards: readonly PageGuard[],
  { unit }: Strip,
  { placed }: Layout,
): Mark[] {
  return placed.map(({ g, seed, value, x, y }) => ({
    x: plot.valToPos(x, "x"),
    y: plot.valToPos(y, "y"),
    words: `${guards[g]!.name}, seed ${seed}: ` +
      (value === null ? "lost" : `${value} ${unit}`),
  }));
}

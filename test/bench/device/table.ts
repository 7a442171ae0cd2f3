// The tables of the bench, for text and page alike: what stands in each cell,
// and which is the best of its column. Pure.

import { formatFigure, formatRange } from "./figure.ts";
import { isRecover } from "./guards.ts";
import type { BenchRecord } from "./record.ts";
import {
  BEAT_P99,
  BEAT_WORST,
  type Bench,
  FULL_STALL,
  IDLE_CPU,
  IDLE_LOCKED,
  IDLE_RSS,
  IDLE_WAKEUPS,
  LAUNCH,
  LOAD_CPU,
  LOAD_LOCKED,
  LOAD_RSS,
  LOAD_WAKEUPS,
  type Measure,
  SOME_STALL,
  type Spread,
  spreadOf,
  sumOf,
  TO_BACK,
  TO_SIGNAL,
} from "./summary.ts";

export interface Cell {
  readonly text: string;
  /** Least to most, where there is more than one figure. */
  readonly range: string;
  readonly isBest: boolean;
}

export interface Table {
  readonly title: string;
  readonly heads: readonly { readonly name: string; readonly unit: string }[];
  readonly rows: readonly {
    readonly guard: string;
    /** Boots. */
    readonly n: number;
    readonly cells: readonly Cell[];
  }[];
  readonly notes: readonly string[];
}

/** A column: what the boots of a row come to. */
interface Column {
  readonly name: string;
  readonly unit: string;
  /** Whether the least is the best. */
  readonly isRanked: boolean;
  readonly of: (boots: readonly BenchRecord[]) => Spread;
}

/** A median with its range. */
function median(measure: Measure): Column {
  return {
    ...measure,
    isRanked: true,
    of: (boots) => spreadOf(boots, measure),
  };
}

/** A sum over all boots, without a range. */
function total(
  name: string,
  unit: string,
  of: (one: BenchRecord) => number,
  within: (one: BenchRecord) => boolean = () => true,
): Column {
  return {
    name,
    unit,
    isRanked: true,
    of: (boots) => {
      const counted = boots.filter(within);
      const all = counted.length === 0 ? NaN : sumOf(counted, of);
      const have = counted.length;
      return { boots: have, have, median: all, min: all, max: all };
    },
  };
}

const KERNEL = total("kernel", "kills", (one) => one.kernelKills);
/** The culprit is among them: fewer may be too few. */
const DIED: Column = {
  ...total("died", "", (one) => one.victims.length),
  isRanked: false,
};
const WRONG = total("wrong", "", (one) => one.wrong);
const EXCESS = total("excess", "", (one) => one.excess);
const LOST = total("lost", "", (one) => one.lost ? 1 : 0);
const OVER = total("over", "MB", (one) => one.overKilledKb / 1024);
const RECOVER = total(
  "recover",
  "kills",
  (one) => one.victims.length,
  (one) => isRecover(one.scene),
);

const STALLS = [FULL_STALL, SOME_STALL, BEAT_P99, BEAT_WORST].map(median);
const TIMES = [TO_SIGNAL, TO_BACK].map(median);
const DEATHS = [KERNEL, DIED, WRONG, EXCESS, LOST, OVER];
const COST_IDLE = [IDLE_CPU, IDLE_WAKEUPS, IDLE_RSS, IDLE_LOCKED].map(median);
const COST_LOAD = [LOAD_CPU, LOAD_WAKEUPS, LOAD_RSS, LOAD_LOCKED].map(median);

/** What a scene felt like, and who died in it. */
export function sceneTables(bench: Bench, scene: string): Table[] {
  const rows = bench.guards
    .map((guard): Row => [guard, bench.cell(scene, guard)])
    .filter(([, boots]) => boots.length > 0);
  const isLaunch = rows.some(([, boots]) =>
    boots.some((one) => one.launchMs !== null)
  );
  const deaths = [...DEATHS, median(isLaunch ? LAUNCH : LOAD_CPU)];
  // Where nobody is to die, none is the first to signal.
  const times = TIMES.map((one) => ({ ...one, isRanked: !isRecover(scene) }));
  const felt = [...STALLS, ...times];
  return [
    build(
      `${scene}: stalls (PSI full, some), beats and times`,
      felt,
      rows,
      weakNotes(rows),
    ),
    build(
      `${scene}: deaths, summed over the boots, and ` +
        (isLaunch ? "the launch" : "the guard's own CPU"),
      deaths,
      rows,
      [],
    ),
  ];
}

/** Deaths over everything that was run. */
export function totalTable(bench: Bench): Table {
  const columns = [KERNEL, WRONG, EXCESS, LOST, RECOVER, DIED, OVER];
  const title = "all scenes: sums over every boot";
  return build(title, columns, guardRows(bench), []);
}

/** What the guards take for themselves, at rest and in the scenes. */
export function costTables(bench: Bench): Table[] {
  const rows = guardRows(bench);
  return [
    build("own cost at rest", COST_IDLE, rows, []),
    build("own cost in the scenes", COST_LOAD, rows, []),
  ];
}

type Row = readonly [guard: string, boots: readonly BenchRecord[]];

function guardRows({ guards, records }: Bench): Row[] {
  return guards.map((guard) => [
    guard,
    records.filter((one) => one.guard === guard),
  ]);
}

function weakNotes(rows: readonly Row[]): string[] {
  return rows.flatMap(([guard, boots]) => {
    const weak = sumOf(boots, (one) => one.isLoadWeak ? 1 : 0);
    return weak === 0
      ? []
      : [`${guard}: the load was weak in ${weak} of ${boots.length} boots`];
  });
}

function build(
  title: string,
  columns: readonly Column[],
  rows: readonly Row[],
  notes: readonly string[],
): Table {
  const grid = rows.map(([, boots]) => columns.map(({ of }) => of(boots)));
  const partly = rows.flatMap(([guard, boots], row) =>
    columns.flatMap(({ name }, column) => {
      const { have, boots: all } = grid[row]![column]!;
      return have === 0 || have === all || all !== boots.length ? [] : [
        `${guard}, ${name}: of ${have} of ${all} boots, the others have none`,
      ];
    })
  );
  return {
    title,
    heads: columns.map(({ name, unit }) => ({ name, unit })),
    rows: rows.map(([guard, boots], row) => ({
      guard,
      n: boots.length,
      cells: columns.map(({ isRanked }, column) => {
        const all = grid.map((cells) => cells[column]!.median);
        return toCell(grid[row]![column]!, isRanked ? all : []);
      }),
    })),
    notes: [...notes, ...partly],
  };
}

/** The best is the least, unless more than half of the rows share it: then
 * it tells nobody apart. */
function toCell(one: Spread, all: readonly number[]): Cell {
  const known = all.filter((value) => !Number.isNaN(value));
  const least = Math.min(...known);
  const sharing = known.filter((value) => value === least).length;
  const range = formatRange(one.min, one.max);
  const text = formatFigure(one.median);
  return {
    text,
    range: one.min !== one.max && range !== text ? range : "",
    isBest: one.median === least && sharing * 2 <= known.length,
  };
}

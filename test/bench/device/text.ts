// The bench as text: 80 columns, no colour. Pure. The best of a column has a
// star.

import { BOOTS_MIN, type Goal, judgeGoals } from "./goals.ts";
import { OURS } from "./guards.ts";
import { type Bench, countWords, provenanceOf } from "./summary.ts";
import { costTables, sceneTables, type Table, totalTable } from "./table.ts";

const COLUMNS = 80;
/** Of a guard's name: "systemd-oomd tuned"; where figures are long at least
 * what tells that from "systemd-oomd". */
const GUARD_COLUMNS = 18;
const GUARD_COLUMNS_MIN = 14;
const GAP_MAX = 3;

/** All that is printed of a bench. */
export function formatReport(bench: Bench, ours = OURS): string {
  return [
    formatHead(bench),
    ...bench.scenes.flatMap((scene) => sceneTables(bench, scene))
      .map(formatTable),
    ...[totalTable(bench), ...costTables(bench)].map(formatTable),
    formatGoals(judgeGoals(bench, ours), ours),
  ].join("\n");
}

/** A table as text, at most 80 columns wide. */
export function formatTable({ title, heads, rows, notes }: Table): string {
  const grid = [
    ["", "n", ...heads.map(({ name }) => name)],
    ["", "", ...heads.map(({ unit }) => unit)],
    ...rows.flatMap(({ guard, n, cells }) => [
      [
        guard.slice(0, GUARD_COLUMNS),
        `${n}`,
        ...cells.map(({ text, isBest }) => (isBest ? "*" : "") + text),
      ],
      ["", "", ...cells.map(({ range }) => range)],
    ]),
  ].filter((cells) => cells.some((cell) => cell !== ""));
  const widths = grid[0]!.map((_, column) =>
    Math.max(...grid.map((cells) => cells[column]!.length))
  );
  const over = sum(widths) + widths.length - 1 - COLUMNS;
  widths[0] = Math.max(
    Math.min(widths[0]!, widths[0]! - over),
    Math.min(widths[0]!, GUARD_COLUMNS_MIN),
  );
  // As much air as there is room for.
  const gap = Math.floor((COLUMNS - sum(widths)) / (widths.length - 1));
  const air = " ".repeat(Math.max(Math.min(gap, GAP_MAX), 1));
  const lines = grid.map((cells) =>
    cells.map((cell, column) =>
      column === 0
        ? cell.slice(0, widths[0]).padEnd(widths[0]!)
        : cell.padStart(widths[column]!)
    ).join(air)
  );
  return [title, ...lines, ...notes.flatMap((note) => wrap(note, 2))]
    .map((line) => line.trimEnd() + "\n").join("");
}

function sum(list: readonly number[]): number {
  return list.reduce((total, one) => total + one, 0);
}

/** Words in lines of at most 80 columns, each after `indent` blanks. */
export function wrap(words: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > COLUMNS) {
      lines.push(" ".repeat(indent) + line);
      line = "";
    }
    line += (line === "" ? "" : " ") + word;
  }
  return [...lines, " ".repeat(indent) + line];
}

const STATE_COLUMNS = 14;

/** The goals, one after another, with what was found under each. */
export function formatGoals(goals: readonly Goal[], ours: string): string {
  const lines = [`goals, of ${ours}`];
  for (const { name, state, found } of goals) {
    lines.push(state.padEnd(STATE_COLUMNS) + name);
    if (found !== "") lines.push(...wrap(found, STATE_COLUMNS));
  }
  return lines.map((line) => line + "\n").join("");
}

/** Where and when it was measured, and how to read the tables. */
export function formatHead(bench: Bench): string {
  const { commits, days, hosts, kernels } = provenanceOf(bench.records);
  const lines = [
    `device bench: commit ${commits.join(", ")}; ${days.join(" to ")}; ` +
    `${bench.records.length} boots, ${countWords(bench)} in a cell`,
    `host: ${hosts.join("; ")}; device: Linux ${kernels.join(", ")}`,
    ...commits.length > 1 ? ["commits are mixed: compare with care"] : [],
    ...hosts.length > 1 ? ["hosts are mixed: compare with care"] : [],
    "Times are medians over the boots, least to most below them; * the best; " +
    "- not measured; lost: worse than any figure." +
    (isThin(bench) ? ` Rows with n < ${BOOTS_MIN} prove little.` : ""),
  ];
  return lines.flatMap((line) => wrap(line, 0)).join("\n") + "\n";
}

function isThin(bench: Bench): boolean {
  return bench.scenes.some((scene) =>
    bench.guards.some((guard) => bench.cell(scene, guard).length < BOOTS_MIN)
  );
}

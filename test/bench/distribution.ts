// Distributions as rows of a table: p50, p99 and max of what was measured, and
// how that compares with C. 80 columns.

const NAME_COLUMNS = 28;
const COLUMNS = 10;

function line(name: string, cells: readonly string[]): string {
  const width = cells.length > 4 ? 8 : COLUMNS;
  return name.padEnd(NAME_COLUMNS) +
    cells.map((cell) => cell.padStart(width)).join("");
}

/** Heading of the rows. */
export const HEADER = line("", ["n", "p50", "p99", "max"]);

/** Heading of rows that have C beside them. */
export function pairHeader(title: string): string {
  return line(title, ["p50", "p99", "max", "C p50", "C p99", "ratio"]);
}

/** The value below which `share` of the samples lie, nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.max(Math.ceil(sorted.length * share), 1);
  return sorted[rank - 1] ?? NaN;
}

/** One row. */
export function formatRow(label: string, samples: readonly number[]): string {
  return line(label, [
    String(samples.length),
    ...[0.5, 0.99, 1].map((share) => percentile(samples, share).toFixed(1)),
  ]);
}

const orDash = (value: number, digits = 1) =>
  Number.isNaN(value) ? "-" : value.toFixed(digits);

/** One row of ours and C's, both ns, as us; the ratio is that of the medians. */
export function formatPair(
  label: string,
  ours: readonly number[],
  theirs: readonly number[],
): string {
  const us = (samples: readonly number[], share: number) =>
    orDash(percentile(samples, share) / 1000);
  const ratio = percentile(ours, 0.5) / percentile(theirs, 0.5);
  return line(label, [
    ...[0.5, 0.99, 1].map((share) => us(ours, share)),
    ...[0.5, 0.99].map((share) => us(theirs, share)),
    orDash(ratio, 2),
  ]);
}

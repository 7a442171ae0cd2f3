// Distributions as rows of a table: p50, p99 and max of what was measured.

/** Heading of the rows. */
export const HEADER = `${"".padEnd(28)}${
  ["n", "p50", "p99", "max"].map((name) => name.padStart(10)).join("")
}`;

/** The value below which `share` of the samples lie, nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.max(Math.ceil(sorted.length * share), 1);
  return sorted[rank - 1] ?? NaN;
}

/** One row. */
export function formatRow(label: string, samples: readonly number[]): string {
  const cells = [
    String(samples.length),
    ...[0.5, 0.99, 1].map((share) => percentile(samples, share).toFixed(1)),
  ];
  return label.padEnd(28) + cells.map((cell) => cell.padStart(10)).join("");
}

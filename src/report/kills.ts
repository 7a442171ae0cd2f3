// The kills of a journal as text: who, then why, then how fast.

import type { KillEntry } from "./journal.ts";
import {
  COLUMNS,
  durationText,
  megabytes,
  microText,
  sizeText,
  wrap,
} from "./units.ts";

const MARGIN = "    ";

const HEADER = [
  "TIME".padEnd(24),
  "PID".padStart(7),
  "ADJ".padStart(5),
  "RSS".padStart(7),
  "SWAP".padStart(7),
  "NAME",
].join(" ");

/** A table of three lines for each kill, sizes in MB, 80 columns. */
export function describeKills(kills: readonly KillEntry[]): string[] {
  if (kills.length === 0) return ["Nobody was killed."];
  return [HEADER, ...kills.flatMap(describeKill)];
}

function describeKill(kill: KillEntry): string[] {
  const first = [
    kill.time.padEnd(24),
    String(kill.pid).padStart(7),
    String(kill.adj).padStart(5),
    megabytes(kill.rssKb).padStart(7),
    megabytes(kill.swapKb).padStart(7),
    kill.name,
  ].join(" ");
  const grown = kill.grownKb > 0
    ? `; it had just grown by ${sizeText(kill.grownKb)}`
    : "";
  const death = kill.dryRun
    ? "dry run, nobody was signalled"
    : kill.deathMs === null
    ? "death not seen"
    : `death after ${durationText(kill.deathMs)}, ` +
      `${sizeText(kill.backKb)} came back`;
  return [
    first.trimEnd(),
    ...wrap(kill.reasonText + grown, COLUMNS, MARGIN),
    `${MARGIN}signal after ${microText(kill.signalUs)}, ${death}`,
  ];
}

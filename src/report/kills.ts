// The kills of a journal as text: who, then why, then how fast; and at length
// what the machine was like. What the keeper did stands among them.

import type { KeeperEntry, KillEntry } from "./journal.ts";
import { type KillInfo, MEMINFO_NAMES } from "./killinfo.ts";
import {
  COLUMNS,
  columnsOf,
  cut,
  durationText,
  labelled,
  megabytes,
  microText,
  sizeText,
  wrap,
} from "./units.ts";

const MARGIN = "    ";
/** Room for the label of a line that `long` adds. */
const LABEL_MARGIN = " ".repeat(15);

const HEADER = [
  "TIME".padEnd(24),
  "PID".padStart(7),
  "ADJ".padStart(5),
  "RSS".padStart(7),
  "SWAP".padStart(7),
  "NAME",
].join(" ");

/** What the columns before it leave for the name. */
const NAME_COLUMNS = COLUMNS - HEADER.length + "NAME".length;

/** A table of three lines for each kill, sizes in MB, 80 columns; `long` adds
 * the figures behind the kill. An act of the keeper has no columns. */
export function describeKills(
  history: readonly (KillEntry | KeeperEntry)[],
  long = false,
): string[] {
  if (history.length === 0) return ["Nobody was killed."];
  return [
    HEADER,
    ...history.flatMap((entry) =>
      entry.by === "keeper" ? describeKeeper(entry) : [
        ...describeKill(entry),
        ...(long ? describeFigures(entry) : []),
      ]
    ),
  ];
}

function describeKeeper({ time, text }: KeeperEntry): string[] {
  return [
    `${time.padEnd(24)}   the keeper`,
    ...wrap(text, COLUMNS, MARGIN),
  ];
}

function describeKill(kill: KillEntry): string[] {
  const columns = [
    kill.time.padEnd(24),
    String(kill.pid).padStart(7),
    String(kill.adj).padStart(5),
    megabytes(kill.rssKb).padStart(7),
    megabytes(kill.swapKb).padStart(7),
  ].join(" ");
  const name = cut(kill.name, COLUMNS - 1 - columns.length);
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
    `${columns} ${name}`.trimEnd(),
    ...wrap(kill.reasonText + grown, COLUMNS, MARGIN),
    ...wrap(
      `${kill.by === "watchdog" ? "by the watchdog, " : ""}` +
        `signal after ${microText(kill.signalUs)}, ${death}`,
      COLUMNS,
      MARGIN,
    ),
  ];
}

/** Lines of a label and what it stands for. */
function describeFigures(kill: KillEntry): string[] {
  const { killinfo } = kill;
  const line = (label: string, text: string) =>
    labelled(MARGIN + label, text, LABEL_MARGIN);
  const whole = columnsOf(kill.name) > NAME_COLUMNS
    ? line("name", kill.name)
    : [];
  const reaped = kill.reapUs === null
    ? "not seen"
    : kill.reapError === null
    ? `in ${microText(kill.reapUs)}`
    : `refused after ${microText(kill.reapUs)}: ${kill.reapError}`;
  return [
    ...whole,
    ...line(
      "judged by",
      `${kill.strategy}, floor ${kill.floorAdj}; uid ${kill.uid}`,
    ),
    ...line("reaped", reaped),
    ...line(
      "watermark",
      kill.watermark === null
        ? "free memory is above all, or they are not known"
        : `free memory is below ${kill.watermark}`,
    ),
    ...line("thrashing", thrashingText(killinfo)),
    ...line(
      "swap",
      `${sizeText(killinfo.swapFreeKb)} free of ` +
        `${sizeText(killinfo.swapTotalKb)}`,
    ),
    ...line("pressure", pressureText(killinfo)),
    ...line("wakeups", wakeupsText(killinfo)),
    ...line("memory", meminfoText(killinfo)),
  ];
}

function percentText(value: number | null, digits: number): string {
  return value === null ? "-" : `${value.toFixed(digits)}%`;
}

function thrashingText(info: KillInfo): string {
  return `${percentText(info.thrashingPercent, 0)}, ` +
    `at most ${percentText(info.maxThrashingPercent, 0)}`;
}

function pressureText(info: KillInfo): string {
  return `over 10 s memory some ${percentText(info.memorySomePercent, 2)}, ` +
    `full ${percentText(info.memoryFullPercent, 2)}; ` +
    `io some ${percentText(info.ioSomePercent, 2)}, ` +
    `full ${percentText(info.ioFullPercent, 2)}; ` +
    `cpu some ${percentText(info.cpuSomePercent, 2)}`;
}

function wakeupsText(info: KillInfo): string {
  return `${info.wakeups ?? "-"} in the ${durationText(info.eventMs)} since ` +
    `the pressure event, ${info.skippedWakeups ?? "-"} skipped; ` +
    `${durationText(info.wakeMs)} after the one before`;
}

/** "kernel stack" for "kernelStackKb". */
function plainName(name: string): string {
  return name.replace(/Kb$/, "").replaceAll(
    /[A-Z]/g,
    (upper) => ` ${upper.toLowerCase()}`,
  );
}

/** What /proc/meminfo told but for the swap, and the share of the GPU: all that
 * is not 0. */
function meminfoText(info: KillInfo): string {
  const sizes = [...MEMINFO_NAMES, "gpuKb" as const]
    .filter((name) => name !== "swapTotalKb" && name !== "swapFreeKb")
    .filter((name) => info[name] !== null && info[name] !== 0)
    .map((name) => `${plainName(name)} ${megabytes(info[name])}`);
  return sizes.length === 0 ? "not known" : `${sizes.join(", ")} MB`;
}

// The status file read back, and `oomguard status` made of it. A line that is
// not understood is skipped, and a figure that is missing shows as "-": the
// file may be another version's.

import {
  SELF_ADJ,
  SELF_ARENA_LOCKED,
  SELF_ARMED,
  SELF_FIFO,
  SELF_GROUP,
  SELF_IO_FLUSHER,
  SELF_KEEPER,
  SELF_LOCKED,
  SELF_NO_THP,
  SELF_TIMER_SLACK,
  SELF_WATCHDOG,
} from "../state/gauges.ts";
import { errnoName } from "../base/errno.ts";
import { reasonName } from "./reasons.ts";
import {
  centiText,
  durationText,
  labelled,
  microText,
  sizeText,
} from "./units.ts";

/** Values by label: a number, a word, or null for what is not known. */
export type StatusFields = Readonly<Record<string, number | string | null>>;

/** The fields of a status file's text. */
export function parseStatus(text: string): StatusFields {
  const fields: Record<string, number | string | null> = {};
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z][a-zA-Z0-9]{0,31}) +([ -~]+?) *$/.exec(line);
    if (match === null) continue;
    const [, label, value] = match;
    const isNumber = /^-?\d{1,10}$/.test(value);
    fields[label] = value === "-" || value === NEVER.get(label)
      ? null
      : isNumber
      ? Number(value)
      : value;
  }
  return fields;
}

/** What a figure has been set to while there is nothing to tell. */
const NEVER = new Map([["exhaustionMs", "2147483647"]]);

/** Bits of G_SELF, in words. */
export const SELF = [
  [SELF_ADJ, "oom_score_adj -1000"],
  [SELF_FIFO, "SCHED_FIFO"],
  [SELF_ARENA_LOCKED, "arena locked"],
  [SELF_WATCHDOG, "watchdog"],
  [SELF_KEEPER, "keeper"],
  [SELF_LOCKED, "memory locked"],
  [SELF_GROUP, "own memory group"],
  [SELF_IO_FLUSHER, "IO flusher"],
  [SELF_NO_THP, "no huge pages"],
  [SELF_TIMER_SLACK, "timer slack"],
] as const;

/** Bits of G_SELF that hold; null where that is not known. A watchdog that the
 * settings in force have turned off stands, and does nothing. */
export function heldBits(fields: StatusFields): number | null {
  const { self, watchdogMs } = fields;
  if (typeof self !== "number") return null;
  return watchdogMs === 0 ? self & ~SELF_WATCHDOG : self;
}

/** Room for a line's label. */
const MARGIN = " ".repeat(12);

/** The summary, in lines of at most 80 columns; `nowMs` since 1970. */
export function describeStatus(fields: StatusFields, nowMs: number): string[] {
  const number = (label: string): number | null => {
    const value = fields[label];
    return typeof value === "number" ? value : null;
  };
  const word = (label: string): string => String(fields[label] ?? "-");
  const size = (label: string) => sizeText(number(label));
  const startedS = number("startedS");
  const ageMs = startedS === null ? null : nowMs - startedS * 1000;
  const dry = fields.dryRun === 1 ? ", dry run: it signals nobody" : "";
  const up = ageMs === null || ageMs < 0 ? "" : `, up ${durationText(ageMs)}`;
  const stalled = number("stallSomePermille");
  const lines: [label: string, text: string][] = [
    ["state", `${word("state")}${up}, process ${word("guardPid")}`],
    ["strategy", `${word("strategy")}${dry}`],
    ["signal", word("signal")],
    [
      "memory",
      `${size("availableKb")} available of ${size("totalKb")}, ` +
      `${size("freeKb")} free`,
    ],
    ["headroom", `${size("headroomKb")}, ${slopeText(number)}`],
    [
      "swap",
      number("swapTotalKb") === 0
        ? "none"
        : `${size("swapFreeKb")} free of ${size("swapTotalKb")}, ` +
          `zram takes ${size("zramUsedKb")}`,
    ],
    [
      "pressure",
      `some ${centiText(number("psiSomeAvg10Centi"))}, full ` +
      `${centiText(number("psiFullAvg10Centi"))} over 10 s; stalled ` +
      `${centiText(stalled === null ? null : stalled * 10)}, ` +
      `thrashing ${word("thrashingPercent")}%`,
    ],
    [
      "processes",
      `${word("victims")} known, ${word("killable")} may die; ` +
      `clients ${word("clients")}, packets ${word("packets")}, ` +
      `bad ${word("badPackets")}`,
    ],
    ["next", nextText(number, fields.nextName)],
    [
      "kills",
      `${word("kills")}; refused ${word("refused")}, nobody to kill ` +
      `${word("noVictim")}, overdue ${word("overdue")}; ` +
      `by the kernel ${word("kernelOomKills")}`,
    ],
    ...lastKill(number, ageMs),
    ["protected", selfText(heldBits(fields))],
    ["own memory", ownMemoryText(number, word)],
    [
      "turns",
      `${word("turns")}, the last ${microText(number("turnUs"))}, at most ` +
      `${microText(number("turnUsMax"))}; looks again within ` +
      `${durationText(number("waitMs"))}`,
    ],
    ["trouble", troubleText(number, word)],
  ];
  return lines.filter(([, text]) => text !== "")
    .flatMap(([label, text]) => labelled(label, text, MARGIN));
}

type Numbers = (label: string) => number | null;

/** Who would die next; `name` is what it is called, where that is known. */
function nextText(number: Numbers, name: string | number | null): string {
  const pid = number("nextPid");
  if (pid === null) return "";
  if (pid === 0) return "nobody may die";
  const self = number("self") ?? 0;
  const armed = (self & SELF_ARMED) !== 0
    ? "; the kernel's killer is armed with it"
    : "";
  const called = typeof name === "string" ? `, ${name}` : "";
  return `process ${pid}, adj ${number("nextAdj") ?? "-"}${called}${armed}`;
}

function slopeText(number: Numbers): string {
  const shrink = number("shrinkKbPerS");
  if (shrink === null || shrink <= 0) return "not shrinking";
  return `shrinks by ${sizeText(shrink)} in a second, gone in ` +
    durationText(number("exhaustionMs"));
}

function lastKill(
  number: Numbers,
  ageMs: number | null,
): [string, string][] {
  const kills = number("kills");
  if (kills === null || kills === 0) return [["last kill", "none"]];
  const lastMs = number("lastMs");
  const startedMs = number("startedMs");
  // Both are of one clock that wraps after 49 days.
  const ago = ageMs === null || lastMs === null || startedMs === null
    ? -1
    : ageMs - ((lastMs - startedMs) >>> 0);
  const when = ago < 0 ? "" : `${durationText(ago)} ago: `;
  const reason = number("lastReason");
  return [
    [
      "last kill",
      `${when}process ${number("lastPid") ?? "-"}, ` +
      `adj ${number("lastAdj") ?? "-"}, ${sizeText(number("lastRssKb"))}, ` +
      `${reason === null ? "-" : reasonName(reason)}`,
    ],
    [
      "",
      `signal after ${microText(number("signalUs"))}, ` +
      `death after ${durationText(number("deathMs"))}, ` +
      `${sizeText(number("lastBackKb"))} came back`,
    ],
  ];
}

function selfText(self: number | null): string {
  if (self === null) return "-";
  const names = (held: boolean) =>
    SELF.filter(([bit]) => ((self & bit) !== 0) === held)
      .map(([, name]) => name).join(", ");
  const lacking = names(false);
  const held = names(true) === "" ? "by nothing" : names(true);
  return lacking === "" ? held : `${held}; not: ${lacking}`;
}

/** What the guard takes, and how it is kept. */
function ownMemoryText(number: Numbers, word: (label: string) => string) {
  const size = (label: string) => sizeText(number(label));
  const releases = number("ballastReleases");
  return `locked: ${word("lockLevel")}; ${size("anonKb")} anonymous, ` +
    `${size("fileKb")} of files, ${size("shmemKb")} shared, ` +
    `${size("swappedKb")} swapped; ballast ${size("ballastKb")}` +
    (releases === null || releases === 0 ? "" : `, given ${releases} times`);
}

/** What should be zero and is not; "" while all is well. */
function troubleText(
  number: Numbers,
  word: (label: string) => string,
): string {
  const rc = number("lastFaultRc") ?? 0;
  const counts = [
    ["processes that found no place", number("tableFull")],
    ["files that could not be read", number("senseErrors")],
    [
      `calls that failed (the last: ${word("lastFault")}, ${errnoName(rc)})`,
      number("faults"),
    ],
    ["messages that a client did not take", number("lostMessages")],
    ["clients dropped for a newcomer", number("droppedClients")],
    ["targets that came too soon", number("hastyTargets")],
    ["kills by the watchdog", number("watchdogKills")],
    ["starts by the keeper", number("restarts")],
  ] as const;
  const refused = number("armRefused");
  const arming = refused === null || refused === 0
    ? []
    : [`arming given up: ${errnoName(refused)}`];
  return [
    ...arming,
    ...counts
      .filter(([, count]) => count !== null && count !== 0)
      .map(([what, count]) => `${count} ${what}`),
  ]
    .join(", ");
}

// The words of a drill: rows of its timeline and the scorecard at its end, in
// 80 columns, without colour unless the caller paints.

import {
  type Actor,
  type Death,
  type DrillFacts,
  type Judgement,
  type Lateness,
  LOOK_MS,
} from "./drill.ts";
import { COLUMNS, microText, sizeText, wrap } from "./units.ts";

const TIME_COLUMNS = 8;
const LABEL_COLUMNS = 26;

function beside(label: string, column: number, text: string): string[] {
  return wrap(text, COLUMNS - column, "").map((line, i) =>
    (i === 0 ? label : "").padEnd(column) + line
  );
}

/** One event: ms since the drill began, right-aligned, and what happened. */
export function timelineRow(atMs: number, text: string): string[] {
  const time = String(Math.round(atMs)).padStart(TIME_COLUMNS - 2);
  return beside(time, TIME_COLUMNS, text);
}

function ms(us: number): string {
  return (us / 1000).toFixed(1);
}

function count(names: readonly string[]): string {
  if (names.length === 0) return "0";
  return `${names.length}: ${names.join(", ")}`;
}

function lateness(late: Lateness): string {
  return `p50 ${ms(late.p50Us)}, p99 ${ms(late.p99Us)}, ` +
    `max ${ms(late.maxUs)} ms late in ${late.beats} beats`;
}

function deathWords(death: Death, actor: Actor): string {
  return `${actor.name} (${actor.pid}), oom_score_adj ${actor.adj}, ` +
    `at ${Math.round(death.atMs)} ms, by ` +
    (death.by === "guard" ? "the guard" : death.by);
}

/** Who died and why, one row or two for each. */
function deathRows(facts: DrillFacts): [string, string][] {
  const rows: [string, string][] = [];
  for (const death of facts.deaths) {
    const actor = facts.cast.find((one) => one.pid === death.pid);
    if (actor === undefined) continue;
    rows.push(["died", deathWords(death, actor)]);
    if (death.why !== "") rows.push(["  because", death.why]);
  }
  return rows.length === 0 ? [["died", "nobody"]] : rows;
}

/** A time that was taken from looks at the group. */
function lookedText(facts: DrillFacts, time: number): string {
  const isBetween = facts.mode === "real" && time < LOOK_MS;
  return isBetween ? `< ${LOOK_MS} ms` : `${Math.round(time)} ms`;
}

function timeRows(facts: DrillFacts): [string, string][] {
  const mark = facts.markKb === null
    ? ""
    : ` after less than ${sizeText(facts.markKb)} were available`;
  const back = facts.backKb === null
    ? ""
    : `, ${sizeText(facts.backKb)} came back`;
  const looked = (time: number) => lookedText(facts, time);
  const told = (time: number) => `${Math.round(time)} ms`;
  const rows: [string, number | null, (time: number) => string, string][] = [
    ["threshold to signal", facts.thresholdToSignalMs, looked, mark],
    ["signal to death", facts.signalToDeathMs, told, ""],
    ["signal to memory back", facts.signalToBackMs, looked, back],
  ];
  const texts = rows
    .filter(([, time]) => time !== null || facts.mode === "real")
    .map(([label, time, textOf, more]): [string, string] => [
      label,
      time === null ? "not seen" : textOf(time) + more,
    ]);
  if (facts.wakeToSignalUs !== null) {
    texts.splice(1, 0, ["  wake to signal", microText(facts.wakeToSignalUs)]);
  }
  return texts;
}

function foregroundRows(facts: DrillFacts): [string, string][] {
  const rows: [string, string][] = [];
  const died = facts.deaths.some((death) => death.pid === facts.heartPid);
  const late = facts.heartBusy;
  rows.push([
    "foreground",
    died
      ? "died"
      : late === null
      ? facts.mode === "real" ? "does not answer" : "alive"
      : `alive, ${lateness(late)}`,
  ]);
  if (facts.heartCalm !== null) {
    rows.push(["  before the hog grew", lateness(facts.heartCalm)]);
  }
  if (facts.stallSomeUs !== null && facts.stallFullUs !== null) {
    rows.push([
      "  stall of the group",
      `some ${ms(facts.stallSomeUs)} ms, full ${ms(facts.stallFullUs)} ms`,
    ]);
  }
  return rows;
}

function guardRows(facts: DrillFacts): [string, string][] {
  const guard = facts.guard;
  if (guard === null) return [];
  const percent = (permille: number) => `${(permille / 10).toFixed(1)} %`;
  return [
    [
      "guard's memory",
      `${sizeText(guard.rssKb)} resident, ${
        sizeText(guard.anonKb)
      } of it its own`,
    ],
    [
      "guard's CPU",
      `${percent(guard.calmCpuPermille)} in calm, ${
        percent(guard.busyCpuPermille)
      } while the hog grew`,
    ],
    ["guard's start", `ready after ${Math.round(guard.readyMs)} ms`],
  ];
}

/** The scorecard; `paint` may colour the verdict's first word. */
export function scorecardLines(
  facts: DrillFacts,
  judgement: Judgement,
  paint: (word: string, good: boolean) => string,
): string[] {
  const { passed, failures } = judgement;
  const verdict = passed
    ? "the hog died, nobody else did"
    : failures.join("; ");
  const word = passed ? "PASS" : "FAIL";
  const where = facts.mode === "simulated" ? " (in a simulation)" : "";
  const rows: [string, string][] = [
    ["verdict", `${word}${where}: ${verdict}`],
    ...deathRows(facts),
    ...timeRows(facts),
    ["wrong victims", count(judgement.wrong)],
    ["excess victims", count(judgement.excess)],
    [
      "kernel OOM kills",
      facts.kernelOomKills === null
        ? "this kernel does not tell"
        : String(facts.kernelOomKills),
    ],
    ...foregroundRows(facts),
    ...guardRows(facts),
  ];
  if (facts.mode === "simulated") {
    rows.push(["simulated", facts.why === "" ? "as asked" : facts.why]);
  }
  const lines = rows.flatMap(([label, text]) =>
    beside(`  ${label}`, LABEL_COLUMNS, text)
  );
  lines[0] = lines[0].replace(word, paint(word, passed));
  return ["Scorecard", ...lines];
}

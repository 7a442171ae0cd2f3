// Judges a scene in which the guard itself was struck down: whether the machine
// came through, by which line of defence, and whether that line took whom the
// guard would have taken. Pure.
//
// The lines: the guard's own *watchdog* thread, where its main thread is
// stopped; the *keeper* process, which calls the kernel's killer, where all of
// it is; the *kernel* by itself, armed with the guard's choice; and a guard that
// was started again (*restart*).

import * as j from "../../src/state/journal.ts";
import { recordsOf, unlike } from "./facts.ts";
import type { Run } from "./record.ts";
import { bandOf } from "./victims.ts";

export type Line = "watchdog" | "keeper" | "kernel" | "restart";

export interface Defence {
  /** Empty: the line held. Else what is wrong, a sentence each. */
  failures: string[];
  /** Who acted, as the journal and the kernel's log tell it. */
  acts: string[];
  /** From the strike to the first death, ms. */
  firstDeathMs?: number;
}

const KILLED_LINE = /Killed process (\d+) \(/;

/** Whom the kernel's killer took, in order. */
export function kernelVictims(run: Run): number[] {
  return run.remarks.filter(({ from }) => from === "kernel")
    .map(({ line }) => KILLED_LINE.exec(line))
    .filter((match) => match !== null)
    .map((match) => Number(match[1]));
}

const KEEPER_ACTS = new Map([
  [j.KEEPER_CALLED, "keeper called the kernel"],
  [j.KEEPER_ENDED, "keeper ended the guard"],
  [j.KEEPER_STARTED, "keeper started the guard"],
  [j.KEEPER_GAVE_BACK, "keeper gave groups back"],
]);

/** What the journal and the kernel's log say was done, a few words each. */
export function actsOf(run: Run): string[] {
  const acts: string[] = [];
  for (const words of recordsOf(run, j.KIND_WATCHDOG)) {
    acts.push(`watchdog killed ${words[j.J_PID]}`);
  }
  for (const words of recordsOf(run, j.KIND_KEEPER)) {
    const act = KEEPER_ACTS.get(words[j.J_DETAIL]!) ?? "keeper did something";
    acts.push(`${act} (${words[j.J_PID]})`);
  }
  for (const pid of kernelVictims(run)) acts.push(`kernel killed ${pid}`);
  for (const words of recordsOf(run, j.KIND_KILL)) {
    acts.push(`guard killed ${words[j.J_PID]}`);
  }
  return acts;
}

/** Judges one struck scene by the line that was to hold. */
export function judgeDefence(
  run: Run,
  line: Line,
  culpritDies: boolean,
): Defence {
  const failures: string[] = [];
  const { struck } = run;
  const result: Defence = { failures, acts: actsOf(run) };
  if (!run.isDone) failures.push("the machine did not live to tell the end");
  if (struck === undefined) failures.push("the guard was never struck");
  if (!run.isDone || struck === undefined) return result;
  failures.push(...unlike("the strike", struck.isDone, true));
  const dead = run.procs.filter(({ death }) => death !== undefined)
    .sort((a, b) => a.death!.atUs - b.death!.atUs);
  const first = dead[0];
  if (first) result.firstDeathMs = (first.death!.atUs - struck.atUs) / 1000;
  for (const proc of dead) {
    if (bandOf(proc.adj) > 0) continue;
    failures.push(`foreground ${proc.name} died`);
  }
  const culprit = run.procs.find((proc) => proc.culprit);
  if (culpritDies && !culprit?.death) failures.push("the culprit lives");
  if (!culpritDies && run.grownUs === 0) failures.push("nothing was launched");
  failures.push(...LINES[line](run, first?.pid ?? 0));
  return result;
}

/** What is wrong with the act of each line; `firstPid` died first. */
const LINES: Record<Line, (run: Run, firstPid: number) => string[]> = {
  watchdog: watchdogFailures,
  keeper: keeperFailures,
  kernel: kernelFailures,
  restart: restartFailures,
};

function watchdogFailures(run: Run, firstPid: number): string[] {
  const kills = recordsOf(run, j.KIND_WATCHDOG);
  return [
    ...unlike("the first of the watchdog's", kills[0]?.[j.J_PID], firstPid),
    ...unlike("kernel OOM kills", kernelVictims(run).length, 0),
  ];
}

/** The kernel takes whom the guard had told: the promise of arming. */
function kernelFailures(run: Run, firstPid: number): string[] {
  const { nextPid } = run.struck!;
  return [
    ...(nextPid > 0 ? [] : ["the guard had told nobody as the next"]),
    ...unlike("the first of the kernel's", kernelVictims(run)[0], nextPid),
    ...unlike("the first to die", firstPid, nextPid),
  ];
}

/** Where what grows is itself of the least important, the kernel may take it
 * before the armed one: arming adds a tenth of the memory at most to what 900
 * has already (mm/oom_kill.c, oom_badness), and the guard is not there to follow
 * the growth. */
function keeperFailures(run: Run, firstPid: number): string[] {
  const { nextPid } = run.struck!;
  const culprit = run.procs.find((proc) => proc.culprit);
  const wanted = firstPid === culprit?.pid ? firstPid : nextPid;
  const calls = recordsOf(run, j.KIND_KEEPER).filter((words) =>
    words[j.J_DETAIL] === j.KEEPER_CALLED
  );
  return [
    ...(nextPid > 0 ? [] : ["the guard had told nobody as the next"]),
    ...unlike("the first of the kernel's", kernelVictims(run)[0], wanted),
    ...unlike("the first to die", firstPid, wanted),
    ...unlike("whom the keeper's call was for", calls[0]?.[j.J_PID], nextPid),
  ];
}

function restartFailures(run: Run): string[] {
  const starts = recordsOf(run, j.KIND_KEEPER).filter((words) =>
    words[j.J_DETAIL] === j.KEEPER_STARTED
  );
  const second = run.procs.filter(({ culprit }) => culprit)[1];
  const kills = recordsOf(run, j.KIND_KILL).map((words) => words[j.J_PID]);
  return [
    ...(starts.length > 0 ? [] : ["the keeper started no guard"]),
    ...(run.againUs === undefined ? ["no guard let the runner in again"] : []),
    ...unlike("starts of a guard", recordsOf(run, j.KIND_START).length, 2),
    ...unlike("the last that a guard killed", kills.at(-1), second?.pid),
    ...unlike("the signal that it died of", second?.death?.signal, 9),
  ];
}

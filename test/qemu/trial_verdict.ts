// Judges a trial from its record, by the rules of lmkd's own tests and of its
// protocol. Pure: the same record gives the same verdict. Lines are parsed the
// way those tests parse them, so a word out of place fails here.

import { judgeHeld, judgeStarve } from "./alive_verdict.ts";
import { statusNumber, survived, unlike } from "./facts.ts";
import type { Proc, Remark, Run } from "./record.ts";
import { RUNNER_PATH, type Trial, type TrialName } from "./trials.ts";

export interface TrialVerdict {
  /** Empty: the trial passed. Else one sentence for each thing that is wrong. */
  failures: string[];
  kernelKills: number;
  kills: Kill[];
}

/** A line about a kill. */
export interface Kill {
  atUs: number;
  name: string;
  pid: number;
  uid: number;
  adj: number;
  rssKb: number;
  swapKb: number;
}

/** TargetReaping waits 200 ms for both lines; emulation is ten times slower. */
const REAP_MS_MAX = 2000;

/** A process starts in its fork, its parent tells of it after that; the clock
 * of starts has ticks of 10 ms. Emulation may hold the parent up between. */
const START_MS_MAX = 200;

/** What the newest release's message has, and the framework wants exactly. */
const KILL_BYTES = 16;

/** The reasons that a client of lmkd knows. */
const REASON_MAX = 9;

const KILL_LINE =
  /(?:^|: )Kill '(.*)' \((\d+)\), uid (\d+), oom_score_adj (-?\d+) to free (\d+)kB rss, (\d+)kB swap(?:;|$)/;
const REAP_LINE = /(?:^|: )Process (\d+) was reaped in (\d+)ms$/;
const GONE_LINE = /(?:^|: )process_mrelease (\d+) failed: No such process$/;

/** Reads a line about a kill; undefined for every other line. */
export function parseKill({ atUs, line }: Remark): Kill | undefined {
  const match = KILL_LINE.exec(line);
  if (match === null) return undefined;
  const [pid, uid, adj, rssKb, swapKb] = match.slice(2).map(Number) as [
    ...[number, number, number, number, number],
  ];
  return { atUs, name: match[1]!, pid, uid, adj, rssKb, swapKb };
}

/** The pid of a line about a reap; undefined for every other line. */
export function parseReap({ line }: Remark): number | undefined {
  const match = REAP_LINE.exec(line) ?? GONE_LINE.exec(line);
  return match === null ? undefined : Number(match[1]);
}

/** Judges one trial. */
export function judgeTrial(trial: Trial, run: Run): TrialVerdict {
  const remarks = run.remarks.filter(({ from }) => from === "guard");
  const kills = remarks.map(parseKill).filter((one) => one !== undefined);
  const verdict = { failures: [] as string[], kernelKills: 0, kills };
  verdict.kernelKills = countKernelKills(run);
  const failures = verdict.failures;
  if (!run.isDone) failures.push("the machine did not live to tell the end");
  if (run.beginUs === 0) failures.push("the trial never began");
  if (failures.length > 0) return verdict;
  if (!run.guardHasSocket) failures.push("the guard has no socket");
  if (run.guardDeath) failures.push("the guard died");
  if (!run.isDecided) failures.push("the trial ran into its time limit");
  if (verdict.kernelKills > 0) {
    failures.push(`${verdict.kernelKills} kernel OOM kills`);
  }
  failures.push(...lostFailures(run));
  if (run.procs.length !== trial.procs.length) {
    failures.push(`${run.procs.length} of ${trial.procs.length} were started`);
  }
  failures.push(...RULES[trial.name](run, kills));
  return verdict;
}

const RULES: Record<TrialName, (run: Run, kills: Kill[]) => string[]> = {
  oom: judgeOom,
  reap: judgeReap,
  batch: judgeBatch,
  report: judgeReport,
  starve: judgeStarve,
  held: judgeHeld,
};

function countKernelKills(run: Run): number {
  const logged = run.remarks.filter(({ from, line }) =>
    from === "kernel" && line.includes("Killed process")
  );
  const counted = (run.vmAfter?.oomKill ?? 0) - (run.vmBefore?.oomKill ?? 0);
  return Math.max(counted, logged.length);
}

/** Lines and messages that did not arrive where they were meant to. */
function lostFailures(run: Run): string[] {
  const lines: string[] = [];
  const lost = run.badLineCount + run.droppedCount;
  if (lost > 0) lines.push(`${lost} lines of the runner's were lost`);
  for (const label of ["lostMessages", "droppedClients", "badPackets"]) {
    const count = statusNumber(run, label) ?? 0;
    if (count > 0) lines.push(`the guard counts ${label} ${count}`);
  }
  for (const { from, line } of run.remarks) {
    if (from === "note") lines.push(`the runner notes "${line}"`);
    if (from === "guard" && /\b(lost|dropped)\b.*\bmessages?\b/i.test(line)) {
      lines.push(`the guard says "${line}"`);
    }
  }
  return lines;
}

/** Each line tells of the process that it names. */
function killFailures(run: Run, kills: Kill[]): string[] {
  const own = kills.filter(({ name }) => name === RUNNER_PATH);
  const lines = run.procs.flatMap(survived);
  if (own.length !== run.procs.length || kills.length !== own.length) {
    lines.push(
      `${kills.length} lines about kills, ${own.length} of them of ` +
        `'${RUNNER_PATH}', not ${run.procs.length}`,
    );
    return lines;
  }
  for (const [index, { pid, uid, adj }] of run.procs.entries()) {
    const kill = own[index]!;
    const which = `kill ${index + 1}:`;
    lines.push(...unlike(`${which} pid`, kill.pid, pid));
    lines.push(...unlike(`${which} uid`, kill.uid, uid));
    lines.push(...unlike(`${which} oom_score_adj`, kill.adj, adj));
  }
  return lines;
}

function judgeOom(run: Run, kills: Kill[]): string[] {
  return [...killFailures(run, kills), ...barrierFailures(run, 11)];
}

function judgeReap(run: Run, kills: Kill[]): string[] {
  const lines = killFailures(run, kills);
  const answer = run.replies.find(({ asked }) => asked === 7);
  lines.push(...unlike("the answer to UPDATE_PROPS", answer?.value, 0));
  const proc = run.procs[0];
  if (proc?.death === undefined) return lines;
  const untilUs = proc.death.atUs + REAP_MS_MAX * 1000;
  const reap = run.remarks.find((one) =>
    one.from === "guard" && parseReap(one) === proc.pid
  );
  for (const [what, one] of [["kill", kills[0]], ["reap", reap]] as const) {
    if (one === undefined) lines.push(`no line about the ${what}`);
    else if (one.atUs > untilUs) {
      const lateMs = (one.atUs - proc.death.atUs) / 1000;
      lines.push(
        `the line about the ${what} came ${lateMs.toFixed(0)} ms late`,
      );
    }
  }
  return lines;
}

/** Every barrier was answered, in the eight bytes that such an answer has. */
function barrierFailures(run: Run, count: number): string[] {
  const answers = run.replies.filter(({ asked }) => asked === 4);
  const good = answers.filter(({ command, bytes }) =>
    command === 4 && bytes === 8
  );
  const lines = unlike("the number of answers", answers.length, count);
  return [...lines, ...unlike("of them right,", good.length, answers.length)];
}

function judgeBatch(run: Run, kills: Kill[]): string[] {
  const lines = barrierFailures(run, 1);
  lines.push(...unlike("the count of kills", run.replies[0]?.value, 0));
  lines.push(...unlike("the number of kills", kills.length, 0));
  lines.push(...unlike("the number of children", run.placed.length, 3));
  for (const { pid, want, got } of run.placed) {
    lines.push(...unlike(`oom_score_adj of ${pid}`, got, want));
  }
  return lines;
}

/** A line of the client's: its first word, and name=value words after it. A
 * name is the last and goes to the end of the line. */
export function parseWords(line: string): Map<string, string> {
  const words = new Map([["", line.split(" ", 1)[0]!]]);
  const nameAt = line.indexOf(" name=");
  const head = nameAt < 0 ? line : line.slice(0, nameAt);
  for (const word of head.split(" ").slice(1)) {
    const [name, value] = word.split("=");
    words.set(name!, value ?? "");
  }
  if (nameAt >= 0) words.set("name", line.slice(nameAt + " name=".length));
  return words;
}

function judgeReport(run: Run, kills: Kill[]): string[] {
  const told = run.remarks.filter(({ from }) => from === "client")
    .map(({ line }) => parseWords(line));
  const order = told.map((words) => words.get("")).join(" ");
  const lines = unlike("what the client tells", order, "ready stat kill end");
  lines.push(...unlike("the client's exit code", run.clientDeath?.code, 0));
  const proc = run.procs[0];
  const kill = kills[0];
  if (proc === undefined) return lines;
  lines.push(...survived(proc));
  lines.push(...unlike("the number of kills", kills.length, 1));
  const stat = told.find((words) => words.get("") === "stat");
  const last = told.find((words) => words.get("") === "kill");
  if (stat === undefined || last === undefined || kill === undefined) {
    return lines;
  }
  const number = (words: Map<string, string>, name: string) =>
    Number(words.get(name) ?? NaN);
  lines.push(...unlike("bytes of KILL", number(last, "bytes"), KILL_BYTES));
  lines.push(...unlike("pid of KILL", number(last, "pid"), proc.pid));
  lines.push(...unlike("uid of KILL", number(last, "uid"), proc.uid));
  lines.push(...unlike("rss of KILL, kB", number(last, "rssKb"), kill.rssKb));
  lines.push(...unlike("pid of the line", kill.pid, proc.pid));
  return [...lines, ...statFailures((name) => number(stat, name), proc, kill)]
    .concat(unlike("name of STAT", stat.get("name"), proc.name))
    .concat(unlike("name of the line", kill.name, proc.name));
}

/** The fields of STAT against the process, the log line and common sense. */
function statFailures(
  field: (name: string) => number,
  proc: Proc,
  kill: Kill,
): string[] {
  const within = (name: string, min: number, max: number) =>
    field(name) >= min && field(name) <= max
      ? []
      : [`${name} of STAT is ${field(name)}, not in ${min}..${max}`];
  const spawnMs = proc.spawnUs / 1000;
  const startMs = field("startNs") / 1e6;
  const isNear = startMs > 0 && Math.abs(startMs - spawnMs) <= START_MS_MAX;
  return [
    ...unlike("uid of STAT", field("uid"), proc.uid),
    ...unlike("oom_score_adj of STAT", field("adj"), proc.adj),
    ...unlike("rss of STAT, bytes", field("rss"), kill.rssKb * 1024),
    ...unlike("swap of STAT, bytes", field("swap"), kill.swapKb * 1024),
    ...within("rss", 1, 2 ** 40),
    ...within("minflt", 1, 2 ** 40),
    ...within("majflt", 0, 2 ** 40),
    ...within("minAdj", 0, proc.adj),
    ...within("freeKb", 0, 2 ** 30),
    ...within("swapFreeKb", 0, 2 ** 30),
    ...within("reason", 0, REASON_MAX),
    ...within("thrashing", 0, 2 ** 30),
    ...within("maxThrashing", 0, 2 ** 30),
    ...isNear ? [] : [
      `STAT has a start at ${startMs.toFixed(0)} ms, ` +
      `the process was started at ${spawnMs.toFixed(0)} ms`,
    ],
  ];
}

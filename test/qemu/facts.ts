// Facts of a record that several verdicts ask for, each in words where it is not
// what it has to be. Pure.

import * as j from "../../src/state/journal.ts";
import type { Proc, Run } from "./record.ts";

/** What the guard's status file has beside a label; undefined when it has none
 * of it. */
export function statusText(run: Run, label: string): string | undefined {
  for (const { from, line } of run.remarks) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (from === "status" && word === label) return rest.join(" ");
  }
  return undefined;
}

/** The same as a number. */
export function statusNumber(run: Run, label: string): number | undefined {
  const text = statusText(run, label);
  return text === undefined ? undefined : Number(text);
}

/** The journal's records of a kind, oldest first; the header is none, nor is a
 * record that was cut short. */
export function recordsOf(run: Run, kind: number): Int32Array[] {
  return run.journal.filter((words) =>
    words[j.J_SERIAL] !== j.JOURNAL_MAGIC && words[j.J_KIND] === kind &&
    words[j.J_CHECK] === j.checkOf(words, 0)
  ).sort((a, b) => a[j.J_SERIAL]! - b[j.J_SERIAL]!);
}

/** Wake to signal of each kill, us, in rising order. */
export function signalsOf(run: Run): number[] {
  return recordsOf(run, j.KIND_KILL).map((words) => words[j.J_LATENCY]!)
    .sort((a, b) => a - b);
}

/** Whether the process was ended by SIGKILL, in words if not. */
export function survived(proc: Proc): string[] {
  const who = `pid ${proc.pid}, oom_score_adj ${proc.adj},`;
  if (proc.death === undefined) return [`${who} lives`];
  const { signal, code } = proc.death;
  return signal === 9
    ? []
    : [`${who} ended with signal ${signal}, code ${code}`];
}

/** A figure that is not what it has to be, in words. */
export function unlike(what: string, got: unknown, want: unknown): string[] {
  return got === want ? [] : [`${what} is ${got}, not ${want}`];
}

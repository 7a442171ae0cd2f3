// A scene in words: one column of a table, and the timeline a failing scene
// prints. Pure text; the caller decides where it goes.

import { signalsOf, statusNumber } from "./facts.ts";
import type { Proc, Remark, Run, Sample } from "./record.ts";
import type { Verdict } from "./verdict.ts";
import { heldKb } from "./victims.ts";

/** Curve points are this far apart, or nearer where memory moves. */
const CURVE_MS = 2000;
const CURVE_KB = 24 * 1024;
const CURVE_STALL_US = 500000;
const BAR_KB = 64 * 1024;
const BAR_COLUMNS = 12;
const COLUMNS = 80;
const INDENT = " ".repeat(12);

export interface Row {
  scene: string;
  guard: string;
  run: Run;
  verdict: Verdict;
  bootMs: number;
}

/** What each line of the table tells; a scene is a column. */
const LABELS = [
  ...["", "guard", "verdict", "kernel OOM kills", "died", "wrong", "excess"],
  ...["need after, ms", "first death after, ms", "least available, MB"],
  ...["stall some/full, ms", "heart p50/p99, ms", "heart worst, ms"],
  ...["wake to signal, ms", "turn at most, ms"],
  ...["launch took, ms", "guard rss/anon, MB", "guard's CPU, ms", "boot, s"],
];
/** Scenes beside each other in 80 columns. */
const SCENES_BESIDE = 5;

/** The scenes beside each other, one column each, five at a time. */
export function formatTable(rows: readonly Row[]): string {
  const tables: string[] = [];
  for (let at = 0; at < rows.length; at += SCENES_BESIDE) {
    tables.push(formatBeside(rows.slice(at, at + SCENES_BESIDE)));
  }
  return tables.join("\n");
}

function formatBeside(rows: readonly Row[]): string {
  const columns = [LABELS, ...rows.map(toCells)];
  const widths = columns.map((cells) =>
    Math.max(...cells.map((cell) => cell.length))
  );
  const align = (_: string, line: number) =>
    columns.map((cells, i) =>
      i === 0
        ? cells[line]!.padEnd(widths[i]!)
        : cells[line]!.padStart(widths[i]!)
    ).join("  ").trimEnd();
  return LABELS.map(align).join("\n") + "\n";
}

function toCells({ scene, guard, run, verdict, bootMs }: Row): string[] {
  const { heart } = verdict;
  const size = run.guardAfter;
  const cpuMs = size && run.guardBefore && size.cpuMs - run.guardBefore.cpuMs;
  return [
    scene,
    guard,
    verdict.failures.length === 0 ? "ok" : "FAIL",
    `${verdict.kernelKills}`,
    `${verdict.victims.length}`,
    `${verdict.wrong.length}`,
    `${verdict.excess.length}`,
    toMs(verdict.needMs),
    toMs(verdict.firstDeathMs),
    toMb(verdict.availKbMin),
    `${verdict.someMs.toFixed(0)}/${verdict.fullMs.toFixed(0)}`,
    heart === undefined
      ? "-"
      : [heart.p50Us, heart.p99Us].map(toTenths).join("/"),
    heart === undefined ? "-" : toTenths(heart.maxUs),
    toTenthsOr(signalsOf(run).at(-1)),
    toTenthsOr(statusNumber(run, "turnUsMax")),
    toMs(verdict.launchMs),
    size === undefined ? "-" : [size.rssKb, size.anonKb].map(toMb).join("/"),
    toMs(cpuMs),
    (bootMs / 1000).toFixed(1),
  ];
}

function toMs(ms: number | undefined): string {
  return ms === undefined ? "-" : ms.toFixed(0);
}

function toMb(kb: number): string {
  return `${kb >> 10}`;
}

function toTenthsOr(us: number | undefined): string {
  return us === undefined ? "-" : toTenths(us);
}

function toTenths(us: number): string {
  return (us / 1000).toFixed(1);
}

interface Entry {
  atUs: number;
  line: string;
}

/** Everything that happened, in order, in ms since the culprit was let go. */
export function formatTimeline(run: Run, verdict: Verdict): string {
  return [...formatRun(run), ...summary(run, verdict)].join("\n") + "\n";
}

/** The same without a verdict, line by line; trials have another kind. */
export function formatRun(run: Run): string[] {
  const entries: Entry[] = run.remarks.filter(isTold)
    .map((one) => ({ atUs: one.atUs, line: `${one.from}: ${one.line}` }));
  for (const proc of run.procs) entries.push(...procEntries(proc));
  const moment = (atUs: number, line: string) =>
    atUs > 0 && entries.push({ atUs, line });
  moment(run.beginUs, "-- the culprit is let go");
  moment(run.grownUs, "-- the culprit has all it asked for");
  if (run.struck) moment(run.struck.atUs, `-- strike: ${run.struck.how}`);
  moment(run.againUs ?? 0, "-- a guard is there again");
  moment(run.endUs, "-- end of the scene");
  if (run.guardDeath) {
    const { atUs, signal, code } = run.guardDeath;
    entries.push({ atUs, line: `GUARD DIED: signal ${signal}, code ${code}` });
  }
  for (const { atUs, asked, value, bytes } of run.replies) {
    moment(atUs, `answer to command ${asked}: ${value}, ${bytes} bytes`);
  }
  const curve = thin(run.samples, run.beginUs);
  entries.push(
    ...curve.map((one) => ({ atUs: one.atUs, line: formatSample(one) })),
  );
  // Sorting is stable: what was told first stands first.
  entries.sort((a, b) => a.atUs - b.atUs);
  const zeroUs = run.beginUs || (entries[0]?.atUs ?? 0);
  const lines = entries.flatMap(({ atUs, line }) =>
    wrap(`${((atUs - zeroUs) / 1000).toFixed(1).padStart(9)} ${line}`)
  );
  for (const { from, line } of run.remarks) {
    if (from === "status") lines.push(`   status ${line}`);
  }
  return lines;
}

/** Status files are told whole, and not among what happens. */
function isTold({ from }: Remark): boolean {
  return from !== "status" && from !== "before";
}

/** A line in 80 columns: what does not fit goes on below, set in. */
function wrap(line: string): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > COLUMNS) {
    const space = rest.lastIndexOf(" ", COLUMNS);
    const cut = space > INDENT.length ? space : COLUMNS;
    lines.push(rest.slice(0, cut));
    rest = INDENT + rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

function procEntries(proc: Proc): Entry[] {
  const who = `${proc.name} (pid ${proc.pid}, adj ${proc.adj})`;
  const entries = [{ atUs: proc.spawnUs, line: `start ${who}` }];
  if (proc.death === undefined) return entries;
  const { atUs, signal, code } = proc.death;
  const how = signal > 0 ? `signal ${signal}` : `ended itself, code ${code}`;
  const held = `${heldKb(proc, atUs) >> 10} MB`;
  entries.push({ atUs, line: `DEATH ${who}: ${how}, held ${held}` });
  return entries;
}

/** How the population grew is of no interest: that is before the scene. */
function thin(samples: readonly Sample[], beginUs: number): Sample[] {
  const kept: Sample[] = [];
  for (const one of samples) {
    const last = kept.at(-1);
    if (
      last === undefined || one.atUs - last.atUs >= CURVE_MS * 1000 ||
      one.someUs - last.someUs >= CURVE_STALL_US ||
      one.atUs > beginUs && Math.abs(one.availKb - last.availKb) >= CURVE_KB
    ) kept.push(one);
  }
  return kept;
}

function formatSample(one: Sample): string {
  const bar = "#".repeat(Math.min(BAR_COLUMNS, one.availKb / BAR_KB));
  const mb = (kb: number) => `${kb >> 10}`.padStart(4);
  return `avail${mb(one.availKb)} file${mb(one.fileKb)} ` +
    `swap${mb(one.swapFreeKb)} locked${mb(one.mlockedKb)} ` +
    `grown${mb(one.grownKb)}  ${(one.someUs / 1000).toFixed(0)}/` +
    `${(one.fullUs / 1000).toFixed(0)} |${bar}`;
}

function summary(run: Run, verdict: Verdict): string[] {
  const lines = [
    `need mark ${verdict.needKb >> 10} MB, load ${verdict.rateMb.toFixed(0)} ` +
    `MB/s, swapped out ${verdict.swapOutMb.toFixed(0)} MB, ` +
    `kernel kills ${verdict.kernelKills}`,
  ];
  if (run.guardReadyMs !== undefined) {
    const socket = run.guardHasSocket ? "" : ", no socket: not registered";
    lines.push(`guard ready after ${run.guardReadyMs} ms${socket}`);
  }
  if (run.badLineCount + run.droppedCount > 0) {
    lines.push(`${run.badLineCount} bad and ${run.droppedCount} lost lines`);
  }
  for (const failure of verdict.failures) lines.push(`FAIL ${failure}`);
  if (verdict.failures.length === 0) lines.push("ok");
  return lines;
}

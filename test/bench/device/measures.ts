// What one boot says of a guard, in the numbers of the bench. Pure.
//
// The mark is what verdict.ts calls a need: MemAvailable below 13 % of the
// memory. A signal is one that some process sent (signal/signal_generate of the
// kernel's trace): the kernel's own, of its OOM killer, are counted apart.

import { parseTrace } from "../../qemu/kmem.ts";
import type { Run, Sample } from "../../qemu/record.ts";
import type { Verdict } from "../../qemu/verdict.ts";

/** A signal that the kernel itself sends (SI_KERNEL, asm-generic/siginfo.h). */
const FROM_KERNEL = 128;

const SIGNAL_LINE =
  /^signal_generate: sig=(\d+) errno=\d+ code=(-?\d+) .*?\bpid=(\d+) grp=/;

export interface Signal {
  atUs: number;
  signal: number;
  pid: number;
  isKernels: boolean;
}

/** Deadly signals to the scene's processes, oldest first. */
export function signalsSent(run: Run): Signal[] {
  const pids = new Set(run.procs.map(({ pid }) => pid));
  const signals: Signal[] = [];
  for (const { atUs, text } of parseTrace(run.trace) ?? []) {
    const match = SIGNAL_LINE.exec(text);
    if (match === null || atUs < run.beginUs) continue;
    const pid = Number(match[3]);
    if (!pids.has(pid)) continue;
    const isKernels = Number(match[2]) === FROM_KERNEL;
    signals.push({ atUs, signal: Number(match[1]), pid, isKernels });
  }
  return signals;
}

export interface Reaction {
  /** From headroom crossing the mark to the first signal; below 0 it came
   * before. null: one of them did not come. */
  markToSignalMs: number | null;
  /** From the first signal to MemAvailable at the mark or above; null: it never
   * came back, or nobody was signalled. */
  signalToBackMs: number | null;
}

/** How soon a guard acted, and how soon that helped. */
export function reactionOf(run: Run, needKb: number): Reaction {
  const samples = run.samples.filter(({ atUs }) => atUs >= run.beginUs);
  const first = signalsSent(run).find(({ isKernels }) => !isKernels);
  const mark = samples.find(({ availKb }) => availKb < needKb);
  if (first === undefined) {
    return { markToSignalMs: null, signalToBackMs: null };
  }
  const back = samples.find(({ atUs, availKb }) =>
    atUs > first.atUs && availKb >= needKb
  );
  return {
    markToSignalMs: mark === undefined
      ? null
      : msBetween(mark.atUs, first.atUs),
    signalToBackMs: back === undefined
      ? null
      : msBetween(first.atUs, back.atUs),
  };
}

/** Held by those who were killed wrongly or needlessly, kB: each is named at the
 * head of its sentence. */
export function overKilledKb({ victims, wrong, excess }: Verdict): number {
  const names = new Set(
    [...wrong, ...excess].map((one) => one.split(" ", 1)[0]),
  );
  let kb = 0;
  for (const { proc, heldKb } of victims) {
    if (names.has(proc.name)) kb += heldKb;
  }
  return kb;
}

export interface Curves {
  t: number[];
  availKb: number[];
  someUs: number[];
  fullUs: number[];
  heartLateUs: number[];
}

/** The scene over time in at most so many points: of what is merged into one,
 * the least that was available and the latest beat. */
export function curvesOf(run: Run, pointsMax: number): Curves {
  const samples = run.samples.filter(({ atUs }) =>
    atUs >= run.beginUs && (run.endUs === 0 || atUs <= run.endUs)
  );
  const curves: Curves = {
    t: [],
    availKb: [],
    someUs: [],
    fullUs: [],
    heartLateUs: [],
  };
  const first = samples[0];
  const step = Math.ceil(samples.length / pointsMax);
  for (let at = 0; at < samples.length; at += step) {
    addPoint(curves, samples.slice(at, at + step), run.beginUs, first!);
  }
  return curves;
}

function addPoint(
  curves: Curves,
  merged: readonly Sample[],
  beginUs: number,
  first: Sample,
): void {
  const last = merged.at(-1)!;
  curves.t.push(Math.round((last.atUs - beginUs) / 1000));
  curves.availKb.push(Math.min(...merged.map(({ availKb }) => availKb)));
  curves.someUs.push(last.someUs - first.someUs);
  curves.fullUs.push(last.fullUs - first.fullUs);
  curves.heartLateUs.push(Math.max(...merged.map(({ lateUs }) => lateUs)));
}

function msBetween(fromUs: number, toUs: number): number {
  return (toUs - fromUs) / 1000;
}

// One phase, measured: ours and C's in turn, in one process.

import type { Bench } from "./native_tools.ts";

/** One phase: ours, and how long the same takes in C, ns; -1: it has no call of
 * its own. */
export interface Phase {
  readonly name: string;
  ours(): void;
  theirs(): number;
  /** Before each of both, outside the time. */
  prepare?(): void;
  /** After ours, outside the time. */
  finish?(): void;
}

/** What was measured of one phase, ns. */
export interface Row {
  readonly name: string;
  readonly ours: number[];
  readonly theirs: number[];
  /** Read calls of one of ours and one of C's; they are the same reads. */
  readonly reads: readonly [number, number];
}

/** Read calls of this thread so far (fs/proc/base.c, do_io_accounting). */
function readCalls(): number {
  const text = Deno.readTextFileSync("/proc/thread-self/io");
  return Number(/^syscr: (\d+)$/m.exec(text)?.[1]);
}

/** Tries of which the least counts: a file that has become shorter, as one of
 * pressure may, is read once more to be sure (ffi/shim.c, read_whole). */
const READ_TRIES = 9;

/** Read calls that `body` makes, those of counting off. */
function countReads(body: () => void): number {
  const first = readCalls();
  const before = readCalls();
  body();
  return readCalls() - before - (before - first);
}

/** Measures a phase so many times. */
export function runPhase(bench: Bench, phase: Phase, count: number): Row {
  const ours = new Int32Array(count);
  const theirs = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    phase.prepare?.();
    bench.bench_begin();
    phase.ours();
    ours[i] = bench.bench_end();
    phase.finish?.();
    phase.prepare?.();
    theirs[i] = phase.theirs();
  }
  const reads: [number, number] = [Infinity, Infinity];
  for (let i = 0; i < READ_TRIES; i++) {
    phase.prepare?.();
    reads[0] = Math.min(reads[0], countReads(() => phase.ours()));
    phase.finish?.();
    phase.prepare?.();
    const theirReads = countReads(() => void phase.theirs());
    reads[1] = Math.min(reads[1], theirReads);
  }
  return {
    reads,
    name: phase.name,
    ours: [...ours],
    theirs: [...theirs].filter((ns) => ns >= 0),
  };
}

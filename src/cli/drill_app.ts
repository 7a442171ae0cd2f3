// `oomguard drill-app`: one process of a drill. It does what its lines of
// standard input say and ends with its input, so that no drill, however it
// ends, leaves one behind.
//
//   take KB        touches so much memory and keeps it
//   grow KB_PER_S  goes on taking at this rate, without end
//   beat           from now on works every 10 ms, and notes how late
//   report         answers how late the beats since the last report were
//   heir PID DIR   ends the guard PID, if it still serves DIR, with the input

import { latenessOf } from "../report/drill.ts";
import { EXIT_OK, EXIT_USAGE } from "./exits.ts";

// Loaded with this module only: a static import costs every start.
const { readFileSync, writeFileSync } = await import("node:fs");

/** Touched in pieces that malloc maps, so that each is fresh pages. */
const PIECE_KB = 1024;
/** A hog takes its share this often, ms. */
const GROW_MS = 5;
/** After a stall it catches up on no more than this, ms: no burst that a real
 * leak would not make. */
const CATCH_UP_MS = 50;
const BEAT_MS = 10;
/** Beats between two looks at the input. */
const BEATS_PER_LOOK = 20;
/** Beats kept: more than ten minutes of them. */
const BEATS_MAX = 65_536;
/** Bytes of a page on every machine we build for; larger ones are touched
 * more often than needed. */
const PAGE_BYTES = 4096;

const kept: Uint8Array[] = [];

/** Takes memory and touches each page of it. */
function take(kb: number): void {
  for (let rest = kb; rest > 0; rest -= PIECE_KB) {
    const piece = new Uint8Array(Math.min(rest, PIECE_KB) * 1024);
    kept.push(piece.fill(0x5a));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function grow(kbPerS: number): Promise<void> {
  let lastMs = performance.now();
  let owedKb = 0;
  for (;;) {
    await pause(GROW_MS);
    const nowMs = performance.now();
    owedKb += kbPerS * Math.min(nowMs - lastMs, CATCH_UP_MS) / 1000;
    lastMs = nowMs;
    const wholeKb = Math.floor(owedKb);
    owedKb -= wholeKb;
    take(wholeKb);
  }
}

const lateUs = new Int32Array(BEATS_MAX);
let beats = 0;
/** Nobody ever wakes who waits on this: it is a sleep finer than a timer. */
const bed = new Int32Array(new SharedArrayBuffer(4));

/** What an app does for each frame: touches some of its memory and asks the
 * kernel for something that makes it allocate. */
function work(): void {
  if (kept.length > 0) {
    const piece = kept[beats % kept.length];
    for (let i = 0; i < piece.length; i += PAGE_BYTES) piece[i]++;
  }
  readFileSync("/proc/self/statm");
}

async function beat(): Promise<void> {
  for (;;) {
    let dueMs = performance.now();
    for (let i = 0; i < BEATS_PER_LOOK; i++) {
      dueMs += BEAT_MS;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) Atomics.wait(bed, 0, 0, waitMs);
      work();
      const late = (performance.now() - dueMs) * 1000;
      if (beats < BEATS_MAX) lateUs[beats++] = Math.max(Math.round(late), 0);
      if (late > BEAT_MS * 1000) dueMs = performance.now();
    }
    await pause(0);
  }
}

function report(): void {
  console.log(JSON.stringify(latenessOf(lateUs.subarray(0, beats))));
  beats = 0;
}

/** Ends the guard that a vanished drill has left behind. */
function inherit(pid: number, dir: string): void {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (line.includes(dir)) Deno.kill(pid, "SIGTERM");
  } catch {
    // It is gone already.
  }
}

/** A process for drills: a name, and an adj that may die. */
function settleIn(name: string): void {
  // The name shows in the guard's log; "oomguard" itself is protected.
  writeFileSync("/proc/self/comm", name);
  const path = "/proc/self/oom_score_adj";
  // A drill below 0 would hand its own protection down.
  if (Number(readFileSync(path, "utf8")) < 0) writeFileSync(path, "0");
}

/** Obeys standard input until it ends; answers the exit code. */
export async function drillApp(args: string[]): Promise<number> {
  const [name] = args;
  if (args.length !== 1) {
    console.error('Cannot act: expected a name; "oomguard drill" starts this');
    return EXIT_USAGE;
  }
  settleIn(name);
  console.log("ready");
  let heir = () => {};
  let rest = "";
  const text = new TextDecoder();
  for await (const bytes of Deno.stdin.readable) {
    const lines = (rest + text.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [command, first = "", second = ""] = line.split(" ");
      if (command === "take") {
        take(Number(first));
        console.log("taken");
      } else if (command === "grow") grow(Number(first));
      else if (command === "beat") beat();
      else if (command === "report") report();
      else if (command === "heir") heir = () => inherit(Number(first), second);
    }
  }
  heir();
  return EXIT_OK;
}

// The native bench: runs its children, each with so many candidates or groups,
// and earlyoom beside as many processes.

import { V8_FLAGS } from "../../src/pack/launch.ts";
import { buildTools, type Cost, measure } from "../alloc/heap.ts";
import { findController } from "./groups.ts";
import type { Row } from "./native_phase.ts";
import { buildBench } from "./native_tools.ts";
import { buildPausers, Pausers } from "./pausers.ts";
import { runTool } from "./tools.ts";

/** Built programs of the bench, in a folder of their own. */
export interface NativeTools {
  readonly dir: string;
  readonly pausers: string;
  readonly library: string;
}

/** Phases at one number of candidates. */
export interface AtCandidates {
  readonly candidates: number;
  /** From the first registration until all may die, ms. */
  readonly adoptMs: number;
  readonly rows: Row[];
}

/** Phases at one number of memory groups. */
export interface AtGroups {
  readonly count: number;
  readonly rows: Row[];
}

function urlOf(name: string): URL {
  return new URL(name, import.meta.url);
}

/** Builds what the children need; the folder is the caller's to remove. */
export async function buildNative(): Promise<NativeTools> {
  const dir = await Deno.makeTempDir({ prefix: "oomguard-bench-" });
  const pausers = await buildPausers(dir);
  return { dir, pausers, library: await buildBench(dir) };
}

async function runChild<T>(name: string, args: string[]): Promise<T> {
  const out = await runTool(Deno.execPath(), [
    ...["run", "-A", "--no-lock", `--v8-flags=${V8_FLAGS}`],
    ...[urlOf(name).pathname, ...args],
  ]);
  return JSON.parse(out);
}

/** The phases whose names have `phase` in them. */
export function benchNative(
  tools: NativeTools,
  candidates: number,
  samples: number,
  phase: string,
): Promise<AtCandidates> {
  const { pausers, library } = tools;
  const args = [`${candidates}`, `${samples}`, phase, pausers, library];
  return runChild("native_child.ts", args);
}

/** What turns at so many candidates take from both heaps. */
export async function benchNativeCosts(
  tools: NativeTools,
  candidates: number,
): Promise<[string, Cost][]> {
  const heap = await buildTools(tools.dir);
  const pausers = new Pausers(tools.pausers);
  try {
    const pids = await pausers.make(candidates);
    Deno.env.set("BENCH_PIDS", pids.join(" "));
    Deno.env.set("BENCH_LIBRARY", tools.library);
    const costs: [string, Cost][] = [];
    for (const setup of ["setupSense", "setupSample", "setupTurnAndDesk"]) {
      const url = urlOf("native_cases.ts").href;
      costs.push([setup, await measure(heap, url, setup)]);
    }
    return costs;
  } finally {
    await pausers.end();
  }
}

/** Reading one guarded group, with so many in all; or why that cannot be. */
export function benchGroups(
  tools: NativeTools,
  count: number,
  samples: number,
): Promise<AtGroups> | string {
  const found = findController();
  if (found.base === null) return found.why;
  const { pausers, library } = tools;
  const args = [`${count}`, `${samples}`, pausers, library];
  return runChild("native_groups_child.ts", args);
}

/** Limits that are always passed, so that each look is a scan. */
const EARLYOOM = "--dryrun -m 99,98 -s 100,100 -r 0".split(" ");
const SCAN_MS_MAX = 60_000;

/** earlyoom's own scan beside so many further processes, ns each; its program
 * is `path`. It kills nobody. */
export async function benchScans(
  tools: NativeTools,
  path: string,
  candidates: number,
  samples: number,
): Promise<number[]> {
  const timer = `${tools.dir}/scan_timer.so`;
  const out = `${tools.dir}/scans`;
  const flags = "-std=gnu11 -O2 -shared -fPIC -Wall -Wextra -Werror".split(" ");
  await runTool("gcc", [...flags, "-o", timer, urlOf("scan_timer.c").pathname]);
  const pausers = new Pausers(tools.pausers);
  let child: Deno.ChildProcess | null = null;
  try {
    await pausers.make(candidates);
    // The shell opens what the timer writes to.
    const args = ["-c", 'exec "$@" 3>"$0"', out, path, ...EARLYOOM];
    const env = { LD_PRELOAD: timer };
    const quiet = { stdout: "null", stderr: "null" } as const;
    child = new Deno.Command("sh", { args, env, ...quiet }).spawn();
    const began = performance.now();
    for (;;) {
      await new Promise((done) => setTimeout(done, 100));
      const text = await Deno.readTextFile(out).catch(() => "");
      const lines = text.split("\n").slice(0, -1);
      if (lines.length >= samples) return lines.slice(0, samples).map(Number);
      if (performance.now() - began > SCAN_MS_MAX) {
        throw new Error(`earlyoom scanned ${lines.length} times only`);
      }
    }
  } finally {
    child?.kill("SIGKILL");
    await child?.status;
    await pausers.end();
  }
}

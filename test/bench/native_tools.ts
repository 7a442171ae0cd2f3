// The C side of the native bench, as Deno calls it (native.c). What is timed
// takes no parameters where that is around something of ours: such a call
// allocates nothing.

import { runTool } from "./tools.ts";

const I32 = "i32";

const SYMBOLS = {
  bench_begin: { parameters: [], result: I32 },
  bench_end: { parameters: [], result: I32 },
  bench_open: { parameters: [], result: I32 },
  bench_act: { parameters: [], result: I32 },
  bench_sleep: { parameters: [I32], result: I32 },
  bench_add: { parameters: [I32, "buffer", I32], result: I32 },
  bench_read: { parameters: [I32, I32], result: I32 },
  bench_event: { parameters: [I32], result: I32 },
  bench_turn: { parameters: [I32], result: I32 },
  bench_aim: { parameters: [I32, "buffer"], result: I32 },
} as const;

/** Its functions: each answers ns, or -errno. */
export type Bench = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Builds the library into a folder; answers its path. */
export async function buildBench(dir: string): Promise<string> {
  const library = `${dir}/native.so`;
  const flags = "-std=gnu11 -O2 -shared -fPIC -Wall -Wextra -Werror".split(" ");
  const source = new URL("native.c", import.meta.url).pathname;
  await runTool("gcc", [...flags, "-o", library, source]);
  return library;
}

/** Loads it. */
export function loadBench(library: string): Bench {
  return Deno.dlopen(library, SYMBOLS).symbols;
}

/** A path as C takes it. */
export function cPath(path: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(path + "\0");
}

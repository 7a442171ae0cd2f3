// The allocation proof: what one turn of a function takes from V8's heap and
// from the C heap, exactly, in the bare interpreter (--jitless), where a guard
// that wakes a few times a second lives. A clean function measures 0 and 0.

import { fileURLToPath } from "node:url";

/** What so many turns took above an empty control. */
export interface Cost {
  readonly heapBytes: number;
  readonly mallocCalls: number;
  readonly turns: number;
}

/** The C libraries of the proof, built into a folder of their own. */
export interface Tools {
  readonly counter: string;
  readonly boundary: string;
}

// --expose-gc: the probe collects before each round. The young generation is
// wide enough that no collection falls into a round and hides what it took.
// Bytecode is kept, as the guard keeps it.
const V8_FLAGS = [
  "--jitless",
  "--expose-gc",
  "--single-threaded",
  "--no-flush-bytecode",
  "--min-semi-space-size=64",
  "--max-semi-space-size=64",
].join(",");

/** A turn that takes 500 us when interpreted, in every round: a case that takes
 * longer hangs. */
const CHILD_MS_MAX = 120_000;

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

async function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const signal = AbortSignal.timeout(CHILD_MS_MAX);
  const done = await new Deno.Command(command, { args, env, signal }).output();
  const decoder = new TextDecoder();
  if (done.success) return decoder.decode(done.stdout);
  const said = decoder.decode(done.stderr);
  throw new Error(`${command} ${args.join(" ")} exits ${done.code}: ${said}`);
}

/** Builds the counter and the boundary library with gcc into `folder`. */
export async function buildTools(folder: string): Promise<Tools> {
  const build = async (name: string) => {
    const out = `${folder}/${name}.so`;
    const flags = "-O2 -shared -fPIC -fno-builtin -Wall -Wextra -Werror";
    await run("gcc", [...flags.split(" "), "-o", out, pathOf(`${name}.c`)]);
    return out;
  };
  return {
    counter: await build("malloc_count"),
    boundary: await build("boundary"),
  };
}

/**
 * Measures the turn that `setup`, an export of the module at `url`, answers.
 * A process of its own for each, so that cases do not warm one another.
 */
export async function measure(
  tools: Tools,
  url: string,
  setup: string,
): Promise<Cost> {
  const out = await run(Deno.execPath(), [
    ...["run", "-A", "--no-lock", `--v8-flags=${V8_FLAGS}`],
    pathOf("probe.ts"),
    ...[url, setup, tools.counter],
  ], { LD_PRELOAD: tools.counter, BOUNDARY_SO: tools.boundary });
  return JSON.parse(out.trimEnd().split("\n").at(-1)!);
}

// Thousands of emergencies through the real shim: from the wake to the signal,
// and from the signal to the death of a real process.

import { V8_FLAGS } from "../../src/pack/launch.ts";

/** What was measured, us. */
export interface Emergencies {
  readonly signalUs: number[];
  readonly deathUs: number[];
}

function pathOf(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

async function run(command: string, args: string[]): Promise<string> {
  const done = await new Deno.Command(command, { args }).output();
  const decoder = new TextDecoder();
  if (done.success) return decoder.decode(done.stdout);
  throw new Error(`${command} failed: ${decoder.decode(done.stderr)}`);
}

/** Has `count` emergencies, one after the other. */
export async function benchEmergencies(count: number): Promise<Emergencies> {
  const dir = await Deno.makeTempDir({ prefix: "oomguard-bench-" });
  try {
    const program = `${dir}/pausers`;
    const flags = ["-std=gnu11", "-O2", "-static", "-Wall", "-Wextra"];
    await run("gcc", [...flags, "-o", program, pathOf("pausers.c")]);
    const out = await run(Deno.execPath(), [
      ...["run", "-A", `--v8-flags=${V8_FLAGS}`],
      ...[pathOf("emergencies_child.ts"), String(count), program],
    ]);
    return JSON.parse(out);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

// Thousands of emergencies through the real shim: from the wake to the signal,
// and from the signal to the death of a real process.

import { V8_FLAGS } from "../../src/pack/launch.ts";
import { buildPausers } from "./pausers.ts";
import { runTool } from "./tools.ts";

/** What was measured, us. */
export interface Emergencies {
  readonly signalUs: number[];
  readonly deathUs: number[];
}

function pathOf(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

/** Has `count` emergencies, one after the other. */
export async function benchEmergencies(count: number): Promise<Emergencies> {
  const dir = await Deno.makeTempDir({ prefix: "oomguard-bench-" });
  try {
    const program = await buildPausers(dir);
    const out = await runTool(Deno.execPath(), [
      ...["run", "-A", `--v8-flags=${V8_FLAGS}`],
      ...[pathOf("emergencies_child.ts"), String(count), program],
    ]);
    return JSON.parse(out);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

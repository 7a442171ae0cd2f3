// What the tests on devices share: whether they can run here, and what is done
// about a host too busy to prove anything. Where they cannot run they are
// skipped, and say why; with OOMGUARD_DEVICE=required, as in CI, that is a
// failure instead.

import { GUARD_PATH, type Request, type Result, runScene } from "./harness.ts";
import { isFile, whyNoDevice } from "./host.ts";

export const noDevice = whyNoDevice();
const noGuard = isFile(GUARD_PATH)
  ? undefined
  : "no dist/oomguard-x86_64: run deno task build first";
export const skipReason = noDevice ?? noGuard;

/** Everything is played, not only what every change has to pass. */
export const isFull = Deno.env.get("OOMGUARD_SOAK") === "full";

const isRequired = Deno.env.get("OOMGUARD_DEVICE") === "required";

/** Says why tests are skipped, if they are; or fails for it. */
export function tellSkipped(what: string, reason: string | undefined): void {
  if (isRequired) {
    Deno.test(`nothing is skipped of ${what}: OOMGUARD_DEVICE is required`, () => {
      if (reason !== undefined) throw new Error(reason);
    });
  } else if (reason !== undefined) {
    console.log(`${what} skipped: ${reason}`);
  }
}

/** A host too busy to put the load on proves nothing either way: once more. */
export async function runLoaded(request: Request): Promise<Result> {
  const result = await runScene(request);
  const { isLoadWeak, rateMb } = result.verdict;
  if (!result.run.isDone || !isLoadWeak) return result;
  console.log(`the load only reached ${rateMb.toFixed(0)} MB/s: once more`);
  return await runScene(request);
}

export function noteRetry(retriedFor: string | undefined): void {
  if (retriedFor) console.log(`booted again after "${retriedFor}"`);
}

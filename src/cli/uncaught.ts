// What the runtime would end the process for, it does not end the guard for:
// an error that nobody caught, a promise whose refusal nobody heard. They are
// told, recorded, and the guard goes on. What a turn throws is not among them:
// it comes from the turn's own call, is a bug of ours, and ends the guard.

import type { Faults } from "../daemon/faults.ts";
import { CALL_RUNTIME } from "../state/calls.ts";
import type { Log } from "./log.ts";

/** What an uncaught error is recorded as: EFAULT (errno(3)). */
const EFAULT = 14;

/** Takes all that nobody else takes, from now on. */
export function outliveUncaught(faults: Faults, log: Log): void {
  const note = (what: string, why: unknown) => {
    faults.note(CALL_RUNTIME, -EFAULT);
    log.say("error", `${what}: ${textOf(why)}, going on`);
  };
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    note("Unhandled rejection", event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    note("Uncaught error", event.error ?? event.message);
  });
}

/** Does `work` between two turns: what it throws is told, not passed on. */
export function attempt(
  faults: Faults,
  log: Log,
  what: string,
  work: () => void,
): void {
  try {
    work();
  } catch (error) {
    faults.note(CALL_RUNTIME, -EFAULT);
    log.say("error", `${what} failed: ${textOf(error)}, going on`);
  }
}

/** Words for whatever was thrown; also one that cannot be made words of. */
function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return "unspeakable";
  }
}

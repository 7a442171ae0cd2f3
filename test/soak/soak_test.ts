// Locked memory and V8, over time: an idle process that has its memory locked
// bare ends after 33 s, when V8 gives back what it thinks is its own
// (--gc-memory-reducer-start-delay-ms), and one that collects ends at once. The
// guard's way survives both.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "../../src/pack/launch.ts";
import { SOAK_S } from "./seconds.ts";

const PROGRAM = fileURLToPath(new URL("./held.ts", import.meta.url));
/** V8 as it is by itself collects soonest; the guard's flags put that off, but
 * promise nothing. */
const FLAGS = new Map([
  ["idle", []],
  ["collecting", [`--v8-flags=${V8_FLAGS}`]],
]);

async function run(how: string, what: string, seconds: number) {
  const done = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", ...FLAGS.get(what) ?? []],
      ...[PROGRAM, how, what, String(seconds)],
    ],
    signal: AbortSignal.timeout((seconds + 60) * 1000),
  }).output();
  const text = new TextDecoder();
  const said = text.decode(done.stdout) + text.decode(done.stderr);
  return { success: done.success, said };
}

/** Whether this machine lets memory be locked at all. */
async function canLock(): Promise<boolean> {
  const { said } = await run("redirected", "idle", 0);
  if (!said.includes("Cannot lock")) return true;
  console.log(`not checked: ${said.split("\n")[0]}`);
  return false;
}

Deno.test("soak: bare mlockall ends, redirected lives", async () => {
  if (!await canLock()) return;
  const whats = ["idle", "collecting"];
  const [idleBare, collectingBare, ...held] = await Promise.all(
    ["bare", "redirected"].flatMap((how) =>
      whats.map((what) => run(how, what, SOAK_S))
    ),
  );
  for (const bare of [idleBare, collectingBare]) {
    assert.ok(!bare.success, `it lived: ${bare.said}`);
    assert.match(bare.said, /panicked|Check failed|^$/);
    assert.ok(!bare.said.includes("Cannot lock"), bare.said);
  }
  for (const one of held) {
    assert.deepEqual(one, { success: true, said: "alive, swapped 0 kB\n" });
  }
});

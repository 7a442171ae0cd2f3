// The soak: the production reactor, under the flags it ships with, takes turn
// after turn and V8 never collects anything, as there is nothing to collect.
// One double in each turn is heard. A short soak here; OOMGUARD_SOAK=full, as
// `deno task soak` sets it, makes it a long one.

import assert from "node:assert/strict";
import process from "node:process";
import { V8_FLAGS } from "../../src/pack/launch.ts";

const FULL = process.env["OOMGUARD_SOAK"] === "full";
/** Half a minute a case on a slow machine, or some five minutes. */
const TURNS = FULL ? 1_000_000 : 10_000;
/** A case that takes longer hangs. */
const CHILD_MS_MAX = FULL ? 3_600_000 : 240_000;

const CASES = new URL("./cases/daemon.ts", import.meta.url).href;
const PLANTED = new URL("../daemon/planted.ts", import.meta.url).href;

/** What V8 prints for each collection between the marks. */
async function collections(url: string, setup: string): Promise<string[]> {
  const child = new URL("./silent.ts", import.meta.url).pathname;
  const done = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", `--v8-flags=${V8_FLAGS},--trace-gc`, child],
      ...[url, setup, String(TURNS)],
    ],
    signal: AbortSignal.timeout(CHILD_MS_MAX),
  }).output();
  const lines = new TextDecoder().decode(done.stdout).split("\n");
  const [from, to] = [lines.indexOf("begun"), lines.indexOf("ended")];
  const why = new TextDecoder().decode(done.stderr);
  assert.ok(done.success && from >= 0 && to > from, why);
  return lines.slice(from + 1, to);
}

Deno.test("soak: one double in each turn is heard", async () => {
  const said = await collections(PLANTED, "setupTickWithDouble");
  assert.ok(said.some((line) => line.includes("Scavenge")), said.join("\n"));
});

const SHORT = ["setupTickCalm", "setupKillCycle"];
const LONG = ["setupTickSprint", "setupTickPackets", "setupDeskAdopts"];

for (const setup of FULL ? [...SHORT, ...LONG] : SHORT) {
  Deno.test(`soak: ${TURNS} turns of ${setup}, nothing to collect`, async () => {
    assert.deepEqual(await collections(CASES, setup), []);
  });
}

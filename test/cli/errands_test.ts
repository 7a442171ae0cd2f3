// An errand that fails where nothing was expected to: it is said, and the next
// one is begun as if nothing had been.

import assert from "node:assert/strict";
import { Errands } from "../../src/cli/errands.ts";
import type { Guard } from "../../src/cli/guard.ts";
import type { Log } from "../../src/cli/log.ts";
import type { Effective } from "../../src/props/effective.ts";
import type { PropertySet } from "../../src/props/read.ts";
import type { Shim } from "../../src/shim/shim.ts";
import { Arena } from "../../src/state/arena.ts";
import { ARENA_BYTES, MB_NOW_MS } from "../../src/state/layout.ts";
import { NONE } from "../../src/state/victims.ts";

/** Properties whose source is no text: to read them throws. */
const BROKEN = { source: 7n } as unknown as PropertySet;

/** Errands of a guard that waits for boot; what is said goes to `said`. */
function makeErrands(said: string[]) {
  const arena = new Arena(new ArrayBuffer(ARENA_BYTES));
  const control = { monitorsDue: true, targetsDue: false };
  const clients = { waiterFor: () => NONE, promote: () => {} };
  const guard = { control, clients, monitoring: true, publish: () => {} };
  const errands = new Errands({
    shim: { arena, symbols: { spare: () => 0 } } as unknown as Shim,
    guard: guard as unknown as Guard,
    log: {
      say: (_: string, text: string) => said.push(text),
    } as unknown as Log,
    first: { properties: BROKEN } as Effective,
    read: () => Promise.reject(new Error("not asked for")),
    notify: () => {},
    mark: () => {},
    rearmed: () => {},
  });
  return { errands, arena };
}

Deno.test("errands: one that throws is said, and ends nothing", async () => {
  const said: string[] = [];
  const { errands, arena } = makeErrands(said);
  for (let tries = 1; tries <= 3; tries++) {
    arena.mailbox[MB_NOW_MS] += 1_000;
    errands.visit(false);
    assert.ok(errands.isRunning);
    await new Promise((done) => setTimeout(done, 0));
    assert.ok(!errands.isRunning);
    assert.equal(said.length, tries);
    assert.match(said[tries - 1], /^Errand failed: TypeError: /);
  }
  // What was to be told of the result is not waited for at every turn.
  assert.notEqual(errands.restMs, 0);
});

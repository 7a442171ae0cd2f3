// The keeper and the real kernel: a memory group whose OOM killer is off and
// whose guard dies, or falls silent, is given back, and the kernel kills.

import assert from "node:assert/strict";
import { compile } from "../cli/live/native.ts";
import { KEEPER_GAVE_BACK } from "../../src/state/journal.ts";
import { isV1, makeGroup } from "../soak/group.ts";
import { App } from "../cli/live/app.ts";
import { type KeeperRig, sleep, until, withKeeper } from "./keeper_rig.ts";

const LIMIT_KB = 65_536;
const GROW_KB_PER_S = 131_072;
/** The keeper writes at once; the kernel's killer takes tens of ms (measured:
 * 7 to 24 ms from the write to the death). */
const GIVEN_MS_MAX = 2_000;

/** Runs `act` with an app that hangs in a group that may not kill. */
async function withHung(
  rig: KeeperRig,
  act: (group: string, app: App) => Promise<void>,
): Promise<void> {
  const group = makeGroup("given", LIMIT_KB);
  const control = `${group.dir}/memory.oom_control`;
  const app = new App(await compile(rig.dir, "app"), 1_024, GROW_KB_PER_S);
  try {
    Deno.writeTextFileSync(control, "1");
    group.admit(app.pid);
    await app.tell();
    await app.ready();
    await app.tell();
    await until(
      "a group out of memory",
      () => /^under_oom 1$/m.test(Deno.readTextFileSync(control)),
    );
    await act(group.dir, app);
    assert.match(Deno.readTextFileSync(control), /^oom_kill_disable 0$/m);
    assert.equal(group.kernelOomKills(), 1);
  } finally {
    Deno.writeTextFileSync(control, "0");
    await app.kill();
    assert.deepEqual(await group.remove(), []);
  }
}

function wordsFor(group: string): string[] {
  return [
    ...["meminfo=none", "sysrq=none"],
    `usage=${group}/memory.usage_in_bytes`,
    `limit=${group}/memory.limit_in_bytes`,
    `give=${group}/memory.oom_control=0`,
  ];
}

/** Waits for the kernel's kill; how long it took, ms. */
async function killedByKernel(app: App, from: number): Promise<number> {
  assert.equal(await app.ended(), "SIGKILL");
  const tookMs = performance.now() - from;
  assert.ok(tookMs < GIVEN_MS_MAX, `${tookMs} ms`);
  return tookMs;
}

Deno.test({
  name: `keeper: a group is given back when its guard dies${isV1.because}`,
  ignore: isV1.ignore,
  fn: () =>
    withKeeper((rig) =>
      withHung(rig, async (group, app) => {
        rig.guard();
        rig.beat(60_000);
        rig.start(wordsFor(group));
        await sleep(300);
        assert.equal(rig.count(KEEPER_GAVE_BACK), 0, "not while it lives");
        const from = performance.now();
        await rig.endGuard();
        const ms = await killedByKernel(app, from);
        console.log(`guard dead to hog dead: ${ms.toFixed(0)} ms`);
        assert.equal((await rig.end()).code, 0);
      })
    ),
});

Deno.test({
  name: `keeper: a group is given back when its guard is silent${isV1.because}`,
  ignore: isV1.ignore,
  fn: () =>
    withKeeper((rig) =>
      withHung(rig, async (group, app) => {
        rig.guard();
        rig.beat(0);
        const from = performance.now();
        rig.start(wordsFor(group));
        const ms = await killedByKernel(app, from);
        console.log(`guard silent to hog dead: ${ms.toFixed(0)} ms`);
      })
    ),
});

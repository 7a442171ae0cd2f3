// A guard of a memory group is stopped in the middle of an emergency: it cannot
// act, so its keeper ends it, and the next one kills whom it should have. And a
// keeper that dies is replaced.

import assert from "node:assert/strict";
import type { DrillGroup } from "../../src/cli/drill_group.ts";
import { findGuard } from "../../src/cli/peek.ts";
import { G_KEEPER_PID, G_RESTARTS } from "../../src/state/gauges.ts";
import { Daemon, sleep, until, withDir } from "../cli/live/daemon.ts";
import { compile } from "../cli/live/native.ts";
import { endGuards, isV1, makeGroup, real } from "./group.ts";
import { App } from "../cli/live/app.ts";

const LIMIT_KB = 98_304;
const HELD_KB = 1_024;
const GROW_KB_PER_S = 65_536;
const KEEPER_MS = 200;

/** A guard of a group of its own, with more options. */
async function withGuard(
  args: readonly string[],
  act: (daemon: Daemon, group: DrillGroup) => Promise<void>,
): Promise<void> {
  await withDir(async (dir) => {
    const group = makeGroup("stopped", LIMIT_KB);
    const set = [`self.keeperMs=${KEEPER_MS}`, "self.restart=always", ...args];
    const daemon = new Daemon(dir, {
      dryRun: false,
      args: ["--group", group.dir, ...set.flatMap((one) => ["--set", one])],
    });
    try {
      await daemon.ready();
      await act(daemon, group);
    } catch (cause) {
      throw new Error(`With a guard that said:\n${daemon.log}`, { cause });
    } finally {
      await endGuards(dir);
      await daemon.end();
      assert.deepEqual(await group.remove(), []);
    }
  });
}

Deno.test({
  name: `stopped: the next guard kills${isV1.because}`,
  ignore: isV1.ignore,
  async fn() {
    // The watchdog thread would be quicker.
    await withGuard(["self.watchdogMs=0"], async (daemon, group) => {
      // Or the kernel would have killed it before.
      Deno.writeTextFileSync(`${group.dir}/memory.oom_control`, "1");
      const program = await compile(daemon.dir, "app");
      const app = new App(program, HELD_KB, GROW_KB_PER_S);
      try {
        group.admit(app.pid);
        await app.tell();
        await app.ready();
        await until(
          "its row",
          () => (daemon.field("killable") ?? 0) > 0 || undefined,
        );
        daemon.signal("SIGSTOP");
        const from = performance.now();
        await app.tell();
        assert.equal(await app.ended(), "SIGKILL");
        const ms = (performance.now() - from).toFixed(0);
        await until("the next guard", () => {
          try {
            return findGuard(daemon.dir).pid !== daemon.pid || undefined;
          } catch {
            return undefined;
          }
        });
        console.log(`guard stopped, its hog dead after ${ms} ms`);
        await until(
          "a count",
          () => daemon.gauge(G_RESTARTS) === 1 || undefined,
        );
        const { said } = await daemon.command("kills", "--state", daemon.dir);
        assert.match(said, /keeper/);
      } finally {
        await app.kill();
      }
    });
  },
});

Deno.test({
  name: `stopped: in calm time it is let be${real.because}`,
  ignore: real.ignore,
  async fn() {
    await withGuard([], async (daemon) => {
      daemon.signal("SIGSTOP");
      // Many times what it takes where memory is short.
      await sleep(20 * KEEPER_MS);
      daemon.signal("SIGCONT");
      const turns = daemon.field("turns")!;
      await until("turns", () => daemon.field("turns")! > turns || undefined);
      assert.equal(findGuard(daemon.dir).pid, daemon.pid);
    });
  },
});

Deno.test({
  name: `keeper: one that dies is started again${real.because}`,
  ignore: real.ignore,
  async fn() {
    await withGuard(["wait.idleMaxMs=500"], async (daemon) => {
      const first = daemon.gauge(G_KEEPER_PID);
      assert.ok(first > 0);
      // One that has lived for less is started again later.
      await sleep(10_000);
      Deno.kill(first, "SIGKILL");
      await daemon.said("The keeper ended: signal 9");
      await until("another", () => {
        const pid = daemon.gauge(G_KEEPER_PID);
        return (pid > 0 && pid !== first) || undefined;
      });
    });
  },
});

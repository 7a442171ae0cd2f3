// The runtime's own calls: while the guard runs, strace makes mmap, clone3,
// openat or read fail in all of its threads, V8's and the shim's alike. The
// guard neither ends nor hangs, or, where V8 ends it for want of a page, the
// keeper starts another; afterwards the next hog is killed.

import assert from "node:assert/strict";
import { findGuard } from "../../src/cli/peek.ts";
import { G_TURNS } from "../../src/state/gauges.ts";
import { sleep, until } from "../cli/live/daemon.ts";
import { endGuards } from "../soak/group.ts";
import {
  real,
  type Stage,
  type StagePlan,
  withGetprop,
  withStage,
} from "./stage.ts";

const IS_SOAK = Deno.env.get("OOMGUARD_SOAK") === "full";
const FAULT_MS = IS_SOAK ? 5_000 : 2_000;
/** System calls, those that start a thread or a process together. */
const CALLS = ["mmap", "clone3,clone,fork,vfork", "openat", "read"];

/** Why strace cannot be used here, or "". */
async function whyNoStrace(): Promise<string> {
  try {
    const args = ["-e", "trace=none", "true"];
    const { code, stderr } = await new Deno.Command("strace", { args })
      .output();
    return code === 0 ? "" : new TextDecoder().decode(stderr).trim();
  } catch {
    return "there is no strace";
  }
}

const why = real.ignore ? "no memory group" : await whyNoStrace();

/** Makes `calls` fail with ENOMEM for a while; how often they did. */
async function inject(stage: Stage, calls: string): Promise<number> {
  // Into a file: a pipe that fills up would hold up whom it traces.
  const trace = `${stage.daemon.dir}/trace`;
  const child = new Deno.Command("strace", {
    args: [
      ...["-f", "-qq", "-p", String(stage.daemon.pid)],
      ...["-e", `trace=${calls}`, "-e", `inject=${calls}:error=ENOMEM`],
      ...["-e", "signal=none", "-o", trace],
    ],
  }).spawn();
  // Once more things are read, opened and started.
  await sleep(200);
  try {
    stage.daemon.signal("SIGHUP");
  } catch {
    // It has ended.
  }
  const start = performance.now();
  while (performance.now() - start < FAULT_MS) await stage.poke();
  // It lets go of what it traces, and of no process; with the last of them it
  // has ended.
  try {
    child.kill("SIGINT");
  } catch {
    // So it has.
  }
  await child.status;
  const text = await Deno.readTextFile(trace);
  return text.split("(INJECTED)").length - 1;
}

for (const calls of CALLS) {
  Deno.test({
    name: `the runtime's own calls fail: ${calls}` +
      (why === "" ? "" : ` [${why}]`),
    ignore: why !== "",
    fn: () =>
      withGetprop((plan) =>
        withStage(restarted(plan), (on) => play(on, calls))
      ),
  });
}

/** V8 ends the process where it can map no page for its heap: then the keeper
 * has another guard soon. */
function restarted(plan: StagePlan): StagePlan {
  const args = (dir: string) => [
    ...plan.args?.(dir) ?? [],
    ...["--set", "self.restart=always"],
  ];
  return { ...plan, args };
}

async function play(stage: Stage, calls: string): Promise<void> {
  const { daemon } = stage;
  try {
    // All that it starts with is there.
    await daemon.said("oomguard: ready\n");
    const turns = daemon.gauge(G_TURNS);
    assert.ok(await inject(stage, calls) > 0, "nothing failed");
    const { pid } = await until("a guard that turns", () => {
      try {
        const guard = findGuard(daemon.dir);
        const least = guard.pid === daemon.pid ? turns : 0;
        return daemon.gauge(G_TURNS) > least ? guard : undefined;
      } catch {
        return undefined;
      }
    });
    assert.ok(pid === daemon.pid || calls === "mmap", "it has ended");
    await stage.hog();
  } finally {
    await endGuards(daemon.dir);
  }
}

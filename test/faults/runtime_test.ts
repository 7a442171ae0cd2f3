// The runtime's own calls: while the guard runs, strace makes mmap, clone3,
// openat or read fail in all of its threads, V8's and the shim's alike. The
// guard neither ends nor hangs; afterwards it kills the next hog.

import assert from "node:assert/strict";
import { G_TURNS } from "../../src/state/gauges.ts";
import { sleep } from "../cli/live/daemon.ts";
import { type Stage, whyNoGroup, withGetprop, withStage } from "./stage.ts";

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

const group = await whyNoGroup();
const why = group === "" ? await whyNoStrace() : `no memory group: ${group}`;

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
  stage.daemon.signal("SIGHUP");
  const start = performance.now();
  while (performance.now() - start < FAULT_MS) await stage.poke();
  // It lets go of what it traces, and of no process.
  child.kill("SIGINT");
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
        withStage(plan, async (stage) => {
          await stage.daemon.ready();
          const turns = stage.daemon.gauge(G_TURNS);
          assert.ok(await inject(stage, calls) > 0, "nothing failed");
          assert.ok(stage.daemon.gauge(G_TURNS) > turns, "it stood still");
          await stage.hog();
        })
      ),
  });
}

// How the runner meets a guard, on this machine: one that it starts, one that
// was there before it, and when it takes it for ready.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { run } from "./host.ts";
import { type Native, whyNoNative, withNative } from "./native.ts";

/** The runner holds itself back from every OOM killer, as few may. */
const noRunner = whyNoNative() ??
  (Deno.uid() === 0 ? undefined : "the runner wants root");

/** Plays a scene without processes; answers what the runner said of its guard. */
async function meet(
  { folder, loadPath }: Native,
  guardLines: string[],
): Promise<{ pid: number; ms: number; said: string[] }> {
  const times = ["seed 1", "calm 1", "settle 1", "limit 1"];
  const text = [...guardLines, ...times].join("\n") + "\n";
  Deno.writeTextFileSync(`${folder}/scene`, text);
  Deno.writeTextFileSync(`${folder}/out`, "");
  await run(loadPath, ["scene", `${folder}/scene`, `${folder}/out`]);
  const lines = Deno.readTextFileSync(`${folder}/out`).trim().split("\n");
  const events = lines.map((line) => JSON.parse(line));
  const ready = events.find(({ e }) => e === "ready");
  const said = events.filter(({ e }) => e === "guard");
  return { ...ready, said: said.map(({ line }) => line) };
}

Deno.test({
  name: "runner: a guard is ready when it says so, or when time is up",
  ignore: noRunner !== undefined,
  fn: () =>
    withNative(async (native) => {
      const script = `${native.folder}/guard`;
      Deno.writeTextFileSync(script, "echo up\nexec tail -f /dev/null\n");
      const argv = `guard /bin/sh ${script}`;
      for (const [word, waits] of [["up", false], ["down", true]] as const) {
        const lines = [argv, "ready 3000", `readyword ${word}`];
        const { pid, ms, said } = await meet(native, lines);
        Deno.kill(pid, "SIGKILL");
        deepStrictEqual(said, ["up"]);
        strictEqual(ms >= 3000, waits, `${word}: ${ms} ms`);
      }
    }),
});

Deno.test({
  name: "runner: a guard that init has started is found by its name",
  ignore: noRunner !== undefined,
  fn: () =>
    withNative(async (native) => {
      const path = `${native.folder}/found-by-comm`;
      Deno.copyFileSync("/usr/bin/tail", path);
      Deno.chmodSync(path, 0o755);
      const child = new Deno.Command(path, { args: ["-f", "/dev/null"] })
        .spawn();
      try {
        const lines = ["guardcomm found-by-comm", "ready 20000"];
        const { pid, ms } = await meet(native, lines);
        strictEqual(pid, child.pid);
        strictEqual(ms < 20000, true, `${ms} ms`);
      } finally {
        child.kill("SIGKILL");
        await child.status;
      }
      const lines = ["guardcomm found-by-comm", "ready 50"];
      strictEqual((await meet(native, lines)).pid, -1);
    }),
});

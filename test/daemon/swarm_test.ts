// The swarm: hundreds of random machines under the production guard. A failing
// seed is printed; OOMGUARD_SEED runs that one alone. Half of the seeds are
// always the same, half come from the commit.

import assert from "node:assert/strict";
import process from "node:process";
import { Prng } from "../../src/base/prng.ts";
import { WAIT_COUNT, WAIT_NOTHING } from "../../src/daemon/clients.ts";
import { app, makeRig, register, shorten } from "./helpers.ts";
import { subscribe } from "./messages.ts";
import { type Outcome, runSeed } from "./swarm.ts";
import { heardProblems, toldProblems, waitProblems } from "./swarm_checks.ts";

const SEEDS = 600;

async function commit(): Promise<string> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["rev-parse", "HEAD"],
    cwd: import.meta.dirname!,
    stderr: "null",
  }).output().catch(() => ({ success: false, stdout: new Uint8Array() }));
  return success ? new TextDecoder().decode(stdout).trim() : "no commit";
}

async function seedsToRun(): Promise<number[]> {
  const given = process.env["OOMGUARD_SEED"];
  if (given !== undefined) return [Number(given)];
  const fixed = new Prng("oomguard");
  const fresh = new Prng(await commit());
  return Array.from(
    { length: SEEDS },
    (_, i) => (i % 2 === 0 ? fixed : fresh).next(),
  );
}

function runGuarded(seed: number): Outcome {
  try {
    return runSeed(seed);
  } catch (error) {
    throw new Error(`seed ${seed}: the guard threw`, { cause: error });
  }
}

Deno.test("swarm: whatever happens, the invariants hold", async () => {
  let fair = 0;
  let kills = 0;
  let faults = 0;
  let told = 0;
  for (const seed of await seedsToRun()) {
    const outcome = runGuarded(seed);
    const what = `seed ${seed}: ${outcome.problems.slice(0, 5).join("; ")}`;
    assert.deepEqual(outcome.problems, [], what);
    if (outcome.fair) {
      fair++;
      const oom = `seed ${seed}: the kernel killed ${outcome.kernelKills}`;
      assert.equal(outcome.kernelKills, 0, oom);
    }
    kills += outcome.kills;
    faults += outcome.faults;
    told += outcome.told;
  }
  if (process.env["OOMGUARD_SEED"] !== undefined) return;
  // A swarm in which nothing happens proves nothing.
  assert.ok(fair > SEEDS / 4, `${fair} fair seeds`);
  assert.ok(kills > SEEDS / 2, `${kills} kills`);
  assert.ok(faults > SEEDS, `${faults} faults`);
  assert.ok(told > SEEDS / 2, `${told} kills told`);
});

Deno.test("swarm: its checks see what is wrong", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  subscribe(client);
  register(rig, client, app(905, 6));
  rig.run(1_500);
  shorten(rig, 1);
  rig.run(500);
  const [stat, kill] = client.packets;
  const problems = (...packets: Uint8Array[]) => {
    client.packets.splice(0, Infinity, ...packets);
    return toldProblems(rig, client).length + heardProblems(rig, client).length;
  };
  assert.equal(problems(stat, kill), 0);
  assert.equal(problems(kill, stat), 1);
  assert.equal(problems(stat, kill, kill), 2);
  assert.equal(problems(stat, stat, kill), 1);
  assert.equal(problems(stat), 1);
  assert.equal(problems(kill.map((byte, i) => i === 7 ? byte ^ 1 : byte)), 2);
  assert.deepEqual(waitProblems(rig), []);
  rig.clients.waiting[0] = WAIT_COUNT;
  rig.clients.leaving[0] = 1;
  rig.pending.count = 1;
  assert.equal(waitProblems(rig).length, 2);
  rig.clients.waiting[0] = WAIT_NOTHING;
  client.queue.push({ bytes: stat, pid: 400, uid: 0 });
  assert.equal(waitProblems(rig).length, 3);
});

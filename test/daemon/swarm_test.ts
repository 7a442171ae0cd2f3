// The swarm: hundreds of random machines under the production guard. A failing
// seed is printed; OOMGUARD_SEED runs that one alone. Half of the seeds are
// always the same, half come from the commit.

import assert from "node:assert/strict";
import process from "node:process";
import { Prng } from "../../src/base/prng.ts";
import { type Outcome, runSeed } from "./swarm.ts";

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
  for (const seed of await seedsToRun()) {
    const outcome = runGuarded(seed);
    const told = `seed ${seed}: ${outcome.problems.slice(0, 5).join("; ")}`;
    assert.deepEqual(outcome.problems, [], told);
    if (outcome.fair) {
      fair++;
      const oom = `seed ${seed}: the kernel killed ${outcome.kernelKills}`;
      assert.equal(outcome.kernelKills, 0, oom);
    }
    kills += outcome.kills;
    faults += outcome.faults;
  }
  if (process.env["OOMGUARD_SEED"] !== undefined) return;
  // A swarm in which nothing happens proves nothing.
  assert.ok(fair > SEEDS / 4, `${fair} fair seeds`);
  assert.ok(kills > SEEDS / 2, `${kills} kills`);
  assert.ok(faults > SEEDS, `${faults} faults`);
});

// All calls at once, now and then, from a seed: the guard goes on guarding
// while hog after hog comes.

import assert from "node:assert/strict";
import { CALL_NAMES, ERRORS } from "./knobs.ts";
import { real, type Stage, withStage } from "./stage.ts";

const IS_SOAK = Deno.env.get("OOMGUARD_SOAK") === "full";
const ROUNDS = IS_SOAK ? 60 : 5;
/** Failures in a thousand calls. */
const PERMILLE = [50, 100, 150, 200];
/** What is not made to fail: a victim whose signal fails again and again while
 * the group fills up within the second is not the guard's to save. */
const SPARED: readonly string[] = ["pidfd_send_signal"];

/** One round: its faults follow from its seed alone. */
async function round(stage: Stage, seed: number): Promise<void> {
  const errors = Object.values(ERRORS);
  stage.knobs.set({
    calls: CALL_NAMES.filter((name) => !SPARED.includes(name)),
    error: errors[seed % errors.length]!,
    permille: PERMILLE[seed % PERMILLE.length]!,
    seed,
    shortBytes: seed % 3 === 0 ? 5 : 0,
  });
  await stage.poke();
  // Told of by its own discovery where the registration was refused.
  await stage.hog({ isRegistered: false });
}

Deno.test({
  name: `calls fail at random while hogs come${real.because}`,
  ignore: real.ignore,
  fn: async () => {
    const told = Deno.env.get("OOMGUARD_SEED");
    const first = told === undefined ? Date.now() & 0xffffff : Number(told);
    let seed = first;
    try {
      await withStage({}, async (stage) => {
        for (let i = 0; i < ROUNDS; i++, seed++) await round(stage, seed);
        stage.knobs.clear();
        await stage.hog();
        assert.equal(stage.knobs.signals, stage.kills());
        assert.ok(stage.faults().length > 0);
      });
    } catch (cause) {
      const again = `OOMGUARD_SEED=${first}, failed at ${seed}`;
      throw new Error(again, { cause });
    }
  },
});

// A turn with a known cost: ports whose clock makes one double, to prove that
// the allocation proof sees what a whole turn takes.

import { setupTickCalm } from "../alloc/cases/daemon.ts";
import { Frozen } from "../../src/sim/frozen.ts";

/** Rounds of the probe: what is planted shows in each. */
export const ROUNDS = 3;

/** A calm turn whose port holds one double: 16 bytes each turn. */
export function setupTickWithDouble(): () => void {
  const box = new Float64Array([1.5]);
  const held: unknown[] = [0];
  const sense = Frozen.prototype.sense;
  Frozen.prototype.sense = function () {
    held[0] = box[0];
    return sense.call(this);
  };
  return setupTickCalm();
}

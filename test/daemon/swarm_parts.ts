// What a random run is made of besides its processes: the machine's memory, and
// clients at their worst.

import type { Prng } from "../../src/base/prng.ts";
import type { SimClient } from "../../src/sim/client.ts";
import type { MemoryPlan } from "../../src/sim/memory.ts";
import type { SimProcess } from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { MB } from "./helpers.ts";
import { sendHostile } from "./hostile.ts";
import { BOOT_COMPLETED, SUBSCRIBE, UPDATE_PROPS } from "./messages.ts";

/** Importances that are drawn. */
export const ADJS = [
  -900,
  -1,
  0,
  100,
  200,
  250,
  500,
  700,
  900,
  905,
  945,
  999,
  1000,
];

/** A machine of 256 MB to 1 GB, half of them with swap. */
export function randomMemory(prng: Prng): MemoryPlan {
  const totalKb = prng.pick([256, 256, 512, 1024]) * MB;
  const swapped = prng.chance(500);
  return {
    totalKb,
    kernelKb: Math.trunc(totalKb / 10),
    fileKb: Math.trunc(totalKb * prng.between(5, 25) / 100),
    hotFileKb: Math.trunc(totalKb * prng.between(1, 5) / 100),
    swapKb: swapped ? Math.trunc(totalKb * prng.between(10, 60) / 100) : 0,
    zramPercent: prng.pick([0, 150, 250, 400]),
  };
}

/** One misdeed of `client`; `one` is somebody to name in it. */
export function mischief(
  rig: Rig,
  prng: Prng,
  client: SimClient | undefined,
  one: SimProcess | undefined,
): void {
  switch (prng.below(7)) {
    case 0:
      for (let i = 0; i < 40; i++) {
        client?.prio(300 + i, 10_000, prng.pick(ADJS));
      }
      return;
    case 1:
      if (one !== undefined) client?.remove(one.pid);
      return;
    case 2:
      if (client !== undefined) client.deaf = !client.deaf;
      return;
    case 3:
      client?.send(prng.pick([UPDATE_PROPS, BOOT_COMPLETED]));
      client?.askKills(0, 1000);
      return;
    case 4:
      for (let i = 0; i < 60 && client !== undefined; i++) {
        sendHostile(client, prng, one?.pid ?? 1, prng.pick(ADJS));
      }
      return;
    case 5:
      client?.send(SUBSCRIBE, prng.below(2));
      return;
    default:
      for (let i = 0; i < 10; i++) rig.machine.connect(300 + i).hangUp();
  }
}

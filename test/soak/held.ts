// A process that locks its memory and then does nothing, as a guard does in
// calm time, or collects all it can again and again; run by soak_test.ts. It
// says how it stands when its time is over, if it lives to see that.
//   deno run held.ts bare|redirected idle|collecting SECONDS

import { Residence } from "../../src/shim/residence.ts";
import { LEVEL_ALL } from "../../src/state/gauges.ts";
import { shim } from "../shim/attached.ts";
import { collectAll, lockBare } from "../shim/hands_memory.ts";

const TURN_MS = 50;

function lock(how: string): void {
  if (how === "bare") {
    if (lockBare() !== 0) throw new Error("Cannot lock: mlockall is refused");
    return;
  }
  const residence = new Residence(shim());
  residence.survey();
  residence.trim();
  const { level, why } = residence.lock(LEVEL_ALL);
  if (level !== LEVEL_ALL) throw new Error(`Cannot lock: ${why}`);
}

const [how, what, seconds] = Deno.args;
lock(how);
const end = performance.now() + Number(seconds) * 1000;
let turns = 0;
while (performance.now() < end) {
  // The event loop has its turns: V8's own idle collections are tasks of it.
  await new Promise((resolve) => setTimeout(resolve, TURN_MS));
  turns++;
  if (what === "collecting" && turns % 100 === 1) collectAll();
}
const swap = /^VmSwap:\s+(\d+)/m.exec(
  Deno.readTextFileSync("/proc/self/status"),
);
console.log(`alive, swapped ${swap?.[1]} kB`);
// The shim's threads wait for ever.
Deno.exit(0);

// Prints what the guard costs and how fast it is, on this machine: exec to
// ready, wake to signal, memory and CPU at rest. Figures, not verdicts:
//   deno task bench [--idle-s 60] [--kills 300] [--starts 20]
//     [--emergencies 10000]

import { parseArgs } from "node:util";
import { benchAllocation } from "./allocation.ts";
import { formatRow, HEADER } from "./distribution.ts";
import { benchEmergencies } from "./emergencies.ts";
import { benchIdle, benchKills, benchStarts } from "./guard.ts";

const { values } = parseArgs({
  options: {
    guard: { type: "string", default: "dist/oomguard" },
    starts: { type: "string", default: "20" },
    kills: { type: "string", default: "300" },
    emergencies: { type: "string", default: "10000" },
    "idle-s": { type: "string", default: "60" },
  },
});

console.log(HEADER);
const starts = await benchStarts(values.guard, Number(values.starts));
console.log(formatRow("exec to --version, ms", starts.version));
console.log(formatRow("exec to ready, ms", starts.ready));
const kills = await benchKills(values.guard, Number(values.kills));
console.log(formatRow("wake to signal, us", kills.signalUs));
console.log(formatRow("signal to death seen, ms", kills.deathMs));
const many = await benchEmergencies(Number(values.emergencies));
console.log(formatRow("emergency to signal, us", many.signalUs));
console.log(formatRow("emergency to death, us", many.deathUs));
for (const [turn, cost] of await benchAllocation()) {
  console.log(
    `${cost.turns} turns of ${turn}: ${cost.heapBytes} bytes of heap, ` +
      `${cost.mallocCalls} C allocations`,
  );
}
const idle = await benchIdle(values.guard, Number(values["idle-s"]));
console.log(
  `at rest for ${values["idle-s"]} s: ${idle.cpuPercent.toFixed(4)} % CPU, ` +
    `${idle.turns} turns`,
);
console.log(
  `memory, kB: ${idle.mostKb} at most, before trimming; ${idle.rssKb} after: ` +
    `${idle.anonKb} anonymous, ${idle.fileKb} of files, ` +
    `${idle.sharedKb} shared; ${idle.lockedKb} locked, ` +
    `${idle.swappedKb} swapped`,
);

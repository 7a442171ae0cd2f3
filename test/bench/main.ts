// Prints what the guard costs and how fast it is, on this machine: exec to
// ready, wake to signal, memory and CPU at rest; and each phase of a turn beside
// the same reads in C. Figures, not verdicts; progress goes to stderr.
//   deno task bench [--phase NAME]... [--quick] [--json] [--guard FILE]
//     [--within PART] [--candidates N]... [--earlyoom FILE]

import { parseArgs } from "node:util";
import { PHASES, type Told } from "./phases.ts";

const { values } = parseArgs({
  options: {
    phase: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    guard: { type: "string", default: "dist/oomguard" },
    within: { type: "string", default: "" },
    candidates: { type: "string", multiple: true, default: [] },
    earlyoom: { type: "string", default: "" },
  },
});

for (const name of values.phase) {
  if (name in PHASES) continue;
  const names = Object.keys(PHASES).join(", ");
  console.error(`Cannot run phase "${name}": expected one of ${names}`);
  Deno.exit(2);
}

const results: Record<string, Told["data"]> = {};
for (const [name, run] of Object.entries(PHASES)) {
  if (values.phase.length > 0 && !values.phase.includes(name)) continue;
  console.error(`bench: ${name}`);
  // What this machine cannot do costs its own rows only.
  const told = await run(values).catch((error): Told => ({
    lines: [`${name}: left out: ${error.message}`],
    data: { leftOut: error.message },
  }));
  results[name] = told.data;
  if (!values.json) console.log(told.lines.join("\n"));
}
if (values.json) console.log(JSON.stringify(results));

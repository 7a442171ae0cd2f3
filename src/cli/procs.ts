// `oomguard procs`: who would die now, in order, by the policy in force over a
// copy of the running guard's own tables.

import { describeProcs, killOrder } from "../report/procs.ts";
import type { Output } from "./check.ts";
import { EXIT_OK } from "./exits.ts";
import { copyArena, findGuard, type Look, look } from "./peek.ts";

const HELP = `Usage: oomguard procs [OPTION]...
Shows who would die now, first to last.

      --state DIR   state folder, /run/oomguard unless told
  -n, --count N     the first N only
  -a, --all         also those that would not be chosen, with WHY:
                    init, guard, kernel (its threads), adj -1000,
                    config (protected by the configuration),
                    floor (less than the configured floorAdj),
                    dying (signalled already), left out (could not be)
      --json        one JSON object, sizes in kB
  -h, --help        this text

GROWN is what a process gained in the last seconds: one that gained much dies
before others of its band of 100. Needs the guard's user, or root.
Exit: 0 shown, 1 cannot look, 2 bad option, 3 no guard is running.`;

/** Runs `oomguard procs`; answers its exit code. */
export function procs(args: string[], out: Output = console): number {
  return look(args, { help: HELP, takes: ["all", "n"], run }, out);
}

function run({ stateDir, json, all, most }: Look, out: Output): number {
  const guard = findGuard(stateDir);
  const { copy, victims } = copyArena(guard);
  const answer = killOrder(copy, victims);
  if (!json) {
    out.log(describeProcs(answer, most, all).join("\n"));
    return EXIT_OK;
  }
  const { strategy, floorAdj, spared } = answer;
  const order = answer.order.slice(0, most ?? undefined);
  const shown = { version: 1, guardPid: guard.pid, strategy, floorAdj, order };
  out.log(JSON.stringify(all ? { ...shown, spared } : shown, null, 2));
  return EXIT_OK;
}

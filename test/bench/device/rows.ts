// The rows of the bench: every guard that a scene can be played against, with
// our strategies as rows of their own.

import { STRATEGIES, type StrategyName } from "../../qemu/scenes.ts";
import { guardNames } from "../guards/rows.ts";

/** What the harness is asked for. */
export interface Asked {
  guard: string;
  guardArgs: readonly string[];
  targets: readonly number[];
}

/** The row's name in tables: "earlyoom tuned" for the adapter earlyoom-tuned. */
function titleOf(name: string): string {
  return name === "none" ? "kernel alone" : name.replace(/-tuned$/, " tuned");
}

/** All rows by name, ours first. */
export function allRows(): Map<string, Asked> {
  const rows = new Map<string, Asked>();
  for (const strategy of Object.keys(STRATEGIES) as StrategyName[]) {
    const words = STRATEGIES[strategy];
    rows.set(`oomguard ${strategy}`, { guard: "oomguard", ...words });
  }
  for (const guard of guardNames()) {
    if (guard === "oomguard") continue;
    rows.set(titleOf(guard), { guard, guardArgs: [], targets: [] });
  }
  return rows;
}

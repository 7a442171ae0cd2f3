// What must hold between values: each is right alone and wrong beside another.

import type { Draft } from "./load.ts";
import type { Place, Problem } from "./problems.ts";
import type { Machine } from "./profiles.ts";
import type { Config } from "./schema.ts";
import { valueAt } from "./validate.ts";

/** One threshold of minfree in pages. */
export function tierPages(
  tier: Config["minfree"][number],
  pageKb: number,
): number {
  return tier.pages ?? Math.trunc((tier.kb ?? 0) / pageKb);
}

const CRITICAL = "lmkd.thrashingCriticalPercent";

/** Pairs whose first must not be above the second. */
const AT_MOST: readonly (readonly [string, string])[] = [
  ["psi.someStallMs", "psi.windowMs"],
  ["psi.fullStallMs", "psi.windowMs"],
  ["lmkd.thrashingLimitPercent", CRITICAL],
  ["exhaustion.reserveKb", "exhaustion.comfortKb"],
  ["wait.sprintMs", "wait.idleMaxMs"],
];

/** A problem, and the keys between which it is. */
export interface Conflict {
  readonly problem: Problem;
  readonly keys: readonly string[];
}

/** What is wrong with the configuration as a whole. */
export function checkRules(
  config: Config,
  draft: Draft,
  machine: Machine,
): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [low, high] of AT_MOST) {
    if (isRefused(draft, low) || isRefused(draft, high)) continue;
    // lmkd takes a critical limit below the limit, and it means something
    // there; in a file of ours it is a slip.
    if (high === CRITICAL && (draft.told.has(low) || draft.told.has(high))) {
      continue;
    }
    const lowValue = numberAt(config, low);
    const highValue = numberAt(config, high);
    if (lowValue <= highValue) continue;
    const text = `${low} is ${lowValue}${byDefault(draft, low)}, expected ` +
      `at most ${high}, which is ${highValue}${byDefault(draft, high)}`;
    const problem = { ...placeOf(draft, [low, high]), text };
    conflicts.push({ problem, keys: [low, high] });
  }
  const ours = [
    ...checkComfort(config, draft, machine),
    ...checkTiers(config, draft, machine),
  ];
  conflicts.push(...ours.map((problem) => ({ problem, keys: [] })));
  return conflicts;
}

function checkComfort(
  config: Config,
  draft: Draft,
  machine: Machine,
): Problem[] {
  const key = "exhaustion.comfortKb";
  const { comfortKb } = config.exhaustion;
  if (comfortKb < machine.memTotalKb) return [];
  if (isRefused(draft, key) || isRefused(draft, "exhaustion.reserveKb")) {
    return [];
  }
  const text = `${key} is ${comfortKb}${byDefault(draft, key)}, expected ` +
    `less than all memory, which is ${machine.memTotalKb} kB`;
  return [{ ...placeOf(draft, [key, "exhaustion.reserveKb"]), text }];
}

/** The first tier that both kinds of memory are below decides, so a threshold
 * out of order would never be reached, and an adj out of order would spare
 * the less important as memory goes. */
function checkTiers(config: Config, draft: Draft, machine: Machine): Problem[] {
  const problems: Problem[] = [];
  const tiers = config.minfree;
  for (let i = 1; i < tiers.length; i++) {
    const [before, tier] = [tiers[i - 1], tiers[i]];
    const name = `minfree[${i}]`;
    const beforePages = tierPages(before, machine.pageKb);
    const pages = tierPages(tier, machine.pageKb);
    const unit = tier.pages === undefined ? "kb" : "pages";
    if (pages <= beforePages) {
      const text = `${name}.${unit} is ${tier[unit]} (${pages} pages), ` +
        `expected more than minfree[${i - 1}], which is ${beforePages} pages`;
      problems.push({ ...placeOf(draft, [`${name}.${unit}`]), text });
    }
    if (tier.adj < before.adj) {
      const text = `${name}.adj is ${tier.adj}, expected at least ` +
        `${before.adj}, the adj of minfree[${i - 1}]`;
      problems.push({ ...placeOf(draft, [`${name}.adj`]), text });
    }
  }
  return problems;
}

function isRefused(draft: Draft, key: string): boolean {
  return draft.refused.has(key) || draft.refused.has(key.split(".")[0]);
}

function numberAt(config: Config, key: string): number {
  return Number(valueAt(config, key.split(".")));
}

function byDefault(draft: Draft, key: string): string {
  return draft.places.has(key) ? "" : " by default";
}

/** The place of the first of these keys that was written. */
function placeOf(draft: Draft, keys: readonly string[]): Place {
  for (const key of keys) {
    const place = draft.places.get(key);
    if (place !== undefined) {
      return { source: place.source, line: place.line, column: place.column };
    }
  }
  return { source: "defaults", line: 0, column: 0 };
}

// Rows of a table, thresholds, and who is chosen of them.

import assert from "node:assert/strict";
import { READY_MAX } from "../../src/base/limits.ts";
import { selectVictim } from "../../src/policy/select.ts";
import { SETTINGS_WORDS, VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  SET_CULPRIT_KB,
  SET_KILL_HEAVIEST,
  SET_STRATEGY,
  STRATEGY_ADAPTIVE,
} from "../../src/state/settings.ts";
import { NONE, V_PID } from "../../src/state/victims.ts";
import { type Row, tableOf } from "../state/rows.ts";

/** How to choose; adaptive with a floor of 0 unless told. */
export interface Options {
  readonly floor?: number;
  readonly strategy?: number;
  readonly heaviest?: boolean;
  /** Memory that should come back, kB. */
  readonly needKb?: number;
}

/** `want`: the pid chosen, or null for nobody. Rows of an adj: oldest first. */
export function check(
  name: string,
  rows: readonly Row[],
  want: number | null,
  options: Options = {},
): void {
  const { victims, ready } = tableOf(rows, READY_MAX);
  const settings = new Int32Array(SETTINGS_WORDS);
  settings[SET_STRATEGY] = options.strategy ?? STRATEGY_ADAPTIVE;
  settings[SET_KILL_HEAVIEST] = options.heaviest === true ? 1 : 0;
  settings[SET_CULPRIT_KB] = 16_384;
  const { floor = 0, needKb = 0 } = options;
  const row = selectVictim(victims, ready, settings, floor, needKb);
  const pid = row === NONE ? null : victims.rows[row * VICTIM_WORDS + V_PID];
  assert.equal(pid, want, name);
}

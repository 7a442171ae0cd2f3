// By what is armed strategy lmkd judges.

import assert from "node:assert/strict";
import { judgeAsArmed } from "../../src/shim/ladder.ts";
import { SETTINGS_WORDS } from "../../src/state/layout.ts";
import {
  RUNG_AVERAGES,
  RUNG_PSI,
  RUNG_VMPRESSURE,
} from "../../src/state/rungs.ts";
import * as s from "../../src/state/settings.ts";

Deno.test("vmpressure feeds the old strategy, and lmkd's only", () => {
  const rows: [strategy: number, rung: number, mode: number, psi: number][] = [
    [s.STRATEGY_LMKD, RUNG_VMPRESSURE, s.LMKD_MINFREE, 0],
    [s.STRATEGY_LMKD, RUNG_PSI, s.LMKD_NEW, 1],
    [s.STRATEGY_LMKD, RUNG_AVERAGES, s.LMKD_NEW, 1],
    [s.STRATEGY_ADAPTIVE, RUNG_VMPRESSURE, s.LMKD_NEW, 1],
  ];
  for (const [strategy, rung, mode, psi] of rows) {
    const settings = new Int32Array(SETTINGS_WORDS);
    settings[s.SET_STRATEGY] = strategy;
    settings[s.SET_LMKD_MODE] = s.LMKD_NEW;
    settings[s.SET_OLD_MODE] = s.LMKD_MINFREE;
    settings[s.SET_USE_PSI] = 1;
    judgeAsArmed(settings, rung);
    assert.equal(settings[s.SET_LMKD_MODE], mode, `${strategy}, ${rung}`);
    assert.equal(settings[s.SET_USE_PSI], psi, `${strategy}, ${rung}`);
  }
});

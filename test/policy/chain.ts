// One judgement of lmkd's chain of reasons over a scene, and what it answers.

import assert from "node:assert/strict";
import { decidePressure } from "../../src/policy/pressure.ts";
import * as r from "../../src/state/reasons.ts";
import { FREE_KB, type Scene, wordsOf } from "./scene.ts";

/** What the chain is to answer. */
export interface Want {
  readonly reason: number;
  readonly floor?: number;
  readonly value?: number;
  readonly limit?: number;
  readonly value2?: number;
  readonly limit2?: number;
  /** History words after it. */
  readonly history?: Scene["history"];
}

/** Runs the chain over a scene. */
export function check(name: string, scene: Scene, want: Want): void {
  const { snapshot, settings, history, verdict } = wordsOf(scene);
  decidePressure(snapshot, settings, history, scene.pressure ?? 0, verdict);
  assert.equal(verdict[r.VERDICT_REASON], want.reason, name);
  const told: [number | undefined, number][] = [
    [want.floor, r.VERDICT_FLOOR_ADJ],
    [want.value, r.VERDICT_VALUE],
    [want.limit, r.VERDICT_LIMIT],
    [want.value2, r.VERDICT_VALUE2],
    [want.limit2, r.VERDICT_LIMIT2],
  ];
  for (const [value, word] of told) {
    if (value !== undefined) assert.equal(verdict[word], value, name);
  }
  for (const [word, value] of Object.entries(want.history ?? {})) {
    const at = (r as unknown as Record<string, number>)[word];
    assert.equal(history[at], value, `${name}: ${word}`);
  }
}

/** Columns by name. */
export type Columns = NonNullable<Scene["snapshot"]>;

export const NOBODY: Want = { reason: r.REASON_NONE };
export const MIN: Columns = { MEM_FREE_KB: FREE_KB.belowMin };
export const LOW: Columns = { MEM_FREE_KB: FREE_KB.belowLow };
export const HIGH: Columns = { MEM_FREE_KB: FREE_KB.belowHigh };
/** Swap below its 52428 kB. */
export const FULL: Columns = { SWAP_FREE_KB: 52_000 };
/** Over the limit of 100, under the critical 300. */
export const THRASHING: Columns = { THRASHING_PERCENT: 101 };

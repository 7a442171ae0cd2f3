// Level and slope: with swap, with zram, without either, and with swapping
// that does not keep up.

import assert from "node:assert/strict";
import { INT_MAX } from "../../src/base/int.ts";
import { ABSENT } from "../../src/base/scan.ts";
import { decideExhaustion, needKb } from "../../src/policy/exhaustion.ts";
import {
  REASON_EXHAUSTION,
  REASON_NONE,
  REASON_RESERVE,
  VERDICT_FLOOR_ADJ,
  VERDICT_LIMIT,
  VERDICT_NEED_KB,
  VERDICT_REASON,
  VERDICT_VALUE,
} from "../../src/state/reasons.ts";
import { NEED_KB } from "../../src/state/snapshot.ts";
import { type Scene, wordsOf } from "./scene.ts";

interface Want {
  readonly reason: number;
  readonly floor?: number;
  readonly value?: number;
  readonly limit?: number;
  readonly need?: number;
}

function check(name: string, scene: Scene, want: Want): void {
  const { snapshot, settings, verdict } = wordsOf(scene);
  decideExhaustion(snapshot, settings, verdict);
  assert.equal(verdict[VERDICT_REASON], want.reason, name);
  const told: [number | undefined, number][] = [
    [want.floor, VERDICT_FLOOR_ADJ],
    [want.value, VERDICT_VALUE],
    [want.limit, VERDICT_LIMIT],
    [want.need, VERDICT_NEED_KB],
  ];
  for (const [value, word] of told) {
    if (value !== undefined) assert.equal(verdict[word], value, name);
  }
  assert.equal(snapshot[NEED_KB], verdict[VERDICT_NEED_KB], name);
}

const SWAPLESS = { SWAP_TOTAL_KB: 0, SWAP_FREE_KB: 0 };
const NOBODY: Want = { reason: REASON_NONE };
/** Half a second of 200 MB/s. */
const SOON = 102_400;

Deno.test("without swap: slope", () => {
  const at = (headroom: number, shrink: number): Scene => ({
    snapshot: { ...SWAPLESS, HEADROOM_KB: headroom, SHRINK_KB_PER_S: shrink },
  });
  check("well", at(1_000_000, 0), { ...NOBODY, need: 0 });
  check("falls, far away", at(1_000_000, 204_800), NOBODY);
  check("just enough", at(SOON, 204_800), NOBODY);
  check("one kB short", at(SOON - 1, 204_800), {
    reason: REASON_EXHAUSTION,
    floor: 701,
    value: SOON - 1,
    limit: SOON,
    // 50 MB of comfort and the half second, less what is there.
    need: 51_200 + SOON - (SOON - 1),
  });
  const SPARED = { reason: REASON_EXHAUSTION, floor: 701 };
  const ANYBODY = { reason: REASON_EXHAUSTION, floor: 0 };
  check("the reserve lasts", at(SOON - 51_200, 204_800), SPARED);
  check("the reserve does not", at(SOON - 51_201, 204_800), ANYBODY);
  const off = { SET_LOWMEM_ADJ: 1001 };
  const spare = { ...at(SOON - 51_200, 204_800), settings: off };
  check("1001: nobody makes room early", spare, NOBODY);
  const late = { ...at(SOON - 51_201, 204_800), settings: off };
  check("1001: anybody does in the end", late, ANYBODY);
  check("nothing left", at(0, 2), { reason: REASON_EXHAUSTION, limit: 1 });
  check("too slow to count", at(0, 1), NOBODY);
  check("below the reserve, and falling", at(-10, 204_800), {
    reason: REASON_EXHAUSTION,
    value: -10,
  });
  check("faster than an int32", at(1_000_000, INT_MAX), {
    reason: REASON_EXHAUSTION,
    limit: 1_073_741_823,
  });
  check("the slope is not known", at(100, ABSENT), NOBODY);
  check("nothing is known", { snapshot: { HEADROOM_KB: ABSENT } }, NOBODY);
});

Deno.test("without swap: level", () => {
  const at = (headroom: number): Scene => ({
    snapshot: { ...SWAPLESS, HEADROOM_KB: headroom },
  });
  check("at the reserve", at(0), { ...NOBODY, need: 51_200 });
  check("one kB below", at(-1), {
    reason: REASON_RESERVE,
    floor: 701,
    value: -1,
    limit: 0,
    need: 51_201,
  });
});

Deno.test("with swap, which is credited as far as it can be had in time", () => {
  // 50 MB/s over half a second: 25600 kB.
  const at = (headroom: number, more: Scene["snapshot"] = {}): Scene => ({
    snapshot: { HEADROOM_KB: headroom, SHRINK_KB_PER_S: 204_800, ...more },
  });
  const short: Want = { reason: REASON_EXHAUSTION, floor: 701 };
  check("just enough", at(SOON - 25_600), NOBODY);
  check("one kB short", at(SOON - 25_601), { ...short, value: SOON - 1 });
  check("little swap free", at(SOON - 1_000, { SWAP_FREE_KB: 1_000 }), NOBODY);
  check("less", at(SOON - 1_000, { SWAP_FREE_KB: 999 }), short);
  check("nothing to swap", at(SOON - 1, { ACTIVE_ANON_KB: 0 }), NOBODY);
  check(
    "nothing at all to swap",
    at(SOON - 1, { ACTIVE_ANON_KB: 0, INACTIVE_ANON_KB: 0 }),
    short,
  );
  // Tasks stall: swapping does not keep up, and is credited with nothing.
  check("stalls a little", at(SOON - 1, { STALL_SOME_PERMILLE: 100 }), NOBODY);
  check("stalls", at(SOON - 1, { STALL_SOME_PERMILLE: 101 }), short);
  check("no psi", at(SOON - 1, { STALL_SOME_PERMILLE: ABSENT }), NOBODY);
  // Below the reserve, standing still: swap that is left and keeps up will do.
  const still = (more: Scene["snapshot"]) =>
    at(-1, { SHRINK_KB_PER_S: 0, ...more });
  const below: Want = { reason: REASON_RESERVE, floor: 701, value: -1 };
  check("swap is left", still({ SWAP_FREE_KB: 51_201 }), NOBODY);
  check("less than the reserve", still({ SWAP_FREE_KB: 51_200 }), below);
  check("it does not keep up", still({ STALL_SOME_PERMILLE: 101 }), below);
  check("it just does", still({ STALL_SOME_PERMILLE: 100 }), NOBODY);
});

Deno.test("with zram, which takes memory to give memory", () => {
  const at = (headroom: number, more: Scene["snapshot"] = {}): Scene => ({
    snapshot: {
      SWAP_TOTAL_KB: 20_000,
      SWAP_FREE_KB: 20_000,
      SWAP_ZRAM_TOTAL_KB: 20_000,
      HEADROOM_KB: headroom,
      SHRINK_KB_PER_S: 204_800,
      ...more,
    },
  });
  const short: Want = { reason: REASON_EXHAUSTION };
  check("empty: half", at(SOON - 10_000), NOBODY);
  check("empty: no more than half", at(SOON - 10_001), short);
  const full = { ZRAM_ORIGINAL_KB: 8_000, ZRAM_USED_KB: 8_000 };
  check("incompressible", at(SOON - 1, full), short);
  const third = { ZRAM_ORIGINAL_KB: 9_000, ZRAM_USED_KB: 3_000 };
  check("at a third", at(SOON - 13_000, third), NOBODY);
});

Deno.test("how much must come back", () => {
  const rows: [Scene, number][] = [
    [{ snapshot: { HEADROOM_KB: 51_200 } }, 0],
    [{ snapshot: { HEADROOM_KB: 51_199 } }, 1],
    [{ snapshot: { HEADROOM_KB: -100 } }, 51_300],
    [{ snapshot: { HEADROOM_KB: 51_200, SHRINK_KB_PER_S: 1_000 } }, 500],
    [{ snapshot: { HEADROOM_KB: 52_000, SHRINK_KB_PER_S: 1_000 } }, 0],
    [{ snapshot: { HEADROOM_KB: ABSENT } }, 51_200],
    // Everything at its largest: it saturates, it does not wrap.
    [
      {
        snapshot: { HEADROOM_KB: -1_073_741_824, SHRINK_KB_PER_S: INT_MAX },
        settings: {
          SET_RESERVE_KB: 0,
          SET_COMFORT_KB: 1_073_741_823,
          SET_HORIZON_MS: 60_000,
        },
      },
      INT_MAX,
    ],
  ];
  for (const [scene, want] of rows) {
    const { snapshot, settings } = wordsOf(scene);
    assert.equal(needKb(snapshot, settings), want, JSON.stringify(scene));
  }
});

// Who dies: bands, the culprit, the least recently used, the largest where it
// matters, and all those who never do.

import assert from "node:assert/strict";
import { READY_MAX } from "../../src/base/limits.ts";
import { selectVictim } from "../../src/policy/select.ts";
import { SETTINGS_WORDS, VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  SET_CULPRIT_KB,
  SET_KILL_HEAVIEST,
  SET_STRATEGY,
  STRATEGY_ADAPTIVE,
  STRATEGY_LMKD,
  STRATEGY_MINFREE,
} from "../../src/state/settings.ts";
import {
  NONE,
  PROTECT_ADJ,
  PROTECT_CONFIG,
  PROTECT_INIT,
  V_PID,
} from "../../src/state/victims.ts";
import { type Row, tableOf } from "../state/rows.ts";

interface Options {
  readonly floor?: number;
  readonly strategy?: number;
  readonly heaviest?: boolean;
}

/** `want`: the pid chosen, or null for nobody. Rows of an adj: oldest first. */
function check(
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
  const row = selectVictim(victims, ready, settings, options.floor ?? 0);
  const pid = row === NONE ? null : victims.rows[row * VICTIM_WORDS + V_PID];
  assert.equal(pid, want, name);
}

const LMKD = { strategy: STRATEGY_LMKD };

Deno.test("nobody to choose", () => {
  for (const strategy of [0, 1, 2]) {
    check("empty", [], null, { strategy });
    check(
      "protected",
      [
        { pid: 1, adj: 0, protect: PROTECT_INIT },
        { pid: 2, adj: -1000, protect: PROTECT_ADJ },
        {
          pid: 3,
          adj: 1000,
          protect: PROTECT_CONFIG,
          rssKb: 9_999_999,
          grownKb: 9_999_999,
        },
      ],
      null,
      { strategy },
    );
    check(
      "below the floor",
      [
        { pid: 10, adj: -1 },
        { pid: 11, adj: -999, grownKb: 999_999 },
      ],
      null,
      { strategy },
    );
    check(
      "just below the floor",
      [
        { pid: 10, adj: 200, rssKb: 999_999, grownKb: 999_999 },
      ],
      null,
      { strategy, floor: 201 },
    );
    check("a floor above all", [{ pid: 10, adj: 1000 }], null, {
      strategy,
      floor: 1001,
    });
    check(
      "all signalled",
      [
        { pid: 10, adj: 900, killed: "listed", grownKb: 99_999 },
        { pid: 11, adj: 0, killed: "listed", rssKb: 99_999 },
        { pid: 12, adj: 500, killed: "unlisted" },
      ],
      null,
      { strategy },
    );
  }
});

Deno.test("the highest adj first, its least recently used", () => {
  for (const strategy of [STRATEGY_LMKD, STRATEGY_MINFREE, STRATEGY_ADAPTIVE]) {
    const options = { strategy };
    check("one", [{ pid: 10, adj: 0 }], 10, options);
    check("at the floor", [{ pid: 10, adj: 201 }], 10, {
      strategy,
      floor: 201,
    });
    check(
      "highest adj",
      [
        { pid: 10, adj: 900, rssKb: 500_000 },
        { pid: 11, adj: 905 },
        { pid: 12, adj: 899, rssKb: 500_000 },
      ],
      11,
      options,
    );
    check(
      "oldest of it",
      [
        { pid: 20, adj: 900, rssKb: 1 },
        { pid: 10, adj: 900, rssKb: 500_000 },
        { pid: 30, adj: 900 },
      ],
      20,
      options,
    );
    check(
      "the oldest that was not signalled",
      [
        { pid: 20, adj: 900, killed: "listed" },
        { pid: 10, adj: 900 },
        { pid: 30, adj: 900 },
      ],
      10,
      options,
    );
    check(
      "the next adj when all of one were signalled",
      [
        { pid: 20, adj: 900, killed: "listed" },
        { pid: 21, adj: 900, killed: "listed" },
        { pid: 10, adj: 300 },
      ],
      10,
      options,
    );
    check(
      "rows that are not sampled count too",
      [
        { pid: 10, adj: 900, cold: true },
        { pid: 11, adj: 899 },
      ],
      10,
      options,
    );
  }
});

Deno.test("adj 200 and less: the largest", () => {
  const rows: Row[] = [
    { pid: 10, adj: 200, rssKb: 100 },
    { pid: 11, adj: 200, rssKb: 50, swapKb: 51 },
    { pid: 12, adj: 200, rssKb: 100 },
  ];
  check("rss and swap together", rows, 11);
  check("lmkd too", rows, 11, LMKD);
  const at201 = rows.map((row) => ({ ...row, adj: 201 }));
  check("201: the oldest", at201, 10);
  check("201, lmkd: the oldest", at201, 10, LMKD);
  check("201, heaviest asked for", at201, 11, { ...LMKD, heaviest: true });
  check("as large: the first that was found", [
    { pid: 10, adj: 0, rssKb: 5 },
    { pid: 11, adj: 0, rssKb: 5 },
  ], 10);
  check("signalled ones do not count", [
    { pid: 10, adj: 0, rssKb: 500, killed: "listed" },
    { pid: 11, adj: 0, rssKb: 5 },
  ], 11);
  // lmkd ranks one adj by size, adaptive a band.
  const band: Row[] = [
    { pid: 10, adj: 150, rssKb: 100 },
    { pid: 11, adj: 101, rssKb: 900 },
    { pid: 12, adj: 99, rssKb: 5_000 },
  ];
  check("within the band", band, 11);
  check("lmkd: within the adj", band, 10, LMKD);
  check("the floor cuts the band", band, 10, { floor: 120 });
  check("nobody sampled: the oldest", [
    { pid: 10, adj: 100, rssKb: 1, cold: true },
    { pid: 11, adj: 100, rssKb: 9, cold: true },
  ], 10);
  // Heaviest of a large adj, in adaptive: still that adj alone.
  check(
    "heaviest, adaptive",
    [
      { pid: 10, adj: 950, rssKb: 10 },
      { pid: 11, adj: 950, rssKb: 20 },
      { pid: 12, adj: 940, rssKb: 900 },
    ],
    11,
    { heaviest: true },
  );
});

Deno.test("adaptive: the culprit of the least important band", () => {
  const culprit: Row[] = [
    { pid: 10, adj: 945 },
    { pid: 11, adj: 900, grownKb: 16_384 },
    { pid: 12, adj: 900, grownKb: 16_383 },
    { pid: 13, adj: 899, grownKb: 999_999 },
  ];
  check("grew by enough", culprit, 11);
  check("not by enough", culprit.filter((row) => row.pid !== 11), 10);
  check("lmkd knows no culprit", culprit, 10, LMKD);
  check("nor does minfree", culprit, 10, { strategy: STRATEGY_MINFREE });
  check("the floor excludes it", culprit, 10, { floor: 901 });
  check("the one that grew most", [
    { pid: 10, adj: 900, grownKb: 20_000 },
    { pid: 11, adj: 1000, grownKb: 30_000 },
    { pid: 12, adj: 950, grownKb: 25_000 },
  ], 11);
  check("900 and 1000 are of one band", [
    { pid: 10, adj: 1000 },
    { pid: 11, adj: 900, grownKb: 20_000 },
  ], 11);
  check("800 is another", [
    { pid: 10, adj: 900 },
    { pid: 11, adj: 899, grownKb: 900_000 },
  ], 10);
  check("the band of whoever is left", [
    { pid: 10, adj: 900, killed: "listed", grownKb: 900_000 },
    { pid: 11, adj: 850 },
    { pid: 12, adj: 801, grownKb: 20_000 },
    { pid: 13, adj: 799, grownKb: 900_000 },
  ], 12);
  check("a culprit comes before the largest", [
    { pid: 10, adj: 0, rssKb: 900_000 },
    { pid: 11, adj: 0, rssKb: 20_000, grownKb: 20_000 },
  ], 11);
  check("not sampled, not suspected", [
    { pid: 10, adj: 900 },
    { pid: 11, adj: 900, grownKb: 900_000, cold: true },
  ], 10);
  check("protected, whatever it does", [
    { pid: 10, adj: 900 },
    { pid: 11, adj: 900, grownKb: 900_000, protect: PROTECT_CONFIG },
  ], 10);
});

// Who dies by adaptive: bands, the culprit, who suffices; and all those who
// never do, by whatever strategy. lmkd's own order is in test/lmkd.

import {
  PROTECT_ADJ,
  PROTECT_CONFIG,
  PROTECT_INIT,
} from "../../src/state/victims.ts";
import { STRATEGY_LMKD, STRATEGY_MINFREE } from "../../src/state/settings.ts";
import type { Row } from "../state/rows.ts";
import { check, type Options } from "./choice.ts";

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

Deno.test("adaptive: the smallest that suffices, within the band", () => {
  const band: Row[] = [
    { pid: 10, adj: 900, rssKb: 400_000 },
    { pid: 11, adj: 950, rssKb: 40_000 },
    { pid: 12, adj: 1000, rssKb: 10_000 },
    { pid: 13, adj: 899, rssKb: 30_000 },
  ];
  const need = (needKb: number, more: Options = {}) => ({ needKb, ...more });
  check("little: the first", band, 12, need(1_000));
  check("exactly as much", band, 12, need(10_000));
  check("more: the next larger, not the largest", band, 11, need(10_001));
  check("much: the largest", band, 10, need(40_001));
  check("more than anybody has: the largest", band, 10, need(9_000_000));
  check("no need told: the smallest that has any", band, 12, need(0));
  check("the floor cuts the band", band, 11, need(40_001, { floor: 901 }));
  check("the next band only when this one is empty", [band[3]], 13);
  check("heaviest: the largest", band, 10, need(1, { heaviest: true }));
  check(
    "signalled ones do not count",
    [
      { ...band[1], killed: "listed" },
      band[0],
    ],
    10,
    need(1_000),
  );
  check(
    "swapped pages count half",
    [
      { pid: 10, adj: 900, rssKb: 10_000, swapKb: 38_000 },
      { pid: 11, adj: 900, rssKb: 28_000 },
    ],
    10,
    need(29_000),
  );
  check(
    "files do not count",
    [
      { pid: 10, adj: 900, rssKb: 90_000, anonKb: 1_000 },
      { pid: 11, adj: 900, rssKb: 28_000 },
    ],
    11,
    need(20_000),
  );
});

Deno.test("adaptive: sizes that are alike go by lmkd's order", () => {
  const need = { needKb: 20_000 };
  const rows: Row[] = [
    { pid: 10, adj: 900, rssKb: 24_000 },
    { pid: 11, adj: 900, rssKb: 20_000 },
    { pid: 12, adj: 950, rssKb: 25_000 },
  ];
  check("a quarter more: the highest adj", rows, 12, need);
  check(
    "over a quarter more: no",
    [
      ...rows.slice(0, 2),
      { pid: 12, adj: 950, rssKb: 25_001 },
    ],
    10,
    need,
  );
  check("of one adj the oldest", rows.slice(0, 2), 10, need);
  check(
    "but it must suffice",
    [
      { pid: 10, adj: 999, rssKb: 19_999 },
      ...rows.slice(1),
    ],
    12,
    need,
  );
  check(
    "4 MB are alike, however small",
    [
      { pid: 10, adj: 900, rssKb: 5_096 },
      { pid: 11, adj: 900, rssKb: 1_000 },
    ],
    10,
    { needKb: 1_000 },
  );
  check(
    "a kB more are not",
    [
      { pid: 10, adj: 900, rssKb: 5_097 },
      { pid: 11, adj: 900, rssKb: 1_000 },
    ],
    11,
    { needKb: 1_000 },
  );
  check(
    "nobody suffices: the largest, or as large",
    [
      { pid: 10, adj: 950, rssKb: 74_000 },
      { pid: 11, adj: 900, rssKb: 100_000 },
      { pid: 12, adj: 910, rssKb: 75_000 },
    ],
    12,
    { needKb: 500_000 },
  );
  check("nobody is known by size: the oldest of the highest adj", [
    { pid: 10, adj: 900 },
    { pid: 11, adj: 950 },
    { pid: 12, adj: 950 },
  ], 11);
  check(
    "nobody is ready: the oldest of the highest adj",
    [
      { pid: 10, adj: 900, rssKb: 1, cold: true },
      { pid: 11, adj: 950, rssKb: 9, cold: true },
    ],
    11,
    need,
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

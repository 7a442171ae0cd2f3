// Whom lmkd's strategies choose: adj by adj from 1000 down to the floor, the
// least recently used of each, the largest where it matters.

import { STRATEGY_LMKD, STRATEGY_MINFREE } from "../../src/state/settings.ts";
import { check } from "../policy/choice.ts";
import type { Row } from "../state/rows.ts";
import { conforms } from "./conforms.ts";

const LMKD = { strategy: STRATEGY_LMKD };

conforms("6.1", "the highest adj first, its least recently used", () => {
  for (const strategy of [STRATEGY_LMKD, STRATEGY_MINFREE]) {
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
      { strategy, needKb: 400_000 },
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

conforms("6.1", "adj 200 and less: the largest resident", () => {
  const rows: Row[] = [
    { pid: 10, adj: 200, rssKb: 100 },
    { pid: 11, adj: 200, rssKb: 50, swapKb: 900_000, anonKb: 900_000 },
    { pid: 12, adj: 200, rssKb: 101 },
  ];
  check("swap does not count", rows, 12, LMKD);
  const at201 = rows.map((row) => ({ ...row, adj: 201 }));
  check("201: the oldest", at201, 10, LMKD);
  check("201, heaviest asked for", at201, 12, { ...LMKD, heaviest: true });
  check(
    "signalled ones do not count",
    [
      { pid: 10, adj: 0, rssKb: 500, killed: "listed" },
      { pid: 11, adj: 0, rssKb: 5 },
      { pid: 12, adj: 0, rssKb: 4 },
    ],
    11,
    LMKD,
  );
  check(
    "adj by adj, whatever the next one holds",
    [
      { pid: 10, adj: 150, rssKb: 100 },
      { pid: 11, adj: 101, rssKb: 900 },
      { pid: 12, adj: 99, rssKb: 5_000 },
    ],
    10,
    LMKD,
  );
  check("alone of its adj: not even asked", [{ pid: 10, adj: 0 }], 10, LMKD);
  check(
    "alone of its adj that was not signalled",
    [
      { pid: 11, adj: 0, rssKb: 99, killed: "listed" },
      { pid: 10, adj: 0 },
    ],
    10,
    LMKD,
  );
  const empty: Row[] = [
    { pid: 10, adj: 100, swapKb: 9_000 },
    { pid: 11, adj: 100 },
  ];
  check("several, all without memory: none of them", empty, null, LMKD);
  check(
    "several, all without memory: the next adj",
    [...empty, { pid: 12, adj: 99 }],
    12,
    LMKD,
  );
  check(
    "several without memory, an oldest will do",
    empty.map((row) => ({ ...row, adj: 900 })),
    10,
    LMKD,
  );
  check(
    "not ready, but known: the largest",
    [
      { pid: 10, adj: 100, rssKb: 1, cold: true },
      { pid: 11, adj: 100, rssKb: 9, cold: true },
    ],
    11,
    LMKD,
  );
});

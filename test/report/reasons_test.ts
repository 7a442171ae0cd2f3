// Every reason in words: lmkd's as its log has them, to the letter, and ours.

import assert from "node:assert/strict";
import {
  ABOVE_ALL,
  BELOW_HIGH,
  BELOW_LOW,
  BELOW_MIN,
} from "../../src/policy/watermarks.ts";
import {
  reasonName,
  reasonText,
  strategyName,
} from "../../src/report/reasons.ts";
import { KIND_KILL } from "../../src/state/journal.ts";
import * as reasons from "../../src/state/reasons.ts";
import { journalOf } from "./records.ts";

/** `figures`: value, limit, second value. */
function check(
  reason: number,
  mark: number,
  figures: readonly number[],
  want: string,
): void {
  const [J_VALUE = 0, J_LIMIT = 0, J_VALUE2 = 0] = figures;
  const words = {
    J_REASON: reason,
    J_MARK: mark,
    J_VALUE,
    J_LIMIT,
    J_VALUE2,
  };
  const journal = journalOf([{ kind: KIND_KILL, words }]);
  assert.equal(reasonText(journal.words, 0), want);
}

Deno.test("reasons: numbers that are none", () => {
  check(-1, BELOW_MIN, [], "NONE");
  check(10, BELOW_MIN, [1, 2], "REASON_10");
  check(1_500, BELOW_MIN, [1, 2], "REASON_1500");
  check(-2_147_483_648, BELOW_MIN, [], "REASON_-2147483648");
});

Deno.test("reasons: with the figures behind them", () => {
  const LOW = BELOW_LOW;
  check(0, BELOW_MIN, [], "min watermark is breached even after kill");
  check(1, LOW, [], "device is not responding");
  check(
    2,
    LOW,
    [50, 60, 120],
    "device is low on swap (50kB < 60kB) and thrashing (120%)",
  );
  check(
    3,
    LOW,
    [500, 600],
    "low watermark is breached and swap is low (500kB < 600kB)",
  );
  check(4, LOW, [120, 100], "low watermark is breached and thrashing (120%)");
  check(
    5,
    LOW,
    [120, 100],
    "device is in direct reclaim and thrashing (120%)",
  );
  check(
    6,
    LOW,
    [95, 80],
    "low watermark is breached and swap utilization is high (95% > 80%)",
  );
  check(7, LOW, [90, 100], "filecache is low (90kB < 100kB) after thrashing");
  check(8, LOW, [700, 800], "low watermark is breached");
  check(
    9,
    LOW,
    [900, 800],
    "device is stuck in direct reclaim (900ms > 800ms)",
  );
  check(
    2_000,
    LOW,
    [90, 100],
    "memory is about to end (90kB left, 100kB soon needed)",
  );
  check(2_001, LOW, [-90], "memory is below its reserve (by 90kB)");
  check(2_002, LOW, [90, 100], "minfree tier is undercut (90kB < 100kB)");
  check(2_003, LOW, [0], "pressure level is low");
  check(2_003, LOW, [1], "pressure level is medium");
  check(2_003, LOW, [2], "pressure level is critical");
  check(2_003, LOW, [-7], "pressure level is -7");
});

Deno.test("reasons: min below the min watermark, else low", () => {
  const rows: [reason: number, end: string][] = [
    [3, " and swap is low (1kB < 2kB)"],
    [4, " and thrashing (1%)"],
    [6, " and swap utilization is high (1% > 2%)"],
    [8, ""],
  ];
  for (const [reason, end] of rows) {
    check(reason, BELOW_MIN, [1, 2], `min watermark is breached${end}`);
    for (const mark of [BELOW_LOW, BELOW_HIGH, ABOVE_ALL, -1]) {
      check(reason, mark, [1, 2], `low watermark is breached${end}`);
    }
  }
  // Whatever else is breached, the others do not tell of it.
  check(5, BELOW_MIN, [1], "device is in direct reclaim and thrashing (1%)");
  check(0, BELOW_LOW, [], "min watermark is breached even after kill");
});

Deno.test("reasons: each has a name, that of its constant, and a text", () => {
  let count = 0;
  for (const [name, number] of Object.entries(reasons)) {
    if (!name.startsWith("REASON_")) continue;
    assert.equal(reasonName(Number(number)), name.slice("REASON_".length));
    const journal = journalOf([{
      kind: KIND_KILL,
      words: { J_REASON: Number(number) },
    }]);
    const text = reasonText(journal.words, 0);
    assert.ok(name === "REASON_NONE" || /^[a-z]/.test(text), name);
    count++;
  }
  assert.equal(count, 17);
});

Deno.test("strategies have the names of the configuration", () => {
  assert.deepEqual([0, 1, 2].map(strategyName), [
    "adaptive",
    "lmkd",
    "minfree",
  ]);
});

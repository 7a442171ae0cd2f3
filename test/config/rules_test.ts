// Values that are right alone and wrong together.

import assert from "node:assert/strict";
import { inFile, messagesOf } from "./helpers.ts";

const TIERS = '{"minfree": [\n{"kb": 40, "adj": 0},\n';

/** Text, options, messages. */
const RULES: [text: string | null, sets: string[], want: string[]][] = [
  ['{"psi": {"windowMs": 1000,\n"someStallMs": 1001}}', [], [
    inFile(
      2,
      16,
      "psi.someStallMs is 1001, expected at most psi.windowMs, which is 1000",
    ),
  ]],
  ['{"psi": {"fullStallMs": 1001}}', [], [
    inFile(
      1,
      25,
      "psi.fullStallMs is 1001, expected at most psi.windowMs, " +
        "which is 1000 by default",
    ),
  ]],
  ['{"psi": {"windowMs": 600}}', [], [
    inFile(
      1,
      22,
      "psi.fullStallMs is 700 by default, expected at most psi.windowMs, " +
        "which is 600",
    ),
  ]],
  ['{"lmkd": {"thrashingCriticalPercent": 20}}', [], [
    inFile(
      1,
      39,
      "lmkd.thrashingLimitPercent is 30 by default, expected at most " +
        "lmkd.thrashingCriticalPercent, which is 20",
    ),
  ]],
  ['{"exhaustion": {"reserveKb": 300, "comfortKb": 200}}', [], [
    inFile(
      1,
      30,
      "exhaustion.reserveKb is 300, expected at most exhaustion.comfortKb, " +
        "which is 200",
    ),
  ]],
  [null, ["exhaustion.comfortKb=1048576"], [
    'Cannot parse "--set exhaustion.comfortKb": exhaustion.comfortKb is ' +
    "1048576, expected less than all memory, which is 1048576 kB",
  ]],
  [null, ["exhaustion.reserveKb=524288"], [
    'Cannot parse "--set exhaustion.reserveKb": exhaustion.comfortKb is ' +
    "1048576 by default, expected less than all memory, which is 1048576 kB",
  ]],
  [null, ["wait.sprintMs=1000", "wait.idleMaxMs=999"], [
    'Cannot parse "--set wait.sprintMs": wait.sprintMs is 1000, expected at ' +
    "most wait.idleMaxMs, which is 999",
  ]],
  [`${TIERS}{"kb": 40, "adj": 9}]}`, [], [
    inFile(
      3,
      8,
      "minfree[1].kb is 40 (10 pages), expected more than minfree[0], " +
        "which is 10 pages",
    ),
  ]],
  [`${TIERS}{"pages": 9, "adj": 9}]}`, [], [
    inFile(
      3,
      11,
      "minfree[1].pages is 9 (9 pages), expected more than minfree[0], " +
        "which is 10 pages",
    ),
  ]],
  [`{"minfree": [{"kb": 4, "adj": 1},\n{"kb": 9, "adj": 0}]}`, [], [
    inFile(
      2,
      18,
      "minfree[1].adj is 0, expected at least 1, the adj of minfree[0]",
    ),
  ]],
  [`${TIERS}{"kb": 44, "adj": 0}]}`, [], []],
  ["{}", ['minfree=[{"kb":8,"adj":5},{"kb":4,"adj":0}]'], [
    'Cannot parse "--set minfree": minfree[1].kb is 4 (1 pages), expected ' +
    "more than minfree[0], which is 2 pages",
    'Cannot parse "--set minfree": minfree[1].adj is 0, expected at least ' +
    "5, the adj of minfree[0]",
  ]],
  // What was refused takes part in no rule, what was not still does.
  [
    '{"psi": {"windowMs": 1, "someStallMs": 9000}, "wait": {"idleMaxMs": 10,' +
    ' "sprintMs": 20}}',
    [],
    [
      inFile(
        1,
        22,
        "psi.windowMs is 1, expected a whole number of ms from 500 to 10000",
      ),
      inFile(
        1,
        85,
        "wait.sprintMs is 20, expected at most wait.idleMaxMs, which is 10",
      ),
    ],
  ],
  ['{"psi": 1, "dryRun": 0}', ["psi.windowMs=500"], [
    inFile(
      1,
      9,
      "psi is 1, expected an object with someStallMs, fullStallMs, windowMs",
    ),
    inFile(1, 22, "dryRun is 0, expected true or false"),
  ]],
  ["{", ["psi.windowMs=500"], [inFile(1, 2, 'expected "}"')]],
];

Deno.test("values that are wrong together say which", () => {
  for (const [text, sets, want] of RULES) {
    assert.deepEqual(messagesOf(text, sets), want, `${text} ${sets}`);
  }
});

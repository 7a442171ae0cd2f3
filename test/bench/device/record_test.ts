// Lines to records: what is no record is refused with its place and what was
// expected, and only a last line may be cut short.

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";

import { formatRecord, parseRecords, TRACE_POINTS_MAX } from "./record.ts";
import { boot, syntheticRecords } from "./synthetic.ts";

const GOOD = boot("earlyoom", "leak", 1);
const LINE = formatRecord(GOOD);

/** The good record with other values at a path. */
function changed(path: string, value: unknown): string {
  const copy = JSON.parse(LINE);
  const keys = path.split(".");
  const last = keys.pop()!;
  const at = keys.reduce((one, key) => one[key], copy);
  if (value === undefined) delete at[last];
  else at[last] = value;
  return JSON.stringify(copy) + "\n";
}

Deno.test("records come back as they were written", () => {
  const records = syntheticRecords();
  const { records: back, remarks } = parseRecords(
    records.map(formatRecord).join("\n"),
    "a.jsonl",
  );
  deepStrictEqual(back, records);
  deepStrictEqual(remarks, []);
});

Deno.test("a line that is no record is refused with its place", () => {
  const rows: [string, string][] = [
    ["[]\n", "is a list of 0, expected a record"],
    ["null\n", "is null, expected a record"],
    ["7\n", "is 7, expected a record"],
    [changed("v", 2), "v is 2, expected 1, the version of this format"],
    [
      changed("seed", -1),
      "seed is -1, expected a seed, 0 or more",
    ],
    [changed("seed", 1.5), "seed is 1.5, expected a seed, 0 or more"],
    [
      changed("guard", undefined),
      "guard is missing, expected a guard's name of 1 to 40 characters",
    ],
    [
      changed("guard", "x".repeat(41)),
      `guard is "${
        "x".repeat(36)
      }…, expected a guard's name of 1 to 40 characters`,
    ],
    [changed("date", "then"), 'date is "then", expected a date as'],
    [changed("lost", 0), "lost is 0, expected true or false"],
    [changed("fullMs", null), "fullMs is null, expected a number of ms, 0"],
    [changed("fullMs", -0.1), "fullMs is -0.1, expected a number of ms, 0"],
    [changed("heart", 5), "heart is 5, expected an object"],
    [
      changed("heart.maxUs", "9"),
      'heart.maxUs is "9", expected a number of us, 0 or more',
    ],
    [
      changed("victims.0.adj", 1001),
      "victims.0.adj is 1001, expected an oom_score_adj from -1000 to 1000",
    ],
    [changed("surprise", 1), 'unknown "surprise"'],
    [changed("cost.nice", 1), 'unknown "nice" in cost'],
    [
      changed("trace.t", [1, 0]),
      "trace.t is a list of 2, expected times that rise",
    ],
    [
      changed("trace.availKb", [1]),
      "trace is an object, expected lists of one",
    ],
    [
      changed("trace.fullUs", Array(TRACE_POINTS_MAX + 1).fill(0)),
      "trace.fullUs is a list of 401, expected at most 400 points",
    ],
    ["{\n", "no JSON ("],
  ];
  for (const [line, want] of rows) {
    throws(
      () => parseRecords(LINE + "\n" + line + LINE, "run.jsonl"),
      (error: Error) => {
        strictEqual(error instanceof SyntaxError, true);
        strictEqual(
          error.message.includes(`\n  run.jsonl:3: ${want}`),
          true,
          `${error.message}\n— wanted: ${want}`,
        );
        return true;
      },
    );
  }
});

Deno.test("all refusals are told, but not without end", () => {
  const bad = changed("v", 2);
  throws(() => parseRecords(bad.repeat(3), "a"), /a:1: .*\n.*a:2: .*\n.*a:3: /);
  throws(() => parseRecords(bad.repeat(10), "a"), /a:8: .*\n {2}and 2 more$/);
});

Deno.test("a run that was interrupted is read up to there", () => {
  for (const length of [1, 40, LINE.length - 2]) {
    const { records, remarks } = parseRecords(
      LINE + LINE.slice(0, length),
      "run.jsonl",
    );
    strictEqual(records.length, 1);
    deepStrictEqual(remarks, [
      `run.jsonl:2: cut short after ${length} characters, skipped`,
    ]);
  }
  // Only the line's end is missing: nothing is.
  const whole = parseRecords(LINE + LINE.trimEnd(), "run.jsonl");
  deepStrictEqual([whole.records.length, whole.remarks.length], [2, 0]);
  // Something was written after it: it was not the last.
  throws(() => parseRecords(LINE.slice(0, 40) + "\n", "run.jsonl"), /:1: no J/);
});

Deno.test("what would be refused is not written", () => {
  throws(() => formatRecord({ ...GOOD, seed: -1 }), TypeError);
  throws(() => formatRecord({ ...GOOD, fullMs: NaN }), TypeError);
});

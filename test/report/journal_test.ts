// The journal in words: lmkd's Kill line to the letter, hostile names, and what
// became of whom.

import assert from "node:assert/strict";
import { JOURNAL_RECORDS } from "../../src/base/limits.ts";
import { SLOT_ZRAM } from "../../src/daemon/sensor.ts";
import { WORD_BYTES } from "../../src/daemon/status_file.ts";
import { CALL_NAMES } from "../../src/report/calls.ts";
import {
  killsOf,
  recordsOf,
  timeOf,
  tornOf,
} from "../../src/report/journal.ts";
import { killinfoOf } from "../../src/report/killinfo.ts";
import { killLine, recordLevel, recordLine } from "../../src/report/lines.ts";
import { CALL_KILL, CALL_OPEN, CALL_SLOT } from "../../src/state/calls.ts";
import * as j from "../../src/state/journal.ts";
import * as reasons from "../../src/state/reasons.ts";
import {
  STRATEGY_ADAPTIVE,
  STRATEGY_LMKD,
  STRATEGY_MINFREE,
} from "../../src/state/settings.ts";
import { type Entry, journalOf, KILL, withWords } from "./records.ts";

function textOf(entry: Entry): string {
  return killLine(journalOf([entry]).words, 0);
}

Deno.test("the Kill line is lmkd's", () => {
  assert.equal(
    textOf(KILL),
    "Kill 'com.example.app' (1234), uid 10085, oom_score_adj 905 to free " +
      "46080kB rss, 2048kB swap; reason: low watermark is breached",
  );
  // What lmkd's own test reads of it (AOSP lmkd_test.cpp).
  for (const adj of [-1000, -1, 0, 1000]) {
    const line = textOf(
      withWords(KILL, { J_ADJ: adj, J_RSS_KB: 0, J_SWAP_KB: 0 }),
    );
    const match =
      /^Kill '(.*)' \((\d+)\), uid (-?\d+), oom_score_adj (-?\d+) to free (\d+)kB rss, (\d+)kB swap; reason: ./
        .exec(line);
    assert.equal(match?.[4], String(adj), line);
  }
});

Deno.test("a Kill line without a reason is lmkd's of old", () => {
  const rows: [strategy: number, reason: number, end: RegExp][] = [
    [STRATEGY_LMKD, reasons.REASON_NONE, /rss, 2048kb swap$/],
    [STRATEGY_LMKD, reasons.REASON_MINFREE, /rss, 2048kb swap$/],
    [STRATEGY_LMKD, reasons.REASON_LEVEL, /rss, 2048kb swap$/],
    [STRATEGY_MINFREE, reasons.REASON_MINFREE, /rss, 2048kb swap$/],
    [STRATEGY_MINFREE, reasons.REASON_LEVEL, /rss, 2048kb swap$/],
    [STRATEGY_LMKD, reasons.REASON_LOW_MEM, /2048kB swap; reason: low water/],
    [STRATEGY_ADAPTIVE, reasons.REASON_NONE, /rss, 2048kb swap$/],
    [STRATEGY_ADAPTIVE, reasons.REASON_MINFREE, /kB swap; reason: minfree t/],
    [STRATEGY_ADAPTIVE, reasons.REASON_EXHAUSTION, /kB swap; reason: memory /],
  ];
  for (const [strategy, reason, end] of rows) {
    const words = { J_STRATEGY: strategy, J_REASON: reason };
    assert.match(textOf(withWords(KILL, words)), end);
  }
});

Deno.test("hostile names in the Kill line and in the list", () => {
  const rows: [name: string | Uint8Array, want: string][] = [
    ["foo) Z ", "foo) Z "],
    ["", ""],
    ["a\nKill 'b' (1)", "a?Kill 'b' (1)"],
    ["\x1b[31mred\x07", "?[31mred?"],
    ["cut\0behind", "cut"],
    ["x".repeat(127), "x".repeat(127)],
    ["x".repeat(300), "x".repeat(128)],
    [new Uint8Array(128).fill(0x80), "?".repeat(128)],
  ];
  for (const [name, want] of rows) {
    const { words } = journalOf([{ ...KILL, name }]);
    assert.ok(killLine(words, 0).startsWith(`Kill '${want}' (1234), `));
    assert.equal(killsOf(words)[0].name, want);
  }
});

Deno.test("the line of each kind of record", () => {
  const words = {
    J_PID: 42,
    J_LATENCY: 17,
    J_BACK_KB: 4_096,
    J_DETAIL: -3,
    J_FLOOR_ADJ: 201,
    J_REASON: 1,
  };
  const rows: [kind: number, string, level: string][] = [
    [j.KIND_DEATH, "Process 42 died after 17ms, 4096kB came back", "info"],
    [
      j.KIND_OVERDUE,
      "Process 42 outlived the deadline of 17ms, going on without it",
      "warn",
    ],
    [
      j.KIND_REFUSED,
      "Cannot signal process 42: ESRCH, trying another",
      "warn",
    ],
    [
      j.KIND_NO_VICTIM,
      "Nobody to kill at oom_score_adj 201 or above; " +
      "reason: device is not responding",
      "warn",
    ],
    [
      j.KIND_WATCHDOG,
      "The watchdog killed '' (42), oom_score_adj 0, 0kB rss; " +
      "reason: device is not responding",
      "warn",
    ],
    [
      j.KIND_KEEPER,
      "The keeper did what this version does not know (-3)",
      "warn",
    ],
    [j.KIND_REAP, "Process 42 was reaped in 0ms", "debug"],
    [j.KIND_START, "", "info"],
    [j.KIND_STOP, "", "info"],
    [j.KIND_RELOAD, "", "info"],
    [0, "", "info"],
    [99, "", "info"],
    [-1, "", "info"],
  ];
  for (const [kind, want, level] of rows) {
    const journal = journalOf([{ kind, words }]);
    assert.equal(recordLine(journal.words, 0), want);
    assert.equal(recordLevel(journal.words, 0), level);
  }
  const dry = journalOf([withWords(KILL, { J_DETAIL: 1 })]);
  assert.match(recordLine(dry.words, 0), /^\[dry run\] Kill 'com\.example/);
  const real = journalOf([KILL]);
  assert.equal(recordLine(real.words, 0), killLine(real.words, 0));
});

Deno.test("the line of calls that failed", () => {
  const rows: [call: number, rc: number, count: number, want: string][] = [
    [CALL_OPEN, -12, 12, "open failed: ENOMEM (12 times)"],
    [CALL_KILL, -1, 1, "kill failed: EPERM (once)"],
    [CALL_SLOT, -4, 2, "read meminfo failed: EINTR (2 times)"],
    [CALL_SLOT + SLOT_ZRAM + 1, -5, 1, "read zram failed: EIO (once)"],
    [0, -999, 1, "call 0 failed: errno 999 (once)"],
  ];
  for (const [J_CALL, J_DETAIL, J_VALUE, want] of rows) {
    const words = { J_CALL, J_DETAIL, J_VALUE };
    const journal = journalOf([{ kind: j.KIND_FAULT, words }]);
    assert.equal(recordLine(journal.words, 0), want);
    assert.equal(recordLevel(journal.words, 0), "warn");
  }
  // The status file has room for so much of each.
  const names = CALL_NAMES.filter((name) => name.length > WORD_BYTES);
  assert.deepEqual(names, []);
});

Deno.test("the line of a reap", () => {
  const ESRCH = 3;
  const rows: [us: number, result: number, want: string, level: string][] = [
    [0, 0, "Process 42 was reaped in 0ms", "debug"],
    [999, 0, "Process 42 was reaped in 0ms", "debug"],
    [1_000, 0, "Process 42 was reaped in 1ms", "debug"],
    [2_147_483_647, 0, "Process 42 was reaped in 2147483ms", "debug"],
    [5, -ESRCH, "process_mrelease 42 failed: No such process", "error"],
    [5, -1, "process_mrelease 42 failed: Operation not permitted", "error"],
    [5, -4, "process_mrelease 42 failed: Interrupted system call", "error"],
    [5, -9, "process_mrelease 42 failed: Bad file descriptor", "error"],
    [5, -11, "process_mrelease 42 failed: Try again", "error"],
    [5, -22, "process_mrelease 42 failed: Invalid argument", "error"],
    [5, -38, "process_mrelease 42 failed: Function not implemented", "error"],
    [5, -12, "process_mrelease 42 failed: ENOMEM", "error"],
    [5, -999, "process_mrelease 42 failed: errno 999", "error"],
  ];
  for (const [us, result, want, level] of rows) {
    const { words } = journalOf([{
      kind: j.KIND_REAP,
      words: { J_PID: 42, J_REAP_US: us, J_REAP_RESULT: result },
    }]);
    assert.equal(recordLine(words, 0), want);
    assert.equal(recordLevel(words, 0), level);
  }
});

const REAP: Entry = {
  kind: j.KIND_REAP,
  words: { J_PID: 1234, J_KILL_SERIAL: 1, J_REAP_US: 4_500 },
};

const DEATH: Entry = {
  kind: j.KIND_DEATH,
  words: { J_PID: 1234, J_KILL_SERIAL: 1, J_LATENCY: 23, J_BACK_KB: 40_000 },
};

Deno.test("kills with what became of them", () => {
  const DAY_MS = 86_400_000;
  const start: Entry = { kind: j.KIND_START };
  const rows: [string, Entry[], (number | null)[]][] = [
    ["nobody", [], []],
    ["other records", [start, DEATH], []],
    ["not seen", [KILL], [null]],
    ["seen", [KILL, DEATH], [23]],
    ["over midnight", [KILL, { ...DEATH, nowMs: DAY_MS + 5 }], [23]],
    [
      "another's death",
      [KILL, { ...DEATH, words: { ...DEATH.words, J_PID: 1 } }],
      [null],
    ],
    [
      "another kill's death",
      [KILL, { ...DEATH, words: { ...DEATH.words, J_KILL_SERIAL: 7 } }],
      [null],
    ],
    ["two", [KILL, DEATH, KILL], [23, null]],
  ];
  for (const [name, entries, want] of rows) {
    const got = killsOf(journalOf(entries).words).map((kill) => kill.deathMs);
    assert.deepEqual(got, want, name);
  }
  const [kill] = killsOf(journalOf([{ ...KILL, nowMs: 1_234 }, DEATH]).words);
  assert.deepEqual(kill, {
    serial: 1,
    time: "2023-11-14T22:13:21.234Z",
    pid: 1234,
    uid: 10_085,
    adj: 905,
    name: "com.example.app",
    rssKb: 46_080,
    swapKb: 2_048,
    reason: "LOW_MEM",
    reasonText: "low watermark is breached",
    floorAdj: 201,
    availableKb: 50_000,
    grownKb: 0,
    signalUs: 312,
    dryRun: false,
    deathMs: 23,
    backKb: 40_000,
    strategy: "adaptive",
    watermark: "low",
    reapUs: null,
    reapError: null,
    killinfo: killinfoOf(journalOf([KILL]).words, 0),
    by: "guard",
  });
  // The kernel's uids are unsigned.
  const [nobody] = killsOf(journalOf([withWords(KILL, { J_UID: -2 })]).words);
  assert.equal(nobody.uid, 4_294_967_294);
});

Deno.test("kills with their reaps, watermarks and strategies", () => {
  const rows: [Entry, us: number | null, error: string | null][] = [
    [REAP, 4_500, null],
    [withWords(REAP, { J_REAP_RESULT: -3 }), 4_500, "ESRCH"],
    [withWords(REAP, { J_PID: 1 }), null, null],
    [withWords(REAP, { J_KILL_SERIAL: 2 }), null, null],
    [withWords(REAP, { J_REAP_US: 0 }), 0, null],
  ];
  for (const [reap, us, error] of rows) {
    // It may return before the death is seen, and after.
    for (const entries of [[KILL, reap, DEATH], [KILL, DEATH, reap]]) {
      const [kill] = killsOf(journalOf(entries).words);
      assert.deepEqual([kill.reapUs, kill.reapError], [us, error]);
      assert.equal(kill.deathMs, 23);
    }
  }
  const marks: [number, string | null][] = [
    [0, "min"],
    [1, "low"],
    [2, "high"],
    [3, null],
    [-1, null],
  ];
  for (const [mark, want] of marks) {
    const { words } = journalOf([withWords(KILL, { J_MARK: mark })]);
    assert.equal(killsOf(words)[0].watermark, want);
  }
  const strategies: [number, string][] = [
    [STRATEGY_ADAPTIVE, "adaptive"],
    [STRATEGY_LMKD, "lmkd"],
    [STRATEGY_MINFREE, "minfree"],
  ];
  for (const [strategy, want] of strategies) {
    const { words } = journalOf([withWords(KILL, { J_STRATEGY: strategy })]);
    assert.equal(killsOf(words)[0].strategy, want);
  }
});

Deno.test("records are in the order in which they were written", () => {
  // The clock was set back in between, and the ring has wrapped.
  const entries = Array.from({ length: JOURNAL_RECORDS + 5 }, () => KILL);
  const journal = journalOf(entries);
  journal.setEpoch(0, 5);
  const at = journal.begin(j.KIND_STOP, 10);
  journal.commit();
  const records = recordsOf(journal.words);
  assert.equal(records.length, JOURNAL_RECORDS);
  assert.equal(records.at(-1), at);
  assert.equal(timeOf(journal.words, at), 5_010);
  const serials = records.map((one) => journal.words[one]);
  assert.deepEqual(serials, serials.toSorted((a, b) => a - b));
  assert.equal(serials[0], 7);
  assert.equal(tornOf(journal.words), 0);
});

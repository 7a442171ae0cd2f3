// The journal in words: lmkd's Kill line to the letter, hostile names, and what
// became of whom.

import assert from "node:assert/strict";
import { JOURNAL_RECORDS } from "../../src/base/limits.ts";
import {
  killLine,
  killsOf,
  nameAt,
  recordLine,
  recordsOf,
  timeOf,
  tornOf,
} from "../../src/report/journal.ts";
import { reasonName, reasonText } from "../../src/report/reasons.ts";
import * as j from "../../src/state/journal.ts";
import * as reasons from "../../src/state/reasons.ts";
import { type Entry, journalOf, KILL } from "./records.ts";

function textOf(entry: Entry): string {
  return killLine(journalOf([entry]).words, 0);
}

function withWords(words: Entry["words"]): Entry {
  return { ...KILL, words: { ...KILL.words, ...words } };
}

Deno.test("the Kill line is lmkd's", () => {
  assert.equal(
    textOf(KILL),
    "Kill 'com.example.app' (1234), uid 10085, oom_score_adj 905 to free " +
      "46080kB rss, 2048kB swap; reason: low watermark is breached " +
      "(7000kB < 8000kB)",
  );
  // What lmkd's own test reads of it (AOSP lmkd_test.cpp).
  for (const adj of [-1000, -1, 0, 1000]) {
    const line = textOf(withWords({ J_ADJ: adj, J_RSS_KB: 0, J_SWAP_KB: 0 }));
    const match =
      /^Kill '(.*)' \((\d+)\), uid (-?\d+), oom_score_adj (-?\d+) to free (\d+)kB rss, (\d+)kB swap; reason: ./
        .exec(line);
    assert.equal(match?.[4], String(adj), line);
  }
});

Deno.test("names are shown safely", () => {
  const rows: [name: string | Uint8Array, want: string][] = [
    ["foo) Z ", "foo) Z "],
    ["", ""],
    ["a\nKill 'b' (1)", "a?Kill 'b' (1)"],
    ["\x1b[31mred\x07", "?[31mred?"],
    ["\u009b31m", "??31m"],
    ["caf\u00e9", "caf??"],
    ["0123456789abcdef", "0123456789abcdef"],
    ["cut\0behind", "cut"],
    [Uint8Array.of(0xff, 0xfe, 0x7f, 0x20, 0x7e), "??? ~"],
    [new Uint8Array(16).fill(0x80), "?".repeat(16)],
  ];
  for (const [name, want] of rows) {
    const { words } = journalOf([{ ...KILL, name }]);
    assert.equal(nameAt(words, j.J_NAME), want);
    assert.ok(killLine(words, 0).startsWith(`Kill '${want}' (1234), `));
    assert.equal(killsOf(words)[0].name, want);
  }
});

Deno.test("every reason in words", () => {
  const rows: [reason: number, value: number, limit: number, string][] = [
    [0, 0, 0, "min watermark is breached even after kill"],
    [1, 0, 0, "device is not responding"],
    [2, 120, 100, "device is low on swap and thrashing (120%)"],
    [
      3,
      500,
      600,
      "low watermark is breached and swap is low (500kB < 600kB)",
    ],
    [4, 120, 100, "low watermark is breached and thrashing (120%)"],
    [5, 120, 100, "device is in direct reclaim and thrashing (120%)"],
    [
      6,
      95,
      80,
      "low watermark is breached and swap utilization is high (95% > 80%)",
    ],
    [7, 90, 100, "filecache is low (90kB < 100kB) after thrashing"],
    [8, 700, 800, "low watermark is breached (700kB < 800kB)"],
    [2000, 90, 100, "memory is about to end (90kB left, 100kB soon needed)"],
    [2001, -90, 0, "memory is below its reserve (by 90kB)"],
    [2002, 90, 100, "minfree tier is undercut (90kB < 100kB)"],
    [-1, 0, 0, "NONE"],
    [1500, 0, 0, "REASON_1500"],
  ];
  for (const [reason, value, limit, want] of rows) {
    const words = { J_REASON: reason, J_VALUE: value, J_LIMIT: limit };
    const journal = journalOf([{ kind: j.KIND_KILL, words }]);
    assert.equal(reasonText(journal.words, 0), want);
  }
  // Each reason that there is has a name: that of its constant.
  for (const [name, number] of Object.entries(reasons)) {
    if (!name.startsWith("REASON_")) continue;
    assert.equal(reasonName(Number(number)), name.slice("REASON_".length));
    const journal = journalOf([{
      kind: j.KIND_KILL,
      words: { J_REASON: Number(number) },
    }]);
    const text = reasonText(journal.words, 0);
    assert.ok(name === "REASON_NONE" || /^[a-z]/.test(text), name);
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
  const rows: [kind: number, string][] = [
    [j.KIND_DEATH, "Process 42 died after 17ms, 4096kB came back"],
    [
      j.KIND_OVERDUE,
      "Process 42 outlived the deadline of 17ms, going on without it",
    ],
    [
      j.KIND_REFUSED,
      "Cannot signal process 42: errno 3, leaving it out",
    ],
    [
      j.KIND_NO_VICTIM,
      "Nobody to kill at oom_score_adj 201 or above; " +
      "reason: device is not responding",
    ],
    [j.KIND_START, ""],
    [j.KIND_STOP, ""],
    [j.KIND_RELOAD, ""],
    [0, ""],
    [99, ""],
    [-1, ""],
  ];
  for (const [kind, want] of rows) {
    assert.equal(recordLine(journalOf([{ kind, words }]).words, 0), want);
  }
  const dry = journalOf([withWords({ J_DETAIL: 1 })]);
  assert.match(recordLine(dry.words, 0), /^\[dry run\] Kill 'com\.example/);
  const real = journalOf([KILL]);
  assert.equal(recordLine(real.words, 0), killLine(real.words, 0));
});

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
    reasonText: "low watermark is breached (7000kB < 8000kB)",
    floorAdj: 201,
    availableKb: 50_000,
    grownKb: 0,
    signalUs: 312,
    dryRun: false,
    deathMs: 23,
    backKb: 40_000,
  });
  // The kernel's uids are unsigned.
  const [nobody] = killsOf(journalOf([withWords({ J_UID: -2 })]).words);
  assert.equal(nobody.uid, 4_294_967_294);
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

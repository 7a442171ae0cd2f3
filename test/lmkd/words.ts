// What lmkd says of a kill: the numbers of its reasons, its log lines, which
// tests and log readers parse, and the figures of its killinfo event.

import assert from "node:assert/strict";
import { Log } from "../../src/cli/log.ts";
import { BELOW_LOW, BELOW_MIN } from "../../src/policy/watermarks.ts";
import { killsOf } from "../../src/report/journal.ts";
import { killLine, recordLine } from "../../src/report/lines.ts";
import { killinfoOf } from "../../src/report/killinfo.ts";
import { reasonName, reasonText } from "../../src/report/reasons.ts";
import type { Shim } from "../../src/shim/shim.ts";
import * as j from "../../src/state/journal.ts";
import * as reasons from "../../src/state/reasons.ts";
import { STRATEGY_LMKD, STRATEGY_MINFREE } from "../../src/state/settings.ts";
import { type Entry, journalOf, KILL, withWords } from "../report/records.ts";
import { conforms } from "./conforms.ts";

/** Reasons by their numbers in lmkd's protocol, with the text of each below
 * the low watermark; value 1, limit 2, second value 3. */
const REASONS: readonly (readonly [number, string, string])[] = [
  [0, "PRESSURE_AFTER_KILL", "min watermark is breached even after kill"],
  [1, "NOT_RESPONDING", "device is not responding"],
  [
    2,
    "LOW_SWAP_AND_THRASHING",
    "device is low on swap (1kB < 2kB) and thrashing (3%)",
  ],
  [
    3,
    "LOW_MEM_AND_SWAP",
    "low watermark is breached and swap is low (1kB < 2kB)",
  ],
  [
    4,
    "LOW_MEM_AND_THRASHING",
    "low watermark is breached and thrashing (1%)",
  ],
  [
    5,
    "DIRECT_RECL_AND_THRASHING",
    "device is in direct reclaim and thrashing (1%)",
  ],
  [
    6,
    "LOW_MEM_AND_SWAP_UTIL",
    "low watermark is breached and swap utilization is high (1% > 2%)",
  ],
  [
    7,
    "LOW_FILECACHE_AFTER_THRASHING",
    "filecache is low (1kB < 2kB) after thrashing",
  ],
  [8, "LOW_MEM", "low watermark is breached"],
  [
    9,
    "DIRECT_RECL_STUCK",
    "device is stuck in direct reclaim (1ms > 2ms)",
  ],
];

/** A kill that strategy lmkd made for `reason`. */
function killFor(reason: number, words: Entry["words"] = {}): Entry {
  return withWords(KILL, {
    J_STRATEGY: STRATEGY_LMKD,
    J_REASON: reason,
    J_VALUE: 1,
    J_LIMIT: 2,
    J_VALUE2: 3,
    J_MARK: BELOW_LOW,
    ...words,
  });
}

const lineOf = (entry: Entry) => recordLine(journalOf([entry]).words, 0);

conforms("4.5", "each reason has lmkd's number and its name", () => {
  const constants = reasons as unknown as Readonly<Record<string, number>>;
  assert.equal(constants["REASON_NONE"], -1);
  for (const [number, name] of REASONS) {
    assert.equal(constants[`REASON_${name}`], number);
    assert.equal(reasonName(number), name);
  }
  // Nothing else is where lmkd or a vendor has numbers.
  const taken = Object.entries(constants)
    .filter(([name, number]) => name.startsWith("REASON_") && number < 2_000);
  assert.equal(taken.length, REASONS.length + 1);
});

conforms("6.2", "each reason's text, to the letter", () => {
  for (const [number, , want] of REASONS) {
    assert.equal(reasonText(journalOf([killFor(number)]).words, 0), want);
    assert.ok(lineOf(killFor(number)).endsWith(`kB swap; reason: ${want}`));
  }
});

conforms("6.2", "min or low, after the watermark that is breached", () => {
  for (const [number, , low] of REASONS) {
    const min = lineOf(killFor(number, { J_MARK: BELOW_MIN }));
    const want = low.replace(/^low watermark/, "min watermark");
    assert.ok(min.endsWith(`; reason: ${want}`), min);
  }
  const both = REASONS.filter(([, , low]) => low.startsWith("low watermark"));
  assert.deepEqual(both.map(([number]) => number), [3, 4, 6, 8]);
});

conforms("6.2", "the Kill line, with a reason and without", () => {
  const head = "Kill 'com.example.app' (1234), uid 10085, " +
    "oom_score_adj 905 to free 46080kB rss, 2048";
  assert.equal(
    lineOf(killFor(reasons.REASON_NOT_RESPONDING)),
    `${head}kB swap; reason: device is not responding`,
  );
  const without: [reason: number, strategy: number][] = [
    [reasons.REASON_NONE, STRATEGY_LMKD],
    [reasons.REASON_MINFREE, STRATEGY_LMKD],
    [reasons.REASON_MINFREE, STRATEGY_MINFREE],
    [reasons.REASON_LEVEL, STRATEGY_LMKD],
  ];
  for (const [reason, J_STRATEGY] of without) {
    assert.equal(lineOf(killFor(reason, { J_STRATEGY })), `${head}kb swap`);
  }
});

conforms("6.2", "the name is the whole command name", () => {
  const name = `/data/local/tmp/${"x".repeat(111)}`;
  assert.equal(name.length, 127);
  const { words } = journalOf([{ ...KILL, name }]);
  assert.ok(killLine(words, 0).startsWith(`Kill '${name}' (1234), uid `));
  assert.equal(killsOf(words)[0].name, name);
});

/** Names of the 38, in the event's order. */
const KILLINFO =
  "pid uid adj floorAdj rssKb reason freeKb cachedKb swapCachedKb buffersKb " +
  "shmemKb unevictableKb swapTotalKb swapFreeKb activeAnonKb inactiveAnonKb " +
  "activeFileKb inactiveFileKb slabReclaimableKb slabUnreclaimableKb " +
  "kernelStackKb pageTablesKb ionHeapKb ionHeapPoolKb cmaFreeKb eventMs " +
  "wakeMs wakeups skippedWakeups swapKb gpuKb thrashingPercent " +
  "maxThrashingPercent memorySomePercent memoryFullPercent ioSomePercent " +
  "ioFullPercent cpuSomePercent";

/** The words that hold them; /proc/meminfo's and the averages follow one
 * another. */
const PLACES = [
  ...[j.J_PID, j.J_UID, j.J_ADJ, j.J_FLOOR_ADJ, j.J_RSS_KB, j.J_REASON],
  ...Array.from({ length: 19 }, (_, i) => j.J_MEMINFO + i),
  ...[j.J_EVENT_MS, j.J_WAKE_MS, j.J_WAKEUPS, j.J_SKIPPED],
  ...[j.J_SWAP_KB, j.J_GPU_KB],
  ...[j.J_THRASHING_PERCENT, j.J_MAX_THRASHING_PERCENT],
  ...Array.from({ length: 5 }, (_, i) => j.J_PSI + i),
];

conforms(
  "6.3",
  "38 figures in the event's order, none in another's place",
  () => {
    const words = Object.fromEntries(
      PLACES.map((at, i) => [at, 100 * (i + 1)]),
    );
    const info = killinfoOf(journalOf([{ ...KILL, words }]).words, 0);
    const want = PLACES.map((_, i) => i < 33 ? 100 * (i + 1) : i + 1);
    assert.deepEqual(Object.keys(info), KILLINFO.split(" "));
    assert.deepEqual(Object.values(info), want);
  },
);

conforms("6.3", "every kill of the list carries them", () => {
  const { words } = journalOf([KILL, withWords(KILL, { J_PID: 77 })]);
  const pids = killsOf(words).map(({ killinfo }) => killinfo.pid);
  assert.deepEqual(pids, [1234, 77]);
});

function reap(us: number, result: number): string {
  return lineOf({
    kind: j.KIND_REAP,
    words: { J_PID: 42, J_REAP_US: us, J_REAP_RESULT: result },
  });
}

conforms("6.4", "what became of process_mrelease", () => {
  assert.equal(reap(0, 0), "Process 42 was reaped in 0ms");
  assert.equal(reap(12_999, 0), "Process 42 was reaped in 12ms");
  assert.equal(reap(7, -3), "process_mrelease 42 failed: No such process");
  assert.equal(reap(7, -22), "process_mrelease 42 failed: Invalid argument");
});

// lmkd_tests, TargetReaping: what it looks for, as scanf patterns in C.
const FREED = /to free (-?\d+)kB rss, (-?\d+)kB swap/;
const REAPED = /^Process (\d+) was reaped in (\d+)ms$/;

conforms("8", "TargetReaping can read the Kill line and the reap", () => {
  for (const [number] of REASONS) {
    const [, rss, swap] = FREED.exec(lineOf(killFor(number))) ?? [];
    assert.deepEqual([rss, swap], ["46080", "2048"], String(number));
  }
  assert.deepEqual(REAPED.exec(reap(3_000, 0))?.slice(1), ["42", "3"]);
  assert.ok(reap(3_000, -3).endsWith("No such process"));
});

conforms("8", "check_for_oom finds its Kill lines under lmkd's tag", () => {
  const packets: string[] = [];
  const datagram = (_path: string, packet: Uint8Array): number =>
    packets.push(new TextDecoder().decode(packet.subarray(12)));
  const log = new Log({ datagram } as unknown as Shim, "logd", "info");
  const name = "/data/nativetest64/lmkd_unit_test/lmkd_unit_test";
  for (let adj = 1000; adj >= 0; adj -= 100) {
    log.say("info", lineOf({ ...killFor(8, { J_ADJ: adj }), name }));
  }
  const [tag] = packets[0].split("\0");
  assert.equal(tag, "lowmemorykiller");
  // logcat puts a colon between the tag and the text.
  const lines = packets.map((packet) => packet.replace("\0", ": "));
  const found = lines.filter((line) =>
    line.startsWith(`lowmemorykiller: Kill '${name}'`)
  );
  assert.equal(found.length, 11);
});

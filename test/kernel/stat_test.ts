// The figures of a kill: /proc/PID/stat with names made to mislead, and
// memory.stat of a memory group, against a plain reading with BigInt.

import assert from "node:assert/strict";
import { parseGroupStat, parseTaskStat } from "../../src/kernel/stat.ts";
import {
  STAT_CACHE_HI,
  STAT_MAJFLT_HI,
  STAT_MINFLT_HI,
  STAT_RSS_HI,
  STAT_START_HI,
  STAT_SWAP_HI,
  STAT_WIDE_WORDS,
  STAT_WORDS,
} from "../../src/state/kill_stat.ts";
import { checkTruncations, encode, fixtures, readPlainly } from "./helpers.ts";

/** A clock tick where CLK_TCK is 100, as it is on every Android device. */
const TICK_NS = 10_000_000;

// Captured on 6.18.44, x86_64: a process that calls itself "foo) Z \n1 2) (3",
// the same as a zombie, a kernel thread, and init of a busy container.
const HOSTILE =
  "26219 (foo) Z \n1 2) (3) R 26178 26172 18551 0 -1 4194368 7965 0 0 0 0 2 " +
  "0 0 20 0 1 0 1269245 50040832 10390 18446744073709551615 94645945905152 " +
  "94645945905493 140737449004656 0 0 0 0 16781312 2 0 0 0 17 0 0 0 0 0 0 " +
  "94645945916848 94645945917464 94646235582464 140737449011442 " +
  "140737449011485 140737449011485 140737449013199 0\n";
const ZOMBIE =
  "26219 (foo) Z \n1 2) (3) Z 26178 26172 18551 0 -1 4227148 8009 0 0 0 0 2 " +
  "0 0 20 0 1 0 1269245 0 0 18446744073709551615 0 0 0 0 0 0 0 16781312 2 1 " +
  "0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
const KTHREAD = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 1 0 0 20 0 1 0 " +
  "30 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 0 1 0 0 0 0 0 " +
  "0 0 0 0 0 0 0 0\n";
const INIT =
  "1 (process_api) S 0 0 0 0 -1 4194560 101795 149054779 0 14174 684 3543 " +
  "639984 107358 20 0 13 0 30 50987008 4652 18446744073709551615 1 1 0 0 0 0 " +
  "0 4096 1256 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

/** The 64-bit figures, in the order of their words. */
function wides(stat: Int32Array): bigint[] {
  const view = new DataView(new ArrayBuffer(8));
  return Array.from({ length: STAT_WIDE_WORDS / 2 }, (_, i) => {
    view.setInt32(0, stat[2 * i]!);
    view.setInt32(4, stat[2 * i + 1]!);
    return view.getBigInt64(0);
  });
}

/** `want`: minor faults, major faults, start in ns; null: not to be had. */
function check(
  text: string,
  want: [minor: bigint, major: bigint, startNs: bigint] | null,
  tickNs = TICK_NS,
): void {
  const line = encode(text);
  const bytes = new Uint8Array(line.length + 20).fill(0x39);
  bytes.set(line, 10);
  const stat = new Int32Array(STAT_WORDS).fill(7);
  const found = parseTaskStat(bytes, 10, 10 + line.length, stat, tickNs);
  const label = JSON.stringify(text);
  assert.equal(found, want === null ? 0 : 3, label);
  const [minor, major, start] = want ?? [-1n, -1n, -1n];
  // Memory is for others to set; until then it is not known.
  const expected = [minor, major, -1n, -1n, -1n, start];
  assert.deepEqual(wides(stat), expected, label);
  assert.deepEqual(
    [...stat.slice(STAT_WIDE_WORDS)],
    Array(STAT_WORDS - STAT_WIDE_WORDS).fill(7),
  );
}

/** A line with this name and these figures. */
function line(name: string, minor: string, major: string, start: string) {
  return `7 (${name}) S 1 7 7 0 -1 64 ${minor} 0 ${major} 0 0 0 0 0 20 0 1 0 ` +
    `${start} 4096 1\n`;
}

Deno.test("stat: names that look like fields", () => {
  const want: [bigint, bigint, bigint] = [5n, 6n, 70_000_000n];
  for (
    const name of [
      ...["", " ", ")", "(", "))", ") S 1 2 3 4 5", "a b", "a\nb", "(a) (b)"],
      ...["\n) S 1 1 1 1 1", "café", "\xff", "x".repeat(64)],
    ]
  ) {
    check(line(name, "5", "6", "7"), want);
  }
  check(HOSTILE, [7965n, 0n, 12_692_450_000_000n]);
  check(ZOMBIE, [8009n, 0n, 12_692_450_000_000n]);
  check(KTHREAD, [0n, 0n, 300_000_000n]);
  check(INIT, [101_795n, 0n, 300_000_000n]);
});

Deno.test("stat: what is missing or no number makes all of it -1", () => {
  for (
    const text of [
      ...["", " ", ")", "7", "7 (a", "7 (a)", "7 (a) S", "no such file"],
      ...[line("a", "", "6", "7"), line("a", "5", "x", "7")],
      ...[line("a", "5", "6", "-7"), line("a", "5", "6", "7x")],
      ...[line("a", "5.0", "6", "7"), line("a", "+5", "6", "7")],
    ]
  ) {
    check(text, null);
  }
});

Deno.test("stat: 64-bit counters and other ticks", () => {
  check(
    line("a", "4294967296", "18446744073709551615", "4294967297"),
    [4_294_967_296n, -1n, 42_949_672_970_000_000n],
  );
  // 1024 ticks a second (alpha): whole ns, as lmkd divides.
  check(line("a", "1", "2", "1024"), [1n, 2n, 999_999_488n], 976_562);
  check(line("a", "1", "2", "3"), [1n, 2n, 3n], 1);
});

Deno.test("stat: cut off anywhere", () => {
  // The start is whole once the blank after it is there.
  const whole = HOSTILE.indexOf("1269245 ") + "1269245 ".length;
  for (let length = 0; length <= HOSTILE.length; length++) {
    const found = length >= whole;
    check(
      HOSTILE.slice(0, length),
      found ? [7965n, 0n, 12_692_450_000_000n] : null,
    );
  }
  for (const text of [HOSTILE, ZOMBIE, KTHREAD]) {
    checkTruncations(
      (bytes, at, end, stat) => parseTaskStat(bytes, at, end, stat, TICK_NS),
      text,
    );
  }
});

Deno.test("stat: a parenthesis before the line is not the name's", () => {
  const bytes = encode(line("a", "5", "6", "7"));
  const stat = new Int32Array(STAT_WORDS);
  const at = bytes.indexOf(")".charCodeAt(0)) + 1;
  assert.equal(parseTaskStat(bytes, at, bytes.length, stat, TICK_NS), 0);
  assert.equal(parseTaskStat(bytes, at - 1, bytes.length, stat, TICK_NS), 3);
});

/** The file's figures amid a stat of 7s; null: nothing is touched. */
function checkGroup(
  text: string,
  want: [key: number, value: bigint][],
): void {
  const bytes = encode(text);
  const stat = new Int32Array(STAT_WORDS).fill(7);
  const seven = stat.slice();
  const found = parseGroupStat(bytes, 0, bytes.length, stat);
  const label = JSON.stringify(text.slice(0, 200));
  assert.equal(found, want.length, label);
  if (want.length === 0) return assert.deepEqual(stat, seven, label);
  const figures = new Map(want);
  const expected = [
    ...[STAT_MINFLT_HI, STAT_MAJFLT_HI, STAT_RSS_HI],
    ...[STAT_CACHE_HI, STAT_SWAP_HI],
  ].map((word) => figures.get(word) ?? 0n);
  assert.deepEqual(wides(stat).slice(0, 5), expected, label);
  assert.deepEqual(stat.slice(STAT_START_HI), seven.slice(STAT_START_HI));
}

Deno.test("stat: hostile and unusual memory.stat", () => {
  for (
    const text of [
      ...["", "\n\n", "total_rss", "total_rss 5", "total_rss \n"],
      ...["total_rss -1\n", "total_rss x\n", "rss 5\ncache 6\npgfault 7\n"],
      ...["total_rss_huge 5\n", "xtotal_rss 5\n", "total_rss\t5\n"],
    ]
  ) {
    checkGroup(text, []);
  }
  checkGroup("total_rss 5\ntotal_cache 6", [[STAT_RSS_HI, 5n]]);
  checkGroup("\ntotal_swap 9223372036854771712\njunk\ntotal_pgfault 1\n", [
    [STAT_SWAP_HI, 9_223_372_036_854_771_712n],
    [STAT_MINFLT_HI, 1n],
  ]);
});

Deno.test("stat: fixtures of memory.stat", () => {
  for (const { text } of fixtures("memcg_v1/memory.stat")) {
    const plain = readPlainly(text);
    const names: [string, number][] = [
      ["total_pgfault", STAT_MINFLT_HI],
      ["total_pgmajfault", STAT_MAJFLT_HI],
      ["total_rss", STAT_RSS_HI],
      ["total_cache", STAT_CACHE_HI],
      ["total_swap", STAT_SWAP_HI],
    ];
    checkGroup(
      text,
      names.flatMap(([name, word]) => {
        const value = plain.get(name);
        return value === undefined ? [] : [[word, value]];
      }),
    );
    assert.ok(plain.get("total_rss")! > 0n);
    checkTruncations(parseGroupStat, text);
  }
});

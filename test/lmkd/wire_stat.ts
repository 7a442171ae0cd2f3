// LMK_STAT_KILL_OCCURRED and the reasons in it, in every release, against bytes
// written out by hand and bytes built without the codec.

import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import * as stat from "../../src/state/kill_stat.ts";
import * as reasons from "../../src/state/reasons.ts";
import {
  encodeKillOccurred,
  MESSAGE_BYTES_MAX,
  reasonOnWire,
} from "../../src/wire/messages.ts";
import { conforms } from "./conforms.ts";
import {
  hex,
  type KillFigures,
  killOccurred,
  release,
  SOME_FIGURES,
} from "./golden.ts";
import { checkMessage, eachRelease } from "./wire_check.ts";

/** The figures as words, the reason as given. */
function wordsOf(figures: KillFigures): Int32Array {
  const view = new DataView(new ArrayBuffer(stat.STAT_WORDS * 4));
  const wide: [number, bigint][] = [
    [stat.STAT_MINFLT_HI, figures.minorFaults],
    [stat.STAT_MAJFLT_HI, figures.majorFaults],
    [stat.STAT_RSS_HI, figures.rssBytes],
    [stat.STAT_CACHE_HI, figures.cacheBytes],
    [stat.STAT_SWAP_HI, figures.swapBytes],
    [stat.STAT_START_HI, figures.startNs],
  ];
  const single: [number, number][] = [
    [stat.STAT_UID, figures.uid],
    [stat.STAT_ADJ, figures.adj],
    [stat.STAT_FLOOR_ADJ, figures.floorAdj],
    [stat.STAT_FREE_KB, figures.freeKb],
    [stat.STAT_FREE_SWAP_KB, figures.freeSwapKb],
    [stat.STAT_REASON, figures.reason],
    [stat.STAT_THRASHING_PERCENT, figures.thrashing],
    [stat.STAT_MAX_THRASHING_PERCENT, figures.maxThrashing],
  ];
  for (const [word, value] of wide) view.setBigInt64(word * 4, value);
  for (const [word, value] of single) view.setInt32(word * 4, value);
  return Int32Array.from(
    { length: stat.STAT_WORDS },
    (_, word) => view.getInt32(word * 4),
  );
}

/** The name lies amid other bytes, at an odd place; `most` of it is offered. */
function checkOccurred(
  figures: KillFigures,
  want: Uint8Array,
  number = release("16"),
  most = 1000,
): void {
  const name = new TextEncoder().encode(figures.name);
  const memory = new Uint8Array(name.length + 20).fill(0x2e);
  memory.set(name, 3);
  const length = Math.min(most, name.length);
  const words = wordsOf(figures);
  checkMessage(
    (b, at) => encodeKillOccurred(b, at, words, memory, 3, length, number),
    want,
    figures.name,
  );
}

conforms("1.3", "STAT_KILL_OCCURRED: bytes by hand", () => {
  const figures = {
    ...SOME_FIGURES,
    minorFaults: 95n,
    majorFaults: 4_294_967_296n,
    rssBytes: 3_145_728n,
    cacheBytes: 0n,
    swapBytes: 1024n,
    startNs: 11_943_720_000_000n,
    uid: 10_057,
    adj: 900,
    floorAdj: 701,
    freeKb: 256,
    freeSwapKb: 4096,
    reason: 2,
    thrashing: 100,
    maxThrashing: 300,
    name: "a.b",
  };
  const want = hex(`00000008
    00000000 0000005f 00000001 00000000 00000000 00300000
    00000000 00000000 00000000 00000400 00000adc dd301a00
    00002749 00000384 000002bd 00000100 00001000 00000002 00000064 0000012c
    0003 612e62 00`);
  assert.equal(want.length, 90);
  checkOccurred(figures, want);
  assert.deepEqual(killOccurred(figures), want);
});

conforms("1.3", "STAT_KILL_OCCURRED: the same bytes from 12 on", () => {
  eachRelease((number, name) => {
    const known = number >= release("12");
    const want = known ? killOccurred(SOME_FIGURES) : new Uint8Array();
    checkOccurred(SOME_FIGURES, want, number);
    assert.ok(known || name === "11");
  });
});

conforms("1.3", "STAT_KILL_OCCURRED: names", () => {
  const long = "com.example.".repeat(20);
  for (const name of ["", "x", "foo) Z \n1", "café", long.slice(0, 126)]) {
    checkOccurred(
      { ...SOME_FIGURES, name },
      killOccurred({ ...SOME_FIGURES, name }),
    );
  }
  // 127 bytes at most, however many are offered.
  const cut = killOccurred({ ...SOME_FIGURES, name: long.slice(0, 127) });
  assert.equal(cut.length, MESSAGE_BYTES_MAX);
  for (const most of [127, 128, 240]) {
    const figures = { ...SOME_FIGURES, name: long };
    checkOccurred(figures, cut, release("16"), most);
  }
  const none = killOccurred({ ...SOME_FIGURES, name: "" });
  checkOccurred({ ...SOME_FIGURES, name: "abc" }, none, release("16"), 0);
  checkOccurred({ ...SOME_FIGURES, name: "abc" }, none, release("16"), -1);
  // A table pads names with NULs: the first of them ends the name.
  const padded = { ...SOME_FIGURES, name: "abc\0\0\0def" };
  checkOccurred(padded, killOccurred({ ...SOME_FIGURES, name: "abc" }));
  checkOccurred({ ...SOME_FIGURES, name: "\0abc" }, none);
});

conforms("1.3", "STAT_KILL_OCCURRED: without figures all six are -1", () => {
  const words = wordsOf(SOME_FIGURES);
  stat.clearStat(words);
  const want = killOccurred({
    ...SOME_FIGURES,
    minorFaults: -1n,
    majorFaults: -1n,
    rssBytes: -1n,
    cacheBytes: -1n,
    swapBytes: -1n,
    startNs: -1n,
    name: "",
  });
  const nothing = new Uint8Array();
  checkMessage(
    (b, at) => encodeKillOccurred(b, at, words, nothing, 0, 0, release("16")),
    want,
  );
});

conforms("1.3", "STAT_KILL_OCCURRED: memory in bytes, exact", () => {
  const kbs = [0, 1, 3, 4_194_303, 4_194_304, 4_194_305, 2_147_483_647];
  for (const rssKb of kbs) {
    for (const swapKb of kbs) {
      const words = wordsOf({ ...SOME_FIGURES, cacheBytes: 77n });
      stat.setStatMemory(words, rssKb, swapKb);
      const want = wordsOf({
        ...SOME_FIGURES,
        rssBytes: BigInt(rssKb) * 1024n,
        swapBytes: BigInt(swapKb) * 1024n,
        cacheBytes: 0n,
      });
      assert.deepEqual(words, want, `${rssKb} kB, ${swapKb} kB`);
    }
  }
});

conforms("1.3", "STAT_KILL_OCCURRED: random figures", () => {
  const random = new Prng("figures");
  const wide = () =>
    BigInt.asIntN(64, BigInt(random.next()) << 32n | BigInt(random.next()));
  for (let i = 0; i < 5_000; i++) {
    const figures: KillFigures = {
      minorFaults: wide(),
      majorFaults: wide(),
      rssBytes: wide(),
      cacheBytes: wide(),
      swapBytes: wide(),
      startNs: wide(),
      uid: random.next(),
      adj: random.next(),
      floorAdj: random.next(),
      freeKb: random.next(),
      freeSwapKb: random.next(),
      reason: random.between(-1, 9),
      thrashing: random.next(),
      maxThrashing: random.next(),
      name: "n".repeat(random.below(128)),
    };
    checkOccurred(figures, killOccurred(figures));
  }
});

/** Since which release each of lmkd's reasons goes out. */
const REASONS: [reason: number, since: string][] = [
  [reasons.REASON_PRESSURE_AFTER_KILL, "11"],
  [reasons.REASON_NOT_RESPONDING, "11"],
  [reasons.REASON_LOW_SWAP_AND_THRASHING, "11"],
  [reasons.REASON_LOW_MEM_AND_SWAP, "11"],
  [reasons.REASON_LOW_MEM_AND_THRASHING, "11"],
  [reasons.REASON_DIRECT_RECL_AND_THRASHING, "11"],
  [reasons.REASON_LOW_MEM_AND_SWAP_UTIL, "12"],
  [reasons.REASON_LOW_FILECACHE_AFTER_THRASHING, "12"],
  [reasons.REASON_LOW_MEM, "14-QPR3"],
  [reasons.REASON_DIRECT_RECL_STUCK, "15"],
  [1000, "16"],
  [1001, "16"],
  [1999, "16"],
];

conforms("4.5", "a reason goes out where its release knows it", () => {
  assert.deepEqual(REASONS.slice(0, 10).map(([reason]) => reason), [
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  ]);
  eachRelease((number, name) => {
    for (const [reason, since] of REASONS) {
      const want = number >= release(since) ? reason : -1;
      assert.equal(reasonOnWire(reason, number), want, `${reason} in ${name}`);
    }
  });
});

conforms("4.5", "reasons of our own go out as lmkd's nearest, or none", () => {
  eachRelease((number, name) => {
    const lowMem = number >= release("14-QPR3") ? 8 : -1;
    for (
      const ours of [
        reasons.REASON_EXHAUSTION,
        reasons.REASON_RESERVE,
        reasons.REASON_ZRAM,
      ]
    ) {
      assert.equal(reasonOnWire(ours, number), lowMem, `${ours} in ${name}`);
    }
    // minfree, levels, and what nobody has given a meaning.
    for (
      const reason of [
        ...[reasons.REASON_NONE, reasons.REASON_MINFREE, 2003, 2005],
        ...[10, 999, -2, 2147483647, -2147483648],
      ]
    ) {
      assert.equal(reasonOnWire(reason, number), -1, `${reason} in ${name}`);
    }
    const figures = { ...SOME_FIGURES, reason: reasons.REASON_EXHAUSTION };
    if (number >= release("12")) {
      checkOccurred(
        figures,
        killOccurred({ ...figures, reason: lowMem }),
        number,
      );
    }
  });
});

// The C client against packets written by hand, good and bad, and the runner's
// batch trial against a server that only answers: what they send is compared
// byte for byte, what they tell word for word.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import { collect } from "./events.ts";
import { run } from "./host.ts";
import { talk, whyNoNative, withNative } from "./native.ts";
import { judgeTrial } from "./trial_verdict.ts";
import { TRIALS, trialText } from "./trials.ts";

const skipReason = whyNoNative();
if (skipReason !== undefined) {
  console.log(`native runner test skipped: ${skipReason}`);
}

/** Registers pid 4242, uid 10040, adj 900 as a service, and waits 10 s at most:
 * whoever is answered or hung up on waits for none of it. */
const WORDS = ["4242", "10040", "900", "1", "10000"];

const REGISTER = "00000001" + "00001092" + "00002738" + "00000384" + "00000001";
const SUBSCRIBE_KILL = "00000005" + "00000000";
const SUBSCRIBE_STAT = "00000005" + "00000001";

const STAT_HEAD = "00000008" +
  "00000000000186a0" + // minor faults, 100000
  "0000000000000007" + // major faults
  "000000010000a000" + // resident, bytes: 4 GiB and 40 kB
  "ffffffffffffffff" + // page cache: not known
  "0000000000003000" + // swapped, bytes
  "00000002540be400" + // start, ns: 10 s
  "00002738" + "00000384" + "000000c9" + // uid, adj, lowest adj
  "00010000" + "fffffffe" + // free kB, usable swap kB (negative)
  "00000008" + "00000064" + "000003e8"; // reason, thrashing, the most of it
const STAT = STAT_HEAD + "0003" + "612e62" + "00"; // a.b
const STAT_NAMELESS = STAT_HEAD + "0000" + "00";
const STAT_LONGEST = STAT_HEAD + "007f" + "78".repeat(127) + "00";
const STAT_TOO_LONG = STAT_HEAD + "0080" + "78".repeat(128) + "00";
const KILL = "00000006" + "00001092" + "00002738" + "00000400";
const KILL_OLD = "00000006" + "00001092" + "00002738";

const STAT_FIGURES = "minflt=100000 majflt=7 rss=4295008256 cache=-1 " +
  "swap=12288 startNs=10000000000 uid=10040 adj=900 minAdj=201 freeKb=65536 " +
  "swapFreeKb=-2 reason=8 thrashing=100 maxThrashing=1000";
const STAT_LINE = `stat bytes=90 ${STAT_FIGURES} nameBytes=3 name=a.b`;
const KILL_LINE = "kill bytes=16 pid=4242 uid=10040 rssKb=1024";

type Row = [what: string, answers: string[], said: string[], code: number];

const bad = (bytes: number, why: string) => `fault bytes=${bytes} why=${why}`;
const end = (stats: number, kills: number, faults: number) =>
  `end stats=${stats} kills=${kills} faults=${faults}`;

const ROWS: Row[] = [
  ["KILL before STAT", [KILL, STAT, "close"], [
    bad(16, "order"),
    STAT_LINE,
    bad(0, "closed"),
    end(1, 0, 2),
  ], 1],
  ["STAT one byte short", [STAT.slice(0, -2), "close"], [
    bad(89, "length"),
    bad(0, "closed"),
    end(0, 0, 2),
  ], 1],
  ["STAT one byte long", [STAT + "00", "close"], [
    bad(91, "length"),
    bad(0, "closed"),
    end(0, 0, 2),
  ], 1],
  ["STAT without a byte of its name", [STAT_HEAD + "0003", "close"], [
    bad(86, "length"),
    bad(0, "closed"),
    end(0, 0, 2),
  ], 1],
  [
    "STAT with its name's end overwritten",
    [
      STAT_HEAD + "0003" + "612e62" + "63",
      "close",
    ],
    [bad(90, "name"), bad(0, "closed"), end(0, 0, 2)],
    1,
  ],
  [
    "STAT with a NUL within its name",
    [
      STAT_HEAD + "0003" + "610062" + "00",
      "close",
    ],
    [bad(90, "name"), bad(0, "closed"), end(0, 0, 2)],
    1,
  ],
  ["a name longer than lmkd has", [STAT_TOO_LONG, "close"], [
    bad(215, "length"),
    bad(0, "closed"),
    end(0, 0, 2),
  ], 1],
  ["KILL of other lengths", [STAT, KILL.slice(0, 26), KILL + "00", "close"], [
    STAT_LINE,
    bad(13, "length"),
    bad(17, "length"),
    bad(0, "closed"),
    end(1, 0, 3),
  ], 1],
  ["neither STAT nor KILL, and hardly a packet", [
    "0000000400000000",
    "000008",
    "ff",
    "close",
  ], [
    bad(8, "command"),
    bad(3, "command"),
    bad(1, "command"),
    bad(0, "closed"),
    end(0, 0, 4),
  ], 1],
  ["a packet longer than any", ["00000008" + "00".repeat(600), "close"], [
    bad(604, "length"),
    bad(0, "closed"),
    end(0, 0, 2),
  ], 1],
  ["told twice", [STAT, KILL, STAT, KILL, "close"], [
    STAT_LINE,
    KILL_LINE,
    STAT_LINE,
    KILL_LINE,
    bad(0, "closed"),
    end(2, 2, 1),
  ], 1],
  ["little-endian", ["08000000" + STAT.slice(8), "close"], [
    bad(90, "command"),
    bad(0, "closed"),
    end(0, 0, 2),
  ], 1],
  ["STAT, then KILL, and nothing more", [STAT, KILL], [
    STAT_LINE,
    KILL_LINE,
    end(1, 1, 0),
  ], 0],
  ["KILL of three words, as older releases have it", [STAT, KILL_OLD], [
    STAT_LINE,
    "kill bytes=12 pid=4242 uid=10040",
    end(1, 1, 0),
  ], 0],
  ["no name", [STAT_NAMELESS, KILL], [
    `stat bytes=87 ${STAT_FIGURES} nameBytes=0 name=`,
    KILL_LINE,
    end(1, 1, 0),
  ], 0],
  ["the longest name", [STAT_LONGEST, KILL], [
    `stat bytes=214 ${STAT_FIGURES} nameBytes=127 name=${"x".repeat(127)}`,
    KILL_LINE,
    end(1, 1, 0),
  ], 0],
];

Deno.test({
  name: "client: registers, subscribes, and tells good from bad",
  ignore: skipReason !== undefined,
  fn: () =>
    withNative(async (native) => {
      for (const [what, answers, said, code] of ROWS) {
        const told = await talk(native, WORDS, 3, answers);
        const got = [REGISTER, SUBSCRIBE_KILL, SUBSCRIBE_STAT];
        deepStrictEqual(told.got, got, what);
        deepStrictEqual(told.said, ["ready sent=1", ...said], what);
        strictEqual(told.code, code, what);
      }
    }),
});

Deno.test({
  name: "client: waits no longer than it is told, nor for nobody",
  ignore: skipReason !== undefined,
  fn: () =>
    withNative(async (native) => {
      const words = [...WORDS.slice(0, -1), "50"];
      const told = await talk(native, words, 3, []);
      deepStrictEqual(told.said, ["ready sent=1", end(0, 0, 0)]);
      strictEqual(told.code, 1);
      const gone = await new Deno.Command(native.loadPath, {
        args: ["client", `${native.folder}/none`, ...words],
      }).output();
      const text = new TextDecoder().decode(gone.stdout);
      strictEqual(text, `ready sent=0\n${end(0, 0, 1)}\n`);
      strictEqual(gone.code, 1);
    }),
});

/** The runner holds itself back from every OOM killer, as few may. */
const noRunner = skipReason ??
  (Deno.uid() === 0 ? undefined : "the runner wants root");

Deno.test({
  name: "runner: three processes in one packet, and what became of them",
  ignore: noRunner !== undefined,
  fn: () =>
    withNative(async ({ folder, loadPath, fakePath }) => {
      const socketPath = `${folder}/socket`;
      const answer = "00000004" + "00000000";
      const argv = [fakePath, socketPath, "2", answer];
      const guard = { argv, socketPath, readyMs: 5000 };
      const text = trialText(TRIALS.batch, {
        guard,
        guardArgs: [],
        seed: 1,
        targets: [],
      });
      Deno.writeTextFileSync(`${folder}/trial`, text);
      Deno.writeTextFileSync(`${folder}/out`, "");
      await run(loadPath, ["scene", `${folder}/trial`, `${folder}/out`]);
      const lines = Deno.readTextFileSync(`${folder}/out`).split("\n");
      const told = collect(lines);
      const said = told.remarks.filter(({ from }) => from === "guard");
      const word = (value: number) =>
        (value >>> 0).toString(16).padStart(8, "0");
      const records = told.procs.map(({ pid, uid, adj }) =>
        word(pid) + word(uid) + word(adj) + word(0)
      );
      deepStrictEqual(said.map(({ line }) => line), [
        "listening",
        "0000000b" + records.join(""),
        "00000004" + "fffffc18" + "000003e8",
      ]);
      // This server sets nothing: all three keep the adj they started with.
      // Here the runner may have to go without protection, and notes it.
      const { failures } = judgeTrial(TRIALS.batch, told);
      deepStrictEqual(
        failures.filter((line) => !line.startsWith("the runner notes")),
        told.procs.map(({ pid, adj }) =>
          `oom_score_adj of ${pid} is 0, not ${adj}`
        ),
      );
    }),
});

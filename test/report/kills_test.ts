// Kills as text: three lines each or the whole story, never wider than a
// terminal.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import { historyOf, killsOf } from "../../src/report/journal.ts";
import { describeKills } from "../../src/report/kills.ts";
import { columnsOf } from "../../src/report/units.ts";
import {
  J_KIND,
  J_MEMINFO,
  J_NAME,
  J_PSI,
  KEEPER_CALLED,
  KEEPER_ENDED,
  KEEPER_GAVE_BACK,
  KEEPER_STARTED,
  KIND_DEATH,
  KIND_KEEPER,
  KIND_KILL,
  KIND_REAP,
  KIND_WATCHDOG,
} from "../../src/state/journal.ts";
import { REASON_SILENT } from "../../src/state/reasons.ts";
import { type Entry, journalOf, KILL, withWords } from "./records.ts";

const DEATH: Entry = {
  kind: KIND_DEATH,
  words: { J_PID: 1234, J_KILL_SERIAL: 1, J_LATENCY: 23, J_BACK_KB: 40_960 },
};

function linesOf(...entries: Entry[]): string[] {
  return describeKills(killsOf(journalOf(entries).words));
}

Deno.test("who, why, how fast", () => {
  assert.deepEqual(linesOf(), ["Nobody was killed."]);
  assert.equal(
    linesOf(KILL, DEATH).join("\n"),
    `TIME                         PID   ADJ     RSS    SWAP NAME
2023-11-14T22:13:20.000Z    1234   905    45.0     2.0 com.example.app
    low watermark is breached
    signal after 312 us, death after 23 ms, 40.0 MB came back`,
  );
  const rows: [Entry, number, RegExp][] = [
    [KILL, 3, /^ {4}signal after 312 us, death not seen$/],
    [withWords(KILL, { J_DETAIL: 1 }), 3, /, dry run, nobody was signalled$/],
    [
      withWords(KILL, { J_GROWN_KB: 20_480 }),
      2,
      /; it had just grown by 20.0 MB$/,
    ],
    [{ ...KILL, name: "foo) Z \n" }, 1, /2\.0 foo\) Z \?$/],
    [{ ...KILL, name: "" }, 1, /2\.0$/],
    [{ ...KILL, name: "x".repeat(25) }, 1, /2\.0 x{25}$/],
    [{ ...KILL, name: "x".repeat(26) }, 1, /2\.0 x{24}\u2026$/],
    [{ ...KILL, name: "\u65e5".repeat(42) }, 1, /2\.0 \u65e5{12}\u2026$/],
  ];
  for (const [entry, line, want] of rows) {
    assert.match(linesOf(entry)[line], want);
  }
});

Deno.test("who acted while the guard was silent", () => {
  const watchdog = withWords({ ...KILL, kind: KIND_WATCHDOG }, {
    J_REASON: REASON_SILENT,
    J_VALUE: 412,
    J_LIMIT: 300,
    J_VALUE2: 9_000,
    J_LIMIT2: 65_536,
  });
  const keeper = (detail: number, pid: number, silentMs: number) => ({
    kind: KIND_KEEPER,
    words: { J_DETAIL: detail, J_PID: pid, J_VALUE: silentMs },
  });
  const history = historyOf(
    journalOf([
      watchdog,
      DEATH,
      keeper(KEEPER_CALLED, 77, 3_210),
      keeper(KEEPER_ENDED, 250, 6_000),
      keeper(KEEPER_STARTED, 260, 0),
      keeper(KEEPER_GAVE_BACK, 0, 0),
      keeper(99, 0, 0),
    ]).words,
  );
  assert.equal(
    describeKills(history).slice(1).join("\n"),
    `2023-11-14T22:13:20.000Z    1234   905    45.0     2.0 com.example.app
    the guard was silent for 412ms while memory was short (9000kB < 65536kB)
    by the watchdog, signal after 312 us, death after 23 ms, 40.0 MB came back
2023-11-14T22:13:20.000Z   the keeper
    called the kernel's killer, armed with process 77, after the guard was
    silent for 3.2 s
2023-11-14T22:13:20.000Z   the keeper
    killed the guard, process 250, silent for 6.0 s
2023-11-14T22:13:20.000Z   the keeper
    started the guard again, process 260
2023-11-14T22:13:20.000Z   the keeper
    gave memory groups back to the kernel's killer as the guard was gone
2023-11-14T22:13:20.000Z   the keeper
    did what this version does not know (99)`,
  );
  assert.deepEqual(
    history.map((entry) => entry.by === "keeper" ? entry.act : entry.reason),
    ["SILENT", "CALLED", "ENDED", "STARTED", "GAVE_BACK", "ACT_99"],
  );
});

/** The 19 figures of /proc/meminfo, 10 MB and more. */
const MEMINFO = Object.fromEntries(
  Array.from({ length: 19 }, (_, i) => [J_MEMINFO + i, (i + 1) * 10_240]),
);

Deno.test("at length", () => {
  const name = "com.example.a.very.long.package.name:service";
  const words = {
    ...MEMINFO,
    J_STRATEGY: 1,
    J_THRASHING_PERCENT: 12,
    J_MAX_THRASHING_PERCENT: 30,
    J_EVENT_MS: 1_200,
    J_WAKE_MS: 100,
    J_WAKEUPS: 12,
    J_SKIPPED: 2,
    J_GPU_KB: 204_800,
    J_PSI: 123,
    [J_PSI + 1]: 0,
    [J_PSI + 2]: 500,
    [J_PSI + 3]: ABSENT,
    [J_PSI + 4]: 10_000,
  };
  const reap: Entry = {
    kind: KIND_REAP,
    words: { J_PID: 1234, J_KILL_SERIAL: 1, J_REAP_US: 4_500 },
  };
  const long = (...entries: Entry[]) =>
    describeKills(killsOf(journalOf(entries).words), true);
  const entry = { ...withWords(KILL, words), name };
  assert.equal(
    long(entry, DEATH, reap).join("\n"),
    `TIME                         PID   ADJ     RSS    SWAP NAME
2023-11-14T22:13:20.000Z    1234   905    45.0     2.0 com.example.a.very.long.…
    low watermark is breached
    signal after 312 us, death after 23 ms, 40.0 MB came back
    name       com.example.a.very.long.package.name:service
    judged by  lmkd, floor 201; uid 10085
    reaped     in 4.5 ms
    watermark  free memory is below low
    thrashing  12%, at most 30%
    swap       80.0 MB free of 70.0 MB
    pressure   over 10 s memory some 1.23%, full 0.00%; io some 5.00%, full -;
               cpu some 100.00%
    wakeups    12 in the 1.2 s since the pressure event, 2 skipped; 100 ms after
               the one before
    memory     free 10.0, cached 20.0, swap cached 30.0, buffers 40.0, shmem
               50.0, unevictable 60.0, active anon 90.0, inactive anon 100,
               active file 110, inactive file 120, slab reclaimable 130, slab
               unreclaimable 140, kernel stack 150, page tables 160, ion heap
               170, ion heap pool 180, cma free 190, gpu 200 MB`,
  );
  const failed = withWords(reap, { J_REAP_RESULT: -3 });
  const rows: [Entry[], RegExp][] = [
    [[KILL], /^ {4}reaped {5}not seen$/m],
    [[KILL, failed], /^ {4}reaped {5}refused after 4.5 ms: ESRCH$/m],
    [[withWords(KILL, { J_MARK: 3 })], /watermark {2}free memory is above all/],
    [[KILL], /^ {4}memory {5}not known$/m],
  ];
  for (const [entries, want] of rows) {
    assert.match(long(...entries).join("\n"), want);
  }
  assert.deepEqual(describeKills([], true), ["Nobody was killed."]);
});

Deno.test("80 columns, whatever was written", () => {
  for (const value of [ABSENT, -1, 0, 2_147_483_647]) {
    for (let reason = -1; reason <= 2_003; reason++) {
      if (reason > 9 && reason < 2_000) continue;
      const places = Array.from({ length: J_NAME }, (_, word) => word)
        .filter((word) => word > J_KIND);
      const words = Object.fromEntries(places.map((word) => [word, value]));
      const all = {
        ...words,
        J_REASON: reason,
        J_ADJ: -1000,
        J_PID: 4_194_304,
        J_TIME_MS: 0,
        J_EPOCH_S: 0,
      };
      for (const name of ["x".repeat(127), "\u65e5 ".repeat(31)]) {
        const { words: made } = journalOf([{
          kind: KIND_KILL,
          name,
          words: all,
        }]);
        for (const line of describeKills(killsOf(made), true)) {
          assert.ok(columnsOf(line) <= 80, line);
        }
      }
    }
  }
});

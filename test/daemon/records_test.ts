// What the guard leaves behind: the journal file and the plain status file.

import assert from "node:assert/strict";
import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../../src/base/limits.ts";
import {
  J_KILL_SERIAL,
  J_KIND,
  J_LATENCY,
  J_REAP_RESULT,
  J_SERIAL,
  KIND_DEATH,
  KIND_KILL,
  KIND_OVERDUE,
  KIND_REAP,
} from "../../src/state/journal.ts";
import { MB_NOW_MS } from "../../src/state/layout.ts";
import { killsOf, recordsOf } from "../../src/report/journal.ts";
import { statusLines } from "../../src/report/status.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { app, makeRig, register, shorten } from "./helpers.ts";

/** The journal as its file has it, without the header. */
function fileWords(rig: Rig): Int32Array {
  return new Int32Array(rig.journalFile.slice(JOURNAL_WORDS * 4).buffer);
}

function statusOf(rig: Rig): Map<string, string> {
  const text = new TextDecoder().decode(rig.statusFile);
  const lines = text.slice(0, text.indexOf("\0")).trimEnd().split("\n");
  return new Map(lines.map((line) => {
    const [, label, value] = /^(\S+)\s+(.*?)\s*$/.exec(line)!;
    return [label, value];
  }));
}

Deno.test("journal: the file has what the ring has, as it happens", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  register(rig, manager, app(905, 6, { name: "foo) Z \n1" }));
  register(rig, manager, app(900, 6, { stuckMs: 250 }));
  rig.run(1_500);
  shorten(rig, 2);
  rig.run(1_000);
  const words = fileWords(rig);
  assert.deepEqual(words, rig.arena.journal);
  const kinds = recordsOf(words).map((at) => words[at + J_KIND]);
  // Of the second victim the reaper gives up before it dies.
  assert.deepEqual(kinds.slice(0, 6), [
    KIND_KILL,
    KIND_REAP,
    KIND_DEATH,
    KIND_KILL,
    KIND_REAP,
    KIND_OVERDUE,
  ]);
  const reaps = recordsOf(words).filter((at) =>
    words[at + J_KIND] === KIND_REAP
  );
  assert.deepEqual(
    reaps.slice(0, 2).map((at) => [
      words[at + J_REAP_RESULT],
      words[at + J_KILL_SERIAL],
    ]),
    [[0, 1], [-11, 4]],
  );
  const [first, second] = killsOf(words);
  // What it was started as, up to the first space.
  assert.equal(first.name, "foo)");
  assert.equal(first.deathMs, 10);
  assert.equal(second.deathMs, null);
  assert.ok(words[recordsOf(words)[0] + J_LATENCY] < 1_000);
});

Deno.test("journal: the ring goes round in the file too", () => {
  const rig = makeRig();
  rig.run(50);
  const fill = JOURNAL_RECORDS + 5;
  for (let i = 0; i < fill; i++) {
    rig.journal.begin(KIND_DEATH, rig.arena.mailbox[MB_NOW_MS]);
    rig.journal.commit();
    if (i % 500 === 0) rig.run(20);
  }
  rig.run(1_100);
  const words = fileWords(rig);
  assert.deepEqual(words, rig.arena.journal);
  assert.equal(recordsOf(words).length, JOURNAL_RECORDS);
  const serials = recordsOf(words).map((at) => words[at + J_SERIAL]);
  assert.equal(Math.min(...serials), 6);
  assert.equal(Math.max(...serials), fill);
});

Deno.test("journal: a disk that refuses costs the record, not the guard", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  register(rig, manager, app(905, 6));
  rig.run(1_500);
  rig.faults.permille.set("persist", 1000);
  shorten(rig, 2);
  rig.run(1_000);
  assert.equal(killsOf(rig.arena.journal).length, 1);
  assert.equal(killsOf(fileWords(rig)).length, 0);
});

Deno.test("journal: time goes on past days", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  register(rig, manager, app(905, 6));
  rig.run(1_500);
  rig.world.nowUs += 40 * 86_400 * 1_000_000;
  rig.run(1_500);
  shorten(rig, 2);
  rig.run(1_000);
  const [kill] = killsOf(rig.arena.journal);
  assert.equal(kill.time.slice(0, 10), "2023-12-24");
});

Deno.test("status: says how things stand, in calm and after a kill", () => {
  const rig = makeRig([], { lines: statusLines });
  const manager = rig.machine.connect(400);
  const app905 = register(rig, manager, app(905, 6));
  rig.run(3_000);
  const calm = statusOf(rig);
  const want: [string, string][] = [
    ["state", "calm"],
    ["strategy", "adaptive"],
    ["totalKb", "524288"],
    ["clients", "1"],
    ["victims", "1"],
    ["killable", "1"],
    ["kills", "0"],
    ["swapTotalKb", "0"],
    ["kernelOomKills", "0"],
    ["guardPid", "250"],
  ];
  for (const [label, value] of want) {
    assert.equal(calm.get(label), value, label);
  }
  shorten(rig, 2);
  rig.run(1_000);
  const after = statusOf(rig);
  assert.equal(after.get("kills"), "1");
  assert.equal(after.get("lastPid"), String(app905.pid));
  assert.equal(after.get("lastAdj"), "905");
  assert.ok(Number(after.get("headroomKb")) < 0);
  assert.ok(Number(after.get("turns")) > Number(calm.get("turns")));
});

Deno.test("status: words of state come and go", () => {
  const rig = makeRig(["killTimeoutMs=3000"], { lines: statusLines });
  const manager = rig.machine.connect(400);
  register(rig, manager, app(905, 60, { stuckMs: 2_500 }));
  rig.run(1_500);
  shorten(rig, 2);
  rig.run(1_500);
  assert.equal(statusOf(rig).get("state"), "killing");
  rig.run(4_000);
  assert.equal(statusOf(rig).get("state"), "calm");
});

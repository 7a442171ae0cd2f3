// What subscribed clients are told of a kill, through the whole reactor: which
// messages, in which order, with which bytes, and whom they do not hold up.

import assert from "node:assert/strict";
import { G_KILLS, G_LOST_MESSAGES } from "../../src/state/gauges.ts";
import { J_FREE_KB, J_RSS_KB } from "../../src/state/journal.ts";
import { recordsOf } from "../../src/report/journal.ts";
import type { Rig, RigPlan } from "../../src/sim/rig.ts";
import {
  app,
  gauge,
  makeRig,
  MB,
  register,
  shorten,
  signalled,
} from "../daemon/helpers.ts";
import {
  commandsOf,
  KILLS,
  PROCKILL,
  readStat,
  STAT_KILL,
  STATS,
  SUBSCRIBE,
  subscribe,
} from "../daemon/messages.ts";
import { conforms } from "./conforms.ts";

const VICTIM = { name: "e.app", title: "com.example.app:remote" };

/** One victim of 6 MB, and `clients` that are subscribed to everything. */
function scene(
  sets: readonly string[] = [],
  clients = 1,
  plan: Partial<RigPlan> = {},
) {
  const rig = makeRig(sets, plan);
  const manager = rig.machine.connect(400);
  const listeners = Array.from(
    { length: clients },
    (_, i) => rig.machine.connect(401 + i),
  );
  listeners.forEach(subscribe);
  const victim = register(rig, manager, app(905, 6, VICTIM));
  victim.minorFaults = 0x1_2345_6789;
  victim.majorFaults = 77;
  rig.run(3_000);
  return { rig, manager, listeners, victim };
}

function firstRecord(rig: Rig): (word: number) => number {
  const words = rig.arena.journal;
  const [at] = recordsOf(words);
  return (word) => words[at + word];
}

conforms("1.3", "a kill: its figures first, then who, byte for byte", () => {
  const { rig, listeners: [client], victim } = scene();
  shorten(rig, 1);
  rig.run(500);
  assert.deepEqual(commandsOf(client), [STAT_KILL, PROCKILL]);
  const record = firstRecord(rig);
  const stat = readStat(client.packets[0]);
  assert.deepEqual(stat, {
    minorFaults: 0x1_2345_6789n,
    majorFaults: 77n,
    rssBytes: BigInt(record(J_RSS_KB)) * 1024n,
    cacheBytes: 0n,
    swapBytes: 0n,
    startNs: BigInt(Math.trunc(victim.startedUs / 10_000)) * 10_000_000n,
    uid: 10_000,
    adj: 905,
    floorAdj: stat.floorAdj,
    freeKb: record(J_FREE_KB),
    freeSwapKb: 0,
    reason: 8,
    thrashing: stat.thrashing,
    maxThrashing: stat.maxThrashing,
    name: "com.example.app:remote",
  });
  assert.ok(stat.floorAdj <= 905 && stat.rssBytes === BigInt(6 * MB * 1024));
  const kill = client.packets[1];
  assert.deepEqual([...kill.subarray(0, 4)], [0, 0, 0, 6]);
  assert.deepEqual(client.replies[1], [
    6,
    victim.pid,
    10_000,
    record(J_RSS_KB),
  ]);
});

conforms("1.3", "each is told what it asked for, once", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const rows: [number[], number[]][] = [
    [[], []],
    [[KILLS], [PROCKILL]],
    [[STATS], [STAT_KILL]],
    [[KILLS, STATS], [STAT_KILL, PROCKILL]],
    [[STATS, STATS, KILLS, KILLS], [STAT_KILL, PROCKILL]],
  ];
  const clients = rows.map(([kinds], i) => {
    const client = rig.machine.connect(401 + i);
    for (const kind of kinds) client.send(SUBSCRIBE, kind);
    client.askKills(0, 0);
    return client;
  });
  register(rig, manager, app(905, 6));
  rig.run(1_500);
  shorten(rig, 1);
  rig.run(500);
  assert.equal(signalled(rig).length, 1);
  rows.forEach(([kinds, want], i) => {
    assert.deepEqual(commandsOf(clients[i]), [4, ...want], `[${kinds}]`);
  });
});

conforms("1.3", "what a release does not know it is not told", () => {
  const rows: [string, number[], number][] = [
    ["11", [PROCKILL], 12],
    ["12", [STAT_KILL, PROCKILL], 12],
    ["14", [STAT_KILL, PROCKILL], 12],
    ["15", [STAT_KILL, PROCKILL], 12],
    ["15-qpr1", [STAT_KILL, PROCKILL], 16],
    ["17", [STAT_KILL, PROCKILL], 16],
  ];
  for (const [release, want, bytes] of rows) {
    const { rig, listeners: [client] } = scene([`compat=${release}`]);
    shorten(rig, 1);
    rig.run(500);
    const told = commandsOf(client).filter((command) => command !== 9);
    assert.deepEqual(told, want, release);
    assert.equal(client.packets.at(-1)!.length, bytes, release);
  }
});

conforms("1.3", "log_stats off: no figures, but who died", () => {
  const { rig, listeners: [client] } = scene(["lmkd.logStats=false"]);
  shorten(rig, 1);
  rig.run(500);
  assert.deepEqual(commandsOf(client), [PROCKILL]);
  const stats = rig.machine.fds.entries().filter(([, { kind }]) =>
    kind === "stat"
  );
  assert.deepEqual(stats, []);
});

conforms("1.3", "a dry run kills nobody and tells nobody", () => {
  const { rig, listeners: [client] } = scene(["dryRun=true"]);
  shorten(rig, 1);
  rig.run(2_000);
  assert.equal(gauge(rig, G_KILLS), 1);
  assert.deepEqual(client.packets, []);
});

conforms("1.3", "figures that cannot be had are told as -1", () => {
  const { rig, listeners: [client] } = scene();
  // The victim's file can no longer be read when it is chosen.
  rig.faults.permille.set("sample", 1000);
  shorten(rig, 1);
  rig.run(500);
  const stat = readStat(client.packets[0]);
  const six = [
    stat.minorFaults,
    stat.majorFaults,
    stat.rssBytes,
    stat.cacheBytes,
    stat.swapBytes,
    stat.startNs,
  ];
  assert.deepEqual(six, six.map(() => -1n));
  assert.equal(stat.name, "com.example.app:remote");
  assert.equal(stat.adj, 905);
});

conforms("1.3", "of an app with a memory group of its own: the group's", () => {
  const { rig, listeners: [client], victim } = scene(
    ["lmkd.perAppMemcg=true"],
    1,
    { appGroups: true },
  );
  shorten(rig, 1);
  rig.run(500);
  const stat = readStat(client.packets[0]);
  assert.equal(stat.minorFaults, 0x1_2345_6789n + 77n);
  assert.equal(stat.majorFaults, 77n);
  assert.equal(stat.rssBytes, BigInt(6 * MB * 1024));
  // The group does not tell when its process began.
  assert.equal(stat.startNs, -1n);
  assert.equal(victim.killedUs >= 0, true);
});

conforms("1.3", "who does not read loses messages, counted, alone", () => {
  const { rig, manager, listeners: [deaf, hearing] } = scene([], 2);
  const more = [900, 901, 902].map((adj) =>
    register(rig, manager, app(adj, 6))
  );
  rig.run(1_500);
  deaf.deaf = true;
  shorten(rig, 1);
  let served = 0;
  rig.run(1_000, () => {
    if (manager.replies.length === served && manager.askKills(0, 0)) served++;
  });
  assert.ok(served > 50, `served ${served} times`);
  const kills = signalled(rig).length;
  assert.ok(kills >= 2 && kills <= 1 + more.length, `${kills} kills`);
  assert.deepEqual(deaf.packets, []);
  assert.equal(hearing.packets.length, 2 * kills);
  assert.equal(gauge(rig, G_LOST_MESSAGES), 2 * kills);
  // The guard was not held up: the first signal came at once.
  const [first] = rig.machine.signals;
  assert.ok(first.availableKb > 0);
});

conforms("1.3", "subscriptions end with their connection", () => {
  const { rig, listeners: [client] } = scene();
  client.hangUp();
  rig.run(50);
  const heir = rig.machine.connect(401);
  heir.askKills(0, 0);
  rig.run(50);
  shorten(rig, 1);
  rig.run(500);
  assert.equal(signalled(rig).length, 1);
  assert.deepEqual(commandsOf(heir), [4]);
});

conforms("1.3", "polling begins and ends: told in releases 12 to 14", () => {
  const rows: [string, string, boolean][] = [
    ["lmkd", "11", false],
    ["lmkd", "12", true],
    ["lmkd", "14", true],
    ["lmkd", "14-qpr3", false],
  ];
  for (const [strategy, release, told] of rows) {
    const { rig, listeners: [client] } = scene(
      [
        `strategy=${strategy}`,
        `compat=${release}`,
      ],
      1,
      { untriggered: true },
    );
    rig.machine.triggered(4 << 24);
    rig.run(3_000);
    const want = told ? [[9, 1], [9, 2]] : [];
    assert.deepEqual(client.replies, want, `${strategy} ${release}`);
  }
});

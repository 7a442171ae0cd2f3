// When strategy `lmkd` looks, through the whole reactor: at events and at the
// polls after them, never in between; and what a kill does to that.

import assert from "node:assert/strict";
import {
  isPollDue,
  POLL_OFF,
  POLL_ON,
  POLL_PAUSED,
  pollWaitMs,
} from "../../src/policy/polling.ts";
import {
  G_NO_VICTIM,
  G_OVERDUE,
  G_PSI_EVENTS,
} from "../../src/state/gauges.ts";
import {
  EVENT_PSI_FULL,
  EVENT_PSI_SOME,
  MB_NOW_MS,
  MB_TIMEOUT_MS,
} from "../../src/state/layout.ts";
import {
  HIST_EVENT_LEVEL,
  HIST_POLL,
  HIST_POLL_INTERVAL_MS,
  HIST_SKIPPED,
  HIST_WAKEUPS,
} from "../../src/state/reasons.ts";
import type { ProcessPlan } from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  rowOf,
  shorten,
  signalled,
} from "../daemon/helpers.ts";
import { conforms } from "./conforms.ts";

const FULL = EVENT_PSI_FULL << 24;
const SOME = EVENT_PSI_SOME << 24;

/** A guard by strategy `lmkd` whose only events are those a row makes. */
function scene(
  plans: readonly ProcessPlan[] = [],
  sets: readonly string[] = [],
) {
  const rig = makeRig(["strategy=lmkd", ...sets], { untriggered: true });
  const manager = rig.machine.connect(400);
  const apps = plans.map((plan) => register(rig, manager, plan));
  rig.run(2_000);
  return { rig, manager, apps };
}

function poll(rig: Rig): number {
  return rig.history[HIST_POLL];
}

conforms("3.3", "no event: nobody is judged, though memory is gone", () => {
  const { rig, apps } = scene([app(905, 6)]);
  shorten(rig, 1);
  rig.run(5_000);
  assert.deepEqual(signalled(rig), []);
  assert.equal(gauge(rig, G_NO_VICTIM), 0);
  assert.equal(poll(rig), POLL_OFF);
  assert.ok(rig.turns < 60, `${rig.turns} turns`);
  rig.machine.triggered(FULL);
  rig.turn();
  assert.deepEqual(signalled(rig), [apps[0].pid]);
});

conforms("3.3", "kill, pause, death, and a poll at once", () => {
  const { rig, apps } = scene([
    app(905, 6, { exitMs: 40 }),
    app(904, 6, { exitMs: 40 }),
  ]);
  shorten(rig, 1);
  rig.machine.triggered(FULL);
  rig.turn();
  assert.deepEqual(signalled(rig), [apps[0].pid]);
  assert.equal(poll(rig), POLL_PAUSED);
  let wakeups = rig.history[HIST_WAKEUPS];
  while (apps[0].diedUs < 0) {
    assert.equal(poll(rig), POLL_PAUSED);
    wakeups = rig.history[HIST_WAKEUPS];
    rig.turn();
  }
  // It died during the wait of that turn. The desk has its visit, then it is
  // polled, without an event and without a wait.
  assert.equal(rig.history[HIST_WAKEUPS], wakeups);
  rig.turn();
  assert.ok(rig.world.nowUs - apps[0].diedUs < 5_000);
  assert.equal(rig.history[HIST_WAKEUPS], wakeups + 1);
  assert.notEqual(poll(rig), POLL_OFF);
  rig.machine.triggered(FULL);
  rig.turn();
  assert.deepEqual(signalled(rig), apps.map(({ pid }) => pid));
});

conforms("3.3", "a victim that outlives its time: polling goes on", () => {
  const { rig, apps } = scene([
    app(905, 6, { stuckMs: 900 }),
    app(904, 6),
  ], ["killTimeoutMs=100"]);
  shorten(rig, 1);
  rig.machine.triggered(FULL);
  rig.turn();
  const [{ atUs }] = rig.machine.signals;
  rig.world.after(60, () => rig.machine.triggered(FULL));
  while (poll(rig) === POLL_PAUSED) rig.turn();
  const waitedMs = (rig.world.nowUs - atUs) / 1000;
  assert.ok(waitedMs >= 99 && waitedMs <= 110, `waited ${waitedMs} ms`);
  assert.equal(poll(rig), POLL_ON);
  assert.equal(gauge(rig, G_OVERDUE), 1);
  assert.deepEqual(signalled(rig), [apps[0].pid]);
  rig.machine.triggered(FULL);
  rig.turn();
  assert.deepEqual(signalled(rig), apps.map(({ pid }) => pid));
});

conforms("3.3", "no time limit: it waits, and still serves clients", () => {
  const { rig, manager, apps } = scene([
    app(905, 6, { stuckMs: 5_000 }),
    app(904, 6),
  ], ["killTimeoutMs=0"]);
  shorten(rig, 4);
  const hog = { name: "hog", adj: -1000, sizeKb: 0, precious: true };
  rig.world.start({ ...hog, growKbPerMs: 30, growAfterMs: 4_950 });
  rig.machine.triggered(FULL);
  rig.turn();
  const late = rig.world.start(app(950, 0));
  manager.prio(late.pid, 10_000, 950);
  const other = rig.machine.connect(401);
  other.askKills(0, 0);
  // Whoever forgets it meanwhile does not end the wait either.
  manager.remove(apps[0].pid);
  rig.run(3_000);
  assert.deepEqual(signalled(rig), [apps[0].pid]);
  assert.equal(rowOf(rig, late.pid)?.adj, 950);
  assert.deepEqual(other.replies, [[4, 0]]);
  assert.equal(rowOf(rig, apps[0].pid)?.killed, true);
  rig.run(4_000);
  assert.equal(rig.world.kernelKills.length, 0);
  assert.equal(rowOf(rig, apps[0].pid), null);
  assert.equal(signalled(rig)[1], late.pid);
});

conforms("3.3", "events while a death is awaited are skipped, counted", () => {
  const { rig, apps } = scene([
    app(905, 6, { stuckMs: 80 }),
    app(904, 6),
  ], ["killTimeoutMs=500"]);
  shorten(rig, 1);
  rig.machine.triggered(FULL);
  rig.turn();
  rig.machine.triggered(SOME);
  rig.turn();
  rig.machine.triggered(FULL);
  rig.turn();
  assert.deepEqual(signalled(rig), [apps[0].pid]);
  assert.equal(gauge(rig, G_PSI_EVENTS), 3);
  assert.equal(rig.history[HIST_SKIPPED], 1);
  assert.equal(poll(rig), POLL_PAUSED);
});

conforms("3.3", "polls every 100 ms for a second, then none", () => {
  const { rig } = scene();
  rig.machine.triggered(SOME);
  const startUs = rig.world.nowUs;
  const atMs: number[] = [];
  let before = rig.history[HIST_WAKEUPS];
  rig.run(2_500, () => {
    const now = rig.history[HIST_WAKEUPS];
    if (now > before) atMs.push((rig.world.nowUs - startUs) / 1000);
    before = now;
  });
  assert.equal(rig.history[HIST_POLL_INTERVAL_MS], 100);
  assert.ok(atMs.length >= 10 && atMs.length <= 11, `polls: ${atMs}`);
  atMs.forEach((ms, i) => {
    const wantMs = (i + 1) * 100;
    assert.ok(Math.abs(ms - wantMs) < 15, `poll ${i} at ${ms} ms`);
  });
  assert.equal(poll(rig), POLL_OFF);
});

conforms("3.3", "polls every 10 ms while swap is low", () => {
  const rig = makeRig(["strategy=lmkd", "lmkd.swapFreeLowPercent=100"], {
    untriggered: true,
    memory: {
      totalKb: 512 << 10,
      kernelKb: 40 << 10,
      fileKb: 60 << 10,
      hotFileKb: 20 << 10,
      swapKb: 400 << 10,
      zramPercent: 0,
    },
  });
  // All of it is free, but no more counts than is easily available.
  rig.world.start({ name: "b", adj: -1000, sizeKb: 250 << 10, precious: true });
  rig.run(50);
  rig.machine.triggered(SOME);
  rig.turn();
  assert.equal(rig.history[HIST_POLL_INTERVAL_MS], 10);
  const before = rig.turns;
  rig.run(500);
  assert.ok(rig.turns - before >= 45, `${rig.turns - before} turns`);
});

conforms("3.3", "the wait is the time to the next poll, never longer", () => {
  const { rig } = scene();
  const { mailbox } = rig.arena;
  rig.machine.triggered(SOME);
  rig.turn();
  let polled = 0;
  for (let turn = 0; turn < 10; turn++) {
    assert.equal(poll(rig), POLL_ON);
    const wantMs = pollWaitMs(rig.history, mailbox[MB_NOW_MS]);
    assert.ok(wantMs > 0 && wantMs <= 100);
    rig.turn();
    assert.equal(mailbox[MB_TIMEOUT_MS], wantMs);
    // It was due when the wait was over, and has been had.
    if (!isPollDue(rig.history, mailbox[MB_NOW_MS])) polled++;
  }
  assert.equal(polled, 10);
});

conforms("3.3", "an event below the last one's level is dropped", () => {
  const rows: [string, number][] = [["15", 1], ["15-qpr2", 2], ["17", 2]];
  for (const [release, level] of rows) {
    const { rig } = scene([], [`compat=${release}`]);
    rig.machine.triggered(FULL);
    rig.turn();
    assert.equal(rig.history[HIST_EVENT_LEVEL], 2);
    rig.machine.triggered(SOME);
    rig.turn();
    assert.equal(rig.history[HIST_EVENT_LEVEL], level, release);
    // After the first poll it is looked at.
    rig.run(150);
    rig.machine.triggered(SOME);
    rig.turn();
    assert.equal(rig.history[HIST_EVENT_LEVEL], 1, release);
  }
});

conforms("3.3", "a kill that fails does not pause", () => {
  const { rig } = scene([app(905, 6)]);
  rig.faults.permille.set("kill", 1000);
  shorten(rig, 1);
  rig.machine.triggered(FULL);
  rig.turn();
  assert.deepEqual(signalled(rig), []);
  assert.equal(poll(rig), POLL_ON);
});

conforms("3.3", "somebody only discovered is looked at before it dies", () => {
  const rig = makeRig([
    "strategy=lmkd",
    "victims.discover=true",
    "victims.scanMs=60000",
  ], { untriggered: true });
  const [one, other] = [905, 904].map((adj) => rig.world.start(app(adj, 6)));
  // Among so many nobody is looked at each second.
  for (let i = 0; i < 60; i++) rig.world.start(app(0, 0));
  rig.run(5_000);
  // It has asked to be left alone since.
  one.adj = -1000;
  shorten(rig, 1);
  rig.machine.triggered(FULL);
  rig.run(50);
  assert.deepEqual(signalled(rig), [other.pid]);
});

// The steps of a kill through the whole reactor, reaping, and what happens when
// a step cannot be taken.

import assert from "node:assert/strict";
import {
  J_ADJ,
  J_DETAIL,
  J_FLOOR_ADJ,
  J_KILL_SERIAL,
  J_KIND,
  J_PID,
  J_REAP_RESULT,
  J_REAP_US,
  J_RSS_KB,
  J_SERIAL,
  J_SWAP_KB,
  J_UID,
  KIND_DEATH,
  KIND_KILL,
  KIND_REAP,
  KIND_REFUSED,
} from "../../src/state/journal.ts";
import { G_REFUSED } from "../../src/state/gauges.ts";
import { killsOf, recordsOf } from "../../src/report/journal.ts";
import type { ProcessPlan } from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { haste } from "../daemon/checks.ts";
import {
  app,
  gauge,
  makeRig,
  MB,
  register,
  rowOf,
  signalled,
  stall,
} from "../daemon/helpers.ts";
import { PROCKILL, subscribe } from "../daemon/messages.ts";
import { conforms } from "./conforms.ts";

function scene(plans: readonly ProcessPlan[], sets: readonly string[] = []) {
  const rig = makeRig(["strategy=lmkd", ...sets], { untriggered: true });
  const manager = rig.machine.connect(400);
  const apps = plans.map((plan) => register(rig, manager, plan));
  rig.run(2_000);
  return { rig, manager, apps };
}

function recordsOfKind(rig: Rig, kind: number): ((word: number) => number)[] {
  const words = rig.arena.journal;
  return recordsOf(words).filter((at) => words[at + J_KIND] === kind)
    .map((at) => (word: number) => words[at + word]);
}

conforms("6.2", "who died, of which size, under which name", () => {
  const plan = {
    name: "e.app",
    title: "com.example.app --flag x",
    uid: 10_050,
  };
  const { rig, apps: [one] } = scene([app(905, 6, plan)]);
  stall(rig);
  rig.run(100);
  const [kill] = recordsOfKind(rig, KIND_KILL);
  assert.equal(kill(J_PID), one.pid);
  assert.equal(kill(J_UID), 10_050);
  assert.equal(kill(J_ADJ), 905);
  assert.equal(kill(J_FLOOR_ADJ), 0);
  assert.equal(kill(J_RSS_KB), 6 * MB);
  assert.equal(kill(J_SWAP_KB), 0);
  // Cut at the first space.
  assert.equal(killsOf(rig.arena.journal)[0].name, "com.example.app");
});

conforms("6.2", "one victim in each evaluation, and one at a time", () => {
  const { rig } = scene(
    [905, 904, 903, 902].map((adj) => app(adj, 6, { exitMs: 60 })),
  );
  for (let ms = 0; ms < 400; ms += 20) {
    rig.world.after(ms, () => stall(rig));
  }
  rig.run(500);
  assert.ok(signalled(rig).length >= 2);
  assert.deepEqual(haste(rig, 100), []);
});

conforms("6.2", "an error: out of the lists, and the next one is tried", () => {
  const { rig, apps } = scene([app(905, 6), app(904, 6)]);
  const kill = rig.machine.kill.bind(rig.machine);
  rig.machine.kill = () => {
    rig.machine.kill = kill;
    return -1;
  };
  stall(rig);
  rig.turn();
  assert.deepEqual(signalled(rig), [apps[1].pid]);
  assert.equal(rowOf(rig, apps[0].pid)?.listed, false);
  const [refused] = recordsOfKind(rig, KIND_REFUSED);
  assert.deepEqual([refused(J_PID), refused(J_DETAIL)], [apps[0].pid, -1]);
  assert.equal(gauge(rig, G_REFUSED), 1);
});

conforms("6.2", "one that has died meanwhile: purged, and the next", () => {
  const { rig, apps } = scene([
    app(905, 6, { exitMs: 0 }),
    app(904, 6),
  ]);
  const sense = rig.machine.sense.bind(rig.machine);
  rig.machine.sense = () => {
    rig.machine.sense = sense;
    rig.world.exit(apps[0]);
    return sense();
  };
  stall(rig);
  rig.turn();
  assert.deepEqual(signalled(rig), [apps[1].pid]);
  rig.run(200);
  assert.equal(rowOf(rig, apps[0].pid), null);
});

conforms("6.2", "the victim's record goes with it", () => {
  const { rig, manager, apps: [one] } = scene([app(905, 6)]);
  stall(rig);
  rig.run(200);
  assert.equal(rowOf(rig, one.pid), null);
  manager.askKills(905, 905);
  rig.run(50);
  assert.deepEqual(manager.replies, [[4, 1]]);
});

conforms("6.2", "counted and told before its death is seen", () => {
  const { rig, manager, apps: [one] } = scene([
    app(905, 6, { stuckMs: 90 }),
  ]);
  subscribe(manager);
  rig.run(1_100);
  stall(rig);
  rig.turn();
  assert.equal(rig.killer.killsByAdj[1_905], 1);
  assert.equal(manager.replies.at(-1)?.[0], PROCKILL);
  assert.equal(one.diedUs, -1);
});

conforms("6.4", "reaped: how long it took, and whose kill it was", () => {
  const { rig, apps: [one] } = scene([app(905, 6, { exitMs: 30 })]);
  stall(rig);
  rig.run(200);
  const [kill] = recordsOfKind(rig, KIND_KILL);
  const [reap] = recordsOfKind(rig, KIND_REAP);
  assert.equal(reap(J_PID), one.pid);
  assert.equal(reap(J_REAP_RESULT), 0);
  assert.equal(reap(J_KILL_SERIAL), kill(J_SERIAL));
  assert.ok(reap(J_REAP_US) >= 28_000 && reap(J_REAP_US) <= 34_000);
  assert.equal(recordsOfKind(rig, KIND_DEATH).length, 1);
});

conforms("6.4", "a reap that fails is recorded, and costs nothing else", () => {
  const rows: [string, number][] = [
    ["the kernel has no process_mrelease", -38],
    ["it is gone already", -3],
    ["it sits in the kernel", -11],
  ];
  for (const [what, errno] of rows) {
    const { rig } = scene([app(905, 6, { exitMs: 30 }), app(904, 6)]);
    rig.faults.of = (call) => call === "reap" ? errno : 0;
    stall(rig);
    rig.run(100);
    const [reap] = recordsOfKind(rig, KIND_REAP);
    assert.equal(reap(J_REAP_RESULT), errno, what);
    assert.equal(recordsOfKind(rig, KIND_DEATH).length, 1, what);
    stall(rig);
    rig.turn();
    assert.equal(signalled(rig).length, 2, what);
  }
});

conforms("6.4", "a reap under way does not put off the next kill", () => {
  const { rig, apps } = scene([
    app(905, 6, { stuckMs: 0, exitMs: 2_000 }),
    app(904, 6),
  ], ["killTimeoutMs=100"]);
  stall(rig);
  rig.run(120);
  stall(rig);
  rig.turn();
  assert.deepEqual(signalled(rig), apps.map(({ pid }) => pid));
  assert.equal(recordsOfKind(rig, KIND_REAP).length, 0);
  rig.run(2_500);
  // The first one's end is no longer that of the last kill.
  const reaps = recordsOfKind(rig, KIND_REAP)
    .map((word) => [word(J_PID), word(J_KILL_SERIAL) === 0]);
  assert.deepEqual(reaps.toSorted(([a], [b]) => Number(a) - Number(b)), [
    [apps[0].pid, true],
    [apps[1].pid, false],
  ]);
});

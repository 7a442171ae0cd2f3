// What each request does, through the whole reactor: the table, the kernel's
// own oom_score_adj, soft limits, tiers, counts, and who waits for an answer.

import assert from "node:assert/strict";
import { G_BAD_PACKETS, G_HASTY_TARGETS } from "../../src/state/gauges.ts";
import {
  SET_TIER_ADJ,
  SET_TIER_PAGES,
  SET_TIERS,
} from "../../src/state/settings.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  rowOf,
  shorten,
  signalled,
} from "../daemon/helpers.ts";
import { PROCS_PRIO } from "../daemon/messages.ts";
import { conforms } from "./conforms.ts";

/** What the kernel is told is compared: nobody is to be armed. */
const UNARMED = ["self.armKernel=false"];

conforms("1.5", "PROCPRIO: table and kernel get the adj told", () => {
  const rig = makeRig(UNARMED);
  const client = rig.machine.connect(400);
  const one = rig.world.start(app(0, 4));
  for (const adj of [-1000, -999, 0, 200, 999, 1000]) {
    client.prio(one.pid, 10_000, adj);
    rig.run(20);
    assert.equal(rowOf(rig, one.pid)?.adj, adj);
    assert.equal(one.adj, adj);
  }
  const before = gauge(rig, G_BAD_PACKETS);
  for (const adj of [-1001, 1001, 0x7fffffff, -0x80000000]) {
    client.prio(one.pid, 10_000, adj);
  }
  client.send(1, one.pid, 10_000, 0, 2);
  client.send(1, one.pid, 10_000, 0, -1);
  client.send(1, 0, 10_000, 0);
  client.send(1, -5, 10_000, 0);
  rig.run(20);
  assert.equal(gauge(rig, G_BAD_PACKETS) - before, 8);
  assert.equal(one.adj, 1000);
});

conforms("1.5", "PROCPRIO: the uid is not looked into, nor told twice", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  const one = rig.world.start(app(900, 4));
  client.prio(one.pid, -7, 900);
  rig.run(20);
  client.prio(one.pid, 10_044, 901);
  rig.run(20);
  // lmkd keeps the first; one below 0 is taken for the process's own.
  assert.equal(rowOf(rig, one.pid)?.uid, 10_000);
  assert.equal(rowOf(rig, one.pid)?.adj, 901);
});

conforms("1.5", "PROCPRIO of nobody: no row, no harm", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  client.prio(9_999, 10_000, 900);
  client.askKills(0, 0);
  rig.run(50);
  assert.equal(rowOf(rig, 9_999), null);
  assert.deepEqual(client.replies, [[4, 0]]);
});

conforms("1.5", "PROCPRIO: an update makes it the most recently used", () => {
  const rig = makeRig(["strategy=minfree"]);
  const client = rig.machine.connect(400);
  const apps = [1, 2].map(() => register(rig, client, app(900, 6)));
  rig.run(50);
  client.prio(apps[0].pid, 10_000, 900);
  client.target(40_000, 0);
  rig.run(1_000);
  shorten(rig, 60);
  rig.run(50);
  assert.equal(signalled(rig)[0], apps[1].pid);
});

conforms("1.5", "PROCS_PRIO: three at once; a bad one stops no other", () => {
  const rig = makeRig(UNARMED);
  const client = rig.machine.connect(400);
  const [one, two, three] = [1, 2, 3].map(() => rig.world.start(app(0, 4)));
  const record = (
    pid: number,
    adj: number,
    type = 0,
  ) => [pid, 10_000, adj, type];
  const middles = [
    record(two.pid, 1_001),
    record(two.pid, 500, 2),
    record(0, 500),
    record(9_999, 500),
    record(1, 500),
  ];
  let adj = 600;
  for (const middle of middles) {
    adj++;
    client.send(
      PROCS_PRIO,
      ...record(one.pid, adj),
      ...middle,
      ...record(three.pid, adj),
    );
    rig.run(50);
    const adjs = [one, two, three].map((each) => each.adj);
    assert.deepEqual(adjs, [adj, 0, adj], `[${middle}]`);
  }
  assert.equal(rowOf(rig, two.pid), null);
});

conforms("1.5", "17: for lmkd alone, the kernel's adj is left as it is", () => {
  const rig = makeRig(["compat=17"]);
  const client = rig.machine.connect(400);
  const [one, two] = [1, 2].map(() => rig.world.start(app(0, 4)));
  client.send(1, one.pid, 10_000, 905, 0, 1);
  client.send(
    PROCS_PRIO,
    two.pid,
    10_000,
    910,
    0,
    1,
    one.pid,
    10_000,
    904,
    0,
    0,
  );
  rig.run(50);
  assert.equal(rowOf(rig, two.pid)?.adj, 910);
  assert.equal(two.adj, 0);
  assert.equal(rowOf(rig, one.pid)?.adj, 904);
  assert.equal(one.adj, 904);
  client.send(1, one.pid, 10_000, 903, 0, 1);
  rig.run(50);
  assert.equal(rowOf(rig, one.pid)?.adj, 903);
  assert.equal(one.adj, 904);
});

conforms("1.5", "an app's own memory group gets its soft limit", () => {
  const rows: [number, number][] = [
    [1000, 0],
    [900, 0],
    [899, 0],
    [800, 0],
    [700, 0],
    [699, 8],
    [600, 8],
    [599, 0],
    [400, 0],
    [399, 8],
    [300, 8],
    [299, 64],
    [200, 64],
    [199, 80],
    [100, 80],
    [99, 160],
    [0, 160],
    [-1, 512],
    [-1000, 512],
  ];
  const rig = makeRig(["lmkd.perAppMemcg=true", ...UNARMED], {
    appGroups: true,
  });
  const client = rig.machine.connect(400);
  const one = rig.world.start(app(0, 4));
  for (const [adj, mib] of rows) {
    client.prio(one.pid, 10_000, adj);
    rig.run(20);
    assert.equal(one.softLimitMib, mib, `adj ${adj}`);
    assert.equal(one.adj, adj);
    const launcher = adj >= 600 && adj <= 699;
    assert.equal(rowOf(rig, one.pid)?.adj, launcher ? 200 : adj);
  }
  const service = rig.world.start(app(0, 4));
  client.send(1, service.pid, 10_000, 650, 1);
  rig.run(20);
  assert.equal(service.softLimitMib, -1);
  assert.equal(rowOf(rig, service.pid)?.adj, 650);
});

conforms("1.5", "without groups of their own: no limits, no launcher", () => {
  const rig = makeRig([], { appGroups: true });
  const client = rig.machine.connect(400);
  const one = register(rig, client, app(650, 4));
  rig.run(20);
  assert.equal(one.softLimitMib, -1);
  assert.equal(rowOf(rig, one.pid)?.adj, 650);
});

conforms("1.5", "TARGET: once a second, the rest counted and dropped", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  const tier = () => [
    rig.arena.settings[SET_TIERS],
    rig.arena.settings[SET_TIER_PAGES],
    rig.arena.settings[SET_TIER_ADJ],
  ];
  const seen: number[][] = [];
  client.target(1_000, 100);
  client.target(2_000, 200, 3_000, 300);
  rig.world.after(20, () => seen.push(tier()));
  rig.world.after(900, () => client.target(2_000, 200));
  rig.world.after(940, () => seen.push(tier()));
  rig.world.after(1_100, () => client.target(4_000, 400, 5_000, 500));
  rig.run(1_500);
  seen.push(tier());
  assert.deepEqual(seen, [[1, 1_000, 100], [1, 1_000, 100], [2, 4_000, 400]]);
  assert.equal(gauge(rig, G_HASTY_TARGETS), 2);
  assert.equal(rig.control.targetsDue, true);
});

conforms("1.5", "TARGET without pairs, or with half of one: nothing", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  client.target(1_000, 100);
  rig.run(1_100);
  client.target();
  client.send(0, 5);
  client.send(0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0);
  rig.run(50);
  // An empty one does not count as one: the next in the same second is taken.
  assert.equal(rig.arena.settings[SET_TIERS], 6);
  assert.equal(gauge(rig, G_BAD_PACKETS), 1);
});

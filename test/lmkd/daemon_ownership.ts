// Whose a registration is: who may touch it, and what a hang-up leaves of it.

import assert from "node:assert/strict";
import { G_BAD_PACKETS, G_CLIENTS } from "../../src/state/gauges.ts";
import { OWNER_DISCOVERED } from "../../src/state/victims.ts";
import type { SimClient } from "../../src/sim/client.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  rowOf,
  shorten,
  signalled,
} from "../daemon/helpers.ts";
import { prioAll } from "../daemon/messages.ts";
import { conforms } from "./conforms.ts";

const OWNER = 400;
const OTHER = 401;

type Touch = (client: SimClient, pid: number) => void;
const TOUCHES: Record<string, Touch> = {
  "PROCPRIO": (client, pid) => client.prio(pid, 10_000, 100),
  "PROCREMOVE": (client, pid) => client.remove(pid),
  "PROCPURGE": (client) => client.purge(),
};

/** Who had registered it, who touches it, whether that is allowed. */
const RECORDS: [string, number | null, number, boolean][] = [
  ["its owner", OWNER, OWNER, true],
  ["another client", OWNER, OTHER, false],
  ["anybody, once its owner has left", 0, OTHER, true],
  ["the same pid, connected anew", 0, OWNER, true],
];

for (const [who, owner, toucher, allowed] of RECORDS) {
  for (const [what, touch] of Object.entries(TOUCHES)) {
    const done = allowed ? "done" : "refused";
    conforms("1.4", `${what} by ${who}: ${done}`, () => {
      const rig = makeRig();
      const first = rig.machine.connect(OWNER);
      const second = rig.machine.connect(OTHER);
      const one = register(rig, first, app(900, 10));
      rig.run(20);
      if (owner === 0) {
        first.hangUp();
        rig.run(20);
        assert.equal(rowOf(rig, one.pid)?.owner, 0);
      }
      const again = owner === 0 && toucher === OWNER;
      const client = again
        ? rig.machine.connect(OWNER)
        : toucher === OWNER
        ? first
        : second;
      const before = gauge(rig, G_BAD_PACKETS);
      touch(client, one.pid);
      rig.run(50);
      const row = rowOf(rig, one.pid);
      if (!allowed) {
        assert.deepEqual([row?.adj, row?.owner, row?.listed], [
          900,
          OWNER,
          true,
        ]);
        // Nor was the kernel told anything.
        assert.equal(one.adj, 900);
        // A purge is of one's own: nothing was refused.
        const refused = what === "PROCPURGE" ? 0 : 1;
        assert.equal(gauge(rig, G_BAD_PACKETS) - before, refused);
      } else if (what === "PROCPRIO") {
        assert.deepEqual([row?.adj, row?.owner], [100, toucher]);
        assert.equal(one.adj, 100);
      } else {
        assert.equal(row, null);
      }
    });
  }
}

conforms("1.4", "PROCS_PRIO: others' records refused, one's own done", () => {
  const rig = makeRig();
  const first = rig.machine.connect(OWNER);
  const second = rig.machine.connect(OTHER);
  const theirs = register(rig, first, app(900, 4));
  const ours = [905, 910].map((adj) => register(rig, second, app(adj, 4)));
  rig.run(20);
  for (const one of [theirs, ...ours]) one.adj = 300;
  prioAll(second, ours[0], theirs, ours[1]);
  rig.run(50);
  assert.equal(rowOf(rig, theirs.pid)?.adj, 900);
  assert.deepEqual(ours.map(({ pid }) => rowOf(rig, pid)?.adj), [300, 300]);
});

conforms("1.4", "two connections of one pid own together", () => {
  const rig = makeRig();
  const first = rig.machine.connect(OWNER);
  const second = rig.machine.connect(OWNER);
  const [one, two] = [900, 905].map((adj) => register(rig, first, app(adj, 4)));
  rig.run(20);
  second.prio(one.pid, 10_000, 200);
  rig.run(20);
  assert.equal(rowOf(rig, one.pid)?.adj, 200);
  // The second holds on to what the first leaves.
  first.hangUp();
  rig.run(20);
  assert.equal(rowOf(rig, two.pid)?.owner, OWNER);
  second.hangUp();
  rig.run(20);
  assert.equal(rowOf(rig, two.pid)?.owner, 0);
  assert.equal(gauge(rig, G_CLIENTS), 0);
});

conforms(
  "1.4",
  "who was only discovered is anybody's, with the uid told",
  () => {
    const rig = makeRig(["victims.discover=true", "victims.scanMs=100"]);
    const one = rig.world.start(app(900, 4, { uid: 10_001 }));
    rig.run(300);
    assert.equal(rowOf(rig, one.pid)?.owner, OWNER_DISCOVERED);
    const client = rig.machine.connect(OWNER);
    // Nobody registered it: nobody can remove it.
    client.remove(one.pid);
    client.purge();
    rig.run(50);
    assert.equal(rowOf(rig, one.pid)?.owner, OWNER_DISCOVERED);
    client.prio(one.pid, 10_077, 100);
    rig.run(50);
    assert.equal(rowOf(rig, one.pid)?.owner, OWNER);
    assert.equal(rowOf(rig, one.pid)?.uid, 10_077);
  },
);

conforms("1.4", "records outlive their client, and can be killed", () => {
  const rig = makeRig();
  const client = rig.machine.connect(OWNER);
  const one = register(rig, client, app(900, 6));
  rig.run(1_500);
  client.hangUp();
  rig.run(50);
  shorten(rig, 1);
  rig.run(500);
  assert.deepEqual(signalled(rig), [one.pid]);
});

conforms("1.4", "what was sent before the hang-up is done first", () => {
  const rig = makeRig();
  const client = rig.machine.connect(OWNER);
  const many = Array.from({ length: 90 }, () => rig.world.start(app(900, 0)));
  for (const { pid } of many) client.prio(pid, 10_000, 905);
  client.hangUp();
  rig.run(200);
  const owners = many.map(({ pid }) => rowOf(rig, pid)?.owner);
  assert.deepEqual(owners, many.map(() => 0));
  assert.equal(gauge(rig, G_CLIENTS), 0);
});

conforms("1.4", "a victim's death does not close a client", () => {
  const rig = makeRig();
  const client = rig.machine.connect(OWNER);
  const apps = [900, 901, 902].map((adj) => register(rig, client, app(adj, 4)));
  rig.run(50);
  apps.forEach((one) => rig.world.exit(one));
  rig.run(200);
  assert.equal(client.dropped, false);
  assert.equal(rig.victims.count, 0);
  assert.ok(rig.turns < 100, `${rig.turns} turns in 250 ms`);
});

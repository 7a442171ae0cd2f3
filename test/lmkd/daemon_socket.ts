// The control socket as clients meet it: what closes a connection, what does
// not, how many there can be, and who goes when there are more.

import assert from "node:assert/strict";
import { CLIENTS_MAX } from "../../src/base/limits.ts";
import {
  G_BAD_PACKETS,
  G_CLIENTS,
  G_DROPPED_CLIENTS,
} from "../../src/state/gauges.ts";
import type { SimClient } from "../../src/sim/client.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { descriptorProblems } from "../daemon/checks.ts";
import { app, gauge, makeRig, register, rowOf } from "../daemon/helpers.ts";
import { KILLS, SUBSCRIBE, UPDATE_PROPS } from "../daemon/messages.ts";
import { conforms } from "./conforms.ts";

conforms("1.1", "bad packets: no reply, and the connection is kept", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  const bad: number[][] = [
    [],
    [0, 1],
    [1],
    [1, 300, 0],
    [1, 300, 0, 0, 0, 0, 0],
    [2],
    [2, 0],
    [3, 1],
    [4],
    [4, 0],
    [4, 0, 0, 0],
    [5],
    [5, 2],
    [5, -1],
    [6, 1, 1, 1],
    [7, 1],
    [8],
    [9, 1],
    [10, 1],
    [11],
    [11, 1, 1, 1],
    [12],
    [-1],
    [0x7fffffff],
  ];
  rig.run(20);
  for (const words of bad) client.send(...words);
  for (const length of [1, 2, 3]) client.sendBytes(new Uint8Array(length));
  rig.run(50);
  assert.equal(gauge(rig, G_BAD_PACKETS), bad.length + 3);
  assert.deepEqual(client.replies, []);
  client.askKills(0, 0);
  rig.run(50);
  assert.deepEqual(client.replies, [[4, 0]]);
  assert.equal(client.dropped, false);
});

conforms("1.1", "one to three bytes too many are ignored", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  for (let more = 1; more <= 3; more++) {
    const bytes = new Uint8Array(12 + more).fill(0xff, 12);
    bytes[3] = 4;
    client.sendBytes(bytes);
  }
  rig.run(50);
  assert.deepEqual(client.replies, [[4, 0], [4, 0], [4, 0]]);
});

conforms("1.1", "a packet without credentials ends the connection", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  const one = register(rig, client, app(900, 4));
  rig.run(50);
  const words = new Uint8Array(4);
  words[3] = 3;
  client.sendBytes(words, 0);
  rig.run(50);
  assert.equal(client.dropped, true);
  // Its purge was not heard.
  assert.equal(rowOf(rig, one.pid)?.owner, 0);
});

conforms("1.1", "who sends decides: the pid is that of each packet", () => {
  const rig = makeRig();
  const client = rig.machine.connect(400);
  const one = rig.world.start(app(900, 4));
  const packet = new Uint8Array(16);
  const view = new DataView(packet.buffer);
  [1, one.pid, 10_000, 900].forEach((word, i) => view.setInt32(i * 4, word));
  client.sendBytes(packet, 444);
  rig.run(50);
  assert.equal(rowOf(rig, one.pid)?.owner, 444);
});

/** The guard's clients, by how each behaved before it fell silent. */
const BEHAVIOURS: Record<string, (client: SimClient, rig: Rig) => void> = {
  left: (client) => {
    client.send(UPDATE_PROPS);
    client.hangUp();
  },
  mute: () => {},
  asked: (client) => {
    client.askKills(0, 0);
  },
  registered: (client, rig) => {
    register(rig, client, app(900, 0));
  },
  subscribed: (client) => {
    client.send(SUBSCRIBE, KILLS);
  },
};

/** `places` behave as named under these pids; a further one knocks; `want`: the
 * index of who goes. */
function checkRank(
  name: string,
  places: readonly [behaviour: keyof typeof BEHAVIOURS, pid: number][],
  want: number,
): void {
  const rig = makeRig();
  const clients = places.map(([behaviour, pid], i) => {
    const client = rig.machine.connect(pid);
    rig.world.after(20 * i, () => BEHAVIOURS[behaviour](client, rig));
    return client;
  });
  rig.run(1_500);
  assert.equal(gauge(rig, G_CLIENTS), CLIENTS_MAX, name);
  const late = rig.machine.connect(999);
  late.askKills(0, 0);
  rig.run(100);
  assert.deepEqual(late.replies, [[4, 0]], name);
  const gone = clients.flatMap(({ dropped }, i) => dropped ? [i] : []);
  assert.deepEqual(gone, [want], name);
  assert.equal(gauge(rig, G_DROPPED_CLIENTS), 1, name);
  assert.equal(gauge(rig, G_CLIENTS), CLIENTS_MAX, name);
  assert.deepEqual(descriptorProblems(rig), [], name);
}

/** CLIENTS_MAX clients, all of this behaviour and of pids of their own, but
 * for those named. */
function crowd(
  behaviour: keyof typeof BEHAVIOURS,
  others: Record<number, [keyof typeof BEHAVIOURS, number]> = {},
) {
  return Array.from(
    { length: CLIENTS_MAX },
    (_, i): [keyof typeof BEHAVIOURS, number] =>
      others[i] ?? [behaviour, 400 + i],
  );
}

conforms("1.1", "no place left: one goes for the newcomer", () => {
  checkRank("the longest silent", crowd("asked"), 0);
  checkRank(
    "one without subscriptions",
    crowd("subscribed", { 5: ["asked", 500] }),
    5,
  );
  checkRank(
    "one with the fewest records, however lately it spoke",
    crowd("registered", { 7: ["asked", 500] }),
    7,
  );
  checkRank(
    "of the process with the most connections, though subscribed",
    crowd("asked", { 4: ["subscribed", 500], 6: ["subscribed", 500] }),
    4,
  );
  checkRank(
    "who never said anything",
    crowd("asked", { 1: ["asked", 500], 2: ["asked", 500], 7: ["mute", 9] }),
    7,
  );
  checkRank(
    "who has left and is still owed an answer",
    crowd("mute", { 6: ["left", 500] }),
    6,
  );
});

conforms(
  "1.1",
  "a storm of connections does not throw a subscriber out",
  () => {
    const rig = makeRig();
    const good = rig.machine.connect(400);
    good.send(SUBSCRIBE, KILLS);
    rig.run(50);
    for (let round = 0; round < 200; round++) {
      const one = rig.machine.connect(500 + round % 40);
      if (round % 3 === 0) one.askKills(0, 0);
      if (round % 5 === 0) one.hangUp();
      rig.turn();
    }
    rig.run(100);
    good.askKills(0, 0);
    rig.run(50);
    assert.equal(good.dropped, false);
    assert.deepEqual(good.replies, [[4, 0]]);
    assert.deepEqual(descriptorProblems(rig), []);
  },
);

conforms("1.1", "who comes back says it all anew: a manager restarts", () => {
  const rig = makeRig();
  let manager = rig.machine.connect(400);
  const apps = [900, 905].map((adj) => register(rig, manager, app(adj, 4)));
  rig.run(50);
  manager.hangUp();
  rig.run(1_000);
  manager = rig.machine.connect(600);
  manager.purge();
  manager.target(18_432, 0);
  manager.send(SUBSCRIBE, 0);
  manager.send(SUBSCRIBE, 1);
  manager.prio(apps[1].pid, 10_000, 905);
  rig.run(100);
  assert.equal(rowOf(rig, apps[0].pid), null);
  assert.equal(rowOf(rig, apps[1].pid)?.owner, 600);
  assert.equal(rig.clients.subscriptions[0], 3);
});

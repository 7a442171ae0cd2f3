// A hundred thousand packets of clients that mean harm, connections that come
// and go in storms; and one good client that must not notice: it is served, it
// is told, and whoever eats its memory is killed in time.

import assert from "node:assert/strict";
import { Prng } from "../../src/base/prng.ts";
import { ProtectTable } from "../../src/config/protect.ts";
import {
  WAIT_BOOT,
  WAIT_UPDATE,
  WAIT_UPDATE_SOON,
} from "../../src/daemon/clients.ts";
import { NONE } from "../../src/state/victims.ts";
import {
  G_BAD_PACKETS,
  G_CLIENTS,
  G_DROPPED_CLIENTS,
  G_PACKETS,
} from "../../src/state/gauges.ts";
import type { SimClient } from "../../src/sim/client.ts";
import type { SimProcess } from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { descriptorProblems, turnProblems } from "./checks.ts";
import { app, gauge, makeRig, MB, register, rowOf } from "./helpers.ts";
import { sendHostile } from "./hostile.ts";
import { commandOf, commandsOf, PROCKILL, subscribe } from "./messages.ts";
import { toldProblems, waitProblems } from "./swarm_checks.ts";

const PACKETS = 100_000;
/** Somebody eats all memory each time so many packets have been sent. */
const HOG_EVERY = 10_000;
const FOES = 12;
/** Highest pid that foes name, and that of the first hog. */
const FOE_PID_MAX = 340;
const HOG_PID = 1_001;
/** Longest that the good client waited for an answer, ms of the machine. */
const ANSWER_MS = 250;
const ADJS = [-1001, -1000, -1, 0, 200, 900, 1000, 1001];

/** What the good client saw. */
interface Good {
  readonly client: SimClient;
  /** What it registered, with the adj it told. */
  readonly own: Map<SimProcess, number>;
  asked: number;
  answered: number;
  /** Messages looked at. */
  read: number;
  askedUs: number;
  longestUs: number;
}

/** Asks as soon as the last answer has come. */
function keepAsking(rig: Rig, good: Good): void {
  const { nowUs } = rig.world;
  const { packets } = good.client;
  const before = good.answered;
  for (; good.read < packets.length; good.read++) {
    if (commandOf(packets[good.read]) === 4) good.answered++;
  }
  if (good.answered > before) {
    good.longestUs = Math.max(good.longestUs, nowUs - good.askedUs);
  }
  if (good.asked > good.answered) return;
  if (!good.client.askKills(-1000, 1000)) return;
  good.asked++;
  good.askedUs = nowUs;
}

/** The clients that mean harm, and those of them that have left. */
class Foes {
  readonly #rig: Rig;
  readonly #prng = new Prng("hostile");
  readonly #clients: SimClient[];
  sent = 0;
  storms = 0;

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#clients = Array.from({ length: FOES }, (_, i) => this.#connect(i));
  }

  #connect(i: number): SimClient {
    const client = this.#rig.machine.connect(600 + i);
    client.deaf = this.#prng.chance(200);
    return client;
  }

  /** A few dozen packets of one of them. */
  strike(): void {
    const prng = this.#prng;
    const i = prng.below(FOES);
    if (prng.chance(20) || this.#clients[i].dropped) {
      this.#clients[i].hangUp();
      this.#clients[i] = this.#connect(i);
    }
    if (prng.chance(10)) {
      this.storms++;
      for (let n = 0; n < 30; n++) {
        const one = this.#rig.machine.connect(700 + n);
        if (prng.chance(500)) one.askKills(0, 0);
        if (prng.chance(700)) one.hangUp();
      }
    }
    for (let n = prng.below(80); n > 0; n--) {
      const pid = prng.between(-2, FOE_PID_MAX);
      const sent = sendHostile(this.#clients[i], prng, pid, prng.pick(ADJS));
      if (sent) this.sent++;
    }
  }

  leave(): void {
    this.#clients.forEach((one) => one.hangUp());
  }
}

/** Properties and boot: the daemon answers whoever asked. */
function answer(rig: Rig): void {
  rig.clients.promote(WAIT_UPDATE, WAIT_UPDATE_SOON);
  rig.control.answerUpdates(0);
  const index = rig.clients.waiterFor(WAIT_BOOT);
  if (index !== NONE) rig.control.answerBoot(index, 0);
}

/** A machine with whom nobody may kill, and what the good client owns. */
function scene() {
  const rig = makeRig([], { protect: new ProtectTable(["keep*"], [1_234]) });
  const precious = { precious: true };
  rig.world.start(app(0, 4, { ...precious, name: "keeper" }));
  rig.world.start(app(0, 4, { ...precious, uid: 1_234 }));
  rig.world.start(app(0, 0, { ...precious, kernel: true }));
  const client = rig.machine.connect(400);
  subscribe(client);
  const own = new Map<SimProcess, number>();
  const plans = [
    app(-1000, 4, precious),
    app(-900, 4, precious),
    app(0, 4, precious),
    ...[200, 900, 950].map((adj) => app(adj, 2)),
  ];
  for (const plan of plans) own.set(register(rig, client, plan), plan.adj);
  const good: Good = {
    ...{ client, own, asked: 0, answered: 0, read: 0, askedUs: 0 },
    longestUs: 0,
  };
  rig.run(1_500);
  return { rig, good };
}

/** Somebody the good client registered eats memory: it must die, and the
 * kernel must not be needed. Foes do not name its pid: who names one first owns
 * it, as lmkd has it. */
function startHog(rig: Rig, good: Good, pid: number): SimProcess {
  const plan = app(999, 1, { growKbPerMs: 100, growAfterMs: 50 });
  const hog = rig.world.start({ ...plan, name: "hog", sizeKb: MB }, pid);
  good.client.prio(hog.pid, hog.uid, hog.adj);
  good.own.set(hog, hog.adj);
  return hog;
}

/** What the good client said still holds, whatever others said since. */
function ownProblems(rig: Rig, good: Good): string[] {
  const problems: string[] = [];
  for (const [one, adj] of good.own) {
    if (one.killedUs >= 0) continue;
    const row = rowOf(rig, one.pid);
    if (row?.adj === adj && row.owner === 400 && one.adj === adj) continue;
    problems.push(`${one.pid}: ${adj} told, ${one.adj}, ${row?.adj}`);
  }
  return problems;
}

Deno.test("hostile: a hundred thousand packets, and nobody notices", () => {
  const { rig, good } = scene();
  const foes = new Foes(rig);
  const hogs: SimProcess[] = [];
  const problems: string[] = [];
  let turn = 0;
  const step = () => {
    if (foes.sent < PACKETS) foes.strike();
    keepAsking(rig, good);
    if (turn % 20 === 0) answer(rig);
    if (++turn % 64 === 0 && problems.length === 0) {
      problems.push(...turnProblems(rig));
    }
    rig.turn();
  };
  while (foes.sent < PACKETS) {
    if (foes.sent >= HOG_EVERY * (hogs.length + 1)) {
      hogs.push(startHog(rig, good, HOG_PID + hogs.length));
    }
    step();
  }
  const lastUs = rig.world.nowUs + 10_000_000;
  while (hogs.some((hog) => hog.diedUs < 0) && rig.world.nowUs < lastUs) step();
  assert.equal(good.client.dropped, false);
  assert.deepEqual(problems, []);
  assert.deepEqual(rig.machine.violations, []);
  assert.deepEqual(ownProblems(rig, good), []);
  assert.deepEqual(rig.world.kernelKills, []);
  assert.ok(hogs.length >= 9 && hogs.every((hog) => hog.killedUs >= 0));
  assert.ok(good.answered > 300, `${good.answered} answers`);
  assert.ok(good.longestUs <= ANSWER_MS * 1000, `${good.longestUs} us`);
  assert.deepEqual(toldProblems(rig, good.client), []);
  const told = commandsOf(good.client).filter((one) => one === PROCKILL).length;
  assert.equal(told, rig.machine.signals.length);
  // All of them leave: nothing of them is left.
  foes.leave();
  for (let i = 0; i < 20; i++) {
    answer(rig);
    rig.run(100);
  }
  assert.deepEqual(waitProblems(rig), []);
  assert.deepEqual(descriptorProblems(rig), []);
  assert.ok(rig.victims.count <= rig.world.processes.size);
  console.log(
    `hostile: ${foes.sent} packets sent, ${gauge(rig, G_PACKETS)} taken, ` +
      `${gauge(rig, G_BAD_PACKETS)} bad, ${foes.storms} storms, ` +
      `${gauge(rig, G_DROPPED_CLIENTS)} clients dropped, ` +
      `${gauge(rig, G_CLIENTS)} left; the good one was answered ` +
      `${good.answered} times, at most ${good.longestUs / 1000} ms late; ` +
      `${rig.machine.signals.length} kills`,
  );
});

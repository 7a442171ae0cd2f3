// Ten thousand processes: what is done for each of them is done in portions, so
// that a turn makes the calls that it makes with sixty; who grows is found all
// the same, and what is known of the others has an age with a bound.

import assert from "node:assert/strict";
import type { Ports } from "../../src/daemon/ports.ts";
import type { Machine } from "../../src/sim/machine.ts";
import { Rig } from "../../src/sim/rig.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import {
  MB_COUNT,
  MB_NOW_MS,
  MB_PID,
  VICTIM_WORDS,
} from "../../src/state/layout.ts";
import {
  PROTECT_KERNEL,
  ROW_LISTED,
  V_CHECKED_MS,
  V_FLAGS,
  V_PROTECT,
} from "../../src/state/victims.ts";
import { app, BARE, makeRig, MB } from "./helpers.ts";

const FEW = 60;
const MANY = 10_000;
/** All are found by then. */
const FOUND_MS = 5_000;
/** 4 GB, of which everybody together holds 1.9. */
const MEMORY = { ...BARE, totalKb: 4096 * MB };
const HELD_KB = 1900 * MB;
const GROW_KB_PER_MS = 600;

type Calls = Record<string, number>;

/** Counts calls, and the files that each sample reads. */
function counting(calls: Calls): (machine: Machine) => Ports {
  const note = (name: string, count: number) =>
    calls[name] = (calls[name] ?? 0) + count;
  return (machine) =>
    new Proxy<Ports>(machine, {
      get(_, name: keyof Ports) {
        return () => {
          note(name, 1);
          const { mailbox } = machine.arena;
          if (name === "sample") note("files sampled", mailbox[MB_COUNT]);
          return machine[name]();
        };
      },
    });
}

/** The most of each call that one turn made, and one visit of the desk. */
class Meter {
  readonly turn: Calls = {};
  readonly visit: Calls = {};

  constructor(rig: Rig, calls: Calls) {
    const { reactor, desk } = rig;
    const tick = reactor.tick.bind(reactor);
    reactor.tick = (busy, mostMs) => {
      const code = tick(busy, mostMs);
      take(calls, this.turn);
      return code;
    };
    const visit = desk.visit.bind(desk);
    desk.visit = (sprinting) => {
      const busy = visit(sprinting);
      take(calls, this.visit);
      return busy;
    };
  }
}

/** Moves counts into the largest so far. */
function take(calls: Calls, most: Calls): void {
  for (const [name, count] of Object.entries(calls)) {
    most[name] = Math.max(most[name] ?? 0, count);
    delete calls[name];
  }
}

/** So many processes of one band, all found: `hogPid` of them, or any, then
 * grows, until a second after somebody was signalled. */
function play(count: number, hogPid?: number) {
  const { settings } = sceneConfig([], MEMORY.totalKb);
  const calls: Calls = {};
  const ports = counting(calls);
  const rig = new Rig({ seed: 1, memory: MEMORY, settings, ports });
  const meter = new Meter(rig, calls);
  const sizeKb = Math.trunc(HELD_KB / count);
  const all = Array.from(
    { length: count },
    (_, i) => rig.world.start(app(900 + i % 100, 0, { sizeKb })),
  );
  let lastPid = 0;
  const read = rig.machine.readAdj.bind(rig.machine);
  rig.machine.readAdj = () => {
    lastPid = rig.arena.mailbox[MB_PID];
    return read();
  };
  rig.run(FOUND_MS);
  assert.equal(rig.victims.count, count + rig.natives.length);
  // It will take longest to come to this one again.
  const behindPid = lastPid;
  const hog = all.find(({ pid }) => pid === hogPid) ?? all[count >> 1];
  Object.assign(hog.plan, { growKbPerMs: GROW_KB_PER_MS });
  for (let turn = 0; rig.machine.signals.length === 0; turn++) {
    assert.ok(turn < 10_000, "nobody is signalled");
    rig.turn();
  }
  rig.run(1_000);
  return { rig, meter, hog, behindPid };
}

let manyPlayed: ReturnType<typeof play> | undefined;

function playMany() {
  return manyPlayed ??= play(MANY);
}

Deno.test("scale: with ten thousand a turn makes the calls it makes with sixty", () => {
  const few = play(FEW);
  const many = playMany();
  assert.deepEqual(many.meter.turn, few.meter.turn);
  assert.ok(few.meter.turn["files sampled"]! > 0);
  // The desk works in portions: it may read and adopt so many in one visit.
  const { visit } = many.meter;
  const most = Object.entries(visit).filter(([, count]) => count > 64);
  assert.deepEqual(most, []);
});

Deno.test("scale: among ten thousand whoever grows dies, and nobody else", () => {
  const { behindPid } = playMany();
  const { rig, hog } = play(MANY, behindPid);
  assert.equal(hog.pid, behindPid);
  const [first] = rig.machine.signals;
  assert.deepEqual(
    rig.machine.signals.map(({ process }) => process.pid),
    [hog.pid],
  );
  assert.ok(first!.availableKb > 100 * MB, `${first!.availableKb} kB left`);
  assert.deepEqual(rig.world.kernelKills, []);
  assert.deepEqual(rig.machine.violations, []);
});

/** How long ago the row that was read longest ago was read, ms. */
function oldestMs(rig: Rig): number {
  const { rows, end } = rig.victims;
  const nowMs = rig.arena.mailbox[MB_NOW_MS];
  let most = 0;
  for (let row = 0; row < end; row++) {
    const at = row * VICTIM_WORDS;
    if ((rows[at + V_FLAGS] & ROW_LISTED) === 0) continue;
    if (rows[at + V_PROTECT] === PROTECT_KERNEL) continue;
    most = Math.max(most, nowMs - rows[at + V_CHECKED_MS]);
  }
  return most;
}

Deno.test("scale: in calm nobody goes unread for long, and few cost little", () => {
  const check = (count: number, idleMaxMs: number, boundMs: number) => {
    const sets = ["victims.discover=true", `wait.idleMaxMs=${idleMaxMs}`];
    const rig = makeRig(sets, { memory: MEMORY });
    for (let i = 0; i < count; i++) rig.world.start(app(i % 1000, 0));
    rig.run(FOUND_MS);
    let reads = 0;
    const read = rig.machine.readAdj.bind(rig.machine);
    rig.machine.readAdj = () => {
      reads++;
      return read();
    };
    rig.run(boundMs);
    const oldest = oldestMs(rig);
    assert.ok(oldest <= boundMs, `${count}: ${oldest} ms`);
    return reads / (boundMs / idleMaxMs);
  };
  assert.ok(check(FEW, 1_000, 20_000) <= 4.5);
  assert.ok(check(3_000, 2_000, 320_000) <= 21);
  assert.ok(check(MANY, 1_000, 330_000) <= 33);
});

// Whole turns of the production reactor over a simulated machine held still:
// calm, in a sprint, with packets, through kills; and the desk beside it.

import { parseSet } from "../../../src/config/load.ts";
import { StatusFile } from "../../../src/daemon/status_file.ts";
import { statusLines } from "../../../src/report/status.ts";
import { Frozen } from "../../../src/sim/frozen.ts";
import { Rig } from "../../../src/sim/rig.ts";
import { DEVICE, sceneConfig } from "../../../src/sim/scenes.ts";
import { G_KILLS, G_LAST_PID } from "../../../src/state/gauges.ts";

const MANAGER_PID = 400;
const PRIO = Uint8Array.of(0, 0, 0, 1);

/** A guard over a frozen machine on which `count` apps are registered. */
export function makeFrozen(count: number, sets: readonly string[] = []) {
  let frozen: Frozen | null = null;
  const { settings } = sceneConfig([
    "victims.discover=false",
    "exhaustion.horizonMs=20",
    "killTimeoutMs=100",
    ...sets,
  ].map(parseSet));
  const rig = new Rig({
    seed: 1,
    memory: DEVICE,
    settings,
    lines: statusLines,
    ports: (machine) => frozen = new Frozen(machine),
  });
  const manager = rig.machine.connect(MANAGER_PID);
  const pids: number[] = [];
  for (let i = 0; i < count; i++) {
    const adj = 100 * (i % 10);
    const plan = { name: `app${i}`, adj, sizeKb: Math.trunc(400_000 / count) };
    const { pid } = rig.world.start(plan);
    pids.push(pid);
    while (!manager.prio(pid, 10_000, adj)) rig.turn();
  }
  rig.run(3_000);
  frozen!.freeze(rig.world.memory.availableKb - 4_096);
  return { rig, frozen: frozen!, pids };
}

/** LMK_PROCPRIO of `pid`, built here by hand. */
function prioPacket(pid: number, adj: number): Uint8Array {
  const packet = new Uint8Array(16);
  const view = new DataView(packet.buffer);
  packet.set(PRIO);
  view.setInt32(4, pid);
  view.setInt32(8, 10_000);
  view.setInt32(12, adj);
  return packet;
}

export function setupTickCalm(): () => void {
  const { rig } = makeFrozen(60);
  return () => {
    rig.reactor.tick(false);
  };
}

export function setupTickSprint(): () => void {
  const { rig, frozen } = makeFrozen(60);
  frozen.pressing = true;
  return () => {
    rig.reactor.tick(false);
  };
}

export function setupTickBusy(): () => void {
  const { rig } = makeFrozen(60);
  return () => {
    rig.reactor.tick(true);
  };
}

/** PROCPRIO of somebody known, eight of them each turn. */
export function setupTickPackets(): () => void {
  const { rig, frozen, pids } = makeFrozen(60);
  const packet = prioPacket(pids[7], 905);
  return () => {
    frozen.queue(packet, 8, MANAGER_PID);
    rig.turn();
  };
}

/** PROCREMOVE, then PROCPRIO: buried and adopted again, turn by turn. */
export function setupDeskAdopts(): () => void {
  const { rig, frozen, pids } = makeFrozen(60, ["victims.discover=true"]);
  const prio = prioPacket(pids[7], 905);
  const remove = new Uint8Array(8);
  new DataView(remove.buffer).setInt32(4, pids[7]);
  remove[3] = 2;
  let turns = 0;
  return () => {
    frozen.queue((turns++ & 1) === 0 ? remove : prio, 1, MANAGER_PID);
    rig.turn();
  };
}

/** Memory runs short, somebody is killed and dies, memory is back. */
export function setupKillCycle(): () => void {
  const { rig, frozen } = makeFrozen(60);
  const { gauges } = rig.arena;
  const packet = prioPacket(0, 905);
  let turns = 0;
  return () => {
    // Who was killed is registered anew, so that there is always somebody.
    if ((++turns & 15) === 0) frozen.show(true);
    if ((turns & 15) === 8 && gauges[G_KILLS] > 0) {
      const pid = gauges[G_LAST_PID];
      packet[4] = pid >> 24;
      packet[5] = pid >> 16;
      packet[6] = pid >> 8;
      packet[7] = pid;
      frozen.queue(packet, 1, MANAGER_PID);
    }
    rig.turn();
    if (turns === 1_000 && frozen.kills < 50) {
      throw new Error(`Cannot measure kills: ${frozen.kills} in 1000 turns`);
    }
  };
}

export function setupStatusFile(): () => void {
  const { rig, frozen } = makeFrozen(20);
  const lines = statusLines(rig.arena);
  const file = new StatusFile(frozen, rig.arena, 5, lines);
  return () => {
    file.update();
  };
}

// The production guard of this machine, without its process: the reactor and
// its parts on the real shim, everything open that a guard has open, and real
// processes registered as candidates. Memory is not short here, so nobody dies
// but by a phase that has them die.

import { SAMPLES_MAX } from "../../src/base/limits.ts";
import { Actor } from "../../src/daemon/actor.ts";
import { Aftermath } from "../../src/daemon/aftermath.ts";
import { assemble, type Parts } from "../../src/daemon/assemble.ts";
import { Faults } from "../../src/daemon/faults.ts";
import { NotedPorts } from "../../src/daemon/noted_ports.ts";
import { TURN_DONE } from "../../src/daemon/reactor.ts";
import { rehearse } from "../../src/daemon/rehearsal.ts";
import { statusLines } from "../../src/report/status.ts";
import { openGroup, openMachine, type Senses } from "../../src/shim/sensors.ts";
import { Shim } from "../../src/shim/shim.ts";
import { startWatchdog } from "../../src/shim/watchdog.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import { G_GUARD_PID, G_LISTED } from "../../src/state/gauges.ts";
import { Journal } from "../../src/state/journal.ts";
import { EVENT_PSI_SOME } from "../../src/state/layout.ts";
import {
  SET_DISCOVER,
  SET_IDLE_MAX_MS,
  SET_SPRINT_MS,
  SET_WATCHDOG_MS,
} from "../../src/state/settings.ts";
import type { Bench } from "./native_tools.ts";

/** Registered in one go: fewer than the desk can have waiting. */
const BATCH = 256;
/** Turns in which all of a batch are registered, or never will be. */
const TURNS_MAX = 10_000;
const EPOLLIN = 1;

/** A guard and its candidates. */
export interface Rig extends Parts {
  readonly shim: Shim;
  readonly senses: Senses;
  readonly actor: Actor;
  /** One turn and what the desk has to do after it. */
  turn(): void;
  /** Registers processes, all importances in turn. */
  register(pids: readonly number[]): void;
  /** From now on each wait ends at once, by a pressure trigger, or none does. */
  press(pressing: boolean): void;
}

/** A file of the state folder, gone with this process. */
function openState(shim: Shim): number {
  const path = Deno.makeTempFileSync({ dir: "/dev/shm" });
  const fd = shim.openKept(path, 0o600);
  Deno.removeSync(path);
  return fd;
}

function setUp(shim: Shim, totalKb: number): void {
  const { settings, gauges } = shim.arena;
  settings.set(sceneConfig([], totalKb).settings);
  // Nobody but the children is ever a candidate, and no turn sleeps.
  settings[SET_DISCOVER] = 0;
  settings[SET_IDLE_MAX_MS] = 0;
  settings[SET_SPRINT_MS] = 0;
  // Each beat tells its timer.
  settings[SET_WATCHDOG_MS] = 60_000;
  gauges[G_GUARD_PID] = Deno.pid;
}

/** Makes a guard of this machine, or of the memory group `group`. */
export function makeRig(bench: Bench, group: string | null = null): Rig {
  const shim = new Shim();
  shim.start();
  const { arena, ports } = shim;
  const totalKb = Math.trunc(Deno.systemMemoryInfo().total / 1024);
  setUp(shim, group === null ? totalKb : 65_536);
  const senses = group === null ? openMachine(shim) : openGroup(shim, group);
  startWatchdog(shim, senses, group, { fd: -1, serial: 0 });
  const journal = new Journal(arena.journal);
  const parts = assemble({
    ports,
    arena,
    journal,
    protection: { protects: () => false },
    slots: senses.slots,
    group: senses.group,
    listenerFd: -1,
    journalFd: openState(shim),
    statusFd: openState(shim),
    armedFd: -1,
    statusLines: statusLines(arena),
  });
  const { victims, protector, ready, killer, reactor, desk } = parts;
  const aftermath = new Aftermath(arena, victims, killer);
  const noted = new NotedPorts(ports, arena, new Faults(arena, journal));
  // deno-fmt-ignore
  const actor = new Actor(noted, arena, victims, protector, ready, killer, aftermath);
  const turn = () => {
    if (reactor.tick(false) !== TURN_DONE) throw new Error("stopped");
    if (reactor.deskOpen) desk.visit(reactor.sprinting);
  };
  bench.bench_open();
  shim.symbols.watch(bench.bench_event(0), EPOLLIN, EVENT_PSI_SOME << 24);
  shim.symbols.setFifo(1);
  shim.symbols.lockArena();
  rehearse(arena.settings, statusLines);
  return {
    ...parts,
    shim,
    senses,
    actor,
    turn,
    register: (pids) => register(parts, shim, pids, turn),
    press: (pressing) => void bench.bench_event(pressing ? 1 : 0),
  };
}

function register(
  { registrar }: Parts,
  { arena: { gauges } }: Shim,
  pids: readonly number[],
  turn: () => void,
): void {
  for (let from = 0; from < pids.length; from += BATCH) {
    const batch = pids.slice(from, from + BATCH);
    const wanted = gauges[G_LISTED] + batch.length;
    for (const [i, pid] of batch.entries()) {
      const adj = 100 * ((from + i) % 10);
      registrar.prioritize(pid, Deno.uid() ?? 0, adj, 0, Deno.pid, 1);
    }
    for (let i = 0; gauges[G_LISTED] < wanted; i++) {
      if (i === TURNS_MAX) throw new Error("Cannot register all candidates");
      turn();
    }
  }
}

/** Status files read in one turn of a sprint. */
export function samplesOf(rig: Rig): number {
  return Math.min(rig.ready.count, SAMPLES_MAX);
}

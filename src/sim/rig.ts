// The production guard on a simulated machine: the same parts, put together
// over the simulated ports, and the loop of cli/daemon.ts without its words.

import {
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  STATUS_BYTES,
} from "../base/limits.ts";
import type { Armer } from "../daemon/armer.ts";
import { assemble } from "../daemon/assemble.ts";
import type { Clients } from "../daemon/clients.ts";
import type { Control } from "../daemon/control.ts";
import type { Desk } from "../daemon/desk.ts";
import type { Killer } from "../daemon/killer.ts";
import type { Pending } from "../daemon/pending.ts";
import type { Ports } from "../daemon/ports.ts";
import type { Protection, Protector } from "../daemon/protector.ts";
import { type Reactor, TURN_STOP } from "../daemon/reactor.ts";
import type { Ready } from "../daemon/ready.ts";
import type { Registrar } from "../daemon/registrar.ts";
import { GROUP_NONE, GROUP_V2 } from "../daemon/sensor.ts";
import type { StatusLine } from "../daemon/status_file.ts";
import { Arena } from "../state/arena.ts";
import {
  ARMED_WORDS,
  G_DRY_RUN,
  G_EPOCH_S,
  G_GUARD_PID,
  G_STARTED_MS,
  G_STRATEGY,
} from "../state/gauges.ts";
import { Journal } from "../state/journal.ts";
import { ARENA_BYTES, EVENT_LISTENER, MB_NOW_MS } from "../state/layout.ts";
import {
  SET_DRY_RUN,
  SET_PSI_FULL_MS,
  SET_PSI_SOME_MS,
  SET_PSI_WINDOW_MS,
  SET_STRATEGY,
} from "../state/settings.ts";
import type { Victims } from "../state/victims.ts";
import { Faults } from "./faults.ts";
import { Machine } from "./machine.ts";
import type { MemoryPlan } from "./memory.ts";
import type { SimProcess } from "./process.ts";
import { GROUP_SLOTS, MACHINE_SLOTS } from "./slots.ts";
import { World } from "./world.ts";

/** Pid of the simulated guard. */
export const GUARD_PID = 250;
const JOURNAL_FILE_BYTES = (JOURNAL_RECORDS + 1) * JOURNAL_WORDS * 4;
/** s since 1970 at which every simulation begins. */
const EPOCH_S = 1_700_000_000;

/** Nobody is protected by configuration. */
const UNPROTECTED: Protection = { protects: () => false };

/** What to simulate, and how the guard is set. */
export interface RigPlan {
  readonly seed: number | string;
  readonly memory: MemoryPlan;
  /** SETTINGS_WORDS thresholds (config/compile.ts). */
  readonly settings: Int32Array;
  readonly protect?: Protection;
  /** Open slots of the sensor; all unless told. */
  readonly slots?: number;
  /** Guard a memory group; the machine unless told. */
  readonly group?: boolean;
  /** Apps have memory groups, of version 1, of their own. */
  readonly appGroups?: boolean;
  /** vmpressure is told. */
  readonly vmpressure?: boolean;
  /** Without pressure triggers. */
  readonly untriggered?: boolean;
  /** Clock at the start, ms. */
  readonly bootMs?: number;
  /** Largest pid; small ones are soon reused. */
  readonly pidMax?: number;
  /** Lines of the status file; none unless told. */
  readonly lines?: (arena: Arena) => StatusLine[];
  /** Stands before the machine, to measure without it. */
  readonly ports?: (machine: Machine) => Ports;
}

/** Every part of a simulated guard. */
export class Rig {
  readonly arena: Arena;
  readonly world: World;
  readonly machine: Machine;
  readonly faults: Faults;
  readonly victims: Victims;
  readonly journal: Journal;
  readonly protector: Protector;
  readonly control: Control;
  readonly clients: Clients;
  readonly pending: Pending;
  readonly registrar: Registrar;
  readonly history: Int32Array;
  readonly killer: Killer;
  readonly ready: Ready;
  readonly reactor: Reactor;
  readonly desk: Desk;
  readonly armer: Armer;
  /** What the guard has written to its files. */
  readonly journalFile: Uint8Array;
  readonly statusFile: Uint8Array;
  readonly armedFile: Uint8Array;
  /** Processes that every machine has: init, kthreadd, the guard. */
  readonly natives: readonly SimProcess[];
  #busy = false;
  /** Turns taken. */
  turns = 0;

  constructor(plan: RigPlan) {
    const arena = new Arena(new ArrayBuffer(ARENA_BYTES));
    this.arena = arena;
    this.faults = new Faults(plan.seed);
    const { bootMs = 5_000, pidMax = 32_768, group = false } = plan;
    this.world = new World(plan.memory, bootMs, pidMax);
    this.natives = startNatives(this.world);
    this.machine = new Machine(this.world, arena, this.faults);
    this.journal = new Journal(arena.journal);
    prepare(plan, arena, this.machine, this.journal);
    const journalFile = this.machine.openFile(JOURNAL_FILE_BYTES);
    const armedFile = this.machine.openFile(ARMED_WORDS * 4);
    const statusFile = this.machine.openFile(STATUS_BYTES);
    this.journalFile = journalFile.bytes;
    this.statusFile = statusFile.bytes;
    this.armedFile = armedFile.bytes;

    const { protect = UNPROTECTED, lines = () => [] } = plan;
    const parts = assemble({
      ports: plan.ports?.(this.machine) ?? this.machine,
      arena,
      journal: this.journal,
      protection: protect,
      slots: plan.slots ?? (group ? GROUP_SLOTS : MACHINE_SLOTS),
      group: group ? GROUP_V2 : GROUP_NONE,
      listenerFd: this.machine.listenerFd,
      journalFd: journalFile.fd,
      statusFd: statusFile.fd,
      armedFd: armedFile.fd,
      statusLines: lines(arena),
    });
    this.victims = parts.victims;
    this.ready = parts.ready;
    this.killer = parts.killer;
    this.protector = parts.protector;
    this.control = parts.control;
    this.clients = parts.clients;
    this.pending = parts.pending;
    this.registrar = parts.registrar;
    this.history = parts.history;
    this.reactor = parts.reactor;
    this.desk = parts.desk;
    this.armer = parts.armer;
  }

  /** One turn and, where it may, one visit of the desk; answers TURN_*. */
  turn(): number {
    const open = this.reactor.deskOpen;
    const code = this.reactor.tick(this.#busy, open ? this.desk.restMs : -1);
    this.#busy = false;
    if (this.reactor.deskOpen) {
      this.#busy = this.desk.visit(this.reactor.sprinting);
    }
    this.turns++;
    return code;
  }

  /** Turns for so many ms of simulated time; `each` looks in after every one.
   * Ends early on SIGTERM. */
  run(ms: number, each: () => void = () => {}): void {
    const endUs = this.world.nowUs + ms * 1000;
    while (this.world.nowUs < endUs) {
      const code = this.turn();
      each();
      if (code === TURN_STOP) return;
    }
  }
}

/** What makeGuard does before it makes the parts: thresholds, gauges, clock,
 * triggers, listener. */
function prepare(
  plan: RigPlan,
  arena: Arena,
  machine: Machine,
  journal: Journal,
): void {
  const { gauges, mailbox, settings } = arena;
  settings.set(plan.settings);
  gauges[G_DRY_RUN] = settings[SET_DRY_RUN];
  gauges[G_STRATEGY] = settings[SET_STRATEGY];
  gauges[G_GUARD_PID] = GUARD_PID;
  gauges[G_STARTED_MS] = mailbox[MB_NOW_MS];
  gauges[G_EPOCH_S] = EPOCH_S;
  journal.setEpoch(mailbox[MB_NOW_MS], EPOCH_S);
  if (plan.untriggered !== true) {
    machine.armTriggers(
      settings[SET_PSI_SOME_MS],
      settings[SET_PSI_FULL_MS],
      settings[SET_PSI_WINDOW_MS],
    );
  }
  machine.appGroups = plan.appGroups === true;
  if (plan.vmpressure === true) machine.armVmpressure();
  machine.listen(EVENT_LISTENER << 24);
}

/** Who is on every machine, and never to be signalled. */
function startNatives(world: World): SimProcess[] {
  const precious = { sizeKb: 0, precious: true };
  return [
    world.start({ ...precious, name: "init", adj: 0, sizeKb: 4_096 }, 1),
    world.start({ ...precious, name: "kthreadd", adj: 0, kernel: true }, 2),
    world.start(
      { ...precious, name: "oomguard", adj: -1000, sizeKb: 24_576 },
      GUARD_PID,
    ),
  ];
}

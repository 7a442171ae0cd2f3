// Puts the parts of a guard together over any ports: the shim's in a real
// guard, the simulated machine's in a test. Cold; done once.

import type { Arena } from "../state/arena.ts";
import type { Journal } from "../state/journal.ts";
import { HIST_WORDS, VERDICT_WORDS } from "../state/reasons.ts";
import { Victims } from "../state/victims.ts";
import { Actor } from "./actor.ts";
import { Adopter } from "./adopter.ts";
import { Aftermath } from "./aftermath.ts";
import { Armer } from "./armer.ts";
import { Ballast } from "./ballast.ts";
import { Clients } from "./clients.ts";
import { Control } from "./control.ts";
import { Desk } from "./desk.ts";
import { Discovery } from "./discovery.ts";
import { Faults } from "./faults.ts";
import { Footprint } from "./footprint.ts";
import { Killer } from "./killer.ts";
import { NotedPorts } from "./noted_ports.ts";
import { Notifier } from "./notifier.ts";
import { Pace } from "./pace.ts";
import { Passes } from "./passes.ts";
import { Pending } from "./pending.ts";
import type { Ports } from "./ports.ts";
import { type Protection, Protector } from "./protector.ts";
import { Reactor } from "./reactor.ts";
import { Ready } from "./ready.ts";
import { Recorder } from "./recorder.ts";
import { Registrar } from "./registrar.ts";
import { Roster } from "./roster.ts";
import { Sensor } from "./sensor.ts";
import { StatusFile, type StatusLine } from "./status_file.ts";
import { Titles } from "./titles.ts";

/** What the parts are made from. */
export interface Plan {
  readonly ports: Ports;
  readonly arena: Arena;
  readonly journal: Journal;
  readonly protection: Protection;
  /** Open slots, a bit each, and GROUP_* (daemon/sensor.ts). */
  readonly slots: number;
  readonly group: number;
  /** Descriptors; -1 where there is none. */
  readonly listenerFd: number;
  readonly journalFd: number;
  readonly statusFd: number;
  /** Where the armed process is kept for the next start; -1: none is armed. */
  readonly armedFd: number;
  readonly statusLines: readonly StatusLine[];
  /** The guard's own /proc/self/status; its figures stay unknown without. */
  readonly selfFd?: number;
}

/** The parts of a guard that others ask for. */
export interface Parts {
  readonly victims: Victims;
  readonly protector: Protector;
  readonly sensor: Sensor;
  readonly ready: Ready;
  readonly killer: Killer;
  readonly clients: Clients;
  readonly pending: Pending;
  readonly registrar: Registrar;
  readonly control: Control;
  readonly notifier: Notifier;
  readonly faults: Faults;
  readonly reactor: Reactor;
  readonly desk: Desk;
  readonly armer: Armer;
  readonly history: Int32Array;
}

/** Makes every part. The settings must be in the arena. */
export function assemble(given: Plan): Parts {
  const { arena, journal } = given;
  const faults = new Faults(arena, journal);
  const ports = new NotedPorts(given.ports, arena, faults);
  const plan = { ...given, ports };
  const history = new Int32Array(HIST_WORDS);
  const verdict = new Int32Array(VERDICT_WORDS);
  const victims = new Victims(arena);
  const protector = new Protector(arena, victims, plan.protection);
  const sensor = new Sensor(ports, arena, plan.slots, plan.group);
  const ready = new Ready(ports, arena, victims);
  const clients = new Clients(ports, arena);
  const pending = new Pending();
  const registrar = new Registrar(arena, victims, protector, pending);
  const notifier = new Notifier(ports, arena, clients);
  const recorder = new Recorder(arena, journal, history);
  const ballast = new Ballast(ports, arena);
  const killer = new Killer(
    ports,
    arena,
    victims,
    recorder,
    notifier,
    ballast,
    history,
  );
  const { killsByAdj } = killer;
  const known = { arena, victims, protector, clients, pending, ready };
  const base = { ...known, ports, faults, ballast };
  const control = new Control({ ...base, registrar, killsByAdj });
  const judging = { ...base, sensor, killer, notifier, history, verdict };
  const reactor = makeReactor(judging, plan, control);
  const armer = new Armer(ports, arena, victims, ready, plan.armedFd);
  const desk = makeDesk({ ...base, registrar, control, notifier, armer }, plan);
  return { ...judging, registrar, control, reactor, desk, armer };
}

type Base =
  & Pick<
    Parts,
    | "victims"
    | "protector"
    | "clients"
    | "pending"
    | "ready"
    | "notifier"
    | "faults"
  >
  & { ballast: Ballast };

function makeReactor(
  parts:
    & Base
    & Pick<Parts, "sensor" | "killer" | "history">
    & { verdict: Int32Array },
  plan: Plan,
  control: Control,
): Reactor {
  const { ports, arena, journal, journalFd } = plan;
  const { victims, ready, killer } = parts;
  const aftermath = new Aftermath(arena, victims, killer);
  const actor = new Actor(
    ports,
    arena,
    victims,
    parts.protector,
    ready,
    killer,
    aftermath,
  );
  const pace = new Pace(arena, killer);
  const passes = new Passes({ ...parts, arena, actor, pace });
  return new Reactor({
    ...parts,
    ports,
    arena,
    control,
    actor,
    aftermath,
    pace,
    passes,
    journal,
    journalFd,
    status: new StatusFile(ports, arena, plan.statusFd, plan.statusLines),
  });
}

function makeDesk(
  parts: Base & Pick<Parts, "registrar" | "control" | "armer">,
  plan: Plan,
): Desk {
  const { ports, arena, listenerFd } = plan;
  const { victims, ready, protector, notifier, armer } = parts;
  const adopter = new Adopter(ports, arena, victims, ready, protector, armer);
  return new Desk({
    ...parts,
    ports,
    arena,
    listenerFd,
    adopter,
    discovery: new Discovery(ports, arena, victims, adopter),
    roster: new Roster({
      ports,
      arena,
      victims,
      protector,
      ready,
      notifier,
      armer,
    }),
    titles: new Titles(ports, arena, victims),
    footprint: new Footprint(ports, arena, plan.selfFd ?? -1),
  });
}

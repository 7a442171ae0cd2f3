// Puts the parts of a guard together over any ports: the shim's in a real
// guard, the simulated machine's in a test. Cold; done once.

import type { Arena } from "../state/arena.ts";
import type { Journal } from "../state/journal.ts";
import { HIST_WORDS, VERDICT_WORDS } from "../state/reasons.ts";
import { Victims } from "../state/victims.ts";
import { Control } from "./control.ts";
import { Desk } from "./desk.ts";
import { Killer } from "./killer.ts";
import type { Ports } from "./ports.ts";
import { type Protection, Protector } from "./protector.ts";
import { Reactor } from "./reactor.ts";
import { Ready } from "./ready.ts";
import { Sensor } from "./sensor.ts";
import { StatusFile, type StatusLine } from "./status_file.ts";

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
  readonly statusLines: readonly StatusLine[];
}

/** The parts of a guard. */
export interface Parts {
  readonly victims: Victims;
  readonly protector: Protector;
  readonly sensor: Sensor;
  readonly ready: Ready;
  readonly killer: Killer;
  readonly control: Control;
  readonly reactor: Reactor;
  readonly desk: Desk;
}

/** Makes every part. The settings must be in the arena. */
export function assemble(plan: Plan): Parts {
  const { ports, arena, journal } = plan;
  const history = new Int32Array(HIST_WORDS);
  const victims = new Victims(arena);
  const protector = new Protector(arena, victims, plan.protection);
  const sensor = new Sensor(ports, arena, plan.slots, plan.group);
  const ready = new Ready(ports, arena, victims);
  const killer = new Killer(ports, arena, victims, journal, history);
  const kills = killer.killsByAdj;
  const control = new Control(ports, arena, victims, protector, kills);
  const status = new StatusFile(ports, arena, plan.statusFd, plan.statusLines);
  const reactor = new Reactor({
    ports,
    arena,
    sensor,
    control,
    killer,
    ready,
    victims,
    journal,
    status,
    history,
    verdict: new Int32Array(VERDICT_WORDS),
    journalFd: plan.journalFd,
  });
  const desk = new Desk(
    ports,
    arena,
    victims,
    control,
    ready,
    plan.listenerFd,
    protector,
  );
  return {
    victims,
    protector,
    sensor,
    ready,
    killer,
    control,
    reactor,
    desk,
  };
}

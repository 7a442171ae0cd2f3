// A rehearsal of an emergency, at start: the production parts over ports that
// pretend one, in an arena of their own. V8 compiles a function when it first
// runs; after this it has run, so that the first real kill compiles and
// allocates nothing. Nobody is signalled but a sacrifice made for it.

import { Arena } from "../state/arena.ts";
import { G_BALLAST_KB } from "../state/gauges.ts";
import { Journal } from "../state/journal.ts";
import { ARENA_BYTES } from "../state/layout.ts";
import { SET_DRY_RUN, SET_FLOOR_ADJ } from "../state/settings.ts";
import { assemble } from "./assemble.ts";
import { PRETENDED_SLOTS, PretendedPorts, REHEARSED_ADJ } from "./pretended.ts";
import { type Sacrifice, SacrificePorts } from "./sacrifice.ts";
import { GROUP_NONE } from "./sensor.ts";
import type { StatusLine } from "./status_file.ts";

/** Pid of a pretended victim. */
const PID = 1_000;
/** Turns of one rehearsal; memory is gone and a victim dead well before. */
const TURNS = 40;

/** How a rehearsal went. */
export interface Rehearsed {
  /** How many died, 1 when all went as it should. */
  readonly deaths: number;
  /** MB_SIGNALS that came meanwhile: they were for the guard. */
  readonly signals: number;
}

/** Plays an emergency with these settings, a dry run made real and nobody spared
 * by the floor; upon `sacrifice`, where there is one, over the guard's own
 * ports. */
export function rehearse(
  settings: Int32Array,
  linesOf: (arena: Arena) => readonly StatusLine[],
  sacrifice: Sacrifice | null = null,
): Rehearsed {
  const buffer = new ArrayBuffer(ARENA_BYTES);
  const arena = new Arena(buffer);
  arena.settings.set(settings);
  arena.settings[SET_DRY_RUN] = 0;
  // Who is to die must not be below it.
  arena.settings[SET_FLOOR_ADJ] = 0;
  const real = sacrifice === null ? null : new SacrificePorts(arena, sacrifice);
  const { reactor, desk, killer } = assemble({
    ports: real ?? new PretendedPorts(arena, PID),
    arena,
    journal: new Journal(arena.journal),
    protection: { protects: () => false },
    slots: PRETENDED_SLOTS,
    group: GROUP_NONE,
    listenerFd: 1,
    journalFd: 1,
    statusFd: 1,
    armedFd: 1,
    statusLines: linesOf(arena),
  });
  // As if a ballast were held, to be given back.
  arena.gauges[G_BALLAST_KB] = 1;
  for (let turn = 0; turn < TURNS; turn++) {
    reactor.tick(false);
    if (reactor.deskOpen) desk.visit(reactor.sprinting);
  }
  real?.end();
  const deaths = killer.killsByAdj[REHEARSED_ADJ + 1_000];
  // Its memory goes now, not at some later collection.
  buffer.transfer(0);
  return { deaths, signals: real?.signals ?? 0 };
}

// Turns of the production reactor over the real shim and this machine's own
// files: what the simulator's cases prove of our code, these prove of Deno's
// boundary and the C beneath it too.

import { TITLE_ASKS_MAX } from "../../../src/base/limits.ts";
import { assemble } from "../../../src/daemon/assemble.ts";
import { statusLines } from "../../../src/report/status.ts";
import { sceneConfig } from "../../../src/sim/scenes.ts";
import { openMachine } from "../../../src/shim/sensors.ts";
import { Shim } from "../../../src/shim/shim.ts";
import { Journal } from "../../../src/state/journal.ts";
import {
  AT_TITLE_PIDS,
  MB_COUNT,
  MB_TIMEOUT_MS,
  MB_TITLES,
} from "../../../src/state/layout.ts";
import {
  SET_DISCOVER,
  SET_DRY_RUN,
  SET_IDLE_MAX_MS,
  SET_SPRINT_MS,
} from "../../../src/state/settings.ts";

/** A turn here is some 20 system calls. */
export const TURNS = 2_000;

/** A guard of this machine that never sleeps and signals nobody. */
function makeGuard() {
  const shim = new Shim();
  shim.start();
  const { arena, ports } = shim;
  arena.settings.set(sceneConfig([]).settings);
  arena.settings[SET_DRY_RUN] = 1;
  arena.settings[SET_DISCOVER] = 1;
  arena.settings[SET_IDLE_MAX_MS] = 0;
  arena.settings[SET_SPRINT_MS] = 0;
  const senses = openMachine(shim);
  shim.symbols.scanFrom(senses.scanFd, 1);
  return assemble({
    ports,
    arena,
    journal: new Journal(arena.journal),
    protection: { protects: () => false },
    slots: senses.slots,
    group: senses.group,
    listenerFd: -1,
    journalFd: -1,
    statusFd: -1,
    armedFd: -1,
    statusLines: statusLines(arena),
  });
}

export function setupTicks(): () => void {
  const { reactor } = makeGuard();
  return () => {
    reactor.tick(true);
  };
}

export function setupTicksAndDesk(): () => void {
  const { reactor, desk } = makeGuard();
  return () => {
    reactor.tick(true);
    desk.visit(true);
  };
}

/** A full batch of command names: asked for, awaited, read by the shim's own
 * thread. */
export function setupTitles(): () => void {
  const shim = new Shim();
  shim.start();
  const { arena, ports } = shim;
  const { mailbox } = arena;
  const pids = new Int32Array(arena.buffer, AT_TITLE_PIDS, TITLE_ASKS_MAX);
  pids.fill(Deno.pid);
  return () => {
    const before = mailbox[MB_TITLES];
    mailbox[MB_COUNT] = TITLE_ASKS_MAX;
    if (ports.askTitles() !== 0) throw new Error("Cannot ask for titles");
    mailbox[MB_TIMEOUT_MS] = 1_000;
    while (mailbox[MB_TITLES] === before) ports.wait();
  };
}

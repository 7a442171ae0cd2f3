// Turns of the production reactor over the real shim and this machine's own
// files: what the simulator's cases prove of our code, these prove of Deno's
// boundary and the C beneath it too.

import { TITLE_ASKS_MAX } from "../../../src/base/limits.ts";
import { assemble } from "../../../src/daemon/assemble.ts";
import { statusLines } from "../../../src/report/status.ts";
import { sceneConfig } from "../../../src/sim/scenes.ts";
import { openMachine } from "../../../src/shim/sensors.ts";
import { Shim } from "../../../src/shim/shim.ts";
import { startWatchdog } from "../../../src/shim/watchdog.ts";
import { Journal } from "../../../src/state/journal.ts";
import {
  AT_TITLE_PIDS,
  MB_COUNT,
  MB_NOW_MS,
  MB_PID,
  MB_TIMEOUT_MS,
  MB_TITLES,
  VICTIM_WORDS,
} from "../../../src/state/layout.ts";
import {
  SET_ARM_KERNEL,
  SET_DISCOVER,
  SET_DRY_RUN,
  SET_IDLE_MAX_MS,
  SET_SPRINT_MS,
  SET_WATCHDOG_MS,
} from "../../../src/state/settings.ts";
import { V_PIDFD } from "../../../src/state/victims.ts";

/** A turn here is some 20 system calls. */
export const TURNS = 2_000;

/** A guard of this machine that never sleeps and signals nobody. */
function makeGuard(armedFd = -1, shim = new Shim()) {
  shim.start();
  const { arena, ports } = shim;
  arena.settings.set(sceneConfig([]).settings);
  arena.settings[SET_DRY_RUN] = 1;
  arena.settings[SET_DISCOVER] = 1;
  arena.settings[SET_IDLE_MAX_MS] = 0;
  arena.settings[SET_SPRINT_MS] = 0;
  const senses = openMachine(shim);
  shim.symbols.scanFrom(senses.scanFd, 1);
  // Each beat tells its timer.
  arena.settings[SET_WATCHDOG_MS] = 60_000;
  startWatchdog(shim, senses, null, { fd: -1, serial: 0 });
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
    armedFd,
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

/** This process is armed and given its own value back, in turn, for real. */
export function setupArming(): () => void {
  const shim = new Shim();
  const file = Deno.makeTempFileSync({ prefix: "oomguard_armed_" });
  const armedFd = shim.openKept(file, 0o600);
  Deno.removeSync(file);
  const { armer, victims } = makeGuard(armedFd, shim);
  const { arena: { mailbox, settings }, ports } = shim;
  settings[SET_DRY_RUN] = 0;
  settings[SET_ARM_KERNEL] = 0;
  const row = victims.add(Deno.pid);
  mailbox[MB_PID] = Deno.pid;
  victims.rows[row * VICTIM_WORDS + V_PIDFD] = ports.adopt();
  victims.list(row, 900);
  const turn = () => {
    settings[SET_ARM_KERNEL] ^= 1;
    // A second later.
    mailbox[MB_NOW_MS] = (mailbox[MB_NOW_MS] + 1_000) | 0;
    armer.visit(false);
  };
  turn();
  const adj = Number(Deno.readTextFileSync("/proc/self/oom_score_adj"));
  if (adj !== 1000) throw new Error(`Cannot arm: oom_score_adj is ${adj}`);
  return turn;
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

// Puts a guard together from a checked configuration: shim, senses, socket,
// state folder, reactor. Cold; what it makes is what the hot path runs on.

import { sum32 } from "../base/int.ts";
import { TARGETS_MAX } from "../base/limits.ts";
import type { CompiledConfig } from "../config/compile.ts";
import { assemble, type Parts } from "../daemon/assemble.ts";
import { statusLines } from "../report/status.ts";
import { climb, judgeAsArmed, type Rung } from "../shim/ladder.ts";
import {
  memcgMounts,
  openGroup,
  openMachine,
  type Senses,
} from "../shim/sensors.ts";
import { cString } from "../shim/load.ts";
import { startWatchdog } from "../shim/watchdog.ts";
import type { Effective } from "../props/effective.ts";
import { isInits, Keeper } from "../shim/keeper.ts";
import { errnoName } from "../base/errno.ts";
import { O_RDONLY, type Shim } from "../shim/shim.ts";
import type { Arena } from "../state/arena.ts";
import {
  G_DRY_RUN,
  G_EPOCH_S,
  G_GUARD_PID,
  G_RUNG,
  G_SELF,
  G_STARTED_MS,
  G_STRATEGY,
  SELF_WATCHDOG,
} from "../state/gauges.ts";
import { Journal, RING_WATCHDOG } from "../state/journal.ts";
import { RUNG_AVERAGES, RUNGS } from "../state/rungs.ts";
import { MB_NOW_MS } from "../state/layout.ts";
import {
  RESTART_ALWAYS,
  SET_DELAY_MONITORS,
  SET_DRY_RUN,
  SET_PER_APP_MEMCG,
  SET_RESTART,
  SET_STRATEGY,
  SET_TIER_ADJ,
  SET_TIERS,
  SET_TIERS_TOLD,
} from "../state/settings.ts";
import type { Log } from "./log.ts";
import { restoreArmed } from "./armed.ts";
import { hearSocket, openSocket } from "./socket.ts";
import { openStateDir, type StateDir, writeKept } from "./state_dir.ts";

/** A guard ready to run. */
export interface Guard extends Parts {
  readonly journal: Journal;
  readonly senses: Senses;
  /** Open journal file, or -1. */
  readonly journalFd: number;
  /** Serial of the last record that an earlier guard left, by RING_*. */
  readonly firstSerials: Int32Array;
  readonly keeper: Keeper;
  /** Pressure triggers; replaced at a reload. */
  rung: Rung;
  /** Triggers are armed, or were refused; false while boot is waited for. */
  monitoring: boolean;
  /** Writes what is published where no properties can be set. */
  publish(text: string): void;
  /** Hears who knocks from now on; who has knocked before counts. */
  listen(): void;
}

/** Makes every part; throws when there is nothing to guard with. */
export function makeGuard(
  shim: Shim,
  first: Effective,
  log: Log,
): Guard {
  const { config, properties } = first;
  const { arena, ports } = shim;
  const journal = new Journal(arena.journal);
  arena.gauges[G_GUARD_PID] = Deno.pid;
  const state = openStateDir(shim, config.stateDir, journal);
  for (const complaint of state.complaints) log.say("warn", complaint);
  const threads = shim.start();
  if (threads < 0) {
    log.say("error", `Without a thread: ${errnoName(threads)}, going on`);
  }
  startClock(arena, journal);
  const armedFd = restoreArmed(shim, state.armedFd, log);
  const senses = config.group === null
    ? openMachine(shim)
    : openGroup(shim, config.group);
  applySettings(shim, config);
  const booted = properties.values.get("sys.boot_completed")?.value === "1";
  const monitoring = config.settings[SET_DELAY_MONITORS] === 0 || booted;
  const rung = armMonitors(shim, senses, log, monitoring);
  const listenerFd = openSocket(shim, config.socket, log);
  shim.symbols.scanFrom(senses.scanFd, config.group === null ? 1 : 0);
  const parts = assemble({
    ports,
    arena,
    journal,
    protection: config.protect,
    slots: senses.slots,
    group: senses.group,
    listenerFd,
    journalFd: state.journalFd,
    statusFd: state.statusFd,
    armedFd,
    statusLines: statusLines(arena),
    selfFd: shim.open("/proc/self/status", O_RDONLY),
  });
  shim.patience.tell((which, rc) => parts.faults.note(which, rc));
  const keeper = startKeeper(shim, config, state, listenerFd, log);
  const watched = startWatchdog(shim, senses, config.group, {
    fd: state.journalFd,
    serial: state.serials[RING_WATCHDOG],
  });
  if (watched >= 0) arena.gauges[G_SELF] |= SELF_WATCHDOG;
  else log.say("info", `Without a watchdog: ${errnoName(watched)}, going on`);
  const publish = (text: string) => {
    if (!state.isOurs) return;
    const rc = writeKept(shim, `${config.stateDir}/properties`, text);
    if (rc < 0) log.say("debug", `Cannot publish: ${errnoName(rc)}, ignoring`);
  };
  return {
    ...parts,
    journal,
    senses,
    journalFd: state.journalFd,
    firstSerials: state.serials,
    keeper,
    rung,
    monitoring,
    publish,
    listen: () => hearSocket(shim, listenerFd, log),
  };
}

/** Before anything is locked: to start a program is easier then. */
function startKeeper(
  shim: Shim,
  config: CompiledConfig,
  state: StateDir,
  listenerFd: number,
  log: Log,
): Keeper {
  const env = (name: string) => Deno.env.get(name);
  const stat = Deno.readTextFileSync("/proc/self/stat");
  const always = config.settings[SET_RESTART] === RESTART_ALWAYS;
  const inits = always && env("ANDROID_SOCKET_lmkd") !== undefined;
  return new Keeper(shim, {
    journalFd: state.journalFd,
    namedPath: state.isOurs ? `${config.stateDir}/guard` : null,
    group: config.group,
    isInits: isInits(env, stat, Deno.pid),
    // The socket that init made once is all that clients know.
    inherited: inits ? [listenerFd] : [],
  }, (level, text) => log.say(level, text));
}

function startClock(arena: Arena, journal: Journal): void {
  arena.gauges[G_STARTED_MS] = arena.mailbox[MB_NOW_MS];
  arena.gauges[G_EPOCH_S] = tieClock(arena, journal);
}

/** Ties the monotonic clock to the calendar, again after it stood still in
 * suspend or the calendar was set right; answers now, s since 1970. */
export function tieClock(arena: Arena, journal: Journal): number {
  const now = Date.now();
  const epochS = Math.floor(now / 1000);
  const sinceMs = now - epochS * 1000;
  journal.setEpoch(sum32(arena.mailbox[MB_NOW_MS], -sinceMs), epochS);
  return epochS;
}

/** Puts a configuration's thresholds in force, all at once. */
export function applySettings(shim: Shim, config: CompiledConfig): void {
  const { arena } = shim;
  const told = arena.settings[SET_TIERS_TOLD] === 1
    ? arena.settings.slice(SET_TIERS, SET_TIER_ADJ + TARGETS_MAX)
    : null;
  arena.settings.set(config.settings);
  if (told !== null) {
    // A client says its tiers once; they are not in the file.
    arena.settings.set(told, SET_TIERS);
    arena.settings[SET_TIERS_TOLD] = 1;
  }
  const grouped = config.settings[SET_PER_APP_MEMCG] !== 0;
  shim.symbols.memcgRoot(cString(grouped ? memcgMounts().v1 : ""));
  arena.gauges[G_DRY_RUN] = config.settings[SET_DRY_RUN];
  arena.gauges[G_STRATEGY] = config.settings[SET_STRATEGY];
}

/** Arms the best pressure signal there is, and says which; none while boot is
 * waited for. */
export function armMonitors(
  shim: Shim,
  senses: Senses,
  log: Log,
  monitoring: boolean,
): Rung {
  const { arena } = shim;
  const { pressurePath, slots } = senses;
  const rung = monitoring
    ? climb(shim, pressurePath, slots, arena.settings)
    : { index: RUNG_AVERAGES, fds: [], why: "monitoring waits for boot" };
  arena.gauges[G_RUNG] = rung.index;
  judgeAsArmed(arena.settings, rung.index);
  if (rung.why !== "") {
    const now = RUNGS[rung.index];
    log.say("info", `Pressure signal: ${rung.why}; using ${now}`);
  }
  return rung;
}

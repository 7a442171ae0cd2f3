// `oomguard daemon`: reads the configuration, arms the guard, and runs it
// until it is told to stop. Between turns the desk visits; what the journal
// gained is put into words only when no kill is under way.

import { buildFacts } from "../base/build.ts";
import { delta32 } from "../base/int.ts";
import {
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  SIDE_RECORDS,
} from "../base/limits.ts";
import type { CompiledConfig } from "../config/compile.ts";
import { ConfigError } from "../config/problems.ts";
import type { Desk } from "../daemon/desk.ts";
import { TURN_RELOAD, TURN_STOP } from "../daemon/reactor.ts";
import type { Effective } from "../props/effective.ts";
import { wordsOf } from "../report/journal.ts";
import { recordLevel, recordLine } from "../report/lines.ts";
import { openZram } from "../shim/sensors.ts";
import { Shim } from "../shim/shim.ts";
import { G_STATE, STATE_STOPPED } from "../state/gauges.ts";
import {
  KIND_START,
  KIND_STOP,
  RING_GUARD,
  RING_WATCHDOG,
} from "../state/journal.ts";
import { MB_NOW_MS } from "../state/layout.ts";
import { RUNG_UNPRIVILEGED, RUNGS } from "../state/rungs.ts";
import { SET_KILL_TIMEOUT_MS, SET_PSI_WINDOW_MS } from "../state/settings.ts";
import { NONE } from "../state/victims.ts";
import { Errands } from "./errands.ts";
import { EXIT_ALREADY, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exits.ts";
import { type Guard, makeGuard, tieClock } from "./guard.ts";
import { Log } from "./log.ts";
import { Self } from "./self.ts";
import { type Options, parseOptions, readLater, readNow } from "./options.ts";
import { AlreadyRunning, readRing } from "./state_dir.ts";
import { attempt, outliveUncaught } from "./uncaught.ts";
import { unfinishedKill } from "./unfinished.ts";
import { WatchdogNews } from "./watchdog_news.ts";

const HELP = `Usage: oomguard daemon [OPTION]...
Guards this machine, or one memory group, until SIGTERM.

  -c, --config FILE     configuration, JSON with comments
      --set KEY=VALUE   one value over the file's; may be repeated
      --socket PATH     control socket, where nobody passes one
      --state DIR       state folder
      --group DIR       guard this memory group, not the machine
      --log TO          stderr, kmsg, logd or auto
      --dry-run         judge and record, signal nobody
  -h, --help            this text

SIGHUP reads the configuration again; a bad one changes nothing.
Exit: 0 stopped, 1 failed, 2 bad option or configuration, 4 already running.`;

/** Zram swap whose device cannot be read is looked for again after this, ms. */
const ZRAM_AGAIN_MS = 60_000;
/** An earlier guard's victim is awaited this long, ms, where its time has no
 * end. */
const AWAITED_MS_MAX = 10_000;
/** The watchdog thread's ring. */
const WATCHDOG_BYTES = SIDE_RECORDS * JOURNAL_WORDS * 4;
/** The clock is held against the calendar this often, ms. */
const TIE_MS = 60_000;

/** Runs the guard; answers its exit code. */
export async function daemon(args: string[]): Promise<number> {
  let options: Options | null;
  let first: Effective;
  try {
    options = parseOptions(args);
    if (options === null) {
      console.log(HELP);
      return EXIT_OK;
    }
    first = readNow(options);
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof TypeError)) {
      throw error;
    }
    console.error(error.message);
    return EXIT_USAGE;
  }
  const { config } = first;
  let shim: Shim;
  try {
    shim = new Shim();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return EXIT_FAILED;
  }
  const log = new Log(shim, config.log.to, config.log.level);
  for (const line of first.warnings) log.say("warn", line);
  const self = new Self(shim, log);
  let guard: Guard;
  try {
    guard = makeGuard(shim, first, log);
  } catch (error) {
    log.say("error", error instanceof Error ? error.message : String(error));
    return error instanceof AlreadyRunning ? EXIT_ALREADY : EXIT_FAILED;
  }
  const code = announce(shim, guard, self, config, log);
  const again = options;
  const errands = new Errands({
    shim,
    guard,
    log,
    first,
    read: () => readLater(again),
    notify: (text) => notify(shim, text),
    mark: (kind) => mark(shim, guard, kind),
    rearmed: () => muteTriggers(shim, guard),
  });
  outliveUncaught(guard.faults, log);
  await run(shim, guard, self, errands, log, code);
  self.leave();
  return EXIT_OK;
}

/** First line of the log, first record of the journal, and READY. */
function announce(
  shim: Shim,
  guard: Guard,
  self: Self,
  config: CompiledConfig,
  log: Log,
): number {
  const version = buildFacts()?.version ?? "from source";
  const what = config.group === null ? "the machine" : config.group;
  log.say(
    "info",
    `oomguard ${version} guards ${what}: ${config.profile}, ` +
      `${config.config.strategy}${config.config.dryRun ? ", dry run" : ""}; ` +
      `signal: ${RUNGS[guard.rung.index]}`,
  );
  mark(shim, guard, KIND_START);
  self.begin();
  // The first turn finds out how things stand: READY means armed.
  muteTriggers(shim, guard);
  const { reactor } = guard;
  const code = reactor.tick(true);
  resumeKill(shim, guard);
  // An emergency at the start is no time for a rehearsal. Nobody is waited for
  // yet but by it: clients are heard, and processes adopted, only then.
  const signals = self.settle(reactor.deskOpen && !reactor.sprinting);
  shim.patience.isStarting = false;
  guard.listen();
  if (reactor.deskOpen) guard.desk.visit(reactor.sprinting);
  // Said while the text is watched: what a kill's line needs stays with it.
  log.say("info", "ready");
  notify(shim, "READY=1");
  // A signal that came during the start counts.
  if (code === TURN_STOP || (signals & 1) !== 0) return TURN_STOP;
  return (signals & 2) !== 0 ? TURN_RELOAD : code;
}

/** Waits for the victim of a guard, or of its watchdog thread, that ended before
 * its victim did. Nobody has
 * been killed by now: no process is known before the desk's first visit. */
function resumeKill(shim: Shim, guard: Guard): void {
  const { settings } = shim.arena;
  const mostMs = settings[SET_KILL_TIMEOUT_MS] || AWAITED_MS_MAX;
  const rings = [
    guard.journal.words,
    wordsOf(readRing(guard.journalFd, RING_WATCHDOG, WATCHDOG_BYTES)),
  ];
  const left = unfinishedKill(rings, Date.now(), mostMs);
  if (left === null) return;
  const row = guard.desk.adoptDying(left.pid);
  if (row === NONE) return;
  const { serial, ageMs, reason, promisedKb } = left;
  guard.killer.resume(row, serial, ageMs, reason, promisedKb);
}

/** Unprivileged triggers report what is not there in their first windows. */
function muteTriggers(shim: Shim, guard: Guard): void {
  const windowMs = shim.arena.settings[SET_PSI_WINDOW_MS];
  if (guard.rung.index === RUNG_UNPRIVILEGED) {
    guard.reactor.muteTriggers(3 * windowMs);
  }
}

/** Records that something happened to the guard itself. */
function mark(shim: Shim, guard: Guard, kind: number): void {
  shim.ports.clock();
  guard.journal.begin(kind, shim.arena.mailbox[MB_NOW_MS]);
  guard.journal.commit();
}

/** Tells systemd, where it asked. */
function notify(shim: Shim, text: string): void {
  const path = Deno.env.get("NOTIFY_SOCKET");
  if (path !== undefined && path !== "") {
    shim.datagram(path, new TextEncoder().encode(text));
  }
}

/** Turns, desk visits, errands and words, until SIGTERM. */
async function run(
  shim: Shim,
  guard: Guard,
  self: Self,
  errands: Errands,
  log: Log,
  firstCode: number,
): Promise<void> {
  const { reactor, desk, journal, keeper } = guard;
  let said = guard.firstSerials[RING_GUARD];
  let code = firstCode;
  const watchdogNews = new WatchdogNews(shim.arena, guard);
  let zramAskedMs = 0;
  let tiedMs = 0;
  // Made once: what is made in each turn takes V8 to pages that it has not
  // touched yet, and without memory the guard would wait there for ever.
  const work = () => {
    const from = said;
    said = journal.serial;
    if (from !== said) sayNews(guard, from, log);
    watchdogNews.say(log);
    errands.visit(reactor.sprinting);
    if (reactor.sprinting) return;
    // To start a program takes memory and time.
    keeper.visit();
    self.visit();
  };
  while (code !== TURN_STOP) {
    if (code === TURN_RELOAD) errands.reloadDue = true;
    let busy = false;
    if (reactor.deskOpen) {
      busy = desk.visit(reactor.sprinting);
      attempt(guard.faults, log, "Work between turns", work);
      const now = shim.arena.mailbox[MB_NOW_MS];
      if (isOver(now, tiedMs, TIE_MS)) {
        tiedMs = now;
        tieClock(shim.arena, journal);
      }
      if (guard.sensor.missesZram && isOver(now, zramAskedMs, ZRAM_AGAIN_MS)) {
        zramAskedMs = now;
        guard.sensor.addSlots(openZram(shim));
      }
    }
    if (errands.isRunning) {
      await eventLoopTurn();
      // The runtime takes them in its first turn that comes half a second after
      // the start (measured, 2.9.5), and its own handlers end the process.
      shim.symbols.takeSignals();
    }
    self.keep();
    code = reactor.tick(busy, reactor.deskOpen ? restMs(desk, errands) : -1);
  }
  sayNews(guard, said, log);
  notify(shim, "STOPPING=1");
  guard.armer.stop();
  mark(shim, guard, KIND_STOP);
  shim.arena.gauges[G_STATE] = STATE_STOPPED;
  reactor.record();
  keeper.stop();
  log.say("info", "stopped");
}

/** Longest that the next wait may last for what is done between turns, ms; -1:
 * as long as it likes. */
function restMs(desk: Desk, errands: Errands): number {
  const deskMs = desk.restMs;
  const errandMs = errands.restMs;
  if (deskMs < 0) return errandMs;
  return errandMs < 0 ? deskMs : Math.min(deskMs, errandMs);
}

/** Whether `ms` have passed since; a clock that went round counts as over. */
function isOver(nowMs: number, sinceMs: number, ms: number): boolean {
  const age = delta32(nowMs, sinceMs);
  return age < 0 || age > ms;
}

/** Lets programs and files that errands wait for come in. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Puts the records after serial `said` into words. */
function sayNews(guard: Guard, said: number, log: Log): void {
  const { journal } = guard;
  const first = Math.max(said, journal.serial - JOURNAL_RECORDS);
  for (let serial = first; serial < journal.serial; serial++) {
    const at = (serial % JOURNAL_RECORDS) * JOURNAL_WORDS;
    const line = recordLine(journal.words, at);
    if (line !== "") log.say(recordLevel(journal.words, at), line);
  }
}

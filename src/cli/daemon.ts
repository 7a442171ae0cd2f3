// `oomguard daemon`: reads the configuration, arms the guard, and runs it
// until it is told to stop. Between turns the desk visits; what the journal
// gained is put into words only when no kill is under way.

import { buildFacts } from "../base/build.ts";
import { delta32 } from "../base/int.ts";
import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../base/limits.ts";
import { type CompiledConfig, loadConfig } from "../config/compile.ts";
import { type Override, parseSet } from "../config/load.ts";
import { ConfigError } from "../config/problems.ts";
import { TURN_RELOAD, TURN_STOP } from "../daemon/reactor.ts";
import { rehearse } from "../daemon/rehearsal.ts";
import { recordLine } from "../report/journal.ts";
import { statusLines } from "../report/status.ts";
import { RUNG_UNPRIVILEGED } from "../shim/ladder.ts";
import { openZram } from "../shim/sensors.ts";
import { Shim } from "../shim/shim.ts";
import { RUNGS } from "../state/rungs.ts";
import { trimSelf } from "../shim/trim.ts";
import { G_RELOADS, G_STATE, STATE_STOPPED } from "../state/gauges.ts";
import { KIND_RELOAD, KIND_START, KIND_STOP } from "../state/journal.ts";
import { MB_NOW_MS } from "../state/layout.ts";
import { SET_PSI_WINDOW_MS } from "../state/settings.ts";
import { EXIT_ALREADY, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exits.ts";
import { applySettings, climbLadder, type Guard, makeGuard } from "./guard.ts";
import { Log } from "./log.ts";
import { readGroupMachine, readMachine } from "./machine.ts";
import { AlreadyRunning } from "./state_dir.ts";

// Loaded with this module only: a static import costs every start.
const { parseArgs } = await import("node:util");

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

interface Options {
  readonly file: string | null;
  readonly overrides: readonly Override[];
}

/** ... and what cannot change while the guard runs. */
interface Running extends Options {
  readonly group: string | null;
}

/** Zram swap whose device cannot be read is looked for again after this, ms. */
const ZRAM_AGAIN_MS = 60_000;

/** Options of the command line; null after --help. Throws TypeError. */
function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: "string", short: "c" },
      set: { type: "string", multiple: true },
      socket: { type: "string" },
      state: { type: "string" },
      group: { type: "string" },
      log: { type: "string" },
      "dry-run": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  const overrides = (values.set ?? []).map(parseSet);
  const named = [
    ["--socket", "socket.path", values.socket],
    ["--state", "stateDir", values.state],
    ["--group", "group", values.group],
    ["--log", "log.to", values.log],
  ] as const;
  for (const [source, key, value] of named) {
    if (value === undefined) continue;
    overrides.push({ source, key, json: JSON.stringify(value) });
  }
  if (values["dry-run"] === true) {
    overrides.push({ source: "--dry-run", key: "dryRun", json: "true" });
  }
  return { file: values.config ?? null, overrides };
}

/** Compiled for the machine, and once more for the group where one is named:
 * its limit sizes the defaults. */
function compile(options: Options): CompiledConfig {
  const { file, overrides } = options;
  const config = loadConfig(file, overrides, readMachine(null));
  if (config.group === null) return config;
  return loadConfig(file, overrides, readGroupMachine(config.group));
}

/** Runs the guard; answers its exit code. */
export function daemon(args: string[]): number {
  let options: Options | null;
  let config: CompiledConfig;
  try {
    options = parseOptions(args);
    if (options === null) {
      console.log(HELP);
      return EXIT_OK;
    }
    config = compile(options);
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof TypeError)) {
      throw error;
    }
    console.error(error.message);
    return EXIT_USAGE;
  }
  const shim = new Shim();
  const log = new Log(shim, config.log.to, config.log.level);
  let guard: Guard;
  try {
    guard = makeGuard(shim, config, log);
  } catch (error) {
    log.say("error", error instanceof Error ? error.message : String(error));
    return error instanceof AlreadyRunning ? EXIT_ALREADY : EXIT_FAILED;
  }
  const code = announce(shim, guard, config, log);
  run(shim, guard, { ...options, group: config.group }, log, code);
  return EXIT_OK;
}

/** First line of the log, first record of the journal, and READY. */
function announce(
  shim: Shim,
  guard: Guard,
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
  // The first turn finds out how things stand: READY means armed.
  muteTriggers(shim, guard);
  // A signal that came during the start counts.
  const code = guard.reactor.tick(true);
  guard.desk.visit(false);
  notify(shim, "READY=1");
  // Trimmed first: what the rehearsal touches is what an emergency will.
  trimSelf();
  rehearse(shim.arena.settings, statusLines);
  return code;
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

/** Turns, desk visits and words, until SIGTERM. */
function run(
  shim: Shim,
  guard: Guard,
  options: Running,
  log: Log,
  firstCode: number,
): void {
  const { reactor, desk, journal } = guard;
  let said = guard.firstSerial;
  let code = firstCode;
  let reloadDue = false;
  let zramAskedMs = 0;
  while (code !== TURN_STOP) {
    if (code === TURN_RELOAD) reloadDue = true;
    let busy = false;
    if (reactor.deskOpen) {
      busy = desk.visit(reactor.sprinting);
      if (said !== journal.serial) said = sayNews(guard, said, log);
      if (reloadDue) reload(shim, guard, options, log);
      reloadDue = false;
      const now = shim.arena.mailbox[MB_NOW_MS];
      const age = delta32(now, zramAskedMs);
      if (guard.sensor.missesZram && (age < 0 || age > ZRAM_AGAIN_MS)) {
        zramAskedMs = now;
        guard.sensor.addSlots(openZram(shim));
      }
    }
    code = reactor.tick(busy);
  }
  sayNews(guard, said, log);
  notify(shim, "STOPPING=1");
  mark(shim, guard, KIND_STOP);
  shim.arena.gauges[G_STATE] = STATE_STOPPED;
  reactor.record();
  log.say("info", "stopped");
}

/** Puts the records after serial `said` into words; answers the last. */
function sayNews(guard: Guard, said: number, log: Log): number {
  const { journal } = guard;
  const first = Math.max(said, journal.serial - JOURNAL_RECORDS);
  for (let serial = first; serial < journal.serial; serial++) {
    const at = (serial % JOURNAL_RECORDS) * JOURNAL_WORDS;
    const line = recordLine(journal.words, at);
    if (line !== "") log.say("info", line);
  }
  return journal.serial;
}

/** Reads the configuration again; a bad one is reported and changes nothing. */
function reload(shim: Shim, guard: Guard, options: Running, log: Log): void {
  notify(shim, "RELOADING=1");
  try {
    const config = compile(options);
    if (config.group !== options.group) {
      throw new Error(
        "Cannot change group while running: it takes effect at the next start",
      );
    }
    for (const fd of guard.rung.fds) shim.symbols.shut(fd);
    applySettings(shim, config);
    guard.rung = climbLadder(shim, guard.senses, log);
    muteTriggers(shim, guard);
    guard.protector.replace(config.protect);
    shim.arena.gauges[G_RELOADS]++;
    mark(shim, guard, KIND_RELOAD);
    log.say(
      "info",
      "configuration reloaded; socket, stateDir and log as at the start",
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    for (const line of why.split("\n")) log.say("error", line);
    log.say("error", "the configuration in force stays");
  }
  notify(shim, "READY=1");
}

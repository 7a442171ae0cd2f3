// Finds the guard that runs on a state folder and looks at it without
// disturbing it: nothing here takes its lock or writes to its memory. What the
// looking commands share: their options, their errors, their exit codes.

import { defaultStateDir } from "../config/compile.ts";
import { Arena } from "../state/arena.ts";
import { ARENA_BYTES } from "../state/layout.ts";
import { Victims } from "../state/victims.ts";
import type { Output } from "./check.ts";
import { EXIT_FAILED, EXIT_NO_GUARD, EXIT_OK, EXIT_USAGE } from "./exits.ts";
import { openRegular, readRegular } from "./regular.ts";

// Loaded with this module only: a static import costs every start.
const { closeSync, fstatSync, readSync } = await import("node:fs");
const { parseArgs } = await import("node:util");

/** No guard is running, or it left nothing to read. */
export class NoGuard extends Error {
  override readonly name = "NoGuard";
}

/** Something that is there cannot be read. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** A guard that runs. */
export interface Running {
  readonly pid: number;
  /** Its arena is /proc/PID/fd/N. */
  readonly arenaFd: number;
}

/** Options of a looking command. */
export interface Look {
  readonly stateDir: string;
  readonly json: boolean;
  readonly all: boolean;
  /** Entries to show; null is all. */
  readonly most: number | null;
}

/** What a looking command is. */
export interface Looker {
  readonly help: string;
  /** Options it takes besides --state, --json and --help. */
  readonly takes: readonly ("all" | "n")[];
  /** Prints; answers the exit code. */
  run(look: Look, out: Output): number;
}

/** Runs a looking command; answers its exit code. */
export function look(args: string[], looker: Looker, out: Output): number {
  let options: Look | null;
  try {
    options = parseLook(args, looker.takes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    out.error(`${error.message}\n${looker.help.split("\n", 1)[0]}`);
    return EXIT_USAGE;
  }
  if (options === null) {
    out.log(looker.help);
    return EXIT_OK;
  }
  try {
    return looker.run(options, out);
  } catch (error) {
    if (!(error instanceof NoGuard) && !(error instanceof Unreadable)) {
      throw error;
    }
    out.error(error.message);
    return error instanceof NoGuard ? EXIT_NO_GUARD : EXIT_FAILED;
  }
}

/** null after --help. Throws TypeError. */
function parseLook(args: string[], takes: Looker["takes"]): Look | null {
  const { values } = parseArgs({
    args,
    options: {
      state: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      all: { type: "boolean", short: "a" },
      count: { type: "string", short: "n" },
    },
  });
  if (values.help === true) return null;
  if (values.all !== undefined && !takes.includes("all")) {
    throw new TypeError("Unknown option '--all'");
  }
  if (values.count !== undefined && !takes.includes("n")) {
    throw new TypeError("Unknown option '-n'");
  }
  const { state, count } = values;
  if (state === "") {
    throw new TypeError('Cannot use --state "": expected a folder');
  }
  if (count !== undefined && !/^[1-9]\d{0,5}$/.test(count)) {
    throw new TypeError(
      `Cannot parse -n ${JSON.stringify(count)}: ` +
        "expected a whole number from 1 to 999999",
    );
  }
  return {
    stateDir: state ?? defaultStateDir(),
    json: values.json ?? false,
    all: values.all ?? false,
    most: count === undefined ? null : Number(count),
  };
}

/** Bytes of a file; null where there is none. Whoever may write to the folder
 * may have put something else there: nobody is waited for. Throws
 * Unreadable. */
export function readIfThere(file: string): Uint8Array | null {
  try {
    return readRegular(file);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new Unreadable(`Cannot read "${file}": ${code}`, { cause });
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : String(error);
}

/** The guard that holds the lock of a state folder: it is named beside the lock,
 * which nobody else may open. Throws NoGuard. */
export function findGuard(stateDir: string): Running {
  const file = `${stateDir}/guard`;
  const bytes = readIfThere(file);
  if (bytes === null) {
    throw new NoGuard(
      `No guard is running: there is no "${file}"; ` +
        "--state names another state folder",
    );
  }
  const text = new TextDecoder().decode(bytes);
  const match = /^(\d{1,9}) (\d{1,9})\n$/.exec(text);
  if (match === null) {
    throw new NoGuard(`No guard is running: nobody is named in "${file}"`);
  }
  const [pid, arenaFd] = [Number(match[1]), Number(match[2])];
  if (!holdsLock(pid)) {
    throw new NoGuard(
      `No guard is running: process ${pid}, named in "${file}", has ended`,
    );
  }
  return { pid, arenaFd };
}

/** /proc/locks comes page by page, and one that lets go between two pages hides
 * another's line: 1 in 80 reads beside a process that locks without pause. */
const LOCKS_TRIES = 16;

/**
 * Whether a process lives and holds a flock on something: one that merely got
 * the pid of a guard that ended does not. Trying the lock would tell more, and
 * could refuse it to a guard that is starting.
 */
function holdsLock(pid: number): boolean {
  const lock = new RegExp(`^\\d+: FLOCK +\\w+ +WRITE +${pid} `, "m");
  for (let i = 0; i < LOCKS_TRIES; i++) {
    try {
      if (lock.test(Deno.readTextFileSync("/proc/locks"))) return true;
    } catch {
      // Withheld by a policy: the pid must do.
      return mayLive(pid);
    }
    // The other way round would miss a guard whose /proc others do not see
    // (hidepid): its lock they do.
    if (!mayLive(pid)) return false;
  }
  return false;
}

/** False: there is no such process, or nobody may see it. */
function mayLive(pid: number): boolean {
  try {
    Deno.statSync(`/proc/${pid}/comm`);
    return true;
  } catch (error) {
    return codeOf(error) !== "ENOENT";
  }
}

/** Copies taken until one has caught the guard between two changes. */
const TRIES = 16;

/** A copy of a guard's arena, and the victims table in it. Throws
 * Unreadable. */
export function copyArena(
  { pid, arenaFd }: Running,
): { copy: Arena; victims: Victims } {
  const path = `/proc/${pid}/fd/${arenaFd}`;
  const refuse = (why: string, cause?: unknown) =>
    new Unreadable(`Cannot look into guard ${pid}: ${why}`, { cause });
  let fd: number;
  try {
    fd = openRegular(path);
  } catch (cause) {
    const denied = codeOf(cause) === "EACCES" || codeOf(cause) === "EPERM";
    const why = denied ? "permission denied, expected its user or root" : "";
    throw refuse(why || `${path}: ${codeOf(cause)}`, cause);
  }
  try {
    const { size } = fstatSync(fd);
    if (size !== ARENA_BYTES) {
      throw refuse(
        `it is of another build, its tables have ${size} bytes, ` +
          `expected ${ARENA_BYTES}`,
      );
    }
    for (let i = 0; i < TRIES; i++) {
      const buffer = new ArrayBuffer(ARENA_BYTES);
      if (!readWhole(fd, new Uint8Array(buffer))) break;
      const copy = new Arena(buffer);
      const victims = Victims.view(copy);
      if (victims !== null) return { copy, victims };
    }
  } finally {
    closeSync(fd);
  }
  throw refuse(`its tables did not hang together in ${TRIES} looks`);
}

/** Fills `bytes` from the start of the file; false when it ends before. */
function readWhole(fd: number, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length;) {
    const n = readSync(fd, bytes, done, bytes.length - done, done);
    if (n === 0) return false;
    done += n;
  }
  return true;
}

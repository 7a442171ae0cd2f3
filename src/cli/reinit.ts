// `oomguard --reinit` and `oomguard --boot_completed`: lmkd's own command line,
// by which Android's init tells the running guard that properties have changed
// and that the device has booted.

import { errnoName } from "../base/errno.ts";
import { defaultStateDir } from "../config/compile.ts";
import { canSetProperties, setProperties } from "../props/publish.ts";
import { exists } from "../props/run.ts";
import { REINIT_PROPERTY } from "../props/table.ts";
import { cString, loadShim } from "../shim/load.ts";
import { LMK_BOOT_COMPLETED, LMK_UPDATE_PROPS } from "../wire/lmkd.ts";
import type { Output } from "./check.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exits.ts";

// Loaded with this module only: a static import costs every start.
const { parseArgs } = await import("node:util");

const ANDROID_SOCKET = "/dev/socket/lmkd";

/** Bytes of an answer: the command and its result. */
const ANSWER_BYTES = 8;
/** Room that the shim asks for. */
const ROOM_BYTES = 64;
/** Longest wait for the answer, ms: the guard may be in the middle of a kill,
 * and then reads properties for two seconds at most. */
const ANSWER_MS = 10_000;

/** Sends `count` bytes to the socket at a path and waits for one packet in
 * their place; bytes received, or -errno. */
export type Ask = (
  path: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
  count: number,
  timeoutMs: number,
) => number;

interface Request {
  readonly flag: string;
  readonly command: number;
  readonly what: string;
  readonly done: string;
  /** By result; what is not named has failed. */
  readonly refusals: Readonly<Record<number, string>>;
}

const REINIT: Request = {
  flag: "--reinit",
  command: LMK_UPDATE_PROPS,
  what: "Has the running guard read its configuration and properties again.",
  done: "The guard has read its properties again.",
  refusals: {},
};

const BOOT_COMPLETED: Request = {
  flag: "--boot_completed",
  command: LMK_BOOT_COMPLETED,
  what: "Tells the running guard that the device has booted.",
  done: "The guard knows that the device has booted.",
  refusals: {
    1: "it had been told already",
    [-1]: "the device has not booted",
  },
};

/** Runs `oomguard --reinit`; answers its exit code. */
export async function reinit(
  args: string[],
  out: Output = console,
  ask: Ask = askShim,
): Promise<number> {
  const path = parsePath(REINIT, args, out);
  if (typeof path === "number") return path;
  // First, as lmkd does: a change made from here on sets it again.
  if (canSetProperties()) {
    const failures = await setProperties(new Map([[REINIT_PROPERTY, ""]]));
    for (const failure of failures) out.error(failure);
  }
  return exchange(REINIT, path, out, ask);
}

/** Runs `oomguard --boot_completed`; answers its exit code. */
export function bootCompleted(
  args: string[],
  out: Output = console,
  ask: Ask = askShim,
): number {
  const path = parsePath(BOOT_COMPLETED, args, out);
  if (typeof path === "number") return path;
  return exchange(BOOT_COMPLETED, path, out, ask);
}

function helpOf({ flag, what }: Request): string {
  return `Usage: oomguard ${flag} [OPTION]...
${what}

      --socket PATH   control socket; else ${ANDROID_SOCKET}, else the state
                      folder's
  -h, --help          this text

Exit: 0 done, 1 no guard, no answer or refused, 2 wrong usage.`;
}

/** The socket's path, or the exit code where there is nothing to ask. */
function parsePath(
  request: Request,
  args: string[],
  out: Output,
): string | number {
  try {
    const { values } = parseArgs({
      args,
      options: {
        socket: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) {
      out.log(helpOf(request));
      return EXIT_OK;
    }
    const path = values.socket ?? defaultSocket();
    if (path !== "") return path;
    throw new TypeError('Cannot use --socket "": expected a path');
  } catch (error) {
    out.error(`${(error as Error).message}\nTry: oomguard ${request.flag} -h`);
    return EXIT_USAGE;
  }
}

function defaultSocket(): string {
  return exists(ANDROID_SOCKET) ? ANDROID_SOCKET : `${defaultStateDir()}/lmkd`;
}

/** Asks and says what came of it; the exit code. */
function exchange(
  request: Request,
  path: string,
  out: Output,
  ask: Ask,
): number {
  const failure = failureOf(request, path, ask);
  if (failure === null) out.log(request.done);
  else out.error(failure);
  return failure === null ? EXIT_OK : EXIT_FAILED;
}

/** Asks and reads the answer; null, or what went wrong. */
function failureOf(request: Request, path: string, ask: Ask): string | null {
  const name = JSON.stringify(path);
  const bytes = new Uint8Array(ROOM_BYTES);
  const words = new DataView(bytes.buffer);
  words.setInt32(0, request.command);
  const length = ask(
    cString(path),
    bytes,
    Int32Array.BYTES_PER_ELEMENT,
    ANSWER_MS,
  );
  if (length < 0) {
    return `Cannot ask the guard at ${name}: ${errnoName(length)}`;
  }
  if (length !== ANSWER_BYTES || words.getInt32(0) !== request.command) {
    return `Cannot use the answer of ${name}: ${length} bytes, expected ` +
      `command ${request.command} and its result`;
  }
  const result = words.getInt32(4);
  if (result === 0) return null;
  const why = request.refusals[result] ?? `it failed (${result})`;
  return `The guard refused ${request.flag}: ${why}`;
}

function askShim(...[path, bytes, count, timeoutMs]: Parameters<Ask>): number {
  return loadShim().ask(path, bytes, count, timeoutMs);
}

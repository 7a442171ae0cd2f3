// What a guard that crashed left behind: a process at oom_score_adj 1000 that
// was armed as the kernel's first choice, and those whom it has forked since.
// They get its own value back, if they are still at 1000; until all have, who
// is to get it is not forgotten.

import { errnoName } from "../base/errno.ts";
import { delta32 } from "../base/int.ts";
import { ADJ_MAX } from "../base/limits.ts";
import type { Shim } from "../shim/shim.ts";
import {
  CALL_OPEN_KEPT,
  CALL_PERSIST,
  CALL_READ_ADJ,
  CALL_WRITE_ADJ,
} from "../state/calls.ts";
import { ARMED_WORDS, G_ARMED_PID } from "../state/gauges.ts";
import {
  AT_GAUGES,
  MB_ADJ,
  MB_COUNT,
  MB_FD,
  MB_OFFSET,
  MB_PID,
  MB_SOURCE,
} from "../state/layout.ts";
import type { Log } from "./log.ts";

const ARMED_BYTES = ARMED_WORDS * 4;
// errno(3).
const ENOENT = 2;
const ESRCH = 3;
const EIO = 5;
/** By the names that the runtime has for them. */
const ERRNOS = new Map([
  ["EPERM", 1],
  ["ENOENT", ENOENT],
  ["ESRCH", ESRCH],
  ["ENOMEM", 12],
  ["EACCES", 13],
  ["ENFILE", 23],
  ["EMFILE", 24],
]);

/** Undoes what the file of descriptor `fd` tells of; then it tells of nobody.
 * Answers the descriptor, or -1 where something is left to be undone: the file
 * still tells of it to whoever starts next, and nobody may be armed. To be
 * called before any process is looked at. */
export function restoreArmed(shim: Shim, fd: number, log: Log): number {
  if (fd < 0) return -1;
  const bytes = new Uint8Array(ARMED_BYTES);
  let rc = attempt(shim, CALL_OPEN_KEPT, () => readInto(fd, bytes));
  if (rc === ARMED_BYTES) {
    rc = restoreAll(shim, new Int32Array(bytes.buffer), log);
  }
  if (rc < 0) {
    log.say(
      "warn",
      `Cannot undo what an earlier guard armed: ${errnoName(rc)}; ` +
        "left to the next start, arming nobody",
    );
    return -1;
  }
  const { gauges, mailbox } = shim.arena;
  gauges.fill(0, G_ARMED_PID, G_ARMED_PID + ARMED_WORDS);
  mailbox[MB_FD] = fd;
  mailbox[MB_SOURCE] = AT_GAUGES + G_ARMED_PID * 4;
  mailbox[MB_OFFSET] = 0;
  mailbox[MB_COUNT] = ARMED_BYTES;
  rc = shim.patience.try(CALL_PERSIST, () => shim.ports.persist());
  if (rc < 0) log.say("warn", `Cannot keep who is armed: ${errnoName(rc)}`);
  return fd;
}

/** Tries an act, again where it fails for want of something; -errno where it
 * throws. */
function attempt(shim: Shim, which: number, act: () => number): number {
  return shim.patience.try(which, () => {
    try {
      return act();
    } catch (error) {
      return -errnoOf(error);
    }
  });
}

function errnoOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return ERRNOS.get(String(code)) ?? EIO;
}

/** Answers how many bytes an open file has. */
function readInto(fd: number, bytes: Uint8Array): number {
  using file = Deno.openSync(`/proc/self/fd/${fd}`);
  return file.readSync(bytes) ?? 0;
}

/** What /proc tells of a process. */
interface Kin {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  /** Ticks since boot, wrapped. */
  readonly start: number;
}

/** Restores whom the words tell of and its heirs, by the rule of
 * daemon/heirs.ts; 0, or the last -errno. */
function restoreAll(shim: Shim, words: Int32Array, log: Log): number {
  const [pid, start, own, since, uid] = words;
  if (pid <= 1) return 0;
  const raised = new Map<number, Kin>();
  let failure = attempt(shim, CALL_READ_ADJ, () => {
    for (const entry of Deno.readDirSync("/proc")) {
      const other = Number(entry.name);
      if (!(other > 1) || raised.has(other)) continue;
      const kin = raisedKin(other);
      if (kin !== null) raised.set(other, kin);
    }
    return 0;
  });
  const heirs = new Set<number>();
  if (raised.get(pid)?.start === start) heirs.add(pid);
  // Parents first. A parent at 1000 that is none of them has it of its own.
  const kins = [...raised.values()];
  for (const kin of kins.sort((a, b) => delta32(a.start, b.start))) {
    if (delta32(kin.start, since) < 0) continue;
    const isOrphan = !raised.has(kin.parent) && kin.uid === uid;
    if (heirs.has(kin.parent) || isOrphan) heirs.add(kin.pid);
  }
  for (const heir of heirs) {
    const rc = giveBack(shim, heir, own);
    if (rc === 0) {
      log.say("info", `Process ${heir} is at oom_score_adj ${own} again`);
    } else if (!isGone(rc)) failure = rc;
  }
  return failure;
}

/** A process, if it is at 1000; throws where that cannot be found out. */
function raisedKin(pid: number): Kin | null {
  try {
    const adj = Deno.readTextFileSync(`/proc/${pid}/oom_score_adj`);
    if (Number(adj) !== ADJ_MAX) return null;
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    // The name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      pid,
      parent: Number(fields[4 - 3]),
      uid: Number(/^Uid:\t(\d+)/m.exec(status)?.[1] ?? -1),
      start: Number(BigInt.asIntN(32, BigInt(fields[22 - 3]))),
    };
  } catch (error) {
    if (isGone(-errnoOf(error))) return null;
    throw error;
  }
}

function giveBack(shim: Shim, pid: number, adj: number): number {
  const { mailbox } = shim.arena;
  return shim.patience.try(CALL_WRITE_ADJ, () => {
    mailbox[MB_PID] = pid;
    mailbox[MB_FD] = -1;
    mailbox[MB_ADJ] = adj;
    return shim.ports.writeAdj();
  });
}

function isGone(rc: number): boolean {
  return rc === -ESRCH || rc === -ENOENT;
}

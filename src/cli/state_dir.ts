// The state folder: one guard at a time, its name, its journal, its status
// file. A folder that cannot be written, and whatever others put into it, costs
// these, never the guard.

import {
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  SIDE_RECORDS,
} from "../base/limits.ts";
import { parseJournal, recordsOf, ringOf } from "../report/journal.ts";
import { errnoName } from "../base/errno.ts";
import type { Shim } from "../shim/shim.ts";
import {
  FILE_RECORDS,
  H_MAGIC,
  H_RECORD_WORDS,
  H_RECORDS,
  H_SIDE_RECORDS,
  H_VERSION,
  J_SERIAL,
  type Journal,
  JOURNAL_MAGIC,
  JOURNAL_VERSION,
  RING_GUARD,
} from "../state/journal.ts";

/** Bytes of the journal's file: a header and the rings. */
const JOURNAL_BYTES = (FILE_RECORDS + 1) * JOURNAL_WORDS * 4;
/** The guard's, the watchdog thread's, the keeper's. */
const RINGS = 3;
/** More than two numbers of 32 bits take. */
const NAME_BYTES_MAX = 32;
// include/uapi/asm-generic/errno-base.h, linux/stat.h.
const EAGAIN = 11;
const EACCES = 13;
const OTHERS_WRITE = 0o2;
const STICKY_AND_OTHERS = 0o1002;

/** Another guard holds the folder. */
export class AlreadyRunning extends Error {
  constructor(dir: string, pid: string) {
    super(
      `Cannot start: another guard${
        pid === "" ? "" : ` (process ${pid})`
      } holds "${dir}/lock"`,
    );
    this.name = "AlreadyRunning";
  }
}

/** Open files of the state folder; -1 where one cannot be had. */
export interface StateDir {
  readonly journalFd: number;
  readonly statusFd: number;
  /** Who is armed (daemon/armer.ts). */
  readonly armedFd: number;
  /** Last serial in each ring of the journal's file, by RING_*. */
  readonly serials: Int32Array;
  /** False: the folder was refused, nothing in it is ours. */
  readonly isOurs: boolean;
  /** What could not be had, in words. */
  readonly complaints: readonly string[];
}

/** Opens the folder and takes its lock; throws AlreadyRunning. */
export function openStateDir(
  shim: Shim,
  dir: string,
  journal: Journal,
): StateDir {
  const complaints: string[] = [];
  const serials = new Int32Array(RINGS);
  const why = refusal(dir);
  if (why !== "") {
    complaints.push(`Cannot use state folder "${dir}": ${why}, ignoring`);
    return {
      journalFd: -1,
      statusFd: -1,
      armedFd: -1,
      serials,
      isOurs: false,
      complaints,
    };
  }
  takeLock(shim, dir, complaints);
  const kept: Kept = { journal, serials };
  const journalFd = openJournal(shim, `${dir}/journal`, kept, complaints);
  const statusFd = openKept(shim, `${dir}/status`, 0o644, complaints);
  const armedFd = openKept(shim, `${dir}/armed`, 0o600, complaints);
  return {
    journalFd,
    serials,
    armedFd,
    statusFd: sized(shim, statusFd, 0, `${dir}/status`, complaints),
    isOurs: true,
    complaints,
  };
}

/** Makes the folder; answers why it cannot be trusted, or "". Others may write
 * to it only where they cannot rename what is ours. */
function refusal(dir: string): string {
  try {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o755 });
    const { isDirectory, uid, mode } = Deno.lstatSync(dir);
    if (!isDirectory) return "it is no folder";
    if (uid !== 0 && uid !== Deno.uid()) return `it belongs to user ${uid}`;
    const open = mode !== null && (mode & STICKY_AND_OTHERS) === OTHERS_WRITE;
    return open ? "anyone may rename what is in it" : "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Writes a small file of the folder anew; 0 or -errno. */
export function writeKept(shim: Shim, file: string, text: string): number {
  const fd = shim.openKept(file, 0o644);
  if (fd < 0) return fd;
  let rc = shim.symbols.reserve(fd, 0);
  if (rc >= 0) rc = shim.write(fd, text);
  shim.symbols.shut(fd);
  return rc < 0 ? rc : 0;
}

/** A file of the folder, or -1 and a complaint. */
function openKept(
  shim: Shim,
  file: string,
  mode: number,
  complaints: string[],
): number {
  const fd = shim.openKept(file, mode);
  if (fd >= 0) return fd;
  complaints.push(`Cannot open "${file}": ${errnoName(fd)}, ignoring`);
  return -1;
}

/** The same file with its whole size, or closed, -1 and a complaint. */
function sized(
  shim: Shim,
  fd: number,
  bytes: number,
  file: string,
  complaints: string[],
): number {
  const rc = fd < 0 ? 0 : shim.symbols.reserve(fd, bytes);
  if (rc >= 0) return fd;
  complaints.push(`Cannot keep "${file}": ${errnoName(rc)}, ignoring`);
  shim.symbols.shut(fd);
  return -1;
}

/** The lock is for us alone: whoever may open a file may lock it, if only to
 * keep the guard from starting. What others may know is in `guard`: the holder,
 * and where its arena is. */
function takeLock(shim: Shim, dir: string, complaints: string[]): void {
  const lockFd = openKept(shim, `${dir}/lock`, 0o600, complaints);
  const rc = lockFd < 0 ? 0 : shim.symbols.lockFile(lockFd);
  const file = `${dir}/guard`;
  if (rc === -EAGAIN || rc === -EACCES) {
    shim.symbols.shut(lockFd);
    const fd = shim.openKept(file, 0o644);
    const text = new TextDecoder().decode(readKept(fd, NAME_BYTES_MAX));
    shim.symbols.shut(fd);
    throw new AlreadyRunning(dir, /^\d+/.exec(text)?.[0] ?? "");
  }
  if (rc < 0) {
    complaints.push(`Cannot lock "${dir}/lock": ${errnoName(rc)}, ignoring`);
  }
  const opened = openKept(shim, file, 0o644, complaints);
  const fd = sized(shim, opened, 0, file, complaints);
  if (fd < 0) return;
  shim.write(fd, `${Deno.pid} ${shim.arenaFd}\n`);
  shim.symbols.shut(fd);
}

/** Where the records of an earlier guard go. */
interface Kept {
  readonly journal: Journal;
  readonly serials: Int32Array;
}

/** The journal's file, after it gave back what an earlier guard left. */
function openJournal(
  shim: Shim,
  file: string,
  kept: Kept,
  complaints: string[],
): number {
  const opened = openKept(shim, file, 0o644, complaints);
  if (opened < 0) return -1;
  try {
    restoreJournal(readKept(opened, JOURNAL_BYTES), file, kept);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    complaints.push(`${why}; starting a new one`);
    // Fails only where the sizing below fails, which complains.
    shim.symbols.reserve(opened, 0);
  }
  const fd = sized(shim, opened, JOURNAL_BYTES, file, complaints);
  if (fd >= 0) writeHeader(shim, fd);
  return fd;
}

/** The first bytes of a side ring, RING_*, of the open journal. */
export function readRing(fd: number, ring: number, most: number): Uint8Array {
  const before = 1 + JOURNAL_RECORDS + (ring - 1) * SIDE_RECORDS;
  return readKept(fd, most, before * JOURNAL_WORDS * 4);
}

/** Bytes of an open file from `from` on, whatever its path has become; none of
 * one that cannot be read. */
export function readKept(fd: number, most: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(most);
  let done = 0;
  try {
    using file = Deno.openSync(`/proc/self/fd/${fd}`);
    file.seekSync(from, Deno.SeekMode.Start);
    while (done < most) {
      const n = file.readSync(bytes.subarray(done));
      if (n === null) break;
      done += n;
    }
  } catch {
    return bytes.subarray(0, done);
  }
  return bytes.subarray(0, done);
}

/** Takes over the records of an earlier guard, so that serials go on; those of
 * the watchdog thread and the keeper stay in the file. Throws SyntaxError. */
function restoreJournal(
  bytes: Uint8Array,
  file: string,
  { journal, serials }: Kept,
): void {
  if (bytes.length === 0) return;
  const words = parseJournal(bytes, file);
  for (const at of recordsOf(words)) {
    const serial = words[at + J_SERIAL];
    const ring = ringOf(at);
    serials[ring] = Math.max(serials[ring], serial);
    if (ring !== RING_GUARD) continue;
    const slot = (serial - 1) % JOURNAL_RECORDS;
    const record = words.subarray(at, at + JOURNAL_WORDS);
    journal.words.set(record, slot * JOURNAL_WORDS);
  }
  journal.serial = serials[RING_GUARD];
  journal.persisted = journal.serial;
}

function writeHeader(shim: Shim, fd: number): void {
  const header = new Int32Array(JOURNAL_WORDS);
  header[H_MAGIC] = JOURNAL_MAGIC;
  header[H_VERSION] = JOURNAL_VERSION;
  header[H_RECORD_WORDS] = JOURNAL_WORDS;
  header[H_RECORDS] = JOURNAL_RECORDS;
  header[H_SIDE_RECORDS] = SIDE_RECORDS;
  const bytes = new Uint8Array(header.buffer);
  shim.symbols.write(fd, bytes, bytes.length);
}

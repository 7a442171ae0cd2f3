// The state folder: one guard at a time, its journal, its status file. A
// folder that cannot be written costs these, never the guard.

import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../base/limits.ts";
import { parseJournal, recordsOf } from "../report/journal.ts";
import { errnoName } from "../base/errno.ts";
import { O_CREAT, O_RDWR, type Shim } from "../shim/shim.ts";
import {
  H_MAGIC,
  H_RECORD_WORDS,
  H_RECORDS,
  H_VERSION,
  J_SERIAL,
  type Journal,
  JOURNAL_MAGIC,
  JOURNAL_VERSION,
} from "../state/journal.ts";

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
  try {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o755 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    complaints.push(`Cannot make state folder "${dir}": ${why}`);
    return { journalFd: -1, statusFd: -1, complaints };
  }
  takeLock(shim, dir, complaints);
  const open = (name: string, bytes: number): number => {
    const fd = shim.open(`${dir}/${name}`, O_RDWR | O_CREAT, 0o644);
    const rc = fd < 0 ? fd : shim.symbols.reserve(fd, bytes);
    if (rc >= 0) return fd;
    complaints.push(`Cannot keep "${dir}/${name}": ${errnoName(rc)}, ignoring`);
    if (fd >= 0) shim.symbols.shut(fd);
    return -1;
  };
  restoreJournal(`${dir}/journal`, journal, complaints);
  const journalFd = open("journal", (JOURNAL_RECORDS + 1) * JOURNAL_WORDS * 4);
  if (journalFd >= 0) writeHeader(shim, journalFd);
  const statusFd = open("status", 0);
  return { journalFd, statusFd, complaints };
}

function takeLock(shim: Shim, dir: string, complaints: string[]): void {
  const file = `${dir}/lock`;
  const fd = shim.open(file, O_RDWR | O_CREAT, 0o644);
  if (fd < 0) {
    complaints.push(`Cannot open "${file}": ${errnoName(fd)}, ignoring`);
    return;
  }
  if (shim.symbols.lockFile(fd) < 0) {
    shim.symbols.shut(fd);
    const [pid = ""] = Deno.readTextFileSync(file).trim().split(" ");
    throw new AlreadyRunning(dir, pid);
  }
  // Who holds it, and where its arena is: what `procs` needs.
  shim.symbols.reserve(fd, 0);
  shim.write(fd, `${Deno.pid} ${shim.arenaFd}\n`);
}

/** Takes over the records of an earlier guard, so that serials go on. */
function restoreJournal(
  file: string,
  journal: Journal,
  complaints: string[],
): void {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(file);
  } catch {
    return;
  }
  if (bytes.length === 0) return;
  try {
    const words = parseJournal(bytes, file);
    for (const at of recordsOf(words)) {
      const serial = words[at + J_SERIAL];
      const slot = (serial - 1) % JOURNAL_RECORDS;
      const record = words.subarray(at, at + JOURNAL_WORDS);
      journal.words.set(record, slot * JOURNAL_WORDS);
      journal.serial = Math.max(journal.serial, serial);
    }
    journal.persisted = journal.serial;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    complaints.push(`${why}; starting a new one`);
    Deno.truncateSync(file);
  }
}

function writeHeader(shim: Shim, fd: number): void {
  const header = new Int32Array(JOURNAL_WORDS);
  header[H_MAGIC] = JOURNAL_MAGIC;
  header[H_VERSION] = JOURNAL_VERSION;
  header[H_RECORD_WORDS] = JOURNAL_WORDS;
  header[H_RECORDS] = JOURNAL_RECORDS;
  const bytes = new Uint8Array(header.buffer);
  shim.symbols.write(fd, bytes, bytes.length);
}

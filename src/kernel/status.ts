// @hot
// /proc/PID/status to a few fields. Never fails and never reads outside
// [at, end).
// Source: fs/proc/array.c, proc_pid_status; fs/proc/task_mmu.c, task_mem.
//
//   Name:	foo) Z \n1\\ (	x           (newline and backslash escaped)
//   State:	S (sleeping)
//   Tgid:	157
//   PPid:	1
//   Uid:	10057	10057	10057	10057   (real, effective, saved, file system)
//   VmLck:	       0 kB
//   VmRSS:	    1712 kB
//   RssAnon:	     116 kB
//   RssFile:	    1596 kB
//   RssShmem:	       0 kB
//   VmSwap:	       0 kB
//   Threads:	1
//   SigPnd:	0000000000000100                (SIGKILL)
//   ShdPnd:	0000000000000100
//   SigBlk:	0000000000000000
//
// Kernel threads and zombies have no memory and none of the Vm and Rss lines.

import { NAME_BYTES } from "../base/limits.ts";
import {
  ABSENT,
  parseColumns8,
  parseInt32,
  parseWrapped,
  startsWith,
} from "../base/scan.ts";

// Indices of the fields.

/** Process that the task belongs to. */
export const STATUS_TGID = 0;
/** Parent process. */
export const STATUS_PPID = 1;
/** Real user id, wrapped: -2 is 4294967294. */
export const STATUS_UID = 2;
/** Letter of the state, as a byte. */
export const STATUS_STATE = 3;
/** Resident memory: the sum of the next three. */
export const STATUS_RSS_KB = 4;
export const STATUS_ANON_KB = 5;
export const STATUS_FILE_KB = 6;
export const STATUS_SHMEM_KB = 7;
export const STATUS_SWAP_KB = 8;
export const STATUS_LOCKED_KB = 9;
/** Number of fields. */
export const STATUS_FIELDS = 10;

const NEWLINE = 10;
const BACKSLASH = 92;
const LETTER_A = 65;
const LETTER_F = 70;
const LETTER_P = 80;
const LETTER_R = 82;
const LETTER_S = 83;
const LETTER_T = 84;
const LETTER_U = 85;
const LETTER_V = 86;
const LETTER_X = 88;
const LETTER_Z = 90;
// Small letters.
const LETTER_SMALL_A = 97;
const LETTER_C = 99;
const LETTER_H = 104;
const LETTER_N = 110;
const LETTER_W = 119;
/** No line is shorter: "Pid:\t1\n". */
const LINE_BYTES_MIN = 7;

const NAME = new TextEncoder().encode("Name:\t");
const STATE = new TextEncoder().encode("State:\t");
const TGID = new TextEncoder().encode("Tgid:\t");
const PPID = new TextEncoder().encode("PPid:\t");
const UID = new TextEncoder().encode("Uid:\t");
const VM_LCK = new TextEncoder().encode("VmLck:\t");
const VM_RSS = new TextEncoder().encode("VmRSS:\t");
const VM_SWAP = new TextEncoder().encode("VmSwap:\t");
const RSS_ANON = new TextEncoder().encode("RssAnon:\t");
const RSS_FILE = new TextEncoder().encode("RssFile:\t");
const RSS_SHMEM = new TextEncoder().encode("RssShmem:\t");
const THREADS = new TextEncoder().encode("Threads:\t");
/** Signals that wait for the task, and for its process. */
const SIG_PND = new TextEncoder().encode("SigPnd:\t");
const SHD_PND = new TextEncoder().encode("ShdPnd:\t");
const SIG_BLK = new TextEncoder().encode("SigBlk:\t");
/** Bytes of a number and its unit: "%8lu kB\n". */
const KB_BYTES = 12;

/** Stores what follows `key`, if the line begins so; 1 if it does. */
function take(
  bytes: Uint8Array,
  at: number,
  end: number,
  key: Uint8Array,
  fields: Int32Array,
  field: number,
): number {
  if (!startsWith(bytes, at, end, key)) return 0;
  const number = at + key.length;
  let value = 0;
  if (field === STATUS_STATE) value = bytes[number];
  else if (field === STATUS_UID) value = parseWrapped(bytes, number, end);
  else if (end - number === KB_BYTES) value = parseColumns8(bytes, number);
  else value = parseInt32(bytes, number, end);
  if (value === ABSENT) return 0;
  fields[field] = value;
  return 1;
}

/**
 * Fills `fields` (STATUS_FIELDS of them); answers how many it found. A last
 * line without its newline is left out: its number may be cut short.
 */
export function parseStatus(
  bytes: Uint8Array,
  at: number,
  end: number,
  fields: Int32Array,
): number {
  fields.fill(ABSENT, 0, STATUS_FIELDS);
  let found = 0;
  let i = at;
  while (i + LINE_BYTES_MIN <= end) {
    const next = bytes.indexOf(NEWLINE, i) + 1;
    if (next === 0 || next > end) break;
    switch (bytes[i]) {
      case LETTER_V:
        // The fourth letter tells Vm lines apart, and Rss lines too.
        switch (bytes[i + 3]) {
          case LETTER_C:
            found += take(bytes, i, next, VM_LCK, fields, STATUS_LOCKED_KB);
            break;
          case LETTER_S:
            found += take(bytes, i, next, VM_RSS, fields, STATUS_RSS_KB);
            break;
          case LETTER_W:
            // The last of the lines we look for.
            return found +
              take(bytes, i, next, VM_SWAP, fields, STATUS_SWAP_KB);
        }
        break;
      case LETTER_R:
        switch (bytes[i + 3]) {
          case LETTER_A:
            found += take(bytes, i, next, RSS_ANON, fields, STATUS_ANON_KB);
            break;
          case LETTER_F:
            found += take(bytes, i, next, RSS_FILE, fields, STATUS_FILE_KB);
            break;
          case LETTER_S:
            found += take(bytes, i, next, RSS_SHMEM, fields, STATUS_SHMEM_KB);
            break;
        }
        break;
      case LETTER_P:
        found += take(bytes, i, next, PPID, fields, STATUS_PPID);
        break;
      case LETTER_S:
        found += take(bytes, i, next, STATE, fields, STATUS_STATE);
        break;
      case LETTER_T:
        if (bytes[i + 1] === LETTER_H) return found;
        found += take(bytes, i, next, TGID, fields, STATUS_TGID);
        break;
      case LETTER_U:
        found += take(bytes, i, next, UID, fields, STATUS_UID);
        break;
    }
    i = next;
  }
  return found;
}

/**
 * Whether the process is on its way out and needs no signal: its only thread is
 * a zombie or has given up its memory, or SIGKILL waits for it. One whose first
 * thread has ended alone (pthread_exit) shows as a zombie without memory, and
 * lives on (seen on 6.18). `fields` are of the same text; what that was too
 * short to tell of is taken for alive. Kernel threads have no memory either: not
 * to be asked of them.
 */
export function isDying(
  bytes: Uint8Array,
  at: number,
  end: number,
  fields: Int32Array,
): boolean {
  const state = fields[STATUS_STATE];
  const hasEnded = state === LETTER_Z || state === LETTER_X;
  for (let i = at; i + LINE_BYTES_MIN <= end;) {
    const next = bytes.indexOf(NEWLINE, i) + 1;
    if (next === 0 || next > end) return false;
    // The lines of memory have all been by then.
    if (startsWith(bytes, i, next, THREADS)) {
      const threads = parseInt32(bytes, i + THREADS.length, next);
      const isLast = threads !== ABSENT && threads <= 1;
      const gone = hasEnded || fields[STATUS_RSS_KB] === ABSENT;
      if (isLast && gone) return true;
    } else if (
      startsWith(bytes, i, next, SIG_PND) || startsWith(bytes, i, next, SHD_PND)
    ) {
      // 16 hexadecimal digits; the third from the right has signals 9 to 12.
      const digit = bytes[next - 4];
      const bits = digit >= LETTER_SMALL_A ? digit - 87 : digit;
      if ((bits & 1) !== 0) return true;
    } else if (startsWith(bytes, i, next, SIG_BLK)) return false;
    i = next;
  }
  return false;
}

/**
 * Copies the task's name, unescaped, to `into` at `intoAt`: NAME_BYTES bytes,
 * the last of them NUL, as are all after the name. Answers the length of the
 * name, 0 when there is none.
 */
export function copyName(
  bytes: Uint8Array,
  at: number,
  end: number,
  into: Uint8Array,
  intoAt: number,
): number {
  into.fill(0, intoAt, intoAt + NAME_BYTES);
  if (!startsWith(bytes, at, end, NAME)) return 0;
  let length = 0;
  let i = at + NAME.length;
  while (i < end && length < NAME_BYTES - 1) {
    let byte = bytes[i];
    if (byte === NEWLINE) break;
    if (byte === BACKSLASH && i + 1 < end && bytes[i + 1] !== NEWLINE) {
      i++;
      byte = bytes[i] === LETTER_N ? NEWLINE : bytes[i];
    }
    into[intoAt + length] = byte;
    length++;
    i++;
  }
  return length;
}

// Keeps the guard's memory where it is. What the start alone needed is given
// back, what an emergency can touch is filled in, and then it is locked, as far
// as this kernel and these privileges allow. Never bare mlockall: V8 would end
// the process at its next collection (ffi/memory.c).

import { errnoName } from "../base/errno.ts";
import {
  LEVEL_ALL,
  LEVEL_ARENA,
  LEVEL_FILES,
  LEVEL_NONE,
} from "../state/gauges.ts";
import { LOCK_AUTO, LOCK_OFF } from "../state/settings.ts";
import type { Shim } from "./shim.ts";

/** What was reached, and why not more; "" where nothing was refused. */
export interface Locked {
  readonly level: number;
  readonly why: string;
}

/** A mapping of this process. */
export interface Range {
  readonly start: bigint;
  readonly bytes: bigint;
  readonly access: string;
  readonly isFile: boolean;
  readonly path: string;
}

// include/uapi/asm-generic/errno-base.h
const ENOENT = 2;
const EBUSY = 16;
/** include/uapi/asm-generic/mman-common.h: Linux 5.4, 5.14. */
const MADV_PAGEOUT = 21;
const MADV_POPULATE_WRITE = 23;
/** A line of /proc/self/maps: range, access, inode, path. */
const LINE =
  /^([0-9a-f]+)-([0-9a-f]+) ([-rwxps]{4}) [0-9a-f]+ \S+ (\d+)(?: +(.*))?$/;
/**
 * Writable ranges up to this size are filled in: V8's pages (256 kB), the
 * variables of the executable and its libraries, the stacks of the shim's
 * threads. Measured: they lack 0.9 MB in all. What is larger is libc's heap and
 * V8's reservations, where a turn touches nothing new: it allocates nothing
 * (test/alloc).
 */
const POPULATE_BYTES_MAX = 512n * 1024n;

/** Mappings, in the order of their addresses. Exported for its test. */
export function parseMaps(text: string): Range[] {
  const ranges: Range[] = [];
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, from, to, access, inode, path = ""] = match;
    const start = BigInt(`0x${from}`);
    const bytes = BigInt(`0x${to}`) - start;
    ranges.push({ start, bytes, access, isFile: inode !== "0", path });
  }
  return ranges;
}

/** Whether a mapping is of a file, and not the arena. */
function isRealFile({ isFile, path }: Range): boolean {
  return isFile && !path.startsWith("/memfd:oomguard-arena");
}

/** Whether all of a mapping can be read again from its file. What the loader
 * or V8 sealed after it was written cannot, and would go to swap: it lies right
 * before what is still writable. Exported for its test. */
export function isClean(range: Range, next: Range | undefined): boolean {
  if (!isRealFile(range) || range.access[1] === "w") return false;
  return next === undefined || next.access !== "rw-p" ||
    next.start !== range.start + range.bytes ||
    range.access === "r-xp";
}

/** The runtime's text: there is none larger. Exported for its test. */
export function largestText(all: readonly Range[]): Range | undefined {
  return all.filter((range) => isRealFile(range) && range.access === "r-xp")
    .reduce<Range | undefined>(
      (most, range) =>
        most === undefined || range.bytes > most.bytes ? range : most,
      undefined,
    );
}

/** The level to try first. `swappable`: there is swap that the guard's pages
 * may go to. */
export function wantedLevel(mode: number, swappable: boolean): number {
  if (mode === LOCK_OFF) return LEVEL_ARENA;
  return mode === LOCK_AUTO && swappable ? LEVEL_ALL : LEVEL_FILES;
}

/** The memory of this process, as it was when it was surveyed: what comes after
 * that touches no more than it must. */
export class Residence {
  readonly #shim: Shim;
  #files: Range[] = [];
  #clean: Range[] = [];
  #text: Range | undefined;
  #small: Range[] = [];
  #stack: Range | undefined;

  constructor(shim: Shim) {
    this.#shim = shim;
  }

  /** Notes what is mapped. */
  survey(): void {
    const all = parseMaps(Deno.readTextFileSync("/proc/self/maps"));
    this.#files = all.filter(isRealFile);
    this.#stack = all.find(({ path }) => path === "[stack]");
    this.#text = largestText(all);
    this.#clean = all.filter((range, i) =>
      range !== this.#text && isClean(range, all[i + 1])
    );
    this.#small = all.filter(({ access, bytes, path }) =>
      access === "rw-p" && bytes <= POPULATE_BYTES_MAX && path !== "[stack]"
    );
  }

  /**
   * Gives back what only the start needed: garbage, libc's free lists, the depth
   * of the stack, the clean file pages of start-up code. What is still used comes back when it is next
   * touched. Every part is an offer that may be declined; never fails.
   */
  trim(): void {
    collect();
    this.#shim.symbols.trimMalloc();
    if (this.#stack !== undefined) {
      this.#shim.symbols.trimStack(this.#stack.start);
    }
    for (const { start, bytes } of this.#clean) {
      this.#shim.symbols.advise(start, bytes, MADV_PAGEOUT);
    }
  }

  /** Gives the runtime's text back too, and notes which of its pages are run
   * from now on: no other comes back. -errno where that is refused. */
  watchText(): number {
    const text = this.#text;
    if (text === undefined) return -ENOENT;
    const { symbols } = this.#shim;
    // A debugger would stop at each page, and lose its breakpoints.
    const rc = isTraced() ? -EBUSY : symbols.beginHot(text.start, text.bytes);
    if (rc < 0) symbols.advise(text.start, text.bytes, MADV_PAGEOUT);
    return rc;
  }

  /** Ends that; answers how many pages were run, or -errno. */
  keepText(): number {
    return this.#shim.symbols.endHot();
  }

  /** Locks as much as `wanted` (LEVEL_*) says, or what is possible below it,
   * and fills in what an emergency may touch for the first time. */
  lock(wanted: number): Locked {
    const locked = this.#lock(wanted);
    if (locked.level >= LEVEL_FILES) this.#populate();
    return locked;
  }

  #lock(wanted: number): Locked {
    const { symbols } = this.#shim;
    let why = "";
    if (wanted === LEVEL_ALL) {
      const redirected = symbols.redirectMadvise();
      const rc = redirected < 0 ? redirected : symbols.lockAll();
      if (rc >= 0) return { level: LEVEL_ALL, why };
      const what = redirected < 0 ? "redirecting madvise" : "mlockall";
      why = `${what}: ${errnoName(rc)}`;
    }
    const arena = symbols.lockArena();
    if (arena < 0) {
      return { level: LEVEL_NONE, why: `mlock2: ${errnoName(arena)}` };
    }
    if (wanted === LEVEL_ARENA) return { level: LEVEL_ARENA, why };
    const files = this.#lockFiles();
    if (files >= 0) return { level: LEVEL_FILES, why };
    why = `mlock2 of files: ${errnoName(files)}`;
    return { level: LEVEL_ARENA, why };
  }

  /** Locks every mapped file; the first -errno, when one was refused. */
  #lockFiles(): number {
    let answer = 0;
    for (const { start, bytes } of this.#files) {
      const rc = this.#shim.symbols.lockRange(start, bytes);
      if (rc < 0 && answer === 0) answer = rc;
    }
    return answer;
  }

  #populate(): void {
    const { symbols } = this.#shim;
    symbols.populateStack();
    for (const { start, bytes } of this.#small) {
      symbols.advise(start, bytes, MADV_POPULATE_WRITE);
    }
  }
}

/** Whether somebody traces this process (fs/proc/array.c). */
function isTraced(): boolean {
  const status = Deno.readTextFileSync("/proc/self/status");
  return !/^TracerPid:\t0$/m.test(status);
}

/** Has V8 collect all it can, where it was started to be asked
 * (pack/launch.ts): sooner than it would by itself. */
function collect(): void {
  const { gc } = globalThis as { gc?: (how: Record<string, string>) => void };
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

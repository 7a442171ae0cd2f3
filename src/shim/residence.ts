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
  /** What is not its file's any more, in memory or swap, kB; -1: not known. */
  anonKb: number;
}

// include/uapi/asm-generic/errno-base.h
const ENOENT = 2;
const EBUSY = 16;
/** include/uapi/asm-generic/mman-common.h: Linux 3.4, 5.4, 5.14. */
const MADV_DODUMP = 17;
const MADV_PAGEOUT = 21;
const MADV_POPULATE_WRITE = 23;
/** Pieces that the runtime's data is cut into, of 27 MB: with 4 kB it is
 * 0.8 MB less, for four times the mappings meanwhile. */
const PIECE_BYTES = 16 * 1024;
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

/** Lines of /proc/self/smaps, after each of those (fs/proc/task_mmu.c). */
const ANON = /^(?:Anonymous|Swap): +(\d+) kB/;

/** Mappings, in the order of their addresses, of maps or smaps. Exported for
 * its test. */
export function parseMaps(text: string): Range[] {
  const ranges: Range[] = [];
  for (const line of text.split("\n")) {
    const anon = ANON.exec(line);
    const last = ranges.at(-1);
    if (anon !== null && last !== undefined) {
      last.anonKb = Math.max(last.anonKb, 0) + Number(anon[1]);
    }
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, from, to, access, inode, path = ""] = match;
    const start = BigInt(`0x${from}`);
    const bytes = BigInt(`0x${to}`) - start;
    ranges.push({
      start,
      bytes,
      access,
      isFile: inode !== "0",
      path,
      anonKb: -1,
    });
  }
  return ranges;
}

/** Whether a mapping is of a file, and not the arena. */
function isRealFile({ isFile, path }: Range): boolean {
  return isFile && !path.startsWith("/memfd:oomguard-arena");
}

/** Whether all of a mapping can be read again from its file. What the loader
 * relocated cannot, even where it sealed it. Exported for its test. */
export function isClean(range: Range): boolean {
  return isRealFile(range) && range.access[1] !== "w" && range.anonKb === 0;
}

/** The runtime's text: there is none larger. Exported for its test. */
export function largestText(all: readonly Range[]): Range | undefined {
  return all.filter(({ isFile, access }) => isFile && access === "r-xp")
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
    const all = parseMaps(readMappings());
    this.#files = all.filter(isRealFile);
    this.#stack = all.find(({ path }) => path === "[stack]");
    const clean = all.filter(isClean);
    this.#text = largestText(clean);
    this.#clean = clean.filter((range) => range !== this.#text);
    this.#small = all.filter(({ access, bytes, path }) =>
      access === "rw-p" && bytes <= POPULATE_BYTES_MAX && path !== "[stack]"
    );
  }

  /** Gives back what only the start needed: garbage, libc's free lists, the
   * depth of the stack. Every part is an offer that may be declined. */
  trim(): void {
    collect();
    this.#shim.symbols.trimMalloc();
    if (this.#stack !== undefined) {
      this.#shim.symbols.trimStack(this.#stack.start);
    }
  }

  /** Gives back all clean file pages. Until `keep` those come back that are
   * touched, and few around them: of the runtime's text none. -errno where that
   * is refused. */
  watch(): number {
    const { symbols } = this.#shim;
    for (const { start, bytes } of this.#clean) {
      symbols.cut(start, bytes, PIECE_BYTES);
    }
    const text = this.#text;
    if (text === undefined) return -ENOENT;
    // A debugger would stop at each page.
    const rc = isTraced() ? -EBUSY : symbols.beginHot(text.start, text.bytes);
    if (rc < 0) symbols.advise(text.start, text.bytes, MADV_PAGEOUT);
    return rc;
  }

  /** Ends that; answers how many pages of text were run, or -errno. */
  keep(): number {
    const { symbols } = this.#shim;
    for (const { start, bytes } of this.#clean) {
      symbols.advise(start, bytes, MADV_DODUMP);
    }
    return symbols.endHot();
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

/** Mappings, with what is anonymous in each where this kernel tells. */
function readMappings(): string {
  try {
    return Deno.readTextFileSync("/proc/self/smaps");
  } catch {
    return Deno.readTextFileSync("/proc/self/maps");
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

// The real ports: the shim attached to its arena, and the cold calls that
// prepare a run. Cold calls answer >= 0 or -errno, as the hot ones do.

import { errnoName } from "../base/errno.ts";
import type { Ports } from "../daemon/ports.ts";
import { Arena } from "../state/arena.ts";
import { ARENA_BYTES, AT_VICTIMS } from "../state/layout.ts";
import { LAYOUT } from "./layout.ts";
import { cString, loadShim, type Symbols } from "./load.ts";
import { Patience, patient } from "./patient.ts";

// Flags of open(2) on Linux. O_NOFOLLOW differs by architecture: openKept.
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_NONBLOCK = 0o4000;

/** The shim of this process. There is one; a second attach is refused. */
export class Shim {
  readonly symbols: Symbols;
  /** How long its cold calls are tried. */
  readonly patience = new Patience();
  readonly ports: Ports;
  readonly arena: Arena;
  /** Descriptor of the arena, reachable as /proc/PID/fd/N. */
  readonly arenaFd: number;

  /** Loads and attaches. Throws when either fails or the layouts differ. */
  constructor() {
    const symbols = loadShim();
    this.symbols = patient(symbols, this.patience);
    const base = new BigUint64Array(1);
    this.arenaFd = this.symbols.attach(ARENA_BYTES, AT_VICTIMS, base);
    if (this.arenaFd < 0) {
      throw new Error(`Cannot attach shim: ${errnoName(this.arenaFd)}`);
    }
    const pointer = Deno.UnsafePointer.create(base[0]);
    if (pointer === null) throw new Error("Cannot attach shim: no address");
    this.arena = new Arena(
      Deno.UnsafePointerView.getArrayBuffer(pointer, ARENA_BYTES),
    );
    this.#checkLayout();
    this.ports = symbols;
  }

  #checkLayout(): void {
    const count = this.symbols.layout();
    const theirs = [...this.arena.events.subarray(0, count)];
    for (let i = 0; i < Math.max(count, LAYOUT.length); i++) {
      if (theirs[i] === LAYOUT[i]) continue;
      throw new Error(
        `Cannot attach shim: layout word ${i} is ${theirs[i]}, expected ${
          LAYOUT[i]
        }; shim and program are of different builds`,
      );
    }
    this.arena.events.fill(0);
  }

  /** Makes the epoll set, signal handlers, the reaper and the title thread; 0,
   * or -errno of a thread that could not be had. Throws where it is more. */
  start(): number {
    const rc = this.symbols.start();
    if (rc < 0) throw new Error(`Cannot start shim: ${errnoName(rc)}`);
    return this.symbols.startThreads();
  }

  /** Opens a file, CLOEXEC. */
  open(path: string, flags: number, mode = 0): number {
    return this.symbols.open(cString(path), flags, mode);
  }

  /** Opens a file of the state folder to be read and written, and makes it
   * where there is none. -EPERM: no regular file, or another's. */
  openKept(path: string, mode: number): number {
    return this.symbols.openKept(cString(path), mode);
  }

  /** Writes without waiting; at most 4096 bytes. */
  write(fd: number, text: string): number {
    const bytes = new TextEncoder().encode(text);
    return this.symbols.write(fd, bytes, bytes.length);
  }

  /** One datagram to a Unix socket; "@name" is abstract. */
  datagram(path: string, bytes: Uint8Array<ArrayBuffer>): number {
    return this.symbols.datagram(cString(path), bytes, bytes.length);
  }
}

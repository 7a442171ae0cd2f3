// Descriptors of the simulated guard, numbered as the kernel numbers them: the
// lowest free one, so that a number is reused as soon as it can be. Also the
// edge-triggered wait set: each change is reported once.

import type { SimClient } from "./client.ts";
import type { SimProcess } from "./process.ts";

/** Something open. */
export type Descriptor =
  | { readonly kind: "pidfd"; readonly process: SimProcess }
  | { readonly kind: "status"; readonly process: SimProcess }
  | {
    readonly kind: "stat";
    readonly process: SimProcess;
    /** memory.stat of its own group, not /proc/PID/stat. */
    readonly ofGroup: boolean;
  }
  | { readonly kind: "client"; readonly client: SimClient }
  | { readonly kind: "listener" }
  | { readonly kind: "file"; readonly bytes: Uint8Array };

/** An event that waits to be taken. */
export interface Ready {
  readonly fd: number;
  readonly tag: number;
  readonly detail: number;
}

/** 0, 1 and 2 are the standard ones. */
const FIRST_FD = 3;

/** The table. */
export class Descriptors {
  readonly #open: (Descriptor | undefined)[] = [];
  /** Tag and detail of what is watched. */
  readonly #watched = new Map<number, Ready>();
  /** What is ready and not yet taken, oldest first. */
  readonly #ready = new Map<number, Ready>();
  #lowest = FIRST_FD;
  /** Most that may be open (RLIMIT_NOFILE). */
  most = 65_536;
  count = 0;

  /** Opens; -1 when the table is full. */
  add(descriptor: Descriptor): number {
    if (this.count >= this.most) return -1;
    let fd = this.#lowest;
    while (this.#open[fd] !== undefined) fd++;
    this.#open[fd] = descriptor;
    this.#lowest = fd + 1;
    this.count++;
    return fd;
  }

  get(fd: number): Descriptor | undefined {
    return this.#open[fd];
  }

  /** Closes; false when it was not open. */
  close(fd: number): boolean {
    if (this.#open[fd] === undefined) return false;
    this.#open[fd] = undefined;
    this.#watched.delete(fd);
    this.#ready.delete(fd);
    this.#lowest = Math.min(this.#lowest, fd);
    this.count--;
    return true;
  }

  /** Watches a descriptor; `now`: it is ready already. */
  watch(fd: number, tag: number, detail: number, now: boolean): void {
    const ready = { fd, tag, detail };
    this.#watched.set(fd, ready);
    if (now) this.#ready.set(fd, ready);
  }

  /** A watched descriptor has something new. */
  wake(fd: number): void {
    const ready = this.#watched.get(fd);
    if (ready !== undefined) this.#ready.set(fd, ready);
  }

  /** Tag and detail under which a descriptor is watched. */
  tagOf(fd: number): Ready | undefined {
    return this.#watched.get(fd);
  }

  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  /** Takes one event, or undefined. */
  take(): Ready | undefined {
    for (const [fd, ready] of this.#ready) {
      this.#ready.delete(fd);
      return ready;
    }
    return undefined;
  }

  /** Everything open, by number. */
  entries(): [number, Descriptor][] {
    const found: [number, Descriptor][] = [];
    this.#open.forEach((one, fd) => {
      if (one !== undefined) found.push([fd, one]);
    });
    return found;
  }
}

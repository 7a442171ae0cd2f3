// What goes wrong in a simulated machine: any call may be refused, from a seed.

import { Prng } from "../base/prng.ts";

// Errors that the calls of the shim can answer (errno(3)).
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EIO = 5;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EBUSY = 16;
export const ENODEV = 19;
export const EINVAL = 22;
export const EMFILE = 24;
export const ENOSPC = 28;
export const EPIPE = 32;
export const ENOSYS = 38;

/** Calls that may be refused, and with what. The refusals of each are those
 * its system calls really give under load. */
const REFUSALS = {
  sense: [EIO, ENOMEM],
  sample: [ESRCH, ENOMEM],
  receive: [ENOMEM],
  send: [EAGAIN, EPIPE],
  kill: [EPERM, ESRCH],
  persist: [ENOSPC, EIO],
  accept: [EMFILE, ENOMEM],
  adopt: [ENOMEM, EMFILE, ESRCH],
  openStatus: [ENOMEM, EMFILE],
  openStat: [ENOMEM, EMFILE],
  softLimit: [ENOMEM, EMFILE],
  reap: [EAGAIN, ESRCH, ENOSYS],
  readAdj: [ENOMEM],
  writeAdj: [ENOMEM],
  scan: [ENOMEM],
  fillBallast: [ENOMEM],
} as const;

/** A call that may be refused. */
export type Faulty = keyof typeof REFUSALS;

/** The odds. */
export class Faults {
  readonly #prng: Prng;
  /** Refusals in a thousand calls, for each call. */
  readonly permille = new Map<Faulty, number>();
  /** Reads that answer only their beginning, in a thousand. */
  shortPermille = 0;
  /** Processes that die while they are adopted, in a thousand. */
  vanishPermille = 0;
  /** Command names that cannot be read, in a thousand. */
  tornPermille = 0;
  /** Batches of command names that are never finished, in a thousand: somebody
   * holds its mmap lock for ever. */
  stuckPermille = 0;
  /** Refusals so far. */
  count = 0;

  constructor(seed: number | string) {
    this.#prng = new Prng(seed);
  }

  /** Makes every call fail so often. */
  all(permille: number): void {
    for (const call of Object.keys(REFUSALS) as Faulty[]) {
      this.permille.set(call, permille);
    }
    this.shortPermille = permille;
    this.vanishPermille = permille;
    this.tornPermille = permille;
    // One stops all that follow: more of them and there was little to see.
    this.stuckPermille = Math.trunc(permille / 20);
  }

  /** 0, or the -errno that this call is to answer. */
  of(call: Faulty): number {
    const permille = this.permille.get(call) ?? 0;
    if (permille === 0 || !this.#prng.chance(permille)) return 0;
    this.count++;
    return -this.#prng.pick<number>(REFUSALS[call]);
  }

  /** The length a read answers. */
  cut(length: number): number {
    if (this.shortPermille === 0 || length <= 0) return length;
    if (!this.#prng.chance(this.shortPermille)) return length;
    this.count++;
    return this.#prng.below(length);
  }

  /** Whether a command name cannot be read. */
  tears(): boolean {
    return this.#happens(this.tornPermille);
  }

  /** Whether the batch of command names is never finished. */
  sticks(): boolean {
    return this.#happens(this.stuckPermille);
  }

  #happens(permille: number): boolean {
    if (permille === 0 || !this.#prng.chance(permille)) return false;
    this.count++;
    return true;
  }

  /** Whether a process dies just now. */
  vanishes(): boolean {
    return this.vanishPermille > 0 && this.#prng.chance(this.vanishPermille);
  }
}

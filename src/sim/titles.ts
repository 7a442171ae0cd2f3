// The thread of the simulated guard that reads command names: a batch is read a
// little after it was asked for, and the wait in which that happens returns.

import { TITLE_ASKS_MAX, TITLE_BYTES } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import {
  AT_TITLE_PIDS,
  AT_TITLE_TEXTS,
  MB_COUNT,
  MB_TITLES,
} from "../state/layout.ts";
import { EBUSY, EINVAL, type Faults } from "./faults.ts";
import type { World } from "./world.ts";

/** Reading one name, ms: open, read, close (measured: 4 to 10 us). */
const READ_MS = 0.01;

/** The thread. */
export class Titles {
  readonly #world: World;
  readonly #arena: Arena;
  readonly #faults: Faults;
  readonly #utf8 = new TextEncoder();
  #asked = 0;
  /** Batches read, which the next wait tells on. */
  #read = 0;

  constructor(world: World, arena: Arena, faults: Faults) {
    this.#world = world;
    this.#arena = arena;
    this.#faults = faults;
  }

  /** Whether a batch has been read that no wait has told of. */
  get hasNews(): boolean {
    return this.#read !== this.#arena.mailbox[MB_TITLES];
  }

  /** The wait returns. */
  tell(): void {
    this.#arena.mailbox[MB_TITLES] = this.#read;
  }

  ask(): number {
    const { mailbox, buffer } = this.#arena;
    const count = mailbox[MB_COUNT];
    if (count < 1 || count > TITLE_ASKS_MAX) return -EINVAL;
    if (this.#asked !== mailbox[MB_TITLES]) return -EBUSY;
    this.#asked++;
    if (this.#faults.sticks()) return 0;
    const pids = [...new Int32Array(buffer, AT_TITLE_PIDS, count)];
    this.#world.after(count * READ_MS, () => {
      pids.forEach((pid, i) => this.#readInto(pid, i));
      this.#read++;
    });
    return 0;
  }

  #readInto(pid: number, index: number): void {
    const { bytes } = this.#arena;
    const at = AT_TITLE_TEXTS + index * TITLE_BYTES;
    bytes.fill(0, at, at + TITLE_BYTES);
    const process = this.#world.processes.get(pid);
    if (process === undefined || this.#faults.tears()) return;
    const first = process.title.split(/[ \0]/, 1)[0];
    bytes.set(this.#utf8.encode(first).subarray(0, TITLE_BYTES - 1), at);
  }
}

// process_mrelease on the simulated machine: returns when the victim has given
// its memory back, soon and in vain when it is stuck in the kernel.

import type { Arena } from "../state/arena.ts";
import {
  MB_REAP_PID,
  MB_REAP_RESULT,
  MB_REAP_US,
  MB_REAPS,
} from "../state/layout.ts";
import { EAGAIN, ESRCH, type Faults } from "./faults.ts";
import { ALIVE, type SimProcess } from "./process.ts";
import type { World } from "./world.ts";

/** The shim gives up after so long, ms: 100 tries. */
const TRIES_MS = 1;

/** The reaper thread. */
export class Reaper {
  readonly #world: World;
  readonly #arena: Arena;
  readonly #faults: Faults;
  /** When each whose memory is awaited was handed over, us. */
  readonly #awaited = new Map<SimProcess, number>();

  constructor(world: World, arena: Arena, faults: Faults) {
    this.#world = world;
    this.#arena = arena;
    this.#faults = faults;
  }

  /** Takes over who has just been signalled. */
  take(process: SimProcess): void {
    const sinceUs = this.#world.nowUs;
    const refused = this.#faults.of("reap");
    if (refused < 0 || process.state !== ALIVE) {
      this.#tell(process, sinceUs, refused < 0 ? refused : -ESRCH);
    } else if ((process.plan.stuckMs ?? 0) > TRIES_MS) {
      this.#world.after(
        TRIES_MS,
        () => this.#tell(process, sinceUs, -EAGAIN),
      );
    } else {
      this.#awaited.set(process, sinceUs);
    }
  }

  /** Somebody has given its memory back. */
  died(process: SimProcess): void {
    const sinceUs = this.#awaited.get(process);
    if (sinceUs === undefined) return;
    this.#awaited.delete(process);
    this.#tell(process, sinceUs, 0);
  }

  #tell(process: SimProcess, sinceUs: number, result: number): void {
    const { mailbox } = this.#arena;
    mailbox[MB_REAP_PID] = process.pid;
    mailbox[MB_REAP_RESULT] = result;
    mailbox[MB_REAP_US] = Math.trunc(this.#world.nowUs - sinceUs);
    mailbox[MB_REAPS]++;
  }
}

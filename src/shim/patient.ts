// Cold calls that are asked again: what fails for want of something while the
// guard starts may be had a moment later, and a guard that starts with less
// keeps less. Once it runs nobody is kept waiting: it is asked once.

import * as call from "../state/calls.ts";
import type { Symbols } from "./load.ts";

/** Pauses before each further try of the start, ms: 75 ms for one call. */
const PAUSES_MS = [5, 10, 20, 40];

const EAGAIN = 11;

/** Notes a failure: CALL_* and its -errno. */
export type Note = (which: number, rc: number) => void;

/** Tries one call again, and tells of each failure for want of something. */
export class Patience {
  /** While the guard starts: pauses are affordable. */
  isStarting = true;
  /** Takes each failure; those before it was set are kept for it. */
  #note: Note | null = null;
  #early: [which: number, rc: number][] = [];

  /** Hands all failures, the earlier ones first, to `note`. */
  tell(note: Note): void {
    this.#note = note;
    for (const [which, rc] of this.#early) note(which, rc);
    this.#early = [];
  }

  /** The answer of the last try of `ask`. */
  try(which: number, ask: () => number): number {
    let rc = ask();
    // A lock that somebody else holds wants nothing.
    const fine = which === call.CALL_LOCK_FILE ? -EAGAIN : 0;
    for (let i = 0; call.isWant(rc) && rc !== fine; i++) {
      if (this.#note !== null) this.#note(which, rc);
      else this.#early.push([which, rc]);
      if (!this.isStarting || i === PAUSES_MS.length) return rc;
      pause(PAUSES_MS[i]);
      rc = ask();
    }
    return rc;
  }
}

/** Stands still: the start has nothing else to do. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The same symbols; the cold ones that open or take something are patient. */
export function patient(symbols: Symbols, patience: Patience): Symbols {
  const asked =
    <A extends unknown[]>(which: number, ask: (...args: A) => number) =>
    (...args: A): number => patience.try(which, () => ask(...args));
  return {
    ...symbols,
    attach: asked(call.CALL_ATTACH, symbols.attach),
    start: asked(call.CALL_START, symbols.start),
    startThreads: asked(call.CALL_START, symbols.startThreads),
    open: asked(call.CALL_OPEN, symbols.open),
    openKept: asked(call.CALL_OPEN_KEPT, symbols.openKept),
    watch: asked(call.CALL_WATCH, symbols.watch),
    trigger: asked(call.CALL_TRIGGER, symbols.trigger),
    vmpressure: asked(call.CALL_VMPRESSURE, symbols.vmpressure),
    listen: asked(call.CALL_LISTEN, symbols.listen),
    listenInherited: asked(call.CALL_LISTEN, symbols.listenInherited),
    reserve: asked(call.CALL_RESERVE, symbols.reserve),
    lockArena: asked(call.CALL_LOCK_ARENA, symbols.lockArena),
    spare: asked(call.CALL_SPARE, symbols.spare),
    lockFile: asked(call.CALL_LOCK_FILE, symbols.lockFile),
    setFifo: asked(call.CALL_SET_FIFO, symbols.setFifo),
  };
}

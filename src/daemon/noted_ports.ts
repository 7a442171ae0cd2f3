// @hot
// The ports as the guard uses them: each call goes through, whatever is no
// ordinary outcome of it is counted and told of, and what failed for want of
// something is repeated at once, a bounded number of times. The answer is that
// of the last try.

import { delta32 } from "../base/int.ts";
import { SAMPLES_MAX } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import * as call from "../state/calls.ts";
import { MB_COUNT, MB_NOW_US, MB_SLOTS } from "../state/layout.ts";
import { SET_RETRIES } from "../state/settings.ts";
import type { Faults } from "./faults.ts";
import type { Ports } from "./ports.ts";

/** Repeats of one turn and the desk's visit after it take no longer than this
 * together, us, but for the last: as long as a sprint's sleep. */
const REPEAT_US = 20_000;

// Outcomes that say nothing of want (errno(3)).
const EPERM = 1;
const ENOENT = 2;
const ESRCH = 3;
const EAGAIN = 11;
const EACCES = 13;
const EBUSY = 16;
const ENODEV = 19;
const EINVAL = 22;
const EPIPE = 32;
const ECONNABORTED = 103;
const ECONNRESET = 104;

/** Ports that count, tell and repeat. */
export class NotedPorts implements Ports {
  readonly #ports: Ports;
  readonly #mailbox: Int32Array;
  readonly #settings: Int32Array;
  readonly #slotLengths: Int32Array;
  readonly #sampleLengths: Int32Array;
  readonly #faults: Faults;
  /** Slots that could be read once, a bit each: one that never could is a
   * file that this kernel does not have. */
  #worked = 0;
  /** Spent on repeats since the last wait, and when the last one began, us. */
  #spentUs = 0;
  #begunUs = 0;

  constructor(ports: Ports, arena: Arena, faults: Faults) {
    this.#ports = ports;
    this.#mailbox = arena.mailbox;
    this.#settings = arena.settings;
    this.#slotLengths = arena.slotLengths;
    this.#sampleLengths = arena.sampleLengths;
    this.#faults = faults;
  }

  wait(): number {
    this.#spentUs = 0;
    const rc = this.#ports.wait();
    // One that fails has rested in its stead (ffi/shim.c).
    return rc < 0 ? this.#note(call.CALL_WAIT, rc) : rc;
  }

  clock(): number {
    return this.#ports.clock();
  }

  sense(): number {
    const wanted = this.#mailbox[MB_SLOTS];
    let rc = this.#ports.sense();
    let failed = this.#noteSlots(wanted);
    for (let n = 0; failed !== 0 && this.#mayRepeat(n); n++) {
      this.#mailbox[MB_SLOTS] = failed;
      rc = this.#ports.sense();
      this.#noteRepeat();
      failed = this.#noteSlots(failed);
    }
    // Who asked goes by what it asked for.
    this.#mailbox[MB_SLOTS] = wanted;
    return rc;
  }

  /** Notes slots that failed; answers those that are worth another try. */
  #noteSlots(wanted: number): number {
    let failed = 0;
    // Bit by bit: most of the slots are closed, or not asked for.
    for (let left = wanted; left !== 0;) {
      const slot = 31 - Math.clz32(left);
      const bit = 1 << slot;
      left &= ~bit;
      const length = this.#slotLengths[slot];
      if (length >= 0) {
        this.#worked |= bit;
        continue;
      }
      const wants = call.isWant(length);
      if (!wants && (this.#worked & bit) === 0) continue;
      this.#faults.note(call.CALL_SLOT + slot, length);
      if (wants) failed |= bit;
    }
    return failed;
  }

  sample(): number {
    let rc = this.#ports.sample();
    for (let n = 0; this.#noteSamples() && this.#mayRepeat(n); n++) {
      rc = this.#ports.sample();
      this.#noteRepeat();
    }
    return rc;
  }

  /** Notes samples that failed; whether another try is worth it. */
  #noteSamples(): boolean {
    let wants = false;
    const count = this.#mailbox[MB_COUNT];
    for (let i = 0; i < count && i < SAMPLES_MAX; i++) {
      const length = this.#sampleLengths[i];
      // The process is gone: its death is told of by its pidfd.
      if (length >= 0 || length === -ESRCH) continue;
      this.#faults.note(call.CALL_SAMPLE, length);
      if (call.isWant(length)) wants = true;
    }
    return wants;
  }

  /** A packet that was not received is asked for again in the next turn. */
  receive(): number {
    const rc = this.#ports.receive();
    if (rc >= 0 || rc === -EAGAIN || rc === -ECONNRESET) return rc;
    return this.#note(call.CALL_RECEIVE, rc);
  }

  send(): number {
    const rc = this.#ports.send();
    return rc === -EAGAIN
      ? rc
      : this.#checked(call.CALL_SEND, rc, EPIPE, ECONNRESET, EPIPE);
  }

  kill(): number {
    const rc = this.#ports.kill();
    return this.#checked(call.CALL_KILL, rc, ESRCH, ESRCH, ESRCH);
  }

  persist(): number {
    return this.#checked(call.CALL_PERSIST, this.#ports.persist(), 0, 0, 0);
  }

  askTitles(): number {
    const rc = this.#ports.askTitles();
    return this.#checked(call.CALL_ASK_TITLES, rc, EBUSY, EBUSY, EBUSY);
  }

  /** Not repeated: who knocks is let in at the desk's next visit. */
  accept(): number {
    const rc = this.#ports.accept();
    if (rc >= 0 || rc === -EAGAIN || rc === -ECONNABORTED) return rc;
    return this.#note(call.CALL_ACCEPT, rc);
  }

  /** Not repeated: the descriptor is free whatever the answer (close(2)). */
  close(): number {
    const rc = this.#ports.close();
    return rc < 0 ? this.#note(call.CALL_CLOSE, rc) : rc;
  }

  /** To a guard without privilege most processes are closed for ever. */
  adopt(): number {
    const rc = this.#ports.adopt();
    if (rc === -EPERM || rc === -EACCES) return rc;
    return this.#checked(call.CALL_ADOPT, rc, ESRCH, ENOENT, EINVAL);
  }

  writeAdj(): number {
    const rc = this.#ports.writeAdj();
    return this.#checked(call.CALL_WRITE_ADJ, rc, ESRCH, ENOENT, ENOENT);
  }

  openStatus(): number {
    const rc = this.#ports.openStatus();
    return this.#checked(call.CALL_OPEN_STATUS, rc, ESRCH, ENOENT, ENOENT);
  }

  openStat(): number {
    const rc = this.#ports.openStat();
    return this.#checked(call.CALL_OPEN_STAT, rc, ESRCH, ENOENT, ENOENT);
  }

  softLimit(): number {
    const rc = this.#ports.softLimit();
    return this.#checked(call.CALL_SOFT_LIMIT, rc, ESRCH, ENOENT, ENODEV);
  }

  readAdj(): number {
    const rc = this.#ports.readAdj();
    return this.#checked(call.CALL_READ_ADJ, rc, ESRCH, ENOENT, ENOENT);
  }

  /** Not repeated: it takes nothing that could be wanting. */
  releaseBallast(): number {
    const rc = this.#ports.releaseBallast();
    return rc < 0 ? this.#note(call.CALL_RELEASE_BALLAST, rc) : rc;
  }

  /** Not repeated: it is tried again when it has been calm for long. */
  fillBallast(): number {
    const rc = this.#ports.fillBallast();
    return rc < 0 ? this.#note(call.CALL_FILL_BALLAST, rc) : rc;
  }

  readStart(): number {
    const rc = this.#ports.readStart();
    return this.#checked(call.CALL_READ_START, rc, ESRCH, ENOENT, ENOENT);
  }

  scan(): number {
    return this.#checked(call.CALL_SCAN, this.#ports.scan(), 0, 0, 0);
  }

  /** An outcome as it is, where it is good or one of the three ordinary ones;
   * else it is noted, and the call repeated for want of something. */
  #checked(
    which: number,
    first: number,
    fine1: number,
    fine2: number,
    fine3: number,
  ): number {
    let rc = first;
    for (let n = 0; rc < 0; n++) {
      if (rc === -fine1 || rc === -fine2 || rc === -fine3) return rc;
      this.#note(which, rc);
      if (!call.isWant(rc) || !this.#mayRepeat(n)) return rc;
      rc = this.#repeat(which);
      this.#noteRepeat();
    }
    return rc;
  }

  #repeat(which: number): number {
    switch (which) {
      case call.CALL_SEND:
        return this.#ports.send();
      case call.CALL_KILL:
        return this.#ports.kill();
      case call.CALL_PERSIST:
        return this.#ports.persist();
      case call.CALL_ASK_TITLES:
        return this.#ports.askTitles();
      case call.CALL_ADOPT:
        return this.#ports.adopt();
      case call.CALL_WRITE_ADJ:
        return this.#ports.writeAdj();
      case call.CALL_OPEN_STATUS:
        return this.#ports.openStatus();
      case call.CALL_OPEN_STAT:
        return this.#ports.openStat();
      case call.CALL_SOFT_LIMIT:
        return this.#ports.softLimit();
      case call.CALL_READ_ADJ:
        return this.#ports.readAdj();
      case call.CALL_READ_START:
        return this.#ports.readStart();
      default:
        return this.#ports.scan();
    }
  }

  #note(which: number, rc: number): number {
    this.#faults.note(which, rc);
    return rc;
  }

  /** Whether there is another repeat after `n` of them: by number, and by the
   * time that repeats took since the last wait. It begins now. */
  #mayRepeat(n: number): boolean {
    const most = this.#settings[SET_RETRIES];
    if (most >= 0 && n >= most) return false;
    if (this.#spentUs >= REPEAT_US) return false;
    this.#ports.clock();
    this.#begunUs = this.#mailbox[MB_NOW_US];
    return true;
  }

  /** A repeat is over: its time counts, however it went. */
  #noteRepeat(): void {
    this.#ports.clock();
    this.#spentUs += delta32(this.#mailbox[MB_NOW_US], this.#begunUs);
  }
}

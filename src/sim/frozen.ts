// @hot
// The simulated machine held still: once frozen, its calls reuse what was
// prepared and allocate nothing, so that what a measurement finds is the
// guard's own. Time goes on as the guard waits; memory is calm or short as the
// caller says; who is killed is reported dead by the next wait.

import { sum32 } from "../base/int.ts";
import { PACKET_BYTES_MAX, SAMPLES_MAX, SLOTS_MAX } from "../base/limits.ts";
import type { Ports } from "../daemon/ports.ts";
import type { Arena } from "../state/arena.ts";
import {
  AT_FILES,
  AT_PACKET,
  AT_SAMPLES,
  EVENT_CLIENT,
  EVENT_PSI_SOME,
  EVENT_WORDS,
  MB_COUNT,
  MB_EVENTS,
  MB_FD,
  MB_NOW_MS,
  MB_NOW_US,
  MB_PID,
  MB_REAP_PID,
  MB_REAP_RESULT,
  MB_REAP_US,
  MB_REAPS,
  MB_SIGNALS,
  MB_SLOTS,
  MB_STATUS_FD,
  MB_TAG,
  MB_TIMEOUT_MS,
  MB_TITLES,
  MB_UID,
  MB_WOKE_US,
  SAMPLE_BYTES,
} from "../state/layout.ts";
import type { Machine } from "./machine.ts";

/** Descriptors there can be; those given out while frozen are the upper half,
 * reused in turn. */
const FDS = 65_536;
const FDS_FIRST = 32_768;
const EPOLLIN = 1;
const EAGAIN = 11;
const EBUSY = 16;
/** How long process_mrelease takes, us. */
const REAP_US = 5_000;
/** Bytes of the file that tells whether memory is short. */
const MEMINFO_BYTES = 4_096;

/** The ports, before and after the freeze. */
export class Frozen implements Ports {
  readonly #machine: Machine;
  readonly #arena: Arena;
  readonly #mailbox: Int32Array;
  readonly #calm = new Uint8Array(MEMINFO_BYTES);
  readonly #short = new Uint8Array(MEMINFO_BYTES);
  /** Tag and pid of each pidfd. */
  readonly #tags = new Int32Array(FDS);
  readonly #pids = new Int32Array(FDS);
  /** The packet that waits, #packetCount times. */
  readonly #packet = new Uint8Array(PACKET_BYTES_MAX);
  #packetBytes = 0;
  #packetCount = 0;
  #packetsTaken = 0;
  #sender = 0;
  #frozen = false;
  #nowMs = 0;
  #nowUs = 0;
  #dyingFd = -1;
  #nextFd = FDS_FIRST;
  #titlesAsked = false;
  /** Signals sent while frozen. */
  kills = 0;
  /** Every wait brings a pressure event: the guard sprints. */
  pressing = false;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#arena = machine.arena;
    this.#mailbox = machine.arena.mailbox;
  }

  /**
   * Holds the machine still; `shortKb` is what memory lacks when it is short.
   * @cold once, before the measurement: it renders every file.
   */
  freeze(shortKb: number): void {
    const { memory } = this.#machine.world;
    const bytes = this.#arena.bytes;
    const meminfo = bytes.subarray(AT_FILES, AT_FILES + MEMINFO_BYTES);
    memory.freeKb -= shortKb;
    this.#mailbox[MB_SLOTS] = -1;
    this.#machine.sense();
    this.#short.set(meminfo);
    memory.freeKb += shortKb;
    this.#machine.sense();
    this.#calm.set(meminfo);
    const length = this.#arena.sampleLengths[0];
    const sample = bytes.slice(AT_SAMPLES, AT_SAMPLES + length);
    for (let i = 0; i < SAMPLES_MAX; i++) {
      bytes.set(sample, AT_SAMPLES + i * SAMPLE_BYTES);
      this.#arena.sampleLengths[i] = length;
    }
    this.#nowMs = this.#mailbox[MB_NOW_MS];
    this.#nowUs = this.#mailbox[MB_NOW_US];
    for (const [fd, open] of this.#machine.fds.entries()) {
      const watched = this.#machine.fds.tagOf(fd);
      if (open.kind !== "pidfd" || watched === undefined) continue;
      this.#tags[fd] = watched.tag;
      this.#pids[fd] = watched.detail;
    }
    this.#frozen = true;
  }

  /** Makes memory short, or calm again. */
  show(short: boolean): void {
    this.#arena.bytes.set(short ? this.#short : this.#calm, AT_FILES);
  }

  /** The client in place 0, whose pid is `sender`, sends `packet` so often. */
  queue(packet: Uint8Array, count: number, sender: number): void {
    this.#packet.set(packet);
    this.#packetBytes = packet.length;
    this.#packetCount = count;
    this.#packetsTaken = 0;
    this.#sender = sender;
  }

  wait(): number {
    if (!this.#frozen) return this.#machine.wait();
    const mailbox = this.#mailbox;
    const events = this.#arena.events;
    const ms = mailbox[MB_TIMEOUT_MS];
    this.#nowMs = sum32(this.#nowMs, ms);
    this.#nowUs = sum32(this.#nowUs, ms * 1000);
    let count = 0;
    if (this.#dyingFd >= 0) {
      events[0] = this.#tags[this.#dyingFd];
      events[1] = this.#pids[this.#dyingFd];
      events[2] = EPOLLIN;
      this.#tellReap(events[1]);
      this.#dyingFd = -1;
      count = 1;
      this.show(false);
    }
    if (this.#packetCount > 0 && this.#packetsTaken === 0) {
      events[count * EVENT_WORDS] = EVENT_CLIENT << 24;
      events[count * EVENT_WORDS + 2] = EPOLLIN;
      count++;
    }
    if (this.pressing) {
      events[count * EVENT_WORDS] = EVENT_PSI_SOME << 24;
      count++;
    }
    if (this.#titlesAsked) {
      this.#titlesAsked = false;
      mailbox[MB_TITLES]++;
    }
    mailbox[MB_EVENTS] = count;
    mailbox[MB_SIGNALS] = 0;
    this.clock();
    mailbox[MB_WOKE_US] = mailbox[MB_NOW_US];
    return 0;
  }

  #tellReap(pid: number): void {
    const mailbox = this.#mailbox;
    mailbox[MB_REAP_PID] = pid;
    mailbox[MB_REAP_RESULT] = 0;
    mailbox[MB_REAP_US] = REAP_US;
    mailbox[MB_REAPS]++;
  }

  clock(): number {
    if (!this.#frozen) return this.#machine.clock();
    this.#mailbox[MB_NOW_MS] = this.#nowMs;
    this.#mailbox[MB_NOW_US] = this.#nowUs;
    return 0;
  }

  sense(): number {
    return this.#frozen ? this.clock() : this.#machine.sense();
  }

  sample(): number {
    return this.#frozen ? this.clock() : this.#machine.sample();
  }

  receive(): number {
    if (!this.#frozen) return this.#machine.receive();
    if (this.#packetsTaken === this.#packetCount) {
      this.#packetCount = 0;
      return -EAGAIN;
    }
    this.#packetsTaken++;
    this.#arena.bytes.set(this.#packet, AT_PACKET);
    this.#mailbox[MB_COUNT] = this.#packetBytes;
    this.#mailbox[MB_PID] = this.#sender;
    this.#mailbox[MB_UID] = 0;
    return this.#packetBytes;
  }

  send(): number {
    return this.#frozen ? this.#mailbox[MB_COUNT] : this.#machine.send();
  }

  kill(): number {
    if (!this.#frozen) return this.#machine.kill();
    this.#dyingFd = this.#mailbox[MB_FD];
    this.kills++;
    return 0;
  }

  persist(): number {
    return this.#frozen ? this.#mailbox[MB_COUNT] : this.#machine.persist();
  }

  /** The next wait says that the names were read: those of before. */
  askTitles(): number {
    if (!this.#frozen) return this.#machine.askTitles();
    if (this.#titlesAsked) return -EBUSY;
    this.#titlesAsked = true;
    return 0;
  }

  releaseBallast(): number {
    return this.#frozen ? 0 : this.#machine.releaseBallast();
  }

  accept(): number {
    return this.#frozen ? -EAGAIN : this.#machine.accept();
  }

  close(): number {
    return this.#frozen ? 0 : this.#machine.close();
  }

  adopt(): number {
    if (!this.#frozen) return this.#machine.adopt();
    const fd = this.#nextFd;
    this.#nextFd = fd + 1 < FDS ? fd + 1 : FDS_FIRST;
    this.#tags[fd] = this.#mailbox[MB_TAG];
    this.#pids[fd] = this.#mailbox[MB_PID];
    this.#mailbox[MB_STATUS_FD] = fd;
    return fd;
  }

  writeAdj(): number {
    return this.#frozen ? 0 : this.#machine.writeAdj();
  }

  openStatus(): number {
    return this.#frozen ? SLOTS_MAX : this.#machine.openStatus();
  }

  openStat(): number {
    return this.#frozen ? SLOTS_MAX : this.#machine.openStat();
  }

  softLimit(): number {
    return this.#frozen ? 0 : this.#machine.softLimit();
  }

  readAdj(): number {
    return this.#frozen ? -EAGAIN : this.#machine.readAdj();
  }

  readStart(): number {
    return this.#frozen ? -EAGAIN : this.#machine.readStart();
  }

  scan(): number {
    if (!this.#frozen) return this.#machine.scan();
    this.#mailbox[MB_COUNT] = 0;
    return 0;
  }

  fillBallast(): number {
    const heldKb = this.#mailbox[MB_COUNT];
    return this.#frozen ? heldKb : this.#machine.fillBallast();
  }
}

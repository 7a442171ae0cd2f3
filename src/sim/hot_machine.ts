// The calls that a turn may make, on a simulated machine: what ffi/shim.c does
// with system calls, done upon a world. Keeps a record of every signal, and of
// what should never have happened.

import {
  EVENTS_MAX,
  PACKET_BYTES_MAX,
  SAMPLES_MAX,
  SLOTS_MAX,
} from "../base/limits.ts";
import type { HotPorts } from "../daemon/ports.ts";
import type { Arena } from "../state/arena.ts";
import {
  AT_PACKET,
  AT_SAMPLES,
  EVENT_PSI_FULL,
  EVENT_PSI_SOME,
  EVENT_VMPRESSURE,
  EVENT_WORDS,
  MB_COUNT,
  MB_DRY_RUN,
  MB_EVENTS,
  MB_FD,
  MB_NOW_MS,
  MB_NOW_US,
  MB_OFFSET,
  MB_PID,
  MB_SIGNALS,
  MB_SLOTS,
  MB_SOURCE,
  MB_TIMEOUT_MS,
  MB_UID,
  MB_WOKE_US,
  SAMPLE_BYTES,
} from "../state/layout.ts";
import { SimClient } from "./client.ts";
import { type Descriptor, Descriptors } from "./descriptors.ts";
import {
  EAGAIN,
  EBADF,
  EINVAL,
  ENOSPC,
  EPIPE,
  ESRCH,
  type Faults,
} from "./faults.ts";
import { GONE, type SimProcess } from "./process.ts";
import { Reaper } from "./reaper.ts";
import { Pen } from "./render.ts";
import { writeOwnGroupStat, writeStat, writeStatus } from "./render_process.ts";
import { writeSlot } from "./slots.ts";
import { Titles } from "./titles.ts";
import type { Witness, World } from "./world.ts";

const EPOLLIN = 0x1;
const EPOLLPRI = 0x2;
const EPOLLHUP = 0x10;
const EPOLLRDHUP = 0x2000;

/** What a call costs, us: system call and copying, natively. */
export const CALL_US = 2;
/** What reading one file costs, us (measured on Linux 6.18). */
const READ_US = 5;
/** The longest any simulated wait can be meant to last, us. */
const WAIT_US_MAX = 3_600_000_000;

/** One SIGKILL that reached a process. */
export interface Signal {
  readonly process: SimProcess;
  readonly atUs: number;
  /** Memory available at that moment, kB. */
  readonly availableKb: number;
}

/** The machine, as far as a turn may use it. */
export class HotMachine implements HotPorts, Witness {
  readonly world: World;
  readonly arena: Arena;
  readonly faults: Faults;
  readonly fds = new Descriptors();
  readonly signals: Signal[] = [];
  /** What should never have happened, in words. */
  readonly violations: string[] = [];
  /** The control socket's listener. */
  readonly listenerFd: number;
  /** Who waits to be accepted. */
  readonly backlog: SimClient[] = [];
  #pendingSignals = 0;
  readonly #triggers: number[] = [];
  #owedUs = 0;
  readonly #titles: Titles;
  readonly #reaper: Reaper;
  protected readonly pidfds = new Map<SimProcess, Set<number>>();

  constructor(world: World, arena: Arena, faults: Faults) {
    this.world = world;
    this.arena = arena;
    this.faults = faults;
    this.listenerFd = this.fds.add({ kind: "listener" });
    this.#titles = new Titles(world, arena, faults);
    this.#reaper = new Reaper(world, arena, faults);
    world.witnesses.push(this);
    this.clock();
  }

  /** Opens a file that persist() writes to. */
  openFile(bytes: number): { fd: number; bytes: Uint8Array } {
    const file = new Uint8Array(bytes);
    return { fd: this.fds.add({ kind: "file", bytes: file }), bytes: file };
  }

  /** Watches the listener, as the guard does at its start. */
  listen(tag: number): void {
    this.fds.watch(this.listenerFd, tag, 0, this.backlog.length > 0);
  }

  /** A client connects; it may send at once. */
  connect(pid: number, uid = 1000): SimClient {
    const client = new SimClient(pid, uid, (one) => this.fds.wake(one.fd));
    this.backlog.push(client);
    this.fds.wake(this.listenerFd);
    return client;
  }

  /** SIGTERM (1) or SIGHUP (2) comes. */
  signal(bit: number): void {
    this.#pendingSignals |= bit;
  }

  triggered(tag: number): void {
    if (!this.#triggers.includes(tag)) this.#triggers.push(tag);
  }

  died(process: SimProcess): void {
    this.#reaper.died(process);
    for (const fd of this.pidfds.get(process) ?? []) this.fds.wake(fd);
  }

  /** A call took this long; the world catches up at the next wait. */
  protected spend(us: number): void {
    this.#owedUs += us;
  }

  wait(): number {
    const { mailbox, events } = this.arena;
    const { world, fds } = this;
    const timeoutMs = mailbox[MB_TIMEOUT_MS];
    const us = timeoutMs < 0 ? WAIT_US_MAX : timeoutMs * 1000;
    this.spend(CALL_US);
    world.advance(world.nowUs + this.#owedUs, () => false);
    this.#owedUs = 0;
    world.advance(world.nowUs + us, () => this.#hasNews());
    if (timeoutMs < 0 && !this.#hasNews()) {
      throw new Error("Cannot wait: nothing will ever happen");
    }
    this.clock();
    mailbox[MB_WOKE_US] = mailbox[MB_NOW_US];
    let count = 0;
    const put = (tag: number, detail: number, flags: number) => {
      events[count * EVENT_WORDS] = tag;
      events[count * EVENT_WORDS + 1] = detail;
      events[count * EVENT_WORDS + 2] = flags;
      count++;
    };
    while (this.#triggers.length > 0 && count < EVENTS_MAX) {
      put(this.#triggers.shift()!, 0, EPOLLPRI);
    }
    while (count < EVENTS_MAX) {
      const ready = fds.take();
      if (ready === undefined) break;
      put(ready.tag, ready.detail, flagsOf(fds.get(ready.fd)));
    }
    mailbox[MB_EVENTS] = count;
    this.#titles.tell();
    mailbox[MB_SIGNALS] = this.#pendingSignals;
    this.#pendingSignals = 0;
    return 0;
  }

  #hasNews(): boolean {
    return this.#triggers.length > 0 || this.#pendingSignals !== 0 ||
      this.fds.hasReady || this.#titles.hasNews;
  }

  clock(): number {
    const { mailbox } = this.arena;
    const nowUs = this.world.nowUs + this.#owedUs;
    mailbox[MB_NOW_US] = nowUs % 2 ** 32 | 0;
    mailbox[MB_NOW_MS] = Math.trunc(nowUs / 1000) % 2 ** 32 | 0;
    return 0;
  }

  sense(): number {
    const { mailbox, slotLengths, bytes } = this.arena;
    for (let slot = 0; slot < SLOTS_MAX; slot++) {
      if ((mailbox[MB_SLOTS] >> slot & 1) === 0) continue;
      this.spend(READ_US);
      const rc = this.faults.of("sense");
      slotLengths[slot] = rc < 0
        ? rc
        : this.faults.cut(writeSlot(slot, bytes, this.world));
    }
    return this.clock();
  }

  sample(): number {
    const { mailbox, sampleFds, sampleLengths } = this.arena;
    const count = Math.min(mailbox[MB_COUNT], SAMPLES_MAX);
    for (let i = 0; i < count; i++) {
      this.spend(READ_US);
      const open = this.fds.get(sampleFds[i]);
      const rc = this.faults.of("sample");
      if (open?.kind !== "status" && open?.kind !== "stat") {
        this.blame(`sample of descriptor ${sampleFds[i]}, no status file`);
        sampleLengths[i] = -EBADF;
      } else if (rc < 0 || open.process.state === GONE) {
        sampleLengths[i] = rc < 0 ? rc : -ESRCH;
      } else if (open.kind === "status") {
        this.writeSample(i, open.process, writeStatus);
      } else {
        const write = open.ofGroup ? writeOwnGroupStat : writeStat;
        this.writeSample(i, open.process, write);
      }
    }
    return this.clock();
  }

  protected writeSample(
    index: number,
    process: SimProcess,
    write: (pen: Pen, process: SimProcess) => void,
  ): void {
    const at = AT_SAMPLES + index * SAMPLE_BYTES;
    const pen = new Pen(this.arena.bytes, at, SAMPLE_BYTES);
    write(pen, process);
    this.arena.sampleLengths[index] = this.faults.cut(pen.length);
  }

  receive(): number {
    const { mailbox, bytes } = this.arena;
    this.spend(CALL_US);
    const open = this.fds.get(mailbox[MB_FD]);
    if (open?.kind !== "client") return this.badFd("receive");
    const rc = this.faults.of("receive");
    if (rc < 0) return rc;
    const packet = open.client.queue.shift();
    if (packet === undefined && !open.client.hungUp) return -EAGAIN;
    const length = Math.min(packet?.bytes.length ?? 0, PACKET_BYTES_MAX);
    if (packet !== undefined) {
      bytes.set(packet.bytes.subarray(0, length), AT_PACKET);
    }
    mailbox[MB_COUNT] = length;
    mailbox[MB_PID] = packet?.pid ?? 0;
    mailbox[MB_UID] = packet !== undefined && packet.pid > 0 ? packet.uid : -1;
    return length;
  }

  send(): number {
    const { mailbox, buffer } = this.arena;
    this.spend(CALL_US);
    const count = mailbox[MB_COUNT];
    if (count < 0 || count > PACKET_BYTES_MAX) return -EINVAL;
    const open = this.fds.get(mailbox[MB_FD]);
    if (open?.kind !== "client") return this.badFd("send");
    const rc = this.faults.of("send");
    if (rc < 0) return rc;
    if (open.client.hungUp) return -EPIPE;
    if (open.client.deaf) return -EAGAIN;
    open.client.take(
      new Uint8Array(buffer.slice(AT_PACKET, AT_PACKET + count)),
    );
    return count;
  }

  kill(): number {
    const { mailbox } = this.arena;
    this.spend(CALL_US);
    const open = this.fds.get(mailbox[MB_FD]);
    if (open?.kind !== "pidfd") return this.badFd("kill");
    const { process } = open;
    if (process.pid !== mailbox[MB_PID]) {
      this.blame(`pid ${mailbox[MB_PID]} meant, ${process.pid} signalled`);
    }
    const rc = this.faults.of("kill");
    if (rc < 0) return rc;
    if (process.state === GONE) return -ESRCH;
    if (mailbox[MB_DRY_RUN] !== 0) return 0;
    if (process.plan.precious === true || process.pid === 1) {
      this.blame(`protected ${process.pid} ${process.name} signalled`);
    }
    const { availableKb } = this.world.memory;
    this.signals.push({ process, atUs: this.world.nowUs, availableKb });
    this.#reaper.take(process);
    this.world.kill(process);
    return 0;
  }

  persist(): number {
    const { mailbox, bytes } = this.arena;
    this.spend(CALL_US);
    const open = this.fds.get(mailbox[MB_FD]);
    if (open?.kind !== "file") return this.badFd("persist");
    const rc = this.faults.of("persist");
    if (rc < 0) return rc;
    const from = mailbox[MB_SOURCE];
    const count = mailbox[MB_COUNT];
    if (from < 0 || count < 0 || from > bytes.length - count) return -EINVAL;
    if (mailbox[MB_OFFSET] + count > open.bytes.length) return -ENOSPC;
    open.bytes.set(bytes.subarray(from, from + count), mailbox[MB_OFFSET]);
    return count;
  }

  askTitles(): number {
    this.spend(CALL_US);
    return this.#titles.ask();
  }

  releaseBallast(): number {
    this.spend(CALL_US);
    const { memory } = this.world;
    const kb = memory.ballastKb;
    memory.freeKb += kb;
    memory.ballastKb = 0;
    return kb;
  }

  protected badFd(call: string): number {
    this.blame(`${call} of descriptor ${this.arena.mailbox[MB_FD]}`);
    return -EBADF;
  }

  protected blame(what: string): void {
    this.violations.push(`${Math.trunc(this.world.nowUs / 1000)} ms: ${what}`);
  }

  /** Arms the pressure triggers; 0 ms arms none. */
  armTriggers(someMs: number, fullMs: number, windowMs: number): void {
    const { psi } = this.world;
    if (someMs > 0) psi.arm(false, someMs, windowMs, EVENT_PSI_SOME << 24);
    if (fullMs > 0) psi.arm(true, fullMs, windowMs, EVENT_PSI_FULL << 24);
  }

  /** Asks for vmpressure, all three levels. */
  armVmpressure(): void {
    const tag = EVENT_VMPRESSURE << 24;
    this.world.vmpressure.arm([tag, tag + 1, tag + 2]);
  }
}

/** What epoll says of a descriptor. */
function flagsOf(open: Descriptor | undefined): number {
  if (open?.kind !== "client" || !open.client.hungUp) return EPOLLIN;
  return EPOLLIN | EPOLLHUP | EPOLLRDHUP;
}

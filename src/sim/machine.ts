// The simulated machine as the guard's ports: to the calls of a turn come those
// of the desk, which open, close and list.

import { SCAN_PIDS_MAX } from "../base/limits.ts";
import type { Ports } from "../daemon/ports.ts";
import { G_ROWS_USED } from "../state/gauges.ts";
import {
  MB_ADJ,
  MB_COUNT,
  MB_FD,
  MB_PID,
  MB_STATUS_FD,
  MB_TAG,
  MB_UID,
  VICTIM_WORDS,
} from "../state/layout.ts";
import { ROW_LISTED, V_FLAGS, V_PID, V_PIDFD } from "../state/victims.ts";
import {
  EAGAIN,
  EBADF,
  EINVAL,
  EMFILE,
  ENODEV,
  ENOENT,
  ENOMEM,
  ESRCH,
} from "./faults.ts";
import { CALL_US, HotMachine } from "./hot_machine.ts";
import { ALIVE, EXITING, type SimProcess } from "./process.ts";
import { writeStatus } from "./render_process.ts";

/** Clock ticks are this long, us (USER_HZ is 100). */
const TICK_US = 10_000;

/** The machine. */
export class Machine extends HotMachine implements Ports {
  #scanAfter = -1;
  /** Each process has a memory group, of version 1, to itself, under the user
   * it runs as. */
  appGroups = false;

  accept(): number {
    const { mailbox } = this.arena;
    this.spend(CALL_US);
    const rc = this.faults.of("accept");
    if (rc < 0) return rc;
    const client = this.backlog[0];
    if (client === undefined) return -EAGAIN;
    const fd = this.fds.add({ kind: "client", client });
    if (fd < 0) return -EMFILE;
    this.backlog.shift();
    client.fd = fd;
    const now = client.queue.length > 0 || client.hungUp;
    this.fds.watch(fd, mailbox[MB_TAG], 0, now);
    return fd;
  }

  close(): number {
    const fd = this.arena.mailbox[MB_FD];
    this.spend(CALL_US);
    if (fd < 0) return 0;
    const open = this.fds.get(fd);
    if (open === undefined) return this.badFd("close");
    if (open.kind === "pidfd") this.#checkUnlisted(fd);
    this.fds.close(fd);
    if (open.kind === "client") {
      open.client.fd = -1;
      open.client.dropped = true;
    } else if (open.kind === "pidfd") {
      this.pidfds.get(open.process)?.delete(fd);
    }
    return 0;
  }

  /** The watchdog thread signals through the pidfd of any listed row: none of
   * them may be closed, or it would hit whoever has its number next. */
  #checkUnlisted(fd: number): void {
    const { victims, gauges } = this.arena;
    for (let row = 0; row < gauges[G_ROWS_USED]; row++) {
      const at = row * VICTIM_WORDS;
      if ((victims[at + V_FLAGS] & ROW_LISTED) === 0) continue;
      if (victims[at + V_PIDFD] !== fd) continue;
      this.blame(`pidfd of listed process ${victims[at + V_PID]} closed`);
    }
  }

  adopt(): number {
    const { mailbox } = this.arena;
    this.spend(4 * CALL_US);
    const process = this.world.processes.get(mailbox[MB_PID]);
    if (process === undefined) return -ESRCH;
    const rc = this.faults.of("adopt");
    if (rc < 0) return rc;
    if (this.faults.vanishes()) {
      this.world.exit(process);
      return -ESRCH;
    }
    const pidfd = this.fds.add({ kind: "pidfd", process });
    if (pidfd < 0) return -EMFILE;
    const status = this.fds.add({ kind: "status", process });
    if (status < 0) {
      this.fds.close(pidfd);
      return -EMFILE;
    }
    this.writeSample(0, process, writeStatus);
    mailbox[MB_ADJ] = process.adj;
    mailbox[MB_STATUS_FD] = status;
    const dead = process.state !== ALIVE && process.state !== EXITING;
    this.fds.watch(pidfd, mailbox[MB_TAG], process.pid, dead);
    let held = this.pidfds.get(process);
    if (held === undefined) {
      held = new Set();
      this.pidfds.set(process, held);
    }
    held.add(pidfd);
    return pidfd;
  }

  /** The process of MB_PID, when pidfd MB_FD says it is still the same one. */
  #same(fd: number): SimProcess | number {
    this.spend(2 * CALL_US);
    const process = this.world.processes.get(this.arena.mailbox[MB_PID]);
    if (process === undefined) return -ESRCH;
    if (fd < 0) return process;
    const open = this.fds.get(fd);
    if (open?.kind !== "pidfd") return this.badFd("probe");
    return open.process === process ? process : -ESRCH;
  }

  writeAdj(): number {
    const { mailbox } = this.arena;
    const rc = this.faults.of("writeAdj");
    if (rc < 0) return rc;
    const process = this.#same(mailbox[MB_FD]);
    if (typeof process === "number") return process;
    process.adj = mailbox[MB_ADJ];
    return 0;
  }

  openStatus(): number {
    const rc = this.faults.of("openStatus");
    if (rc < 0) return rc;
    const process = this.#same(this.arena.mailbox[MB_FD]);
    if (typeof process === "number") return process;
    const fd = this.fds.add({ kind: "status", process });
    return fd < 0 ? -EMFILE : fd;
  }

  openStat(): number {
    const { mailbox } = this.arena;
    if (mailbox[MB_FD] < 0) return -EBADF;
    const rc = this.faults.of("openStat");
    if (rc < 0) return rc;
    const process = this.#same(mailbox[MB_FD]);
    if (typeof process === "number") return process;
    const ofGroup = this.appGroups && mailbox[MB_UID] === process.uid;
    mailbox[MB_COUNT] = ofGroup ? 1 : 0;
    const fd = this.fds.add({ kind: "stat", process, ofGroup });
    return fd < 0 ? -EMFILE : fd;
  }

  softLimit(): number {
    const { mailbox } = this.arena;
    if (!this.appGroups) return -ENODEV;
    const rc = this.faults.of("softLimit");
    if (rc < 0) return rc;
    const process = this.#same(mailbox[MB_FD]);
    if (typeof process === "number") return -ENOENT;
    if (mailbox[MB_UID] !== process.uid) return -ENOENT;
    process.softLimitMib = mailbox[MB_COUNT];
    return 0;
  }

  readAdj(): number {
    const { mailbox } = this.arena;
    const rc = this.faults.of("readAdj");
    if (rc < 0) return rc;
    const process = this.#same(mailbox[MB_FD]);
    if (typeof process === "number") return process;
    mailbox[MB_ADJ] = process.adj;
    return 0;
  }

  readStart(): number {
    const { mailbox } = this.arena;
    const rc = this.faults.of("readAdj");
    if (rc < 0) return rc;
    const process = this.#same(mailbox[MB_FD]);
    if (typeof process === "number") return process;
    mailbox[MB_COUNT] = Math.trunc(process.startedUs / TICK_US) | 0;
    return 0;
  }

  scan(): number {
    const { mailbox, scan } = this.arena;
    mailbox[MB_COUNT] = 0;
    if (this.faults.of("scan") < 0) return -ENOMEM;
    this.spend(20);
    const pids = [...this.world.processes.keys()]
      .filter((pid) => pid > this.#scanAfter)
      .sort((a, b) => a - b)
      .slice(0, SCAN_PIDS_MAX);
    pids.forEach((pid, i) => scan[i] = pid);
    mailbox[MB_COUNT] = pids.length;
    this.#scanAfter = pids.at(-1) ?? -1;
    return pids.length > 0 ? 1 : 0;
  }

  fillBallast(): number {
    const { memory } = this.world;
    const wantedKb = this.arena.mailbox[MB_COUNT];
    if (wantedKb < 0) return -EINVAL;
    const rc = this.faults.of("fillBallast");
    if (rc < 0) return rc;
    this.spend(wantedKb / 4);
    const moreKb = wantedKb - memory.ballastKb;
    if (moreKb > memory.freeKb) return -ENOMEM;
    memory.freeKb -= moreKb;
    return memory.ballastKb = wantedKb;
  }
}

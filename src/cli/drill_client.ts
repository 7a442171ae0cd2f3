// What a drill asks of libc, which Deno has not: a client of lmkd's control
// socket, ActivityManager's part, and another process's CPU clock. No call
// waits.

import { LMK_GETKILLCNT, LMK_PROCPRIO, putWord, wordAt } from "../wire/lmkd.ts";
import { cString } from "../shim/load.ts";

const LIBC = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
} as const;

// include/linux/socket.h and net.h; the same on x86 and Arm.
const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of sockaddr_un.sun_path. */
const PATH_BYTES_MAX = 108;
/** Time that all threads of a process ran, those that ended included
 * (include/linux/posix-timers_types.h). */
const CPUCLOCK_SCHED = 2;

/** A packet of big-endian words. */
export function packetOf(...words: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(words.length * 4);
  words.forEach((word, i) => putWord(bytes, i * 4, word));
  return bytes;
}

/** An open connection. */
export class LmkClient {
  readonly #libc = Deno.dlopen("libc.so.6", LIBC);
  #fd = -1;

  /** Connects; false while nobody listens. */
  connect(path: string): boolean {
    const name = cString(path);
    if (name.length > PATH_BYTES_MAX) {
      throw new RangeError(
        `Cannot connect to "${path}": longer than ${PATH_BYTES_MAX} bytes`,
      );
    }
    const address = new Uint8Array(2 + name.length);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(name, 2);
    const { symbols } = this.#libc;
    const type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = symbols.socket(AF_UNIX, type, 0);
    if (fd < 0) throw new Error("Cannot make a SEQPACKET socket");
    if (symbols.connect(fd, address, address.length) === 0) {
      this.#fd = fd;
      return true;
    }
    symbols.close(fd);
    return false;
  }

  /** Sends one packet as it is; throws when the guard takes none. */
  send(packet: Uint8Array<ArrayBuffer>): void {
    const size = BigInt(packet.length);
    const sent = this.#libc.symbols.send(this.#fd, packet, size, MSG_NOSIGNAL);
    if (Number(sent) === packet.length) return;
    throw new Error("Cannot reach the guard: it took no packet");
  }

  /** Registers a process (LMK_PROCPRIO). */
  register(pid: number, uid: number, adj: number): void {
    this.send(packetOf(LMK_PROCPRIO, pid, uid, adj));
  }

  /** Asks for the number of all kills; the answer comes when everything sent
   * before it has been done. */
  askKills(): void {
    this.send(packetOf(LMK_GETKILLCNT, -1000, 1000));
  }

  /** The answer to askKills, or null while there is none. */
  takeKills(): number | null {
    const bytes = new Uint8Array(64);
    const size = BigInt(bytes.length);
    const got = this.#libc.symbols.recv(this.#fd, bytes, size, 0);
    if (Number(got) < 8 || wordAt(bytes, 0) !== LMK_GETKILLCNT) return null;
    return wordAt(bytes, 4);
  }

  /** Processor time that process `pid` took so far, us. */
  cpuUs(pid: number): number {
    const time = new BigInt64Array(2);
    const clock = (~pid << 3) | CPUCLOCK_SCHED;
    const rc = this.#libc.symbols.clock_gettime(
      clock,
      new Uint8Array(time.buffer),
    );
    return rc < 0 ? 0 : Number(time[0] * 1_000_000n + time[1] / 1_000n);
  }

  /** Leaves. */
  close(): void {
    if (this.#fd >= 0) this.#libc.symbols.close(this.#fd);
    this.#fd = -1;
    this.#libc.close();
  }
}

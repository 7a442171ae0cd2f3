// The socket on which systemd hears of its services (sd_notify(3)), bound to a
// path or to an abstract name.

import { cString } from "../../../src/shim/load.ts";
import { until } from "./daemon.ts";

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  sendto: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "isize",
  },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
});

// include/linux/socket.h and net.h; the same on x86 and Arm.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
/** More datagrams than any queue holds (net.unix.max_dgram_qlen is 10, or 512
 * where systemd has raised it). */
const MANY = 100_000;

/** unix(7): an abstract name begins with a NUL and has none at its end. */
function addressOf(name: string): Uint8Array<ArrayBuffer> {
  const isAbstract = name.startsWith("@");
  const bytes = isAbstract
    ? new TextEncoder().encode(`\0${name.slice(1)}`)
    : cString(name);
  const address = new Uint8Array(2 + bytes.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, 2);
  return address;
}

/** Who waits for news of a service. */
export class Supervisor {
  readonly #address: Uint8Array<ArrayBuffer>;
  readonly #fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  /** Binds to a path, or to "@name"; throws where that is taken. */
  constructor(name: string) {
    this.#address = addressOf(name);
    if (libc.bind(this.#fd, this.#address, this.#address.length) === 0) return;
    this.close();
    throw new Error(`Cannot bind to "${name}"`);
  }

  /** The oldest news, or undefined: there is none. */
  take(): string | undefined {
    const bytes = new Uint8Array(512);
    const size = BigInt(bytes.length);
    const got = Number(libc.recv(this.#fd, bytes, size, MSG_DONTWAIT));
    if (got < 0) return undefined;
    return new TextDecoder().decode(bytes.subarray(0, got));
  }

  /** Waits for news. */
  next(): Promise<string> {
    return until("news of the service", () => this.take());
  }

  /** Fills its queue, so that it takes nothing more until it is read. */
  clog(): void {
    const byte = new Uint8Array(1);
    const to = this.#address;
    for (let i = 0; i < MANY; i++) {
      const sent = libc.sendto(this.#fd, byte, 1n, MSG_DONTWAIT, to, to.length);
      if (Number(sent) < 0) return;
    }
    throw new Error("Cannot fill the queue: it has no end");
  }

  close(): void {
    libc.close(this.#fd);
  }
}

// A client of the control socket that sees everything that comes back: packets
// as they are, the end of the connection, and that nothing came.

import { cString } from "../../../src/shim/load.ts";
import { packetOf } from "../../../src/cli/drill_client.ts";
import { LMK_GETKILLCNT, wordAt } from "../../../src/wire/lmkd.ts";
import { sleep } from "./daemon.ts";

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
});

// include/linux/socket.h and net.h; the same on x86 and Arm.
const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** An answer is waited for this long, ms: other tests run at the same time. */
const ANSWER_MS = 15_000;

/** The connection was closed by the other side. */
export const HUNG_UP = "hung up";

/** An open connection. */
export class Peer {
  #fd: number;

  /** Connects; throws when nobody listens. */
  constructor(path: string) {
    const name = cString(path);
    const address = new Uint8Array(2 + name.length);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(name, 2);
    this.#fd = libc.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (libc.connect(this.#fd, address, address.length) === 0) return;
    this.close();
    throw new Error(`Cannot connect to "${path}"`);
  }

  /** Sends one packet of words; throws when it is not taken. */
  send(...words: number[]): void {
    const packet = packetOf(...words);
    const size = BigInt(packet.length);
    const sent = libc.send(this.#fd, packet, size, MSG_NOSIGNAL);
    if (Number(sent) !== packet.length) throw new Error("Cannot send: hung up");
  }

  /** What has come, HUNG_UP, or null: nothing yet. */
  take(): Uint8Array | typeof HUNG_UP | null {
    const bytes = new Uint8Array(512);
    const size = BigInt(bytes.length);
    const got = Number(libc.recv(this.#fd, bytes, size, MSG_DONTWAIT));
    if (got > 0) return bytes.slice(0, got);
    return got === 0 ? HUNG_UP : null;
  }

  /** Waits for the next packet; throws when the connection ends. */
  async receive(waitMs = ANSWER_MS): Promise<Uint8Array> {
    const start = performance.now();
    while (performance.now() - start < waitMs) {
      const got = this.take();
      if (got === HUNG_UP) throw new Error("The daemon hung up");
      if (got !== null) return got;
      await sleep(2);
    }
    throw new Error(`Nothing came in ${waitMs} ms`);
  }

  /** Waits for the next packet and takes it for words. */
  async receiveWords(): Promise<number[]> {
    const bytes = await this.receive();
    return Array.from(
      { length: bytes.length >> 2 },
      (_, i) => wordAt(bytes, i * 4),
    );
  }

  /** Asks and waits; the answer's words. */
  ask(...words: number[]): Promise<number[]> {
    this.send(...words);
    return this.receiveWords();
  }

  /** Waits until all that was sent before has been done. */
  async barrier(): Promise<void> {
    await this.ask(LMK_GETKILLCNT, -1000, 1000);
  }

  close(): void {
    if (this.#fd >= 0) libc.close(this.#fd);
    this.#fd = -1;
  }
}

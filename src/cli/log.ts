// Where the guard's words go: stderr, the kernel's log, or Android's logd.
// Writing never waits: words that find no taker are dropped and counted.

import { O_WRONLY, type Shim } from "../shim/shim.ts";

/** How grave a line is; the numbers are syslog's. */
export const LEVELS = { error: 3, warn: 4, info: 6, debug: 7 } as const;
export type Level = keyof typeof LEVELS;

/** Android's priorities for the same levels (log/log.h). */
const ANDROID_PRIORITIES = { error: 6, warn: 5, info: 4, debug: 3 } as const;
/** Tag that readers of lmkd's log look for. */
const TAG = "lowmemorykiller";
const LOGDW = "/dev/socket/logdw";
/** LOG_ID_SYSTEM of Android's logger. */
const LOG_ID = 3;

/** A log of the guard. */
export class Log {
  readonly #shim: Shim;
  readonly #to: "stderr" | "kmsg" | "logd";
  readonly #most: number;
  readonly #kmsg: number;
  /** Lines that found no taker. */
  dropped = 0;

  constructor(shim: Shim, to: "stderr" | "kmsg" | "logd", level: Level) {
    this.#shim = shim;
    this.#to = to;
    this.#most = LEVELS[level];
    this.#kmsg = to === "kmsg" ? shim.open("/dev/kmsg", O_WRONLY) : -1;
  }

  /** Writes one line. */
  say(level: Level, text: string): void {
    if (LEVELS[level] > this.#most) return;
    const line = text.replaceAll(/\p{Cc}/gu, "?");
    if (this.#send(level, line) < 0) this.dropped++;
  }

  #send(level: Level, line: string): number {
    if (this.#to === "logd") return this.#sendLogd(level, line);
    if (this.#to === "kmsg" && this.#kmsg >= 0) {
      const text = `<${LEVELS[level]}>${TAG}: ${line}\n`;
      return this.#shim.write(this.#kmsg, text);
    }
    return this.#shim.write(2, `oomguard: ${line}\n`);
  }

  /** One packet of logd's protocol: header, priority, tag, text. */
  #sendLogd(level: Level, line: string): number {
    const text = new TextEncoder().encode(`${TAG}\0${line}\0`);
    const packet = new Uint8Array(12 + text.length);
    const view = new DataView(packet.buffer);
    const now = Date.now();
    view.setUint8(0, LOG_ID);
    view.setUint16(1, Deno.pid & 0xffff, true);
    view.setUint32(3, Math.floor(now / 1000), true);
    view.setUint32(7, (now % 1000) * 1_000_000, true);
    view.setUint8(11, ANDROID_PRIORITIES[level]);
    packet.set(text, 12);
    return this.#shim.datagram(LOGDW, packet);
  }
}

// Where the guard's words go: stderr, the kernel's log, or Android's logd.
// Writing never waits: words that find no taker are dropped and counted, and
// the next that find one say how many were.

import { O_NONBLOCK, O_WRONLY, type Shim } from "../shim/shim.ts";

/** How grave a line is; the numbers are syslog's. */
export const LEVELS = { error: 3, warn: 4, info: 6, debug: 7 } as const;
export type Level = keyof typeof LEVELS;

/** Android's priorities for the same levels (log/log.h). */
const ANDROID_PRIORITIES = { error: 6, warn: 5, info: 4, debug: 3 } as const;
/** Tag that readers of lmkd's log look for. */
const TAG = "lowmemorykiller";
const LOGDW = "/dev/socket/logdw";
/** Longest write that /dev/kmsg takes (kernel/printk/printk.c, 5.10:
 * LOG_LINE_MAX, 1024 less a prefix of 48). */
const KMSG_BYTES_MAX = 976;
/** LOG_ID_SYSTEM of Android's logger. */
const LOG_ID = 3;

/** A log of the guard. */
export class Log {
  readonly #shim: Shim;
  readonly #to: "stderr" | "kmsg" | "logd";
  #most: number;
  readonly #kmsg: number;
  /** Lines that found no taker since one did. */
  #lost = 0;

  constructor(shim: Shim, to: "stderr" | "kmsg" | "logd", level: Level) {
    this.#shim = shim;
    this.#to = to;
    this.#most = LEVELS[level];
    // It never polls writable, and without O_NONBLOCK is written only if so.
    this.#kmsg = to === "kmsg"
      ? shim.open("/dev/kmsg", O_WRONLY | O_NONBLOCK)
      : -1;
  }

  /** Says no more than this from now on. */
  setLevel(level: Level): void {
    this.#most = LEVELS[level];
  }

  /** Writes one line. */
  say(level: Level, text: string): void {
    if (LEVELS[level] > this.#most) return;
    const line = text.replaceAll(/\p{Cc}/gu, "?");
    if (this.#lost > 0) {
      const lost = `Lines lost before this one: ${this.#lost}`;
      if (this.#send("warn", lost) >= 0) this.#lost = 0;
    }
    // Behind lines whose loss could not be told, one more is lost: what is read
    // has no silent gaps.
    if (this.#lost > 0 || this.#send(level, line) < 0) this.#lost++;
  }

  #send(level: Level, line: string): number {
    if (this.#to === "logd") return this.#sendLogd(level, line);
    if (this.#to === "kmsg" && this.#kmsg >= 0) {
      const text = `<${LEVELS[level]}>${TAG}: ${line}`;
      const bytes = new Uint8Array(KMSG_BYTES_MAX);
      const { written } = new TextEncoder()
        .encodeInto(text, bytes.subarray(0, -1));
      // Without its end a record waits for more, and nobody can read it.
      bytes[written] = 10;
      return this.#shim.symbols.write(this.#kmsg, bytes, written + 1);
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

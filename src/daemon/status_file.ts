// @hot
// The plain-text status file: a template whose numbers are poked in place, so
// that it is always up to date and costs one write. `cat` is enough to read
// it on a device too short of memory to start anything.

import { STATUS_BYTES } from "../base/limits.ts";
import type { Arena } from "../state/arena.ts";
import {
  AT_STATUS,
  MB_COUNT,
  MB_FD,
  MB_OFFSET,
  MB_SOURCE,
} from "../state/layout.ts";
import type { Ports } from "./ports.ts";

/** Digits of one number, sign included. */
const FIELD = 11;
/** Bytes of one word (a state, a rung). */
export const WORD_BYTES = 20;

const ZERO = 48;
const SPACE = 32;
const MINUS = 45;

/** One line of the file: a label, and the Int32 it shows. */
export interface StatusLine {
  readonly label: string;
  readonly source: Int32Array;
  readonly index: number;
  /** WORD_BYTES of text for each value, where the number stands for a word. */
  readonly words: Uint8Array | null;
}

/** The file and its fields. */
export class StatusFile {
  readonly #ports: Ports;
  readonly #bytes: Uint8Array;
  readonly #mailbox: Int32Array;
  readonly #fd: number;
  readonly #sources: Int32Array[];
  readonly #indexes: Int32Array;
  readonly #ats: Int32Array;
  readonly #words: (Uint8Array | null)[];
  readonly #lines: number;
  readonly #length: number;

  /** Lays out `lines` in the arena; `fd` is the open file, or -1. */
  constructor(
    ports: Ports,
    arena: Arena,
    fd: number,
    lines: readonly StatusLine[],
  ) {
    this.#ports = ports;
    this.#bytes = arena.bytes;
    this.#mailbox = arena.mailbox;
    this.#fd = fd;
    this.#lines = lines.length;
    this.#sources = lines.map((line) => line.source);
    this.#indexes = Int32Array.from(lines, (line) => line.index);
    this.#ats = new Int32Array(lines.length);
    const utf8 = new TextEncoder();
    this.#words = lines.map((line) => line.words);
    let at = AT_STATUS;
    for (const [i, line] of lines.entries()) {
      const width = line.words === null ? FIELD : WORD_BYTES;
      const text = utf8.encode(`${line.label} ${" ".repeat(width)}\n`);
      if (at + text.length > AT_STATUS + STATUS_BYTES) {
        throw new RangeError(
          `Cannot lay out status file: no room at line ${i}`,
        );
      }
      this.#bytes.set(text, at);
      this.#ats[i] = at + text.length - 1 - width;
      at += text.length;
    }
    this.#length = at - AT_STATUS;
  }

  /** Brings the file up to date; 0 or -errno. */
  update(): number {
    for (let i = 0; i < this.#lines; i++) {
      const value = this.#sources[i][this.#indexes[i]];
      const words = this.#words[i];
      if (words === null) this.#putNumber(this.#ats[i], value);
      else this.#putWord(this.#ats[i], words, value);
    }
    if (this.#fd < 0) return 0;
    this.#mailbox[MB_FD] = this.#fd;
    this.#mailbox[MB_SOURCE] = AT_STATUS;
    this.#mailbox[MB_COUNT] = this.#length;
    this.#mailbox[MB_OFFSET] = 0;
    return this.#ports.persist();
  }

  /** Right-aligned decimal. ABSENT shows as "-". */
  #putNumber(at: number, value: number): void {
    const bytes = this.#bytes;
    let i = at + FIELD - 1;
    if (value === -2_147_483_648) {
      bytes[i--] = MINUS;
    } else {
      let rest = value < 0 ? -value : value;
      do {
        bytes[i--] = ZERO + rest % 10;
        rest = (rest - rest % 10) / 10;
      } while (rest > 0);
      if (value < 0) bytes[i--] = MINUS;
    }
    while (i >= at) bytes[i--] = SPACE;
  }

  #putWord(at: number, words: Uint8Array, value: number): void {
    const known = value >= 0 && (value + 1) * WORD_BYTES <= words.length;
    const from = known ? value * WORD_BYTES : 0;
    for (let i = 0; i < WORD_BYTES; i++) this.#bytes[at + i] = words[from + i];
  }
}

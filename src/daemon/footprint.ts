// @hot
// What the guard itself takes, as the kernel counts it: read from its own
// status file now and then, in calm time only. Nobody decides by it.

import { delta32 } from "../base/int.ts";
import {
  parseStatus,
  STATUS_ANON_KB,
  STATUS_FIELDS,
  STATUS_FILE_KB,
  STATUS_LOCKED_KB,
  STATUS_SHMEM_KB,
  STATUS_SWAP_KB,
} from "../kernel/status.ts";
import type { Arena } from "../state/arena.ts";
import {
  G_ANON_KB,
  G_FILE_KB,
  G_LOCKED_KB,
  G_SHMEM_KB,
  G_SWAPPED_KB,
} from "../state/gauges.ts";
import { AT_SAMPLES, MB_COUNT, MB_NOW_MS } from "../state/layout.ts";
import type { Ports } from "./ports.ts";

/** Read at most this often, ms. */
const EVERY_MS = 10_000;

/** The guard's own figures. */
export class Footprint {
  readonly #ports: Ports;
  readonly #arena: Arena;
  /** Open /proc/self/status, or -1. */
  readonly #fd: number;
  readonly #fields = new Int32Array(STATUS_FIELDS);
  #readMs = 0;
  #due = true;

  constructor(ports: Ports, arena: Arena, fd: number) {
    this.#ports = ports;
    this.#arena = arena;
    this.#fd = fd;
  }

  /** Between turns: brings the gauges up to date. */
  visit(sprinting: boolean): void {
    const arena = this.#arena;
    const nowMs = arena.mailbox[MB_NOW_MS];
    const age = delta32(nowMs, this.#readMs);
    if (this.#fd < 0 || sprinting) return;
    if (!this.#due && age >= 0 && age < EVERY_MS) return;
    this.#due = false;
    this.#readMs = nowMs;
    arena.sampleFds[0] = this.#fd;
    arena.mailbox[MB_COUNT] = 1;
    this.#ports.sample();
    const length = arena.sampleLengths[0];
    if (length <= 0) return;
    const fields = this.#fields;
    parseStatus(arena.bytes, AT_SAMPLES, AT_SAMPLES + length, fields);
    const gauges = arena.gauges;
    gauges[G_LOCKED_KB] = fields[STATUS_LOCKED_KB];
    gauges[G_ANON_KB] = fields[STATUS_ANON_KB];
    gauges[G_FILE_KB] = fields[STATUS_FILE_KB];
    gauges[G_SHMEM_KB] = fields[STATUS_SHMEM_KB];
    gauges[G_SWAPPED_KB] = fields[STATUS_SWAP_KB];
  }
}

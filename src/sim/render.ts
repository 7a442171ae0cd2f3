// Text of /proc, /sys and cgroup files as a simulated machine would show them,
// written as bytes in the kernel's own layout (test/fixtures has real ones).

import type { Psi } from "./psi.ts";
import type { World } from "./world.ts";

const ZERO = 48;
const SPACE = 32;
const NEWLINE = 10;

const utf8 = new TextEncoder();
const encoded = new Map<string, Uint8Array>();

/** Bytes of a text that is written again and again. */
function bytesOf(text: string): Uint8Array {
  let bytes = encoded.get(text);
  if (bytes === undefined) {
    bytes = utf8.encode(text);
    encoded.set(text, bytes);
  }
  return bytes;
}

/** Writes text into a buffer, no further than its end. */
export class Pen {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, start: number, capacity: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = start + capacity;
    this.at = start;
  }

  /** Bytes written. */
  get length(): number {
    return this.at - this.start;
  }

  raw(text: Uint8Array): this {
    const room = this.end - this.at;
    this.bytes.set(text.length > room ? text.subarray(0, room) : text, this.at);
    this.at += Math.min(text.length, room);
    return this;
  }

  text(text: string): this {
    return this.raw(bytesOf(text));
  }

  /** A whole number, right-aligned in `width`. */
  number(value: number, width = 0): this {
    let rest = Math.trunc(value);
    const negative = rest < 0;
    if (negative) rest = -rest;
    let digits = 1;
    for (let top = 10; top <= rest; top *= 10) digits++;
    const length = digits + (negative ? 1 : 0);
    for (let pad = width - length; pad > 0; pad--) this.#byte(SPACE);
    if (negative) this.#byte(45);
    if (this.at + digits > this.end) {
      this.at = this.end;
      return this;
    }
    for (let i = this.at + digits - 1; i >= this.at; i--) {
      this.bytes[i] = ZERO + rest % 10;
      rest = Math.trunc(rest / 10);
    }
    this.at += digits;
    return this;
  }

  /** A percentage with two decimals. */
  percent(value: number): this {
    const centi = Math.trunc(value * 100);
    this.number(Math.trunc(centi / 100)).text(".");
    if (centi % 100 < 10) this.text("0");
    return this.number(centi % 100);
  }

  /** One line of meminfo; `label` fills sixteen columns. */
  kb(label: string, value: number): this {
    return this.text(label).number(value, 8).text(" kB\n");
  }

  /** A name and a number on a line. */
  line(label: string, value: number): this {
    return this.text(label).number(value).#byte(NEWLINE);
  }

  #byte(value: number): this {
    if (this.at < this.end) this.bytes[this.at++] = value;
    return this;
  }
}

/** Resident memory of all processes: unlocked, locked, kB. */
function anonOf(world: World): { freely: number; locked: number } {
  let freely = 0;
  let locked = 0;
  for (const process of world.processes.values()) {
    if (process.plan.locked === true) locked += process.anonKb;
    else freely += process.anonKb;
  }
  return { freely, locked };
}

/** /proc/meminfo. */
export function writeMeminfo(pen: Pen, world: World): void {
  const { memory } = world;
  const { plan } = memory;
  const anon = anonOf(world);
  pen.kb("MemTotal:       ", plan.totalKb)
    .kb("MemFree:        ", memory.freeKb)
    .kb("MemAvailable:   ", memory.availableKb)
    .kb("Buffers:        ", 0)
    .kb("Cached:         ", memory.fileKb)
    .kb("SwapCached:     ", 0)
    .kb("Active:         ", anon.freely / 2 + memory.fileKb / 2)
    .kb("Inactive:       ", anon.freely / 2 + memory.fileKb / 2)
    .kb("Active(anon):   ", anon.freely / 2)
    .kb("Inactive(anon): ", anon.freely / 2)
    .kb("Active(file):   ", memory.fileKb / 2)
    .kb("Inactive(file): ", memory.fileKb / 2)
    .kb("Unevictable:    ", anon.locked)
    .kb("Mlocked:        ", anon.locked)
    .kb("SwapTotal:      ", plan.swapKb)
    .kb("SwapFree:       ", memory.swapFreeKb)
    .kb("Dirty:          ", 0)
    .kb("AnonPages:      ", anon.freely + anon.locked)
    .kb("Shmem:          ", 0)
    .kb("SReclaimable:   ", 0)
    .kb("SUnreclaim:     ", plan.kernelKb / 2)
    .kb("KernelStack:    ", plan.kernelKb / 16)
    .kb("PageTables:     ", plan.kernelKb / 16)
    .kb("CommitLimit:    ", plan.swapKb + plan.totalKb / 2)
    .kb("Committed_AS:   ", anon.freely + anon.locked + memory.storedKb)
    .text("HugePages_Total:       0\n");
}

/** /proc/pressure/memory. */
export function writePressure(pen: Pen, world: World): void {
  writePsi(pen, world.psi);
}

/** /proc/pressure/io. */
export function writeIoPressure(pen: Pen, world: World): void {
  writePsi(pen, world.ioPsi);
}

/** /proc/pressure/cpu; its full line is there since Linux 5.13, all zeroes. */
export function writeCpuPressure(pen: Pen, world: World): void {
  writePsi(pen, world.cpuPsi);
}

function writePsi(pen: Pen, psi: Psi): void {
  pen.text("some avg10=").percent(psi.some10).text(" avg60=")
    .percent(psi.some60).text(" avg300=0.00").line(" total=", psi.someUs)
    .text("full avg10=").percent(psi.full10).text(" avg60=")
    .percent(psi.full60).text(" avg300=0.00").line(" total=", psi.fullUs);
}

/** /proc/zoneinfo: one zone of one node. */
export function writeZoneinfo(pen: Pen, world: World): void {
  const { memory } = world;
  const pages = memory.plan.totalKb / 4;
  pen.text("Node 0, zone   Normal\n  per-node stats\n")
    .line("      nr_inactive_anon ", anonOf(world).freely / 8)
    .line("      nr_active_anon ", anonOf(world).freely / 8)
    .line("      nr_inactive_file ", memory.fileKb / 8)
    .line("      nr_active_file ", memory.fileKb / 8)
    .line("      workingset_refault_anon ", 0)
    .line("      workingset_refault_file ", memory.refaults)
    .line("  pages free     ", memory.freeKb / 4)
    .line("        boost    ", 0)
    .line("        min      ", memory.minKb / 4)
    .line("        low      ", memory.lowKb / 4)
    .line("        high     ", memory.highKb / 4)
    .line("        spanned  ", pages)
    .line("        present  ", pages)
    .line("        managed  ", pages)
    .text("        cma      0\n        protection: (0, 0, 0, 0, 0)\n")
    .line("      nr_free_pages ", memory.freeKb / 4)
    .text("  pagesets\n    cpu: 0\n              count: 4\n")
    .text("  vm stats threshold: 4\n  node_unreclaimable:  0\n")
    .text("  start_pfn:           1\n");
}

/** /proc/vmstat, the lines that mean something here. */
export function writeVmstat(pen: Pen, world: World): void {
  const { memory } = world;
  pen.line("nr_free_pages ", memory.freeKb / 4)
    .line("nr_inactive_file ", memory.fileKb / 8)
    .line("nr_active_file ", memory.fileKb / 8)
    .line("workingset_refault_anon ", 0)
    .line("workingset_refault_file ", memory.refaults)
    .line("pswpin ", 0)
    .line("pswpout ", memory.swappedOut)
    .line("allocstall_normal ", memory.stalls)
    .line("pgrefill ", memory.refilled)
    .line("pgscan_kswapd ", memory.scannedKswapd)
    .line("pgscan_direct ", memory.scannedDirect)
    .line("oom_kill ", world.kernelKills.length);
}

/** /proc/swaps. */
export function writeSwaps(pen: Pen, world: World): void {
  const { plan, storedKb } = world.memory;
  pen.text("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
  if (plan.swapKb === 0) return;
  pen.text(plan.zramPercent > 0 ? "/dev/zram0" : "/dev/vda2");
  pen.text("                              partition\t").number(plan.swapKb)
    .text("\t\t").number(storedKb).text("\t\t-2\n");
}

/** /sys/block/zram0/mm_stat. */
export function writeMmStat(pen: Pen, world: World): void {
  const { memory } = world;
  const used = memory.zramKb * 1024;
  pen.number(memory.storedKb * 1024, 8).text(" ").number(used, 8).text(" ")
    .number(used, 8).text("        0 ").number(used, 8)
    .text("        0        0        0        0\n");
}

/** memory.usage_in_bytes of the root group of version 1: what is charged. */
export function writeMemcgUsage(pen: Pen, world: World): void {
  const anon = anonOf(world);
  const kb = anon.freely + anon.locked + world.memory.fileKb;
  pen.line("", Math.trunc(kb) * 1024);
}

/** memory.memsw.usage_in_bytes of the same: what is swapped out as well. */
export function writeMemswUsage(pen: Pen, world: World): void {
  const anon = anonOf(world);
  const { fileKb, storedKb } = world.memory;
  const kb = anon.freely + anon.locked + fileKb + storedKb;
  pen.line("", Math.trunc(kb) * 1024);
}

/** memory.current, memory.max, memory.stat and memory.events of a v2 group that
 * is the whole simulated machine. */
export const GROUP_WRITERS = {
  usage(pen: Pen, world: World): void {
    const { memory } = world;
    pen.line("", (memory.plan.totalKb - memory.freeKb) * 1024);
  },
  limit(pen: Pen, world: World): void {
    pen.line("", world.memory.plan.totalKb * 1024);
  },
  stat(pen: Pen, world: World): void {
    const { memory } = world;
    const anon = anonOf(world);
    pen.line("anon ", (anon.freely + anon.locked) * 1024)
      .line("file ", memory.fileKb * 1024)
      .line("inactive_anon ", anon.freely * 1024)
      .line("active_anon ", 0)
      .line("inactive_file ", memory.fileKb * 512)
      .line("active_file ", memory.fileKb * 512)
      .line("unevictable ", anon.locked * 1024)
      .line("workingset_refault_file ", memory.refaults);
  },
  events(pen: Pen, world: World): void {
    pen.text("low 0\nhigh 0\nmax 0\noom 0\n")
      .line("oom_kill ", world.kernelKills.length)
      .text("oom_group_kill 0\n");
  },
};

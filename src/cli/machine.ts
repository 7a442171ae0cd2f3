// Facts of the machine, or of the memory group, that a configuration is
// compiled for.

import { readFileSync } from "node:fs";
import type { Machine } from "../config/profiles.ts";

/** AT_PAGESZ (include/uapi/linux/auxvec.h): pairs of 64-bit type and value. */
const AUXV_PAGE_BYTES = 6n;

/** This machine, or one like it with other memory, kB. */
export function readMachine(memTotalKb: number | null): Machine {
  const pageKb = readPageKb();
  if (memTotalKb !== null) return { memTotalKb, pageKb };
  const meminfo = readFileSync("/proc/meminfo", "utf8");
  const total = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo);
  if (total === null) {
    throw new SyntaxError('Cannot parse "/proc/meminfo": MemTotal is missing');
  }
  return { memTotalKb: Number(total[1]), pageKb };
}

/** The machine as a memory group sees it: its limit is its memory. */
export function readGroupMachine(dir: string): Machine {
  const machine = readMachine(null);
  const limitsKb = ["memory.max", "memory.limit_in_bytes"]
    .map((name) => limitKb(`${dir}/${name}`));
  const memTotalKb = Math.min(machine.memTotalKb, ...limitsKb);
  return { memTotalKb, pageKb: machine.pageKb };
}

/** A limit file's value; Infinity where there is none. */
function limitKb(path: string): number {
  try {
    const bytes = Number(readFileSync(path, "utf8"));
    return bytes > 0 ? Math.floor(bytes / 1024) : Infinity;
  } catch {
    return Infinity;
  }
}

function readPageKb(): number {
  try {
    const bytes = readFileSync("/proc/self/auxv");
    for (let at = 0; at + 16 <= bytes.length; at += 16) {
      if (bytes.readBigUInt64LE(at) !== AUXV_PAGE_BYTES) continue;
      return Number(bytes.readBigUInt64LE(at + 8)) / 1024;
    }
  } catch {
    // Without /proc/self there is the size nearly every machine has.
  }
  return 4;
}

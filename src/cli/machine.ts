// Facts of the machine, or of the memory group, that a configuration is
// compiled for.

import type { Machine } from "../config/profiles.ts";

/** AT_PAGESZ (include/uapi/linux/auxvec.h): pairs of 64-bit type and value. */
const AUXV_PAGE_BYTES = 6n;

/** This machine, or one like it with other memory, kB. */
export function readMachine(memTotalKb: number | null): Machine {
  const pageKb = readPageKb();
  if (memTotalKb !== null) return { memTotalKb, pageKb };
  const meminfo = Deno.readTextFileSync("/proc/meminfo");
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
    const bytes = Number(Deno.readTextFileSync(path));
    return bytes > 0 ? Math.floor(bytes / 1024) : Infinity;
  } catch {
    return Infinity;
  }
}

function readPageKb(): number {
  try {
    const bytes = Deno.readFileSync("/proc/self/auxv");
    const words = new BigUint64Array(bytes.buffer, 0, bytes.length >> 3);
    for (let i = 0; i + 1 < words.length; i += 2) {
      if (words[i] === AUXV_PAGE_BYTES) return Number(words[i + 1]) / 1024;
    }
  } catch {
    // Without /proc/self there is the size nearly every machine has.
  }
  return 4;
}

// The parsers of src/kernel over the files of every kernel in test/fixtures,
// whole and cut off anywhere.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseMeminfo } from "../../../src/kernel/meminfo.ts";
import { parseMmStat } from "../../../src/kernel/mm_stat.ts";
import { parsePressure } from "../../../src/kernel/pressure.ts";
import { parseGroupStat, parseTaskStat } from "../../../src/kernel/stat.ts";
import {
  copyName,
  parseStatus,
  STATUS_FIELDS,
} from "../../../src/kernel/status.ts";
import { parseStatusMemory } from "../../../src/kernel/status_memory.ts";
import { parseSwaps } from "../../../src/kernel/swaps.ts";
import { parseVmstat } from "../../../src/kernel/vmstat.ts";
import { parseZoneinfo } from "../../../src/kernel/zoneinfo.ts";
import { setStatMemory, STAT_WORDS } from "../../../src/state/kill_stat.ts";
import { SNAPSHOT_COLUMNS } from "../../../src/state/snapshot.ts";
import { Noise } from "../noise.ts";

/** These files are long: interpreted, one of them takes up to a millisecond. */
export const TURNS = 2_000;

type Parse = (
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
) => number;

const FIXTURES = fileURLToPath(new URL("../../fixtures/", import.meta.url));

/** Every fixture named `path` below a kernel's tree. */
function fixtures(path: string): Uint8Array[] {
  const found = readdirSync(FIXTURES, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(`/${path}`)).sort()
    .map((name) => new Uint8Array(readFileSync(`${FIXTURES}/${name}`)));
  if (found.length === 0) throw new Error(`No fixture ${path}`);
  return found;
}

function setup(parse: Parse, path: string): () => void {
  const files = fixtures(path);
  const noise = new Noise();
  const columns = new Int32Array(SNAPSHOT_COLUMNS);
  let turns = 0;
  let sink = 0;
  return () => {
    const file = files[turns++ % files.length];
    const end = noise.bits(1) === 0
      ? file.length
      : noise.bits(16) % (file.length + 1);
    sink ^= parse(file, 0, end, columns);
  };
}

export function setupMeminfo(): () => void {
  return setup(parseMeminfo, "proc/meminfo");
}

export function setupMmStat(): () => void {
  return setup(parseMmStat, "sys/block/zram0/mm_stat");
}

export function setupPressure(): () => void {
  return setup(parsePressure, "proc/pressure/memory");
}

export function setupStatus(): () => void {
  return setup(parseStatus, "status/hostile");
}

export function setupStatusOfUser(): () => void {
  return setup(parseStatus, "status/user");
}

export function setupStatusMemory(): () => void {
  const file = fixtures("status/user")[0];
  const fields = new Int32Array(STATUS_FIELDS);
  return () => parseStatusMemory(file, 0, file.length, fields);
}

export function setupName(): () => void {
  const file = fixtures("status/hostile")[0];
  const into = new Uint8Array(64);
  let sink = 0;
  return () => {
    sink ^= copyName(file, 0, file.length, into, 16);
  };
}

/** A counter of each size, and a start that leaves 32 bits as ns. */
const TASK_STAT = new TextEncoder().encode(
  "26219 (foo) Z \n1 2) (3) R 26178 26172 18551 0 -1 4194368 7965 0 " +
    "18446744073709551615 0 0 2 0 0 20 0 1 0 126924500 50040832 10390\n",
);

export function setupTaskStat(): () => void {
  const noise = new Noise();
  const stat = new Int32Array(STAT_WORDS);
  let sink = 0;
  return () => {
    const end = noise.bits(1) === 0
      ? TASK_STAT.length
      : noise.bits(8) % (TASK_STAT.length + 1);
    sink ^= parseTaskStat(TASK_STAT, 0, end, stat, 10_000_000);
    setStatMemory(stat, noise.next(), noise.next());
  };
}

export function setupGroupStat(): () => void {
  return setup(parseGroupStat, "memcg_v1/memory.stat");
}

export function setupSwaps(): () => void {
  return setup(parseSwaps, "proc/swaps");
}

export function setupVmstat(): () => void {
  return setup(parseVmstat, "proc/vmstat");
}

export function setupZoneinfo(): () => void {
  return setup(parseZoneinfo, "proc/zoneinfo");
}

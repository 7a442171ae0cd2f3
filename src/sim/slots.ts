// Which file the simulated machine shows in which slot of the sensor.

import {
  SLOT_AT,
  SLOT_BYTES,
  SLOT_CPU_PRESSURE,
  SLOT_GROUP_EVENTS,
  SLOT_GROUP_LIMIT,
  SLOT_GROUP_STAT,
  SLOT_GROUP_USAGE,
  SLOT_IO_PRESSURE,
  SLOT_MEMCG_USAGE,
  SLOT_MEMINFO,
  SLOT_MEMSW_USAGE,
  SLOT_PRESSURE,
  SLOT_SWAPS,
  SLOT_VMSTAT,
  SLOT_ZONEINFO,
  SLOT_ZRAM,
} from "../daemon/sensor.ts";
import { AT_FILES } from "../state/layout.ts";
import { EBADF } from "./faults.ts";
import {
  GROUP_WRITERS,
  Pen,
  writeCpuPressure,
  writeIoPressure,
  writeMemcgUsage,
  writeMeminfo,
  writeMemswUsage,
  writeMmStat,
  writePressure,
  writeSwaps,
  writeVmstat,
  writeZoneinfo,
} from "./render.ts";
import type { World } from "./world.ts";

const WRITERS = new Map([
  [SLOT_MEMINFO, writeMeminfo],
  [SLOT_PRESSURE, writePressure],
  [SLOT_ZONEINFO, writeZoneinfo],
  [SLOT_VMSTAT, writeVmstat],
  [SLOT_SWAPS, writeSwaps],
  [SLOT_ZRAM, writeMmStat],
  [SLOT_GROUP_USAGE, GROUP_WRITERS.usage],
  [SLOT_GROUP_LIMIT, GROUP_WRITERS.limit],
  [SLOT_GROUP_STAT, GROUP_WRITERS.stat],
  [SLOT_GROUP_EVENTS, GROUP_WRITERS.events],
  [SLOT_IO_PRESSURE, writeIoPressure],
  [SLOT_CPU_PRESSURE, writeCpuPressure],
  [SLOT_MEMCG_USAGE, writeMemcgUsage],
  [SLOT_MEMSW_USAGE, writeMemswUsage],
]);

/** Slots of a machine that has everything; those of a bare kernel are fewer. */
export const MACHINE_SLOTS = (1 << SLOT_MEMINFO) | (1 << SLOT_PRESSURE) |
  (1 << SLOT_ZONEINFO) | (1 << SLOT_VMSTAT) | (1 << SLOT_SWAPS) |
  (1 << SLOT_ZRAM) | (1 << SLOT_IO_PRESSURE) | (1 << SLOT_CPU_PRESSURE);

/** Further slots of a machine with memory groups of version 1. */
export const MEMCG_SLOTS = (1 << SLOT_MEMCG_USAGE) | (1 << SLOT_MEMSW_USAGE);

/** Slots of a memory group, version 2. */
export const GROUP_SLOTS = (1 << SLOT_GROUP_USAGE) | (1 << SLOT_GROUP_LIMIT) |
  (1 << SLOT_GROUP_STAT) | (1 << SLOT_GROUP_EVENTS) | (1 << SLOT_PRESSURE);

/** Writes the file of a slot into its buffer; answers its length or -errno. */
export function writeSlot(
  slot: number,
  bytes: Uint8Array,
  world: World,
): number {
  const write = WRITERS.get(slot);
  if (write === undefined) return -EBADF;
  const pen = new Pen(bytes, AT_FILES + SLOT_AT[slot], SLOT_BYTES[slot]);
  write(pen, world);
  return pen.length;
}

// Starts the shim's watchdog thread with all that it will ever read already
// open: descriptors of its own, so that nobody closes them under it.

import { GROUP_V2 } from "../daemon/sensor.ts";
import type { Senses } from "./sensors.ts";
import { O_RDONLY, type Shim } from "./shim.ts";

/** Where the thread writes what it did. */
export interface WatchdogJournal {
  /** Open journal file, or -1. */
  readonly fd: number;
  /** Last serial of its ring. */
  readonly serial: number;
}

/** Starts the thread for the machine, or for the memory group `group`; 0 or
 * -errno. The settings must be in the arena. */
export function startWatchdog(
  shim: Shim,
  senses: Senses,
  group: string | null,
  journal: WatchdogJournal,
): number {
  const open = (path: string) => Math.max(shim.open(path, O_RDONLY), -1);
  const v2 = senses.group === GROUP_V2;
  const usage = v2 ? "memory.current" : "memory.usage_in_bytes";
  const limit = v2 ? "memory.max" : "memory.limit_in_bytes";
  const opened = group === null ? [open("/proc/meminfo"), -1, -1, -1] : [
    -1,
    ...[usage, limit, "memory.stat"].map((name) => open(`${group}/${name}`)),
  ];
  opened.push(open(senses.pressurePath));
  return shim.symbols.watchdog(
    journal.fd,
    journal.serial,
    Int32Array.from(opened),
  );
}

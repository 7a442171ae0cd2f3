// Opens what the sensor reads: the machine's files, or a memory group's. A
// file that is missing leaves its slot closed; only the one that nothing works
// without is an error.

import { ZRAMS_MAX } from "../base/limits.ts";
import {
  GROUP_NONE,
  GROUP_V1,
  GROUP_V2,
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
import { errnoName } from "../base/errno.ts";
import { O_RDONLY, type Shim } from "./shim.ts";

/** What was opened. */
export interface Senses {
  /** A bit for each open slot. */
  readonly slots: number;
  /** GROUP_*. */
  readonly group: number;
  /** The file that PSI triggers go to, whether or not it exists. */
  readonly pressurePath: string;
  /** Descriptor that lists processes, and whether it is /proc. */
  readonly scanFd: number;
}

/** Opens `path` for slot `slot`; answers the slot's bit, 0 when it cannot. */
function openSlot(shim: Shim, slot: number, path: string): number {
  const fd = shim.open(path, O_RDONLY);
  if (fd < 0) return 0;
  const at = AT_FILES + SLOT_AT[slot];
  const rc = shim.symbols.slot(slot, fd, at, SLOT_BYTES[slot]);
  if (rc >= 0) return 1 << slot;
  throw new RangeError(`Cannot use slot ${slot}: ${errnoName(rc)}`);
}

/** Opens the machine's files. Throws when /proc/meminfo cannot be read. */
export function openMachine(shim: Shim): Senses {
  let slots = openSlot(shim, SLOT_MEMINFO, "/proc/meminfo");
  if (slots === 0) {
    throw new Error(
      'Cannot open "/proc/meminfo": expected a mounted /proc; nothing can be ' +
        "guarded without it",
    );
  }
  slots |= openSlot(shim, SLOT_PRESSURE, "/proc/pressure/memory");
  slots |= openSlot(shim, SLOT_IO_PRESSURE, "/proc/pressure/io");
  slots |= openSlot(shim, SLOT_CPU_PRESSURE, "/proc/pressure/cpu");
  slots |= openSlot(shim, SLOT_ZONEINFO, "/proc/zoneinfo");
  slots |= openSlot(shim, SLOT_VMSTAT, "/proc/vmstat");
  slots |= openSlot(shim, SLOT_SWAPS, "/proc/swaps");
  slots |= openZram(shim);
  const root = memcgMounts().v1;
  if (root !== "") {
    const usage = `${root}/memory.usage_in_bytes`;
    const memsw = `${root}/memory.memsw.usage_in_bytes`;
    slots |= openSlot(shim, SLOT_MEMCG_USAGE, usage);
    slots |= openSlot(shim, SLOT_MEMSW_USAGE, memsw);
  }
  const scanFd = shim.open("/proc", O_RDONLY);
  const pressurePath = "/proc/pressure/memory";
  return { slots, group: GROUP_NONE, pressurePath, scanFd };
}

/** Opens mm_stat of the first ZRAMS_MAX zram devices; 0 where there is none.
 * Asked again when zram swap turns up later. */
export function openZram(shim: Shim): number {
  let names: string[];
  try {
    names = [...Deno.readDirSync("/sys/block")].map(({ name }) => name).filter((
      name,
    ) => /^zram\d+$/.test(name)).sort();
  } catch {
    return 0;
  }
  let slots = 0;
  for (const [i, name] of names.slice(0, ZRAMS_MAX).entries()) {
    slots |= openSlot(shim, SLOT_ZRAM + i, `/sys/block/${name}/mm_stat`);
  }
  return slots;
}

/** Opens a memory group's files, of either version. Throws when `dir` is none
 * or has no limit to guard. */
export function openGroup(shim: Shim, dir: string): Senses {
  const v2 = openSlot(shim, SLOT_GROUP_USAGE, `${dir}/memory.current`);
  const v1 = v2 !== 0
    ? 0
    : openSlot(shim, SLOT_GROUP_USAGE, `${dir}/memory.usage_in_bytes`);
  if ((v1 | v2) === 0) {
    throw new Error(
      `Cannot guard "${dir}": expected a memory group, with memory.current ` +
        "or memory.usage_in_bytes",
    );
  }
  const limit = v2 !== 0 ? "memory.max" : "memory.limit_in_bytes";
  const events = v2 !== 0 ? "memory.events" : "memory.oom_control";
  let slots = v1 | v2;
  slots |= openSlot(shim, SLOT_GROUP_LIMIT, `${dir}/${limit}`);
  slots |= openSlot(shim, SLOT_GROUP_STAT, `${dir}/memory.stat`);
  slots |= openSlot(shim, SLOT_GROUP_EVENTS, `${dir}/${events}`);
  if (!hasLimit(`${dir}/${limit}`)) {
    throw new Error(
      `Cannot guard "${dir}": expected a limit in ${limit}, there is none`,
    );
  }
  const pressurePath = groupPressurePath(dir, v2 !== 0);
  slots |= openSlot(shim, SLOT_PRESSURE, pressurePath);
  const scanFd = shim.open(`${dir}/cgroup.procs`, O_RDONLY);
  const group = v2 !== 0 ? GROUP_V2 : GROUP_V1;
  return { slots, group, pressurePath, scanFd };
}

/** Whether a limit file holds a limit: "max", and v1's largest number of
 * pages, are none. */
function hasLimit(path: string): boolean {
  try {
    return Number(Deno.readTextFileSync(path)) < 2 ** 62;
  } catch {
    return false;
  }
}

/**
 * memory.pressure of a group. Only v2 has it; for a v1 group it is looked for
 * under the same name in the v2 tree that a hybrid system mounts beside it.
 */
function groupPressurePath(dir: string, isV2: boolean): string {
  if (isV2) return `${dir}/memory.pressure`;
  const { v1, v2 } = memcgMounts();
  if (v1 === "" || v2 === "" || !dir.startsWith(`${v1}/`)) {
    return `${dir}/memory.pressure`;
  }
  return `${v2}${dir.slice(v1.length)}/memory.pressure`;
}

/** Where memory groups are mounted: those of version 1, and the tree of version
 * 2; "" where there are none. The last mount of each counts. */
export function memcgMounts(
  mounts: string = readMounts(),
): { v1: string; v2: string } {
  let v1 = "";
  let v2 = "";
  for (const line of mounts.split("\n")) {
    const [, path = "", type = "", options = ""] = line.split(" ");
    if (type === "cgroup2") v2 = unescapeMount(path);
    if (type === "cgroup" && options.split(",").includes("memory")) {
      v1 = unescapeMount(path);
    }
  }
  return { v1, v2 };
}

/** What is mounted; "" where that cannot be read. */
function readMounts(): string {
  try {
    return Deno.readTextFileSync("/proc/mounts");
  } catch {
    return "";
  }
}

/** A path of /proc/mounts as it really is: space, tab, newline, \ and # come
 * in octal (fs/proc_namespace.c, mangle). */
function unescapeMount(path: string): string {
  return path.replaceAll(
    /\\([0-7]{3})/g,
    (_, octal) => String.fromCharCode(parseInt(octal, 8)),
  );
}

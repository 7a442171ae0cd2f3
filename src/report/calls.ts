// Words for the calls that failed (state/calls.ts).

import {
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
import { SLOTS_MAX, ZRAMS_MAX } from "../base/limits.ts";
import * as call from "../state/calls.ts";

const NAMES = new Map<number, string>([
  [call.CALL_WAIT, "wait"],
  [call.CALL_SAMPLE, "sample"],
  [call.CALL_RECEIVE, "receive"],
  [call.CALL_SEND, "send"],
  [call.CALL_KILL, "kill"],
  [call.CALL_PERSIST, "persist"],
  [call.CALL_ASK_TITLES, "ask titles"],
  [call.CALL_ACCEPT, "accept"],
  [call.CALL_CLOSE, "close"],
  [call.CALL_ADOPT, "adopt"],
  [call.CALL_WRITE_ADJ, "write adj"],
  [call.CALL_OPEN_STATUS, "open status"],
  [call.CALL_OPEN_STAT, "open stat"],
  [call.CALL_SOFT_LIMIT, "soft limit"],
  [call.CALL_READ_ADJ, "read adj"],
  [call.CALL_SCAN, "scan"],
  [call.CALL_READ_START, "read start"],
  [call.CALL_RELEASE_BALLAST, "release ballast"],
  [call.CALL_FILL_BALLAST, "fill ballast"],
  [call.CALL_OPEN, "open"],
  [call.CALL_OPEN_KEPT, "open kept"],
  [call.CALL_WATCH, "watch"],
  [call.CALL_TRIGGER, "trigger"],
  [call.CALL_VMPRESSURE, "vmpressure"],
  [call.CALL_LISTEN, "listen"],
  [call.CALL_RESERVE, "reserve"],
  [call.CALL_ATTACH, "attach"],
  [call.CALL_START, "start"],
  [call.CALL_LOCK_ARENA, "lock arena"],
  [call.CALL_LOCK_FILE, "lock file"],
  [call.CALL_RUNTIME, "runtime"],
  [call.CALL_SET_FIFO, "set fifo"],
  [call.CALL_SPARE, "spare memory"],
]);

const SLOTS = new Map<number, string>([
  [SLOT_MEMINFO, "meminfo"],
  [SLOT_PRESSURE, "pressure"],
  [SLOT_IO_PRESSURE, "io pressure"],
  [SLOT_CPU_PRESSURE, "cpu pressure"],
  [SLOT_ZONEINFO, "zoneinfo"],
  [SLOT_VMSTAT, "vmstat"],
  [SLOT_SWAPS, "swaps"],
  [SLOT_GROUP_USAGE, "group usage"],
  [SLOT_GROUP_LIMIT, "group limit"],
  [SLOT_GROUP_STAT, "group stat"],
  [SLOT_GROUP_EVENTS, "group events"],
  [SLOT_MEMCG_USAGE, "memcg usage"],
  [SLOT_MEMSW_USAGE, "memsw usage"],
]);

/** Name of a call: "kill", "read meminfo"; "call 99" for one without. */
export function callName(which: number): string {
  const slot = which - call.CALL_SLOT;
  if (slot < 0) return NAMES.get(which) ?? `call ${which}`;
  const isZram = slot >= SLOT_ZRAM && slot < SLOT_ZRAM + ZRAMS_MAX;
  return `read ${isZram ? "zram" : SLOTS.get(slot) ?? `slot ${slot}`}`;
}

/** Names of all calls by number, "none" for 0: the status file's words. */
export const CALL_NAMES: readonly string[] = Array.from(
  { length: call.CALL_SLOT + SLOTS_MAX },
  (_, which) => which === 0 ? "none" : callName(which),
);

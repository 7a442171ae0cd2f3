// Reads what the guard sends to its clients, byte by byte through a DataView:
// the guard's own codec is not its own witness. Also the requests that
// SimClient has no word for.

import type { SimClient } from "../../src/sim/client.ts";
import type { SimProcess } from "../../src/sim/process.ts";

// Commands and kinds of messages (AOSP lmkd.h).
export const SUBSCRIBE = 5;
export const PROCKILL = 6;
export const UPDATE_PROPS = 7;
export const STAT_KILL = 8;
export const START_MONITORING = 9;
export const BOOT_COMPLETED = 10;
export const PROCS_PRIO = 11;
export const KILLS = 0;
export const STATS = 1;

/** The figures of a kill as a client reads them. */
export interface KillStat {
  readonly minorFaults: bigint;
  readonly majorFaults: bigint;
  readonly rssBytes: bigint;
  readonly cacheBytes: bigint;
  readonly swapBytes: bigint;
  readonly startNs: bigint;
  readonly uid: number;
  readonly adj: number;
  readonly floorAdj: number;
  readonly freeKb: number;
  readonly freeSwapKb: number;
  readonly reason: number;
  readonly thrashing: number;
  readonly maxThrashing: number;
  readonly name: string;
}

/** The first word of a message. */
export function commandOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getInt32(0);
}

/** Reads LMK_STAT_KILL_OCCURRED; throws when its length or its end is wrong. */
export function readStat(packet: Uint8Array): KillStat {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const length = view.getUint16(84);
  if (view.getInt32(0) !== STAT_KILL || packet.length !== 87 + length) {
    throw new RangeError(`Cannot read a kill's figures: [${packet}]`);
  }
  if (packet[packet.length - 1] !== 0) {
    throw new RangeError("Cannot read a kill's figures: no NUL at the end");
  }
  return {
    minorFaults: view.getBigInt64(4),
    majorFaults: view.getBigInt64(12),
    rssBytes: view.getBigInt64(20),
    cacheBytes: view.getBigInt64(28),
    swapBytes: view.getBigInt64(36),
    startNs: view.getBigInt64(44),
    uid: view.getInt32(52),
    adj: view.getInt32(56),
    floorAdj: view.getInt32(60),
    freeKb: view.getInt32(64),
    freeSwapKb: view.getInt32(68),
    reason: view.getInt32(72),
    thrashing: view.getInt32(76),
    maxThrashing: view.getInt32(80),
    name: new TextDecoder().decode(packet.subarray(86, 86 + length)),
  };
}

/** Commands of all messages that a client got, in order. */
export function commandsOf(client: SimClient): number[] {
  return client.packets.map(commandOf);
}

/** Asks for both kinds of messages. */
export function subscribe(client: SimClient): void {
  client.send(SUBSCRIBE, KILLS);
  client.send(SUBSCRIBE, STATS);
}

/** LMK_PROCS_PRIO of these processes, each with its own adj. */
export function prioAll(
  client: SimClient,
  ...processes: readonly SimProcess[]
): void {
  const records = processes.map(({ pid, uid, adj }) => [pid, uid, adj, 0]);
  client.send(PROCS_PRIO, ...records.flat());
}

// What the clients of a swarm must have been told, and what must be left of
// them when it is over.

import { PENDING_MAX } from "../../src/base/limits.ts";
import { WAIT_COUNT, WAIT_NOTHING } from "../../src/daemon/clients.ts";
import type { SimClient } from "../../src/sim/client.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { commandOf, PROCKILL, readStat, STAT_KILL } from "./messages.ts";

/** A client's messages against the signals there were: each kill at most once,
 * its figures before its name, nobody who was not signalled. */
export function toldProblems(rig: Rig, client: SimClient): string[] {
  const problems: string[] = [];
  const { signals } = rig.machine;
  // Kills come in order: each message is of one after that of the one before.
  let killAt = -1;
  let statAt = -1;
  for (const packet of client.packets) {
    const command = commandOf(packet);
    if (command === PROCKILL) {
      const pid = new DataView(packet.buffer).getInt32(4);
      const at = signals.findIndex(({ process }, i) =>
        i > killAt && i >= statAt && process.pid === pid
      );
      if (at < 0) return [`client ${client.pid} told of ${pid} once too often`];
      killAt = at;
    } else if (command === STAT_KILL) {
      const { uid, adj } = readStat(packet);
      const at = signals.findIndex((_, i) => i > statAt && i > killAt);
      if (at < 0) return [`client ${client.pid} told too many figures`];
      statAt = at;
      if (adj < -1000 || adj > 1000) problems.push(`adj ${adj} of uid ${uid}`);
    } else if (![4, 7, 9, 10].includes(command)) {
      problems.push(`client ${client.pid} was sent command ${command}`);
    }
  }
  return problems;
}

/** Everybody heard all of it: no message of a fair run is lost. */
export function heardProblems(rig: Rig, client: SimClient): string[] {
  const kills = client.packets.filter((one) => commandOf(one) === PROCKILL);
  const pids = kills.map((one) => new DataView(one.buffer).getInt32(4));
  const want = rig.machine.signals.map(({ process }) => process.pid);
  return pids.join() === want.join()
    ? []
    : [`client ${client.pid} was told of [${pids}], not of [${want}]`];
}

/** When all is calm and nothing fails any more: nobody waits but for what the
 * daemon owes, nothing is left in the ring, and who left is gone. */
export function waitProblems(rig: Rig): string[] {
  const problems: string[] = [];
  const { clients, pending } = rig;
  if (pending.count > 0) {
    problems.push(`${pending.count} of ${PENDING_MAX} operations are left`);
  }
  clients.waiting.forEach((what, i) => {
    if (clients.fds[i] < 0) return;
    if (what === WAIT_COUNT) problems.push(`client ${i} waits for a count`);
    if (what === WAIT_NOTHING && clients.leaving[i] !== 0) {
      problems.push(`client ${i} has left and is not let go`);
    }
  });
  for (const [fd, open] of rig.machine.fds.entries()) {
    if (open.kind !== "client" || open.client.hungUp) continue;
    const index = clients.fds.indexOf(fd);
    if (clients.waiting[index] !== WAIT_NOTHING) continue;
    if (open.client.queue.length > 0) {
      problems.push(`${open.client.queue.length} packets of ${index} are left`);
    }
  }
  return problems;
}

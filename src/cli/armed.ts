// What a guard that crashed left behind: a process at oom_score_adj 1000 that
// was armed as the kernel's first choice. It gets its own value back, if it is
// still that process and nobody else has given it another meanwhile.

import { errnoName } from "../base/errno.ts";
import type { Shim } from "../shim/shim.ts";
import { ADJ_MAX } from "../base/limits.ts";
import { ARMED_WORDS, G_ARMED_PID } from "../state/gauges.ts";
import {
  AT_GAUGES,
  MB_COUNT,
  MB_FD,
  MB_OFFSET,
  MB_SOURCE,
} from "../state/layout.ts";
import { CALL_PERSIST } from "../state/calls.ts";
import type { Log } from "./log.ts";
import { readKept } from "./state_dir.ts";

/** Field 22 of /proc/PID/stat; the name before may hold anything. */
function startOf(pid: number): number | null {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(BigInt.asIntN(32, BigInt(fields[22 - 3])));
  } catch {
    return null;
  }
}

/** Undoes what the file of descriptor `fd` tells of; then it tells of nobody.
 * To be called before any process is looked at. */
export function restoreArmed(shim: Shim, fd: number, log: Log): void {
  if (fd < 0) return;
  const bytes = readKept(fd, ARMED_WORDS * 4);
  if (bytes.length === ARMED_WORDS * 4) {
    const [pid, start, adj] = new Int32Array(bytes.buffer);
    if (pid > 1 && startOf(pid) === start) restore(pid, adj, log);
  }
  const { gauges, mailbox } = shim.arena;
  gauges.fill(0, G_ARMED_PID, G_ARMED_PID + ARMED_WORDS);
  mailbox[MB_FD] = fd;
  mailbox[MB_SOURCE] = AT_GAUGES + G_ARMED_PID * 4;
  mailbox[MB_OFFSET] = 0;
  mailbox[MB_COUNT] = ARMED_WORDS * 4;
  const rc = shim.patience.try(CALL_PERSIST, () => shim.ports.persist());
  if (rc < 0) log.say("warn", `Cannot keep who is armed: ${errnoName(rc)}`);
}

function restore(pid: number, adj: number, log: Log): void {
  const file = `/proc/${pid}/oom_score_adj`;
  try {
    if (Number(Deno.readTextFileSync(file)) !== ADJ_MAX) return;
    Deno.writeTextFileSync(file, String(adj), { create: false });
    log.say("info", `Process ${pid} is at oom_score_adj ${adj} again`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.say("warn", `Cannot take oom_score_adj of ${pid} back: ${why}`);
  }
}

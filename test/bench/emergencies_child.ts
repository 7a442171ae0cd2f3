// The child of the emergencies bench: the production reactor on the real shim,
// under the flags it ships with. The file it takes for /proc/meminfo is ours,
// and says in turn that memory is short and that it is not; who dies of it is a
// child made for that, through a real pidfd. Prints JSON: two lists, us.
//
// Arguments: how many emergencies, and the program that makes children.

import { delta32, sum32 } from "../../src/base/int.ts";
import { assemble } from "../../src/daemon/assemble.ts";
import { AWAITING_DEATH, IDLE } from "../../src/daemon/killer.ts";
import { TURN_STOP } from "../../src/daemon/reactor.ts";
import { rehearse } from "../../src/daemon/rehearsal.ts";
import { SLOT_AT, SLOT_BYTES, SLOT_MEMINFO } from "../../src/daemon/sensor.ts";
import { statusLines } from "../../src/report/status.ts";
import { openMachine } from "../../src/shim/sensors.ts";
import { O_RDONLY, Shim } from "../../src/shim/shim.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import {
  G_GUARD_PID,
  G_KILLS,
  G_LISTED,
  G_SIGNAL_US,
} from "../../src/state/gauges.ts";
import { Journal } from "../../src/state/journal.ts";
import { AT_FILES, MB_WOKE_US } from "../../src/state/layout.ts";
import {
  SET_DISCOVER,
  SET_IDLE_MAX_MS,
  SET_SPRINT_MS,
} from "../../src/state/settings.ts";
import { Pausers } from "./pausers.ts";

/** Children alive at a time. */
const BATCH = 40;
const ADJ = 900;
const TOTAL_KB = 1_048_576;
/** Turns of a millisecond in which somebody has died, or never will. */
const TURNS_MAX = 5_000;

function meminfo(availableKb: number): Uint8Array<ArrayBuffer> {
  const line = (name: string, kb: number) =>
    `${name.padEnd(16)}${String(kb).padStart(8)} kB\n`;
  return new TextEncoder().encode(
    line("MemTotal:", TOTAL_KB) + line("MemFree:", availableKb) +
      line("MemAvailable:", availableKb) + line("SwapTotal:", 0) +
      line("SwapFree:", 0),
  );
}

const SHORT = meminfo(4_096);
const FINE = meminfo(TOTAL_KB / 2);

const count = Number(Deno.args[0]);
const program = Deno.args[1] ?? "";

const shim = new Shim();
shim.start();
const { arena, ports } = shim;
const { mailbox, gauges } = arena;
arena.settings.set(sceneConfig([], TOTAL_KB).settings);
// Nobody but the children is ever a candidate.
arena.settings[SET_DISCOVER] = 0;
arena.settings[SET_IDLE_MAX_MS] = 1;
arena.settings[SET_SPRINT_MS] = 1;
gauges[G_GUARD_PID] = Deno.pid;

const path = await Deno.makeTempFile({ dir: "/dev/shm" });
using file = await Deno.open(path, { write: true });
const show = (text: Uint8Array<ArrayBuffer>) => {
  file.seekSync(0, Deno.SeekMode.Start);
  file.writeSync(text);
};
show(FINE);
const senses = openMachine(shim);
const at = AT_FILES + SLOT_AT[SLOT_MEMINFO];
const bytes = SLOT_BYTES[SLOT_MEMINFO];
shim.symbols.slot(SLOT_MEMINFO, shim.open(path, O_RDONLY), at, bytes);
await Deno.remove(path);

const { reactor, desk, registrar, killer } = assemble({
  ports,
  arena,
  journal: new Journal(arena.journal),
  protection: { protects: () => false },
  slots: senses.slots,
  group: senses.group,
  listenerFd: -1,
  journalFd: -1,
  statusFd: -1,
  armedFd: -1,
  statusLines: statusLines(arena),
});
shim.symbols.setFifo(1);
shim.symbols.lockArena();
rehearse(arena.settings, statusLines);

/** Turns until `done`; throws when it never comes. */
function turnUntil(done: () => boolean): void {
  for (let i = 0; i < TURNS_MAX; i++) {
    if (reactor.tick(false) === TURN_STOP) throw new Error("stopped");
    if (done()) return;
    if (reactor.deskOpen) desk.visit(reactor.sprinting);
  }
  throw new Error(`Cannot go on: nothing happened in ${TURNS_MAX} turns`);
}

const signalUs = new Int32Array(count);
const deathUs = new Int32Array(count);

/** Memory runs short, a child dies of it, memory is back. */
function haveEmergency(i: number): void {
  const kills = gauges[G_KILLS];
  show(SHORT);
  turnUntil(() => gauges[G_KILLS] > kills);
  const sentUs = sum32(mailbox[MB_WOKE_US], gauges[G_SIGNAL_US]);
  show(FINE);
  if (killer.state === AWAITING_DEATH) {
    turnUntil(() => killer.state !== AWAITING_DEATH);
  }
  signalUs[i] = gauges[G_SIGNAL_US];
  deathUs[i] = delta32(mailbox[MB_WOKE_US], sentUs);
  turnUntil(() => killer.state === IDLE);
  desk.visit(false);
}

const pausers = new Pausers(program);

for (let done = 0; done < count;) {
  const pids = await pausers.make(Math.min(BATCH, count - done));
  for (const pid of pids) {
    registrar.prioritize(pid, Deno.uid() ?? 0, ADJ, 0, Deno.pid, 1);
  }
  turnUntil(() => gauges[G_LISTED] === pids.length);
  for (let i = 0; i < pids.length; i++) haveEmergency(done++);
}
await pausers.end();
console.log(JSON.stringify({ signalUs: [...signalUs], deathUs: [...deathUs] }));

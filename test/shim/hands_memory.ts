// The guard's own memory on a real kernel: locked without V8's coming to grief,
// a ballast that comes and goes, a rehearsal upon somebody who really dies.

import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Log } from "../../src/cli/log.ts";
import { Self } from "../../src/cli/self.ts";
import { rehearse } from "../../src/daemon/rehearsal.ts";
import { statusLines } from "../../src/report/status.ts";
import { isUnswappable, readPlace } from "../../src/shim/own_group.ts";
import { Residence } from "../../src/shim/residence.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import {
  G_LOCK_LEVEL,
  G_SELF,
  LEVEL_ALL,
  LEVEL_ARENA,
  LEVEL_FILES,
  SELF_LOCKED,
} from "../../src/state/gauges.ts";
import { LOCK_AUTO, SET_LOCK } from "../../src/state/settings.ts";
import { SWAP_TOTAL_KB } from "../../src/state/snapshot.ts";
import {
  MB_COUNT,
  MB_REAPS,
  MB_SIGNALS,
  MB_TIMEOUT_MS,
} from "../../src/state/layout.ts";
import { type Checks, settled, shim, type Skip, textOf } from "./attached.ts";

const MCL_ALL_ON_FAULT = 7;
const EPERM = -1;
const EINVAL = -22;
const SIGKILL = 9;
const SCHED_FIFO = 1;

/** A figure of this process, kB. */
function kbOf(key: string): number {
  const line = new RegExp(`^${key}:\\s+(\\d+) kB`, "m");
  return Number(line.exec(textOf("/proc/self/status"))![1]);
}

/** Resident and locked, kB, of the mapping that holds exactly so many. */
function mappingOf(kb: number): { rssKb: number; lockedKb: number } {
  const field = (text: string, key: string) =>
    Number(new RegExp(`^${key}: +(\\d+) kB`, "m").exec(text)?.[1]);
  const all = textOf("/proc/self/smaps").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const found = all.find((text) =>
    / rw-p 0+ 00:00 0 *\n/.test(text) && field(text, "Size") === kb
  );
  assert.ok(found, `no mapping of ${kb} kB`);
  return { rssKb: field(found, "Rss"), lockedKb: field(found, "Locked") };
}

function fill(kb: number): number {
  shim().arena.mailbox[MB_COUNT] = kb;
  return shim().ports.fillBallast();
}

/** A collection that gives back all it can: what ends a process that has its
 * memory locked bare. */
export function collectAll(): void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  for (let i = 0; i < 20; i++) {
    Array.from({ length: 2_000 }, (_, n) => new Array(n % 500).fill(n));
    gc({ type: "major", execution: "sync", flavor: "last-resort" });
  }
}

/** Policy and nice value of each thread of a process (fs/proc/array.c,
 * fields 41 and 19). */
function threads(
  pid = Deno.pid,
): { tid: number; policy: number; nice: number }[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => {
    const stat = textOf(`/proc/${pid}/task/${name}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      tid: Number(name),
      policy: Number(fields[38]),
      nice: Number(fields[16]),
    };
  });
}

/** Bare mlockall, as nobody should: alone, so that a test can see it fail. */
export function lockBare(): number {
  const libc = Deno.dlopen("libc.so.6", {
    mlockall: { parameters: ["i32"], result: "i32" },
  });
  return libc.symbols.mlockall(MCL_ALL_ON_FAULT);
}

function lockedAll(): void {
  const { symbols } = shim();
  assert.equal(symbols.lockAll(), EPERM, "bare mlockall is refused");
  const residence = new Residence(shim());
  residence.survey();
  residence.trim();
  assert.deepEqual(residence.lock(LEVEL_ALL), { level: LEVEL_ALL, why: "" });
  assert.equal(symbols.redirectMadvise(), 0, "once more is no error");
  const anonKb = kbOf("RssAnon");
  collectAll();
  assert.ok(kbOf("VmLck") > anonKb, "locked");
  assert.equal(kbOf("VmSwap"), 0);
  // Given back for real: a locked page that was discarded is not resident.
  assert.ok(kbOf("RssAnon") < anonKb + 8_192, "no discard had an effect");
}

function lockedFiles(): void {
  const residence = new Residence(shim());
  assert.equal(residence.lock(LEVEL_ARENA).level, LEVEL_ARENA);
  residence.survey();
  const before = kbOf("VmLck");
  assert.deepEqual(residence.lock(LEVEL_FILES), {
    level: LEVEL_FILES,
    why: "",
  });
  // The runtime's text and data at least.
  assert.ok(kbOf("VmLck") > before + 50_000, `${kbOf("VmLck")} kB`);
  collectAll();
}

function ballast(): void {
  const { ports } = shim();
  assert.equal(ports.releaseBallast(), 0, "none held");
  assert.equal(fill(-4), EINVAL);
  for (const kb of [4_096, 4_096, 1_000]) {
    assert.equal(fill(kb), kb);
    const held = mappingOf(kb);
    assert.equal(held.rssKb, kb);
    assert.equal(held.lockedKb, kb);
    assert.equal(fill(kb), kb, "twice is once");
    assert.equal(ports.releaseBallast(), kb);
    assert.equal(mappingOf(kb).rssKb, 0, "given back");
    assert.equal(ports.releaseBallast(), 0);
  }
  assert.equal(fill(0), 0);
  assert.equal(ports.releaseBallast(), 0);
}

async function priorities(): Promise<Skip> {
  const rc = shim().symbols.setFifo(1);
  if (rc < 0) return { skip: `real-time priority is refused: ${rc}` };
  const isReaper = ({ nice }: { nice: number }) => nice === -20;
  await settled(() => threads().some(isReaper), "a reaper at -20");
  const all = threads();
  const ours = all.find(({ tid }) => tid === Deno.pid);
  assert.equal(ours?.policy, SCHED_FIFO);
  const others = all.filter(({ tid }) => tid !== Deno.pid);
  assert.deepEqual(others.filter(({ policy }) => policy !== 0), []);
  assert.equal(others.filter(isReaper).length, 1, "one is ahead of others");
  // Nor is it inherited.
  const pid = shim().symbols.sacrifice();
  assert.deepEqual(threads(pid), [{ tid: pid, policy: 0, nice: 0 }]);
  Deno.kill(pid, "SIGKILL");
  assert.equal(shim().symbols.bury(pid, 1), SIGKILL);
}

function rehearsal(): void {
  const { arena, ports, symbols } = shim();
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const { settings } = sceneConfig([]);
  const before = descriptors();
  const journal = arena.journal.slice();
  const gauges = arena.gauges.slice();
  const pid = symbols.sacrifice();
  assert.ok(pid > 0, `sacrifice: ${pid}`);
  const done = rehearse(settings, statusLines, { pid, ports, arena });
  assert.deepEqual(done, { deaths: 1, signals: 0 });
  assert.equal(symbols.bury(pid, 1), SIGKILL);
  assert.equal(arena.mailbox[MB_REAPS], 0, "its reaping is not told");
  assert.deepEqual(arena.journal, journal);
  assert.deepEqual(arena.gauges, gauges);
  assert.equal(descriptors(), before, "descriptors leaked");
  // Nothing of it is left in the wait either.
  arena.mailbox[MB_TIMEOUT_MS] = 0;
  ports.wait();
  assert.equal(arena.mailbox[MB_SIGNALS], 0);
}

/** A stop that comes in the middle is not lost. */
function rehearsalStopped(): void {
  const { arena, ports, symbols } = shim();
  const pid = symbols.sacrifice();
  Deno.kill(Deno.pid, "SIGTERM");
  const { settings } = sceneConfig([]);
  const done = rehearse(settings, statusLines, { pid, ports, arena });
  assert.deepEqual(done, { deaths: 1, signals: 1 });
  assert.equal(symbols.bury(pid, 1), SIGKILL);
}

/** Swap that comes later. */
function raised(): void {
  const { arena } = shim();
  const { gauges, settings, snapshot } = arena;
  settings[SET_LOCK] = LOCK_AUTO;
  snapshot[SWAP_TOTAL_KB] = 0;
  const self = new Self(shim(), new Log(shim(), "stderr", "error"));
  self.settle(false);
  assert.equal(gauges[G_LOCK_LEVEL], LEVEL_FILES);
  self.visit();
  assert.equal(gauges[G_LOCK_LEVEL], LEVEL_FILES);
  snapshot[SWAP_TOTAL_KB] = 1_024;
  self.visit();
  // A group that has had no swap since the start needs no more.
  const level = isUnswappable(readPlace()) ? LEVEL_FILES : LEVEL_ALL;
  assert.equal(gauges[G_LOCK_LEVEL], level);
  assert.notEqual(gauges[G_SELF] & SELF_LOCKED, 0);
  collectAll();
}

/** The checks. */
export const MEMORY: Checks = {
  "all memory locked, collections go on": lockedAll,
  "mapped files locked": lockedFiles,
  "swap that comes later raises the level": raised,
  "a ballast filled, given back, filled again": ballast,
  "only the reactor has real-time priority": priorities,
  "a rehearsal kills its victim and leaves no trace": rehearsal,
  "a stop during the rehearsal counts": rehearsalStopped,
};

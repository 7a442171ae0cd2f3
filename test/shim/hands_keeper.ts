// The keeper as the guard has it, on a real kernel: nothing of it is left
// behind, whether it cannot be watched, ends in a rehearsal, or with the guard;
// and it has nothing that is not its own.

import assert from "node:assert/strict";
import { rehearse } from "../../src/daemon/rehearsal.ts";
import { statusLines } from "../../src/report/status.ts";
import { Keeper } from "../../src/shim/keeper.ts";
import { O_NONBLOCK, O_RDONLY } from "../../src/shim/shim.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import {
  G_KEEPER_PID,
  G_KEEPER_SELF,
  G_SELF,
  SELF_KEEPER,
} from "../../src/state/gauges.ts";
import {
  SET_DRY_RUN,
  SET_KEEPER,
  SET_KEEPER_MS,
} from "../../src/state/settings.ts";
import { type Checks, settled, shim, textOf } from "./attached.ts";

const ECHILD = -10;
const EMFILE = -24;
const SIGKILL = 9;
const RLIMIT_NOFILE = 7;
const ANY_CHILD = -1;

function openLibc() {
  return Deno.dlopen("libc.so.6", {
    pipe2: { parameters: ["buffer", "i32"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    prlimit: {
      parameters: ["i32", "i32", "buffer", "buffer"],
      result: "i32",
    },
  }).symbols;
}

/** A keeper of this process, which harms nobody. */
function keeper(): Keeper {
  const { settings } = shim().arena;
  settings[SET_KEEPER] = 1;
  settings[SET_DRY_RUN] = 1;
  settings[SET_KEEPER_MS] = 60_000;
  return new Keeper(shim(), {
    journalFd: -1,
    namedPath: null,
    group: null,
    isInits: false,
    inherited: [],
  }, () => {});
}

function stands(): Promise<void> {
  const { gauges } = shim().arena;
  return settled(
    () => (gauges[G_KEEPER_SELF] & SELF_KEEPER) !== 0,
    "a keeper",
  );
}

async function stops(): Promise<void> {
  const own = keeper();
  await stands();
  const pid = shim().arena.gauges[G_KEEPER_PID];
  own.stop();
  assert.equal(shim().symbols.bury(pid, 0), ECHILD);
  assert.equal(textOf(`/proc/${pid}/stat`), "");
  // A second time there is nobody.
  own.stop();
}

/** Neither the guard nor its keeper keeps what an earlier one handed over. */
async function handedOver(): Promise<void> {
  const { pipe2, read } = openLibc();
  const ends = new Int32Array(2);
  assert.equal(pipe2(new Uint8Array(ends.buffer), O_NONBLOCK), 0);
  const [from, to] = ends;
  Deno.env.set("OOMGUARD_RESTARTED", `${to} 3 1 0 0 0 0`);
  const own = keeper();
  await stands();
  const byte = new Uint8Array(1);
  assert.equal(read(from, byte, 1n), 1n);
  assert.equal(byte[0], "k".charCodeAt(0));
  assert.equal(read(from, byte, 1n), 0n, "nobody can write to it any more");
  own.stop();
}

async function diesInRehearsal(): Promise<void> {
  const { arena, ports, symbols } = shim();
  const own = keeper();
  await stands();
  const { gauges } = arena;
  const dead = gauges[G_KEEPER_PID];
  Deno.kill(dead, "SIGKILL");
  await settled(() => / Z /.test(textOf(`/proc/${dead}/stat`)), "its end");
  const pid = symbols.sacrifice();
  rehearse(sceneConfig([]).settings, statusLines, { pid, ports, arena });
  assert.equal(symbols.bury(pid, 1), SIGKILL);
  assert.equal(gauges[G_KEEPER_PID], 0);
  assert.equal(gauges[G_SELF] & SELF_KEEPER, 0);
  own.stop();
}

/** Descriptors are over right when it has been started. */
function unwatched(): void {
  const { prlimit } = openLibc();
  const { symbols } = shim();
  const program = shim().open("/bin/sleep", O_RDONLY);
  const args = new TextEncoder().encode("sleep\x0060\0");
  const env = new TextEncoder().encode("A=\0");
  const fds = new Uint8Array(4);
  const old = new BigUint64Array(2);
  const oldBytes = new Uint8Array(old.buffer);
  assert.equal(prlimit(0, RLIMIT_NOFILE, null, oldBytes), 0);
  const none = new Uint8Array(BigUint64Array.of(0n, old[1]).buffer);
  assert.equal(prlimit(0, RLIMIT_NOFILE, none, null), 0);
  const rc = symbols.spawn(
    program,
    args,
    args.length,
    env,
    env.length,
    fds,
    0,
    0,
  );
  assert.equal(prlimit(0, RLIMIT_NOFILE, oldBytes, null), 0);
  assert.equal(rc, EMFILE);
  assert.equal(symbols.bury(ANY_CHILD, 0), ECHILD, "no child is left");
}

/** The checks. */
export const KEEPERS: Checks = {
  "keeper: it ends with the guard, and is waited for": stops,
  "keeper: what was handed over is handed to nobody": handedOver,
  "keeper: one that ends in the rehearsal is missed": diesInRehearsal,
  "keeper: one that cannot be watched is ended": unwatched,
};

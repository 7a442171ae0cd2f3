// The keeper where things are not as they should be: held up itself, a guard
// that will not die, a program that will not start, a journal that is torn,
// and whoever guards next hard to tell.

import assert from "node:assert/strict";
import * as gauges from "../../src/state/gauges.ts";
import {
  KEEPER_CALLED,
  KEEPER_ENDED,
  KEEPER_GAVE_BACK,
  KEEPER_STARTED,
} from "../../src/state/journal.ts";
import * as settings from "../../src/state/settings.ts";
import {
  type KeeperRig,
  RESERVE_KB,
  SILENCE_MS,
  sleep,
  until,
  withKeeper,
} from "./keeper_rig.ts";

/** What a late guard is given before anything is done (ffi/keeper.c), ms. */
const GRACE_MS = 20;
const SHORT_KB = RESERVE_KB - 1;
// fcntl(2); a lease keeps others from opening the file, for exec(2) too.
const O_RDWR_CLOEXEC = 0o2000002;
const F_SETLEASE = 1024;
const F_WRLCK = 1;

function test(
  name: string,
  play: (rig: KeeperRig) => Promise<void>,
  ignore = false,
): void {
  Deno.test({ name: `keeper: ${name}`, ignore, fn: () => withKeeper(play) });
}

/** Waits until it stands. */
function stands(rig: KeeperRig): Promise<void> {
  const up = () => (rig.gauge(gauges.G_KEEPER_SELF) & gauges.SELF_KEEPER) !== 0;
  return until("a keeper", up);
}

test("a late guard first has a moment to run", async (rig) => {
  rig.guard();
  rig.memory(SHORT_KB);
  rig.beat(0);
  rig.start([]);
  await until("an act", () => rig.acts().length > 0);
  const { value } = rig.acts()[0]!;
  assert.ok(value >= SILENCE_MS + GRACE_MS, `after ${value} ms`);
});

test("and another before it is ended", async (rig) => {
  rig.guard();
  rig.beat(0);
  // Between two looks, which are SILENCE_MS apart and begin with the first.
  const hungMs = 2 * SILENCE_MS + SILENCE_MS / 10;
  rig.start([`hung=${hungMs}`]);
  assert.equal(await rig.guardEnd(), "SIGKILL");
  const { how, value } = rig.acts()[0]!;
  assert.equal(how, KEEPER_ENDED);
  const leastMs = SILENCE_MS + hungMs + GRACE_MS;
  assert.ok(value >= leastMs, `after ${value} ms`);
});

test("a guard that does not die is kept memory for", async (rig) => {
  rig.guard();
  rig.disarm();
  rig.set(settings.SET_KEEPER_MS, 20);
  rig.memory(SHORT_KB);
  rig.start([]);
  await until("its end", () => rig.count(KEEPER_ENDED) === 1);
  const calls = rig.count(KEEPER_CALLED);
  await until("more", () => rig.count(KEEPER_CALLED) >= calls + 2);
  assert.equal(rig.count(KEEPER_ENDED), 1);
}, Deno.uid() !== 0);

test("a guard that stopped and is slow to go is let go", async (rig) => {
  rig.guard();
  rig.memory(SHORT_KB);
  rig.setGauge(gauges.G_STATE, gauges.STATE_STOPPED);
  rig.start([]);
  assert.equal((await rig.end()).code, 0);
  assert.deepEqual(rig.acts(), []);
});

test("a torn record has no number", async (rig) => {
  rig.tear(1_000_000);
  for (const serial of [1, 2]) {
    rig.guard();
    rig.start([]);
    await stands(rig);
    await rig.endGuard();
    const done = () => rig.count(KEEPER_GAVE_BACK) === serial;
    if (serial === 2) await until("an act", done);
    else await until("an act", () => rig.text("give") === "given");
    Deno.kill(rig.pid, "SIGTERM");
    await rig.end();
    rig.write("give", "kept");
    const last = rig.acts().filter(({ how }) => how === KEEPER_GAVE_BACK);
    assert.ok(last.some((act) => act.serial === serial), `${serial}`);
  }
});

test("whoever guards next is found in a new file", async (rig) => {
  rig.guard();
  rig.start(["init=1"]);
  await stands(rig);
  rig.write("new", `${Deno.pid} 7\n`);
  Deno.renameSync(rig.path("new"), rig.path("named"));
  await rig.endGuard();
  assert.equal((await rig.end()).code, 0);
});

test("whoever guards next may have the same pid", async (rig) => {
  const named = `${rig.guard()} 7\n`;
  rig.write("named", named);
  // Not its parent: to it, somebody else has the pid by now.
  rig.start(["init=1", "child=1"]);
  await until("an act", () => rig.count(KEEPER_GAVE_BACK) === 1);
  await sleep(100);
  assert.match(Deno.readTextFileSync(`/proc/${rig.pid}/stat`), /\) S /);
  rig.write("named", named);
  assert.equal((await rig.end()).code, 0);
});

test("where nobody tells of the next guard it ends", async (rig) => {
  rig.guard();
  rig.memory(SHORT_KB);
  rig.beat(60_000);
  rig.start(["init=1", "named=none"]);
  await stands(rig);
  await rig.endGuard();
  assert.equal((await rig.end()).code, 0);
  assert.equal(rig.count(KEEPER_CALLED), 1);
});

test("it keeps memory while a program does not start", async (rig) => {
  const libc = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  // The kernel tells the lease's holder that somebody waits.
  const told = () => {};
  Deno.addSignalListener("SIGIO", told);
  const path = rig.path("again");
  Deno.copyFileSync("/bin/sh", path);
  const fd = libc.symbols.open(
    new TextEncoder().encode(`${path}\0`),
    O_RDWR_CLOEXEC,
  );
  try {
    assert.equal(libc.symbols.fcntl(fd, F_SETLEASE, F_WRLCK), 0);
    rig.guard();
    rig.set(settings.SET_RESTART, settings.RESTART_ALWAYS);
    rig.memory(SHORT_KB);
    rig.beat(60_000);
    rig.start(["exe=/bin/sh", `path=${path}`], ["sh", "-c", "exit 0"]);
    await stands(rig);
    await rig.endGuard();
    await until("a start", () => rig.count(KEEPER_STARTED) === 1);
    const calls = rig.count(KEEPER_CALLED);
    await until("calls", () => rig.count(KEEPER_CALLED) >= calls + 2);
  } finally {
    libc.symbols.close(fd);
    libc.close();
    Deno.removeSignalListener("SIGIO", told);
  }
  assert.equal((await rig.end()).code, 0);
});

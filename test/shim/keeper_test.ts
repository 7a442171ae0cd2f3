// The keeper as a program, every branch of it, among fake files: what it does
// while the guard beats, is silent, is dead, stops, and comes again. And what
// the guard tells it of.

import assert from "node:assert/strict";
import { isInits, parseHandOver } from "../../src/shim/keeper.ts";
import * as gauges from "../../src/state/gauges.ts";
import {
  KEEPER_CALLED,
  KEEPER_ENDED,
  KEEPER_GAVE_BACK,
  KEEPER_STARTED,
} from "../../src/state/journal.ts";
import * as layout from "../../src/state/layout.ts";
import * as settings from "../../src/state/settings.ts";
import {
  type KeeperRig,
  RESERVE_KB,
  SILENCE_MS,
  sleep,
  until,
  withKeeper,
} from "./keeper_rig.ts";

/** House rule: the keeper's own memory, kB. */
const RESIDENT_KB_MAX = 1_024;
/** Time between two calls of the kernel's killer, ms (ffi/keeper.c). */
const CALL_MS = 500;
/** Starts at once, before it takes its time. */
const STARTS_AT_ONCE = 5;

const SHORT_KB = RESERVE_KB - 1;

function test(name: string, play: (rig: KeeperRig) => Promise<void>): void {
  Deno.test(`keeper: ${name}`, () => withKeeper(play));
}

/** Waits until it stands. */
function stands(rig: KeeperRig): Promise<void> {
  const up = () => (rig.gauge(gauges.G_KEEPER_SELF) & gauges.SELF_KEEPER) !== 0;
  return until("a keeper", up);
}

Deno.test("keeper: the numbers in C are those of the arena", () => {
  const ours: Record<string, unknown> = { ...layout, ...settings, ...gauges };
  const header = new URL("../../ffi/keeper.h", import.meta.url);
  const stated = [
    ...Deno.readTextFileSync(header).matchAll(/\b([A-Z][A-Z_]+) = (\d+)/g),
  ];
  assert.ok(stated.length > 20);
  for (const [, name, value] of stated) {
    assert.equal(ours[name!], Number(value), name);
  }
});

test("wrong words end it with 2 and a line", async (rig) => {
  rig.guard();
  rig.write("short", "short");
  const refused = async (named: RegExp, ...words: string[]) => {
    rig.start(words);
    const { code, said } = await rig.end();
    assert.equal(code, 2, words.join(" "));
    assert.match(said, /^keeper: a word is wrong or missing: .*\n$/);
    assert.match(said, named);
  };
  await refused(/ guard\n/, "guard=0");
  await refused(/ guard\n/, "guard=-5");
  // Nobody has more than the kernel's most, 2^22.
  await refused(/ guard\n/, "guard=99999999");
  await refused(/ what=1\n/, "what=1");
  await refused(/ arena\n/, "arena=none");
  await refused(/ arena\n/, `arena=${rig.path("missing")}`);
  await refused(/ arena\n/, `arena=${rig.path("short")}`);
  await refused(/ settings\n/, "settings=8");
  await refused(/ gauges\n/, "gauges=8");
  await refused(/ give=nothing\n/, "give=nothing");
  rig.run([`guard=1`]);
  assert.match((await rig.end()).said, / --\n$/);
});

test("it is tiny, and says what it has", async (rig) => {
  rig.guard();
  rig.beat(60_000);
  rig.start([]);
  await stands(rig);
  const status = Deno.readTextFileSync(`/proc/${rig.pid}/status`);
  const kb = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  assert.match(status, /^Name:\toomguard-keeper\n/);
  assert.ok(kb("VmRSS") < RESIDENT_KB_MAX, `${kb("VmRSS")} kB resident`);
  const said = rig.gauge(gauges.G_KEEPER_SELF);
  assert.equal((said & gauges.SELF_LOCKED) !== 0, kb("VmLck") > 0);
  assert.ok((said & gauges.SELF_ARMED) !== 0);
  const ignored = BigInt(`0x${/^SigIgn:\t(\w+)$/m.exec(status)![1]}`);
  assert.equal(ignored & 3n, 3n, "SIGHUP and SIGINT");
});

test("a guard that beats costs it no wakeup", async (rig) => {
  rig.guard();
  rig.beat(60_000);
  rig.start([]);
  await stands(rig);
  rig.memory(SHORT_KB);
  const slept = () =>
    /^voluntary_ctxt_switches:\t(\d+)$/m.exec(
      Deno.readTextFileSync(`/proc/${rig.pid}/status`),
    )![1];
  await sleep(50);
  const before = slept();
  await sleep(1_000);
  assert.equal(slept(), before);
  assert.deepEqual(rig.acts(), []);
});

test("silent, memory short: the kernel's killer, again and again", async (rig) => {
  rig.guard();
  rig.set(settings.SET_KEEPER_MS, 1_000);
  rig.setGauge(gauges.G_NEXT_PID, 4_242);
  rig.beat(0);
  rig.start([]);
  await stands(rig);
  rig.memory(SHORT_KB);
  await until("a call", () => rig.count(KEEPER_CALLED) > 0);
  assert.equal(rig.text("sysrq"), "f");
  assert.equal(rig.text("give"), "given");
  const [back, call] = rig.acts();
  assert.equal(back!.how, KEEPER_GAVE_BACK);
  assert.equal(call!.pid, 4_242);
  assert.ok(call!.value >= 1_000, `after ${call!.value} ms`);
  const from = performance.now();
  await until("two more", () => rig.count(KEEPER_CALLED) >= 3);
  assert.ok(performance.now() - from > CALL_MS, "not oftener than told");
  // It beats again, or there is memory: either ends it.
  rig.beat(60_000);
  await sleep(CALL_MS);
  const calls = rig.count(KEEPER_CALLED);
  await sleep(2 * CALL_MS);
  assert.equal(rig.count(KEEPER_CALLED), calls);
});

test("silent with memory to spare: nobody is hurt", async (rig) => {
  rig.guard();
  rig.start([]);
  await stands(rig);
  await sleep(10 * SILENCE_MS + CALL_MS);
  assert.deepEqual(rig.acts(), []);
  assert.equal(rig.text("sysrq"), "-");
  assert.equal(rig.text("give"), "kept");
});

test("a dry run and a group never call the kernel", async (rig) => {
  rig.guard();
  rig.set(settings.SET_DRY_RUN, 1);
  rig.memory(SHORT_KB);
  rig.start([]);
  await until("what was held given back", () => rig.text("give") === "given");
  await rig.guardEnd();
  assert.equal((await rig.end()).code, 0);
  assert.equal(rig.text("sysrq"), "-");
  assert.equal(rig.count(KEEPER_CALLED), 0);
  rig.set(settings.SET_DRY_RUN, 0);
  rig.guard();
  rig.write("usage", `${2_000 * 1024}\n`);
  rig.write("limit", `${2_999 * 1024}\n`);
  const group = ["usage", "limit"].map((name) => `${name}=${rig.path(name)}`);
  rig.start(["meminfo=none", "sysrq=none", ...group]);
  assert.equal(await rig.guardEnd(), "SIGKILL");
  assert.equal((await rig.end()).code, 0);
  assert.equal(rig.count(KEEPER_CALLED), 0);
  assert.equal(rig.count(KEEPER_ENDED), 2);
});

test("a group is short by its limit, if it has one", async (rig) => {
  rig.guard();
  rig.write("usage", `${2_000 * 1024}\n`);
  rig.write("limit", "max\n");
  const group = ["usage", "limit"].map((name) => `${name}=${rig.path(name)}`);
  rig.start(["meminfo=none", "sysrq=none", ...group]);
  await stands(rig);
  await sleep(10 * SILENCE_MS + CALL_MS);
  assert.equal(rig.text("give"), "kept");
  rig.write("limit", `${2_999 * 1024}\n`);
  await until("a gift", () => rig.text("give") === "given");
});

test("silent ten times as long, memory short: it is killed", async (rig) => {
  const pid = rig.guard();
  rig.memory(SHORT_KB);
  rig.start(["sysrq=none"]);
  assert.equal(await rig.guardEnd(), "SIGKILL");
  assert.equal((await rig.end()).code, 0);
  const ended = rig.acts().find(({ how }) => how === KEEPER_ENDED)!;
  assert.equal(ended.pid, pid);
  assert.ok(ended.value >= 10 * SILENCE_MS, `after ${ended.value} ms`);
});

test("one stopped in calm time lives long, not for ever", async (rig) => {
  rig.guard();
  rig.start(["hung=1500"]);
  await stands(rig);
  await sleep(1_000);
  assert.deepEqual(rig.acts(), []);
  assert.equal(await rig.guardEnd(), "SIGKILL");
  assert.equal(rig.count(KEEPER_ENDED), 1);
});

test("one that never beats is silent from the start", async (rig) => {
  rig.guard();
  rig.set(settings.SET_KEEPER_MS, 60_000);
  rig.memory(SHORT_KB);
  rig.promise(-1_000_000);
  rig.start([]);
  await stands(rig);
  await sleep(100);
  assert.deepEqual(rig.acts(), []);
});

test("a clean stop is the end of both", async (rig) => {
  rig.guard();
  rig.set(settings.SET_RESTART, settings.RESTART_ALWAYS);
  rig.beat(60_000);
  rig.start(["exe=/bin/sh"], ["sh", "-c", "echo again >again"]);
  await stands(rig);
  rig.setGauge(gauges.G_STATE, gauges.STATE_STOPPED);
  await rig.endGuard();
  assert.equal((await rig.end()).code, 0);
  assert.deepEqual(rig.acts(), []);
  assert.equal(rig.text("again"), "");
  assert.equal(rig.text("give"), "kept");
});

test("switched off by a reload, it goes", async (rig) => {
  rig.guard();
  rig.start([]);
  await stands(rig);
  rig.set(settings.SET_KEEPER, 0);
  assert.equal((await rig.end()).code, 0);
});

/** A shell as the guard that is started again: it says what it got. */
const AGAIN =
  'exec 2>/dev/null; echo "$@" $FROM >>args; cp "/proc/$$/status" status;' +
  " echo $OOMGUARD_RESTARTED >words; ";
/** ... and takes over: the first word is where to say so. */
const TAKES_OVER = AGAIN + "set -- $OOMGUARD_RESTARTED;" +
  ' eval "echo k >&$1"; sleep 60 & echo $! >sleeper; wait';

test("a dead guard is started again as it was", async (rig) => {
  rig.guard();
  rig.set(settings.SET_RESTART, settings.RESTART_AUTO);
  rig.beat(60_000);
  rig.start(
    ["exe=/bin/bash", "path=/nowhere"],
    ["bash", "-c", TAKES_OVER, "bash", "one", "", "two  words"],
  );
  await stands(rig);
  const from = performance.now();
  await rig.endGuard();
  assert.equal((await rig.end()).code, 0);
  assert.ok(performance.now() - from < 2_000);
  Deno.kill(Number(rig.text("sleeper")), "SIGKILL");
  assert.equal(rig.text("args"), "one  two  words the guard\n");
  // Nothing that the keeper has for itself is left to it.
  assert.match(rig.text("status"), /^SigIgn:\t\w+[048c]$/m);
  assert.match(rig.text("words"), /^\d+ 1 \d+ 0 0 0 0\n$/);
  assert.equal(rig.text("give"), "given");
  const acts = rig.acts().map(({ how }) => how);
  assert.deepEqual(acts, [KEEPER_GAVE_BACK, KEEPER_STARTED]);
});

test("where nobody starts it again, the machine stays kept", async (rig) => {
  rig.guard();
  rig.set(settings.SET_RESTART, settings.RESTART_AUTO);
  rig.beat(60_000);
  const holder = new Deno.Command("sleep", { args: ["60"] }).spawn();
  try {
    rig.start(["init=1", "exe=/bin/sh"], ["sh", "-c", "echo again >again"]);
    await stands(rig);
    await rig.endGuard();
    rig.memory(SHORT_KB);
    await until("two calls", () => rig.count(KEEPER_CALLED) >= 2);
    rig.memory(RESERVE_KB);
    rig.write("named", `${holder.pid} 7\n`);
    assert.equal((await rig.end()).code, 0);
    assert.equal(rig.text("again"), "");
  } finally {
    holder.kill("SIGKILL");
    await holder.status;
  }
});

test("memory short at its death: first the kernel's killer", async (rig) => {
  rig.guard();
  rig.set(settings.SET_RESTART, settings.RESTART_ALWAYS);
  rig.beat(60_000);
  rig.memory(SHORT_KB);
  rig.start(["exe=/bin/sh"], ["sh", "-c", "exit 0"]);
  await stands(rig);
  await rig.endGuard();
  assert.equal((await rig.end()).code, 0);
  const acts = rig.acts().map(({ how }) => how).filter((how) =>
    how !== KEEPER_GAVE_BACK
  );
  // Memory did not come back: it is started all the same, after a while.
  assert.equal(acts[0], KEEPER_CALLED);
  assert.ok(acts.includes(KEEPER_STARTED));
});

test("one that ends at once is started five times, then slowly", async (rig) => {
  rig.guard();
  rig.set(settings.SET_RESTART, settings.RESTART_ALWAYS);
  rig.start(["exe=/bin/sh"], ["sh", "-c", "exit 1"]);
  await stands(rig);
  await rig.endGuard();
  await until("starts", () => rig.count(KEEPER_STARTED) === STARTS_AT_ONCE);
  await sleep(1_500);
  assert.equal(rig.count(KEEPER_STARTED), STARTS_AT_ONCE);
});

test("how often it was started is handed on", async (rig) => {
  rig.guard();
  rig.set(settings.SET_RESTART, settings.RESTART_ALWAYS);
  const uptimeMs = Number(
    Deno.readTextFileSync("/proc/uptime").split(" ")[0],
  ) * 1_000;
  const starts = [0, 1, 2, 3, 4].map((ago) => Math.round(uptimeMs) - ago);
  rig.start(
    [`starts=77 ${starts.join(" ")}`, "exe=/bin/sh"],
    ["sh", "-c", "exit 1"],
  );
  await stands(rig);
  await rig.endGuard();
  await sleep(1_500);
  assert.equal(rig.count(KEEPER_STARTED), 0);
});

test("another guard, or a clean end, is the end of it", async (rig) => {
  rig.set(settings.SET_RESTART, settings.RESTART_ALWAYS);
  for (const code of [0, 4]) {
    rig.guard();
    rig.start(["exe=/bin/sh"], ["sh", "-c", `exit ${code}`]);
    await stands(rig);
    await rig.endGuard();
    assert.equal((await rig.end()).code, 0);
  }
  assert.equal(rig.count(KEEPER_STARTED), 2);
});

test("one that hangs in its start is started again", async (rig) => {
  rig.guard();
  rig.set(settings.SET_RESTART, settings.RESTART_ALWAYS);
  rig.start(
    ["exe=/bin/sh", "hung=300"],
    ["sh", "-c", "test -e once && exit 0; echo >once; exec sleep 60"],
  );
  await stands(rig);
  await rig.endGuard();
  assert.equal((await rig.end()).code, 0);
  assert.equal(rig.count(KEEPER_STARTED), 2);
});

test("a parent that has ended is no guard, whoever has its pid", async (rig) => {
  const pid = rig.guard();
  rig.start(["child=1", "sysrq=none"]);
  assert.equal((await rig.end()).code, 0);
  assert.equal(rig.text("give"), "given");
  assert.deepEqual(rig.acts().map(({ how }) => how), [KEEPER_GAVE_BACK]);
  assert.equal(rig.acts()[0]!.pid, pid);
});

test("SIGTERM ends it, SIGHUP and SIGINT do not", async (rig) => {
  rig.guard();
  rig.beat(60_000);
  rig.start([]);
  await stands(rig);
  for (const signal of ["SIGHUP", "SIGINT"] as const) {
    Deno.kill(rig.pid, signal);
  }
  await sleep(50);
  assert.match(Deno.readTextFileSync(`/proc/${rig.pid}/stat`), /\) S /);
  Deno.kill(rig.pid, "SIGTERM");
  assert.equal((await rig.end()).code, 143);
});

Deno.test("keeper: what an earlier one handed over", () => {
  const rows: [text: string | undefined, count: number | null][] = [
    [undefined, null],
    ["", null],
    ["7 1 2 3 4 5", null],
    ["-1 1 2 3 4 5 6", null],
    ["7 x 2 3 4 5 6", null],
    ["7 9999999999 2 3 4 5 6", null],
    ["7 3 35568300 0 0 0 0", 3],
  ];
  for (const [text, count] of rows) {
    assert.equal(parseHandOver(text)?.count ?? null, count, text);
  }
  assert.equal(parseHandOver("7 3 9 0 0 0 0")!.starts, "3 9 0 0 0 0");
});

Deno.test("keeper: whom init starts again", () => {
  const stat = (parent: number, session: number) =>
    `77 (a) S 1 7) S ${parent} 77 ${session} 0 -1`;
  const rows: [env: Record<string, string>, stat: string, inits: boolean][] = [
    [{}, stat(1, 77), true],
    // Left behind by the script that started it.
    [{}, stat(1, 60), false],
    [{}, stat(60, 77), false],
    [{ ANDROID_SOCKET_lmkd: "9" }, stat(60, 60), true],
    [{ NOTIFY_SOCKET: "/run/n" }, stat(60, 60), true],
    [{ LISTEN_PID: "77" }, stat(60, 60), true],
    [{ LISTEN_PID: "76" }, stat(60, 60), false],
    [{ SYSTEMD_EXEC_PID: "77" }, stat(60, 60), true],
    [{ SYSTEMD_EXEC_PID: "1" }, stat(60, 60), false],
  ];
  for (const [env, text, inits] of rows) {
    assert.equal(isInits((name) => env[name], text, 77), inits, text);
  }
});

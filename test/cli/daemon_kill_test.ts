// The daemon kills for real: in a memory group of version 1 or 2 made for this
// test, one app takes more and more memory and another, less important, dies
// for it. What subscribers are told is held against what /proc showed before.

import assert from "node:assert/strict";
import { DrillGroup } from "../../src/cli/drill_group.ts";
import {
  LMK_GETKILLCNT,
  LMK_PROCKILL,
  LMK_PROCPRIO,
  LMK_SUBSCRIBE,
  SUBSCRIBE_KILL,
  SUBSCRIBE_STAT,
  wordAt,
} from "../../src/wire/lmkd.ts";
import { readStat } from "../daemon/messages.ts";
import { App, groups } from "./live/app.ts";
import { Daemon, until, withDir } from "./live/daemon.ts";
import { compile } from "./live/native.ts";
import { Peer } from "./live/peer.ts";

const LIMIT_KB = 131_072;
/** The one that is to die holds this; it does not change any more. */
const IDLE_KB = 49_152;
/** The one that grows, per second: five seconds until the limit. */
const GROW_KB_PER_S = 16_384;
const IDLE_ADJ = 955;
const GROWING_ADJ = 701;
const UID = 10_123;

/** As which clients are told that memory is about to end (AOSP statslog.h,
 * LOW_MEM). */
const LOW_MEM = 8;

/** Somebody has died by then, or nobody will, ms. */
const DEATH_MS_MAX = 60_000;

const real = await groups(LIMIT_KB);

/** Figures of a process as /proc shows them. */
function figuresOf(pid: number) {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kb = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  return {
    // Fields 10, 12 and 22 of proc(5); the third is the first after the name.
    minorFaults: BigInt(fields[7]!),
    majorFaults: BigInt(fields[9]!),
    startNs: BigInt(fields[19]!) * 10_000_000n,
    rssKb: kb("VmRSS"),
    swapKb: kb("VmSwap"),
  };
}

/** What a test of a kill has. */
interface Stage {
  readonly daemon: Daemon;
  readonly group: DrillGroup;
  readonly idle: App;
  readonly growing: App;
  readonly peer: Peer;
}

/** Waits until the idle one is killed; says so when the other is, or nobody. */
async function idleKilled({ idle, growing }: Stage): Promise<void> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve("nobody died"), DEATH_MS_MAX);
  try {
    const first = await Promise.race([
      idle.ended(),
      growing.ended().then(() => "the wrong one died"),
      late.promise,
    ]);
    assert.equal(first, "SIGKILL");
  } finally {
    clearTimeout(timer);
  }
}

/** The play: what was known of the victim, and what the subscriber was told, in
 * this order. */
async function play(stage: Stage) {
  const { daemon, idle, growing, peer } = stage;
  peer.send(LMK_SUBSCRIBE, SUBSCRIBE_KILL);
  peer.send(LMK_SUBSCRIBE, SUBSCRIBE_STAT);
  peer.send(LMK_PROCPRIO, idle.pid, UID, IDLE_ADJ, 0);
  peer.send(LMK_PROCPRIO, growing.pid, UID, GROWING_ADJ, 0);
  await peer.barrier();
  await daemon.shows("killable", 2);
  const before = figuresOf(idle.pid);
  await growing.tell();
  await idleKilled(stage);
  await growing.kill();
  const stat = await peer.receive();
  const kill = await peer.receive();
  return { before, stat, kill };
}

/** Runs `act` once both apps hold their memory and then the guard is armed: it
 * has not seen them take it. */
async function withStage(
  compat: string,
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  await withDir(async (dir) => {
    const program = await compile(dir, "app");
    const group = DrillGroup.make(`oomguard-live-${Deno.pid}`, LIMIT_KB);
    const idle = new App(program, IDLE_KB, 0);
    const growing = new App(program, 1024, GROW_KB_PER_S);
    const args = [
      ...["--group", group.dir, "--set", "victims.discover=false"],
      ...["--set", "log.level=debug", "--set", `compat=${compat}`],
    ];
    let daemon: Daemon | null = null;
    let peer: Peer | null = null;
    try {
      for (const app of [idle, growing]) {
        group.admit(app.pid);
        await app.tell();
        await app.ready();
      }
      daemon = new Daemon(dir, { dryRun: false, args });
      await daemon.ready();
      peer = new Peer(daemon.socket);
      await act({ daemon, group, idle, growing, peer });
    } catch (error) {
      console.error(daemon?.log);
      throw error;
    } finally {
      peer?.close();
      await idle.kill();
      await growing.kill();
      await daemon?.kill();
      assert.deepEqual(await group.remove(), []);
    }
  });
}

/** A test that needs a memory group; where there is none it is not counted. */
function testReal(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: name + real.because, ignore: real.ignore, fn });
}

testReal("a real kill: subscribers are told what /proc showed", async () => {
  await withStage("16", async (stage) => {
    const { before, stat, kill } = await play(stage);
    const { daemon, group, peer } = stage;
    const { pid } = stage.idle;
    const told = readStat(stat);
    // Read at most a moment before the signal, and it did nothing any more.
    assert.equal(told.minorFaults, before.minorFaults);
    assert.equal(told.majorFaults, before.majorFaults);
    assert.equal(told.startNs, before.startNs);
    assert.equal(told.rssBytes, BigInt(before.rssKb) * 1024n);
    assert.equal(told.swapBytes, BigInt(before.swapKb) * 1024n);
    assert.equal(told.cacheBytes, 0n);
    assert.equal(told.uid, UID);
    assert.equal(told.adj, IDLE_ADJ);
    assert.ok(told.floorAdj >= 0 && told.floorAdj <= IDLE_ADJ);
    assert.ok(told.freeKb >= 0 && told.freeKb < LIMIT_KB / 2);
    assert.equal(told.reason, LOW_MEM);
    assert.match(told.name, /(^|\/)app$/);
    assert.equal(kill.length, 16);
    assert.equal(wordAt(kill, 0), LMK_PROCKILL);
    assert.equal(wordAt(kill, 4), pid);
    assert.equal(wordAt(kill, 8), UID);
    assert.equal(wordAt(kill, 12), before.rssKb);
    // Once each, and the count is of that adj.
    const ask = (low: number, high: number) =>
      peer.ask(LMK_GETKILLCNT, low, high);
    assert.deepEqual(await ask(IDLE_ADJ, IDLE_ADJ), [LMK_GETKILLCNT, 1]);
    assert.deepEqual(await ask(0, IDLE_ADJ - 1), [LMK_GETKILLCNT, 0]);
    assert.equal(peer.take(), null);
    // On a busy machine it may have given its memory back by itself before.
    const reaped = new RegExp(
      `Process ${pid} was reaped in \\d+ms\n|` +
        `process_mrelease ${pid} failed: No such process\n`,
    );
    await until("the reap line", () => reaped.test(daemon.log) || undefined);
    const line = new RegExp(
      `Kill '\\S*app' \\(${pid}\\), uid ${UID}, oom_score_adj ${IDLE_ADJ} ` +
        `to free ${before.rssKb}kB rss, ${before.swapKb}kB swap; reason: `,
    );
    assert.match(daemon.log, line);
    assert.equal(group.kernelOomKills() ?? 0, 0);
    assert.equal(daemon.field("refused"), 0);
  });
});

testReal("a real kill for a framework of 14: no memory in KILL", async () => {
  await withStage("14", async (stage) => {
    const { stat, kill } = await play(stage);
    const { daemon, idle, peer } = stage;
    // 14 does not know LOW_MEM yet.
    assert.equal(readStat(stat).reason, -1);
    assert.equal(kill.length, 12);
    assert.equal(wordAt(kill, 4), idle.pid);
    assert.equal(wordAt(kill, 8), UID);
    assert.equal(peer.take(), null);
    await daemon.shows("kills", 1);
    assert.equal(daemon.field("overdue"), 0);
  });
});

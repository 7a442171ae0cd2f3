// A guard of a memory group is killed at random points of its work, and amid
// kills, again and again: its keeper has another ready soon, which finds the
// processes again, reads the journal, and signals nobody twice. Ten times in
// every run; 200 times, with the packed program, by `deno task soak`.

import assert from "node:assert/strict";
import { findGuard } from "../../src/cli/peek.ts";
import { killsOf, parseJournal, tornOf } from "../../src/report/journal.ts";
import { G_TURNS, G_VICTIMS } from "../../src/state/gauges.ts";
import { AT_GAUGES } from "../../src/state/layout.ts";
import { Daemon, sleep, until, withDir } from "../cli/live/daemon.ts";
import { compile } from "../cli/live/native.ts";
import { endGuards, guardsOf, makeGroup, real } from "./group.ts";
import { App } from "../cli/live/app.ts";

/** "full", or "packed": as few times as always, but the packed program. */
const SOAK = Deno.env.get("OOMGUARD_SOAK");
const FULL = SOAK === "full";
/** Beyond five starts within a minute the keeper takes its time: after five the
 * guard is stopped, and started anew. */
const ROUNDS_PER_GUARD = 5;
const GUARDS = FULL ? 40 : 2;
const PACKED = new URL("../../dist/oomguard", import.meta.url).pathname;

const LIMIT_KB = 98_304;
/** Apps that stand by, each of this size. */
const IDLE_COUNT = 2;
const IDLE_KB = 8_192;
const GROW_KB_PER_S = 65_536;
/** The guard dies this long after it was ready, at most, ms: a growing app
 * takes about as long from its start to its end. */
const CYCLE_MS = 1_500;
/** ... or, every other time, this long after a kill, ms. */
const AFTER_KILL_MS = 30;
/** The aim, SIGKILL to ready; asserted where nothing else runs, ms. */
const READY_MS_MAX = 500;

/** Numbers that repeat: a failure can be played again. */
function prng(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state, 1_103_515_245) + 12_345 | 0;
    return (state >>> 8) / 0x1_00_00_00;
  };
}

/** One gauge of a running guard, read from its arena. */
function gaugeOf(dir: string, index: number): { pid: number; value: number } {
  const { pid, arenaFd } = findGuard(dir);
  using file = Deno.openSync(`/proc/${pid}/fd/${arenaFd}`);
  file.seekSync(AT_GAUGES + index * 4, Deno.SeekMode.Start);
  const word = new Int32Array(1);
  file.readSync(new Uint8Array(word.buffer));
  return { pid, value: word[0]! };
}

/** Waits, without delay, until a guard other than `not` had its first turn. */
async function nextGuard(dir: string, not: number): Promise<number> {
  const found = await until("another guard", () => {
    try {
      const { pid, value } = gaugeOf(dir, G_TURNS);
      return pid !== not && value > 0 ? pid : undefined;
    } catch {
      return undefined;
    }
  });
  return found;
}

function journalOf(dir: string): Int32Array {
  return parseJournal(Deno.readFileSync(`${dir}/journal`), "journal");
}

/** All that lives in the group; whoever grows is replaced when it died. */
class Cast {
  readonly pids = new Set<number>();
  readonly #idle = new Set<App>();
  #growing: App | null = null;
  #on = true;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    readonly program: string,
    readonly admit: (pid: number) => void,
  ) {}

  async start(): Promise<void> {
    await this.refill();
    this.#loop = this.#grow();
  }

  /** Those who stand by and live. */
  get standing(): number {
    return this.#idle.size;
  }

  /** Some of them may have died for another: as many as there were. */
  async refill(): Promise<void> {
    while (this.standing < IDLE_COUNT) {
      const app = await this.#app(IDLE_KB, 0);
      this.#idle.add(app);
      app.ended().then(() => this.#idle.delete(app));
    }
  }

  async #app(takeKb: number, growKbPerS: number): Promise<App> {
    const app = new App(this.program, takeKb, growKbPerS);
    this.pids.add(app.pid);
    this.admit(app.pid);
    await app.tell();
    await app.ready();
    return app;
  }

  async #grow(): Promise<void> {
    while (this.#on) {
      try {
        this.#growing = await this.#app(1_024, GROW_KB_PER_S);
        await this.#growing.tell();
        await this.#growing.ended();
        await this.#growing.kill();
      } catch {
        // It died while it was being told: another takes its place.
        await this.#growing?.kill();
      }
    }
  }

  async end(): Promise<void> {
    this.#on = false;
    for (const app of this.#idle) await app.kill();
    await this.#growing?.kill();
    await this.#loop;
  }
}

/** What a test of it has. */
interface Stage {
  readonly dir: string;
  readonly group: string;
  readonly cast: Cast;
  readonly random: () => number;
}

/** Kills the guard at a random moment; how long until another is ready, ms. */
async function round(
  { dir, cast, random }: Stage,
  pid: number,
  amid: boolean,
): Promise<{ pid: number; readyMs: number }> {
  if (amid) {
    const before = killsOf(journalOf(dir)).length;
    await until(
      "a kill",
      () => killsOf(journalOf(dir)).length > before || undefined,
    );
    await sleep(random() * AFTER_KILL_MS);
  } else {
    await sleep(random() * CYCLE_MS);
  }
  const from = performance.now();
  Deno.kill(pid, "SIGKILL");
  const next = await nextGuard(dir, pid);
  const readyMs = performance.now() - from;
  await until(
    "its victims",
    () => gaugeOf(dir, G_VICTIMS).value >= cast.standing || undefined,
  );
  return { pid: next, readyMs };
}

/** One guard's life of several deaths. */
async function life(stage: Stage, times: number[]): Promise<void> {
  const { dir, cast, group } = stage;
  const args = ["--group", group, "--set", "self.restart=always"];
  const daemon = new Daemon(dir, {
    dryRun: false,
    args,
    ...SOAK === undefined ? {} : { packed: PACKED },
  });
  let pid = daemon.pid;
  try {
    await daemon.ready();
    for (let i = 0; i < ROUNDS_PER_GUARD; i++) {
      await cast.refill();
      const done = await round(stage, pid, i % 2 === 1);
      pid = done.pid;
      times.push(done.readyMs);
    }
    Deno.kill(pid, "SIGTERM");
    await daemon.end();
    assert.match(daemon.log, /oomguard: stopped\n$/);
    const over = () => guardsOf(dir).length === 0 || undefined;
    await until("the keeper's end", over);
  } catch (cause) {
    throw new Error(`With a guard that said:\n${daemon.log}`, { cause });
  } finally {
    await endGuards(dir);
    await daemon.kill();
  }
}

/** What the journal says of all of it. */
function checkJournal(dir: string, pids: ReadonlySet<number>): number {
  const words = journalOf(dir);
  assert.ok(tornOf(words) <= 1, `${tornOf(words)} records are torn`);
  const killed = killsOf(words).map(({ pid }) => pid);
  assert.equal(new Set(killed).size, killed.length, "nobody is killed twice");
  for (const pid of killed) assert.ok(pids.has(pid), `${pid} is no app`);
  return killed.length;
}

Deno.test({
  name: `crash: killed ${GUARDS * ROUNDS_PER_GUARD} times${real.because}`,
  ignore: real.ignore,
  async fn() {
    const seed = Number(Deno.env.get("OOMGUARD_SEED") ?? Date.now() & 0xffff);
    const times: number[] = [];
    await withDir(async (dir) => {
      const group = makeGroup("crash", LIMIT_KB);
      const cast = new Cast(
        await compile(dir, "app"),
        (pid) => group.admit(pid),
      );
      try {
        await cast.start();
        const random = prng(seed);
        for (let i = 0; i < GUARDS; i++) {
          await life({ dir, cast, group: group.dir, random }, times);
        }
      } finally {
        await cast.end();
      }
      const kills = checkJournal(dir, cast.pids);
      assert.ok(kills > 0, "somebody died");
      const byKernel = group.kernelOomKills() ?? 0;
      assert.deepEqual(await group.remove(), []);
      times.sort((a, b) => a - b);
      const at = (share: number) =>
        times[Math.min(Math.floor(times.length * share), times.length - 1)]!
          .toFixed(0);
      console.log(
        `seed ${seed}: ${times.length} guards killed, the next ready after ` +
          `${at(0.5)} ms, p99 ${at(0.99)}, at most ${at(1)}; ${kills} kills, ` +
          `${byKernel} by the kernel`,
      );
      if (FULL) assert.ok(Number(at(0.5)) <= READY_MS_MAX, "half in time");
    });
  },
});

// A guard of a memory group is killed at random points of its work, and amid
// kills, again and again: its keeper has another ready soon, which finds the
// processes again, reads the journal, and signals nobody twice. Ten times in
// every run; 200 times, with the packed program, by `deno task soak`.

import assert from "node:assert/strict";
import { DrillGroup } from "../../src/cli/drill_group.ts";
import { findGuard } from "../../src/cli/peek.ts";
import { killsOf, parseJournal, tornOf } from "../../src/report/journal.ts";
import { G_TURNS, G_VICTIMS } from "../../src/state/gauges.ts";
import { AT_GAUGES } from "../../src/state/layout.ts";
import { App, groups } from "../cli/live/app.ts";
import { Daemon, sleep, until, withDir } from "../cli/live/daemon.ts";
import { compile } from "../cli/live/native.ts";

const FULL = Deno.env.get("OOMGUARD_SOAK") === "full";
/** Beyond five starts within a minute the keeper takes its time: after five the
 * guard is stopped, and started anew. */
const ROUNDS_PER_GUARD = 5;
const GUARDS = FULL ? 40 : 2;
const PACKED = new URL("../../dist/oomguard", import.meta.url).pathname;

const LIMIT_KB = 98_304;
/** Apps that stand by: the least important dies first. */
const IDLE_KB = [8_192, 8_192];
const GROW_KB_PER_S = 65_536;
/** The guard dies this long after it was ready, at most, ms: a growing app
 * takes about as long from its start to its end. */
const CYCLE_MS = 1_500;
/** ... or, every other time, this long after a kill, ms. */
const AFTER_KILL_MS = 30;
/** The aim, SIGKILL to ready; asserted where nothing else runs, ms. */
const READY_MS_MAX = 500;

const real = await groups(LIMIT_KB);

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
  readonly #idle: App[] = [];
  #growing: App | null = null;
  #on = true;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    readonly program: string,
    readonly admit: (pid: number) => void,
  ) {}

  async start(): Promise<void> {
    for (const takeKb of IDLE_KB) {
      this.#idle.push(await this.#app(takeKb, 0));
    }
    this.#loop = this.#grow();
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

/** Kills the guard at a random moment; how long until another is ready, ms. */
async function round(
  dir: string,
  pid: number,
  amid: boolean,
  random: () => number,
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
  await until("its victims", () => {
    return gaugeOf(dir, G_VICTIMS).value >= IDLE_KB.length || undefined;
  });
  return { pid: next, readyMs };
}

/** No keeper of this folder is left. */
function keepersOf(dir: string): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name)
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const text = Deno.readTextFileSync(`/proc/${name}/cmdline`);
        return text.startsWith("oomguard-keeper") && text.includes(dir);
      } catch {
        return false;
      }
    });
}

/** One guard's life of several deaths. */
async function life(
  dir: string,
  group: string,
  random: () => number,
  times: number[],
): Promise<void> {
  const args = ["--group", group, "--set", "self.restart=always"];
  const daemon = new Daemon(dir, {
    dryRun: false,
    args,
    ...FULL ? { packed: PACKED } : {},
  });
  let pid = daemon.pid;
  try {
    await daemon.ready();
    for (let i = 0; i < ROUNDS_PER_GUARD; i++) {
      const done = await round(dir, pid, i % 2 === 1, random);
      pid = done.pid;
      times.push(done.readyMs);
    }
    Deno.kill(pid, "SIGTERM");
    await daemon.end();
    assert.match(daemon.log, /oomguard: stopped\n$/);
    await until(
      "the keeper's end",
      () => keepersOf(dir).length === 0 || undefined,
    );
  } catch (cause) {
    throw new Error(`With a guard that said:\n${daemon.log}`, { cause });
  } finally {
    for (const keeper of keepersOf(dir)) Deno.kill(Number(keeper), "SIGKILL");
    try {
      Deno.kill(findGuard(dir).pid, "SIGKILL");
    } catch {
      // There is none.
    }
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
      const group = DrillGroup.make(`oomguard-crash-${Deno.pid}`, LIMIT_KB);
      const cast = new Cast(
        await compile(dir, "app"),
        (pid) => group.admit(pid),
      );
      try {
        await cast.start();
        const random = prng(seed);
        for (let i = 0; i < GUARDS; i++) {
          await life(dir, group.dir, random, times);
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

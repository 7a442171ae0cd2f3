// The reactor's thread stands still in an emergency, and no other: the watchdog
// thread kills in its place, the right ones, in a real memory group. Once
// released the guard goes on, and tells what was done for it.

import assert from "node:assert/strict";
import { DrillGroup } from "../../src/cli/drill_group.ts";
import {
  historyOf,
  type KillEntry,
  parseJournal,
} from "../../src/report/journal.ts";
import { LMK_PROCPRIO } from "../../src/wire/lmkd.ts";
import { App, Freezer, groups } from "./live/app.ts";
import { Daemon, sleep, until, withDir } from "./live/daemon.ts";
import { compile } from "./live/native.ts";
import { Peer } from "./live/peer.ts";

const LIMIT_KB = 131_072;
const RESERVE_KB = 32_768;
const WATCHDOG_MS = 300;
/** Not reached by those that die: nobody is to be killed by it. */
const NEVER_ADJ = -1000;
const UID = 10_123;
/** Longer than two silences and a death take on a busy machine, ms. */
const NOBODY_MS = 2_500;

const real = await groups(LIMIT_KB);

/** Who is in the group: what each takes, kB, and its oom_score_adj. Together
 * the first three leave the reserve and more. */
const CAST = {
  precious: [4_096, NEVER_ADJ],
  idle: [36_864, 955],
  other: [24_576, 905],
  /** These take their memory when told: then the reserve is broken. */
  hog: [40_960, 701],
  secondHog: [40_960, 701],
} as const;
type Name = keyof typeof CAST;
const EARLY: readonly Name[] = ["precious", "idle", "other"];

/** What a test has. */
interface Stage {
  readonly daemon: Daemon;
  readonly apps: Readonly<Record<Name, App>>;
  readonly peer: Peer;
  /** Stops the reactor's thread, which is the first of its process. */
  freeze(): Promise<Freezer>;
}

/** Runs `act` with a guard that knows all of the cast. */
async function withStage(
  sets: readonly string[],
  dryRun: boolean,
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  await withDir(async (dir) => {
    const program = await compile(dir, "app");
    const freezer = await compile(dir, "freeze");
    const group = DrillGroup.make(`oomguard-silent-${Deno.pid}`, LIMIT_KB);
    const entries = Object.entries(CAST).map(([name, [kb]]) =>
      [name, new App(program, kb, 0)] as const
    );
    const apps = Object.fromEntries(entries) as Record<Name, App>;
    const frozen: Freezer[] = [];
    let daemon: Daemon | null = null;
    let peer: Peer | null = null;
    try {
      for (const [, app] of entries) group.admit(app.pid);
      for (const name of EARLY) {
        await apps[name].tell();
        await apps[name].ready();
      }
      const args = [
        ...["--group", group.dir, "--set", "victims.discover=false"],
        ...["--set", `exhaustion.reserveKb=${RESERVE_KB}`],
        ...["--set", "self.keeper=false", "--set", "log.level=debug"],
        ...sets.flatMap((set) => ["--set", set]),
      ];
      daemon = new Daemon(dir, { dryRun, args });
      await daemon.ready();
      peer = new Peer(daemon.socket);
      for (const [name, app] of entries) {
        peer.send(LMK_PROCPRIO, app.pid, UID, CAST[name as Name][1], 0);
      }
      await peer.barrier();
      await daemon.shows("killable", 4);
      const { pid } = daemon;
      const freeze = async () => {
        const one = new Freezer(freezer, pid);
        frozen.push(one);
        await one.frozen();
        return one;
      };
      await act({ daemon, apps, peer, freeze });
    } catch (cause) {
      throw new Error(`With a daemon that said:\n${daemon?.log}`, { cause });
    } finally {
      for (const one of frozen) await one.release();
      peer?.close();
      for (const [, app] of entries) await app.kill();
      await daemon?.kill();
      assert.deepEqual(await group.remove(), []);
    }
  });
}

/** A test that needs a memory group; where there is none it is not counted. */
function testReal(
  name: string,
  sets: readonly string[],
  act: (stage: Stage) => Promise<void>,
  dryRun = false,
): void {
  Deno.test({
    name: `watchdog: ${name}${real.because}`,
    ignore: real.ignore,
    fn: () => withStage(sets, dryRun, act),
  });
}

function historyIn({ dir }: Daemon) {
  const file = `${dir}/journal`;
  return historyOf(parseJournal(Deno.readFileSync(file), file));
}

/** Takes memory below the reserve, and waits until it has it. */
async function take(app: App): Promise<void> {
  await app.tell();
  await app.ready();
}

/** Who has died so far. */
function dead(apps: Stage["apps"]): Name[] {
  const names = Object.keys(apps) as Name[];
  return names.filter((name) => apps[name].signal !== null);
}

async function death(app: App): Promise<void> {
  await until("a death", () => app.signal ?? undefined);
}

testReal(
  "kills while the reactor stands still, and the guard goes on",
  [`self.watchdogMs=${WATCHDOG_MS}`],
  async ({ daemon, apps, peer, freeze }) => {
    const frozen = await freeze();
    const turns = daemon.field("turns");
    await take(apps.hog);
    await death(apps.idle);
    assert.deepEqual(dead(apps), ["idle"]);
    await sleep(WATCHDOG_MS);
    // Enough is there again: nobody else.
    assert.deepEqual(dead(apps), ["idle"]);
    await take(apps.secondHog);
    await death(apps.other);
    assert.deepEqual(dead(apps), ["idle", "other"]);
    assert.equal(daemon.field("turns"), turns);
    const kills = await until("two deaths in the journal", () => {
      const found = historyIn(daemon).filter(({ by }) => by === "watchdog");
      return (found as KillEntry[]).every(({ deathMs }) => deathMs !== null) &&
          found.length === 2
        ? found as KillEntry[]
        : undefined;
    });
    assert.deepEqual(
      kills.map(({ pid, adj, reason, serial }) => [pid, adj, reason, serial]),
      [
        [apps.idle.pid, 955, "SILENT", 1],
        // The second record is the death of the first.
        [apps.other.pid, 905, "SILENT", 3],
      ],
    );
    for (const kill of kills) {
      assert.match(kill.name, /(^|\/)app$/);
      assert.ok(kill.availableKb < RESERVE_KB);
      assert.ok(kill.signalUs < 100_000, `${kill.signalUs}`);
      assert.ok(Math.abs(Date.parse(kill.time) - Date.now()) < 60_000);
    }
    await frozen.release();
    await daemon.said(`The watchdog killed '`);
    await daemon.said(`(${apps.other.pid})`);
    await daemon.shows("watchdogKills", 2);
    await daemon.shows("kills", 2);
    // It guards on: who registers is known, the dead are forgotten.
    await peer.barrier();
    await daemon.shows("victims", 3);
    assert.deepEqual(dead(apps), ["idle", "other"]);
    const { said } = await daemon.command("kills", "--state", daemon.dir);
    assert.equal(said.match(/by the watchdog, signal after/g)?.length, 2);
  },
);

testReal(
  "off: nobody dies while the reactor stands still",
  ["self.watchdogMs=0"],
  async ({ apps, freeze, daemon }) => {
    const frozen = await freeze();
    await take(apps.hog);
    await sleep(NOBODY_MS);
    assert.deepEqual(dead(apps), []);
    await frozen.release();
    // The guard itself sees to it then.
    await death(apps.idle);
    assert.equal(daemon.field("watchdogKills"), 0);
  },
);

testReal(
  "memory is plentiful: silence alone kills nobody",
  [`self.watchdogMs=${WATCHDOG_MS}`],
  async ({ apps, freeze, daemon }) => {
    const frozen = await freeze();
    await sleep(NOBODY_MS);
    assert.deepEqual(dead(apps), []);
    await frozen.release();
    await daemon.shows("watchdogKills", 0);
  },
);

testReal(
  "a dry run signals nobody",
  [`self.watchdogMs=${WATCHDOG_MS}`],
  async ({ apps, freeze }) => {
    const frozen = await freeze();
    await take(apps.hog);
    await sleep(NOBODY_MS);
    assert.deepEqual(dead(apps), []);
    await frozen.release();
  },
  true,
);

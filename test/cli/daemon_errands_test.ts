// What the daemon is asked for that takes time, over its real socket: the
// properties read anew, boot, monitoring begun late; and what it publishes.

import assert from "node:assert/strict";
import { EXIT_FAILED, EXIT_OK } from "../../src/cli/exits.ts";
import { readIfThere } from "../../src/cli/peek.ts";
import * as g from "../../src/state/gauges.ts";
import { RUNG_AVERAGES } from "../../src/state/rungs.ts";
import {
  SET_KILL_TIMEOUT_MS,
  SET_SWAP_UTIL_MAX_PERCENT,
  SET_TIERS_TOLD,
  STRATEGY_ADAPTIVE,
  STRATEGY_LMKD,
} from "../../src/state/settings.ts";
import {
  LMK_BOOT_COMPLETED,
  LMK_GETKILLCNT,
  LMK_START_MONITORING,
  LMK_TARGET,
  LMK_UPDATE_PROPS,
} from "../../src/wire/lmkd.ts";
import { type Daemon, type Start, until, withDaemon } from "./live/daemon.ts";
import { Peer } from "./live/peer.ts";

/** An answer that does not wait for the guard's own next look comes within this,
 * ms: on a busy machine, where it looks closely, errands are held for 5 s. */
const PROMPT_MS = 10_000;
/** Nobody is looked for, and calm looks are a minute apart, however much memory
 * this machine has: what happens in a test happens for what it sent. */
const QUIET = [
  ...["--set", "victims.discover=false"],
  ...["--set", "wait.idleMaxMs=60000", "--set", "wait.fillKbPerMs=1"],
];

/** Starts with a property file of these lines, and a configuration file. */
function withProperties(
  properties: string,
  config = "{}",
  args: readonly string[] = [],
): (dir: string) => Start {
  return (dir) => {
    Deno.writeTextFileSync(`${dir}/build.prop`, properties);
    Deno.writeTextFileSync(`${dir}/config.json`, config);
    const files = [
      ...["--config", `${dir}/config.json`],
      ...["--set", `properties=${dir}/build.prop`],
    ];
    return { args: [...QUIET, ...files, ...args] };
  };
}

function tell(daemon: Daemon, name: string, text: string): void {
  Deno.writeTextFileSync(`${daemon.dir}/${name}`, text);
}

/** Runs `play` with a client, and lets it go. */
async function withPeer(
  daemon: Daemon,
  play: (peer: Peer) => Promise<void>,
): Promise<void> {
  const peer = new Peer(daemon.socket);
  try {
    await play(peer);
  } finally {
    peer.close();
  }
}

/** Has the properties read anew, and is answered promptly. */
async function updates(peer: Peer, result = 0): Promise<void> {
  const start = performance.now();
  const answer = await peer.ask(LMK_UPDATE_PROPS);
  assert.deepEqual(answer, [LMK_UPDATE_PROPS, result]);
  const ms = performance.now() - start;
  assert.ok(ms < PROMPT_MS, `answered after ${Math.round(ms)} ms`);
}

Deno.test("UPDATE_PROPS: properties that changed are in force", async () => {
  const before = "ro.lmk.kill_timeout_ms=250\n";
  const over = ["--set", "lmkd.swapUtilMaxPercent=77"];
  await withDaemon(withProperties(before, "{}", over), async (daemon) => {
    assert.equal(daemon.setting(SET_KILL_TIMEOUT_MS), 250);
    await withPeer(daemon, async (peer) => {
      const more = "persist.device_config.lmkd_native.kill_timeout_ms=300\n" +
        "ro.lmk.swap_util_max=55\n";
      tell(daemon, "build.prop", before + more);
      tell(daemon, "config.json", '{ "strategy": "lmkd" }');
      await updates(peer);
      // The override goes over what the device is built with, and an option
      // over both.
      assert.equal(daemon.setting(SET_KILL_TIMEOUT_MS), 300);
      assert.equal(daemon.setting(SET_SWAP_UTIL_MAX_PERCENT), 77);
      assert.equal(daemon.gauge(g.G_STRATEGY), STRATEGY_LMKD);
      // A second one at once is answered too, when it may be.
      const again = performance.now();
      peer.send(LMK_UPDATE_PROPS);
      peer.send(LMK_GETKILLCNT, 0, 1000);
      assert.deepEqual(await peer.receiveWords(), [LMK_UPDATE_PROPS, 0]);
      assert.deepEqual(await peer.receiveWords(), [LMK_GETKILLCNT, 0]);
      const againMs = performance.now() - again;
      assert.ok(againMs < 1_000 + PROMPT_MS, `${Math.round(againMs)} ms`);
    });
    const { code, said } = await daemon.command(
      ...["status", "--state", daemon.dir, "--json"],
    );
    assert.equal(code, EXIT_OK, said);
    assert.equal(JSON.parse(said).strategy, "lmkd");
  });
});

Deno.test("UPDATE_PROPS: a bad file is refused, nothing changes", async () => {
  const properties = "ro.lmk.kill_timeout_ms=250\n";
  await withDaemon(withProperties(properties), async (daemon) => {
    await withPeer(daemon, async (peer) => {
      tell(daemon, "config.json", '{ "strategy": "psychic" }');
      tell(daemon, "build.prop", "ro.lmk.kill_timeout_ms=400\n");
      await updates(peer, -1);
      // What it says may be read later than the reply.
      await daemon.said('line 1, column 15: strategy is "psychic"');
      assert.equal(daemon.setting(SET_KILL_TIMEOUT_MS), 250);
      assert.equal(daemon.gauge(g.G_STRATEGY), STRATEGY_ADAPTIVE);
      // What is wrong with a property is no failure: lmkd takes the default.
      tell(daemon, "config.json", "{}");
      tell(daemon, "build.prop", "ro.lmk.kill_timeout_ms=soon\nwhat\n");
      await updates(peer);
      await daemon.said('kill_timeout_ms is "soon": not a number');
      assert.notEqual(daemon.setting(SET_KILL_TIMEOUT_MS), 250);
    });
  });
});

Deno.test("a property file that nobody may read, or a pipe", async () => {
  await withDaemon(withProperties(""), async (daemon) => {
    const file = `${daemon.dir}/build.prop`;
    Deno.removeSync(file);
    const made = await new Deno.Command("mkfifo", { args: [file] }).output();
    assert.equal(made.code, 0);
    await withPeer(daemon, async (peer) => {
      await updates(peer);
      await daemon.said('build.prop": it is not a regular file');
      const turns = daemon.gauge(g.G_TURNS);
      await peer.barrier();
      assert.ok(daemon.gauge(g.G_TURNS) > turns);
    });
  });
});

Deno.test("--reinit and --boot_completed tell by their exit code", async () => {
  await withDaemon(withProperties(""), async (daemon) => {
    const check = async (flag: string, want: number, words: RegExp) => {
      const socket = ["--socket", daemon.socket];
      const { code, said } = await daemon.command(flag, ...socket);
      assert.equal(code, want, said);
      assert.match(said, words);
    };
    tell(daemon, "config.json", '{ "killTimeoutMs": 321 }');
    await check("--reinit", EXIT_OK, /read its properties again/);
    assert.equal(daemon.setting(SET_KILL_TIMEOUT_MS), 321);
    tell(daemon, "config.json", "{");
    await check("--reinit", EXIT_FAILED, /refused --reinit: it failed/);
    await check("--boot_completed", EXIT_FAILED, /has not booted/);
    tell(daemon, "build.prop", "sys.boot_completed=1\n");
    await check("--boot_completed", EXIT_OK, /knows that the device/);
    await check("--boot_completed", EXIT_FAILED, /told already/);
    daemon.signal("SIGTERM");
    await daemon.end();
    await check("--reinit", EXIT_FAILED, /Cannot ask the guard/);
  });
});

Deno.test("BOOT_COMPLETED: not booted, done, done before", async () => {
  await withDaemon(withProperties(""), async (daemon) => {
    await withPeer(daemon, async (peer) => {
      const answers: number[] = [];
      for (const value of ["", "0", "1", "1", "0"]) {
        tell(daemon, "build.prop", `sys.boot_completed=${value}\n`);
        const [command, result = NaN] = await peer.ask(LMK_BOOT_COMPLETED);
        assert.equal(command, LMK_BOOT_COMPLETED);
        answers.push(result);
      }
      assert.deepEqual(answers, [-1, -1, 0, 1, -1]);
    });
  });
});

Deno.test("BOOT_COMPLETED: a bad file does not stand in its way", async () => {
  await withDaemon(withProperties(""), async (daemon) => {
    await withPeer(daemon, async (peer) => {
      await updates(peer);
      tell(daemon, "config.json", "{");
      tell(daemon, "build.prop", "sys.boot_completed=1\n");
      // Too soon after the first: both wait, and are read for together.
      await withPeer(daemon, async (other) => {
        peer.send(LMK_UPDATE_PROPS);
        other.send(LMK_BOOT_COMPLETED);
        assert.deepEqual(await peer.receiveWords(), [LMK_UPDATE_PROPS, -1]);
        assert.deepEqual(await other.receiveWords(), [LMK_BOOT_COMPLETED, 0]);
      });
    });
  });
});

Deno.test("BOOT_COMPLETED: without properties its sender is believed", async () => {
  const args = [...QUIET, "--set", "properties=off"];
  await withDaemon(() => ({ args }), async (daemon) => {
    await withPeer(daemon, async (peer) => {
      const first = await peer.ask(LMK_BOOT_COMPLETED);
      assert.deepEqual(first, [LMK_BOOT_COMPLETED, 0]);
      const second = await peer.ask(LMK_BOOT_COMPLETED);
      assert.deepEqual(second, [LMK_BOOT_COMPLETED, 1]);
    });
  });
});

/** The rung when monitors are armed at once: it depends on this machine. */
async function armedRung(): Promise<number> {
  let rung = NaN;
  await withDaemon(withProperties(""), (daemon) => {
    rung = daemon.gauge(g.G_RUNG);
    return Promise.resolve();
  });
  return rung;
}

function climbs(daemon: Daemon, rung: number): Promise<true> {
  return until("rung", () => daemon.gauge(g.G_RUNG) === rung || undefined);
}

Deno.test("START_MONITORING: refused until boot, armed after it", async () => {
  const armed = await armedRung();
  const delay = "ro.lmk.delay_monitors_until_boot=1\n";
  await withDaemon(withProperties(delay), async (daemon) => {
    assert.match(daemon.log, /monitoring waits for boot/);
    assert.equal(daemon.gauge(g.G_RUNG), RUNG_AVERAGES);
    await withPeer(daemon, async (peer) => {
      peer.send(LMK_START_MONITORING);
      await daemon.said("Monitoring not begun: sys.boot_completed is not set");
      assert.equal(daemon.gauge(g.G_RUNG), RUNG_AVERAGES);
      // Properties read anew do not begin it either.
      await updates(peer);
      assert.equal(daemon.gauge(g.G_RUNG), RUNG_AVERAGES);
      tell(daemon, "build.prop", `${delay}sys.boot_completed=1\n`);
      peer.send(LMK_START_MONITORING);
      await daemon.said("monitoring begun");
      await climbs(daemon, armed);
      // Nothing is left to begin.
      peer.send(LMK_START_MONITORING);
      await peer.barrier();
      await updates(peer);
      await climbs(daemon, armed);
      assert.equal(daemon.log.split("monitoring begun").length, 2);
    });
  });
});

Deno.test("monitors that wait are armed when they need not any more", async () => {
  const armed = await armedRung();
  const delay = "ro.lmk.delay_monitors_until_boot=1\n";
  await withDaemon(withProperties(delay), async (daemon) => {
    assert.equal(daemon.gauge(g.G_RUNG), RUNG_AVERAGES);
    tell(daemon, "build.prop", "");
    daemon.signal("SIGHUP");
    await daemon.said("configuration reloaded");
    await climbs(daemon, armed);
  });
  // After boot a restart waits for nothing.
  const booted = `${delay}sys.boot_completed=1\n`;
  await withDaemon(withProperties(booted), (daemon) => {
    assert.equal(daemon.gauge(g.G_RUNG), armed);
    return Promise.resolve();
  });
});

Deno.test("TARGET: tiers are published, and outlive a reload", async () => {
  await withDaemon(withProperties(""), async (daemon) => {
    const published = () => {
      const file = `${daemon.dir}/properties`;
      const text = new TextDecoder().decode(readIfThere(file) ?? undefined);
      return text.split("\n").slice(0, -1);
    };
    const ready = "sys.lmk.reportkills=1";
    await until("properties", () => published().length > 0 || undefined);
    assert.deepEqual(published(), [ready]);
    await withPeer(daemon, async (peer) => {
      peer.send(LMK_TARGET, 18_432, 0, 23_040, 100, 80_640, 950);
      // Too soon after the other, and dropped.
      peer.send(LMK_TARGET, 1, 1);
      await peer.barrier();
      const tiers = "sys.lmk.minfree_levels=18432:0,23040:100,80640:950";
      await until("tiers", () => published().length > 1 || undefined);
      assert.deepEqual(published(), [ready, tiers]);
      await updates(peer);
      assert.deepEqual(published(), [ready, tiers]);
      assert.equal(daemon.setting(SET_TIERS_TOLD), 1);
      assert.equal(daemon.gauge(g.G_HASTY_TARGETS), 1);
    });
  });
});

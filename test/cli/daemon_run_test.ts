// The daemon as a process of its own, on this machine, in a dry run: started,
// spoken to over its socket, reloaded, stopped; and where it must give way.

import assert from "node:assert/strict";
import { LmkClient, packetOf } from "../../src/cli/drill_client.ts";
import { EXIT_ALREADY, EXIT_OK } from "../../src/cli/exits.ts";
import { LMK_PROCPRIO } from "../../src/wire/lmkd.ts";
import {
  G_RELOADS,
  SELF_ADJ,
  SELF_ARENA_LOCKED,
  SELF_FIFO,
} from "../../src/state/gauges.ts";
import { ARENA_BYTES } from "../../src/state/layout.ts";
import { Daemon, sleep, until, withDaemon, withDir } from "./live/daemon.ts";

Deno.test("daemon: a second one gives way, SIGTERM ends the first", async () => {
  await withDaemon(() => ({}), async (guard) => {
    const second = new Daemon(guard.dir);
    assert.equal(await second.end(), EXIT_ALREADY);
    assert.match(second.log, /another guard \(process \d+\) holds/);
    guard.signal("SIGTERM");
    assert.equal(await guard.end(), EXIT_OK);
    assert.match(guard.log, /oomguard: stopped\n$/);
  });
});

Deno.test("daemon: SIGHUP reloads, and a bad file changes nothing", async () => {
  const config = (dir: string) => `${dir}/config.json`;
  const write = (dir: string, text: string) =>
    Deno.writeTextFileSync(config(dir), text);
  await withDaemon((dir) => {
    write(dir, '{ "strategy": "lmkd" }');
    return { args: ["--config", config(dir)] };
  }, async (guard) => {
    assert.match(guard.log, /, lmkd, dry run/);
    write(guard.dir, '{ "strategy": "psychic" }');
    guard.signal("SIGHUP");
    await guard.said("the configuration in force stays");
    assert.match(guard.log, /line 1, column 15: strategy is "psychic"/);
    const status = () => Deno.readTextFileSync(`${guard.dir}/status`);
    assert.match(status(), /^strategy lmkd /m);
    write(guard.dir, '{ "strategy": "minfree" }');
    guard.signal("SIGHUP");
    await guard.said("configuration reloaded");
    await until(
      "the new strategy",
      () => /^strategy minfree /m.test(status()) || undefined,
    );
  });
});

Deno.test("daemon: signals are ours whatever the runtime does", async () => {
  await withDaemon(() => ({}), async (guard) => {
    // By then the runtime takes them as soon as it has a turn.
    await sleep(1_000);
    for (let reload = 1; reload <= 2; reload++) {
      guard.signal("SIGHUP");
      await until(
        `reload ${reload}`,
        () => guard.gauge(G_RELOADS) === reload || undefined,
      );
      await sleep(200);
    }
    guard.signal("SIGTERM");
    assert.equal(await guard.end(), EXIT_OK);
    assert.match(guard.log, /oomguard: stopped\n$/);
  });
});

Deno.test("daemon: a client registers, the kernel is told", async () => {
  const args = ["--set", "victims.discover=false"];
  await withDaemon(() => ({ args }), async (guard) => {
    const app = new Deno.Command("sleep", { args: ["60"] }).spawn();
    try {
      const client = new LmkClient();
      assert.ok(client.connect(`${guard.dir}/lmkd`));
      client.send(packetOf(LMK_PROCPRIO, app.pid, 10_001, 905, 0));
      // Neither hurts: a word short, and a command that nobody knows.
      client.send(packetOf(LMK_PROCPRIO, app.pid, 10_001));
      client.send(packetOf(99));
      await until("the victim", () => guard.field("killable") || undefined);
      const adj = Deno.readTextFileSync(`/proc/${app.pid}/oom_score_adj`);
      assert.equal(adj, "905\n");
      await until(
        "two refusals",
        () => guard.field("badPackets") === 2 || undefined,
      );
      client.close();
    } finally {
      app.kill("SIGKILL");
      await app.status;
    }
    await until(
      "the end of the victim",
      () => guard.field("killable") === 0 || undefined,
    );
  });
});

/** include/uapi/linux/sched.h. */
const SCHED_FIFO = 1;

Deno.test("daemon: what it says of itself is true", async () => {
  await withDaemon(() => ({}), async (guard) => {
    // It sees to itself after the first turn.
    await until("turns", () => guard.field("turns")! > 1 || undefined);
    const read = (name: string) =>
      Deno.readTextFileSync(`/proc/${guard.pid}/${name}`);
    const lockedKb = Number(/^VmLck:\s+(\d+) kB/m.exec(read("status"))?.[1]);
    const stat = read("stat");
    // Field 41 of proc(5); the third is the first after the name.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const says = guard.field("self")!;
    assert.deepEqual({
      "oom_score_adj -1000": (says & SELF_ADJ) !== 0,
      "SCHED_FIFO": (says & SELF_FIFO) !== 0,
      "arena locked": (says & SELF_ARENA_LOCKED) !== 0,
    }, {
      "oom_score_adj -1000": read("oom_score_adj") === "-1000\n",
      "SCHED_FIFO": Number(fields[38]) === SCHED_FIFO,
      "arena locked": lockedKb >= ARENA_BYTES / 1024,
    });
  });
});

Deno.test("daemon: a state folder that cannot be had does not stop it", async () => {
  await withDir(async (dir) => {
    const args = ["--state", "/proc/nowhere"];
    const guard = new Daemon(dir, { args });
    try {
      await guard.said("guards the machine");
      assert.match(guard.log, /Cannot use state folder "\/proc\/nowhere"/);
      guard.signal("SIGTERM");
      assert.equal(await guard.end(), EXIT_OK);
    } finally {
      await guard.kill();
    }
  });
});

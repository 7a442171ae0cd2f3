// What a supervisor such as systemd hears of the guard: that it is armed, that
// it reloads and has done so, that it stops (sd_notify(3)). Nobody who does not
// listen is waited for.

import assert from "node:assert/strict";
import { EXIT_OK } from "../../src/cli/exits.ts";
import { G_RELOADS, G_TURNS } from "../../src/state/gauges.ts";
import { type Daemon, type Start, until, withDaemon } from "./live/daemon.ts";
import { Supervisor } from "./live/supervisor.ts";

/** A daemon that is to tell `socket`, with a configuration file. */
function telling(dir: string, socket: string): Start {
  Deno.writeTextFileSync(`${dir}/config.json`, "{}");
  const args = ["--config", `${dir}/config.json`];
  return { args, env: { NOTIFY_SOCKET: socket } };
}

async function reloads(daemon: Daemon, count: number): Promise<void> {
  daemon.signal("SIGHUP");
  await until(
    `reload ${count}`,
    () => daemon.gauge(G_RELOADS) === count || undefined,
  );
}

async function ends(daemon: Daemon): Promise<void> {
  daemon.signal("SIGTERM");
  assert.equal(await daemon.end(), EXIT_OK);
}

const NAMES: [what: string, nameIn: (dir: string) => string][] = [
  ["a path", (dir) => `${dir}/notify`],
  ["an abstract name", () => `@oomguard-test-notify-${Deno.pid}`],
];

for (const [what, nameIn] of NAMES) {
  Deno.test(`notify: a supervisor at ${what} hears of each step`, async () => {
    let supervisor: Supervisor | undefined;
    try {
      await withDaemon((dir) => {
        supervisor = new Supervisor(nameIn(dir));
        return telling(dir, nameIn(dir));
      }, async (daemon) => {
        const heard = supervisor!;
        assert.equal(await heard.next(), "READY=1");
        // It guards by then.
        assert.ok(daemon.gauge(G_TURNS) > 0);
        assert.equal(heard.take(), undefined);
        await reloads(daemon, 1);
        assert.equal(await heard.next(), "RELOADING=1");
        assert.equal(await heard.next(), "READY=1");
        // One that failed is over as well.
        Deno.writeTextFileSync(`${daemon.dir}/config.json`, "{");
        daemon.signal("SIGHUP");
        assert.equal(await heard.next(), "RELOADING=1");
        assert.equal(await heard.next(), "READY=1");
        await daemon.said("the configuration in force stays");
        await ends(daemon);
        assert.equal(heard.take(), "STOPPING=1");
        assert.equal(heard.take(), undefined);
      });
    } finally {
      supervisor?.close();
    }
  });
}

Deno.test("notify: nobody listens, or does not read: the guard goes on", async () => {
  await withDaemon((dir) => telling(dir, `${dir}/nobody`), async (daemon) => {
    await reloads(daemon, 1);
    await ends(daemon);
  });
  const name = `@oomguard-test-clogged-${Deno.pid}`;
  const supervisor = new Supervisor(name);
  try {
    supervisor.clog();
    await withDaemon((dir) => telling(dir, name), async (daemon) => {
      await reloads(daemon, 1);
      await ends(daemon);
    });
  } finally {
    supervisor.close();
  }
});

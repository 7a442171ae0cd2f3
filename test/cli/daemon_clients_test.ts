// Who speaks with the daemon over its real socket: as many clients as lmkd
// takes and more, one too many, and sockets that somebody else has made.

import assert from "node:assert/strict";
import { CLIENTS_MAX } from "../../src/base/limits.ts";
import { EXIT_FAILED } from "../../src/cli/exits.ts";
import {
  G_BAD_PACKETS,
  G_CLIENTS,
  G_DROPPED_CLIENTS,
  G_LISTED,
  G_PACKETS,
} from "../../src/state/gauges.ts";
import { LMK_GETKILLCNT, LMK_PROCPRIO } from "../../src/wire/lmkd.ts";
import { Daemon, until, withDaemon, withDir } from "./live/daemon.ts";
import { compile } from "./live/native.ts";
import { HUNG_UP, Peer } from "./live/peer.ts";

const NO_DISCOVERY = ["--set", "victims.discover=false"];
const COUNT = [LMK_GETKILLCNT, -1000, 1000] as const;
const NO_KILLS = [LMK_GETKILLCNT, 0];

/** Waits until a gauge shows `want`: as it is, not as it was written last. */
async function comes(
  daemon: Daemon,
  index: number,
  want: number,
): Promise<void> {
  await until(
    `gauge ${index} at ${want}`,
    () => daemon.gauge(index) === want || undefined,
  );
}

async function withPeers(play: (peers: Peer[]) => Promise<void>) {
  const peers: Peer[] = [];
  try {
    await play(peers);
  } finally {
    for (const peer of peers) peer.close();
  }
}

Deno.test("four clients at once: lmkd would drop three of them", async () => {
  await withDaemon(() => ({ args: NO_DISCOVERY }), async (daemon) => {
    await withPeers(async (peers) => {
      for (let i = 0; i < 4; i++) peers.push(new Peer(daemon.socket));
      for (const peer of peers) {
        assert.deepEqual(await peer.ask(...COUNT), NO_KILLS);
      }
      // All of them still.
      for (const peer of peers) {
        assert.deepEqual(await peer.ask(...COUNT), NO_KILLS);
      }
      await comes(daemon, G_PACKETS, 8);
      await comes(daemon, G_CLIENTS, 4);
      await comes(daemon, G_DROPPED_CLIENTS, 0);
    });
    await comes(daemon, G_CLIENTS, 0);
    // And the file says so, when it is written next.
    await daemon.shows("packets", 8);
  });
});

Deno.test("one client too many: it gets in, the longest silent goes", async () => {
  await withDaemon(() => ({ args: NO_DISCOVERY }), async (daemon) => {
    await withPeers(async (peers) => {
      for (let i = 0; i < CLIENTS_MAX; i++) {
        const peer = new Peer(daemon.socket);
        peers.push(peer);
        await peer.barrier();
      }
      // The first was heard last: it is not the one to go.
      await peers[0]!.barrier();
      const newcomer = new Peer(daemon.socket);
      peers.push(newcomer);
      assert.deepEqual(await newcomer.ask(...COUNT), NO_KILLS);
      const end = await until("an end", () => peers[1]!.take() ?? undefined);
      assert.equal(end, HUNG_UP);
      for (const [i, peer] of peers.entries()) {
        if (i !== 1) assert.deepEqual(await peer.ask(...COUNT), NO_KILLS);
      }
      await comes(daemon, G_DROPPED_CLIENTS, 1);
      await comes(daemon, G_CLIENTS, CLIENTS_MAX);
    });
  });
});

Deno.test("a client asks, sends, and is gone: all of it is done", async () => {
  await withDaemon(() => ({ args: NO_DISCOVERY }), async (daemon) => {
    const app = new Deno.Command("sleep", { args: ["60"] }).spawn();
    try {
      const peer = new Peer(daemon.socket);
      for (let adj = 900; adj <= 950; adj++) {
        peer.send(LMK_PROCPRIO, app.pid, 10_001, adj, 0);
      }
      peer.close();
      const adj = () => Deno.readTextFileSync(`/proc/${app.pid}/oom_score_adj`);
      await until("the last adj", () => adj() === "950\n" || undefined);
      await comes(daemon, G_LISTED, 1);
    } finally {
      app.kill("SIGKILL");
      await app.status;
    }
    await comes(daemon, G_LISTED, 0);
  });
});

Deno.test("sockets made by init and by systemd are taken over", async () => {
  await withDir(async (dir) => {
    const launch = await compile(dir, "launch");
    for (const how of ["android", "systemd"]) {
      const path = `${dir}/${how}`;
      const launcher = [launch, how, path];
      await withDaemon(
        () => ({ launcher, args: NO_DISCOVERY }),
        async (one) => {
          const peer = new Peer(path);
          // Without credentials on the socket it would end the connection.
          assert.deepEqual(await peer.ask(...COUNT), NO_KILLS, how);
          peer.close();
          await comes(one, G_CLIENTS, 0);
          assert.equal(one.gauge(G_BAD_PACKETS), 0, how);
        },
      );
    }
  });
});

Deno.test("an inherited socket of another kind is refused", async () => {
  await withDir(async (dir) => {
    const launcher = [await compile(dir, "launch"), "stream", `${dir}/stream`];
    const daemon = new Daemon(`${dir}/state`, { launcher });
    assert.equal(await daemon.end(), EXIT_FAILED);
    const words =
      /Cannot use ANDROID_SOCKET_lmkd \(descriptor 17\): EPROTOTYPE, expected a/;
    assert.match(daemon.log, words);
  });
});

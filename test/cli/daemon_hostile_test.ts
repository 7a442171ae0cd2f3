// A client that floods the daemon's real socket with random and nearly right
// packets, reads nothing and reconnects without end. Meanwhile another is
// answered; afterwards the daemon is as it was.

import assert from "node:assert/strict";
import {
  G_BAD_PACKETS,
  G_CLIENTS,
  G_KILLS,
  G_LISTED,
  G_TABLE_FULL,
  G_VICTIMS,
} from "../../src/state/gauges.ts";
import { type Daemon, until, withDaemon } from "./live/daemon.ts";
import { compile } from "./live/native.ts";
import { Peer } from "./live/peer.ts";

const PACKETS = 100_000;
/** Packets of three registrations each, of processes that there are not. */
const REGISTRATION_PACKETS = 30_000;
/** Packets before anything is measured: code is compiled, tables are touched. */
const WARM_PACKETS = 10_000;
const SEED = 20_251_121;
/** Time between an answer and the next question, ms. */
const ASK_MS = 20;
/** Longest that an answer may take on a busy machine, us. */
const ANSWER_US_MAX = 2_000_000;
/** Memory may have grown by this, kB. */
const GROWTH_KB_MAX = 2_048;

interface Said {
  readonly code: number;
  readonly numbers: number[];
}

async function saidOf(child: Deno.ChildProcess): Promise<Said> {
  const { code, stdout } = await child.output();
  const line = new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
  return { code, numbers: line.split(" ").map(Number) };
}

function spawn(program: string, args: string[]): Deno.ChildProcess {
  const options = { args, stdin: "piped", stdout: "piped" } as const;
  return new Deno.Command(program, options).spawn();
}

/** What live/hostile.c sends: of everything, or registrations of nobody. */
type Kind = "mixed" | "nobody";

/** One flood to its end; how many packets, connections, and refusals. */
async function flood(
  program: string,
  daemon: Daemon,
  kind: Kind,
  packets: number,
) {
  const args = [kind, daemon.socket, String(packets), String(SEED)];
  const child = spawn(program, args);
  await child.stdin.close();
  const { code, numbers } = await saidOf(child);
  assert.equal(code, 0);
  const [sent = 0, connections = 0, refused = 0] = numbers;
  assert.equal(sent, packets);
  return { connections, refused };
}

/** A flood while a good client asks on: each of its questions is answered, and
 * none of them late. */
async function floodBesideGood(
  programs: { hostile: string; asker: string },
  daemon: Daemon,
  kind: Kind,
  packets: number,
): Promise<void> {
  const good = spawn(programs.asker, [daemon.socket, String(ASK_MS)]);
  const start = performance.now();
  const { connections, refused } = await flood(
    programs.hostile,
    daemon,
    kind,
    packets,
  );
  const ms = Math.round(performance.now() - start);
  await good.stdin.close();
  const { code, numbers } = await saidOf(good);
  assert.equal(code, 0);
  const [asked = 0, answered, wrong, p50, p99, max = Infinity] = numbers;
  console.log(
    `${packets} packets, ${kind}, over ${connections} connections ` +
      `(${refused} refused) in ${ms} ms; ${asked} questions answered ` +
      `after ${p50} us (p50), ${p99} us (p99), ${max} us (max)`,
  );
  assert.ok(asked > 2, `only ${asked} questions`);
  assert.equal(answered, asked);
  assert.equal(wrong, 0);
  assert.ok(max < ANSWER_US_MAX, `one answer took ${max} us`);
}

/** What a process holds. */
function holdings(pid: number) {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return {
    fds: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
    // File pages of a big program come and go as the kernel likes.
    anonKb: Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]),
  };
}

/** Waits until the daemon has let go of everybody. */
async function settled(daemon: Daemon): Promise<void> {
  const peer = new Peer(daemon.socket);
  await peer.barrier();
  peer.close();
  for (const gauge of [G_CLIENTS, G_LISTED, G_VICTIMS]) {
    await until(
      `gauge ${gauge} at 0`,
      () => daemon.gauge(gauge) === 0 || undefined,
    );
  }
}

Deno.test("100,000 hostile packets: others are served, nothing stays", async () => {
  const args = ["--set", "victims.discover=false"];
  await withDaemon(() => ({ args }), async (daemon) => {
    const hostile = await compile(daemon.dir, "hostile");
    const asker = await compile(daemon.dir, "asker");
    await flood(hostile, daemon, "mixed", WARM_PACKETS);
    await settled(daemon);
    const before = holdings(daemon.pid);
    const refusedBefore = daemon.gauge(G_BAD_PACKETS);
    assert.ok(refusedBefore > 0);

    const programs = { hostile, asker };
    await floodBesideGood(programs, daemon, "mixed", PACKETS);
    await floodBesideGood(programs, daemon, "nobody", REGISTRATION_PACKETS);

    await settled(daemon);
    const after = holdings(daemon.pid);
    console.log(
      `descriptors ${before.fds}, then ${after.fds}; memory ` +
        `${before.anonKb} kB, then ${after.anonKb} kB`,
    );
    assert.ok(after.fds <= before.fds, `${after.fds} descriptors`);
    assert.ok(after.anonKb - before.anonKb < GROWTH_KB_MAX);
    assert.equal(daemon.gauge(G_KILLS), 0);
    assert.ok(daemon.gauge(G_BAD_PACKETS) > refusedBefore);
    assert.equal(daemon.gauge(G_TABLE_FULL), 0);
    daemon.signal("SIGTERM");
    assert.equal(await daemon.end(), 0);
  });
});

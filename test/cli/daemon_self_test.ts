// What a running guard does for itself, seen from outside: in /proc, and in
// what it says of it.

import assert from "node:assert/strict";
import {
  SELF_ARENA_LOCKED,
  SELF_FIFO,
  SELF_IO_FLUSHER,
  SELF_LOCKED,
  SELF_NO_THP,
  SELF_TIMER_SLACK,
} from "../../src/state/gauges.ts";
import { type Daemon, until, withDaemon } from "./live/daemon.ts";

const textOf = (path: string) => Deno.readTextFileSync(path);

/** A word of a /proc/PID/status. */
function statusWord(daemon: Daemon, key: string): string | undefined {
  const text = textOf(`/proc/${daemon.pid}/status`);
  return new RegExp(`^${key}:\\s+(\\S+)`, "m").exec(text)?.[1];
}

/** Scheduling policy and real-time priority of the guard's own thread
 * (fs/proc/array.c, fields 41 and 40). */
function priority(daemon: Daemon): [policy: number, priority: number] {
  const text = textOf(`/proc/${daemon.pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[38]), Number(fields[37])];
}

/** Once it has seen to itself: what is locked is the last that it says. */
function settled(daemon: Daemon): Promise<string> {
  return until("its memory locked", () => {
    const word = daemon.word("lockLevel");
    return word === undefined || word === "nothing" ? undefined : word;
  });
}

Deno.test("self: a rehearsal that spares its victim holds up no start", async () => {
  // Nobody is ever to die: not at any pressure.
  const sets = [
    "strategy=lmkd",
    "lmkd.useNewStrategy=false",
    "lmkd.lowMinAdj=1001",
    "lmkd.mediumMinAdj=1001",
    "lmkd.criticalMinAdj=1001",
  ];
  const args = sets.flatMap((set) => ["--set", set]);
  await withDaemon(() => ({ args }), async (daemon) => {
    await daemon.said("guards");
    const beganMs = performance.now();
    await settled(daemon);
    // A sacrifice that is left to itself ends after five seconds.
    const ms = performance.now() - beganMs;
    assert.ok(ms < 4_500, `${ms} ms`);
  });
});

Deno.test("self: all that this machine lets it have", async () => {
  const args = ["--set", "self.fifoPriority=3"];
  await withDaemon(() => ({ args }), async (daemon) => {
    await settled(daemon);
    const self = daemon.field("self")!;
    // Whatever was refused is in the log, and only that.
    const parts: [bit: number, name: string, holds: () => unknown][] = [
      [
        SELF_NO_THP,
        "THP off",
        () => ["0", undefined].includes(statusWord(daemon, "THP_enabled")),
      ],
      [
        SELF_TIMER_SLACK,
        "timer slack of 1 ns",
        // Newer kernels give real-time tasks none at all.
        () => Number(textOf(`/proc/${daemon.pid}/timerslack_ns`)) <= 1,
      ],
      [SELF_FIFO, "SCHED_FIFO", () => `${priority(daemon)}` === "1,3"],
      [SELF_IO_FLUSHER, "PR_SET_IO_FLUSHER", () => true],
    ];
    for (const [bit, name, holds] of parts) {
      const said = daemon.log.includes(`Without ${name}: `);
      assert.equal((self & bit) !== 0, !said, name);
      if (!said) assert.ok(holds(), name);
    }
    const isFlusher = (self & SELF_IO_FLUSHER) !== 0;
    assert.ok(!isFlusher || (self & SELF_FIFO) !== 0);
  });
});

Deno.test("self: locked as it is told", async () => {
  const rows: [lock: string, level: RegExp, lckKbMin: number][] = [
    ["off", /^arena$/, 1],
    ["files", /^files$/, 50_000],
    ["auto", /^(files|all)$/, 50_000],
  ];
  for (const [lock, level, lckKbMin] of rows) {
    const args = ["--set", `self.lock=${lock}`];
    await withDaemon(() => ({ args }), async (daemon) => {
      assert.match(await settled(daemon), level);
      const wanted = SELF_LOCKED | SELF_ARENA_LOCKED;
      assert.equal(daemon.field("self")! & wanted, wanted);
      const lckKb = Number(statusWord(daemon, "VmLck"));
      assert.ok(lckKb >= lckKbMin && (lock !== "off" || lckKb < 10_000));
      await until("its figures", () => daemon.field("anonKb") || undefined);
      assert.equal(daemon.field("swappedKb"), 0);
    });
  }
});

Deno.test("self: without the rights for it, it guards all the same", async () => {
  const lacking = "-ipc_lock,-sys_nice";
  const launcher = [
    ...["prlimit", "--memlock=65536:65536", "setpriv"],
    ...[`--bounding-set=${lacking}`, `--inh-caps=${lacking}`, "--"],
  ];
  if (Deno.uid() !== 0) return console.log("not checked: not root");
  await withDaemon(
    (dir) => ({ launcher, args: ["--socket", `${dir}/lmkd`] }),
    async (daemon) => {
      await daemon.said("Without mlock2: ENOMEM, going on");
      await daemon.said("Without SCHED_FIFO: EPERM, going on");
      await daemon.shows("lockLevel", "nothing");
      await until("its figures", () => daemon.field("anonKb") || undefined);
      const lost = SELF_LOCKED | SELF_ARENA_LOCKED | SELF_FIFO |
        SELF_IO_FLUSHER;
      assert.equal(daemon.field("self")! & lost, 0);
      assert.deepEqual(priority(daemon), [0, 0]);
      const turns = daemon.field("turns")!;
      await until(
        "another turn",
        () => daemon.field("turns")! > turns || undefined,
      );
    },
  );
});

Deno.test("self: an ordinary priority, and a ballast", async () => {
  const args = [
    ...["--set", "self.fifoPriority=0", "--set", "self.ballastKb=8192"],
    // Nobody is known, so nobody can die.
    ...["--set", "victims.discover=false"],
  ];
  await withDaemon(() => ({ args, dryRun: false }), async (daemon) => {
    await settled(daemon);
    assert.deepEqual(priority(daemon), [0, 0]);
    assert.equal(daemon.field("self")! & SELF_FIFO, 0);
    await daemon.shows("ballastKb", 8_192);
    assert.equal(daemon.field("ballastReleases"), 0);
    daemon.signal("SIGTERM");
    assert.equal(await daemon.end(), 0);
  });
});

// The reactor after a silence in which the watchdog thread has killed: it takes
// the kills for its own, and kills nobody on top of them.

import assert from "node:assert/strict";
import type { Ports } from "../../src/daemon/ports.ts";
import { killsOf, recordsOf } from "../../src/report/journal.ts";
import {
  ALIVE,
  EXITING,
  type ProcessPlan,
  type SimProcess,
} from "../../src/sim/process.ts";
import type { Rig } from "../../src/sim/rig.ts";
import {
  G_KILLS,
  G_LAST_PID,
  G_LAST_REASON,
  G_WATCHDOG_KILLS,
} from "../../src/state/gauges.ts";
import { MB_COUNT, MB_FD, VICTIM_WORDS } from "../../src/state/layout.ts";
import { J_KIND, KIND_DEATH } from "../../src/state/journal.ts";
import { REASON_SILENT, VERDICT_WORDS } from "../../src/state/reasons.ts";
import {
  ROW_KILLED,
  V_FLAGS,
  V_PIDFD,
  V_SILENT,
} from "../../src/state/victims.ts";
import {
  LMK_PROCKILL,
  LMK_SUBSCRIBE,
  SUBSCRIBE_KILL,
  wordAt,
} from "../../src/wire/lmkd.ts";
import {
  app,
  gauge,
  makeRig,
  register,
  rowOf,
  shorten,
  signalled,
  stall,
} from "./helpers.ts";

/** What ffi/watchdog.c does to the table, and to the process. */
function killSilently(rig: Rig, process: SimProcess): void {
  const at = rig.victims.find(process.pid) * VICTIM_WORDS;
  rig.victims.rows[at + V_SILENT] = ++rig.arena.gauges[G_WATCHDOG_KILLS];
  rig.world.kill(process);
}

/** A guard whose calls of `port` are followed by `after`, in the same turn. */
function withApps(
  after: (rig: Rig) => void = () => {},
  sets: readonly string[] = [],
  plans: readonly ProcessPlan[] = [app(905, 40), app(900, 40)],
  port: keyof Ports = "sense",
) {
  const rig: Rig = makeRig(sets, {
    ports: (machine) =>
      new Proxy<Ports>(machine, {
        get(_target, name: keyof Ports) {
          return () => {
            const rc = machine[name]();
            if (name === port) after(rig);
            return rc;
          };
        },
      }),
  });
  const manager = rig.machine.connect(400);
  manager.send(LMK_SUBSCRIBE, SUBSCRIBE_KILL);
  const apps = plans.map((plan) => register(rig, manager, plan));
  rig.run(1_500);
  return { rig, manager, apps };
}

Deno.test("aftermath: a kill of the silence is a kill like another", () => {
  const { rig, manager, apps: [first, second] } = withApps();
  shorten(rig, 4);
  killSilently(rig, first);
  rig.run(2_000);
  assert.deepEqual(signalled(rig), []);
  assert.equal(rowOf(rig, first.pid), null);
  assert.equal(rowOf(rig, second.pid)?.listed, true);
  assert.deepEqual(
    [G_KILLS, G_LAST_PID, G_LAST_REASON].map((index) => gauge(rig, index)),
    [1, first.pid, REASON_SILENT],
  );
  assert.equal(rig.killer.killsByAdj[905 + 1000], 1);
  const told = manager.packets.map((
    bytes,
  ) => [wordAt(bytes, 0), wordAt(bytes, 4)]);
  assert.deepEqual(told, [[LMK_PROCKILL, first.pid]]);
  // Its records are the thread's own.
  const { words } = rig.journal;
  assert.equal(killsOf(words).length, 0);
  const deaths = recordsOf(words).filter((at) =>
    words[at + J_KIND] === KIND_DEATH
  );
  assert.equal(deaths.length, 0);
});

Deno.test("aftermath: a verdict of before the silence kills nobody", () => {
  let pending: SimProcess | undefined;
  const { rig, apps } = withApps((rig) => {
    if (pending !== undefined) killSilently(rig, pending);
    pending = undefined;
  });
  shorten(rig, 4);
  pending = apps[0];
  rig.run(2_000);
  assert.deepEqual(signalled(rig), []);
  assert.equal(gauge(rig, G_KILLS), 1);
  // Short again: the guard kills by itself.
  shorten(rig, 4);
  rig.run(2_000);
  assert.deepEqual(signalled(rig), [apps[1].pid]);
});

Deno.test("aftermath: neither does lmkd's pass of before", () => {
  let pending: SimProcess | undefined;
  let silences = 0;
  const { rig, apps } = withApps((rig) => {
    if (pending === undefined || rig.world.memory.freeKb > 8_192) return;
    killSilently(rig, pending);
    pending = undefined;
    silences++;
  }, ["strategy=lmkd", "lmkd.useNewStrategy=true"]);
  shorten(rig, 4);
  pending = apps[0];
  for (let i = 0; i < 20 && silences === 0; i++) {
    stall(rig);
    rig.turn();
  }
  assert.equal(silences, 1);
  rig.run(50);
  assert.deepEqual(signalled(rig), []);
  assert.equal(gauge(rig, G_KILLS), 1);
});

Deno.test("aftermath: two of one silence, and nobody is awaited for ever", () => {
  const { rig, apps } = withApps();
  shorten(rig, 4);
  for (const one of apps) killSilently(rig, one);
  rig.run(2_000);
  assert.equal(gauge(rig, G_KILLS), 2);
  assert.equal(rig.victims.listed, 0);
  assert.equal(rig.reactor.deskOpen, true);
  assert.equal(rig.victims.count, 0);
});

Deno.test("aftermath: nor one between the choice and the signal", () => {
  let pending: SimProcess | undefined;
  const { rig, apps } = withApps(
    (rig) => {
      // Of two apps one alone is sampled: who is about to be signalled.
      if (pending === undefined || rig.arena.mailbox[MB_COUNT] !== 1) return;
      killSilently(rig, pending);
      pending = undefined;
    },
    [],
    undefined,
    "sample",
  );
  shorten(rig, 4);
  pending = apps[1];
  rig.run(200);
  assert.equal(pending, undefined, "nobody was to be signalled");
  assert.deepEqual(signalled(rig), []);
});

/** Sits in the kernel for so long before it dies. */
const STUCK_MS = 500;

/** Runs on; nobody else may be signalled while `last` is dying. */
function waitsFor(rig: Rig, last: SimProcess, before: number): void {
  const isDying = () => last.state === ALIVE || last.state === EXITING;
  for (let ms = 0; ms < 2 * STUCK_MS && isDying(); ms += 10) {
    assert.equal(signalled(rig).length, before, `after ${ms} ms`);
    rig.run(10);
  }
  assert.equal(isDying(), false);
  rig.run(1_000);
  assert.equal(signalled(rig).length, before + 1, "short as before");
}

Deno.test("aftermath: the last of several is awaited, whatever its row", () => {
  for (const lastRow of [0, 1]) {
    const plans = [0, 1].map((row) =>
      app(905 - row, 6, { stuckMs: row === lastRow ? STUCK_MS : 0 })
    );
    const { rig, apps } = withApps(
      () => {},
      ["killTimeoutMs=1000"],
      [...plans, app(900, 6)],
    );
    shorten(rig, 1);
    killSilently(rig, apps[1 - lastRow]);
    killSilently(rig, apps[lastRow]);
    waitsFor(rig, apps[lastRow], 0);
    assert.equal(gauge(rig, G_LAST_PID), apps[2].pid);
  }
});

Deno.test("aftermath: it is awaited in place of the guard's own victim", () => {
  const { rig, apps } = withApps(() => {}, ["killTimeoutMs=1000"], [
    app(905, 6, { stuckMs: 20 }),
    app(904, 6, { stuckMs: STUCK_MS }),
    app(900, 6),
  ]);
  shorten(rig, 1);
  for (let i = 0; i < 1_000 && signalled(rig).length === 0; i++) rig.turn();
  assert.deepEqual(signalled(rig), [apps[0].pid]);
  killSilently(rig, apps[1]);
  waitsFor(rig, apps[1], 1);
  assert.equal(gauge(rig, G_KILLS), 3);
});

Deno.test("aftermath: nobody is signalled twice", () => {
  const { rig, apps } = withApps();
  const verdict = new Int32Array(VERDICT_WORDS);
  const marks = [[V_FLAGS, ROW_KILLED], [V_SILENT, 1]];
  for (const [i, [word, bits]] of marks.entries()) {
    const row = rig.victims.find(apps[i].pid);
    rig.victims.rows[row * VICTIM_WORDS + word] |= bits;
    assert.ok(rig.killer.fire(row, verdict) < 0);
  }
  assert.deepEqual(signalled(rig), []);
});

Deno.test("aftermath: who could not be signalled is the guard's to try", () => {
  const { rig, apps } = withApps(() => {}, [], [
    app(905, 40),
    app(900, 40, { stuckMs: STUCK_MS }),
  ]);
  const row = rig.victims.find(apps[0].pid);
  rig.victims.rows[row * VICTIM_WORDS + V_SILENT] = -1;
  shorten(rig, 4);
  killSilently(rig, apps[1]);
  rig.turn();
  assert.equal(gauge(rig, G_KILLS), 1);
  assert.equal(rowOf(rig, apps[0].pid)?.listed, true);
  assert.equal(rowOf(rig, apps[1].pid)?.killed, true);
  assert.equal(rig.victims.rows[row * VICTIM_WORDS + V_SILENT], 0);
  rig.run(1_000);
  shorten(rig, 4);
  rig.run(1_000);
  assert.deepEqual(signalled(rig), [apps[0].pid]);
});

Deno.test("aftermath: no pidfd of a listed row is ever closed", () => {
  const { rig, apps } = withApps();
  assert.deepEqual(rig.machine.violations, []);
  const row = rig.victims.find(apps[0].pid);
  rig.arena.mailbox[MB_FD] = rig.victims.rows[row * VICTIM_WORDS + V_PIDFD];
  rig.machine.close();
  const said = rig.machine.violations.join("\n");
  assert.match(said, /^\d+ ms: pidfd of listed process (\d+) closed$/);
});

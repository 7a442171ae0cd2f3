// What processes call themselves: read by a thread that may be held up, taken
// in between turns, and never laid at another's door.

import assert from "node:assert/strict";
import {
  AT_NAMES,
  AT_TITLES,
  MB_TITLES,
  VICTIM_WORDS,
} from "../../src/state/layout.ts";
import { NONE, V_PID } from "../../src/state/victims.ts";
import { NAME_BYTES, TITLE_BYTES } from "../../src/base/limits.ts";
import { killsOf } from "../../src/report/journal.ts";
import type { Rig } from "../../src/sim/rig.ts";
import { descriptorProblems } from "./checks.ts";
import {
  app,
  makeRig,
  register,
  rowOf,
  shorten,
  signalled,
  stall,
} from "./helpers.ts";

function textAt(rig: Rig, at: number, most: number): string {
  const bytes = rig.arena.bytes.slice(at, at + most);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? most : end));
}

/** Command name of a pid's row; null without a row. */
function titleOf(rig: Rig, pid: number): string | null {
  const row = rig.victims.find(pid);
  if (row === NONE) return null;
  return textAt(rig, AT_TITLES + row * TITLE_BYTES, TITLE_BYTES);
}

function nameOf(rig: Rig, pid: number): string {
  const row = rig.victims.find(pid);
  return textAt(rig, AT_NAMES + row * NAME_BYTES, NAME_BYTES);
}

Deno.test("titles: the first argument, up to its first space, bounded", () => {
  const long = "x".repeat(500);
  const rows: [string, string][] = [
    ["", ""],
    [" leading", ""],
    ["a", "a"],
    ["com.example.app:remote", "com.example.app:remote"],
    ["/usr/bin/foo --bar baz", "/usr/bin/foo"],
    ["foo) Z \n1", "foo)"],
    [long, "x".repeat(TITLE_BYTES - 1)],
  ];
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const apps = rows.map(([title]) =>
    register(rig, manager, app(900, 0, { title }))
  );
  rig.run(3_000);
  rows.forEach(([title, want], i) => {
    assert.equal(titleOf(rig, apps[i].pid), want, JSON.stringify(title));
  });
});

Deno.test("titles: more processes than fit one batch", () => {
  const rig = makeRig(["victims.discover=true"]);
  const many = Array.from(
    { length: 300 },
    (_, i) => rig.world.start(app(900, 0, { title: `title${i}` })),
  );
  rig.run(3_000);
  many.forEach(({ pid }, i) => assert.equal(titleOf(rig, pid), `title${i}`));
});

Deno.test("titles: a reader held up for ever costs names, nothing else", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  rig.faults.stuckPermille = 1000;
  const one = register(rig, manager, app(905, 6, { title: "never.read" }));
  rig.run(2_000);
  const { turns } = rig;
  rig.run(3_000);
  assert.ok(rig.turns - turns <= 20, `${rig.turns - turns} turns in 3 s`);
  rig.faults.stuckPermille = 0;
  const late = register(rig, manager, app(900, 6, { title: "late" }));
  rig.run(2_000);
  assert.equal(rig.arena.mailbox[MB_TITLES], 0);
  assert.equal(titleOf(rig, late.pid), "");
  shorten(rig, 1);
  rig.run(500);
  assert.ok(signalled(rig).includes(one.pid));
  assert.equal(killsOf(rig.arena.journal)[0].name, "app905");
  assert.deepEqual(rig.machine.violations, []);
});

Deno.test("titles: one that cannot be read leaves the short name", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  rig.faults.tornPermille = 1000;
  const one = register(rig, manager, app(905, 6, { title: "unreadable" }));
  rig.run(2_000);
  assert.equal(titleOf(rig, one.pid), "");
  assert.equal(nameOf(rig, one.pid), "app905");
});

/** Stops the reader with its batch read and not yet told of. */
function holdReader(rig: Rig): () => void {
  const { machine } = rig;
  const wait = machine.wait.bind(machine);
  let held = true;
  machine.wait = () => {
    const rc = wait();
    if (held) rig.arena.mailbox[MB_TITLES] = 0;
    return rc;
  };
  return () => held = false;
}

Deno.test("titles: a pid reused between asking and taking", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const release = holdReader(rig);
  const old = register(rig, manager, app(900, 4, { title: "old", exitMs: 0 }));
  const { pid } = old;
  for (let i = 0; i < 20; i++) rig.turn();
  const row = rig.victims.find(pid);
  // Gone, and its pid and its row are another's before the batch is told of.
  rig.world.exit(old);
  for (let i = 0; i < 5; i++) rig.turn();
  assert.equal(rowOf(rig, pid), null);
  rig.world.start(app(900, 4, { title: "new" }), pid);
  manager.prio(pid, 10_000, 900);
  for (let i = 0; i < 5; i++) rig.turn();
  assert.equal(rig.victims.find(pid), row);
  assert.equal(rig.victims.rows[row * VICTIM_WORDS + V_PID], pid);
  release();
  const seen = new Set<string>();
  rig.run(3_000, () => seen.add(titleOf(rig, pid) ?? "none"));
  assert.deepEqual([...seen], ["", "new"]);
});

Deno.test("titles: a row given to another takes no name with it", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const old = register(rig, manager, app(900, 4, { title: "old", exitMs: 0 }));
  rig.run(1_500);
  assert.equal(titleOf(rig, old.pid), "old");
  rig.world.exit(old);
  rig.run(50);
  rig.faults.stuckPermille = 1000;
  const heir = register(rig, manager, app(900, 4, { title: "heir" }));
  rig.run(1_500);
  assert.equal(titleOf(rig, heir.pid), "");
  shorten(rig, 1);
  rig.run(500);
  assert.equal(killsOf(rig.arena.journal)[0].name, "app900");
});

Deno.test("titles: while memory is watched closely only the new are asked", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const early = register(rig, manager, app(200, 4, { title: "early" }));
  rig.run(4_000);
  Object.assign(early, { name: "e2", plan: { ...early.plan, title: "e2" } });
  const sprint = () => {
    for (let i = 0; i < 60; i++) {
      stall(rig);
      rig.turn();
      rig.turn();
      assert.ok(rig.reactor.sprinting);
    }
  };
  sprint();
  const late = register(rig, manager, app(300, 4, { title: "late" }));
  sprint();
  assert.equal(titleOf(rig, late.pid), "late");
  assert.equal(nameOf(rig, early.pid), "e2");
  assert.equal(titleOf(rig, early.pid), "");
  rig.run(4_000);
  assert.equal(titleOf(rig, early.pid), "e2");
});

Deno.test("titles: a new short name is a reason to ask again", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const plan = app(900, 4, { name: "zygote", title: "zygote64" });
  const one = register(rig, manager, plan);
  rig.run(4_000);
  assert.equal(titleOf(rig, one.pid), "zygote64");
  Object.assign(one, { name: "e.app", plan: { ...plan, title: "com.e.app" } });
  rig.run(5_000);
  assert.equal(titleOf(rig, one.pid), "com.e.app");
});

Deno.test("titles: an app that takes its name late is asked once more", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  const plan = app(900, 4, { title: "zygote64" });
  const one = register(rig, manager, plan);
  rig.run(500);
  Object.assign(one, { plan: { ...plan, title: "com.e.app" } });
  rig.run(5_000);
  assert.equal(titleOf(rig, one.pid), "com.e.app");
});

Deno.test("titles: stat files that cannot be opened stand in nobody's way", () => {
  const rig = makeRig();
  const manager = rig.machine.connect(400);
  manager.send(5, 1);
  const apps = Array.from(
    { length: 30 },
    (_, i) => register(rig, manager, app(900 - i, 1)),
  );
  // All but the last cannot be opened, ever.
  const { machine } = rig;
  const openStat = machine.openStat.bind(machine);
  const last = apps[apps.length - 1].pid;
  machine.openStat = () => rig.arena.mailbox[7] === last ? openStat() : -13;
  rig.run(8_000);
  const open = machine.fds.entries().filter(([, { kind }]) => kind === "stat");
  assert.equal(open.length, 1);
  assert.deepEqual(descriptorProblems(rig), []);
});

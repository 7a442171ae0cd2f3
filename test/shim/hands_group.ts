// A memory group of the guard's own, on a real kernel: from the root group into
// one that is made for it, and back; in a group that it has to itself; among
// others. What this machine mounts decides which version is seen.

import assert from "node:assert/strict";
import { enterOwnGroup, readPlace } from "../../src/shim/own_group.ts";
import {
  type Checks,
  settled,
  type Skip,
  textOf,
  withChild,
} from "./attached.ts";

/** The folder of this process's group. */
function here(): string {
  return readPlace()?.dir ?? "";
}

/** Runs `body` while this process is in a group of its test's own. */
async function inGroup(
  body: (dir: string) => Skip | Promise<Skip>,
): Promise<Skip> {
  const place = readPlace();
  if (place === null) return { skip: "there are no memory groups" };
  const home = place.dir;
  const dir = `${place.mount}/oomguard-test-${Deno.pid}`;
  try {
    Deno.mkdirSync(dir);
    Deno.writeTextFileSync(`${dir}/cgroup.procs`, String(Deno.pid));
  } catch (error) {
    return { skip: `no group can be made: ${error}` };
  }
  try {
    return await body(dir);
  } finally {
    Deno.writeTextFileSync(`${home}/cgroup.procs`, String(Deno.pid));
    Deno.removeSync(dir);
  }
}

/** What is set in a group so that it is not swapped. */
function checkSet(dir: string): void {
  const v1 = textOf(`${dir}/memory.swappiness`);
  if (v1 !== "") return assert.equal(v1, "0\n");
  assert.equal(textOf(`${dir}/memory.swap.max`), "0\n");
}

function fromRoot(): Promise<Skip> {
  return inGroup(() => {
    const { mount, isV2 } = readPlace()!;
    Deno.writeTextFileSync(`${mount}/cgroup.procs`, String(Deno.pid));
    const group = enterOwnGroup(readPlace());
    assert.deepEqual([group.held, group.text], [true, `${mount}/oomguard`]);
    assert.equal(here(), `${mount}/oomguard`);
    checkSet(here());
    group.keep(16 << 20);
    if (isV2) assert.equal(textOf(`${here()}/memory.min`), "16777216\n");
    group.leave();
    assert.equal(here(), mount);
    // Another guard may be in it.
    const left = textOf(`${mount}/oomguard/cgroup.procs`).split("\n");
    assert.ok(!left.includes(String(Deno.pid)));
  });
}

function alone(): Promise<Skip> {
  return inGroup((dir) => {
    const group = enterOwnGroup(readPlace());
    assert.deepEqual([group.held, group.text], [true, dir]);
    assert.equal(here(), dir);
    checkSet(dir);
    group.leave();
    assert.equal(here(), dir);
  });
}

function amongOthers(): Promise<Skip> {
  return inGroup(async (dir) => {
    const before = textOf(`${dir}/memory.swappiness`);
    // A child of a child is none of this process's own.
    await withChild("sleep 60 & wait", [], async (parent) => {
      const children = `/proc/${parent}/task/${parent}/children`;
      await settled(() => textOf(children) !== "", "its child");
      const pid = Number(textOf(children));
      Deno.writeTextFileSync(`${dir}/cgroup.procs`, String(pid));
      try {
        const group = enterOwnGroup(readPlace());
        assert.equal(group.held, false);
        assert.match(group.text, /has other processes$/);
        assert.equal(textOf(`${dir}/memory.swappiness`), before);
      } finally {
        Deno.kill(pid, "SIGKILL");
      }
      const procs = () => textOf(`${dir}/cgroup.procs`).split("\n");
      await settled(() => !procs().includes(String(pid)), "its end");
    });
  });
}

/** A child, as the keeper is one, belongs to the guard. */
function withChildren(): Promise<Skip> {
  return inGroup(async (dir) => {
    const { mount } = readPlace()!;
    await withChild("exec sleep 60", [], (pid) => {
      Deno.writeTextFileSync(`${dir}/cgroup.procs`, String(pid));
      const among = enterOwnGroup(readPlace());
      assert.deepEqual([among.held, among.text], [true, dir]);
      checkSet(dir);
      for (const one of [pid, Deno.pid]) {
        Deno.writeTextFileSync(`${mount}/cgroup.procs`, String(one));
      }
      const made = enterOwnGroup(readPlace());
      assert.equal(made.held, true);
      Deno.writeTextFileSync(`${made.text}/cgroup.procs`, String(pid));
      made.leave();
      const left = textOf(`${made.text}/cgroup.procs`).split("\n");
      assert.ok(!left.includes(String(pid)));
      assert.ok(!left.includes(String(Deno.pid)));
    });
  });
}

/** The checks. */
export const GROUPS: Checks = {
  "own group: made in the root, and removed": fromRoot,
  "own group: one that it has to itself is set": alone,
  "own group: among others it stays": amongOthers,
  "own group: its children belong to it": withChildren,
};

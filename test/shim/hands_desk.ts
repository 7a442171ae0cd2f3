// What the shim opens and signals at a process, against the kernel's own files.

import assert from "node:assert/strict";
import {
  AT_SAMPLES,
  MB_COUNT,
  MB_FD,
  MB_PID,
  MB_REAP_PID,
  MB_REAP_RESULT,
  MB_REAP_US,
  MB_REAPS,
  MB_SLOTS,
  MB_UID,
} from "../../src/state/layout.ts";
import { AT_FILES } from "../../src/state/layout.ts";
import * as sensor from "../../src/daemon/sensor.ts";
import { memcgMounts, openMachine } from "../../src/shim/sensors.ts";
import { cString } from "../../src/shim/load.ts";
import {
  adopt,
  becomes,
  type Checks,
  deadPidfd,
  shim,
  textOf,
  waitUntil,
  withChild,
} from "./attached.ts";

const ENOENT = 2;
const ESRCH = 3;
const EBADF = 9;
const ENODEV = 19;
const ENAMETOOLONG = 36;

/** Samples one descriptor; answers the text. */
export function sampled(fd: number): string {
  const { arena, ports } = shim();
  arena.sampleFds[0] = fd;
  arena.mailbox[MB_COUNT] = 1;
  assert.equal(ports.sample(), 0);
  const length = arena.sampleLengths[0];
  assert.ok(length > 0, `${length}`);
  const text = arena.bytes.slice(AT_SAMPLES, AT_SAMPLES + length);
  return new TextDecoder().decode(text);
}

/** Runs `body` with a memory group of version 1 that is made for it; answers
 * why it cannot. */
async function withGroup(
  body: (root: string) => Promise<void>,
): Promise<void | { skip: string }> {
  const { v1 } = memcgMounts();
  const root = `${v1}/oomguard-test-${Deno.pid}`;
  try {
    if (v1 === "") throw new Error("no memory groups of version 1");
    Deno.mkdirSync(root);
  } catch (cause) {
    return { skip: (cause as Error).message };
  }
  try {
    await body(root);
  } finally {
    const made = [root];
    for (let i = 0; i < made.length; i++) {
      for (const { name, isDirectory } of Deno.readDirSync(made[i])) {
        if (isDirectory) made.push(`${made[i]}/${name}`);
      }
    }
    for (const dir of made.reverse()) Deno.removeSync(dir);
  }
}

function memcgRoot(path: string): number {
  return shim().symbols.memcgRoot(cString(path));
}

/** A comm that looks like the fields behind it. */
const HOSTILE = "x) Z 1 2 (";

export const DESK: Checks = {
  "openStat: /proc/PID/stat of the process behind the pidfd": async () => {
    const dir = Deno.makeTempDirSync({ prefix: "oomguard-stat-" });
    const sleep = `${dir}/${HOSTILE}`;
    Deno.copyFileSync("/bin/sleep", sleep);
    await withChild('exec "$1" 60', [sleep], async (pid) => {
      await becomes(pid, HOSTILE);
      const { mailbox } = shim().arena;
      adopt(pid);
      mailbox[MB_COUNT] = 7;
      const fd = shim().ports.openStat();
      assert.ok(fd >= 0, `${fd}`);
      assert.equal(mailbox[MB_COUNT], 0);
      const text = sampled(fd);
      assert.ok(text.startsWith(`${pid} (${HOSTILE}) `), text);
      assert.equal(text.slice(text.lastIndexOf(")") + 2).split(" ").length, 50);
      mailbox[MB_FD] = -1;
      assert.equal(shim().ports.openStat(), -EBADF);
      shim().symbols.shut(fd);
    });
    Deno.removeSync(dir, { recursive: true });
  },

  "openStat: not of somebody else": async () => {
    const { pidfd } = await deadPidfd();
    const { mailbox } = shim().arena;
    mailbox[MB_FD] = pidfd;
    mailbox[MB_PID] = Deno.pid;
    assert.equal(shim().ports.openStat(), -ESRCH);
    assert.equal(shim().ports.openStatus(), -ESRCH);
  },

  "memory groups: openStat and softLimit of an app's own": () =>
    withGroup(async (root) => {
      await withChild("exec sleep 60", [], async (pid) => {
        await becomes(pid, "sleep");
        const { mailbox } = shim().arena;
        const { ports } = shim();
        adopt(pid);
        mailbox[MB_UID] = 10_123;
        mailbox[MB_COUNT] = 8;
        assert.equal(memcgRoot(""), 0);
        assert.equal(ports.softLimit(), -ENODEV, "no groups here");
        assert.equal(memcgRoot(root), 0);
        assert.equal(ports.softLimit(), -ENOENT, "no group of its own");
        const other = ports.openStat();
        assert.ok(other >= 0);
        assert.equal(mailbox[MB_COUNT], 0, "no group of its own");
        shim().symbols.shut(other);

        const own = `${root}/apps/uid_10123/pid_${pid}`;
        Deno.mkdirSync(own, { recursive: true });
        const limit = `${own}/memory.soft_limit_in_bytes`;
        for (const mib of [0, 8, 512, 3_000]) {
          mailbox[MB_COUNT] = mib;
          assert.equal(ports.softLimit(), 0, `${mib}`);
          assert.equal(Number(textOf(limit)), mib * 1_048_576);
        }
        mailbox[MB_COUNT] = -1;
        assert.ok(ports.softLimit() < 0, "negative");
        assert.equal(Number(textOf(limit)), 3_000 * 1_048_576);
        mailbox[MB_FD] = -1;
        mailbox[MB_COUNT] = 64;
        assert.equal(ports.softLimit(), 0, "without a pidfd");
        assert.equal(Number(textOf(limit)), 64 * 1_048_576);

        adopt(pid);
        const fd = ports.openStat();
        assert.equal(mailbox[MB_COUNT], 1);
        assert.match(sampled(fd), /^total_pgmajfault \d+$/m);
        shim().symbols.shut(fd);
        mailbox[MB_UID] = -1;
        mailbox[MB_COUNT] = 8;
        assert.equal(ports.softLimit(), -ENOENT, "of nobody's");
      });
      const { pid, pidfd } = await deadPidfd();
      Deno.mkdirSync(`${root}/apps/uid_0/pid_${pid}`, { recursive: true });
      const { mailbox } = shim().arena;
      mailbox.set([pidfd, 8, pid, 0], MB_FD);
      assert.equal(shim().ports.softLimit(), -ESRCH, "gone");
      assert.equal(shim().ports.openStat(), -ESRCH, "gone");
    }),

  "memcgRoot: a path that does not fit changes nothing": () => {
    const { mailbox } = shim().arena;
    assert.equal(memcgRoot(""), 0);
    assert.equal(memcgRoot("/".repeat(64)), -ENAMETOOLONG);
    mailbox[MB_FD] = -1;
    assert.equal(shim().ports.softLimit(), -ENODEV);
    assert.equal(memcgRoot("/".repeat(63)), 0);
    mailbox.set([-1, 8, -(2 ** 31), -1], MB_FD);
    assert.equal(shim().ports.softLimit(), -ENOENT);
  },

  "kill: the reap that follows is told by its pid": async () => {
    await withChild("exec sleep 60", [], async (pid) => {
      await becomes(pid, "sleep");
      const { mailbox } = shim().arena;
      mailbox[MB_FD] = adopt(pid);
      mailbox[MB_PID] = pid;
      mailbox[MB_REAP_PID] = -1;
      const before = mailbox[MB_REAPS];
      assert.equal(shim().ports.kill(), 0);
      // Whatever else is done meanwhile does not change whose reap it is.
      mailbox[MB_PID] = 1;
      assert.ok(waitUntil(100, () => false) === false);
      assert.equal(mailbox[MB_REAPS], before + 1);
      assert.equal(mailbox[MB_REAP_PID], pid);
      assert.ok([0, -ESRCH, -38].includes(mailbox[MB_REAP_RESULT]));
      assert.ok(mailbox[MB_REAP_US] >= 0);
    });
  },

  "sense: pressure of io and cpu, and memory of the root group": () => {
    const { slots } = openMachine(shim());
    const { arena, ports } = shim();
    arena.mailbox[MB_SLOTS] = slots;
    assert.equal(ports.sense(), 0);
    const rows: [number, string, RegExp][] = [
      [sensor.SLOT_IO_PRESSURE, "/proc/pressure/io", /^some avg10=/],
      [sensor.SLOT_CPU_PRESSURE, "/proc/pressure/cpu", /^some avg10=/],
    ];
    const { v1 } = memcgMounts();
    if (v1 !== "") {
      const memsw = `${v1}/memory.memsw.usage_in_bytes`;
      rows.push([
        sensor.SLOT_MEMCG_USAGE,
        `${v1}/memory.usage_in_bytes`,
        /^\d+\n$/,
      ], [sensor.SLOT_MEMSW_USAGE, memsw, /^\d+\n$/]);
    }
    for (const [slot, path, want] of rows) {
      const open = (slots >> slot & 1) === 1;
      assert.equal(open, textOf(path) !== "", path);
      if (!open) continue;
      const at = AT_FILES + sensor.SLOT_AT[slot];
      const bytes = arena.bytes.slice(at, at + arena.slotLengths[slot]);
      assert.match(new TextDecoder().decode(bytes), want, path);
    }
  },
};

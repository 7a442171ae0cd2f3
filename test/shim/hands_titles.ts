// Command names as the shim's thread reads them, of processes as odd as they
// come, and of one that nobody can read.

import assert from "node:assert/strict";
import { TITLE_ASKS_MAX, TITLE_BYTES } from "../../src/base/limits.ts";
import {
  AT_TITLE_PIDS,
  AT_TITLE_TEXTS,
  MB_COUNT,
  MB_EVENTS,
  MB_SIGNALS,
  MB_TITLES,
} from "../../src/state/layout.ts";
import {
  becomes,
  type Checks,
  settled,
  shim,
  type Skip,
  textOf,
  waitUntil,
  withChild,
} from "./attached.ts";

const EBUSY = 16;
const EINVAL = 22;
/** A name is read in microseconds: this is as good as never. */
const SOON_MS = 2_000;

/** Asks; answers the shim's answer. */
function ask(...pids: number[]): number {
  const { arena, ports } = shim();
  new Int32Array(arena.buffer, AT_TITLE_PIDS, TITLE_ASKS_MAX).set(pids);
  arena.mailbox[MB_COUNT] = pids.length;
  return ports.askTitles();
}

/** What was read in place `index`; everything behind it must be NULs. */
function title(index: number): string {
  const at = AT_TITLE_TEXTS + index * TITLE_BYTES;
  const bytes = shim().arena.bytes.slice(at, at + TITLE_BYTES);
  const end = bytes.indexOf(0);
  assert.ok(end >= 0 && bytes.subarray(end).every((byte) => byte === 0));
  return new TextDecoder().decode(bytes.subarray(0, end));
}

/** Asks and waits until all have been read. */
function read(...pids: number[]): string[] {
  const { mailbox } = shim().arena;
  // What was there before must not show.
  shim().arena.bytes.fill(120, AT_TITLE_TEXTS, AT_TITLE_TEXTS + TITLE_BYTES);
  const before = mailbox[MB_TITLES];
  assert.equal(ask(...pids), 0);
  assert.ok(waitUntil(SOON_MS, () => mailbox[MB_TITLES] === before + 1));
  return pids.map((_, i) => title(i));
}

async function check(
  what: string,
  script: string,
  args: string[],
  want: string,
): Promise<void> {
  await withChild(script, args, async (pid) => {
    await becomes(pid, "sleep");
    assert.deepEqual(read(pid), [want], what);
  });
}

const AS = 'exec -a "$1" sleep 60';

export const TITLES: Checks = {
  "titles: the first argument up to its first space": async () => {
    await check("empty", AS, [""], "");
    await check("begins with a space", AS, [" a"], "");
    await check("spaces", AS, ["com.example.app --type=x"], "com.example.app");
    await check("only its first", "exec sleep 60 61", [], "sleep");
    const long = "x".repeat(200);
    await check("long", AS, [long], long.slice(0, TITLE_BYTES - 1));
    const just = "y".repeat(TITLE_BYTES - 1);
    await check("just fits", AS, [just], just);
    await check("no ASCII", AS, ["приложение"], "приложение");
    await check("a tab", AS, ["a\tb c"], "a\tb");
  },

  "titles: who has none": async () => {
    assert.deepEqual(read(2), [""], "a kernel thread");
    assert.deepEqual(read(0, -1, 2 ** 31 - 1), ["", "", ""], "no pids");
    let gone = 0;
    await withChild("exec sleep 60", [], (pid) => void (gone = pid));
    assert.deepEqual(read(gone), [""], "gone");
    await withChild("sleep 0 & exec sleep 60", [], async (pid) => {
      const children = `/proc/${pid}/task/${pid}/children`;
      let zombie = 0;
      await settled(() => {
        zombie = Number.parseInt(textOf(children));
        return textOf(`/proc/${zombie}/stat`).includes(") Z ") &&
          textOf(`/proc/${pid}/comm`) === "sleep\n";
      }, "a zombie");
      assert.deepEqual(read(zombie, pid), ["", "sleep"], "a zombie");
    });
  },

  "titles: a thread has its process's": () => {
    const tids = [...Deno.readDirSync("/proc/self/task")].map((one) =>
      Number(one.name)
    ).filter((tid) => tid !== Deno.pid);
    assert.ok(tids.length > 0);
    const own = textOf("/proc/self/cmdline").split("\0")[0].split(" ")[0];
    assert.deepEqual(read(tids[0], Deno.pid), [own, own]);
  },

  "titles: a full batch, again and again": () => {
    const own = textOf("/proc/self/cmdline").split("\0")[0].split(" ")[0];
    const pids = Array.from({ length: TITLE_ASKS_MAX }, () => Deno.pid);
    for (let i = 0; i < 200; i++) {
      assert.deepEqual(read(...pids), pids.map(() => own));
    }
  },

  "titles: how many may be asked for": () => {
    const { mailbox } = shim().arena;
    const { ports } = shim();
    for (const count of [0, -1, TITLE_ASKS_MAX + 1, 2 ** 31 - 1, -(2 ** 31)]) {
      mailbox[MB_COUNT] = count;
      assert.equal(ports.askTitles(), -EINVAL, `${count}`);
    }
    assert.equal(read(Deno.pid).length, 1);
  },

  "titles: busy until a wait has told": () => {
    const { mailbox } = shim().arena;
    const before = mailbox[MB_TITLES];
    assert.equal(ask(Deno.pid), 0);
    // Read or not, nobody has taken it.
    assert.equal(ask(1), -EBUSY);
    assert.ok(waitUntil(SOON_MS, () => mailbox[MB_TITLES] !== before));
    assert.equal(mailbox[MB_EVENTS], 0);
    assert.equal(mailbox[MB_SIGNALS], 0);
    assert.notEqual(title(0), "");
    assert.equal(read(1).length, 1);
  },

  // FIFO_PATH lies over the cmdline of FIFO_PID: opening it waits.
  "titles: who asks never waits for who cannot be read": (): Skip => {
    const pid = Number(Deno.env.get("FIFO_PID") ?? "0");
    if (pid === 0) return { skip: "a mount over /proc was refused" };
    const { mailbox } = shim().arena;
    const before = mailbox[MB_TITLES];
    const began = performance.now();
    assert.equal(ask(Deno.pid, pid, Deno.pid), 0);
    assert.equal(ask(pid), -EBUSY);
    const tookMs = performance.now() - began;
    assert.ok(tookMs < 20, `${tookMs} ms`);
    assert.equal(waitUntil(100, () => mailbox[MB_TITLES] !== before), false);
    assert.equal(ask(Deno.pid), -EBUSY);
    // Somebody writes: the thread goes on where it was.
    Deno.writeTextFileSync(Deno.env.get("FIFO_PATH")!, "late arguments");
    assert.ok(waitUntil(SOON_MS, () => mailbox[MB_TITLES] === before + 1));
    assert.equal(title(1), "late");
    assert.equal(title(2), title(0));
    assert.notEqual(title(0), "");
    assert.equal(read(Deno.pid).length, 1);
  },
};

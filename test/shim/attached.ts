// A shim that is attached and started, of which a process has one, and what
// its checks need: children with any name, and waits that come to an end. Used
// by the checks that hands_test.ts runs in processes of their own.

import assert from "node:assert/strict";
import { Shim } from "../../src/shim/shim.ts";
import {
  MB_ADJ,
  MB_FD,
  MB_PID,
  MB_STATUS_FD,
  MB_TAG,
  MB_TIMEOUT_MS,
} from "../../src/state/layout.ts";

/** What a check answers instead of passing: why this machine cannot tell. */
export type Skip = { readonly skip: string } | void;

/** Checks by name. */
export type Checks = Readonly<Record<string, () => Skip | Promise<Skip>>>;

let one: Shim | undefined;

/** The shim of this process. */
export function shim(): Shim {
  if (one === undefined) {
    one = new Shim();
    one.start();
  }
  return one;
}

/** Waits, `ms` at most, until `done`; answers whether it came to that. */
export function waitUntil(ms: number, done: () => boolean): boolean {
  const { ports, arena } = shim();
  const end = performance.now() + ms;
  while (!done()) {
    const left = end - performance.now();
    if (left <= 0) return false;
    arena.mailbox[MB_TIMEOUT_MS] = Math.ceil(left);
    assert.equal(ports.wait(), 0);
  }
  return true;
}

/** Runs `body` with a child that bash makes by `script`; "$@" are `args`. */
export async function withChild(
  script: string,
  args: string[],
  body: (pid: number) => Skip | Promise<Skip>,
): Promise<Skip> {
  const child = new Deno.Command("bash", {
    args: ["-c", script, "bash", ...args],
    stdin: "null",
    stdout: "null",
  }).spawn();
  try {
    return await body(child.pid);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch { /* It has died as it was meant to. */ }
    await child.status;
  }
}

/** Looks again and again, for two seconds, until something holds. */
export async function settled(holds: () => boolean, what: string) {
  const end = performance.now() + 2_000;
  while (!holds()) {
    assert.ok(performance.now() < end, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The text of a file, or "" where there is none. */
export function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

/** Once `pid` runs what bash is to become; its arguments as the kernel tells
 * them. */
export async function becomes(pid: number, comm: string): Promise<void> {
  await settled(() => textOf(`/proc/${pid}/comm`) === `${comm}\n`, comm);
}

/** Adopts a process; answers its pidfd. */
export function adopt(pid: number): number {
  const { ports, arena } = shim();
  arena.mailbox[MB_PID] = pid;
  arena.mailbox[MB_TAG] = 3 << 24;
  const pidfd = ports.adopt();
  assert.ok(pidfd >= 0, `adopt: ${pidfd}`);
  assert.equal(
    arena.mailbox[MB_ADJ],
    Number(textOf("/proc/self/oom_score_adj")),
  );
  shim().symbols.shut(arena.mailbox[MB_STATUS_FD]);
  arena.mailbox[MB_FD] = pidfd;
  return pidfd;
}

/** The pidfd of somebody who is gone. */
export async function deadPidfd(): Promise<{ pid: number; pidfd: number }> {
  let pid = 0;
  let pidfd = -1;
  await withChild("exec sleep 60", [], (child) => {
    pid = child;
    pidfd = adopt(child);
  });
  await settled(() => textOf(`/proc/${pid}/comm`) === "", "its end");
  return { pid, pidfd };
}

// The start, with one call failing: once, it starts as if nothing had been;
// always, it guards with what it could get, unless that is no shim or no file
// to guard by, which it says.

import assert from "node:assert/strict";
import { type CallName, ERRORS, type Fault, type Knobs } from "./knobs.ts";
import { real, withStage } from "./stage.ts";

const IS_SOAK = Deno.env.get("OOMGUARD_SOAK") === "full";

/** What the start asks for. */
const CALLS: readonly CallName[] = [
  ...["open", "read", "pread", "write", "pwrite", "close"] as const,
  ...["epoll_ctl", "socket", "bind", "listen", "mmap", "mlock2"] as const,
  ...["memfd_create", "epoll_create1", "eventfd", "ftruncate"] as const,
  ...["fallocate", "flock", "pthread_create", "setsockopt"] as const,
  ...["madvise", "sched_setscheduler"] as const,
];
/** Without these there is no shim, or nothing to guard by. */
const VITAL: readonly CallName[] = [
  ...["open", "mmap", "memfd_create", "epoll_create1", "eventfd"] as const,
  ...["epoll_ctl", "ftruncate"] as const,
];

/** The soak tries each error, each call by itself, and a hog each time. */
const errors = IS_SOAK ? Object.values(ERRORS) : [ERRORS.ENOMEM];
/** Whose loss is felt by the kill: tried with a hog each time. */
const FELT: readonly CallName[] = ["read", "socket", "pthread_create"];

/** A guard started with a fault; it comes up, and kills where that is tried. */
async function starts(fault: Fault, isTried: boolean): Promise<void> {
  const before = (knobs: Knobs) => knobs.set(fault);
  await withStage({ before }, async (stage) => {
    if (fault.times === 1) {
      await stage.daemon.ready();
      // What failed once was asked for again: nothing is missing.
      assert.doesNotMatch(stage.daemon.log, /Without a (socket|thread)/);
      assert.doesNotMatch(stage.daemon.log, /arena: ENOMEM|Cannot /);
    }
    stage.knobs.clear();
    if (isTried) await stage.hog();
  });
}

Deno.test({
  name: `each call fails once while the guard starts${real.because}`,
  ignore: real.ignore,
  fn: async () => {
    const groups = IS_SOAK ? CALLS.map((call) => [call]) : [CALLS];
    for (const calls of groups) {
      for (const error of errors) {
        await starts({ calls, error, times: 1 }, true);
      }
    }
  },
});

Deno.test({
  name: `each call always fails while the guard starts${real.because}`,
  ignore: real.ignore,
  fn: async () => {
    for (const call of CALLS.filter((one) => !VITAL.includes(one))) {
      for (const error of errors) {
        await starts({ calls: [call], error }, IS_SOAK || FELT.includes(call));
      }
    }
  },
});

Deno.test({
  name: `no shim and no file to guard by: it says so and ends${real.because}`,
  ignore: real.ignore,
  fn: async () => {
    for (const call of VITAL) {
      const fault = { calls: [call], error: ERRORS.ENOMEM };
      const before = (knobs: Knobs) => knobs.set(fault);
      await withStage({ before, ends: true }, async ({ daemon }) => {
        assert.equal(await daemon.end(), 1, call);
        assert.match(daemon.log, /Cannot .*(ENOMEM|expected)/, call);
      });
    }
  },
});

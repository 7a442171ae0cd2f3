// The start, with one call failing: once, it starts as if nothing had been;
// always, it guards with what it could get, unless that is no shim or no file
// to guard by, which it says.

import assert from "node:assert/strict";
import { type CallName, ERRORS } from "./knobs.ts";
import { whyNoGroup, withStage } from "./stage.ts";

const IS_SOAK = Deno.env.get("OOMGUARD_SOAK") === "1";

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

const refused = await whyNoGroup();
const because = refused === "" ? "" : ` [no memory group: ${refused}]`;
/** The soak tries each error, and a hog each time. */
const errors = IS_SOAK ? Object.values(ERRORS) : [ERRORS.ENOMEM];

Deno.test({
  name: `each call fails once while the guard starts${because}`,
  ignore: refused !== "",
  fn: async () => {
    for (const call of CALLS) {
      for (const error of errors) {
        const fault = { calls: [call], error, times: 1 };
        await withStage(
          { before: (knobs) => knobs.set(fault) },
          async (stage) => {
            await stage.daemon.ready();
            assert.doesNotMatch(stage.daemon.log, /Without a socket/);
            if (IS_SOAK) await stage.hog();
          },
        );
      }
    }
  },
});

Deno.test({
  name: `each call always fails while the guard starts${because}`,
  ignore: refused !== "",
  fn: async () => {
    for (const call of CALLS.filter((one) => !VITAL.includes(one))) {
      for (const error of errors) {
        const fault = { calls: [call], error };
        await withStage(
          { before: (knobs) => knobs.set(fault) },
          async (stage) => {
            stage.knobs.clear();
            await stage.hog();
          },
        );
      }
    }
  },
});

Deno.test({
  name: `no shim and no file to guard by: it says so and ends${because}`,
  ignore: refused !== "",
  fn: async () => {
    for (const call of VITAL) {
      const fault = { calls: [call], error: ERRORS.ENOMEM };
      await withStage(
        { before: (knobs) => knobs.set(fault), ends: true },
        async ({ daemon }) => {
          assert.equal(await daemon.end(), 1);
          assert.match(daemon.log, /^oomguard: Cannot |^Cannot /m);
          assert.match(daemon.log, /ENOMEM|expected/);
        },
      );
    }
  },
});

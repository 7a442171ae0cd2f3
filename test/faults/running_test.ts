// One call at a time: while the guard runs, every call of the shim's fails for
// want of something, is interrupted, or moves a byte or two. Meanwhile the guard
// neither ends nor spins; afterwards it kills the next hog as if nothing had
// been, and its journal names what failed.

import assert from "node:assert/strict";
import {
  G_FAULTS,
  G_LAST_FAULT_RC,
  G_REFUSED,
  G_TURNS,
} from "../../src/state/gauges.ts";
import { sleep, until } from "../cli/live/daemon.ts";
import { CALL_NAMES, type CallName, ERRORS } from "./knobs.ts";
import { ADJ, LIMIT_KB, real, type Stage, withStage } from "./stage.ts";

const IS_SOAK = Deno.env.get("OOMGUARD_SOAK") === "full";
/** How long a fault lasts, ms. */
const FAULT_MS = IS_SOAK ? 1_500 : 60;
/** ... and where the call is a rare one: files are written each second. */
const FAULT_MS_MAX = 2_000;
/** More turns in a second than this are a spin: an interrupted wait rests for
 * a millisecond. */
const TURNS_PER_S_MAX = 1_200;
/** Bytes that a short read or write moves. */
const SHORT_BYTES = [1, 7];

/** What a running guard asks for; all else belongs to its start. */
const RUNNING: readonly CallName[] = [
  ...["open", "read", "pread", "write", "pwrite", "close"] as const,
  ...["epoll_wait", "epoll_ctl", "recvmsg", "send", "accept4"] as const,
  ...["sem_post", "pidfd_open", "pidfd_send_signal"] as const,
  ...["setsockopt", "poll"] as const,
];
/** Whose failure costs nothing that is to be told of: the log drops words and
 * counts them, a wakeup comes with the next event, and a client without
 * credentials is refused as any other. */
const SILENT: readonly CallName[] = ["poll", "setsockopt", "write", "read"];

/** One fault for a while; how often it struck. */
async function strike(
  stage: Stage,
  call: CallName,
  fault: { error?: number; shortBytes?: number },
): Promise<number> {
  const { daemon, knobs } = stage;
  const turnsBefore = daemon.gauge(G_TURNS);
  const start = performance.now();
  knobs.set({ calls: [call], ...fault });
  const isOn = () => {
    const ms = performance.now() - start;
    return ms < FAULT_MS || (knobs.failed(call) === 0 && ms < FAULT_MS_MAX);
  };
  while (isOn()) {
    await stage.poke();
    await sleep(5);
  }
  knobs.clear();
  const tookMs = performance.now() - start;
  const turns = daemon.gauge(G_TURNS) - turnsBefore;
  const most = tookMs / 1000 * TURNS_PER_S_MAX + 20;
  assert.ok(turns <= most, `${call}: ${turns} turns in ${tookMs} ms`);
  return knobs.failed(call);
}

/** Every fault of one call, then a hog; how often they struck. */
async function strikeAll(stage: Stage, call: CallName): Promise<number> {
  const { daemon } = stage;
  let struck = 0;
  for (const [name, error] of Object.entries(ERRORS)) {
    const before = daemon.gauge(G_FAULTS);
    const hits = await strike(stage, call, { error });
    struck += hits;
    // Interrupted calls are repeated by the shim before anybody hears of it;
    // one that has nothing to say is told to try again.
    const isQuiet = SILENT.includes(call) || error === ERRORS.EINTR ||
      error === ERRORS.EAGAIN;
    if (hits === 0 || isQuiet) continue;
    assert.ok(daemon.gauge(G_FAULTS) > before, `${call} ${name} not counted`);
    assert.equal(daemon.gauge(G_LAST_FAULT_RC), -error, `${call} ${name}`);
  }
  if (["read", "pread", "write", "pwrite"].includes(call)) {
    for (const shortBytes of SHORT_BYTES) {
      struck += await strike(stage, call, { shortBytes });
    }
  }
  const ms = await stage.hog();
  if (IS_SOAK) console.log(`${call}: ${struck} faults, hog dead in ${ms} ms`);
  return struck;
}

Deno.test({
  name: "each call fails while the guard runs" + real.because,
  ignore: real.ignore,
  fn: async () => {
    await withStage({}, async (stage) => {
      const calm = await stage.hog();
      const missed: string[] = [];
      for (const call of RUNNING) {
        if (await strikeAll(stage, call) === 0) missed.push(call);
      }
      // Each was really tried.
      assert.deepEqual(missed, []);
      const told = stage.faults();
      for (const error of [ERRORS.ENOMEM, ERRORS.EMFILE]) {
        const named = told.filter((one) => one.endsWith(`:-${error}`));
        assert.ok(named.length > 0, `no record of errno ${error}: ${told}`);
      }
      // Nobody was signalled twice, or without a word about it.
      assert.equal(stage.knobs.signals, stage.kills());
      console.log(
        `${RUNNING.length} calls of ${CALL_NAMES.length}; a hog dies in ` +
          `${Math.round(calm)} ms when nothing fails`,
      );
    });
  },
});

Deno.test({
  name: "the signal itself fails: the victim is tried again" + real.because,
  ignore: real.ignore,
  fn: async () => {
    await withStage({}, async (stage) => {
      const { daemon, knobs } = stage;
      for (const [name, error] of Object.entries(ERRORS)) {
        const before = daemon.gauge(G_REFUSED);
        const meanwhile = async () => {
          knobs.set({ calls: ["pidfd_send_signal"], error });
          await until(
            `a refusal by ${name}`,
            () => daemon.gauge(G_REFUSED) > before || undefined,
          );
          knobs.clear();
        };
        await stage.hog({ meanwhile });
      }
      const count = Object.keys(ERRORS).length;
      assert.equal(knobs.signals, count);
      assert.equal(stage.kills(), count);
    });
  },
});

Deno.test({
  name: "the victim cannot be reaped: others go on dying" + real.because,
  ignore: real.ignore,
  fn: async () => {
    await withStage({}, async (stage) => {
      const { daemon, knobs } = stage;
      for (const error of [ERRORS.ENOMEM, ERRORS.EINTR]) {
        knobs.set({ calls: ["process_mrelease"], error });
        await stage.hog();
        assert.ok(knobs.failed("process_mrelease") > 0);
      }
      await daemon.said("process_mrelease");
      assert.match(daemon.log, /process_mrelease \d+ failed: ENOMEM\n/);
    });
  },
});

Deno.test({
  name: "a few bytes at a time: the figures are whole" + real.because,
  ignore: real.ignore,
  fn: async () => {
    await withStage({}, async (stage) => {
      const { daemon, knobs } = stage;
      for (const shortBytes of SHORT_BYTES) {
        knobs.set({ calls: ["read", "pread", "write", "pwrite"], shortBytes });
        // Discovered: its pid, its importance and its size are read like that.
        await stage.hog({ isRegistered: false });
        await daemon.shows("lastAdj", ADJ);
        await daemon.shows("totalKb", LIMIT_KB);
        assert.ok((daemon.field("lastRssKb") ?? 0) > LIMIT_KB / 4);
      }
      assert.equal(knobs.signals, stage.kills());
      knobs.clear();
    });
  },
});

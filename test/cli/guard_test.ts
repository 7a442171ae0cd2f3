// How a guard is put together: whose its socket is, what a refused folder is
// spared, and the tie between its clock and the calendar.

import assert from "node:assert/strict";
import { sum32 } from "../../src/base/int.ts";
import { tieClock } from "../../src/cli/guard.ts";
import { Arena } from "../../src/state/arena.ts";
import {
  J_EPOCH_S,
  J_TIME_MS,
  Journal,
  KIND_START,
} from "../../src/state/journal.ts";
import { ARENA_BYTES, MB_NOW_MS } from "../../src/state/layout.ts";
import { LMK_TARGET, LMK_UPDATE_PROPS } from "../../src/wire/lmkd.ts";
import { Daemon, withDaemon, withDir } from "./live/daemon.ts";
import { Peer } from "./live/peer.ts";

/** At `nowMs` of a clock that stands still in suspend it is `unixMs`. */
interface Moment {
  readonly nowMs: number;
  readonly unixMs: number;
}

/** When a record begun at `at` says it was, ms since 1970, the clocks having
 * been tied at each of `ties`. */
function recordedMs(ties: readonly Moment[], at: Moment): number {
  const arena = new Arena(new ArrayBuffer(ARENA_BYTES));
  const journal = new Journal(arena.journal);
  const { now } = Date;
  try {
    for (const { nowMs, unixMs } of ties) {
      arena.mailbox[MB_NOW_MS] = nowMs;
      Date.now = () => unixMs;
      assert.equal(tieClock(arena, journal), Math.floor(unixMs / 1000));
    }
  } finally {
    Date.now = now;
  }
  journal.begin(KIND_START, at.nowMs);
  journal.commit();
  return journal.words[J_EPOCH_S] * 1000 + journal.words[J_TIME_MS];
}

Deno.test("the clock is tied to the calendar again after suspend", () => {
  const first = { nowMs: 5_000, unixMs: 1_700_000_000_321 };
  const later = (of: Moment, awakeMs: number, asleepMs: number): Moment => ({
    nowMs: sum32(of.nowMs, awakeMs),
    unixMs: of.unixMs + awakeMs + asleepMs,
  });
  const soon = later(first, 700, 0);
  assert.equal(recordedMs([first], soon), soon.unixMs);
  // Eight hours asleep: wrong by these until it is tied again.
  const woken = later(first, 60_000, 8 * 3_600_000);
  const after = later(woken, 1_234, 0);
  assert.equal(recordedMs([first], after), after.unixMs - 8 * 3_600_000);
  assert.equal(recordedMs([first, woken], after), after.unixMs);
  // The calendar was set back by a year, and the clock went round.
  const back = later(woken, 2 ** 31 - 60_000, -31_536_000_000);
  const last = later(back, 999, 0);
  assert.equal(recordedMs([first, woken, back], last), last.unixMs);
});

Deno.test({
  name: "socket: ids above 2^31 are handed on as they are",
  ignore: Deno.uid() !== 0,
}, async () => {
  const args = ["socket.owner=4000000000", "socket.group=3000000000"]
    .flatMap((set) => ["--set", set]);
  await withDaemon(() => ({ args }), (daemon) => {
    const { uid, gid } = Deno.lstatSync(daemon.socket);
    assert.deepEqual([uid, gid], [4_000_000_000, 3_000_000_000]);
    return Promise.resolve();
  });
});

Deno.test("a refused state folder gets no file of ours", async () => {
  await withDir(async (dir) => {
    Deno.chmodSync(dir, 0o777);
    const daemon = new Daemon(dir, { args: ["--set", "properties=off"] });
    try {
      await daemon.said("anyone may rename what is in it, ignoring");
      await daemon.said(" guards ");
      const peer = new Peer(daemon.socket);
      try {
        // Tiers are published too, where they may be.
        peer.send(LMK_TARGET, 18_432, 0);
        await peer.ask(LMK_UPDATE_PROPS);
        await peer.barrier();
      } finally {
        peer.close();
      }
      const names = [...Deno.readDirSync(dir)].map(({ name }) => name);
      assert.deepEqual(names, ["lmkd"]);
    } finally {
      await daemon.kill();
    }
  });
});

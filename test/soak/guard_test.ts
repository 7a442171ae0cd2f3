// A guard that has nothing to do for longer than V8 waits before it collects by
// itself: it lives, and what it locked stays where it is.

import assert from "node:assert/strict";
import { sleep, until, withDaemon } from "../cli/live/daemon.ts";
import { SOAK_S } from "./seconds.ts";

Deno.test("soak: an idle guard holds what it locked", async () => {
  await withDaemon(() => ({}), async (daemon) => {
    const level = await until("its memory locked", () => {
      const word = daemon.word("lockLevel");
      return word === "nothing" ? undefined : word;
    });
    assert.ok(level === "files" || level === "all", `lock level ${level}`);
    await sleep(SOAK_S * 1000);
    const turns = daemon.field("turns")!;
    // It looks at its own figures when it is calm, each 10 s.
    assert.equal(daemon.field("swappedKb"), 0);
    assert.ok(daemon.field("lockedKb")! > 50_000);
    await daemon.shows("lockLevel", level);
    daemon.signal("SIGTERM");
    assert.equal(await daemon.end(), 0, daemon.log);
    assert.ok(turns > 0);
  });
});

// The watchdog's kills as lines of the log: each is told once, also one whose
// record comes later than its count; one that has no record is told of.

import assert from "node:assert/strict";
import type { Guard } from "../../src/cli/guard.ts";
import type { Log } from "../../src/cli/log.ts";
import { WatchdogNews } from "../../src/cli/watchdog_news.ts";
import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../../src/base/limits.ts";
import type { Arena } from "../../src/state/arena.ts";
import { G_WATCHDOG_KILLS } from "../../src/state/gauges.ts";
import { KIND_DEATH, KIND_WATCHDOG } from "../../src/state/journal.ts";
import {
  GAUGES_WORDS,
  MAILBOX_WORDS,
  MB_NOW_MS,
} from "../../src/state/layout.ts";
import { type Entry, journalOf, KILL, withWords } from "../report/records.ts";
import { closeSync, openSync, writeSync } from "node:fs";

const RECORD_BYTES = JOURNAL_WORDS * 4;
const RING_AT = (1 + JOURNAL_RECORDS) * RECORD_BYTES;

/** A kill of the watchdog's. */
function killOf(pid: number): Entry {
  return withWords({ ...KILL, kind: KIND_WATCHDOG }, { J_PID: pid });
}

/** What is said of kills and records as they come. */
function stage(fd: number) {
  const gauges = new Int32Array(GAUGES_WORDS);
  const mailbox = new Int32Array(MAILBOX_WORDS);
  const lines: string[] = [];
  const guard = { journalFd: fd, firstSerials: new Int32Array(3) };
  const news = new WatchdogNews(
    { gauges, mailbox } as unknown as Arena,
    guard as unknown as Guard,
  );
  const log = { say: (_: string, text: string) => lines.push(text) };
  return {
    count: () => gauges[G_WATCHDOG_KILLS]++,
    record(entries: readonly Entry[]): void {
      const { words } = journalOf(entries);
      const bytes = new Uint8Array(words.buffer, 0, words.byteLength);
      writeSync(fd, bytes, 0, entries.length * RECORD_BYTES, RING_AT);
    },
    /** Lines said at this time. */
    saidAt(ms: number): string[] {
      mailbox[MB_NOW_MS] = ms;
      news.say(log as unknown as Log);
      return lines.splice(0);
    },
  };
}

function withFile(act: (fd: number) => void): void {
  const path = Deno.makeTempFileSync({ prefix: "oomguard-news-" });
  const fd = openSync(path, "r+");
  try {
    act(fd);
  } finally {
    closeSync(fd);
    Deno.removeSync(path);
  }
}

Deno.test("watchdog news: a record that comes later is told then, once", () => {
  withFile((fd) => {
    const { count, record, saidAt } = stage(fd);
    assert.deepEqual(saidAt(0), []);
    count();
    assert.deepEqual(saidAt(10), []);
    record([killOf(71)]);
    const [line, ...more] = saidAt(20);
    assert.match(line, /^The watchdog killed .*71/);
    assert.deepEqual(more, []);
    assert.deepEqual(saidAt(5_000), []);
    // Two, the first with its death; the record of the second comes later.
    count();
    count();
    const three = [killOf(71), killOf(72), { ...KILL, kind: KIND_DEATH }];
    record(three);
    assert.match(saidAt(6_000)[0], /72/);
    record([...three, killOf(73)]);
    assert.match(saidAt(6_010).join(), /73/);
    assert.deepEqual(saidAt(9_000), []);
  });
});

Deno.test("watchdog news: one without a record is told of, once", () => {
  withFile((fd) => {
    for (const at of [fd, -1]) {
      const { count, saidAt } = stage(at);
      count();
      assert.deepEqual(saidAt(100), []);
      assert.deepEqual(saidAt(1_099), []);
      const want = "The watchdog killed one process, unrecorded";
      assert.deepEqual(saidAt(1_100), [want]);
      assert.deepEqual(saidAt(1_200), []);
      count();
      count();
      saidAt(2_000);
      assert.match(saidAt(3_000).join(), /killed 2 processes, unrecorded$/);
    }
  });
});

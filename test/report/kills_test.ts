// Kills as text: three lines each, never wider than a terminal.

import assert from "node:assert/strict";
import { killsOf } from "../../src/report/journal.ts";
import { describeKills } from "../../src/report/kills.ts";
import { KIND_DEATH } from "../../src/state/journal.ts";
import { type Entry, journalOf, KILL } from "./records.ts";

const DEATH: Entry = {
  kind: KIND_DEATH,
  words: { J_PID: 1234, J_KILL_SERIAL: 1, J_LATENCY: 23, J_BACK_KB: 40_960 },
};

function linesOf(...entries: Entry[]): string[] {
  return describeKills(killsOf(journalOf(entries).words));
}

function withWords(words: Entry["words"]): Entry {
  return { ...KILL, words: { ...KILL.words, ...words } };
}

Deno.test("who, why, how fast", () => {
  assert.deepEqual(linesOf(), ["Nobody was killed."]);
  assert.equal(
    linesOf(KILL, DEATH).join("\n"),
    `TIME                         PID   ADJ     RSS    SWAP NAME
2023-11-14T22:13:20.000Z    1234   905    45.0     2.0 com.example.app
    low watermark is breached (7000kB < 8000kB)
    signal after 312 us, death after 23 ms, 40.0 MB came back`,
  );
  const rows: [Entry, number, RegExp][] = [
    [KILL, 3, /^ {4}signal after 312 us, death not seen$/],
    [withWords({ J_DETAIL: 1 }), 3, /, dry run, nobody was signalled$/],
    [withWords({ J_GROWN_KB: 20_480 }), 2, /; it had just grown by 20.0 MB$/],
    [{ ...KILL, name: "foo) Z \n" }, 1, /2\.0 foo\) Z \?$/],
    [{ ...KILL, name: "" }, 1, /2\.0$/],
  ];
  for (const [entry, line, want] of rows) {
    assert.match(linesOf(entry)[line], want);
  }
});

Deno.test("80 columns, whatever was written", () => {
  for (const value of [-2_147_483_648, -1, 0, 2_147_483_647]) {
    for (let reason = -1; reason <= 2_003; reason++) {
      if (reason > 9 && reason < 2_000) continue;
      const words = Object.fromEntries(
        Object.keys(KILL.words ?? {}).map((name) => [name, value]),
      );
      const all = {
        ...words,
        J_REASON: reason,
        J_GROWN_KB: value,
        J_ADJ: -1000,
      };
      for (const line of linesOf({ ...KILL, words: { ...all, J_PID: 1 } })) {
        assert.ok(line.length <= 80, line);
      }
    }
  }
});

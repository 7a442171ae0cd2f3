// `oomguard kills`: the history outlives the guard, and damage to the file
// costs no more than what was damaged.

import assert from "node:assert/strict";
import { JOURNAL_WORDS } from "../../src/base/limits.ts";
import {
  EXIT_FAILED,
  EXIT_NO_GUARD,
  EXIT_OK,
  EXIT_USAGE,
} from "../../src/cli/exits.ts";
import { kills } from "../../src/cli/kills.ts";
import {
  H_MAGIC,
  H_VERSION,
  J_PID,
  KEEPER_STARTED,
  KIND_KEEPER,
} from "../../src/state/journal.ts";
import { fileOf, journalOf, KILL } from "../report/records.ts";
import { run, withFolder } from "./fake_guard.ts";

function kill(pid: number) {
  return { ...KILL, words: { ...KILL.words, J_PID: pid } };
}

/** A file of three kills, with words of it changed. */
function journal(...changes: [word: number, value: number][]): Uint8Array {
  const bytes = fileOf(journalOf([kill(10), kill(11), kill(12)]));
  const words = new Int32Array(bytes.buffer);
  for (const [word, value] of changes) words[word] = value;
  return bytes;
}

/** `pids`: who is shown. */
function check(
  name: string,
  bytes: Uint8Array | undefined,
  args: string[],
  code: number,
  pids: number[],
  said: RegExp,
): void {
  withFolder(bytes === undefined ? {} : { journal: bytes }, (dir) => {
    const ran = run(kills, "--state", dir, ...args);
    assert.equal(ran.code, code, name);
    assert.match(ran.err, said, name);
    if (code !== EXIT_OK) assert.ok(ran.err.includes(`"${dir}/journal"`));
    const shown = ran.out.split("\n")
      .filter((line) => /^2023-/.test(line))
      .map((line) => Number(line.slice(25, 32)));
    assert.deepEqual(shown, pids, name);
    if (code === EXIT_NO_GUARD) return;
    const json = run(kills, "--state", dir, "--json", ...args);
    assert.equal(json.code, code, name);
    assert.deepEqual(
      JSON.parse(json.out).kills.map((one: { pid: number }) => one.pid),
      pids,
      name,
    );
  });
}

Deno.test("kills are shown whether or not a guard runs", () => {
  check("three", journal(), [], EXIT_OK, [10, 11, 12], /^$/);
  check("the last", journal(), ["-n", "1"], EXIT_OK, [12], /^$/);
  check(
    "more than there are",
    journal(),
    ["-n99"],
    EXIT_OK,
    [10, 11, 12],
    /^$/,
  );
  check("none yet", fileOf(journalOf([])), [], EXIT_OK, [], /^$/);
  withFolder({ journal: fileOf(journalOf([])) }, (dir) => {
    assert.equal(run(kills, "--state", dir).out, "Nobody was killed.");
  });
});

Deno.test("kills at length, and all there is as JSON", () => {
  const name = "com.example.a.very.long.package.name:service";
  const bytes = fileOf(journalOf([{ ...kill(10), name }, kill(11)]));
  withFolder({ journal: bytes }, (dir) => {
    const short = run(kills, "--state", dir).out;
    const long = run(kills, "--state", dir, "--long").out;
    assert.equal(short.split("\n").length, 7);
    assert.doesNotMatch(short, /thrashing/);
    assert.equal(long.match(/^ {4}thrashing /gm)?.length, 2);
    assert.ok(long.includes(name));
    const one = run(kills, "--long", "--state", dir, "-n1").out;
    assert.equal(one.match(/^ {4}thrashing /gm)?.length, 1);
    const json = run(kills, "--state", dir, "--json").out;
    assert.equal(run(kills, "--long", "--state", dir, "--json").out, json);
    const [first, second] = JSON.parse(json).kills;
    assert.equal(first.name, name);
    assert.equal(Object.keys(second.killinfo).length, 38);
    assert.equal(second.killinfo.pid, 11);
    assert.equal(second.killinfo.rssKb, 46_080);
  });
  for (const bad of ["--longer", "--long=1", "--lon"]) {
    assert.equal(run(kills, bad).code, EXIT_USAGE, bad);
  }
});

Deno.test("what the keeper did stands among the kills", () => {
  const act = (nowMs: number) => ({
    kind: KIND_KEEPER,
    nowMs,
    words: { J_DETAIL: KEEPER_STARTED, J_PID: 77 },
  });
  const bytes = fileOf(
    journalOf([act(1), kill(10), act(2), kill(11), act(3)]),
  );
  withFolder({ journal: bytes }, (dir) => {
    for (const [args, acts] of [[[], 3], [["-n1"], 1], [["-n2"], 3]] as const) {
      const text = run(kills, "--state", dir, ...args).out;
      assert.equal(text.match(/started the guard again/g)?.length, acts);
      const json = JSON.parse(
        run(kills, "--state", dir, "--json", ...args).out,
      );
      assert.equal(json.keeper.length, acts);
      assert.equal(json.keeper[0].act, "STARTED");
    }
  });
});

Deno.test("no journal", () => {
  const said = /^There is no journal ".*\/journal"; --state names another/;
  check("no file", undefined, [], EXIT_NO_GUARD, [], said);
  check("empty", new Uint8Array(), [], EXIT_NO_GUARD, [], said);
});

Deno.test("damage is named, and what is whole is shown", () => {
  const second = 2 * JOURNAL_WORDS;
  const rows: [string, Uint8Array, number[], RegExp][] = [
    [
      "one record",
      journal([second + J_PID, 77]),
      [10, 12],
      /^".*\/journal" has 1 damaged record, skipped$/,
    ],
    [
      "two",
      journal([second + J_PID, 77], [second + JOURNAL_WORDS, 9]),
      [10],
      /has 2 damaged records, skipped$/,
    ],
    ["the header", journal([H_MAGIC, 5]), [10, 11, 12], /: not a journal$/],
    [
      "another version, whose words mean something else",
      journal([H_VERSION, 1]),
      [],
      /: version is 1, expected 3$/,
    ],
    ["no journal", new TextEncoder().encode("x".repeat(999)), [], /not a jour/],
    ["short", journal().subarray(0, 100), [], /shorter than a header$/],
  ];
  for (const [name, bytes, pids, said] of rows) {
    check(name, bytes, [], EXIT_FAILED, pids, said);
  }
});

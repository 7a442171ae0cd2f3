// What C writes into the journal's file is what TypeScript reads: the words of
// a record, its seal, its place. The header is compiled without libc.

import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { spawnSync } from "node:child_process";
import * as limits from "../../src/base/limits.ts";
import {
  historyOf,
  parseJournal,
  recordsOf,
  tornOf,
} from "../../src/report/journal.ts";
import * as j from "../../src/state/journal.ts";
import { fileOf, journalOf, KILL } from "../report/records.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { SIDE_RECORDS } = limits;

function compile(dir: string): string {
  const program = `${dir}/record`;
  const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Wconversion", "-Werror"];
  for (const more of [["-ffreestanding", "-c"], ["-O2"]]) {
    const args = [...flags, ...more, "-o", program, `${HERE}record.c`];
    const built = spawnSync("gcc", args, { encoding: "utf8" });
    assert.equal(built.status, 0, built.stderr);
  }
  return program;
}

/** A journal file with one kill of the guard's, at 1,700,000,000 s. */
function fileIn(dir: string): string {
  const file = `${dir}/journal`;
  Deno.writeFileSync(file, fileOf(journalOf([KILL])));
  return file;
}

/** Lets C write; answers what it holds the words to be. */
function write(program: string, file: string, ...args: number[]): string {
  const fd = openSync(file, "r+");
  try {
    const done = spawnSync(program, args.map(String), {
      stdio: ["ignore", fd, "pipe"],
      encoding: "utf8",
    });
    assert.equal(done.status, 0);
    return done.stderr;
  } finally {
    closeSync(fd);
  }
}

Deno.test("records written in C", () => {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-record-" });
  try {
    const program = compile(dir);
    const file = fileIn(dir);
    const told = write(program, file, j.RING_KEEPER, 1, 3, j.KIND_KEEPER);
    const places = { ...limits, ...j } as unknown as Record<string, number>;
    const names = told.trim().split("\n").map((line) => line.split(" "));
    assert.ok(names.length > 30);
    for (const [name, value] of names) {
      assert.equal(Number(value), places[name], name);
    }
    // More than fit: the ring wraps, the others' records stand.
    const count = SIDE_RECORDS + 5;
    write(program, file, j.RING_WATCHDOG, 1, count, j.KIND_WATCHDOG);
    const words = parseJournal(Deno.readFileSync(file), file);
    assert.equal(tornOf(words), 0);
    assert.equal(recordsOf(words).length, 1 + SIDE_RECORDS + 3);
    const history = historyOf(words);
    assert.deepEqual(history.slice(0, 6).map(({ by, pid }) => [by, pid]), [
      ["guard", 1234],
      ["keeper", -1],
      ["keeper", -2],
      ["keeper", -3],
      ["watchdog", -6],
      ["watchdog", -7],
    ]);
    assert.equal(history[4].time, "2023-11-14T22:13:26.999Z");
    const last = history.at(-1);
    assert.ok(last?.by === "watchdog");
    assert.equal(last.name, "abc");
    assert.equal(last.serial, count);
    // Any bit that changes is noticed.
    words[recordsOf(words)[2] + j.J_VALUE] ^= 1;
    assert.equal(tornOf(words), 1);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

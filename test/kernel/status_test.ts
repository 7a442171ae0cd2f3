// PID/status of four kinds of process, captured; hostile lines and names first.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import * as status from "../../src/kernel/status.ts";
import { parseStatusMemory } from "../../src/kernel/status_memory.ts";
import { checkTruncations, encode, fixtures } from "./helpers.ts";

type Want = Partial<Record<number, number>>;

/** Parses into a table of its own; fields not named in `want` are ABSENT. */
function check(text: string, want: Want): void {
  const bytes = encode(text);
  const fields = new Int32Array(status.STATUS_FIELDS + 1).fill(7);
  const found = status.parseStatus(bytes, 0, bytes.length, fields);
  const expected = Array.from(
    { length: status.STATUS_FIELDS },
    (_, field) => want[field] ?? ABSENT,
  );
  assert.deepEqual([...fields], [...expected, 7], JSON.stringify(text));
  assert.equal(found, Object.keys(want).length, JSON.stringify(text));
}

/** The name, and that all after it is NUL and the bytes around it are left. */
function checkName(text: string, want: string): void {
  const bytes = encode(text);
  const into = new Uint8Array(20).fill(7);
  const length = status.copyName(bytes, 0, bytes.length, into, 2);
  const name = encode(want);
  assert.equal(length, name.length, JSON.stringify(text));
  const expected = new Uint8Array(20);
  expected.set([7, 7], 0);
  expected.set(name, 2);
  expected.set([7, 7], 18);
  assert.deepEqual(into, expected, JSON.stringify(text));
}

Deno.test("status: hostile and unusual rows", () => {
  check("", {});
  check("Name:\tx\nState:", {});
  check("Name:\tx\nState:\tR", {});
  check("\n\n\nTgid:\t\nPPid:\n", {});
  check("Pid:\t5\nNStgid:\t5\nUmask:\t0022\nTracerPid:\t7\nTgid:\t5\n", {
    [status.STATUS_TGID]: 5,
  });
  // A name cannot hold a raw newline, but it can look like a line.
  check("Name:\tTgid:\t99\nState:\tZ (zombie)\n", {
    [status.STATUS_STATE]: 90,
  });
  check("Uid:\t4294967294\t0\t0\t0\n", { [status.STATUS_UID]: -2 });
  check("Uid:\t10057\t0\t0\t0\n", { [status.STATUS_UID]: 10_057 });
  // After Threads there is nothing for us.
  check("PPid:\t1\nThreads:\t1\nVmRSS:\t       5 kB\n", {
    [status.STATUS_PPID]: 1,
  });
  check("VmRSS:\t123456789 kB\nVmRSSX:\t       5 kB\n", {
    [status.STATUS_RSS_KB]: 123_456_789,
  });
  check("VmLib:\t       1 kB\nVmLck:\t       2 kB\nVmStk:\t       3 kB\n", {
    [status.STATUS_LOCKED_KB]: 2,
  });
  check("VmSwap:\t      33 kB\nRssAnon:\t       5 kB\n", {
    [status.STATUS_SWAP_KB]: 33,
  });
});

const MEMORY = [
  status.STATUS_RSS_KB,
  status.STATUS_ANON_KB,
  status.STATUS_SWAP_KB,
];

/** What a sample is read for is what the whole parser makes of the same text up
 * to `end`, whatever stands behind it; answers whether it went by columns. */
function checkMemory(text: string, end = text.length): boolean {
  const bytes = encode(text);
  const whole = new Int32Array(status.STATUS_FIELDS);
  status.parseStatus(bytes, 0, end, whole);
  const fields = new Int32Array(status.STATUS_FIELDS).fill(-7);
  parseStatusMemory(bytes, 0, end, fields);
  for (const field of MEMORY) {
    assert.equal(fields[field], whole[field], `${field} ${end} ${text}`);
  }
  return fields[status.STATUS_TGID] === -7;
}

Deno.test("status: a sample's memory, by columns and otherwise", () => {
  let byColumns = 0;
  for (const kind of ["user", "kthread", "zombie", "hostile"]) {
    for (const { text } of fixtures(`status/${kind}`)) {
      if (checkMemory(text)) byColumns++;
      for (let end = 0; end < text.length; end++) {
        checkMemory(text, end);
      }
    }
  }
  // Four kernels, a user's process and a hostile name each.
  assert.equal(byColumns, 8);
  const [{ text }] = fixtures("status/user");
  assert.ok(checkMemory(text.replace(/^Name:.*/, "Name:\tVmPeak: V")));
  assert.ok(checkMemory(text.replace(/(VmSize:\t) *\d+/, "$11234567890")));
  assert.ok(checkMemory(text.replace(/(VmRSS:\t) *\d+/, "$112345678")));
  // Lines that are wider, missing, or new between those that count.
  const rows: [RegExp, string][] = [
    [/(VmRSS:\t) *\d+/, "$1123456789"],
    [/(VmHWM:\t) *\d+/, "$1123456789"],
    [/(RssAnon:\t) *\d+/, "$1123456789"],
    [/(VmSwap:\t) *\d+/, "$1123456789"],
    [/RssAnon:.*\n/, ""],
    [/VmSwap:.*\n/, ""],
    [/VmSwap:/, "VmOdds:\t       3 kB\nVmSwap:"],
    [/VmPTE:/, "VmNew:\t       3 kB\nVmPTE:"],
    [/VmPeak:/, "VmNew:\t       3 kB\nVmPeak:"],
    [/VmLck:/, "VmNew:\t       3 kB\nVmLck:"],
  ];
  for (const [what, by] of rows) {
    assert.ok(!checkMemory(text.replace(what, by)), `${what}`);
  }
});

Deno.test("status: who is on the way out", () => {
  const rows: [text: string, dying: boolean][] = [
    ["", false],
    ["State:\tS (sleeping)\n", false],
    ["State:\tZ (zombie)\nThreads:\t1\n", true],
    ["State:\tX (dead)\nThreads:\t0\n", true],
    // The first thread has ended alone: the others live on, and so does the
    // process, until it is signalled.
    ["State:\tZ (zombie)\nThreads:\t2\nSigPnd:\t0000000000000000\n", false],
    ["State:\tZ (zombie)\nThreads:\t2\nShdPnd:\t0000000000000100\n", true],
    // Too short to tell of threads or memory, and told that there is none.
    ["State:\tZ (zombie)\n", false],
    ["State:\tR (running)\nThreads:\t1", false],
    ["State:\tR (running)\nThreads:\t1\n", true],
  ];
  const alive = "State:\tR (running)\nVmRSS:\t       5 kB\n" +
    "VmSwap:\t       0 kB\nThreads:\t1\nSigQ:\t0/9\n";
  const masks: [task: string, process: string, dying: boolean][] = [
    ["0000000000000000", "0000000000000000", false],
    ["0000000000000100", "0000000000000000", true],
    ["0000000000000000", "0000000000000100", true],
    ["ffffffffffffffff", "0000000000000000", true],
    ["0000000000000b00", "0000000000000000", true],
    // SIGTERM, SIGUSR2 and all others but SIGKILL.
    ["0000000000004000", "0000000000000800", false],
    ["fffffffffffffeff", "0000000000000000", false],
  ];
  for (const [task, process, dying] of masks) {
    const text = `${alive}SigPnd:\t${task}\nShdPnd:\t${process}\n`;
    // What a process blocks says nothing.
    rows.push([`${text}SigBlk:\tffffffffffffffff\n`, dying]);
  }
  for (const [text, dying] of rows) {
    const bytes = encode(text);
    const fields = new Int32Array(status.STATUS_FIELDS);
    status.parseStatus(bytes, 0, bytes.length, fields);
    const is = status.isDying(bytes, 0, bytes.length, fields);
    assert.equal(is, dying, JSON.stringify(text));
  }
  for (const [kind, dying] of [["user", false], ["zombie", true]] as const) {
    for (const { text } of fixtures(`status/${kind}`)) {
      const bytes = encode(text);
      const fields = new Int32Array(status.STATUS_FIELDS);
      status.parseStatus(bytes, 0, bytes.length, fields);
      const is = status.isDying(bytes, 0, bytes.length, fields);
      assert.equal(is, dying);
    }
  }
});

Deno.test("status: names", () => {
  checkName("", "");
  checkName("Name:", "");
  checkName("Name:\t\nState:\tR\n", "");
  checkName("State:\tR\n", "");
  checkName("Name:\tfoo) Z \nState:\tR\n", "foo) Z ");
  checkName("Name:\ta\\nb\\\\n\n", "a\nb\\n");
  checkName("Name:\tab\\\n", "ab\\");
  checkName("Name:\tab\\", "ab\\");
  checkName("Name:\t123456789012345\n", "123456789012345");
  checkName("Name:\t1234567890123456\n", "123456789012345");
  checkName(
    "Name:\t\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\n",
    "\n".repeat(15),
  );
  checkName("Name:\tcafé\n", "café");
});

/** Number after a name, by splitting. */
function number(text: string, name: string): number | undefined {
  const match = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text);
  return match === null ? undefined : Number(match[1]);
}

Deno.test("status: fixtures", () => {
  for (const kind of ["user", "hostile", "kthread", "zombie"]) {
    for (const { kernel, text } of fixtures(`status/${kind}`)) {
      const names: [number, string][] = [
        [status.STATUS_TGID, "Tgid"],
        [status.STATUS_PPID, "PPid"],
        [status.STATUS_UID, "Uid"],
        [status.STATUS_RSS_KB, "VmRSS"],
        [status.STATUS_ANON_KB, "RssAnon"],
        [status.STATUS_FILE_KB, "RssFile"],
        [status.STATUS_SHMEM_KB, "RssShmem"],
        [status.STATUS_SWAP_KB, "VmSwap"],
        [status.STATUS_LOCKED_KB, "VmLck"],
      ];
      const want: Want = {};
      for (const [field, name] of names) {
        const value = number(text, name);
        if (value !== undefined) want[field] = value;
      }
      want[status.STATUS_STATE] = /^State:\t(.)/m.exec(text)![1].charCodeAt(0);
      check(text, want);
      const memory = kind === "user" || kind === "hostile";
      assert.equal(want[status.STATUS_RSS_KB] !== undefined, memory, kernel);
      checkTruncations(status.parseStatus, text);
      checkTruncations(
        (bytes, at, end) =>
          status.copyName(bytes, at, end, new Uint8Array(16), 0),
        text,
      );
    }
  }
  for (const { text } of fixtures("status/hostile")) {
    checkName(text, "foo) Z \n1\\ (\tx");
  }
});

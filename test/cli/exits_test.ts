// Exit codes: each command with --help, with what it does not know, and with
// nobody to ask.

import assert from "node:assert/strict";
import type { Output } from "../../src/cli/check.ts";
import {
  EXIT_ALREADY,
  EXIT_BUG,
  EXIT_FAILED,
  EXIT_NO_GUARD,
  EXIT_OK,
  EXIT_USAGE,
} from "../../src/cli/exits.ts";
import { doctor } from "../../src/cli/doctor.ts";
import { kills } from "../../src/cli/kills.ts";
import { procs } from "../../src/cli/procs.ts";
import { status } from "../../src/cli/status.ts";
import { run } from "./fake_guard.ts";

type Command = (args: string[], out: Output) => number;

const COMMANDS: [string, Command][] = [
  ["status", status],
  ["procs", procs],
  ["kills", kills],
  ["doctor", doctor],
];

Deno.test("the codes are documented, and stay", () => {
  const codes = [
    EXIT_OK,
    EXIT_FAILED,
    EXIT_USAGE,
    EXIT_NO_GUARD,
    EXIT_ALREADY,
    EXIT_BUG,
  ];
  assert.deepEqual(codes, [0, 1, 2, 3, 4, 70]);
});

Deno.test("--help", () => {
  for (const [name, command] of COMMANDS) {
    for (const args of [["--help"], ["-h"], ["--json", "--help"]]) {
      const { code, out, err } = run(command, ...args);
      assert.equal(code, EXIT_OK, name);
      assert.equal(err, "", name);
      assert.ok(out.startsWith(`Usage: oomguard ${name} `), name);
      assert.match(out, /^Exit: 0 /m, name);
      for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
    }
  }
});

Deno.test("a command line that is wrong", () => {
  const rows: [args: string[], said: RegExp][] = [
    [["--what"], /--what/],
    [["-x"], /-x/],
    [["extra"], /extra/],
    [["--json=1"], /--json/],
    [["--state"], /--state/],
    [["--state="], /^Cannot use --state "": expected a folder/],
    [["--state", "--json"], /--state/],
    [["--help=no"], /--help/],
    [["-n", "0"], /-n/],
    [["-n", "x"], /-n/],
    [["-n"], /-n/],
  ];
  for (const [name, command] of COMMANDS) {
    for (const [args, said] of rows) {
      const { code, out, err } = run(command, ...args);
      assert.equal(code, EXIT_USAGE, `${name} ${args}`);
      assert.match(err, said, `${name} ${args}`);
      assert.ok(err.endsWith(`Usage: oomguard ${name} [OPTION]...`), err);
      assert.equal(out, "");
    }
  }
  const counts: [Command, string, RegExp][] = [
    [procs, "0", /^Cannot parse -n "0": expected a whole number from 1 to /],
    [procs, "1000000", /^Cannot parse -n "1000000": /],
    [procs, "1e3", /^Cannot parse -n "1e3": /],
    [procs, "\n", /^Cannot parse -n "\\n": /],
    [kills, "-1", /-n/],
    [kills, "", /^Cannot parse -n "": /],
    [status, "5", /^Unknown option '-n'/],
  ];
  for (const [command, count, said] of counts) {
    const { code, err } = run(command, "-n", count);
    assert.equal(code, EXIT_USAGE, count);
    assert.match(err, said);
  }
  for (const command of [status, kills]) {
    const { code, err } = run(command, "--all");
    assert.equal(code, EXIT_USAGE);
    assert.match(err, /^Unknown option '--all'/);
  }
});

Deno.test("nobody to ask", () => {
  for (const [name, command] of COMMANDS) {
    for (const more of [[], ["--json"]]) {
      const ran = run(command, "--state", "/nowhere/at/all", ...more);
      assert.equal(ran.code, EXIT_NO_GUARD, name);
      assert.match(ran.err, /"\/nowhere\/at\/all\/(guard|journal)"/, name);
      assert.equal(ran.out, "", name);
    }
  }
});

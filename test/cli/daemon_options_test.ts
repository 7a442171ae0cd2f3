// `oomguard daemon`: what it answers before it touches anything.

import assert from "node:assert/strict";
import { daemon } from "../../src/cli/daemon.ts";
import { EXIT_OK, EXIT_USAGE } from "../../src/cli/exits.ts";

function check(args: string[], code: number, said: RegExp): void {
  const { log, error } = console;
  let out = "";
  let err = "";
  let got: number;
  console.log = (line: unknown) => out += `${line}\n`;
  console.error = (line: unknown) => err += `${line}\n`;
  try {
    got = daemon(args);
  } finally {
    Object.assign(console, { log, error });
  }
  const name = args.join(" ");
  assert.equal(got, code, name);
  assert.match(code === EXIT_OK ? out : err, said, name);
  assert.equal(code === EXIT_OK ? err : out, "", name);
}

Deno.test("--help", () => {
  const help = /^Usage: oomguard daemon \[OPTION\][^]*\nExit: 0 /;
  check(["--help"], EXIT_OK, help);
  check(["-h"], EXIT_OK, help);
  check(["--dry-run", "--help"], EXIT_OK, help);
});

Deno.test("a command line that is wrong", () => {
  check(["--what"], EXIT_USAGE, /--what/);
  check(["extra"], EXIT_USAGE, /extra/);
  check(["--dry-run=1"], EXIT_USAGE, /--dry-run/);
  check(["--config"], EXIT_USAGE, /--config/);
  check(["--set"], EXIT_USAGE, /--set/);
});

Deno.test("a configuration that is wrong", () => {
  check(["--set", "dryRun"], EXIT_USAGE, /dryRun/);
  check(["--set", "dryRun=1"], EXIT_USAGE, /dryRun is 1, expected/);
  check(["--set", "nonsense=1"], EXIT_USAGE, /nonsense is not a known key/);
  check(["--log", "syslog"], EXIT_USAGE, /--log.*log\.to is "syslog"/);
  check(["--state", "relative"], EXIT_USAGE, /--state.*stateDir/);
  check(["--group", ""], EXIT_USAGE, /--group/);
  check(["-c", "/nowhere/a.json"], EXIT_USAGE, /Cannot read "\/nowhere\/a/);
});

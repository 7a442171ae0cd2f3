// `oomguard daemon`: what it answers before it touches anything.

import assert from "node:assert/strict";
import { daemon } from "../../src/cli/daemon.ts";
import { EXIT_OK, EXIT_USAGE } from "../../src/cli/exits.ts";

async function check(
  args: string[],
  code: number,
  said: RegExp,
): Promise<void> {
  const { log, error } = console;
  let out = "";
  let err = "";
  let got: number;
  console.log = (line: unknown) => out += `${line}\n`;
  console.error = (line: unknown) => err += `${line}\n`;
  try {
    got = await daemon(args);
  } finally {
    Object.assign(console, { log, error });
  }
  const name = args.join(" ");
  assert.equal(got, code, name);
  assert.match(code === EXIT_OK ? out : err, said, name);
  assert.equal(code === EXIT_OK ? err : out, "", name);
}

Deno.test("--help", async () => {
  const help = /^Usage: oomguard daemon \[OPTION\][^]*\nExit: 0 /;
  await check(["--help"], EXIT_OK, help);
  await check(["-h"], EXIT_OK, help);
  await check(["--dry-run", "--help"], EXIT_OK, help);
});

Deno.test("a command line that is wrong", async () => {
  await check(["--what"], EXIT_USAGE, /--what/);
  await check(["extra"], EXIT_USAGE, /extra/);
  await check(["--dry-run=1"], EXIT_USAGE, /--dry-run/);
  await check(["--config"], EXIT_USAGE, /--config/);
  await check(["--set"], EXIT_USAGE, /--set/);
});

Deno.test("a configuration that is wrong", async () => {
  await check(["--set", "dryRun"], EXIT_USAGE, /dryRun/);
  await check(["--set", "dryRun=1"], EXIT_USAGE, /dryRun is 1, expected/);
  await check(
    ["--set", "nonsense=1"],
    EXIT_USAGE,
    /nonsense is not a known key/,
  );
  await check(["--log", "syslog"], EXIT_USAGE, /--log.*log\.to is "syslog"/);
  await check(["--state", "relative"], EXIT_USAGE, /--state.*stateDir/);
  await check(["--group", ""], EXIT_USAGE, /--group/);
  await check(
    ["-c", "/nowhere/a.json"],
    EXIT_USAGE,
    /Cannot read "\/nowhere\/a/,
  );
});

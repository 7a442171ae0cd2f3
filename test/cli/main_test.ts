// The program as it is started: argv to command to exit code.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { EXIT_NO_GUARD, EXIT_OK, EXIT_USAGE } from "../../src/cli/exits.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

async function check(
  args: string[],
  code: number,
  out: RegExp,
  err: RegExp,
): Promise<void> {
  const ran = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, ...args],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const name = args.join(" ");
  assert.equal(ran.code, code, `${name}: ${text(ran.stderr)}`);
  assert.match(text(ran.stdout), out, name);
  assert.match(text(ran.stderr), err, name);
}

const NOTHING = /^$/;
const HELP = /^Usage: oomguard COMMAND \[OPTION\]/;

Deno.test("argv to exit code", async () => {
  await Promise.all([
    check(["--version"], EXIT_OK, /^oomguard .+\n$/, NOTHING),
    check(["--help"], EXIT_OK, HELP, NOTHING),
    check([], EXIT_USAGE, NOTHING, HELP),
    check(["fly"], EXIT_USAGE, NOTHING, /^Unknown command "fly"/),
    check(["toString"], EXIT_USAGE, NOTHING, /^Unknown command "toString"/),
    check(["--what"], EXIT_USAGE, NOTHING, /^Unknown command "--what"/),
    check(
      ["status", "--state", "/nowhere"],
      EXIT_NO_GUARD,
      NOTHING,
      /^No guard is running/,
    ),
    check(["procs", "-n", "x"], EXIT_USAGE, NOTHING, /^Cannot parse -n "x"/),
    check(["check", "--what"], EXIT_USAGE, NOTHING, /--what/),
    check(["drill", "--what"], EXIT_USAGE, NOTHING, /--what/),
    check(["daemon", "--what"], EXIT_USAGE, NOTHING, /--what/),
  ]);
});

Deno.test("every command of the help has one", async () => {
  const ran = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "--help"],
  }).output();
  const help = new TextDecoder().decode(ran.stdout);
  const commands = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, one]) => one);
  assert.ok(commands.length >= 6);
  await Promise.all(commands.map((command) =>
    check(
      [command, "--help"],
      EXIT_OK,
      new RegExp(`^Usage: oomguard ${command} `),
      NOTHING,
    )
  ));
});

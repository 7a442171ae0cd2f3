// argv to command. The only file with top-level side effects.

import { EXIT_BUG, EXIT_OK, EXIT_USAGE } from "./cli/exits.ts";
import { buildFacts } from "./base/build.ts";
import { check } from "./cli/check.ts";
import { daemon } from "./cli/daemon.ts";
import { drill } from "./cli/drill.ts";
import { drillApp } from "./cli/drill_app.ts";
import { kills } from "./cli/kills.ts";
import { procs } from "./cli/procs.ts";
import { status } from "./cli/status.ts";

const HELP = `Usage: oomguard COMMAND [OPTION]...
Decides which process dies when memory runs out, early enough that nothing
stalls, and says why.

  daemon    guard this machine, or one memory group
  status    how things stand
  procs     who would die now, in order
  kills     who died, and why
  check     check a configuration and show what is in force
  drill     prove it on this machine, safely

  --version, --help

"oomguard COMMAND --help" tells more of each.`;

const COMMANDS: Readonly<
  Record<string, (args: string[]) => number | Promise<number>>
> = { daemon, status, procs, kills, check, drill, "drill-app": drillApp };

/** Runs the command that `args` name; answers the exit code. */
async function main(args: string[]): Promise<number> {
  const [name = "", ...rest] = args;
  if (name === "--version" || name === "-V") {
    const facts = buildFacts();
    console.log(
      facts === null
        ? "oomguard (from source)"
        : `oomguard ${facts.version} (${facts.commit}, ${facts.target}, ${facts.pack})`,
    );
    return EXIT_OK;
  }
  if (name === "--help" || name === "-h") {
    console.log(HELP);
    return EXIT_OK;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    console.error(
      name === ""
        ? HELP
        : `Unknown command "${name}"; "oomguard --help" lists them`,
    );
    return EXIT_USAGE;
  }
  return await command(rest);
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(error instanceof Error ? error.stack : String(error));
  Deno.exit(EXIT_BUG);
}

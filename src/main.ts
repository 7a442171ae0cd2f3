// argv to command. The only file with top-level side effects.

import { EXIT_BUG, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./cli/exits.ts";
import { buildFacts } from "./base/build.ts";

const HELP = `Usage: oomguard COMMAND [OPTION]...
Decides which process dies when memory runs out, early enough that nothing
stalls, and says why.

  daemon    guard this machine, or one memory group
  status    how things stand
  procs     who would die now, in order
  kills     who died, and why
  doctor    whether the guard will be alive when it matters
  check     check a configuration and show what is in force
  drill     prove it on this machine, safely

  --reinit           have the guard read its properties again
  --boot_completed   tell the guard that the device has booted
  --version, --help

"oomguard COMMAND --help" tells more of each.`;

type Command = (args: string[]) => number | Promise<number>;

/** Each command's code is run only when it is asked for: a start costs what
 * the command needs, not what all of them do. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  daemon: async () => (await import("./cli/daemon.ts")).daemon,
  status: async () => (await import("./cli/status.ts")).status,
  procs: async () => (await import("./cli/procs.ts")).procs,
  kills: async () => (await import("./cli/kills.ts")).kills,
  doctor: async () => (await import("./cli/doctor.ts")).doctor,
  check: async () => (await import("./cli/check.ts")).check,
  drill: async () => (await import("./cli/drill.ts")).drill,
  "--reinit": async () => (await import("./cli/reinit.ts")).reinit,
  "--boot_completed": async () =>
    (await import("./cli/reinit.ts")).bootCompleted,
  "drill-app": async () => (await import("./cli/drill_app.ts")).drillApp,
};

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
  const run = await command();
  return await run(rest);
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  // Output that cannot be written (a full disk, a closed pipe) is no bug.
  const code = (error as { code?: string }).code ?? "";
  if (["ENOSPC", "EPIPE", "EIO"].includes(code)) Deno.exit(EXIT_FAILED);
  console.error(error instanceof Error ? error.stack : String(error));
  Deno.exit(EXIT_BUG);
}

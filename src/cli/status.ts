// `oomguard status`: how things stand, from the status file, which the guard
// keeps up to date; nothing is asked of the guard itself.

import { describeStatus, parseStatus } from "../report/summary.ts";
import type { Output } from "./check.ts";
import { EXIT_OK } from "./exits.ts";
import { textOf } from "../report/names.ts";
import { findGuard, type Look, look, readIfThere, Unreadable } from "./peek.ts";

const HELP = `Usage: oomguard status [OPTION]...
Shows how the running guard and the memory it guards stand.

      --state DIR   state folder, /run/oomguard unless told
      --json        the raw fields as one JSON object; null is not known
  -h, --help        this text

The same figures are in the file "status" of the state folder, for cat.
Exit: 0 shown, 1 cannot be read, 2 bad option, 3 no guard is running.`;

/** Runs `oomguard status`; answers its exit code. */
export function status(args: string[], out: Output = console): number {
  return look(args, { help: HELP, takes: [], run }, out);
}

function run({ stateDir, json }: Look, out: Output): number {
  const { pid } = findGuard(stateDir);
  const file = `${stateDir}/status`;
  const text = new TextDecoder().decode(readIfThere(file) ?? new Uint8Array());
  const fields = parseStatus(text);
  if (Object.keys(fields).length === 0) {
    throw new Unreadable(`Guard ${pid} runs, but has written no "${file}"`);
  }
  const nextName = nameOf(fields.nextPid);
  const named = nextName === null ? fields : { ...fields, nextName };
  if (json) out.log(JSON.stringify({ version: 1, ...named }, null, 2));
  else out.log(describeStatus(named, Date.now()).join("\n"));
  return EXIT_OK;
}

/** What the kernel calls a process; null where it cannot be told. */
function nameOf(pid: string | number | null | undefined): string | null {
  if (typeof pid !== "number" || pid <= 0) return null;
  try {
    const bytes = readIfThere(`/proc/${pid}/comm`);
    return bytes === null ? null : textOf(bytes.subarray(0, -1));
  } catch {
    // It is going away just now.
    return null;
  }
}

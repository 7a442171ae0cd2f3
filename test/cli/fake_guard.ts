// A guard for tests: a state folder whose lock this process holds, and an
// arena in a file that stands open, as a real guard's memfd does.

import { closeSync, openSync } from "node:fs";
import type { Output } from "../../src/cli/check.ts";
import type { Arena } from "../../src/state/arena.ts";

/** What a command printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command of the cli, its output caught. */
export function run(
  command: (args: string[], out: Output) => number,
  ...args: string[]
): Ran {
  const out: string[] = [];
  const err: string[] = [];
  const code = command(args, {
    log: (line) => out.push(line),
    error: (line) => err.push(line),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** What a state folder holds; what is left out is not there. */
export interface Folder {
  /** Text that names the guard; "this" is this process and its arena. */
  readonly guard?: string;
  readonly status?: string;
  readonly journal?: Uint8Array;
  /** Bytes of the arena. */
  readonly arena?: Arena | Uint8Array;
}

/** A state folder for as long as `body` runs. */
export function withFolder(folder: Folder, body: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-" });
  const write = (name: string, bytes: Uint8Array) =>
    Deno.writeFileSync(`${dir}/${name}`, bytes);
  const encode = (text: string) => new TextEncoder().encode(text);
  write("arena", bytesOf(folder.arena));
  const arenaFd = openSync(`${dir}/arena`, "r+");
  using lock = Deno.openSync(`${dir}/lock`, { create: true, write: true });
  try {
    lock.lockSync(true);
    const text = folder.guard === "this"
      ? `${Deno.pid} ${arenaFd}\n`
      : folder.guard;
    if (text !== undefined) write("guard", encode(text));
    if (folder.status !== undefined) write("status", encode(folder.status));
    if (folder.journal !== undefined) write("journal", folder.journal);
    body(dir);
  } finally {
    closeSync(arenaFd);
    Deno.removeSync(dir, { recursive: true });
  }
}

function bytesOf(arena: Arena | Uint8Array | undefined): Uint8Array {
  if (arena === undefined) return new Uint8Array();
  return arena instanceof Uint8Array ? arena : arena.bytes;
}

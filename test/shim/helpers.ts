// The shim without its arena, of which a process has one: for the calls that
// need none. And what a test of them asks of libc.

import { loadShim } from "../../src/shim/load.ts";
import { Shim } from "../../src/shim/shim.ts";

/** What stands in the `guard` file for an unattached shim. */
export const ARENA_FD = 77;

/** A shim that was never attached: only its cold calls may be used. */
export function unattached(): Shim {
  const parts = { symbols: loadShim(), arenaFd: ARENA_FD };
  return Object.assign(Object.create(Shim.prototype), parts);
}

const LIBC = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  pipe: { parameters: ["buffer"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
} as const;

export const libc = Deno.dlopen("libc.so.6", LIBC).symbols;

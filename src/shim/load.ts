// Loads the shim: from the bundle by way of a memfd, which needs no writable
// folder; from a file beside the executable where a policy forbids executing
// a memfd; from dist/ when run from source.

import { buildFacts } from "../base/build.ts";
import { SYMBOLS } from "./symbols.ts";

/** The shim's functions. */
export type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** A path or text as the shim takes it: UTF-8 and a NUL. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text + "\0");
}

// include/uapi/linux/memfd.h
const MFD_CLOEXEC = 1;
const MFD_EXEC = 0x10;

const LIBC = {
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
} as const;

/** A file of memory that holds `image`, never on disk; throws when it cannot be
 * had. */
export function memoryFile(
  name: string,
  image: Uint8Array<ArrayBuffer>,
): number {
  const libc = Deno.dlopen("libc.so.6", LIBC);
  try {
    const { memfd_create, write } = libc.symbols;
    // Kernels before 6.3 do not know the second flag, and need none.
    let fd = memfd_create(cString(name), MFD_CLOEXEC | MFD_EXEC);
    if (fd < 0) fd = memfd_create(cString(name), MFD_CLOEXEC);
    if (fd < 0) throw new Error("memfd_create was refused");
    for (let done = 0; done < image.length;) {
      const rest = image.subarray(done);
      const n = Number(write(fd, rest, BigInt(rest.length)));
      if (n <= 0) throw new Error("writing the memfd failed");
      done += n;
    }
    return fd;
  } finally {
    libc.close();
  }
}

/** Opens the shared object held in a file of memory, and closes that: it stays
 * mapped. */
function openFromMemory(fd: number): Symbols {
  const { symbols } = Deno.dlopen(`/proc/self/fd/${fd}`, SYMBOLS);
  symbols.shut(fd);
  return symbols;
}

/** The shim's functions, from wherever this build carries it. Throws when it
 * cannot be had. */
export function loadShim(): Symbols {
  const name = `shim-${Deno.build.arch}.so`;
  const facts = buildFacts();
  if (facts === null) {
    const built = new URL(`../../dist/${name}`, import.meta.url);
    // From source only: tests bring a shim of their own (test/faults).
    const file = Deno.env.get("OOMGUARD_SHIM") ?? built;
    return Deno.dlopen(file, SYMBOLS).symbols;
  }
  try {
    const image = Uint8Array.fromBase64(facts.shim);
    return openFromMemory(memoryFile("oomguard-shim", image));
  } catch (cause) {
    const beside = Deno.execPath().replace(/[^/]*$/, name);
    try {
      return Deno.dlopen(beside, SYMBOLS).symbols;
    } catch {
      throw new Error(
        `Cannot load shim: the memfd was refused, and "${beside}" is no shim`,
        { cause },
      );
    }
  }
}

// Gives back what only the start needed: libc's free lists and the file pages
// of start-up code. What the hot path still uses faults back in
// on its next turns; all of it is an offer the kernel may decline.

const LIBC = {
  malloc_trim: { parameters: ["usize"], result: "i32" },
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
} as const;

/** include/uapi/asm-generic/mman-common.h; Linux 5.4. */
const MADV_PAGEOUT = 21;

/** A mapping of a file in /proc/self/maps: range and inode. */
const FILE_MAPPING =
  /^([0-9a-f]+)-([0-9a-f]+) [-rwxps]{4} [0-9a-f]+ \S+ [1-9]\d*/;

/** The mappings of this process; "" where they cannot be read. */
function readMaps(): string {
  try {
    return Deno.readTextFileSync("/proc/self/maps");
  } catch {
    return "";
  }
}

/** Trims the process once; never fails. */
export function trimSelf(): void {
  let libc: Deno.DynamicLibrary<typeof LIBC>;
  try {
    libc = Deno.dlopen("libc.so.6", LIBC);
  } catch {
    return;
  }
  libc.symbols.malloc_trim(0n);
  for (const line of readMaps().split("\n")) {
    const match = FILE_MAPPING.exec(line);
    if (match === null || line.includes("/memfd:")) continue;
    const start = BigInt(`0x${match[1]}`);
    const end = BigInt(`0x${match[2]}`);
    libc.symbols.madvise(start, end - start, MADV_PAGEOUT);
  }
  libc.close();
}

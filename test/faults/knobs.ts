// A shim that fails on command, and the file that commands it: the production
// sources under test/faults/faults.c, built for one test run.

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Calls in the order of test/faults/faults.c. */
export const CALL_NAMES = [
  ...["open", "read", "pread", "write", "pwrite", "close", "epoll_wait"],
  ...["epoll_ctl", "recvmsg", "send", "accept4", "socket", "bind", "listen"],
  ...["mmap", "mlock2", "sem_post", "pidfd_open", "pidfd_send_signal"],
  ...["process_mrelease", "getdents64", "memfd_create", "epoll_create1"],
  ...["eventfd", "ftruncate", "fallocate", "flock", "pthread_create"],
  ...["setsockopt", "poll", "madvise", "sched_setscheduler", "lseek"],
] as const;

/** A call of the C library, or of the kernel, that the shim makes. */
export type CallName = typeof CALL_NAMES[number];

/** Those that the shim makes by number, not by name. */
const BY_NUMBER: readonly string[] = [
  ...["pidfd_open", "pidfd_send_signal", "process_mrelease", "getdents64"],
  "memfd_create",
];

// include/uapi/asm-generic/errno-base.h.
export const ERRORS = { EINTR: 4, EAGAIN: 11, ENOMEM: 12, EMFILE: 24 } as const;
export type ErrorName = keyof typeof ERRORS;

// Words of the file, as in test/faults/faults.c.
const CALLS = 0;
const ERROR = 2;
const PERMILLE = 3;
const SEED = 4;
const SKIP = 5;
const TIMES = 6;
const SHORT_BYTES = 7;
const SIGNALS = 8;
const MADE = 16;
const FAILED = 80;
const COUNTS_END = 144;
const KNOBS_BYTES = 4096;

/** What is to fail, and how. */
export interface Fault {
  readonly calls: readonly CallName[];
  /** errno; none: nothing fails, but reads and writes are short. */
  readonly error?: number;
  readonly permille?: number;
  readonly seed?: number;
  /** Calls that go through before the first failure. */
  readonly skip?: number;
  /** Failures of each call; any number unless told. */
  readonly times?: number;
  /** Longest read or write, bytes. */
  readonly shortBytes?: number;
}

let built: Promise<string> | null = null;

/** The shim that fails on command, built once for this run; its path. */
export function faultyShim(): Promise<string> {
  return built ??= (async () => {
    const dir = await Deno.makeTempDir({ prefix: "oomguard-faulty-" });
    globalThis.addEventListener("unload", () => {
      Deno.removeSync(dir, { recursive: true });
    });
    return await buildFaultyShim(`${dir}/faulty.so`);
  })();
}

async function buildFaultyShim(path: string): Promise<string> {
  const wrapped = CALL_NAMES.filter((name) => !BY_NUMBER.includes(name));
  const sources = [...Deno.readDirSync(`${ROOT}ffi`)]
    .map(({ name }) => name).filter((name) => name.endsWith(".c")).sort()
    .map((name) => `ffi/${name}`);
  const { code, stderr } = await new Deno.Command("gcc", {
    args: [
      ...["-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra"],
      ...["-Werror", "-pthread", "-Wl,-z,nodelete", "-o", path],
      ...[...wrapped, "syscall"].map((name) => `-Wl,--wrap=${name}`),
      ...sources,
      "test/faults/faults.c",
    ],
    cwd: ROOT,
  }).output();
  if (code === 0) return path;
  throw new Error(`Cannot build: ${new TextDecoder().decode(stderr)}`);
}

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  mmap: {
    parameters: ["usize", "usize", "i32", "i32", "i32", "i64"],
    result: "pointer",
  },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
});
const O_RDWR = 2;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

/** The file, mapped: what is written here is in force at once. */
export class Knobs {
  readonly #words: Int32Array;
  readonly #pointer: Deno.PointerObject;

  constructor(readonly path: string) {
    Deno.writeFileSync(path, new Uint8Array(KNOBS_BYTES));
    const fd = libc.open(new TextEncoder().encode(`${path}\0`), O_RDWR);
    const size = BigInt(KNOBS_BYTES);
    const map = libc.mmap(0n, size, PROT_READ_WRITE, MAP_SHARED, fd, 0n);
    libc.close(fd);
    if (map === null) throw new Error(`Cannot map "${path}"`);
    this.#pointer = map;
    this.#words = new Int32Array(
      Deno.UnsafePointerView.getArrayBuffer(map, KNOBS_BYTES),
    );
  }

  /** Puts a fault in force; what failed before is counted no more. */
  set(fault: Fault): void {
    const words = this.#words;
    this.clear();
    words.fill(0, MADE, COUNTS_END);
    words[ERROR] = fault.error ?? 0;
    words[PERMILLE] = fault.permille ?? 1000;
    words[SEED] = fault.seed ?? 1;
    words[SKIP] = fault.skip ?? 0;
    words[TIMES] = fault.times ?? -1;
    words[SHORT_BYTES] = fault.shortBytes ?? 0;
    for (const call of fault.calls) {
      const index = CALL_NAMES.indexOf(call);
      words[CALLS + (index >> 5)]! |= 1 << (index & 31);
    }
  }

  /** Nothing fails any more. */
  clear(): void {
    this.#words.fill(0, CALLS, CALLS + 2);
  }

  /** How often a call was made, and how often it failed or was cut short,
   * since the fault was set. */
  made(call: CallName): number {
    return this.#words[MADE + CALL_NAMES.indexOf(call)]!;
  }

  failed(call: CallName): number {
    return this.#words[FAILED + CALL_NAMES.indexOf(call)]!;
  }

  /** SIGKILLs that reached somebody since the beginning, but for the guard's
   * own child, upon which it rehearses. */
  get signals(): number {
    return this.#words[SIGNALS]! - 1;
  }

  /** Unmaps; the file goes with its folder. */
  close(): void {
    libc.munmap(this.#pointer, BigInt(KNOBS_BYTES));
  }
}

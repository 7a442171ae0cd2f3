// The keeper as the guard has it: a program of its own beside it, started
// before anything is locked, watched, and started again when it ends. Without
// it the guard guards all the same.

import { buildFacts } from "../base/build.ts";
import { errnoName } from "../base/errno.ts";
import { delta32 } from "../base/int.ts";
import {
  G_KEEPER_PID,
  G_KEEPER_SELF,
  G_RESTARTS,
  G_SELF,
  SELF_KEEPER,
} from "../state/gauges.ts";
import {
  AT_GAUGES,
  AT_SETTINGS,
  EVENT_KEEPER,
  MB_NOW_MS,
  MB_PID,
} from "../state/layout.ts";
import { SET_KEEPER } from "../state/settings.ts";
import { memoryFile } from "./load.ts";
import { O_RDONLY, O_WRONLY, type Shim } from "./shim.ts";

/** One that ended sooner than this is started again no sooner, ms. */
const AGAIN_MS = 10_000;
/** At its end the guard waits this long for its keeper's, in these steps, ms:
 * it takes less than one (measured), and nothing depends on it. */
const END_MS = 200;
const STEP_MS = 5;
const EAGAIN = 11;
/** By this a keeper tells the guard that it starts how often it has, and where
 * to say that there is a new keeper (ffi/keeper.c). */
const HAND_OVER = "OOMGUARD_RESTARTED";

/** What the keeper is told of besides the guard's arena. */
export interface KeeperPlan {
  /** Open journal, or -1. */
  readonly journalFd: number;
  /** File that names whoever holds the guard's lock; null: nobody tells. */
  readonly namedPath: string | null;
  /** Memory group that is guarded; null is the machine. */
  readonly group: string | null;
  /** Init starts the guard again when it ends. */
  readonly isInits: boolean;
  /** Descriptors that a guard started again is to have too. */
  readonly inherited: readonly number[];
}

/** What an earlier keeper handed over. */
interface HandOver {
  readonly fd: number;
  readonly count: number;
  /** Count, and when the last starts were: the keeper's own text. */
  readonly starts: string;
}

/** Reads what a keeper wrote; null where none did. */
export function parseHandOver(text: string | undefined): HandOver | null {
  const match = /^(\d{1,9}) ((\d{1,9})( \d{1,18}){5})$/.exec(text ?? "");
  if (match === null) return null;
  return { fd: Number(match[1]), count: Number(match[3]), starts: match[2] };
}

/** Whether init starts process `pid` again by itself: it says so, or is the
 * parent of what leads a session, as the children of init do; what a script
 * left behind does not. `stat` is the text of /proc/PID/stat. */
export function isInits(
  env: (name: string) => string | undefined,
  stat: string,
  pid: number,
): boolean {
  if (env("ANDROID_SOCKET_lmkd") !== undefined) return true;
  if (env("NOTIFY_SOCKET") !== undefined) return true;
  const self = String(pid);
  if (env("LISTEN_PID") === self || env("SYSTEMD_EXEC_PID") === self) {
    return true;
  }
  // Fields 4 and 6 of proc(5); the third is the first after the name.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[1] === "1" && fields[3] === self;
}

/** The one keeper of a guard. */
export class Keeper {
  readonly #shim: Shim;
  readonly #plan: KeeperPlan;
  readonly #say: (level: "info" | "warn", text: string) => void;
  readonly #starts: string;
  #program = -1;
  #exe = -1;
  #pidfd = -1;
  #pid = 0;
  #startedMs = 0;
  #tried = false;

  constructor(
    shim: Shim,
    plan: KeeperPlan,
    say: (level: "info" | "warn", text: string) => void,
  ) {
    this.#shim = shim;
    this.#plan = plan;
    this.#say = say;
    const before = parseHandOver(Deno.env.get(HAND_OVER));
    this.#starts = before?.starts ?? "";
    shim.arena.gauges[G_RESTARTS] = before?.count ?? 0;
    const fd = before === null ? -1 : this.#ownEnd(before.fd);
    this.visit();
    if (before !== null) this.#takeOver(fd, before.count);
  }

  /** Starts the keeper where there is none and one is wanted. Cold when there
   * is none, and two looks at a table when there is. */
  visit(): void {
    const { settings, gauges, mailbox } = this.#shim.arena;
    if (gauges[G_KEEPER_PID] !== 0) return;
    if (this.#pid !== 0) this.#bury();
    if (settings[SET_KEEPER] === 0) return;
    const age = delta32(mailbox[MB_NOW_MS], this.#startedMs);
    if (this.#tried && age >= 0 && age < AGAIN_MS) return;
    this.#startedMs = mailbox[MB_NOW_MS];
    const rc = this.#start();
    if (rc < 0 && !this.#tried) {
      this.#say("info", `Without a keeper: ${errnoName(rc)}, going on`);
    }
    this.#tried = true;
  }

  /** Ends it with the guard, and waits for that: where process 1 looks after
   * nobody, as in containers, it would remain as a zombie. Cold, and only at a
   * clean stop. */
  stop(): void {
    if (this.#pid === 0) return;
    // Not waited for yet: whatever has this pid is the keeper.
    Deno.kill(this.#pid, "SIGTERM");
    for (let ms = 0; ms < END_MS; ms += STEP_MS) {
      if (this.#shim.symbols.bury(this.#pid, 0) !== -EAGAIN) break;
      pause(STEP_MS);
    }
    this.#pid = 0;
    this.#shim.arena.gauges[G_KEEPER_PID] = 0;
  }

  #bury(): void {
    const status = this.#shim.symbols.bury(this.#pid, 0);
    const how = (status & 0x7f) === 0
      ? `exit code ${status >> 8}`
      : `signal ${status & 0x7f}`;
    this.#say(status === 0 ? "info" : "warn", `The keeper ended: ${how}`);
    this.#shim.symbols.shut(this.#pidfd);
    this.#pidfd = -1;
    this.#pid = 0;
  }

  #start(): number {
    const { symbols, arena, arenaFd } = this.#shim;
    const { journalFd, inherited } = this.#plan;
    const program = this.#openProgram();
    if (program < 0) return program;
    if (this.#exe < 0) this.#exe = this.#shim.open("/proc/self/exe", O_RDONLY);
    const words = this.#words().map(textOf);
    const args = joined([...words, ...textsOf("/proc/self/cmdline")]);
    const env = textsOf("/proc/self/environ")
      .filter((one) => !startsWith(one, `${HAND_OVER}=`));
    const environment = joined([...env, textOf(`${HAND_OVER}=`)]);
    const fds = Int32Array.from(
      [arenaFd, journalFd, this.#exe, ...inherited].filter((fd) => fd >= 0),
    );
    arena.gauges[G_KEEPER_SELF] = 0;
    const rc = symbols.spawn(
      program,
      args,
      args.length,
      environment,
      environment.length,
      new Uint8Array(fds.buffer),
      fds.length,
      EVENT_KEEPER << 24,
    );
    if (rc < 0) return rc;
    this.#pidfd = rc;
    this.#pid = arena.mailbox[MB_PID];
    arena.gauges[G_KEEPER_PID] = this.#pid;
    arena.gauges[G_SELF] |= SELF_KEEPER;
    return 0;
  }

  /** The program, open to be read only, or it could not be run. */
  #openProgram(): number {
    if (this.#program >= 0) return this.#program;
    const name = `keeper-${Deno.build.arch}`;
    const facts = buildFacts();
    if (facts === null) {
      const { pathname } = new URL(`../../dist/${name}`, import.meta.url);
      return this.#program = this.#shim.open(pathname, O_RDONLY);
    }
    let fd = -1;
    try {
      fd = memoryFile(
        "oomguard-keeper",
        Uint8Array.fromBase64(facts.keeper),
      );
      this.#program = this.#shim.open(`/proc/self/fd/${fd}`, O_RDONLY);
    } catch {
      const beside = Deno.execPath().replace(/[^/]*$/, name);
      this.#program = this.#shim.open(beside, O_RDONLY);
    }
    if (fd >= 0) this.#shim.symbols.shut(fd);
    return this.#program;
  }

  /** The keeper's own words (ffi/keeper.c). */
  #words(): string[] {
    const { journalFd, namedPath, group, isInits } = this.#plan;
    const words = [
      "oomguard-keeper",
      `guard=${Deno.pid}`,
      "child=1",
      `settings=${AT_SETTINGS}`,
      `gauges=${AT_GAUGES}`,
      `arena=${this.#shim.arenaFd}`,
    ];
    if (journalFd >= 0) words.push(`journal=${journalFd}`);
    if (namedPath !== null) words.push(`named=${namedPath}`);
    words.push(...memoryWords(group));
    if (this.#exe >= 0) words.push(`exe=${this.#exe}`);
    words.push(`path=${Deno.execPath()}`);
    if (isInits) words.push("init=1");
    if (this.#starts !== "") words.push(`starts=${this.#starts}`);
    return [...words, "--"];
  }

  /** The hand-over's end for this guard alone: as it was handed down, all whom
   * the guard starts would get it too. */
  #ownEnd(fd: number): number {
    const own = this.#shim.open(`/proc/self/fd/${fd}`, O_WRONLY);
    if (own < 0) return fd;
    this.#shim.symbols.shut(fd);
    return own;
  }

  /** Tells the keeper that started this guard that it has one of its own, or
   * wants none. */
  #takeOver(fd: number, count: number): void {
    this.#say("warn", `Started again by the keeper, ${count} times so far`);
    this.#shim.write(fd, "k");
    this.#shim.symbols.shut(fd);
  }
}

/** Stands still: the guard has nothing else to do any more. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** What tells the keeper that memory is short. The kernel's killer works on the
 * whole machine: it is never called for a group. */
function memoryWords(group: string | null): string[] {
  if (group === null) {
    return ["meminfo=/proc/meminfo", "sysrq=/proc/sysrq-trigger"];
  }
  const names = isFile(`${group}/memory.current`)
    ? ["memory.current", "memory.max"]
    : ["memory.usage_in_bytes", "memory.limit_in_bytes"];
  return [`usage=${group}/${names[0]}`, `limit=${group}/${names[1]}`];
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Texts of a file that ends each with a NUL, which need not be UTF-8; none
 * where it is withheld. */
function textsOf(path: string): Uint8Array[] {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch {
    return [];
  }
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at) + 1 || bytes.length;
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}

/** One text with its NUL. */
function textOf(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

function startsWith(bytes: Uint8Array, start: string): boolean {
  return [...start].every((char, i) => bytes[i] === char.charCodeAt(0));
}

/** Texts in one piece, as shim_spawn takes them. */
function joined(texts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(texts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of texts) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}

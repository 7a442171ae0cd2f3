// The keeper by itself, among files that only look like the kernel's: an arena,
// a meminfo, a sysrq-trigger, and a process that plays the guard. Whatever
// happens in a test, its processes and its folder are gone afterwards.

import {
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  SIDE_RECORDS,
} from "../../src/base/limits.ts";
import {
  J_DETAIL,
  J_PID,
  J_SERIAL,
  J_VALUE,
  RING_KEEPER,
} from "../../src/state/journal.ts";
import { G_KEEPER_SELF } from "../../src/state/gauges.ts";
import {
  ARENA_BYTES,
  AT_GAUGES,
  AT_MAILBOX,
  AT_SETTINGS,
  MB_BEAT,
  MB_DUE_MS,
} from "../../src/state/layout.ts";
import {
  RESTART_NEVER,
  SET_KEEPER,
  SET_KEEPER_MS,
  SET_RESERVE_KB,
  SET_RESTART,
} from "../../src/state/settings.ts";

const PROGRAM =
  new URL(`../../dist/keeper-${Deno.build.arch}`, import.meta.url).pathname;
/** Longest that anything is waited for, ms: other tests run at the same time. */
const PATIENCE_MS = 10_000;

/** Records before the keeper's ring: the header, and the others' rings. */
const RING_AT = 1 + JOURNAL_RECORDS + (RING_KEEPER - 1) * SIDE_RECORDS;

/** Nobody's id, by convention. */
const NOBODY = 65_534;

/** Silence that the keeper waits for, ms, and memory it calls short, kB. */
export const SILENCE_MS = 100;
export const RESERVE_KB = 1_000;

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
});

/** CLOCK_MONOTONIC as the guard has it, ms, wrapped. */
function nowMs(): number {
  const time = new BigInt64Array(2);
  libc.clock_gettime(1, new Uint8Array(time.buffer));
  return Number(BigInt.asIntN(32, time[0]! * 1_000n + time[1]! / 1_000_000n));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Waits until `probe` holds. */
export async function until(what: string, probe: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!probe()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await sleep(5);
  }
}

/** One act of a keeper. */
export interface Act {
  readonly serial: number;
  readonly how: number;
  readonly pid: number;
  readonly value: number;
}

/** A keeper and what it believes to be a guard and a kernel. */
export class KeeperRig {
  readonly dir = Deno.makeTempDirSync({ prefix: "oomguard-keeper-" });
  readonly #arena: Deno.FsFile;
  #guard: Deno.ChildProcess | null = null;
  #keeper: Deno.ChildProcess | null = null;
  #said = "";
  #ended: Promise<number> | null = null;
  #program = PROGRAM;
  #uid: number | null = null;

  constructor() {
    this.write("arena", "");
    this.#arena = Deno.openSync(this.path("arena"), {
      read: true,
      write: true,
    });
    this.#arena.truncateSync(ARENA_BYTES);
    this.set(SET_RESERVE_KB, RESERVE_KB);
    this.set(SET_KEEPER, 1);
    this.set(SET_KEEPER_MS, SILENCE_MS);
    this.set(SET_RESTART, RESTART_NEVER);
    this.memory(RESERVE_KB * 10);
    this.write("sysrq", "-");
    this.write("journal", "");
    this.write("named", "");
    this.write("give", "kept");
  }

  path(name: string): string {
    return `${this.dir}/${name}`;
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(this.path(name), text);
  }

  text(name: string): string {
    try {
      return Deno.readTextFileSync(this.path(name));
    } catch {
      return "";
    }
  }

  #poke(at: number, value: number): void {
    this.#arena.seekSync(at, Deno.SeekMode.Start);
    this.#arena.writeSync(new Uint8Array(Int32Array.of(value).buffer));
  }

  #peek(at: number): number {
    const word = new Int32Array(1);
    this.#arena.seekSync(at, Deno.SeekMode.Start);
    this.#arena.readSync(new Uint8Array(word.buffer));
    return word[0]!;
  }

  /** A threshold: SET_*. */
  set(index: number, value: number): void {
    this.#poke(AT_SETTINGS + index * 4, value);
  }

  /** A gauge: G_*. */
  setGauge(index: number, value: number): void {
    this.#poke(AT_GAUGES + index * 4, value);
  }

  gauge(index: number): number {
    return this.#peek(AT_GAUGES + index * 4);
  }

  /** The guard promises a beat within `ms`. */
  promise(ms: number): void {
    this.#poke(AT_MAILBOX + MB_DUE_MS * 4, (nowMs() + ms) | 0);
  }

  /** The guard beats, and promises the next. */
  beat(ms: number): void {
    this.promise(ms);
    const at = AT_MAILBOX + MB_BEAT * 4;
    this.#poke(at, this.#peek(at) + 1);
  }

  memory(availableKb: number): void {
    this.write("meminfo", `MemTotal: 1 kB\nMemAvailable:  ${availableKb} kB\n`);
  }

  /** Somebody who lives until he is ended. */
  guard(): number {
    this.#guard = new Deno.Command("sleep", { args: ["60"] }).spawn();
    return this.#guard.pid;
  }

  async endGuard(): Promise<void> {
    if (this.#guard === null) return;
    try {
      this.#guard.kill("SIGKILL");
    } catch {
      // The keeper has ended it.
    }
    await this.#guard.status;
    this.#guard = null;
  }

  /** The signal that ends the guard. */
  async guardEnd(): Promise<Deno.Signal | null> {
    return (await this.#guard!.status).signal;
  }

  /** From now on the keeper is one that may signal nobody. */
  disarm(): void {
    this.#program = this.path("program");
    this.#uid = NOBODY;
    Deno.copyFileSync(PROGRAM, this.#program);
    for (const { name } of [...Deno.readDirSync(this.dir), { name: "." }]) {
      Deno.chmodSync(this.path(name), 0o777);
    }
  }

  /** Leaves a record in the keeper's ring that is torn. */
  tear(serial: number): void {
    const words = new Int32Array((RING_AT + 1) * JOURNAL_WORDS);
    words[RING_AT * JOURNAL_WORDS + J_SERIAL] = serial;
    Deno.writeFileSync(this.path("journal"), new Uint8Array(words.buffer));
  }

  /** All words but those left out and those given instead; `--` and `args`. */
  start(words: readonly string[], args: readonly string[] = []): void {
    const given = new Map(
      words.map((word) => [word.slice(0, word.indexOf("=") + 1), word]),
    );
    const usual = [
      `guard=${this.#guard?.pid}`,
      `settings=${AT_SETTINGS}`,
      `gauges=${AT_GAUGES}`,
      ...["arena", "journal", "named", "meminfo", "sysrq"].map((name) =>
        `${name}=${this.path(name)}`
      ),
      `give=${this.path("give")}=given`,
    ];
    const all = usual.map((word) =>
      given.get(word.slice(0, word.indexOf("=") + 1)) ?? word
    ).filter((word) => !word.endsWith("=none"));
    this.run(
      [...all, ...words.filter((word) => !all.includes(word)), "--"]
        .filter((word) => !word.endsWith("=none")),
      args,
    );
  }

  /** Runs it with these words and no others. */
  run(words: readonly string[], args: readonly string[] = []): void {
    this.setGauge(G_KEEPER_SELF, 0);
    this.#keeper = new Deno.Command(this.#program, {
      ...this.#uid === null ? {} : { uid: this.#uid },
      args: [...words, ...args],
      env: { FROM: "the guard", OOMGUARD_RESTARTED: "" },
      clearEnv: true,
      cwd: this.dir,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const { stderr, status } = this.#keeper;
    this.#ended = (async () => {
      const text = await new Response(stderr).text();
      this.#said = text;
      return (await status).code;
    })();
  }

  get pid(): number {
    return this.#keeper!.pid;
  }

  /** Waits for its end: exit code and words. */
  async end(): Promise<{ code: number; said: string }> {
    const late = Promise.withResolvers<number>();
    const timer = setTimeout(() => late.resolve(-1), PATIENCE_MS);
    const code = await Promise.race([this.#ended!, late.promise]);
    clearTimeout(timer);
    return { code, said: this.#said };
  }

  /** What is in its ring of the journal, oldest first. */
  acts(): Act[] {
    const bytes = Deno.readFileSync(this.path("journal"));
    const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
    const acts: Act[] = [];
    for (let slot = 0; slot < SIDE_RECORDS; slot++) {
      const at = (RING_AT + slot) * JOURNAL_WORDS;
      const serial = words[at + J_SERIAL] ?? 0;
      if (serial === 0) continue;
      const [how, pid, value] = [J_DETAIL, J_PID, J_VALUE].map((word) =>
        words[at + word]!
      );
      acts.push({ serial, how: how!, pid: pid!, value: value! });
    }
    return acts.sort((a, b) => a.serial - b.serial);
  }

  /** How often it acted in one way. */
  count(how: number): number {
    return this.acts().filter((act) => act.how === how).length;
  }

  async close(): Promise<void> {
    try {
      this.#keeper?.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#ended;
    await this.endGuard();
    this.#arena.close();
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** Runs `play` with a rig of its own. */
export async function withKeeper(
  play: (rig: KeeperRig) => Promise<void>,
): Promise<void> {
  const rig = new KeeperRig();
  try {
    await play(rig);
  } finally {
    await rig.close();
  }
}

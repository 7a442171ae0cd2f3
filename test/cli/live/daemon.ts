// The daemon as a process of its own, from source: what it says, what its status
// file and its arena hold, how it ends. Whatever happens in a test, its daemon
// and its folder are gone afterwards.

import { childEnv } from "../../../src/cli/drill_cast.ts";
import { copyArena, findGuard } from "../../../src/cli/peek.ts";
import { V8_FLAGS } from "../../../src/pack/launch.ts";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;
/** Longest that anything is waited for, ms: other tests run at the same time. */
const PATIENCE_MS = 20_000;

/** How this program is started from source, before its arguments: the runtime
 * as the packed one has it, or its memory would not be what a user sees. */
function fromSource(main = MAIN): string[] {
  return ["run", "-A", "--no-check", `--v8-flags=${V8_FLAGS}`, main];
}

/** Lets `ms` pass. */
export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Waits until `probe` answers something. */
export async function until<T>(
  what: string,
  probe: () => T | undefined,
): Promise<T> {
  const start = performance.now();
  while (performance.now() - start < PATIENCE_MS) {
    const found = probe();
    if (found !== undefined) return found;
    await sleep(10);
  }
  throw new Error(`${what} did not come in ${PATIENCE_MS} ms`);
}

/** What a daemon is started with. */
export interface Start {
  /** Options of `daemon`; none of --state, --socket and --log. */
  readonly args?: readonly string[];
  /** False: it signals for real. */
  readonly dryRun?: boolean;
  /** Program and arguments that start this program in turn. */
  readonly launcher?: readonly string[];
  /** Environment beside its own. */
  readonly env?: Readonly<Record<string, string>>;
  /** This program packed; else it runs from source. */
  readonly packed?: string;
  /** Another program in the place of src/main.ts. */
  readonly main?: string;
}

/** A running daemon; its state folder is `dir`, its socket `dir`/lmkd. */
export class Daemon {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #log = "";

  constructor(readonly dir: string, start: Start = {}) {
    const [program = "", ...before] = [
      ...start.launcher ?? [],
      ...start.packed === undefined
        ? [Deno.execPath(), ...fromSource(start.main)]
        : [start.packed],
    ];
    this.#child = new Deno.Command(program, {
      args: [
        ...before,
        "daemon",
        ...start.dryRun === false ? [] : ["--dry-run"],
        ...["--state", dir, "--log", "stderr"],
        // One that a test kills stays dead, unless it is about that.
        ...["--set", "self.restart=never"],
        ...start.launcher === undefined ? ["--socket", `${dir}/lmkd`] : [],
        ...start.args ?? [],
      ],
      env: { ...childEnv(), ...start.env },
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get log(): string {
    return this.#log;
  }

  get socket(): string {
    return `${this.dir}/lmkd`;
  }

  async #read(): Promise<void> {
    const text = new TextDecoder();
    for await (const bytes of this.#child.stderr) {
      this.#log += text.decode(bytes, { stream: true });
    }
  }

  /** Waits for words in the log, those after its first `from` characters. */
  said(text: string, from = 0): Promise<true> {
    return until(
      `"${text}" in the log`,
      () => this.#log.includes(text, from) ? true : undefined,
    );
  }

  /** What the status file shows on a line; undefined: no such line. */
  word(label: string): string | undefined {
    try {
      const text = Deno.readTextFileSync(`${this.dir}/status`);
      const line = text.split("\n").find((one) => one.startsWith(`${label} `));
      return line?.slice(label.length).trim();
    } catch {
      return undefined;
    }
  }

  /** The same as a number. */
  field(label: string): number | undefined {
    const word = this.word(label);
    return word === undefined || word === "" ? undefined : Number(word);
  }

  /** Waits until a line of the status file shows `want`. */
  async shows(label: string, want: string | number): Promise<void> {
    await until(
      `${label} ${want}`,
      () => this.word(label) === String(want) ? true : undefined,
    );
  }

  /** One threshold as it is in force: SET_*. */
  setting(index: number): number {
    return copyArena(findGuard(this.dir)).copy.settings[index]!;
  }

  /** One gauge as it is now, not as the status file has it: G_*. */
  gauge(index: number): number {
    return copyArena(findGuard(this.dir)).copy.gauges[index]!;
  }

  /** Waits until it is armed and has had its first turn. */
  async ready(): Promise<void> {
    await this.said(" guards ");
    await until("a first turn", () => this.field("turns") || undefined);
  }

  /** Runs another command of this program; its exit code and what it said. */
  async command(...args: string[]): Promise<{ code: number; said: string }> {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...fromSource(), ...args],
      env: childEnv(),
      clearEnv: true,
    }).output();
    const text = new TextDecoder();
    return { code, said: text.decode(stdout) + text.decode(stderr) };
  }

  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Waits for its end; answers its exit code. */
  async end(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  /** Ends it whatever it is doing. */
  async kill(): Promise<void> {
    try {
      this.signal("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.end();
  }
}

/** Runs `play` with a folder of its own, and removes it. */
export async function withDir(
  play: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oomguard-daemon-" });
  try {
    await play(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Runs `play` with a daemon that is ready, and cleans up. */
export async function withDaemon(
  start: (dir: string) => Start,
  play: (daemon: Daemon) => Promise<void>,
): Promise<void> {
  await withDir(async (dir) => {
    const daemon = new Daemon(dir, start(dir));
    try {
      await daemon.ready();
      await play(daemon);
    } catch (cause) {
      throw new Error(`With a daemon that said:\n${daemon.log}`, { cause });
    } finally {
      await daemon.kill();
    }
  });
}

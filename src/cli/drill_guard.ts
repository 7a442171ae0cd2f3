// The guard of a drill, as its own process: started against the group, heard
// through its journal as it writes it, and measured from outside.

import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../base/limits.ts";
import { checkOf, J_CHECK, J_SERIAL } from "../state/journal.ts";
import { childEnv, eachLine, selfCommand } from "./drill_cast.ts";
import { LmkClient } from "./drill_client.ts";

// Loaded with this module only: a static import costs every start.
const { closeSync, openSync, readFileSync, readSync } = await import("node:fs");

/** A machine that emulates another's processor needs this long, ms. */
const READY_MS = 60_000;
const LEAVE_MS = 3_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Numbers of /proc/PID/status, kB. */
function statusKb(text: string, key: string): number {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text);
  return match === null ? 0 : Number(match[1]);
}

/** A running guard. */
export class DrillGuard {
  readonly dir: string;
  readonly log: string[] = [];
  /** How it ended, or null while it runs. */
  end: string | null = null;
  readyMs = 0;
  readonly client = new LmkClient();
  readonly #child: Deno.ChildProcess;
  readonly #startedAt = performance.now();
  readonly #done: Promise<void>;
  readonly #record = new Int32Array(JOURNAL_WORDS);
  #journalFd = -1;
  #serial = 0;

  /** Starts it against group `group`, with everything it writes in `dir`. */
  constructor(dir: string, group: string) {
    this.dir = dir;
    const [path, args] = selfCommand([
      "daemon",
      ...["--group", group, "--state", dir],
      ...["--socket", `${dir}/lmkd`, "--log", "stderr"],
      // What it proves must not depend on this system's properties.
      ...["--set", "properties=off"],
      // One that a drill has to kill stays dead.
      ...["--set", "self.restart=never"],
    ]);
    this.#child = new Deno.Command(path, {
      args,
      env: childEnv(),
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const heard = eachLine(this.#child.stderr, (line) => this.log.push(line));
    this.#done = this.#child.status.then(async ({ code, signal }) => {
      await heard.catch(() => {});
      this.end = signal === null ? `exit code ${code}` : signal;
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Throws when it is gone. */
  check(): void {
    if (this.end === null) return;
    const last = this.log.at(-1) ?? "it said nothing";
    throw new Error(`The guard ended (${this.end}): ${last}`);
  }

  /** Waits until it answers on its socket: then it is armed. */
  async ready(signal: AbortSignal): Promise<void> {
    const socket = `${this.dir}/lmkd`;
    await this.#until(signal, () => this.client.connect(socket));
    await this.answered(signal);
    this.readyMs = performance.now() - this.#startedAt;
    this.#journalFd = openSync(`${this.dir}/journal`, "r");
  }

  /** Waits until everything sent to it has been done. */
  async answered(signal: AbortSignal): Promise<void> {
    this.client.askKills();
    await this.#until(signal, () => this.client.takeKills() !== null);
  }

  async #until(signal: AbortSignal, done: () => boolean): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!done()) {
      signal.throwIfAborted();
      this.check();
      if (performance.now() > deadline) {
        throw new Error(`The guard has not answered for ${READY_MS} ms`);
      }
      await pause(2);
    }
  }

  /** Hands every record that is new to `take`; valid during the call. */
  follow(take: (words: Int32Array) => void): void {
    const words = this.#record;
    const bytes = new Uint8Array(words.buffer);
    for (;;) {
      const slot = this.#serial % JOURNAL_RECORDS;
      const at = (slot + 1) * bytes.length;
      const count = readSync(this.#journalFd, bytes, 0, bytes.length, at);
      const whole = count === bytes.length &&
        words[J_SERIAL] === this.#serial + 1 &&
        words[J_CHECK] === checkOf(words, 0);
      if (!whole) return;
      this.#serial++;
      take(words);
    }
  }

  /** Resident memory, and what of it is its own, kB. */
  memory(): { rssKb: number; anonKb: number } {
    const text = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return {
      rssKb: statusKb(text, "VmRSS"),
      anonKb: statusKb(text, "RssAnon"),
    };
  }

  /** Processor time that it took so far, us. */
  cpuUs(): number {
    return this.client.cpuUs(this.pid);
  }

  /** Ends it: kindly, then not. */
  async stop(): Promise<void> {
    this.client.close();
    if (this.#journalFd >= 0) closeSync(this.#journalFd);
    for (const how of ["SIGTERM", "SIGKILL"] as const) {
      if (this.end !== null) return;
      try {
        this.#child.kill(how);
      } catch {
        // It has just ended by itself.
      }
      await Promise.race([this.#done, pause(LEAVE_MS)]);
    }
  }
}

// The processes of a drill: this executable again, each obeying lines of its
// standard input (drill_app.ts), so that nothing but our one file is needed.

import { buildFacts } from "../base/build.ts";
import type { Actor } from "../report/drill.ts";

// Loaded with this module only: a static import costs every start.
const { fileURLToPath } = await import("node:url");

/** A machine that emulates another's processor needs this long, ms. */
const ANSWER_MS = 60_000;

/** Program and arguments that start this program with `args`. */
export function selfCommand(args: readonly string[]): [string, string[]] {
  if (buildFacts() !== null) return [Deno.execPath(), [...args]];
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  return [Deno.execPath(), ["run", "-A", main, ...args]];
}

/** The environment without what would make a guard take another's socket or
 * report to another's supervisor. */
export function childEnv(): Record<string, string> {
  const env = Deno.env.toObject();
  for (const name of Object.keys(env)) {
    if (/^(ANDROID_SOCKET_.*|LISTEN_.*|NOTIFY_SOCKET)$/.test(name)) {
      delete env[name];
    }
  }
  return env;
}

/** Who takes part: name, oom_score_adj, and what the name stands for. */
export const PARTS: readonly (readonly [string, number])[] = [
  ["drill.heart", 0],
  ["drill.music", 200],
  ["drill.sync", 500],
  ["drill.cached1", 910],
  ["drill.cached2", 905],
  ["drill.cached3", 900],
  ["drill.hog", 900],
];
export const HEART = "drill.heart";
export const HOG = "drill.hog";
/** Android's first user id of an app (AID_APP_START). */
const UID_FIRST = 10_000;

/** Lines of a stream, handed to `take` as they come. */
export async function eachLine(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const text = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + text.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}

/** One process. */
export class Player {
  readonly name: string;
  readonly adj: number;
  readonly uid: number;
  /** performance.now() of its end, or null. */
  endedAt: number | null = null;
  readonly ended: Promise<unknown>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: string[] = [];
  #wake = () => {};

  constructor(name: string, adj: number, uid: number) {
    this.name = name;
    this.adj = adj;
    this.uid = uid;
    const [path, args] = selfCommand(["drill-app", name]);
    this.#child = new Deno.Command(path, {
      args,
      env: childEnv(),
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    eachLine(this.#child.stdout, (line) => {
      this.#answers.push(line);
      this.#wake();
    }).catch(() => {});
    this.ended = this.#child.status.then(() => {
      this.endedAt = performance.now();
      this.#wake();
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Tells it one line; a process that is gone hears nothing. */
  tell(line: string): void {
    const bytes = new TextEncoder().encode(`${line}\n`);
    this.#input.write(bytes).catch(() => {});
  }

  /** Its next line; throws when it ends or says nothing in time. */
  async answer(signal: AbortSignal, mostMs = ANSWER_MS): Promise<string> {
    const deadline = performance.now() + mostMs;
    for (;;) {
      signal.throwIfAborted();
      const line = this.#answers.shift();
      if (line !== undefined) return line;
      const leftMs = deadline - performance.now();
      if (this.endedAt !== null) {
        throw new Error(`${this.name} ended before it answered`);
      }
      if (leftMs <= 0) {
        throw new Error(`${this.name} has not answered for ${mostMs} ms`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, 100));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Ends it, whatever it is doing. */
  kill(): void {
    if (this.endedAt !== null) return;
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
}

/** Starts everybody; `players` grows as they start, so that whoever was
 * started can be ended. */
export async function startCast(
  players: Player[],
  signal: AbortSignal,
): Promise<void> {
  PARTS.forEach(([name, adj], i) => {
    players.push(new Player(name, adj, UID_FIRST + i));
  });
  for (const player of players) {
    const said = await player.answer(signal);
    if (said !== "ready") throw new Error(`${player.name} said "${said}"`);
  }
}

/** The cast as the scorecard has it. */
export function actorsOf(
  players: readonly Player[],
  workingKb: number,
): Actor[] {
  return players.map(({ name, pid, adj }) => ({ name, pid, adj, workingKb }));
}

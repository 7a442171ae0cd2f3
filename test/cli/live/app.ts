// Children of the live tests that take memory in a memory group, and whether
// such a group can be made here.

import assert from "node:assert/strict";
import { DrillGroup, GroupRefused } from "../../../src/cli/drill_group.ts";

/** Why no memory group with this limit can be made here, or "". */
async function whyNoGroup(limitKb: number): Promise<string> {
  try {
    const name = `oomguard-live-probe-${Deno.pid}`;
    await DrillGroup.make(name, limitKb).remove();
    return "";
  } catch (error) {
    if (error instanceof GroupRefused) return error.message;
    throw error;
  }
}

/** For tests that need a group: where there is none they are not counted. */
export async function groups(
  limitKb: number,
): Promise<{ ignore: boolean; because: string }> {
  const refused = await whyNoGroup(limitKb);
  return {
    ignore: refused !== "",
    because: refused === "" ? "" : ` [no memory group: ${refused}]`,
  };
}

/** A child that does what live/app.c says. */
export class App {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #signal: Deno.Signal | null = null;

  constructor(program: string, takeKb: number, growKbPerS: number) {
    this.#child = new Deno.Command(program, {
      args: [String(takeKb), String(growKbPerS)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#child.status.then(({ signal }) => this.#signal = signal);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What has ended it so far. */
  get signal(): Deno.Signal | null {
    return this.#signal;
  }

  /** One line: first to take its memory, then to grow. */
  async tell(): Promise<void> {
    await this.#input.write(new TextEncoder().encode("go\n"));
  }

  async ready(): Promise<void> {
    const reader = this.#child.stdout.getReader();
    const { value } = await reader.read();
    // First: or it would stay open when it was killed before it was ready.
    await reader.cancel();
    assert.equal(new TextDecoder().decode(value), "ready\n");
  }

  /** Its end; the signal that ended it. */
  async ended(): Promise<Deno.Signal | null> {
    return (await this.#child.status).signal;
  }

  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It is dead, as it should be.
    }
    await this.#child.status;
    await this.#input.abort().catch(() => {});
    await this.#child.stdout.cancel().catch(() => {});
  }
}

/** A helper that says a line and waits for one (live/freeze.c). */
export class Freezer {
  readonly #child: Deno.ChildProcess;
  #released = false;

  constructor(program: string, thread: number) {
    this.#child = new Deno.Command(program, {
      args: [String(thread)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
  }

  /** Waits until the thread stands still. */
  async frozen(): Promise<void> {
    const reader = this.#child.stdout.getReader();
    const { value } = await reader.read();
    assert.equal(new TextDecoder().decode(value), "frozen\n");
    reader.releaseLock();
  }

  /** Lets it go on, once. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#child.stdin.close();
    const { code } = await this.#child.status;
    await this.#child.stdout.cancel();
    assert.equal(code, 0);
  }
}

// Children that do nothing, as many as are asked for, made by a small C program
// and ended with it.

import { runTool } from "./tools.ts";

function pathOf(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

/** Builds the program into a folder; answers its path. */
export async function buildPausers(dir: string): Promise<string> {
  const program = `${dir}/pausers`;
  const flags = ["-std=gnu11", "-O2", "-static", "-Wall", "-Wextra"];
  await runTool("gcc", [...flags, "-o", program, pathOf("pausers.c")]);
  return program;
}

/** A parent of such children. */
export class Pausers {
  readonly #parent: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #output: ReadableStreamDefaultReader<string>;

  constructor(program: string) {
    const piped = { stdin: "piped", stdout: "piped" } as const;
    this.#parent = new Deno.Command(program, piped).spawn();
    this.#input = this.#parent.stdin.getWriter();
    const text = this.#parent.stdout.pipeThrough(new TextDecoderStream());
    this.#output = text.getReader();
  }

  /** Pids of new children. Throws when they cannot be had. */
  async make(wanted: number): Promise<number[]> {
    await this.#input.write(new TextEncoder().encode(`${wanted}\n`));
    let text = "";
    while (!text.endsWith("\n")) {
      text += (await this.#output.read()).value ?? "\n";
    }
    const pids = text.trim().split(" ").map(Number);
    if (pids.length === wanted) return pids;
    throw new Error(`Cannot make ${wanted} children: ${pids.length} were made`);
  }

  /** Ends them all and waits until they have gone. */
  async end(): Promise<void> {
    await this.#input.close();
    await this.#parent.status;
  }
}

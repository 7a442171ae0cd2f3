// Runs a tool of the build and returns what it printed.

/** A finished tool. */
export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Where and how a tool runs. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  clearEnv?: boolean;
  timeoutMs?: number;
}

/** Runs a command to its end; undefined when there is no such command. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran | undefined> {
  const { timeoutMs, ...rest } = options;
  try {
    const output = await new Deno.Command(command, {
      args: [...args],
      ...rest,
      ...(timeoutMs === undefined
        ? {}
        : { signal: AbortSignal.timeout(timeoutMs) }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decoder = new TextDecoder();
    return {
      code: output.code,
      out: decoder.decode(output.stdout),
      err: decoder.decode(output.stderr),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Runs a command that must succeed; the error tells what it said. */
export async function runOk(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const ran = await run(command, args, options);
  if (ran === undefined) {
    throw new Error(`Cannot run "${command}": there is no such command`);
  }
  if (ran.code !== 0) {
    const said = (ran.err || ran.out).trim();
    throw new Error(
      `Cannot run "${command} ${args[0] ?? ""}": exit ${ran.code}\n${said}`,
    );
  }
  return ran;
}

// Android's getprop and setprop as child processes, never for longer than a
// deadline: a guard that waits for another program guards nobody.

/** What came of a run. */
export type Ran =
  | { readonly output: Uint8Array; readonly failure: null }
  | { readonly output: null; readonly failure: string };

/** Longest run of a program, ms: getprop takes about 10 ms on a phone. */
export const RUN_MS_MAX = 2_000;

/** Most output that is kept, bytes; getprop prints about 64 KiB on a phone. */
export const OUTPUT_BYTES_MAX = 1_048_576;

/** Programs that end another after a time: toybox's, coreutils', busybox's. */
const TIMEOUTS = [
  "/system/bin/timeout",
  "/usr/bin/timeout",
  "/bin/timeout",
];

/** Exit codes of `timeout`: it found no program, it killed it. */
const NOT_FOUND = 127;
const KILLED = 137;

function failed(failure: string): Ran {
  return { output: null, failure };
}

function options(args: string[]): Deno.CommandOptions {
  return { args, stdin: "null", stdout: "piped", stderr: "null" };
}

function exitFailure(code: number, signal: string | null): string | null {
  if (signal !== null) return `it was ended by ${signal}`;
  return code === 0 ? null : `exit status ${code}`;
}

function whyOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such program";
  return error instanceof Error ? error.message : String(error);
}

/** Runs a program and waits for it. Where no `timeout` program is there to end
 * it, it is trusted to end. Never throws. */
export function runNow(
  program: string,
  args: readonly string[],
  deadlineMs = RUN_MS_MAX,
): Ran {
  const timeout = TIMEOUTS.find(exists);
  const line = timeout === undefined
    ? [program, ...args]
    : [timeout, "-s", "KILL", String(deadlineMs / 1000), program, ...args];
  try {
    const [first, ...rest] = line;
    const ran = new Deno.Command(first, options(rest)).outputSync();
    const failure = exitFailure(ran.code, ran.signal);
    if (failure !== null) {
      const late = ran.signal === "SIGKILL" || ran.code === KILLED;
      return failed(
        ran.code === NOT_FOUND
          ? "there is no such program"
          : late && timeout !== undefined
          ? `it did not end within ${deadlineMs} ms`
          : failure,
      );
    }
    if (ran.stdout.length > OUTPUT_BYTES_MAX) {
      return failed(`it printed more than ${OUTPUT_BYTES_MAX} bytes`);
    }
    return { output: ran.stdout, failure: null };
  } catch (error) {
    return failed(whyOf(error));
  }
}

/** Runs a program beside everything else; killed at the deadline. Never
 * rejects. */
export async function runLater(
  program: string,
  args: readonly string[],
  deadlineMs = RUN_MS_MAX,
): Promise<Ran> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, options([...args])).spawn();
  } catch (error) {
    return failed(whyOf(error));
  }
  const reader = child.stdout.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end(child);
    // Its own children may hold the pipe open.
    reader.cancel().catch(() => {});
  }, deadlineMs);
  try {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length <= OUTPUT_BYTES_MAX) {
      const { value } = await reader.read();
      if (value === undefined) break;
      parts.push(value);
      length += value.length;
    }
    if (length > OUTPUT_BYTES_MAX) {
      end(child);
      await reader.cancel();
    }
    if (late) {
      // Not even waited for: what hangs in the kernel does not die either.
      child.unref();
      return failed(`it did not end within ${deadlineMs} ms`);
    }
    const { code, signal } = await child.status;
    if (length > OUTPUT_BYTES_MAX) {
      return failed(`it printed more than ${OUTPUT_BYTES_MAX} bytes`);
    }
    const failure = exitFailure(code, signal);
    if (failure !== null) return failed(failure);
    return { output: joined(parts, length), failure: null };
  } catch (error) {
    return failed(whyOf(error));
  } finally {
    clearTimeout(timer);
  }
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether a path exists. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

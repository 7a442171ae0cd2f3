// Programs that the benches run: gcc, and children of their own.

/** Runs a program; answers what it prints. Throws what it said when it fails. */
export async function runTool(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const done = await new Deno.Command(command, { args, env }).output();
  const decoder = new TextDecoder();
  if (done.success) return decoder.decode(done.stdout);
  throw new Error(`${command} failed: ${decoder.decode(done.stderr)}`);
}

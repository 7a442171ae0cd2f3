// The shim's hands upon a real kernel. Each check has a process of its own: an
// attached shim is for ever, and takes the process's signals.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CHECKS } from "./hands.ts";

const PROGRAM = fileURLToPath(new URL("./hands.ts", import.meta.url));

/** Lays a FIFO over the command line of a child, for the program that follows
 * alone; where that is refused, the program is run without. */
const STALLED = `
sleep 60 & FIFO_PID=$!
trap 'kill $FIFO_PID' EXIT
FIFO_PATH=$(mktemp -u)
mkfifo "$FIFO_PATH" || exit
export FIFO_PID FIFO_PATH
if unshare -m true; then
  unshare -m sh -c 'mount --bind "$FIFO_PATH" /proc/$FIFO_PID/cmdline ||
    FIFO_PID=0; exec "$@"' sh "$@"
else
  FIFO_PID=0 "$@"
fi
code=$?
rm "$FIFO_PATH"
exit $code
`;

async function run(name: string): Promise<void> {
  const deno = ["run", "-A", "--no-check", PROGRAM, name];
  const stalls = name.includes("cannot be read");
  const [command, args] = stalls
    ? ["bash", ["-c", STALLED, "bash", Deno.execPath(), ...deno]]
    : [Deno.execPath(), deno];
  const signal = AbortSignal.timeout(60_000);
  const done = await new Deno.Command(command, { args, signal }).output();
  const [out, err] = [done.stdout, done.stderr].map((bytes) =>
    new TextDecoder().decode(bytes).trimEnd()
  );
  assert.ok(done.success, `exits ${done.code}\n${out}\n${err}`);
  if (out !== "") console.log(`not checked: ${out}`);
}

for (const name of Object.keys(CHECKS)) {
  Deno.test(`hands: ${name}`, () => run(name));
}

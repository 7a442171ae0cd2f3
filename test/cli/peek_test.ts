// Looking at a guard where others have been before: whoever may write to the
// state folder cannot make a looking command wait, and a /proc that hides
// other users' processes hides no guard.

import assert from "node:assert/strict";
import { EXIT_FAILED, EXIT_OK } from "../../src/cli/exits.ts";
import { withFolder } from "./fake_guard.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const RUN = ["run", "-A", "--no-check", MAIN];
/** More than any of these takes on a busy machine, s. */
const S_MAX = 60;
const STATUS = "state calm\n";
const NOBODY = 65_534;

/** A program of its own process, which is ended where it hangs. */
function ran(command: string, args: string[]) {
  const done = new Deno.Command("timeout", {
    args: [String(S_MAX), command, ...args],
  }).outputSync();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    code: done.code,
    out: decode(done.stdout),
    err: decode(done.stderr),
  };
}

Deno.test("a FIFO in the state folder makes nobody wait", () => {
  const rows: [command: string, planted: string][] = [
    ["status", "guard"],
    ["status", "status"],
    ["procs", "guard"],
    ["kills", "journal"],
  ];
  for (const [command, planted] of rows) {
    withFolder({ guard: "this", status: STATUS }, (dir) => {
      const file = `${dir}/${planted}`;
      ran("rm", ["-f", file]);
      ran("mkfifo", [file]);
      const args = [...RUN, command, "--state", dir];
      const { code, err } = ran(Deno.execPath(), args);
      assert.equal(code, EXIT_FAILED, `${command}: ${code} ${err}`);
      assert.ok(err.includes(`"${file}": not a regular file`), err);
    });
  }
});

/** Whether this machine lets us mount a /proc of our own. */
function mayMount(): boolean {
  return ran("unshare", ["-m", "mount", "-t", "proc", "proc", "/proc"])
    .code === 0;
}

Deno.test({
  name: "a guard whose process is hidden is found by its lock",
  ignore: !mayMount(),
}, () => {
  for (const hidepid of [1, 2]) {
    withFolder({ guard: "this", status: STATUS }, (dir) => {
      // Root without this capability may look into no process that has it.
      const look = [
        `mount -t proc -o hidepid=${hidepid},gid=${NOBODY} proc /proc`,
        "&& exec setpriv --inh-caps -sys_ptrace --bounding-set -sys_ptrace",
        ...[Deno.execPath(), ...RUN, "status", "--state", dir],
      ].join(" ");
      const done = ran("unshare", ["-m", "sh", "-c", look]);
      assert.equal(done.code, EXIT_OK, `hidepid=${hidepid}: ${done.err}`);
      assert.match(done.out, /^state +calm/);
    });
  }
});

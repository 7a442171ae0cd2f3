// What an earlier guard armed is undone at the start, or kept for the next one:
// it is never forgotten while somebody is left at 1000.

import assert from "node:assert/strict";
import { restoreArmed } from "../../src/cli/armed.ts";
import { Log } from "../../src/cli/log.ts";
import { Patience } from "../../src/shim/patient.ts";
import type { Shim } from "../../src/shim/shim.ts";
import { ARMED_WORDS, G_ARMED_PID } from "../../src/state/gauges.ts";
import { GAUGES_WORDS, MB_ADJ, MB_FD, MB_PID } from "../../src/state/layout.ts";
import { unattached } from "../shim/helpers.ts";

const OWN = 905;
const ENOMEM = 12;
const EACCES = 13;

const files = unattached();

/** A process at `adj`, whose own was 905 before a guard armed it. */
async function withArmed(
  adj: number,
  act: (fd: number, pid: number) => void,
): Promise<void> {
  const script = `echo ${adj} > /proc/self/oom_score_adj; echo; read -r line`;
  const child = new Deno.Command("sh", {
    args: ["-c", script],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const file = Deno.makeTempFileSync({ prefix: "oomguard-armed-" });
  const reader = child.stdout.getReader();
  await reader.read();
  const stat = Deno.readTextFileSync(`/proc/${child.pid}/stat`);
  const start = Number(stat.slice(stat.lastIndexOf(")")).split(" ")[20]);
  const words = Int32Array.of(child.pid, start, OWN, start, Deno.uid() ?? 0);
  Deno.writeFileSync(file, new Uint8Array(words.buffer));
  const fd = files.openKept(file, 0o600);
  try {
    act(fd, child.pid);
  } finally {
    files.symbols.shut(fd);
    Deno.removeSync(file);
    reader.releaseLock();
    await child.stdout.cancel();
    await child.stdin.close();
    await child.status;
  }
}

/** Restores with a kernel that answers writes of a value like this, the last
 * answer for ever; the descriptor to go on with, and what was done. */
function restore(fd: number, answers: number[]) {
  const mailbox = new Int32Array(64);
  const gauges = new Int32Array(GAUGES_WORDS).fill(1);
  const written: number[][] = [];
  let persisted: number[] | null = null;
  const ports = {
    writeAdj(): number {
      assert.equal(mailbox[MB_FD], -1);
      const rc = answers.length > 1 ? answers.shift()! : answers[0];
      if (rc === 0) written.push([mailbox[MB_PID], mailbox[MB_ADJ]]);
      return rc;
    },
    persist(): number {
      const at = G_ARMED_PID;
      persisted = [mailbox[MB_FD], ...gauges.slice(at, at + ARMED_WORDS)];
      return 0;
    },
  };
  const fake = { arena: { mailbox, gauges }, ports, patience: new Patience() };
  const shim = fake as unknown as Shim;
  const lines: string[] = [];
  const log = Object.assign(Object.create(Log.prototype), {
    say: (_level: string, text: string) => lines.push(text),
  });
  const answer = restoreArmed(shim, fd, log);
  return { answer, written, persisted, said: lines.join("\n") };
}

Deno.test("armed: restored, and forgotten", async () => {
  await withArmed(1000, (fd, pid) => {
    const { answer, written, persisted, said } = restore(fd, [0]);
    assert.equal(answer, fd);
    assert.deepEqual(written, [[pid, OWN]]);
    assert.deepEqual(persisted, [fd, 0, 0, 0, 0, 0]);
    assert.match(said, /is at oom_score_adj 905 again/);
  });
});

Deno.test("armed: wanting for a moment: tried again", async () => {
  await withArmed(1000, (fd, pid) => {
    const { answer, written } = restore(fd, [-ENOMEM, -ENOMEM, 0]);
    assert.equal(answer, fd);
    assert.deepEqual(written, [[pid, OWN]]);
  });
});

Deno.test("armed: not restored: kept, and nobody is armed", async () => {
  for (const rc of [-ENOMEM, -EACCES]) {
    await withArmed(1000, (fd) => {
      const { answer, persisted, said } = restore(fd, [rc]);
      assert.equal(answer, -1);
      assert.equal(persisted, null);
      assert.match(said, /Cannot undo what an earlier guard armed: E/);
    });
  }
});

Deno.test("armed: gone, or at another value: nothing is left to do", async () => {
  const ESRCH = 3;
  await withArmed(1000, (fd) => {
    const { answer, persisted } = restore(fd, [-ESRCH]);
    assert.equal(answer, fd);
    assert.notEqual(persisted, null);
  });
  await withArmed(700, (fd) => {
    const { answer, written, persisted } = restore(fd, [0]);
    assert.equal(answer, fd);
    assert.deepEqual(written, []);
    assert.notEqual(persisted, null);
  });
});

Deno.test("armed: a file that cannot be read is not taken for empty", () => {
  const { answer, persisted } = restore(9_999, [0]);
  assert.equal(answer, -1);
  assert.equal(persisted, null);
});

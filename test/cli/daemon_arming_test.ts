// The kernel's own file of the next victim, while a real guard stands and after
// it: raised while it is next, back when the guard stops, and, after a crash,
// when the next one starts. What its children inherit is taken back too.

import assert from "node:assert/strict";
import { DrillGroup } from "../../src/cli/drill_group.ts";
import { groups } from "./live/app.ts";
import { Daemon, until, withDir } from "./live/daemon.ts";

const LIMIT_KB = 131_072;
const ADJ = 905;

const real = await groups(LIMIT_KB);

function adjOf(pid: number): number {
  return Number(Deno.readTextFileSync(`/proc/${pid}/oom_score_adj`));
}

/** Waits until the kernel has this for a process. */
async function becomes(pid: number, adj: number): Promise<void> {
  await until(
    `oom_score_adj ${adj} of ${pid}`,
    () => adjOf(pid) === adj || undefined,
  );
}

/** A shell at this importance, which at the first line it is given forks a
 * child, and another by way of one that ends, tells their pids, and ends with
 * its input. */
class Shell {
  readonly #child: Deno.ChildProcess;

  constructor(adj: number) {
    const script = `echo ${adj} > /proc/self/oom_score_adj; ` +
      "read -r || exit; sleep 600 & child=$!; " +
      "orphan=$(sleep 600 > /dev/null & echo $!); " +
      "echo $child $orphan; read -r; kill $child $orphan; wait";
    this.#child = new Deno.Command("bash", {
      args: ["-c", script],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The pids of both. */
  async fork(): Promise<number[]> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    writer.releaseLock();
    const reader = this.#child.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    return new TextDecoder().decode(value).split(" ").map(Number);
  }

  async end(): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.stdout.cancel();
    await this.#child.status;
  }
}

/** What a test has. */
interface Stage {
  readonly shell: Shell;
  /** Starts a guard of the group; the same state folder each time. */
  start(...sets: string[]): Promise<Daemon>;
}

function testReal(name: string, act: (stage: Stage) => Promise<void>): void {
  const fn = () =>
    withDir(async (dir) => {
      const group = DrillGroup.make(`oomguard-arming-${Deno.pid}`, LIMIT_KB);
      const shell = new Shell(ADJ);
      const daemons: Daemon[] = [];
      const start = async (...sets: string[]) => {
        const args = [
          ...["--group", group.dir, "--set", "victims.discover=true"],
          ...["--set", "self.keeper=false", "--set", "victims.scanMs=100"],
          ...["--set", "wait.idleMaxMs=100", "--set", "self.armKernel=true"],
          ...sets.flatMap((set) => ["--set", set]),
        ];
        const daemon = new Daemon(dir, { dryRun: false, args });
        daemons.push(daemon);
        await daemon.ready();
        return daemon;
      };
      try {
        await becomes(shell.pid, ADJ);
        group.admit(shell.pid);
        await act({ shell, start });
      } catch (cause) {
        const logs = daemons.map(({ log }) => log).join("--\n");
        throw new Error(`With daemons that said:\n${logs}`, { cause });
      } finally {
        await shell.end();
        for (const daemon of daemons) await daemon.kill();
        assert.deepEqual(await group.remove(), []);
      }
    });
  Deno.test({
    name: `arming: ${name}${real.because}`,
    ignore: real.ignore,
    fn,
  });
}

testReal("while it is next, and not after the guard", async (stage) => {
  const { shell: { pid }, start } = stage;
  const daemon = await start();
  await becomes(pid, 1000);
  await daemon.shows("nextPid", pid);
  await daemon.shows("nextAdj", ADJ);
  const { said } = await daemon.command("status", "--state", daemon.dir);
  assert.match(
    said,
    new RegExp(`^next +process ${pid}, adj ${ADJ}, bash; the kernel's`, "m"),
  );
  const procs = await daemon.command("procs", "--state", daemon.dir, "--json");
  const [first] = JSON.parse(procs.said).order;
  assert.deepEqual([first.pid, first.adj], [pid, ADJ]);
  daemon.signal("SIGTERM");
  assert.equal(await daemon.end(), 0);
  assert.equal(adjOf(pid), ADJ);
});

testReal("children get back what their parent had", async (stage) => {
  const { shell, start } = stage;
  const daemon = await start();
  await becomes(shell.pid, 1000);
  const forked = await shell.fork();
  for (const pid of forked) await becomes(pid, ADJ);
  await daemon.shows("victims", 3);
  daemon.signal("SIGTERM");
  await daemon.end();
  assert.deepEqual([shell.pid, ...forked].map(adjOf), [ADJ, ADJ, ADJ]);
});

testReal("off: nobody's value is touched", async (stage) => {
  const { shell: { pid }, start } = stage;
  const daemon = await start("self.armKernel=false");
  await daemon.shows("nextPid", pid);
  assert.equal(adjOf(pid), ADJ);
});

testReal("a guard that was killed: the next one undoes it", async (stage) => {
  const { shell, start } = stage;
  const { pid } = shell;
  const first = await start();
  await becomes(pid, 1000);
  first.signal("SIGKILL");
  await first.end();
  const all = [pid, ...await shell.fork()];
  assert.deepEqual(all.map(adjOf), [1000, 1000, 1000]);
  const second = await start("self.armKernel=false");
  await second.said(`Process ${pid} is at oom_score_adj ${ADJ} again`);
  assert.deepEqual(all.map(adjOf), [ADJ, ADJ, ADJ]);
  await second.shows("nextAdj", ADJ);
});

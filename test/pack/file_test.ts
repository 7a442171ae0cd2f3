// The file that is handed out, as it lies in dist/: one executable, for the
// machine it names, that asks for old libraries only; it writes nowhere but
// into its state folder, asks no network, and needs nothing around it. Runs
// after the build.

import assert from "node:assert/strict";
import { join } from "node:path";
import { run, runOk } from "../../src/pack/run.ts";
import { NATIVE, type Target, TARGETS } from "../../src/pack/target.ts";
import { Daemon } from "../cli/live/daemon.ts";
import { tellSkipped } from "../qemu/playing.ts";
import {
  file,
  FOREIGN,
  GUARD,
  isThere,
  pathOf,
  ROOT,
  unbuilt,
  withFolder,
} from "./built.ts";
import { glibcOf, librariesOf } from "./needs.ts";
import { callsOutside } from "./traced.ts";

/** e_machine (include/uapi/linux/elf-em.h). */
const MACHINES: Readonly<Record<Target, number>> = { x86_64: 62, aarch64: 183 };
/** All that README.md says it needs: glibc, of 2.27 or newer, and libgcc_s. */
const GLIBC_OLDEST = 27;
const LIBRARIES =
  /^(ld-linux-(x86-64|aarch64)\.so\.\d|lib(c|dl|m|pthread|rt)\.so\.\d|libgcc_s\.so\.1)$/;
/** Where a guard writes that is not its state folder: to itself and to the
 * kernel. What is asked for below /proc/self/exe cannot be there. */
const KERNEL = [
  "/dev/null",
  "/proc/pressure",
  "/proc/self",
  "/proc/sysrq-trigger",
  "/sys/fs/cgroup",
];
/** No start takes this long, emulated and on a busy machine, ms. */
const PATIENCE_MS = 120_000;

const noGuard = unbuilt(NATIVE);
tellSkipped("the file", noGuard);
tellSkipped("the file for another machine", unbuilt(FOREIGN));

for (const target of TARGETS) {
  const path = pathOf(target);
  file(
    `${target}: one executable for that machine`,
    unbuilt(target),
    async () => {
      const { isFile, isSymlink, mode } = await Deno.lstat(path);
      assert.deepEqual([isFile, isSymlink, mode! & 0o777], [
        true,
        false,
        0o755,
      ]);
      const head = new Uint8Array(20);
      using opened = await Deno.open(path);
      assert.equal(await opened.read(head), head.length);
      // 64 bits, little-endian, version 1.
      assert.deepEqual([...head.slice(0, 7)], [
        0x7f,
        0x45,
        0x4c,
        0x46,
        2,
        1,
        1,
      ]);
      const view = new DataView(head.buffer);
      const ET_DYN = 3;
      assert.equal(view.getUint16(16, true), ET_DYN);
      assert.equal(view.getUint16(18, true), MACHINES[target]);
      for (const name of await librariesOf(path)) assert.match(name, LIBRARIES);
      const { oldest, text } = await glibcOf(path);
      assert.ok(oldest <= GLIBC_OLDEST, `needs glibc 2.${oldest}:\n${text}`);
    },
  );
}

file("dist/oomguard is this machine's", noGuard, async () => {
  assert.equal(await Deno.readLink(GUARD), `oomguard-${NATIVE}`);
});

const noStrace = noGuard ??
  (await run("strace", ["-V"]) === undefined ? "no strace" : undefined);
tellSkipped("what the file calls", noStrace);

const trace = (log: string) => [
  ..."strace -f -y -qq -e trace=file,network,io_uring_setup -o".split(" "),
  log,
];

function checkCalls(log: string, places: string[]): void {
  const text = Deno.readTextFileSync(log);
  assert.ok(text.split("\n").length > 100, "strace saw nothing");
  assert.equal(callsOutside(text, places).join("\n"), "");
}

file(
  "--version writes nothing and asks nobody",
  noStrace,
  () =>
    withFolder(async (folder) => {
      const log = join(folder, "log");
      const home = join(folder, "home");
      await Deno.mkdir(home);
      const [command = "", ...args] = [...trace(log), GUARD, "--version"];
      const options = { cwd: home, clearEnv: true, env: { HOME: home } };
      const ran = await run(command, args, options);
      assert.equal(ran?.code, 0, ran?.err);
      assert.match(ran.out, /^oomguard \d\S* \(\w+/);
      checkCalls(log, ["/proc/self/exe/none"]);
      assert.deepEqual([...Deno.readDirSync(home)], []);
    }),
);

/** Ends a traced guard by its own pid: to strace a signal means other things. */
function signalGuard(state: string, signal: Deno.Signal): void {
  const said = Deno.readTextFileSync(join(state, "guard"));
  Deno.kill(Number(said.split(" ")[0]), signal);
}

file(
  "a guard writes into its state folder, asks nobody",
  noStrace,
  () =>
    withFolder(async (folder) => {
      const log = join(folder, "log");
      const home = join(folder, "home");
      const state = join(folder, "state");
      await Deno.mkdir(home);
      const daemon = new Daemon(state, {
        launcher: trace(log),
        packed: GUARD,
        env: { HOME: home, TMPDIR: home },
      });
      try {
        await daemon.said(": ready\n");
        signalGuard(state, "SIGTERM");
        assert.equal(await daemon.end(), 0, daemon.log);
      } catch (cause) {
        if (isThere(join(state, "guard"))) signalGuard(state, "SIGKILL");
        await daemon.kill();
        throw new Error(`With a guard that said:\n${daemon.log}`, { cause });
      }
      checkCalls(log, [state, ...KERNEL]);
      assert.deepEqual([...Deno.readDirSync(home)], []);
    }),
);

/** Why no namespaces can be made here; undefined when they can. */
async function whyNoNamespaces(): Promise<string | undefined> {
  const probe = "mount -t tmpfs none /mnt && mount -t proc proc /proc";
  const args = ["-mnpf", "--kill-child", "sh", "-c", probe];
  const ran = await run("unshare", args);
  if (ran?.code === 0) return undefined;
  return `no namespaces: ${ran?.err.trim().split("\n")[0] ?? "no unshare"}`;
}

const noNamespaces = noGuard ?? await whyNoNamespaces();
file(
  "a guard alone with its libraries answers status",
  noNamespaces,
  () =>
    withFolder(async (folder) => {
      const script = join(ROOT, "test", "pack", "alone.sh");
      const args = ["-mnpf", "--kill-child", "sh", script, pathOf(NATIVE)];
      const options = { timeoutMs: PATIENCE_MS };
      const ran = await run("unshare", [...args, folder], options);
      assert.equal(ran?.code, 0, ran?.err);
      assert.match(ran.out, /^state +\w/);
      assert.match(ran.out, /\nstrategy +adaptive, dry run/);
      assert.match(ran.err, /: ready\n(.*\n)*.*: stopped\n$/);
    }),
);

const EMULATOR = `qemu-${FOREIGN}`;
const SYSROOT = `/usr/${FOREIGN}-linux-gnu`;

async function whyNoEmulation(): Promise<string | undefined> {
  if (await run(EMULATOR, ["--version"]) === undefined) return `no ${EMULATOR}`;
  const library = `${SYSROOT}/lib/libgcc_s.so.1`;
  return isThere(library) ? undefined : `no ${library}`;
}

const noForeign = unbuilt(FOREIGN) ?? await whyNoEmulation();
tellSkipped("the file started on another machine", noForeign);

async function emulated(...args: string[]): Promise<string> {
  const words = ["-L", SYSROOT, pathOf(FOREIGN), ...args];
  const ran = await run(EMULATOR, words, { timeoutMs: PATIENCE_MS });
  assert.equal(ran?.code, 0, ran?.err);
  return ran.out;
}

// The emulator's own memory is in the maps a guard reads: none can be run so.
file(
  `${FOREIGN}: it starts, and tells the same`,
  noForeign ?? noGuard,
  async () => {
    const version = (await runOk(GUARD, ["--version"])).out;
    assert.ok(version.includes(`, ${NATIVE}, `), version);
    const theirs = version.replace(NATIVE, FOREIGN);
    assert.equal(await emulated("--version"), theirs);
    const explained = (await runOk(GUARD, ["check", "--explain"])).out;
    assert.ok(explained.includes("\nself.keeper\n"), explained);
    assert.equal(await emulated("check", "--explain"), explained);
  },
);

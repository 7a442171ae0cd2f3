// Runs the real executable and measures it from outside: by the clock, by its
// journal, and by what /proc says of it.

import { makeGroup, removeGroup } from "./groups.ts";
import { killsOf, parseJournal } from "../../src/report/journal.ts";

const READY_TIMEOUT_MS = 10_000;

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A guard that was started, and the folder it lives in. */
interface Started {
  readonly child: Deno.ChildProcess;
  readonly dir: string;
  readonly readyMs: number;
}

/** Waits for READY=1 on a notify socket; throws when it does not come. */
async function awaitReady(socket: Deno.DatagramConn): Promise<void> {
  const decoder = new TextDecoder();
  const late = setTimeout(() => socket.close(), READY_TIMEOUT_MS);
  try {
    for (;;) {
      const [bytes] = await socket.receive();
      if (decoder.decode(bytes).split("\n").includes("READY=1")) return;
    }
  } catch (cause) {
    throw new Error("Cannot wait for READY=1: it did not come", { cause });
  } finally {
    clearTimeout(late);
  }
}

/** Starts a guard and waits until it says, as to systemd, that it is ready:
 * rehearsed, locked, and heard by clients. */
async function start(guard: string, args: string[]): Promise<Started> {
  const dir = await Deno.makeTempDir({ prefix: "oomguard-bench-" });
  const path = `${dir}/notify`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  let child: Deno.ChildProcess | null = null;
  try {
    const began = performance.now();
    child = new Deno.Command(guard, {
      args: [
        ...["daemon", "--state", dir, "--socket", `${dir}/lmkd`],
        // One that a bench has to kill stays dead.
        ...["--set", "self.restart=never", ...args],
      ],
      env: { NOTIFY_SOCKET: path },
      stdout: "null",
      stderr: "null",
    }).spawn();
    await awaitReady(socket);
    return { child, dir, readyMs: performance.now() - began };
  } catch (error) {
    // Nothing is left of a bench that fails.
    if (child !== null) await end(child, "SIGKILL");
    await Deno.remove(dir, { recursive: true });
    throw error;
  } finally {
    try {
      socket.close();
    } catch {
      // It was closed because it waited for too long.
    }
  }
}

/** Signals a process that may have ended, and waits until it has. */
async function end(
  child: Deno.ChildProcess,
  signal: Deno.Signal,
): Promise<void> {
  try {
    child.kill(signal);
  } catch {
    // It is dead already.
  }
  await child.status;
}

async function stop({ child, dir }: Started): Promise<void> {
  await end(child, "SIGTERM");
  await Deno.remove(dir, { recursive: true });
}

/** A number of the status file; 0 while there is none. */
function field(dir: string, label: string): number {
  try {
    const text = Deno.readTextFileSync(`${dir}/status`);
    const line = text.split("\n").find((one) => one.startsWith(`${label} `));
    return Number(line?.slice(label.length) ?? 0);
  } catch {
    return 0;
  }
}

/** exec to the first line of --version, and to READY=1, ms. */
export async function benchStarts(guard: string, count: number) {
  const version: number[] = [];
  const ready: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await new Deno.Command(guard, { args: ["--version"] }).output();
    version.push(performance.now() - began);
    const started = await start(guard, ["--dry-run"]);
    ready.push(started.readyMs);
    await stop(started);
  }
  return { version, ready };
}

/** Kills `count` sleeping processes, one emergency each: a reserve above the
 * limit of their group keeps it short of memory until all are gone. */
export async function benchKills(guard: string, count: number) {
  const group = makeGroup();
  const children: Deno.ChildProcess[] = [];
  try {
    for (let i = 0; i < count; i++) {
      // In the group before exec: what it takes is the group's, not the bench's.
      const join = `echo $$ > ${group}/cgroup.procs && exec sleep 600`;
      const child = new Deno.Command("sh", { args: ["-c", join] }).spawn();
      children.push(child);
      Deno.writeTextFileSync(`/proc/${child.pid}/oom_score_adj`, "900");
    }
    const started = await start(guard, [
      ...["--group", group, "--set", "victims.discover=true"],
      ...["--set", "exhaustion.reserveKb=65535"],
      ...["--set", "exhaustion.comfortKb=65535"],
    ]);
    try {
      await Promise.all(children.map((child) => child.status));
      await sleep(200);
      const file = `${started.dir}/journal`;
      const kills = killsOf(parseJournal(Deno.readFileSync(file), file));
      return {
        signalUs: kills.map((kill) => kill.signalUs),
        deathMs: kills.flatMap((kill) => kill.deathMs ?? []),
      };
    } finally {
      await stop(started);
    }
  } finally {
    await Promise.all(children.map((child) => end(child, "SIGKILL")));
    await removeGroup(group);
  }
}

/** Time that each thread of a process has run, ns (kernel/sched/stats.c). */
function cpuNs(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const file = `/proc/${pid}/task/${name}/schedstat`;
    times.set(name, Number(Deno.readTextFileSync(file).split(" ")[0]));
  }
  return times;
}

/** Locked memory of a process, and what of it is resident by kind, kB
 * (fs/proc/task_mmu.c, smaps). What is shared is the arena. */
function memoryOf(pid: number) {
  const sums = { lockedKb: 0, anonKb: 0, fileKb: 0, sharedKb: 0 };
  let isArena = false;
  let rss = 0;
  for (const line of textOf(`/proc/${pid}/smaps`).split("\n")) {
    const [key = "", kb = ""] = line.split(/:? +/);
    if (/^[0-9a-f]+-[0-9a-f]+$/.test(key)) isArena = line.includes("-arena");
    if (key === "Rss") rss = Number(kb);
    if (key === "Locked") sums.lockedKb += Number(kb);
    if (key !== "Anonymous") continue;
    sums.anonKb += Number(kb);
    sums[isArena ? "sharedKb" : "fileKb"] += rss - Number(kb);
  }
  return sums;
}

const textOf = (path: string) => Deno.readTextFileSync(path);

/** A line of /proc/PID/status, kB. */
function kbOf(pid: number, key: string): number {
  const line = new RegExp(`^${key}:\\s+(\\d+)`, "m");
  return Number(line.exec(textOf(`/proc/${pid}/status`))?.[1]);
}

/** CPU, turns and memory of a guard that has nothing to do for a while. */
export async function benchIdle(guard: string, idleS: number) {
  const started = await start(guard, ["--dry-run"]);
  try {
    return await measureIdle(started, idleS);
  } finally {
    await stop(started);
  }
}

async function measureIdle({ child: { pid }, dir }: Started, idleS: number) {
  await sleep(3_000);
  const before = cpuNs(pid);
  const turns = field(dir, "turns");
  await sleep(idleS * 1000);
  // A thread that ended meanwhile is left out, with what it ran before.
  let used = 0;
  for (const [tid, ns] of cpuNs(pid)) used += ns - (before.get(tid) ?? 0);
  const keeper = field(dir, "keeperPid");
  return {
    cpuPercent: used / idleS / 1e7,
    turns: field(dir, "turns") - turns,
    mostKb: kbOf(pid, "VmHWM"),
    rssKb: kbOf(pid, "VmRSS"),
    rssAnonKb: kbOf(pid, "RssAnon"),
    keeperRssKb: keeper > 0 ? kbOf(keeper, "VmRSS") : 0,
    keeperRssAnonKb: keeper > 0 ? kbOf(keeper, "RssAnon") : 0,
    ballastWantedKb: field(dir, "ballastWantedKb"),
    swappedKb: kbOf(pid, "VmSwap"),
    ...memoryOf(pid),
  };
}

// A guard over a limited memory group whose shim fails on command, and hogs
// that come to be killed. Whatever happens in a test, its processes, its group
// and its folder are gone afterwards.

import assert from "node:assert/strict";
import { copyArena, findGuard } from "../../src/cli/peek.ts";
import { DrillGroup } from "../../src/cli/drill_group.ts";
import { recordsOf } from "../../src/report/journal.ts";
import {
  J_CALL,
  J_DETAIL,
  J_KIND,
  KIND_FAULT,
  KIND_KILL,
} from "../../src/state/journal.ts";
import { LMK_GETKILLCNT, LMK_PROCPRIO } from "../../src/wire/lmkd.ts";
import { App, groups } from "../cli/live/app.ts";
import { Daemon, sleep, until, withDir } from "../cli/live/daemon.ts";
import { compile } from "../cli/live/native.ts";
import { Peer } from "../cli/live/peer.ts";
import { faultyShim, Knobs } from "./knobs.ts";

/** Memory of the group. */
export const LIMIT_KB = 98_304;
/** The group is full after one and a half seconds. */
const GROW_KB_PER_S = 65_536;
const UID = 10_321;
/** Importance of those who come. */
export const ADJ = 900;
/** Who grows is dead by then, ms: other tests run at the same time. */
const DEATH_MS_MAX = 20_000;

/** A group with a name of its own: test files run side by side. */
function makeGroup(): DrillGroup {
  const name = `oomguard-faults-${crypto.randomUUID().slice(0, 8)}`;
  return DrillGroup.make(name, LIMIT_KB);
}

/** Whether there can be one; who asks says why not. */
export const real = await groups(LIMIT_KB);

/** A process of the group that grows when told. */
class Hog extends App {
  constructor(program: string, group: DrillGroup) {
    super(program, 1_024, GROW_KB_PER_S);
    // First: it is discovered as soon as it is in the group.
    Deno.writeTextFileSync(`/proc/${this.pid}/oom_score_adj`, String(ADJ));
    group.admit(this.pid);
  }
}

/** What a stage is made with. */
export interface StagePlan {
  /** Further options of the guard's, given its folder. */
  readonly args?: (dir: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Sets faults before the guard starts. */
  readonly before?: (knobs: Knobs) => void;
  /** Program and arguments that start the guard. */
  readonly launcher?: (dir: string) => readonly string[];
  readonly main?: string;
  /** It will not come up. */
  readonly ends?: boolean;
}

/** Guard, group, knobs. */
export class Stage {
  constructor(
    readonly daemon: Daemon,
    readonly group: DrillGroup,
    readonly knobs: Knobs,
    readonly program: string,
  ) {}

  /** Somebody comes, is registered, asks, and goes: what the guard then does
   * opens, reads, writes and closes. */
  async poke(): Promise<void> {
    const app = new Hog(this.program, this.group);
    let peer: Peer | null = null;
    try {
      await app.tell();
      peer = new Peer(this.daemon.socket);
      peer.send(LMK_PROCPRIO, app.pid, UID, ADJ, 0);
      peer.send(LMK_GETKILLCNT, 0, 1000);
      await sleep(40);
    } catch {
      // Nobody listens, or hung up: that is what is being tried.
    } finally {
      peer?.close();
      await app.kill();
    }
  }

  /** One hog: it is killed by the guard, and in time; ms until its death.
   * `meanwhile` is done while it grows. */
  async hog(how: {
    readonly meanwhile?: () => Promise<void>;
    readonly isRegistered?: boolean;
  } = {}): Promise<number> {
    const before = this.group.kernelOomKills() ?? 0;
    const hog = new Hog(this.program, this.group);
    let peer: Peer | null = null;
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(() => late.resolve("nobody died"), DEATH_MS_MAX);
    try {
      await hog.tell();
      await hog.ready();
      if (how.isRegistered !== false && this.#hasSocket) {
        peer = new Peer(this.daemon.socket);
        peer.send(LMK_PROCPRIO, hog.pid, UID, ADJ, 0);
        await peer.barrier();
      }
      const start = performance.now();
      await hog.tell();
      await how.meanwhile?.();
      const end = await Promise.race([hog.ended(), late.promise]);
      assert.equal(end, "SIGKILL");
      assert.equal(this.group.kernelOomKills() ?? 0, before, "by the kernel");
      return performance.now() - start;
    } finally {
      clearTimeout(timer);
      peer?.close();
      await hog.kill();
    }
  }

  get #hasSocket(): boolean {
    try {
      return Deno.lstatSync(this.daemon.socket).isSocket === true;
    } catch {
      return false;
    }
  }

  /** Every -errno that the journal tells of, as "call:-errno". */
  faults(): string[] {
    const { journal } = copyArena(findGuard(this.daemon.dir)).copy;
    return recordsOf(journal)
      .filter((at) => journal[at + J_KIND] === KIND_FAULT)
      .map((at) => `${journal[at + J_CALL]}:${journal[at + J_DETAIL]}`);
  }

  /** Kills that the journal tells of. */
  kills(): number {
    const { journal } = copyArena(findGuard(this.daemon.dir)).copy;
    return recordsOf(journal)
      .filter((at) => journal[at + J_KIND] === KIND_KILL).length;
  }
}

/** Its words may be what fails, or its file; its socket comes last. */
function hasStarted(daemon: Daemon): true | undefined {
  if (daemon.log.includes(" guards ")) return true;
  if ((daemon.field("turns") ?? 0) > 0) return true;
  try {
    new Peer(daemon.socket).close();
    return true;
  } catch {
    return undefined;
  }
}

/** Runs `play` with a guard that is ready. */
export async function withStage(
  plan: StagePlan,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  await withDir(async (dir) => {
    const [program, shim] = await Promise.all([
      compile(dir, "app"),
      faultyShim(),
    ]);
    const launcher = plan.launcher?.(dir);
    const group = makeGroup();
    const knobs = new Knobs(`${dir}/knobs`);
    plan.before?.(knobs);
    const daemon = new Daemon(dir, {
      dryRun: false,
      args: [
        ...["--group", group.dir, "--set", "victims.scanMs=250"],
        ...["--set", "log.level=debug"],
        ...launcher === undefined ? [] : ["--socket", `${dir}/lmkd`],
        ...plan.args?.(dir) ?? [],
      ],
      env: { OOMGUARD_SHIM: shim, OOMGUARD_FAULTS: knobs.path, ...plan.env },
      ...launcher === undefined ? {} : { launcher },
      ...plan.main === undefined ? {} : { main: plan.main },
    });
    try {
      if (plan.ends !== true) await until("a start", () => hasStarted(daemon));
      await play(new Stage(daemon, group, knobs, program));
    } catch (cause) {
      throw new Error(`With a guard that said:\n${daemon.log}`, { cause });
    } finally {
      await daemon.kill();
      knobs.close();
      assert.deepEqual(await group.remove(), []);
    }
  });
}

/** Runs `play` with a plan whose guard reads its properties from a `getprop` of
 * ours, and with its folder; once a file `flag` is there, it hangs. */
export async function withGetprop(
  play: (plan: StagePlan, bin: string) => Promise<void>,
): Promise<void> {
  const bin = await Deno.makeTempDir({ prefix: "oomguard-bin-" });
  const script = '#!/bin/sh\n[ -e "${0%/*}/flag" ] && sleep 60\n' +
    "echo '[ro.product.name]: [test]'\n";
  try {
    Deno.writeTextFileSync(`${bin}/getprop`, script, { mode: 0o755 });
    await play({
      args: () => ["--set", 'properties="getprop"'],
      env: { PATH: `${bin}:${Deno.env.get("PATH")}` },
    }, bin);
  } finally {
    await Deno.remove(bin, { recursive: true });
  }
}

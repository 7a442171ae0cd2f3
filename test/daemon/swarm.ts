// A random machine, random processes, random clients and random faults, all
// from one seed: what the swarm test runs and checks.

import { ProtectTable } from "../../src/config/protect.ts";
import { parseSet } from "../../src/config/load.ts";
import { Prng } from "../../src/base/prng.ts";
import type { SimClient } from "../../src/sim/client.ts";
import type { MemoryPlan } from "../../src/sim/memory.ts";
import { ALIVE, type ProcessPlan } from "../../src/sim/process.ts";
import { Rig } from "../../src/sim/rig.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import { SET_KILL_TIMEOUT_MS } from "../../src/state/settings.ts";
import {
  balanceProblems,
  descriptorProblems,
  haste,
  turnProblems,
} from "./checks.ts";
import { MB } from "./helpers.ts";

const PROTECT = new ProtectTable(["keep*"], [1_234]);
/** Everybody is registered by then, and misbehaviour begins. */
const CALM_MS = 1_200;
const LASTS_MS = 3_000;
/** Turns between two looks at every table. */
const LOOK_EVERY = 8;
const ADJS = [-900, -1, 0, 100, 200, 250, 500, 700, 900, 905, 945, 999, 1000];
/** What monotonic clocks read when they go round, ms. */
const WRAPS = [0, 2 ** 31, 2 ** 32, 4_294_967];

/** What a seed came to. */
export interface Outcome {
  readonly problems: readonly string[];
  /** Nothing was in the guard's way: the kernel was to have no work. */
  readonly fair: boolean;
  readonly kernelKills: number;
  readonly kills: number;
  readonly faults: number;
  readonly turns: number;
}

/** One random run. */
class Swarm {
  readonly prng: Prng;
  readonly fair: boolean;
  readonly rig: Rig;
  readonly clients: SimClient[] = [];
  readonly sets: string[];
  readonly discover: boolean;

  constructor(seed: number | string) {
    const prng = new Prng(seed);
    this.prng = prng;
    this.fair = prng.chance(500);
    this.discover = prng.chance(300);
    const memory = randomMemory(prng);
    this.sets = this.#randomSets();
    const { settings } = sceneConfig(this.sets.map(parseSet), memory.totalKb);
    this.rig = new Rig({
      seed,
      memory,
      settings,
      protect: PROTECT,
      bootMs: Math.max(prng.pick(WRAPS) - prng.below(5_000), 1_000),
      pidMax: prng.pick([360, 500, 32_768]),
      untriggered: prng.chance(100),
    });
    if (!this.fair) this.#addFaults();
  }

  #randomSets(): string[] {
    const { prng, fair } = this;
    const strategy = fair
      ? "adaptive"
      : prng.pick(["adaptive", "adaptive", "lmkd", "minfree"]);
    return [
      `strategy=${strategy}`,
      `victims.discover=${this.discover}`,
      "victims.scanMs=200",
      `killTimeoutMs=${prng.pick(fair ? [100, 500] : [0, 20, 100, 500])}`,
      `dryRun=${!fair && prng.chance(50)}`,
    ];
  }

  #addFaults(): void {
    const { faults } = this.rig;
    if (this.prng.chance(700)) faults.all(this.prng.between(1, 150));
    if (this.prng.chance(200)) this.rig.machine.fds.most = 60;
  }

  /** An app: its size a few percent of the machine. */
  plan(): ProcessPlan {
    const { prng, fair } = this;
    const precious = prng.chance(150);
    const byName = prng.chance(500);
    return {
      name: precious && byName
        ? `keep${prng.below(9)}`
        : `app${prng.below(99)}`,
      uid: precious && !byName ? 1_234 : 10_000 + prng.below(50),
      adj: prng.pick(ADJS),
      sizeKb: Math.trunc(this.rig.world.memory.plan.totalKb / 1000) *
        prng.between(1, 40),
      exitMs: prng.between(0, 40),
      stuckMs: !fair && prng.chance(100) ? prng.below(800) : 0,
      reapMs: prng.chance(200) ? prng.below(300) : 0,
      locked: prng.chance(100),
      precious,
    };
  }

  start(plan: ProcessPlan): void {
    const { world } = this.rig;
    // A machine that is full before it begins proves nothing.
    if (
      world.memory.availableKb < plan.sizeKb + world.memory.plan.totalKb / 4
    ) {
      return;
    }
    if (world.processes.size > 40) return;
    const process = world.start(plan);
    this.client()?.prio(process.pid, process.uid, process.adj);
  }

  client(): SimClient | undefined {
    return this.clients.length > 0 ? this.prng.pick(this.clients) : undefined;
  }

  /** One that grows without end; what is killable can be saved from it. One at
   * a time, a few hundred MB of small and unimportant processes do not keep up
   * with a fast and important one: that much is not asked of a fair run. */
  hog(): void {
    const { prng, fair } = this;
    const adj = prng.pick(fair ? [0, 200, 900, 950] : ADJS);
    this.start({
      ...this.plan(),
      name: "hog",
      uid: 10_000,
      adj,
      precious: false,
      sizeKb: 1_024,
      growKbPerMs: prng.between(20, fair && adj < 900 ? 40 : 150),
      growAfterMs: fair ? 400 : 0,
      locked: prng.chance(400),
      stuckMs: 0,
    });
  }

  /** Something happens; in a fair run nothing that takes the guard's means. */
  stir(): void {
    const { prng, rig } = this;
    const { world, machine } = rig;
    const pids = [...world.processes.values()]
      .filter((one) => !rig.natives.includes(one) && one.state === ALIVE);
    const one = pids.length > 0 ? prng.pick(pids) : undefined;
    const most = this.fair ? 4 : 12;
    switch (prng.below(most)) {
      case 0:
        return this.start(this.plan());
      case 1:
        if (one !== undefined && one.name !== "hog") world.exit(one);
        return;
      case 2:
        if (one !== undefined && one.name !== "hog") {
          this.client()?.prio(one.pid, one.uid, prng.pick(ADJS));
        }
        return;
      case 3:
        this.client()?.askKills(prng.between(-1000, 1000), 1000);
        return;
      case 4:
        if (one !== undefined) this.client()?.remove(one.pid);
        return;
      case 5:
        this.client()?.purge();
        return;
      case 6:
        this.client()?.hangUp();
        this.clients.push(machine.connect(prng.between(260, 264)));
        return;
      case 7:
        this.client()?.sendBytes(
          new Uint8Array(prng.below(64)).fill(prng.below(256)),
          prng.chance(900) ? 260 : 0,
        );
        return;
      case 8:
        this.client()?.prio(prng.between(1, 400), 0, prng.pick(ADJS));
        return;
      case 9:
        rig.protector.replace(PROTECT);
        return;
      case 10:
        if (one !== undefined) one.name = one.plan.precious ? one.name : "x";
        return;
      default:
        for (let i = 0; i < 40; i++) {
          this.client()?.prio(300 + i, 10_000, prng.pick(ADJS));
        }
    }
  }

  run(): Outcome {
    const { prng, rig, fair } = this;
    const problems: string[] = [];
    for (let i = 0; i < (this.discover && prng.chance(300) ? 0 : 2); i++) {
      this.clients.push(rig.machine.connect(260 + i));
    }
    // In a fair run one client owns all: who registered whom is not the point.
    if (fair) this.clients.length = Math.min(this.clients.length, 1);
    for (let i = prng.between(3, 25); i > 0; i--) this.start(this.plan());
    for (let i = prng.between(1, 2); i > 0; i--) {
      rig.world.after(CALM_MS + prng.below(800), () => this.hog());
    }
    for (let i = prng.between(0, 40); i > 0; i--) {
      const ms = fair ? prng.below(CALM_MS) : prng.below(LASTS_MS);
      rig.world.after(ms, () => this.stir());
    }
    let turn = 0;
    rig.run(LASTS_MS, () => {
      if (++turn % LOOK_EVERY !== 0 || problems.length > 0) return;
      problems.push(...turnProblems(rig));
    });
    problems.push(...turnProblems(rig), ...this.#lastProblems());
    const kernelKills = rig.world.kernelKills.length;
    return {
      problems,
      fair,
      kernelKills,
      kills: rig.machine.signals.length,
      faults: rig.faults.count,
      turns: rig.turns,
    };
  }

  #lastProblems(): string[] {
    const { rig } = this;
    const timeout = rig.arena.settings[SET_KILL_TIMEOUT_MS];
    const problems = haste(rig, timeout === 0 ? Infinity : timeout);
    problems.push(...balanceProblems(rig), ...descriptorProblems(rig));
    const dry = this.sets.includes("dryRun=true");
    if (dry && rig.machine.signals.length > 0) {
      problems.push("not so dry a run");
    }
    return problems;
  }
}

function randomMemory(prng: Prng): MemoryPlan {
  const totalKb = prng.pick([256, 256, 512, 1024]) * MB;
  const swapped = prng.chance(500);
  return {
    totalKb,
    kernelKb: Math.trunc(totalKb / 10),
    fileKb: Math.trunc(totalKb * prng.between(5, 25) / 100),
    hotFileKb: Math.trunc(totalKb * prng.between(1, 5) / 100),
    swapKb: swapped ? Math.trunc(totalKb * prng.between(10, 60) / 100) : 0,
    zramPercent: prng.pick([0, 150, 250, 400]),
  };
}

/** Runs one seed. */
export function runSeed(seed: number | string): Outcome {
  return new Swarm(seed).run();
}

// A random machine, random processes, random clients and random faults, all
// from one seed: what the swarm test runs and checks.

import { ProtectTable } from "../../src/config/protect.ts";
import { parseSet } from "../../src/config/load.ts";
import { Prng } from "../../src/base/prng.ts";
import type { SimClient } from "../../src/sim/client.ts";
import { ALIVE, type ProcessPlan } from "../../src/sim/process.ts";
import { Rig } from "../../src/sim/rig.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import { MACHINE_SLOTS, MEMCG_SLOTS } from "../../src/sim/slots.ts";
import { RELEASES } from "../../src/config/releases.ts";
import {
  WAIT_BOOT,
  WAIT_UPDATE,
  WAIT_UPDATE_SOON,
} from "../../src/daemon/clients.ts";
import { SET_KILL_TIMEOUT_MS } from "../../src/state/settings.ts";
import {
  balanceProblems,
  descriptorProblems,
  haste,
  turnProblems,
} from "./checks.ts";
import { commandsOf, prioAll, PROCKILL, subscribe } from "./messages.ts";
import { heardProblems, toldProblems, waitProblems } from "./swarm_checks.ts";
import { ADJS, mischief, randomMemory } from "./swarm_parts.ts";

const PROTECT = new ProtectTable(["keep*"], [1_234]);
/** Everybody is registered by then, and misbehaviour begins. */
const CALM_MS = 1_200;
const LASTS_MS = 3_000;
/** After it nothing happens and nothing fails: what waits is to be done, by the
 * last of these ends. Whoever asked for his properties to be read many times
 * over waits for each. */
const SETTLES_MS = 1_500;
const SETTLES = 20;
/** How often properties and boot are looked into. */
const ANSWERS_MS = 200;
/** Turns between two looks at every table. */
const LOOK_EVERY = 8;
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
  /** Messages of kills that clients got. */
  readonly told: number;
  readonly turns: number;
}

/** One random run. */
class Swarm {
  readonly prng: Prng;
  readonly fair: boolean;
  readonly rig: Rig;
  readonly clients: SimClient[] = [];
  /** Also those that have left. */
  readonly everybody: SimClient[] = [];
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
      vmpressure: prng.chance(300),
      appGroups: prng.chance(300),
      slots: MACHINE_SLOTS | (prng.chance(300) ? MEMCG_SLOTS : 0),
    });
    if (!this.fair) this.#addFaults();
  }

  #randomSets(): string[] {
    const { prng, fair } = this;
    const strategy = fair
      ? "adaptive"
      : prng.pick(["adaptive", "lmkd", "lmkd", "minfree"]);
    return [
      `strategy=${strategy}`,
      `victims.discover=${this.discover}`,
      "victims.scanMs=200",
      `killTimeoutMs=${prng.pick(fair ? [100, 500] : [0, 20, 100, 500])}`,
      `dryRun=${!fair && prng.chance(50)}`,
      `compat=${prng.pick(RELEASES)}`,
      `lmkd.useNewStrategy=${prng.pick(["true", "false", "auto"])}`,
      `lmkd.useMinfreeLevels=${prng.chance(500)}`,
      `lmkd.usePsi=${prng.chance(800)}`,
      `lmkd.perAppMemcg=${prng.chance(300)}`,
      `lmkd.logStats=${prng.chance(800)}`,
    ];
  }

  #addFaults(): void {
    const { faults } = this.rig;
    if (this.prng.chance(700)) faults.all(this.prng.between(1, 150));
    if (this.prng.chance(200)) this.rig.machine.fds.most = 60;
  }

  connect(pid: number): SimClient {
    const client = this.rig.machine.connect(pid);
    this.clients.push(client);
    this.everybody.push(client);
    return client;
  }

  /** What the daemon does between turns for those who wait: sooner or later. */
  answer(): void {
    const { rig, prng } = this;
    if (prng.chance(500)) {
      rig.clients.promote(WAIT_UPDATE, WAIT_UPDATE_SOON);
      rig.control.answerUpdates(prng.pick([0, -1]));
    }
    const index = rig.clients.waiterFor(WAIT_BOOT);
    if (index >= 0) rig.control.answerBoot(index, prng.pick([0, 1, -1]));
    rig.world.after(ANSWERS_MS, () => this.answer());
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
    const { world } = rig;
    const pids = [...world.processes.values()]
      .filter((one) => !rig.natives.includes(one) && one.state === ALIVE);
    const one = pids.length > 0 ? prng.pick(pids) : undefined;
    const most = this.fair ? 5 : 18;
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
        if (one !== undefined && one.name !== "hog") {
          const client = this.client();
          if (client !== undefined) prioAll(client, one);
        }
        return;
      case 5:
        this.client()?.purge();
        return;
      case 6:
        this.client()?.hangUp();
        this.connect(prng.between(260, 264));
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
        mischief(rig, prng, this.client(), one);
    }
  }

  run(): Outcome {
    const { prng, rig, fair } = this;
    const problems: string[] = [];
    for (let i = 0; i < (this.discover && prng.chance(300) ? 0 : 2); i++) {
      this.connect(260 + i);
    }
    // In a fair run one client owns all: who registered whom is not the point;
    // and another hears of every kill.
    if (fair) this.clients.length = Math.min(this.clients.length, 1);
    const listener = rig.machine.connect(270);
    subscribe(listener);
    this.everybody.push(listener);
    rig.world.after(ANSWERS_MS, () => this.answer());
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
    if (fair) problems.push(...heardProblems(rig, listener));
    problems.push(...this.#settle());
    const kernelKills = rig.world.kernelKills.length;
    return {
      problems,
      fair,
      kernelKills,
      kills: rig.machine.signals.length,
      faults: rig.faults.count,
      told: this.everybody.flatMap(commandsOf)
        .filter((command) => command === PROCKILL).length,
      turns: rig.turns,
    };
  }

  /** All goes well for a while. */
  #settle(): string[] {
    const { rig } = this;
    rig.faults.all(0);
    rig.machine.fds.most = 65_536;
    rig.run(SETTLES_MS);
    for (let i = 1; i < SETTLES && waitProblems(rig).length > 0; i++) {
      rig.run(SETTLES_MS);
    }
    const problems = this.everybody.flatMap((one) => toldProblems(rig, one));
    return [...problems, ...waitProblems(rig), ...descriptorProblems(rig)];
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

/** Runs one seed. */
export function runSeed(seed: number | string): Outcome {
  return new Swarm(seed).run();
}

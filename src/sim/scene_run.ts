// A scene under way: watches the machine and tells the timeline.

import { JOURNAL_RECORDS, JOURNAL_WORDS } from "../base/limits.ts";
import { J_KIND, J_PID, J_REASON, KIND_KILL } from "../state/journal.ts";
import { REASON_NONE } from "../state/reasons.ts";
import { ALIVE, type SimProcess } from "./process.ts";
import { Rig } from "./rig.ts";
import type { Scene } from "./scenes.ts";

/** MemAvailable below a tenth of the memory is a need (test/qemu/verdict.ts,
 * NEED_PERMILLE). */
const NEED_PART = 10;

/** One line of the timeline; ms count from the start of the culprit. */
export interface SceneEvent {
  readonly atMs: number;
  /** begin: the culprit starts; need: memory is short for the first time;
   * signal: the guard kills; death; kernel: the kernel kills; grown: the
   * launch has its memory; end. */
  readonly kind:
    | "begin"
    | "need"
    | "signal"
    | "death"
    | "kernel"
    | "grown"
    | "end";
  readonly pid: number;
  readonly name: string;
  readonly adj: number;
  /** What the process holds, kB. */
  readonly sizeKb: number;
  /** MemAvailable, kB. */
  readonly availableKb: number;
  /** REASON_* of a signal; REASON_NONE for all else. */
  readonly reason: number;
}

/** Memory available at a time. */
export interface Sample {
  readonly atUs: number;
  readonly availableKb: number;
}

/** One run of one scene: who takes part, and what has been seen of it. */
export class SceneRun {
  readonly scene: Scene;
  readonly seed: number;
  readonly rig: Rig;
  readonly others: SimProcess[] = [];
  readonly samples: Sample[] = [];
  readonly dead: SimProcess[] = [];
  readonly needKb: number;
  culprit: SimProcess | null = null;
  beganUs = 0;
  needUs = -1;
  grownUs = -1;
  someUs = 0;
  fullUs = 0;
  #signals = 0;
  #kernelKills = 0;
  readonly #say: (event: SceneEvent) => void;

  constructor(
    scene: Scene,
    settings: Int32Array,
    seed: number,
    say: (event: SceneEvent) => void,
  ) {
    this.scene = scene;
    this.seed = seed;
    this.#say = say;
    this.needKb = scene.memory.totalKb / NEED_PART;
    const { memory, group = false } = scene;
    this.rig = new Rig({ seed, memory, group, settings });
    this.rig.world.witnesses.push({ died: (one) => this.#noteDeath(one) });
  }

  tell(kind: SceneEvent["kind"], who: SimProcess | null, sizeKb = 0): void {
    const { world } = this.rig;
    this.#say({
      atMs: (world.nowUs - this.beganUs) / 1000,
      kind,
      pid: who?.pid ?? 0,
      name: who?.name ?? "",
      adj: who?.plan.adj ?? 0,
      sizeKb: Math.trunc(sizeKb),
      availableKb: Math.trunc(world.memory.availableKb),
      reason: kind === "signal" ? this.reasonOf(who!) : REASON_NONE,
    });
  }

  #noteDeath(process: SimProcess): void {
    this.dead.push(process);
    if (this.beganUs > 0) this.tell("death", process, process.exitSizeKb);
  }

  /** Why the guard killed it, from its journal. */
  reasonOf(process: SimProcess): number {
    const words = this.rig.arena.journal;
    for (let i = 0; i < JOURNAL_RECORDS; i++) {
      const at = i * JOURNAL_WORDS;
      if (words[at + J_KIND] !== KIND_KILL) continue;
      if (words[at + J_PID] === process.pid) return words[at + J_REASON];
    }
    return REASON_NONE;
  }

  /** Looks at the machine after a turn. */
  watch(): void {
    const { world, machine } = this.rig;
    const { availableKb } = world.memory;
    this.samples.push({ atUs: world.nowUs, availableKb });
    if (this.needUs < 0 && availableKb < this.needKb) {
      this.needUs = world.nowUs;
      this.tell("need", null);
    }
    for (; this.#signals < machine.signals.length; this.#signals++) {
      const { process } = machine.signals[this.#signals];
      this.tell("signal", process, process.sizeKb);
    }
    for (; this.#kernelKills < world.kernelKills.length; this.#kernelKills++) {
      const process = world.kernelKills[this.#kernelKills];
      this.tell("kernel", process, process.sizeKb);
    }
    const { culprit } = this;
    const { growToKb = Infinity } = this.scene.culprit;
    if (this.grownUs < 0 && culprit !== null && culprit.sizeKb >= growToKb) {
      this.grownUs = world.nowUs;
      this.tell("grown", culprit, culprit.sizeKb);
    }
  }

  /** Whether what the scene is about has happened. */
  get isSettled(): boolean {
    if (this.scene.culpritDies) return this.culprit!.state !== ALIVE;
    return this.grownUs >= 0;
  }
}

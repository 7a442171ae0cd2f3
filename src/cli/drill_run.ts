// One drill in a real memory group: makes the group, starts cast and guard,
// lets the hog grow, watches, measures, and leaves nothing behind.

import { type DrillFacts, type Lateness, LOOK_MS } from "../report/drill.ts";
import { sizeText } from "../report/units.ts";
import {
  actorsOf,
  HEART,
  HOG,
  PARTS,
  type Player,
  startCast,
} from "./drill_cast.ts";
import { DrillGroup } from "./drill_group.ts";
import { DrillGuard } from "./drill_guard.ts";
import type { Timeline } from "./drill_timeline.ts";
import { leftovers } from "./drill_trees.ts";
import { DrillWatch } from "./drill_watch.ts";

// Loaded with this module only: a static import costs every start.
const { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } =
  await import("node:fs");

/** What a drill is to do. */
export interface DrillPlan {
  readonly limitKb: number;
  readonly rateKbPerS: number;
  /** Leave the guard's folder. */
  readonly keep: boolean;
}

/** Before the hog grows: time to see what the guard costs in calm, ms. */
const CALM_MS = 2_000;
/** After the hog's death: time in which nobody else may die, ms. */
const AFTER_MS = 2_000;
/** A row of the timeline at least this often while the hog grows, ms. */
const PROGRESS_MS = 500;
/** Share of the limit that each process works with, at first. */
export const WORKING_SHARE = 16;
/** Beyond four times the time that growth takes, nobody comes, ms. */
const GROWTH_SLACK_MS = 10_000;

/** Removes a folder that this user made; another's is left alone. */
function removeOurs(dir: string): void {
  const found = lstatSync(dir);
  if (found.isDirectory() && found.uid === Deno.uid()) {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Folder for what the guard writes, in the first place that takes one. */
function makeDir(name: string): string {
  const asked = Deno.env.get("TMPDIR");
  const places = ["/tmp", "/run", "/dev/shm", "/data/local/tmp", "/dev"];
  let why: unknown;
  for (const place of asked === undefined ? places : [asked, ...places]) {
    for (const left of leftovers(place)) removeOurs(left);
    try {
      mkdirSync(`${place}/${name}`, { mode: 0o700 });
      return `${place}/${name}`;
    } catch (error) {
      why = error;
    }
  }
  throw new Error("Cannot make a folder for the guard anywhere", {
    cause: why,
  });
}

/** A drill under way: what exists, to be removed, and what was seen. */
export class DrillRun {
  readonly #plan: DrillPlan;
  readonly #timeline: Timeline;
  readonly #signal: AbortSignal;
  readonly #players: Player[] = [];
  #group: DrillGroup | null = null;
  #guard: DrillGuard | null = null;
  #dir = "";

  constructor(plan: DrillPlan, timeline: Timeline, signal: AbortSignal) {
    this.#plan = plan;
    this.#timeline = timeline;
    this.#signal = signal;
  }

  /** From nothing to facts; throws GroupRefused when there can be no group. */
  async play(): Promise<DrillFacts> {
    const name = `oomguard-drill-${Deno.pid}`;
    const { limitKb } = this.#plan;
    const group = DrillGroup.make(name, limitKb);
    this.#group = group;
    const psi = group.stallUs() === null ? "no PSI" : "PSI";
    const words = `${group.dir} (memcg v${group.version}, ${psi})`;
    this.#say(`group ${words}, limit ${sizeText(limitKb)}`);
    this.#dir = makeDir(name);
    const workingKb = Math.floor(limitKb / WORKING_SHARE);
    await this.#raiseCurtain(group, workingKb);
    const guard = await this.#startGuard(group);
    const watch = new DrillWatch(
      this.#timeline,
      limitKb,
      group,
      guard,
      this.#players,
    );
    const measured = await this.#measure(group, guard, watch);
    return {
      mode: "real",
      why: "",
      group: words,
      limitKb,
      rateKbPerS: this.#plan.rateKbPerS,
      cast: actorsOf(this.#players, workingKb),
      hogPid: this.#player(HOG).pid,
      heartPid: this.#player(HEART).pid,
      deaths: watch.deaths(),
      violations: [],
      kernelOomKills: group.kernelOomKills(),
      ...watch.times(this.#player(HOG).pid),
      ...measured,
    };
  }

  /** Ends and removes everything that was made; answers what is left. */
  async clear(): Promise<string[]> {
    for (const player of this.#players) player.kill();
    await this.#guard?.stop();
    await Promise.race([
      Promise.all(this.#players.map((player) => player.ended)),
      new Promise((resolve) => setTimeout(resolve, 3_000)),
    ]);
    const left = await this.#group?.remove() ?? [];
    if (this.#dir === "") return left;
    if (this.#plan.keep) {
      writeFileSync(`${this.#dir}/log`, `${this.#guard?.log.join("\n")}\n`);
      renameSync(this.#dir, `${this.#dir}-kept`);
      this.#say(`journal and log are kept in ${this.#dir}-kept`);
    } else rmSync(this.#dir, { recursive: true, force: true });
    return left;
  }

  #say(text: string, at?: number): void {
    this.#timeline.say(text, at);
  }

  #player(name: string): Player {
    return this.#players.find((player) => player.name === name)!;
  }

  /** Everybody in the group, each with its working set. What they took to
   * start was charged outside: the group holds what this drill is about. */
  async #raiseCurtain(group: DrillGroup, workingKb: number): Promise<void> {
    this.#say(`starting ${PARTS.length} processes`);
    await startCast(this.#players, this.#signal);
    for (const player of this.#players) {
      group.admit(player.pid);
      player.tell(`take ${workingKb}`);
      await player.answer(this.#signal);
    }
    const names = this.#players.map(({ name, adj }) => `${name} ${adj}`);
    this.#say(`${names.join(", ")}: ${sizeText(workingKb)} each`);
  }

  async #startGuard(group: DrillGroup): Promise<DrillGuard> {
    this.#say("starting the guard");
    const guard = new DrillGuard(this.#dir, group.dir);
    this.#guard = guard;
    await guard.ready(this.#signal);
    this.#say(`guard ${guard.pid} ready after ${Math.round(guard.readyMs)} ms`);
    const first = guard.log.find((line) => line.includes(" guards "));
    if (first !== undefined) this.#say(first);
    for (const { pid, uid, adj } of this.#players) {
      guard.client.register(pid, uid, adj);
    }
    await guard.answered(this.#signal);
    this.#player(HEART).tell(`heir ${guard.pid} ${this.#dir}`);
    this.#say(`${this.#players.length} processes registered over its socket`);
    return guard;
  }

  /** Calm, growth, and the time after it. */
  async #measure(
    group: DrillGroup,
    guard: DrillGuard,
    watch: DrillWatch,
  ) {
    const heart = this.#player(HEART);
    const hog = this.#player(HOG);
    heart.tell("beat");
    const calm = this.#meter(group, guard);
    await this.#watch(watch, CALM_MS, () => false);
    const calmFacts = calm();
    const heartCalm = await this.#lateness(heart);

    const { limitKb, rateKbPerS } = this.#plan;
    const grownMs = this.#timeline.nowMs();
    this.#say(`the hog grows by ${sizeText(rateKbPerS)} a second`);
    const busy = this.#meter(group, guard);
    hog.tell(`grow ${rateKbPerS}`);
    const mostMs = 4_000 * limitKb / rateKbPerS + GROWTH_SLACK_MS;
    await this.#watch(watch, mostMs, () => hog.endedAt !== null, PROGRESS_MS);
    if (hog.endedAt === null) {
      const ms = Math.round(this.#timeline.nowMs() - grownMs);
      this.#say(`the hog still lives after ${ms} ms; giving up`);
    } else {
      await this.#watch(watch, AFTER_MS, () => false);
      this.#say(`watched for ${AFTER_MS} ms whether anybody else dies`);
    }
    const heartBusy = await this.#lateness(heart);
    const { cpuPermille, stall } = busy();
    return {
      heartCalm,
      heartBusy,
      stallSomeUs: stall === null ? null : stall.some,
      stallFullUs: stall === null ? null : stall.full,
      guard: {
        readyMs: guard.readyMs,
        ...guard.memory(),
        calmCpuPermille: calmFacts.cpuPermille,
        busyCpuPermille: cpuPermille,
      },
    };
  }

  /** Starts measuring the guard's CPU and the group's stall; the function it
   * answers says what has come since. */
  #meter(group: DrillGroup, guard: DrillGuard) {
    const startAt = performance.now();
    const startUs = guard.cpuUs();
    const startStall = group.stallUs();
    return () => {
      const passedMs = performance.now() - startAt;
      const stall = group.stallUs();
      return {
        cpuPermille: (guard.cpuUs() - startUs) / passedMs,
        stall: stall === null || startStall === null ? null : {
          some: stall.some - startStall.some,
          full: stall.full - startStall.full,
        },
      };
    };
  }

  async #lateness(heart: Player): Promise<Lateness | null> {
    if (heart.endedAt !== null) return null;
    heart.tell("report");
    try {
      return JSON.parse(await heart.answer(this.#signal, 5_000));
    } catch {
      this.#signal.throwIfAborted();
      return null;
    }
  }

  /** Looks at the group, the journal and the cast until `done` or `mostMs`. */
  async #watch(
    watch: DrillWatch,
    mostMs: number,
    done: () => boolean,
    progressMs = Infinity,
  ): Promise<void> {
    const endMs = this.#timeline.nowMs() + mostMs;
    let progressAt = this.#timeline.nowMs() + progressMs;
    for (;;) {
      const nowMs = this.#timeline.nowMs();
      watch.look();
      if (done() || nowMs >= endMs) return;
      if (nowMs >= progressAt) {
        progressAt += progressMs;
        this.#say(`${sizeText(watch.availableKb)} of the limit are left`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      this.#signal.throwIfAborted();
      this.#guard!.check();
    }
  }
}

// What is seen of a drill while it runs: the level of the group, the guard's
// journal as it is written, and who is gone.

import { loadConfig } from "../config/compile.ts";
import {
  type Death,
  type DrillTimes,
  fellBelowMs,
  type LevelSample,
  NO_TIMES,
  roseAboveMs,
} from "../report/drill.ts";
import { timeOf } from "../report/journal.ts";
import { recordLine } from "../report/lines.ts";
import { reasonText } from "../report/reasons.ts";
import {
  J_BACK_KB,
  J_DETAIL,
  J_KIND,
  J_LATENCY,
  J_LIMIT,
  J_PID,
  J_REASON,
  KIND_DEATH,
  KIND_KILL,
} from "../state/journal.ts";
import { REASON_EXHAUSTION, REASON_RESERVE } from "../state/reasons.ts";
import { SET_COMFORT_KB, SET_RESERVE_KB } from "../state/settings.ts";
import type { Player } from "./drill_cast.ts";
import type { DrillGroup } from "./drill_group.ts";
import type { DrillGuard } from "./drill_guard.ts";
import type { Timeline } from "./drill_timeline.ts";
import { readMachine } from "./machine.ts";

/** A kill of the guard, from its journal. */
interface Kill {
  readonly pid: number;
  readonly atMs: number;
  readonly reason: number;
  readonly limit: number;
  readonly why: string;
  readonly wakeToSignalUs: number;
  deathMs: number | null;
  backKb: number | null;
}

/** Looks, and remembers. */
export class DrillWatch {
  readonly #timeline: Timeline;
  readonly #limitKb: number;
  readonly #group: DrillGroup;
  readonly #guard: DrillGuard;
  readonly #players: readonly Player[];
  readonly #samples: LevelSample[] = [];
  readonly #kills: Kill[] = [];
  readonly #seenDead = new Set<Player>();

  constructor(
    timeline: Timeline,
    limitKb: number,
    group: DrillGroup,
    guard: DrillGuard,
    players: readonly Player[],
  ) {
    this.#timeline = timeline;
    this.#limitKb = limitKb;
    this.#group = group;
    this.#guard = guard;
    this.#players = players;
  }

  /** What the last look found below the limit, kB. */
  get availableKb(): number | null {
    return this.#samples.at(-1)?.availableKb ?? null;
  }

  /** One look. */
  look(): void {
    const availableKb = this.#limitKb - this.#group.usageKb();
    this.#samples.push({ atMs: this.#timeline.nowMs(), availableKb });
    this.#guard.follow((words) => this.#note(words));
    for (const player of this.#players) {
      if (player.endedAt === null || this.#seenDead.has(player)) continue;
      this.#seenDead.add(player);
      const atMs = this.#timeline.sinceStart(player.endedAt);
      this.#timeline.say(`${player.name} (${player.pid}) is gone`, atMs);
    }
  }

  /** One record of the guard's journal. */
  #note(words: Int32Array): void {
    const atMs = this.#timeline.sinceEpoch(timeOf(words, 0));
    const line = recordLine(words, 0);
    if (line !== "") this.#timeline.say(`guard: ${line}`, atMs);
    if (words[J_KIND] === KIND_KILL && words[J_DETAIL] === 0) {
      this.#kills.push({
        pid: words[J_PID],
        atMs,
        reason: words[J_REASON],
        limit: words[J_LIMIT],
        why: reasonText(words, 0),
        wakeToSignalUs: words[J_LATENCY],
        deathMs: null,
        backKb: null,
      });
    } else if (words[J_KIND] === KIND_DEATH) {
      const kill = this.#kills.findLast(({ pid }) => pid === words[J_PID]);
      if (kill === undefined) return;
      kill.deathMs = words[J_LATENCY];
      kill.backKb = words[J_BACK_KB];
    }
  }

  /** Who is gone, in the order of their ends. */
  deaths(): Death[] {
    const deaths: Death[] = [];
    for (const { pid, endedAt } of this.#players) {
      if (endedAt === null) continue;
      const kill = this.#kills.find((one) => one.pid === pid);
      deaths.push({
        pid,
        atMs: this.#timeline.sinceStart(endedAt),
        by: kill === undefined ? "somebody else" : "guard",
        why: kill?.why ?? "",
      });
    }
    return deaths.sort((a, b) => a.atMs - b.atMs);
  }

  /** How quick the guard was with `pid`. */
  times(pid: number): DrillTimes {
    const kill = this.#kills.find((one) => one.pid === pid);
    if (kill === undefined) return NO_TIMES;
    const machine = readMachine(this.#limitKb);
    const { settings } = loadConfig(null, [], machine);
    // The guard's own mark at that moment: what would be gone within its
    // horizon lies above the reserve (policy/exhaustion.ts).
    const markKb = kill.reason === REASON_EXHAUSTION
      ? settings[SET_RESERVE_KB] + kill.limit
      : kill.reason === REASON_RESERVE
      ? settings[SET_RESERVE_KB]
      : settings[SET_COMFORT_KB];
    const fellMs = fellBelowMs(this.#samples, markKb, kill.atMs);
    const comfortKb = Math.max(markKb, settings[SET_COMFORT_KB]);
    const backMs = roseAboveMs(this.#samples, comfortKb, kill.atMs);
    return {
      markKb,
      // Not below at any look of ours: it fell and was acted on between two
      // (LOOK_MS).
      thresholdToSignalMs: fellMs === null ? 0 : kill.atMs - fellMs,
      wakeToSignalUs: kill.wakeToSignalUs,
      signalToDeathMs: kill.deathMs,
      signalToBackMs: backMs === null ? null : backMs - kill.atMs,
      backKb: kill.backKb,
    };
  }
}

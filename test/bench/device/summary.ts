// Records to figures: median and range over the seeds for each guard in each
// scene. Pure. A lost machine is worse than any figure, so its times are
// Infinity; what was not measured is left out, and how often it was is kept.

import { orderGuards, orderScenes } from "./guards.ts";
import type { BenchRecord } from "./record.ts";

/** One figure of a boot; smaller is better in all of them. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** Undefined: not measured. Infinity: the machine was lost. */
  readonly of: (one: BenchRecord) => number | undefined;
}

/** What was measured in some boots. */
export interface Spread {
  /** Boots. */
  readonly boots: number;
  /** Boots with a figure; of none the rest is NaN. */
  readonly have: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A time of the scene: of a lost machine it is Infinity. */
function time(
  name: string,
  of: (one: BenchRecord) => number | null | undefined,
): Measure {
  return {
    name,
    unit: "ms",
    of: (one) => one.lost ? Infinity : of(one) ?? undefined,
  };
}

const usToMs = (us: number | undefined) => us === undefined ? us : us / 1000;
const kbToMb = (kb: number | undefined) => kb === undefined ? kb : kb / 1024;

export const FULL_STALL = time("full", (one) => one.fullMs);
export const SOME_STALL = time("some", (one) => one.someMs);
export const BEAT_P99 = time("beat p99", (one) => usToMs(one.heart?.p99Us));
export const BEAT_WORST = time("beat max", (one) => usToMs(one.heart?.maxUs));
/** A signal that was seen counts, even if the machine was lost after it. */
export const TO_SIGNAL: Measure = {
  name: "to signal",
  unit: "ms",
  of: (one) => one.markToSignalMs ?? (one.lost ? Infinity : undefined),
};
export const TO_BACK = time("to back", (one) => one.signalToBackMs);
export const LAUNCH = time("launch", (one) => one.launchMs);

/** The guard's own CPU in percent of one core, start to end. */
export const LOAD_CPU: Measure = {
  name: "CPU",
  unit: "%",
  of: (one) =>
    one.cost === null || one.durationMs === 0
      ? undefined
      : one.cost.cpuMs / one.durationMs * 100,
};
export const LOAD_WAKEUPS: Measure = {
  name: "wakeups",
  unit: "/s",
  of: (one) =>
    one.cost === null || one.durationMs === 0
      ? undefined
      : one.cost.wakeups / one.durationMs * 1000,
};
export const LOAD_RSS: Measure = {
  name: "VmRSS",
  unit: "MB",
  of: (one) => kbToMb(one.cost?.rssKb),
};
export const LOAD_LOCKED: Measure = {
  name: "locked",
  unit: "MB",
  of: (one) => kbToMb(one.cost?.lockedKb),
};
/** ms in a second to percent of one core. */
export const IDLE_CPU: Measure = {
  name: "CPU",
  unit: "%",
  of: (one) => {
    const ms = one.cost?.idle?.cpuMsPerS;
    return ms === undefined ? ms : ms / 10;
  },
};
export const IDLE_WAKEUPS: Measure = {
  name: "wakeups",
  unit: "/s",
  of: (one) => one.cost?.idle?.wakeupsPerS,
};
export const IDLE_RSS: Measure = {
  name: "VmRSS",
  unit: "MB",
  of: (one) => kbToMb(one.cost?.idle?.rssKb),
};
export const IDLE_LOCKED: Measure = {
  name: "locked",
  unit: "MB",
  of: (one) => kbToMb(one.cost?.idle?.lockedKb),
};

/** Median and range of what the boots have. Of an even count the median is the
 * mean of the middle two. */
export function spreadOf(
  records: readonly BenchRecord[],
  measure: Measure,
): Spread {
  const values = records.flatMap((one) => measure.of(one) ?? [])
    .sort((a, b) => a === b ? 0 : a - b);
  const half = values.length >> 1;
  const high = values[half] ?? NaN;
  const low = values[values.length - 1 - half] ?? NaN;
  return {
    boots: records.length,
    have: values.length,
    median: low === high ? low : (low + high) / 2,
    min: values[0] ?? NaN,
    max: values.at(-1) ?? NaN,
  };
}

/** Sums a count over the boots. */
export function sumOf(
  records: readonly BenchRecord[],
  of: (one: BenchRecord) => number,
): number {
  return records.reduce((sum, one) => sum + of(one), 0);
}

/** The boots by scene and guard, both in the order of every table. */
export interface Bench {
  readonly records: readonly BenchRecord[];
  readonly guards: readonly string[];
  readonly scenes: readonly string[];
  readonly seeds: readonly number[];
  /** The boots of one guard in one scene, by seed; none if it had none. */
  cell(scene: string, guard: string): readonly BenchRecord[];
}

/** Groups records; the same seed twice counts as two boots. */
export function groupRecords(records: readonly BenchRecord[]): Bench {
  const cells = new Map<string, BenchRecord[]>();
  const keyOf = (scene: string, guard: string) => `${scene}\n${guard}`;
  for (const one of [...records].sort((a, b) => a.seed - b.seed)) {
    const key = keyOf(one.scene, one.guard);
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, [one]);
    else cell.push(one);
  }
  return {
    records,
    guards: orderGuards(records.map((one) => one.guard)),
    scenes: orderScenes(records.map((one) => one.scene)),
    seeds: [...new Set(records.map((one) => one.seed))].sort((a, b) => a - b),
    cell: (scene, guard) => cells.get(keyOf(scene, guard)) ?? [],
  };
}

/** Where and when: one value each, or all that occur. */
export interface Provenance {
  readonly commits: readonly string[];
  /** First and last day, one if they are the same. */
  readonly days: readonly string[];
  readonly hosts: readonly string[];
  readonly kernels: readonly string[];
}

export function provenanceOf(records: readonly BenchRecord[]): Provenance {
  const distinct = (list: string[]) => [...new Set(list)];
  const days = distinct(
    records.map((one) => new Date(one.date).toISOString().slice(0, 10)),
  ).sort();
  return {
    commits: distinct(records.map((one) => one.commit)),
    days: days.length <= 2 ? days : [days[0]!, days.at(-1)!],
    hosts: distinct(
      records.map(({ host }) =>
        `${host.cpu}, ${host.cores} cores, ` +
        `${(host.memoryMb / 1024).toFixed(0)} GiB, Linux ${host.kernel}, ` +
        host.emulation
      ),
    ),
    kernels: distinct(records.map((one) => one.kernel)),
  };
}

/** Boots of each guard in each scene as words: "n=5", or "n=1 to 5". */
export function countWords(bench: Bench): string {
  const counts = bench.scenes.flatMap((scene) =>
    bench.guards.map((guard) => bench.cell(scene, guard).length)
  );
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length === 0) return "n=0";
  return low === high ? `n=${low}` : `n=${low} to ${high}`;
}

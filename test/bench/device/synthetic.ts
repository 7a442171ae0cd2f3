// Synthetic records for tests of the report: made by a seeded generator, none
// of them measured. They are shaped like boots and hold what is awkward: a
// lost machine, missing figures, a guard that was dropped in, hostile names.

import { Prng } from "../../../src/base/prng.ts";
import type { BenchRecord } from "./record.ts";

/** What a made-up guard is like. */
interface Nature {
  /** Signals when this much is left, of 1000 MB. */
  readonly markMb: number;
  readonly stallMs: number;
  readonly beatMs: number;
  /** Dies for every culprit besides. */
  readonly innocents: number;
  readonly rssMb: number;
}

const NATURES: Readonly<Record<string, Nature>> = {
  "kernel alone": nature(15, 5000, 2400, 0, 0),
  "earlyoom": nature(100, 2200, 400, 0, 2),
  "earlyoom tuned": nature(140, 900, 200, 1, 2),
  "nohang": nature(70, 2600, 700, 0, 17),
  "nohang tuned": nature(110, 1500, 350, 0, 17),
  "systemd-oomd": nature(30, 4100, 1600, 1, 8),
  "systemd-oomd tuned": nature(60, 2900, 900, 1, 8),
  "oomd": nature(45, 3400, 1100, 2, 6),
  "oomd tuned": nature(80, 2000, 600, 1, 6),
  "oomguard adaptive": nature(130, 90, 30, 0, 21),
  "oomguard lmkd": nature(90, 800, 150, 0, 21),
  "oomguard minfree": nature(180, 40, 35, 3, 21),
  "lmkd (local)": nature(85, 1200, 300, 4, 5),
};

function nature(
  markMb: number,
  stallMs: number,
  beatMs: number,
  innocents: number,
  rssMb: number,
): Nature {
  return { markMb, stallMs, beatMs, innocents, rssMb };
}

/** The guards that the generator knows. */
export const SYNTHETIC_GUARDS = Object.keys(NATURES);
export const SYNTHETIC_SCENES = ["launch", "leak", "thrash", "recover"];

const POINTS = 300;
const CALM_MS = 1500;
const SCENE_MS = 9000;
const START_MB = 620;
const NEED_MB = 133;

/** Made-up boots of all these, interleaved as the runner does it. */
export function syntheticRecords(
  guards: readonly string[] = SYNTHETIC_GUARDS,
  scenes: readonly string[] = SYNTHETIC_SCENES,
  seeds = 5,
): BenchRecord[] {
  const records: BenchRecord[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const scene of scenes) {
      for (const guard of guards) records.push(boot(guard, scene, seed));
    }
  }
  return records;
}

/** One made-up boot. */
export function boot(guard: string, scene: string, seed: number): BenchRecord {
  const prng = new Prng(`${guard}/${scene}/${seed}`);
  const about = (value: number, share = 0.25) =>
    value * (1 + share * (prng.below(2001) - 1000) / 1000);
  const own = NATURES[guard]!;
  const isCalm = scene === "recover";
  const kills = isCalm ? Math.min(own.innocents, 1) : 1 + own.innocents;
  const lost = guard === "systemd-oomd" && scene === "leak" && seed === 4;
  const stallMs = about(own.stallMs) * (isCalm ? 0.02 : 1);
  const slope = about(0.12, 0.05);
  const killMs = (START_MB - own.markMb) / slope;
  const victims = Array.from({ length: kills }, (_, index) => ({
    name: index === 0 && !isCalm
      ? "com.example.leak"
      : "</script><b>com.example.cached" + index,
    adj: index === 0 ? 900 : 945 - 5 * index,
    atMs: Math.round(killMs + index * about(180)),
    heldKb: Math.round(about(40) * 1024),
  }));
  const beatMs = isCalm ? about(12) : about(own.beatMs, 0.4);
  const alone = guard === "kernel alone";
  return {
    v: 1,
    commit: "5e9d3c0ffee1",
    date: new Date(Date.UTC(2026, 0, seed, 12)).toISOString(),
    guard,
    scene,
    seed,
    host: {
      ...{ cpu: "Synthetic CPU", cores: 2, memoryMb: 24_576 },
      ...{ kernel: "6.18.5", emulation: "QEMU 7.2 TCG" },
    },
    kernel: "6.1.0-synthetic",
    lost,
    isLoadWeak: guard === "nohang" && seed === 2,
    failures: lost ? ["the machine did not live to tell the end"] : [],
    someMs: stallMs * 1.4,
    fullMs: stallMs,
    heart: lost ? null : {
      count: 450,
      p50Us: 700,
      p99Us: beatMs * 300,
      maxUs: beatMs * 1000,
    },
    needKb: NEED_MB * 1024,
    markToSignalMs: alone || lost || kills === 0
      ? null
      : (NEED_MB - own.markMb) / slope + about(12),
    signalToBackMs: alone || lost || kills === 0 ? null : about(stallMs + 60),
    kernelKills: alone && !isCalm ? 1 : 0,
    wrong: own.innocents > 3 ? 1 : 0,
    excess: isCalm ? kills : own.innocents,
    victims: lost ? [] : victims,
    overKilledKb: own.innocents * 40_960,
    launchMs: scene === "launch" ? about(2000 + own.stallMs) : null,
    cost: alone ? null : {
      cpuMs: about(own.rssMb * 9),
      wakeups: Math.round(about(400)),
      rssKb: own.rssMb * 1024,
      lockedKb: own.rssMb > 20 ? 19_000 : 0,
      idle: guard === "oomd" ? null : {
        cpuMsPerS: about(own.rssMb / 200),
        wakeupsPerS: about(1.2),
        rssKb: own.rssMb * 1000,
        lockedKb: own.rssMb > 20 ? 19_000 : 0,
      },
    },
    durationMs: SCENE_MS,
    trace: trace(slope, killMs, stallMs, isCalm),
  };
}

/** Memory falls from the begin on, and is back after the kill. */
function trace(
  slope: number,
  killMs: number,
  stallMs: number,
  isCalm: boolean,
): BenchRecord["trace"] {
  const t = Array.from(
    { length: POINTS },
    (_, index) =>
      Math.round(index * (SCENE_MS + CALM_MS) / (POINTS - 1)) - CALM_MS,
  );
  const stalled = (ms: number) =>
    Math.round(
      1000 * stallMs * Math.min(Math.max((ms - killMs + 400) / 900, 0), 1),
    );
  const availMb = (ms: number) => {
    if (isCalm) return killMs / 20 + 60 * Math.sin(ms / 900);
    if (ms < 0) return START_MB;
    return ms < killMs
      ? START_MB - slope * ms
      : Math.min(START_MB, START_MB - slope * killMs + (ms - killMs));
  };
  return {
    t,
    availKb: t.map((ms) => Math.round(availMb(ms) * 1024)),
    someUs: t.map((ms) => Math.round(stalled(ms) * 1.4)),
    fullUs: t.map(stalled),
  };
}

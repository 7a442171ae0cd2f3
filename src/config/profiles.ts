// What holds where the owner said nothing: lmkd's defaults (AOSP lmkd.cpp,
// update_props) and our own, for a device short of memory and for any other,
// sized by its memory.

import type { Config, ConfigInput } from "./schema.ts";
import { KB_MAX } from "./schema.ts";

/** The machine a configuration is for. */
export interface Machine {
  /** MemTotal of /proc/meminfo, or the limit of the guarded group, kB. */
  readonly memTotalKb: number;
  /** kB of a page. */
  readonly pageKb: number;
  /** Whether a path exists; asked of the file system unless given. */
  readonly exists?: (path: string) => boolean;
}

/** The profiles there are. */
export type Profile = "low-ram" | "standard";

/** Most memory of a low-ram device (Android's own line for ro.config.low_ram
 * is 2 GB, source.android.com, "Low RAM configuration"). */
export const LOW_RAM_KB_MAX = 2_097_152;

/** Keys whose default the profile decides. */
export const PROFILE_KEYS: ReadonlySet<string> = new Set([
  "psi.someStallMs",
  "lmkd.thrashingLimitPercent",
  "lmkd.thrashingDecayPercent",
  "lmkd.thrashingCriticalPercent",
  "exhaustion.reserveKb",
  "exhaustion.comfortKb",
  "wait.idleMaxMs",
  "wait.fillKbPerMs",
]);

/** The profile for a machine: `chosen` unless that is auto, what
 * ro.config.low_ram says where properties were read, else by its memory. */
export function chooseProfile(
  chosen: "auto" | Profile,
  memTotalKb: number,
  lowRam: boolean | null = null,
): Profile {
  if (chosen !== "auto") return chosen;
  if (lowRam !== null) return lowRam ? "low-ram" : "standard";
  return memTotalKb <= LOW_RAM_KB_MAX ? "low-ram" : "standard";
}

/** `percent` of all memory, within low..high; never above a quarter of it, so
 * that a small memory group is not short of memory when empty. */
function shareKb(
  memTotalKb: number,
  percent: number,
  low: number,
  high: number,
): number {
  const share = Math.trunc(memTotalKb * percent / 100);
  const quarter = Math.trunc(memTotalKb / 4);
  return Math.min(Math.max(share, low), high, Math.max(quarter, 1));
}

/** lmkd's own thresholds and switches (AOSP lmkd.cpp, update_props). */
function defaultLmkd(lowRam: boolean, written: ConfigInput): Config["lmkd"] {
  const thrashingLimitPercent = lowRam ? 30 : 100;
  return {
    swapFreeLowPercent: 10,
    thrashingLimitPercent,
    thrashingDecayPercent: lowRam ? 50 : 10,
    thrashingCriticalPercent: 3 *
      (written.lmkd?.thrashingLimitPercent ?? thrashingLimitPercent),
    swapUtilMaxPercent: 100,
    filecacheMinKb: 0,
    stallCriticalPercent: 100,
    lowmemMinAdj: 701,
    afterKillMinAdj: 0,
    killHeaviest: false,
    useNewStrategy: "auto",
    useMinfreeLevels: false,
    usePsi: true,
    delayMonitorsUntilBoot: false,
    lowMinAdj: 1001,
    mediumMinAdj: 800,
    criticalMinAdj: 0,
    criticalUpgrade: false,
    upgradePressurePercent: 100,
    downgradePressurePercent: 100,
    directReclaimThresholdMs: 0,
    swapCompressionRatio: 1,
    swapCompressionRatioDiv: 1,
    perAppMemcg: "auto",
    logStats: true,
  };
}

/**
 * Every default for a profile and its memory. Two follow from what was
 * written: comfort from the reserve, the critical limit from the limit.
 */
export function defaultConfig(
  profile: Profile,
  memTotalKb: number,
  written: ConfigInput,
): Config {
  const lowRam = profile === "low-ram";
  const reserveKb = lowRam
    ? shareKb(memTotalKb, 6, 16_384, 131_072)
    : shareKb(memTotalKb, 2, 65_536, 524_288);
  return {
    profile: "auto",
    strategy: "adaptive",
    // The newest release whose lmkd has been read.
    compat: "16-qpr2",
    properties: "auto",
    dryRun: false,
    floorAdj: 0,
    // AOSP lmkd's 100 ms is often over before a large victim's memory is
    // back; adaptive would rather wait than kill a second one.
    killTimeoutMs: (written.strategy ?? "adaptive") === "adaptive" ? 500 : 100,
    psi: { someStallMs: lowRam ? 200 : 70, fullStallMs: 700, windowMs: 1000 },
    lmkd: defaultLmkd(lowRam, written),
    exhaustion: {
      reserveKb,
      comfortKb: Math.min(
        2 * (written.exhaustion?.reserveKb ?? reserveKb),
        KB_MAX,
      ),
      horizonMs: 300,
      swapKbPerS: 32_768,
      culpritKb: shareKb(memTotalKb, 1, 8_192, 65_536),
    },
    wait: {
      idleMaxMs: lowRam ? 1000 : 2000,
      sprintMs: 10,
      fillKbPerMs: lowRam ? 512 : 4096,
    },
    minfree: [],
    victims: { discover: "auto", scanMs: 10_000 },
    protect: { system: true, names: [], uids: [] },
    self: {
      lock: "auto",
      ownGroup: true,
      fifoPriority: 10,
      ballastKb: 4096,
      watchdogMs: 300,
      keeper: true,
      keeperMs: 1000,
      restart: "auto",
      armKernel: "auto",
      retries: 2,
    },
    group: null,
    // lmkd's socket is 0660, system:system (AOSP lmkd.rc); who that is, is for
    // whoever starts the guard to say.
    socket: { path: "auto", mode: "0660", owner: null, group: null },
    stateDir: "auto",
    log: { to: "auto", level: "info" },
  };
}

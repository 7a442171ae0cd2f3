// The ladder of pressure signals. Whatever a kernel or a privilege lacks, the
// guard steps down and says on which rung it stands; it never exits for it.

import {
  EVENT_PSI_FULL,
  EVENT_PSI_LOW,
  EVENT_PSI_SOME,
  EVENT_VMPRESSURE,
} from "../state/layout.ts";
import {
  RUNG_AVERAGES,
  RUNG_LEVELS,
  RUNG_PSI,
  RUNG_UNPRIVILEGED,
  RUNG_VMPRESSURE,
} from "../state/rungs.ts";
import {
  LMKD_NEW,
  SET_LMKD_MODE,
  SET_OLD_MODE,
  SET_PSI_FULL_MS,
  SET_PSI_SOME_MS,
  SET_PSI_WINDOW_MS,
  SET_STRATEGY,
  SET_USE_PSI,
  STRATEGY_LMKD,
} from "../state/settings.ts";
import { SLOT_PRESSURE } from "../daemon/sensor.ts";
import { cString } from "./load.ts";
import { memcgMounts } from "./sensors.ts";
import { errnoName } from "../base/errno.ts";
import { O_RDONLY, O_WRONLY, type Shim } from "./shim.ts";

/** Windows without CAP_SYS_RESOURCE must be multiples of this, ms
 * (kernel/sched/psi.c, psi_trigger_create). */
const UNPRIVILEGED_WINDOW_MS = 2_000;
/** Triggers of lmkd's old strategy: stall, ms, in a window of 1 s (AOSP
 * lmkd.cpp, psi_thresholds). */
const OLD_TRIGGERS: readonly Trigger[] = [
  ["some", 70, EVENT_PSI_LOW],
  ["some", 100, EVENT_PSI_SOME],
  ["full", 70, EVENT_PSI_FULL],
];
const OLD_WINDOW_MS = 1_000;

/** The rung that was reached. */
export interface Rung {
  /** Index into RUNGS (state/rungs.ts). */
  readonly index: number;
  /** Open trigger descriptors, to close at a reload. */
  readonly fds: readonly number[];
  /** Why a higher rung was refused, or "". */
  readonly why: string;
}

/** Kind of stall, its time within the window in ms, and the event it is. */
type Trigger = readonly [kind: "some" | "full", stallMs: number, event: number];

/** Arms all triggers with one window, or none. */
function arm(
  shim: Shim,
  path: string,
  triggers: readonly Trigger[],
  windowMs: number,
): { fds: number[]; errno: number } {
  const fds: number[] = [];
  for (const [kind, stallMs, event] of triggers) {
    const text = `${kind} ${stallMs * 1000} ${windowMs * 1000}`;
    const fd = shim.symbols.trigger(cString(path), cString(text), event << 24);
    if (fd < 0) {
      for (const open of fds) shim.symbols.shut(open);
      return { fds: [], errno: fd };
    }
    fds.push(fd);
  }
  return { fds, errno: 0 };
}

/** The triggers that the settings ask for; a stall of 0 is none. */
function triggersOf(settings: Int32Array): readonly Trigger[] {
  const isOld = settings[SET_STRATEGY] === STRATEGY_LMKD &&
    settings[SET_LMKD_MODE] !== LMKD_NEW;
  if (isOld) return OLD_TRIGGERS;
  const both: readonly Trigger[] = [
    ["some", settings[SET_PSI_SOME_MS], EVENT_PSI_SOME],
    ["full", settings[SET_PSI_FULL_MS], EVENT_PSI_FULL],
  ];
  return both.filter(([, stallMs]) => stallMs > 0);
}

/**
 * Climbs as high as the kernel allows. The settings get the window in force,
 * with both thresholds in the same proportion to it.
 */
export function climb(
  shim: Shim,
  path: string,
  slots: number,
  settings: Int32Array,
  memcgRoot: string = memcgMounts().v1,
): Rung {
  if (settings[SET_USE_PSI] === 0) {
    const { fds, why } = armVmpressure(shim, memcgRoot);
    if (why === "") return { index: RUNG_VMPRESSURE, fds, why };
    const psi = climbPsi(shim, path, slots, settings);
    return { ...psi, why: psi.why === "" ? why : `${why}; ${psi.why}` };
  }
  const psi = climbPsi(shim, path, slots, settings);
  if (psi.index < RUNG_VMPRESSURE || triggersOf(settings).length === 0) {
    return psi;
  }
  const { fds, why } = armVmpressure(shim, memcgRoot);
  return why === "" ? { index: RUNG_VMPRESSURE, fds, why: psi.why } : psi;
}

/** vmpressure feeds lmkd's old strategy only, whatever was asked for (AOSP
 * lmkd.cpp, init_mp_common): its levels are no stalls. */
export function judgeAsArmed(settings: Int32Array, rungIndex: number): void {
  if (rungIndex !== RUNG_VMPRESSURE) return;
  if (settings[SET_STRATEGY] !== STRATEGY_LMKD) return;
  settings[SET_LMKD_MODE] = settings[SET_OLD_MODE];
  settings[SET_USE_PSI] = 0;
}

function climbPsi(
  shim: Shim,
  path: string,
  slots: number,
  settings: Int32Array,
): Rung {
  const triggers = triggersOf(settings);
  const seen = (slots & (1 << SLOT_PRESSURE)) !== 0;
  const below = seen ? RUNG_AVERAGES : RUNG_LEVELS;
  if (triggers.length === 0) {
    return { index: below, fds: [], why: "triggers are switched off" };
  }
  const windowMs = triggers === OLD_TRIGGERS
    ? OLD_WINDOW_MS
    : settings[SET_PSI_WINDOW_MS];
  const best = arm(shim, path, triggers, windowMs);
  if (best.errno === 0) return { index: RUNG_PSI, fds: best.fds, why: "" };
  const why = `${windowMs} ms window refused: ${errnoName(best.errno)}`;
  const wider = Math.ceil(windowMs / UNPRIVILEGED_WINDOW_MS) *
    UNPRIVILEGED_WINDOW_MS;
  const scale = wider / windowMs;
  const scaled = triggers.map((
    [kind, ms, event],
  ): Trigger => [kind, Math.round(ms * scale), event]);
  const wide = arm(shim, path, scaled, wider);
  if (wide.errno === 0) {
    settings[SET_PSI_WINDOW_MS] = wider;
    settings[SET_PSI_SOME_MS] = Math.round(settings[SET_PSI_SOME_MS] * scale);
    settings[SET_PSI_FULL_MS] = Math.round(settings[SET_PSI_FULL_MS] * scale);
    return { index: RUNG_UNPRIVILEGED, fds: wide.fds, why };
  }
  return seen
    ? {
      index: RUNG_AVERAGES,
      fds: [],
      why: `triggers refused: ${errnoName(wide.errno)}`,
    }
    : {
      index: RUNG_LEVELS,
      fds: [],
      why: `${path}: ${errnoName(best.errno)}`,
    };
}

/** Levels of vmpressure, the index of one being its event's (mm/vmpressure.c,
 * vmpressure_str_levels). */
const LEVELS = ["low", "medium", "critical"];

/** What came of asking for vmpressure. */
export interface Vmpressure {
  /** An eventfd for each level, to close at a reload; none when refused. */
  readonly fds: readonly number[];
  /** Why it was refused, or "". */
  readonly why: string;
}

/**
 * Asks a memory group of version 1, for the whole machine their root, to tell
 * of its pressure: events EVENT_VMPRESSURE, index 0 low, 1 medium, 2 critical.
 * All three levels, or none.
 */
export function armVmpressure(shim: Shim, memcgRoot: string): Vmpressure {
  const { symbols } = shim;
  const refused = (name: string, rc: number) => ({
    fds: [],
    why: `${memcgRoot}/${name}: ${errnoName(rc)}`,
  });
  if (memcgRoot === "") {
    return { fds: [], why: "vmpressure: memory groups are not version 1" };
  }
  const level = shim.open(`${memcgRoot}/memory.pressure_level`, O_RDONLY);
  if (level < 0) return refused("memory.pressure_level", level);
  const control = shim.open(`${memcgRoot}/cgroup.event_control`, O_WRONLY);
  const fds: number[] = [];
  let rc = control;
  for (let i = 0; i < LEVELS.length && rc >= 0; i++) {
    const tag = EVENT_VMPRESSURE << 24 | i;
    rc = symbols.vmpressure(control, level, cString(LEVELS[i]), tag);
    if (rc >= 0) fds.push(rc);
  }
  symbols.shut(level);
  if (control >= 0) symbols.shut(control);
  if (rc >= 0) return { fds, why: "" };
  for (const fd of fds) symbols.shut(fd);
  return refused("cgroup.event_control", rc);
}

// The ladder of pressure signals. Whatever a kernel or a privilege lacks, the
// guard steps down and says on which rung it stands; it never exits for it.

import { EVENT_PSI_FULL, EVENT_PSI_SOME } from "../state/layout.ts";
import {
  SET_PSI_FULL_MS,
  SET_PSI_SOME_MS,
  SET_PSI_WINDOW_MS,
} from "../state/settings.ts";
import { SLOT_PRESSURE } from "../daemon/sensor.ts";
import { cString } from "./load.ts";
import { errnoName } from "../base/errno.ts";
import type { Shim } from "./shim.ts";

/** Index of the rung whose triggers are armed without privilege. */
export const RUNG_UNPRIVILEGED = 1;

/** Windows without CAP_SYS_RESOURCE must be multiples of this, ms
 * (kernel/sched/psi.c, psi_trigger_create). */
const UNPRIVILEGED_WINDOW_MS = 2_000;

/** The rung that was reached. */
export interface Rung {
  /** Index into RUNGS (state/rungs.ts). */
  readonly index: number;
  /** Open trigger descriptors, to close at a reload. */
  readonly fds: readonly number[];
  /** Why a higher rung was refused, or "". */
  readonly why: string;
}

/** Arms both triggers with one window; a refused pair leaves none behind. */
function arm(
  shim: Shim,
  path: string,
  someMs: number,
  fullMs: number,
  windowMs: number,
): { fds: number[]; errno: number } {
  const fds: number[] = [];
  const kinds = [
    ["some", someMs, EVENT_PSI_SOME],
    ["full", fullMs, EVENT_PSI_FULL],
  ] as const;
  for (const [kind, stallMs, event] of kinds) {
    if (stallMs <= 0) continue;
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

/**
 * Climbs as high as the kernel allows. The settings get the window in force,
 * with both thresholds in the same proportion to it.
 */
export function climb(
  shim: Shim,
  path: string,
  slots: number,
  settings: Int32Array,
): Rung {
  const windowMs = settings[SET_PSI_WINDOW_MS];
  const someMs = settings[SET_PSI_SOME_MS];
  const fullMs = settings[SET_PSI_FULL_MS];
  const seen = (slots & (1 << SLOT_PRESSURE)) !== 0;
  if (someMs <= 0 && fullMs <= 0) {
    const why = "triggers are switched off";
    return { index: seen ? 2 : 3, fds: [], why };
  }
  const best = arm(shim, path, someMs, fullMs, windowMs);
  if (best.errno === 0) return { index: 0, fds: best.fds, why: "" };
  const why = `${windowMs} ms window refused: ${errnoName(best.errno)}`;
  const wider = Math.ceil(windowMs / UNPRIVILEGED_WINDOW_MS) *
    UNPRIVILEGED_WINDOW_MS;
  const scale = wider / windowMs;
  const some = Math.round(someMs * scale);
  const full = Math.round(fullMs * scale);
  const wide = arm(shim, path, some, full, wider);
  if (wide.errno === 0) {
    settings[SET_PSI_WINDOW_MS] = wider;
    settings[SET_PSI_SOME_MS] = some;
    settings[SET_PSI_FULL_MS] = full;
    return { index: 1, fds: wide.fds, why };
  }
  if (seen) {
    return {
      index: 2,
      fds: [],
      why: `triggers refused: ${errnoName(wide.errno)}`,
    };
  }
  return { index: 3, fds: [], why: `${path}: ${errnoName(best.errno)}` };
}

// @hot
// The rungs of the ladder of pressure signals, best first: G_RUNG is an index
// into these words. The ladder itself is src/shim/ladder.ts.

export const RUNGS = [
  "psi triggers",
  "psi triggers, 2 s",
  "vmpressure",
  "psi averages",
  "no psi: levels",
] as const;

export const RUNG_PSI = 0;
/** Triggers armed without privilege. */
export const RUNG_UNPRIVILEGED = 1;
/** Memory groups of version 1 tell. */
export const RUNG_VMPRESSURE = 2;
/** From here on nothing wakes the guard. */
export const RUNG_AVERAGES = 3;
export const RUNG_LEVELS = 4;

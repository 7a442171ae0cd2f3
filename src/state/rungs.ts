// The rungs of the ladder of pressure signals, best first: G_RUNG is an index
// into these words. The ladder itself is src/shim/ladder.ts.

export const RUNGS = [
  "psi triggers",
  "psi triggers, 2 s",
  "psi averages",
  "no psi: levels",
] as const;

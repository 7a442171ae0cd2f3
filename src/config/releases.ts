// The Android releases whose lmkd can be taken the place of.

import * as set from "../state/settings.ts";

/** Oldest first; a QPR is a quarterly update of its release. */
export const RELEASES = [
  "11",
  "12",
  "13",
  "14",
  "14-qpr3",
  "15",
  "15-qpr1",
  "15-qpr2",
  "16",
  "16-qpr2",
  "17",
] as const;

/** Their words in the settings. */
export const RELEASE_WORDS: Record<(typeof RELEASES)[number], number> = {
  "11": set.RELEASE_11,
  "12": set.RELEASE_12,
  "13": set.RELEASE_13,
  "14": set.RELEASE_14,
  "14-qpr3": set.RELEASE_14_QPR3,
  "15": set.RELEASE_15,
  "15-qpr1": set.RELEASE_15_QPR1,
  "15-qpr2": set.RELEASE_15_QPR2,
  "16": set.RELEASE_16,
  "16-qpr2": set.RELEASE_16_QPR2,
  "17": set.RELEASE_17,
};

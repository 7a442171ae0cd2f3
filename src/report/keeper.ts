// What the keeper did, in words: it acts when the guard cannot, and writes to
// its own ring of the journal.

import {
  J_DETAIL,
  J_PID,
  J_VALUE,
  KEEPER_CALLED,
  KEEPER_ENDED,
  KEEPER_GAVE_BACK,
  KEEPER_STARTED,
} from "../state/journal.ts";
import { durationText } from "./units.ts";

const ACTS = new Map([
  [KEEPER_CALLED, "CALLED"],
  [KEEPER_ENDED, "ENDED"],
  [KEEPER_STARTED, "STARTED"],
  [KEEPER_GAVE_BACK, "GAVE_BACK"],
]);

/** Short name of a KEEPER_*: stable, for JSON. */
export function keeperAct(number: number): string {
  return ACTS.get(number) ?? `ACT_${number}`;
}

/** What the keeper's record at word `at` tells, after "the keeper". */
export function keeperText(words: Int32Array, at: number): string {
  const pid = words[at + J_PID];
  const silentMs = words[at + J_VALUE];
  const who = pid > 0 ? `, process ${pid}` : "";
  const why = silentMs > 0
    ? `after the guard was silent for ${durationText(silentMs)}`
    : "as the guard was gone";
  switch (words[at + J_DETAIL]) {
    case KEEPER_CALLED:
      return "called the kernel's killer" +
        `${pid > 0 ? `, armed with process ${pid},` : ""} ${why}`;
    case KEEPER_ENDED:
      return `killed the guard${who}, silent for ${durationText(silentMs)}`;
    case KEEPER_STARTED:
      return `started the guard again${who}`;
    case KEEPER_GAVE_BACK:
      return `gave memory groups back to the kernel's killer ${why}`;
    default:
      return `did what this version does not know (${words[at + J_DETAIL]})`;
  }
}

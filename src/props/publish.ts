// What lmkd lets the rest of the system know by properties: that it reports
// kills, and the tiers that it was told.

import { TARGETS_MAX } from "../base/limits.ts";
import { SET_TIER_ADJ, SET_TIER_PAGES, SET_TIERS } from "../state/settings.ts";
import { exists, type Ran, RUN_MS_MAX, runLater } from "./run.ts";

/** Set once clients can ask for reports of kills (AOSP lmkd.cpp, main). */
export const REPORT_KILLS = "sys.lmk.reportkills";
/** The tiers as pages:adj pairs (AOSP lmkd.cpp, cmd_target). */
export const MINFREE_LEVELS = "sys.lmk.minfree_levels";

/** Bytes of a property's value with its NUL (AOSP sys/system_properties.h,
 * PROP_VALUE_MAX). */
const VALUE_BYTES_MAX = 92;

/** What is to be published, by name: kills are reported once `ready`, tiers
 * are told where there are any. */
export function publishedProperties(
  settings: Int32Array,
  ready: boolean,
): Map<string, string> {
  const published = new Map<string, string>();
  if (ready) published.set(REPORT_KILLS, "1");
  const tiers = minfreeLevels(settings);
  if (tiers !== "") published.set(MINFREE_LEVELS, tiers);
  return published;
}

/** Whole pairs only: half a number would be another number. */
function minfreeLevels(settings: Int32Array): string {
  const count = Math.min(settings[SET_TIERS], TARGETS_MAX);
  let text = "";
  for (let i = 0; i < count; i++) {
    const pair = `${settings[SET_TIER_PAGES + i]}:${
      settings[SET_TIER_ADJ + i]
    }`;
    const longer = text === "" ? pair : `${text},${pair}`;
    if (longer.length >= VALUE_BYTES_MAX) break;
    text = longer;
  }
  return text;
}

/** The published properties as a file in the form of build.prop. */
export function propertyFile(published: ReadonlyMap<string, string>): string {
  return [...published].map(([name, value]) => `${name}=${value}\n`).join("");
}

/** Sets properties one after the other, each for at most `deadlineMs`; answers
 * one line for each that could not be set. Never rejects. */
export async function setProperties(
  published: ReadonlyMap<string, string>,
  program = setprop(),
  deadlineMs = RUN_MS_MAX,
): Promise<string[]> {
  const failures: string[] = [];
  for (const [name, value] of published) {
    const ran: Ran = await runLater(program, [name, value], deadlineMs);
    if (ran.failure === null) continue;
    failures.push(`Cannot set property ${name}: ${ran.failure}`);
    // Who is not there for one is not there for the next.
    if (ran.failure === NO_PROGRAM) break;
  }
  return failures;
}

const SETPROP = "/system/bin/setprop";
const NO_PROGRAM = "there is no such program";

function setprop(): string {
  return exists(SETPROP) ? SETPROP : "setprop";
}

/** Whether this system has properties that can be set. */
export function canSetProperties(): boolean {
  return exists(SETPROP);
}

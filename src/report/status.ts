// The lines of the plain status file, and of `oomguard status`: what each
// shows and where it stands in the arena.

import { type StatusLine, WORD_BYTES } from "../daemon/status_file.ts";
import type { Arena } from "../state/arena.ts";
import * as g from "../state/gauges.ts";
import { RUNGS } from "../state/rungs.ts";
import { CALL_NAMES } from "./calls.ts";
import * as set from "../state/settings.ts";
import * as s from "../state/snapshot.ts";

/** LOCK_* in words, as the configuration has them. */
const LOCK_MODES = ["off", "files", "auto"];

/** LEVEL_* in words, as the file has them. */
export const LOCK_WORDS = ["nothing", "arena", "files", "all"];

function encodeWords(words: readonly string[]): Uint8Array {
  const text = words.map((word) => word.padEnd(WORD_BYTES)).join("");
  return new TextEncoder().encode(text);
}

type Gauge = (
  label: string,
  index: number,
  words?: readonly string[],
) => StatusLine;

/** What keeps the guard itself alive. */
function ownLines(gauge: Gauge): StatusLine[] {
  return [
    gauge("self", g.G_SELF),
    gauge("lockLevel", g.G_LOCK_LEVEL, LOCK_WORDS),
    gauge("lockedKb", g.G_LOCKED_KB),
    gauge("anonKb", g.G_ANON_KB),
    gauge("fileKb", g.G_FILE_KB),
    gauge("shmemKb", g.G_SHMEM_KB),
    gauge("swappedKb", g.G_SWAPPED_KB),
    gauge("ballastKb", g.G_BALLAST_KB),
    gauge("ballastReleases", g.G_BALLAST_RELEASES),
  ];
}

/** Who was killed, and how that went. */
function killLines(gauge: Gauge): StatusLine[] {
  return [
    gauge("kills", g.G_KILLS),
    gauge("watchdogKills", g.G_WATCHDOG_KILLS),
    gauge("refused", g.G_REFUSED),
    gauge("noVictim", g.G_NO_VICTIM),
    gauge("overdue", g.G_OVERDUE),
    gauge("lastPid", g.G_LAST_PID),
    gauge("lastAdj", g.G_LAST_ADJ),
    gauge("lastReason", g.G_LAST_REASON),
    gauge("lastRssKb", g.G_LAST_RSS_KB),
    gauge("lastBackKb", g.G_BACK_KB),
    gauge("signalUs", g.G_SIGNAL_US),
    gauge("deathMs", g.G_DEATH_MS),
  ];
}

/** Every line, in the order of the file. Labels are stable. */
export function statusLines(arena: Arena): StatusLine[] {
  const { gauges, snapshot } = arena;
  const gauge = (label: string, index: number, words?: readonly string[]) => ({
    label,
    source: gauges,
    index,
    words: words === undefined ? null : encodeWords(words),
  });
  const column = (label: string, index: number) => ({
    label,
    source: snapshot,
    index,
    words: null,
  });
  return [
    gauge("state", g.G_STATE, ["calm", "sprint", "killing", "stopped"]),
    gauge("strategy", g.G_STRATEGY, ["adaptive", "lmkd", "minfree"]),
    gauge("dryRun", g.G_DRY_RUN),
    gauge("signal", g.G_RUNG, RUNGS),
    column("totalKb", s.MEM_TOTAL_KB),
    column("freeKb", s.MEM_FREE_KB),
    column("availableKb", s.MEM_AVAILABLE_KB),
    column("headroomKb", s.HEADROOM_KB),
    column("shrinkKbPerS", s.SHRINK_KB_PER_S),
    column("exhaustionMs", s.EXHAUSTION_MS),
    column("swapTotalKb", s.SWAP_TOTAL_KB),
    column("swapFreeKb", s.SWAP_FREE_KB),
    column("zramUsedKb", s.ZRAM_USED_KB),
    column("psiSomeAvg10Centi", s.PSI_SOME_AVG10_CENTI),
    column("psiFullAvg10Centi", s.PSI_FULL_AVG10_CENTI),
    column("stallSomePermille", s.STALL_SOME_PERMILLE),
    column("thrashingPercent", s.THRASHING_PERCENT),
    column("kernelOomKills", s.VM_OOM_KILL),
    gauge("victims", g.G_VICTIMS),
    gauge("killable", g.G_LISTED),
    gauge("nextPid", g.G_NEXT_PID),
    gauge("nextAdj", g.G_NEXT_ADJ),
    gauge("armRefused", g.G_ARM_RC),
    gauge("clients", g.G_CLIENTS),
    gauge("packets", g.G_PACKETS),
    gauge("badPackets", g.G_BAD_PACKETS),
    gauge("lostMessages", g.G_LOST_MESSAGES),
    gauge("droppedClients", g.G_DROPPED_CLIENTS),
    gauge("hastyTargets", g.G_HASTY_TARGETS),
    ...killLines(gauge),
    gauge("turns", g.G_TURNS),
    gauge("waitMs", g.G_WAIT_MS),
    gauge("turnUs", g.G_TURN_US),
    gauge("turnUsMax", g.G_TURN_US_MAX),
    gauge("tableFull", g.G_TABLE_FULL),
    gauge("senseErrors", g.G_SENSE_ERRORS),
    gauge("faults", g.G_FAULTS),
    gauge("lastFault", g.G_LAST_FAULT, CALL_NAMES),
    gauge("lastFaultRc", g.G_LAST_FAULT_RC),
    gauge("guardPid", g.G_GUARD_PID),
    ...ownLines(gauge),
    ...wantedLines(arena.settings),
    ...keeperLines(gauge),
    gauge("startedS", g.G_EPOCH_S),
    gauge("startedMs", g.G_STARTED_MS),
    gauge("lastMs", g.G_LAST_MS),
  ];
}

/** What is asked for, by the settings in force: to hold the rest against. */
function wantedLines(settings: Int32Array): StatusLine[] {
  const rows: [string, number, Uint8Array | null][] = [
    ["lockWanted", set.SET_LOCK, encodeWords(LOCK_MODES)],
    ["ballastWantedKb", set.SET_BALLAST_KB, null],
    ["armWanted", set.SET_ARM_KERNEL, null],
    ["watchdogMs", set.SET_WATCHDOG_MS, null],
  ];
  return rows.map(([label, index, words]) => ({
    label,
    source: settings,
    index,
    words,
  }));
}

/** Who stands beside the guard, and how often it had to act. */
function keeperLines(
  gauge: (label: string, index: number) => StatusLine,
): StatusLine[] {
  return [
    gauge("keeperPid", g.G_KEEPER_PID),
    gauge("keeperSelf", g.G_KEEPER_SELF),
    gauge("restarts", g.G_RESTARTS),
  ];
}

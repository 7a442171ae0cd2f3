// Every key of the configuration, what it expects and what it does: the
// schema's keys and these are the same (test/config/keys_test.ts).

import { configSchema } from "./schema.ts";

/** One key as it is written in messages and options. */
export interface Key {
  readonly name: string;
  /** Its steps; never more than two. */
  readonly path: readonly string[];
  readonly explanation: string;
  /** What a value is to be, in the words of the messages. */
  expected(): string;
  /** Whether a value could be this key's. */
  accepts(value: unknown): boolean;
}

const EXPLANATIONS: Record<string, string> = {
  profile: "Which defaults hold; auto is low-ram up to 2 GiB of memory.",
  strategy: "Which policy judges: level and slope, lmkd's, or minfree tiers.",
  compat: "Android release whose lmkd clients take the guard for.",
  properties:
    "Where Android's properties come from; auto is getprop where there is one.",
  dryRun: "Judge and record, signal nobody.",
  floorAdj: "No process below this oom_score_adj is ever chosen.",
  killTimeoutMs:
    "Longest wait for a victim's memory before another may die; 0 is for ever.",
  "psi.someStallMs":
    "Stall of some tasks within the window that wakes the guard; 0 is none.",
  "psi.fullStallMs":
    "Stall of all tasks within the window that wakes the guard; 0 is none.",
  "psi.windowMs": "The window of both stalls.",
  "lmkd.swapFreeLowPercent":
    "Swap counts as low below this share of it; 0 is never.",
  "lmkd.thrashingLimitPercent":
    "Refaults within a second, against the file pages there are.",
  "lmkd.thrashingDecayPercent":
    "How much of the limit goes with each kill for thrashing.",
  "lmkd.thrashingCriticalPercent":
    "Thrashing from which any process may die; three times the limit if unset.",
  "lmkd.swapUtilMaxPercent":
    "Share of swappable memory already swapped; 100 is never.",
  "lmkd.filecacheMinKb":
    "File cache that must be left after thrashing; 0 is off.",
  "lmkd.stallCriticalPercent":
    "Full stall, as a 10 s average, from which any process may die; 100 is off.",
  "lmkd.lowmemMinAdj":
    "Lowest oom_score_adj to die for low memory alone; 1001: none so early.",
  "lmkd.afterKillMinAdj":
    "Lowest oom_score_adj to die when a kill was not enough.",
  "lmkd.killHeaviest":
    "Kill the largest of an oom_score_adj, not the least recently used.",
  "lmkd.useNewStrategy":
    "Strategy lmkd judges by stalls; auto is low-ram or no minfree levels.",
  "lmkd.useMinfreeLevels":
    "Without the new strategy: minfree tiers, not pressure levels.",
  "lmkd.usePsi": "Pressure comes from PSI; false is vmpressure of memcg v1.",
  "lmkd.delayMonitorsUntilBoot":
    "No pressure triggers until a client says that they may start.",
  "lmkd.lowMinAdj":
    "Lowest oom_score_adj to die at low pressure; over 1000 is off.",
  "lmkd.mediumMinAdj":
    "Lowest oom_score_adj to die at medium pressure; over 1000 is off.",
  "lmkd.criticalMinAdj":
    "Lowest oom_score_adj to die at critical pressure; over 1000 is off.",
  "lmkd.criticalUpgrade":
    "Raise a pressure level when much memory is used beside swap.",
  "lmkd.upgradePressurePercent":
    "Memory in use, of memory and swap, below which a level is raised.",
  "lmkd.downgradePressurePercent":
    "Memory in use, of memory and swap, above which a level is not heeded.",
  "lmkd.directReclaimThresholdMs":
    "Direct reclaim that lasts longer is stuck; 0 is off.",
  "lmkd.swapCompressionRatio":
    "Free swap counts up to this times what is available; 0 is all of it.",
  "lmkd.swapCompressionRatioDiv": "What that ratio is divided by.",
  "lmkd.perAppMemcg":
    "Apps have memory groups of their own; auto is ro.config.low_ram.",
  "lmkd.logStats": "Tell the clients that asked the figures of each kill.",
  "exhaustion.reserveKb":
    "Memory that must stay available; a share of all memory if unset.",
  "exhaustion.comfortKb":
    "Memory at which a shortage is over; twice the reserve if unset.",
  "exhaustion.horizonMs": "How far ahead exhaustion is looked for.",
  "exhaustion.swapKbPerS": "What swapping is trusted to give back.",
  "exhaustion.culpritKb":
    "Growth that makes one process the culprit; 1 % of all memory if unset.",
  "wait.idleMaxMs": "Longest sleep when calm.",
  "wait.sprintMs": "Shortest sleep, when memory is short.",
  "wait.fillKbPerMs": "Fastest growth reckoned with when calm.",
  minfree:
    "Tiers, each a threshold and the lowest oom_score_adj to die below it.",
  "victims.discover":
    "Find processes in /proc; auto is where no Android init runs.",
  "victims.scanMs": "Shortest time between two looks at /proc.",
  "protect.system":
    "Never kill what a system cannot lose: init, sessions, login, display.",
  "protect.names": "Never kill processes of these names.",
  "protect.uids": "Never kill processes of these users.",
  "self.lock":
    "How the guard's memory is kept: auto is all of it, or files without swap.",
  "self.ownGroup":
    "Move from the root memory group into one of the guard's own.",
  "self.fifoPriority":
    "Real-time priority, two below the keeper's; 0 is an ordinary one.",
  "self.ballastKb":
    "Memory held to be given back at the moment of a kill; 0 is none.",
  "self.watchdogMs":
    "Silence of the guard, memory short, after which its watchdog thread kills.",
  "self.keeper": "Keep a tiny process beside the guard that outlives it.",
  "self.keeperMs":
    "Silence, memory short, after which the keeper calls the kernel's killer.",
  "self.restart":
    "Whether the keeper starts a dead guard again; auto is where init does not.",
  "self.armKernel":
    "Tell the kernel's killer of our choice; auto: not for lmkd, nor a group.",
  "self.retries":
    "Repeats of a call that ran out of memory; -1 is while the turn has time.",
  group: "Memory group to guard instead of the machine.",
  "socket.path":
    "Where lmkd's socket is; auto is /dev/socket/lmkd, else the state folder.",
  "socket.mode": "Who may use the socket.",
  "socket.owner": "Who owns the socket; null is whoever started the guard.",
  "socket.group": "Whose group the socket is; null is the guard's.",
  stateDir: "Folder of journal and status; auto is /run or /dev/oomguard.",
  "log.to": "Where words go; auto is logd where there is one, else stderr.",
  "log.level": "How many words.",
};

/** What can be asked of any schema: try a value, hear what was expected. */
interface Trial {
  safeParse(
    value: unknown,
  ): { error?: { issues: readonly { message: string }[] } | undefined };
}

type Shape = Readonly<Record<string, Trial>>;

/** The keys inside a key, or null where it holds a value. */
function shapeOf(type: unknown): Shape | null {
  const { def } = type as { def: { innerType?: { shape?: Shape } } };
  return def.innerType?.shape ?? null;
}

function makeKey(path: readonly string[], type: Trial): Key {
  const name = path.join(".");
  return {
    name,
    path,
    explanation: EXPLANATIONS[name] ?? "",
    // A symbol fits no key, so the refusal says what would.
    expected: () => type.safeParse(Symbol()).error?.issues[0].message ?? "",
    accepts: (value) => type.safeParse(value).error === undefined,
  };
}

const TOP = Object.entries(configSchema.shape);

/** The keys that hold further keys, and the names of those. */
export const GROUPS: ReadonlyMap<string, readonly string[]> = new Map(
  TOP.flatMap(([name, type]) => {
    const shape = shapeOf(type);
    return shape === null ? [] : [[name, Object.keys(shape)] as const];
  }),
);

/** Every key, in the order of the schema. */
export const KEYS: readonly Key[] = TOP.flatMap(([name, type]) => {
  const shape = shapeOf(type);
  return shape === null
    ? [makeKey([name], type)]
    : Object.entries(shape).map(([own, each]) => makeKey([name, own], each));
});

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** Longest unknown key for which a known one is looked for. */
const GUESS_MAX = 48;

/** The known key or group most like an unknown one; null when none is. */
export function nearestKey(path: readonly string[]): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[_.\-]/g, "");
  const whole = plain(path.join(""));
  const last = plain(path.at(-1) ?? "");
  if (whole === "" || whole.length > GUESS_MAX) return null;
  let best: string | null = null;
  let bestScore = Math.max(2, Math.trunc(last.length / 3)) + 1;
  const names = KEYS.map((key) => key.name);
  if (path.length === 1) names.push(...GROUPS.keys());
  for (const name of names) {
    const own = plain(name.split(".").at(-1) ?? "");
    const begun = last.length >= 4 && own.startsWith(last) ? 2 : Infinity;
    // The right word in the wrong group is a shade worse than a slip.
    const score = Math.min(
      distance(whole, plain(name)),
      distance(last, own) + 0.5,
      begun,
    );
    if (score < bestScore) {
      best = name;
      bestScore = score;
    }
  }
  return best;
}

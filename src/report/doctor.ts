// `oomguard doctor`: what the guard's life hangs on, held against what this
// kernel and its own status say. Pure: facts in, findings out, the worst first.

import * as g from "../state/gauges.ts";
import { heldBits, type StatusFields } from "./summary.ts";
import { COLUMNS, sizeText, wrap } from "./units.ts";

/** What the kernel says; null is what it does not. */
export interface KernelFacts {
  /** Swap, kB; 0 is none. */
  readonly swapKb: number | null;
  readonly isZram: boolean;
  readonly panicOnOom: number | null;
  readonly killAllocatingTask: number | null;
  readonly minTtlMs: number | null;
  readonly hasPsi: boolean;
  /** "v1", "v2", or "" where there are no memory groups. */
  readonly memoryGroups: string;
  /** Effective capabilities of the guard, a bit each. */
  readonly capabilities: bigint | null;
  /** RLIMIT_MEMLOCK of the guard, kB; null is without limit, or not known. */
  readonly memlockKb: number | null;
}

/** How grave: memory may be taken from the guard or it cannot do its work; or
 * it is slower or safer than it could be. */
export type Grade = "grave" | "weak";

/** Something that could be better. */
export interface Finding {
  readonly grade: Grade;
  readonly what: string;
  /** What to do about it. */
  readonly change: string;
}

/** Capabilities by bit (include/uapi/linux/capability.h). */
const CAPABILITIES = [
  [5, "CAP_KILL", "grave"],
  [14, "CAP_IPC_LOCK", "weak"],
  [23, "CAP_SYS_NICE", "weak"],
  [24, "CAP_SYS_RESOURCE", "weak"],
] as const;

/** Protections: bit, what it is, how grave its lack, and what brings it. */
export const PROTECTIONS: readonly [number, string, Grade, string][] = [
  [
    g.SELF_ADJ,
    "oom_score_adj -1000",
    "grave",
    "start it with CAP_SYS_RESOURCE, or have init set it " +
    "(systemd: OOMScoreAdjust=-1000)",
  ],
  [
    g.SELF_LOCKED,
    "memory locked as configured",
    "grave",
    "give it CAP_IPC_LOCK, or RLIMIT_MEMLOCK=infinity",
  ],
  [
    g.SELF_FIFO,
    "real-time priority",
    "weak",
    "give it CAP_SYS_NICE, and real-time bandwidth to its CPU group; set " +
    "self.fifoPriority above 0",
  ],
  [
    g.SELF_IO_FLUSHER,
    "IO flusher",
    "weak",
    "give it CAP_SYS_RESOURCE and real-time priority; Linux 5.6",
  ],
  [
    g.SELF_GROUP,
    "own memory group",
    "weak",
    "start it in the root memory group, or alone in one of its own; set " +
    "self.ownGroup",
  ],
  [g.SELF_NO_THP, "no huge pages", "weak", "allow it prctl; Linux 3.15"],
  [g.SELF_TIMER_SLACK, "timer slack of 1 ns", "weak", "allow it prctl"],
  [
    g.SELF_WATCHDOG,
    "watchdog thread",
    "weak",
    "set self.watchdogMs above 0",
  ],
  [g.SELF_KEEPER, "keeper process", "weak", "set self.keeper"],
  [
    g.SELF_ARMED,
    "kernel's killer armed with the guard's choice",
    "weak",
    "let it write oom_score_adj and its state folder",
  ],
];

/** Everything that could be better, the worst first. */
export function examine(
  fields: StatusFields,
  kernel: KernelFacts,
): Finding[] {
  const findings = [
    ...examineMemory(fields, kernel),
    ...examineProtections(fields, kernel),
    ...examineKernel(kernel),
    ...examineRights(kernel),
  ];
  const grave = findings.filter(({ grade }) => grade === "grave");
  return [...grave, ...findings.filter(({ grade }) => grade !== "grave")];
}

function numberOf(fields: StatusFields, label: string): number | null {
  const value = fields[label];
  return typeof value === "number" ? value : null;
}

function examineMemory(
  fields: StatusFields,
  { swapKb }: KernelFacts,
): Finding[] {
  const findings: Finding[] = [];
  const level = fields.lockLevel;
  // In a memory group without swap files are all that has to be locked.
  const suffices = fields.lockWanted === "auto" &&
    ((heldBits(fields) ?? 0) & g.SELF_LOCKED) !== 0;
  const swappedKb = numberOf(fields, "swappedKb") ?? 0;
  if (swappedKb > 0) {
    findings.push({
      grade: "grave",
      what: `${sizeText(swappedKb)} of the guard are in swap: an emergency ` +
        "would have to read them",
      change: "set self.lock to auto, or start it in a group without swap " +
        "(systemd: MemorySwapMax=0)",
    });
  }
  if (level !== "all" && (swapKb ?? 0) > 0 && !suffices) {
    findings.push({
      grade: "grave",
      what: `There is swap, and of the guard's memory is locked: ${level}`,
      change: "set self.lock to auto, and give it CAP_IPC_LOCK",
    });
  } else if (level !== "all" && level !== "files") {
    findings.push({
      grade: "grave",
      what: "The guard's code can be paged out, and would be when it is needed",
      change: "set self.lock to auto, and give it CAP_IPC_LOCK",
    });
  }
  if (fields.dryRun === 1) {
    findings.push({
      grade: "grave",
      what: "It is a dry run: the guard signals nobody",
      change: "set dryRun to false, and start it without --dry-run",
    });
  } else if (
    (numberOf(fields, "ballastKb") ?? 0) === 0 && fields.ballastWantedKb !== 0
  ) {
    findings.push({
      grade: "weak",
      what: "No ballast is held",
      change: "wait until memory has been comfortable for a while, or have " +
        "more of it; allow the guard to lock self.ballastKb",
    });
  }
  return findings;
}

function examineProtections(
  fields: StatusFields,
  { swapKb }: KernelFacts,
): Finding[] {
  const self = heldBits(fields) ?? 0;
  return PROTECTIONS
    .filter(([bit]) => (self & bit) === 0 && !isNeedless(bit, fields, swapKb))
    .map(([, name, grade, change]) => ({
      grade,
      what: `Without ${name}`,
      change,
    }));
}

/** Whether a protection is not to be had because nothing calls for it: swap is
 * gone that memory was to be locked for; nobody is to be armed, or could be. */
function isNeedless(
  bit: number,
  fields: StatusFields,
  swapKb: number | null,
): boolean {
  if (bit === g.SELF_LOCKED) return fields.lockLevel === "files" && !swapKb;
  if (bit !== g.SELF_ARMED) return false;
  return fields.armWanted === 0 || fields.nextPid === 0 || fields.dryRun === 1;
}

function examineKernel(kernel: KernelFacts): Finding[] {
  const rows: [boolean, Grade, string, string][] = [
    [
      (kernel.panicOnOom ?? 0) !== 0,
      "grave",
      "The kernel panics when memory runs out (vm.panic_on_oom)",
      "sysctl vm.panic_on_oom=0",
    ],
    [
      (kernel.killAllocatingTask ?? 0) !== 0,
      "weak",
      "The kernel's killer takes whoever allocates, whatever its " +
      "oom_score_adj (vm.oom_kill_allocating_task)",
      "sysctl vm.oom_kill_allocating_task=0",
    ],
    [
      (kernel.minTtlMs ?? 0) !== 0,
      "weak",
      `The kernel may kill first: MGLRU's min_ttl_ms is ${kernel.minTtlMs}`,
      "write 0 to /sys/kernel/mm/lru_gen/min_ttl_ms",
    ],
    [
      !kernel.hasPsi,
      "weak",
      "The kernel does not measure pressure",
      "build it with CONFIG_PSI, and boot with psi=1",
    ],
    [
      kernel.memoryGroups === "",
      "weak",
      "There are no memory groups",
      "mount cgroup2 with its memory controller; boot without " +
      "cgroup_disable=memory",
    ],
  ];
  return rows.filter(([holds]) => holds)
    .map(([, grade, what, change]) => ({ grade, what, change }));
}

function examineRights({ capabilities, memlockKb }: KernelFacts): Finding[] {
  if (capabilities === null) return [];
  const findings: Finding[] = [];
  const has = (bit: number) => (capabilities >> BigInt(bit) & 1n) === 1n;
  for (const [bit, name, grade] of CAPABILITIES) {
    // A limit that is high enough serves as well.
    if (has(bit) || (name === "CAP_IPC_LOCK" && memlockKb === null)) continue;
    findings.push({
      grade,
      what: `The guard lacks ${name}`,
      change: `run it as root, or with ${name}`,
    });
  }
  return findings;
}

const MARGIN = " ".repeat(8);

/** The report, in lines of at most 80 columns. */
export function describeDoctor(
  fields: StatusFields,
  kernel: KernelFacts,
  findings: readonly Finding[],
): string[] {
  const size = (label: string) => sizeText(numberOf(fields, label));
  const self = heldBits(fields) ?? 0;
  const held = PROTECTIONS.filter(([bit]) => (self & bit) !== 0)
    .map(([, name]) => name).join(", ");
  const swap = (kernel.swapKb ?? 0) === 0
    ? "no swap"
    : `${sizeText(kernel.swapKb)} of swap${kernel.isZram ? " in zram" : ""}`;
  const groups = kernel.memoryGroups === ""
    ? "no memory groups"
    : `memory groups ${kernel.memoryGroups}`;
  const pressure = kernel.hasPsi ? "PSI" : "no PSI";
  const lines = [
    ...told("guard", `process ${fields.guardPid ?? "-"}, ${fields.state}`),
    ...told(
      "memory",
      `locked: ${fields.lockLevel ?? "-"}; ${size("anonKb")} anonymous, ` +
        `${size("fileKb")} of files, ${size("shmemKb")} shared, ` +
        `${size("swappedKb")} swapped; ballast ${size("ballastKb")}`,
    ),
    ...told("holds", held === "" ? "nothing" : held),
    ...told("kernel", `${swap}; ${pressure}; ${groups}`),
    "",
  ];
  if (findings.length === 0) return [...lines, "Nothing to change."];
  for (const { grade, what, change } of findings) {
    lines.push(...told(grade, `${what}.`));
    lines.push(...wrap(`- ${change}`, COLUMNS, MARGIN));
  }
  return lines;
}

function told(label: string, text: string): string[] {
  return wrap(text, COLUMNS, MARGIN).map((line, i) =>
    i === 0 ? label.padEnd(MARGIN.length) + line.slice(MARGIN.length) : line
  );
}

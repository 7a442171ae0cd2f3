// A guard by strategy `lmkd` on a machine whose files a test writes, figure by
// figure, and whose only events are those a test makes: what a pass makes of
// them is then known beforehand.

import assert from "node:assert/strict";
import {
  SLOT_AT,
  SLOT_CPU_PRESSURE,
  SLOT_IO_PRESSURE,
  SLOT_MEMINFO,
  SLOT_PRESSURE,
  SLOT_VMSTAT,
  SLOT_ZONEINFO,
} from "../../src/daemon/sensor.ts";
import {
  type KillEntry,
  killsOf,
  recordsOf,
} from "../../src/report/journal.ts";
import type { SimClient } from "../../src/sim/client.ts";
import type { ProcessPlan, SimProcess } from "../../src/sim/process.ts";
import type { Rig, RigPlan } from "../../src/sim/rig.ts";
import {
  J_FLOOR_ADJ,
  J_KIND,
  J_REASON,
  KIND_KILL,
  KIND_NO_VICTIM,
} from "../../src/state/journal.ts";
import {
  AT_FILES,
  EVENT_PSI_FULL,
  EVENT_PSI_LOW,
  EVENT_PSI_SOME,
  MB_SLOTS,
  MB_WOKE_US,
} from "../../src/state/layout.ts";
import { HIST_POLL, HIST_WAKEUPS } from "../../src/state/reasons.ts";
import { makeRig, register } from "./helpers.ts";

/** Labels of killinfo's 19, in its order (AOSP event.logtags), and of what else
 * the guard needs. */
export const MEMINFO_LABELS = [
  "MemFree",
  "Cached",
  "SwapCached",
  "Buffers",
  "Shmem",
  "Unevictable",
  "SwapTotal",
  "SwapFree",
  "Active(anon)",
  "Inactive(anon)",
  "Active(file)",
  "Inactive(file)",
  "SReclaimable",
  "SUnreclaim",
  "KernelStack",
  "PageTables",
  "ION_heap",
  "ION_heap_pool",
  "CmaFree",
] as const;

/** What a label of /proc/meminfo says, kB; none says 0. */
export type Meminfo = Partial<Record<typeof MEMINFO_LABELS[number], number>>;

/** Watermarks of the one zone, pages: min, low, high. */
export const MARKS = [1_000, 1_250, 1_500] as const;
export const BELOW_MIN_KB = 900 * 4;
export const BELOW_LOW_KB = 1_100 * 4;
export const PLENTY_KB = 50_000 * 4;
/** Pages of file LRU: with the one that is added, a round thousand. */
const FILE_PAGES = 999;

const utf8 = new TextEncoder();

/** Tags of events by level. */
export const TAGS = {
  low: EVENT_PSI_LOW << 24,
  some: EVENT_PSI_SOME << 24,
  full: EVENT_PSI_FULL << 24,
};

/** Averages over 10 s of one pressure file: some, full, percent. */
export type Averages = readonly [some: string, full: string];

/** The guard and its machine. */
export class Stage {
  readonly rig: Rig;
  readonly manager: SimClient;
  readonly apps: readonly SimProcess[];
  meminfo: Meminfo = { MemFree: PLENTY_KB };
  marks: readonly number[] = MARKS;
  refaults = 0;
  /** Whether every look finds that kswapd has scanned since the last. */
  reclaims = true;
  memory: Averages = ["0.00", "0.00"];
  io: Averages = ["0.00", "0.00"];
  cpu: Averages = ["0.00", "0.00"];
  /** Slots asked for, a bit each, by look. */
  readonly asked: number[] = [];
  #scanned = 1_000;

  constructor(
    sets: readonly string[] = [],
    plans: readonly ProcessPlan[] = [],
    plan: Partial<RigPlan> = {},
    calmMs = 1_500,
  ) {
    const set = ["strategy=lmkd", ...sets];
    const rig = makeRig(set, { untriggered: true, ...plan });
    this.rig = rig;
    const sense = rig.machine.sense.bind(rig.machine);
    rig.machine.sense = () => {
      const rc = sense();
      const slots = rig.arena.mailbox[MB_SLOTS];
      this.asked.push(slots);
      if (this.reclaims) this.#scanned++;
      for (const [slot, text] of this.#files()) {
        if ((slots >> slot & 1) !== 0) this.#write(slot, text);
      }
      return rc;
    };
    this.manager = rig.machine.connect(400);
    this.apps = plans.map((plan) => register(rig, this.manager, plan));
    rig.run(calmMs);
  }

  #write(slot: number, text: string): void {
    const { bytes, slotLengths } = this.rig.arena;
    const file = utf8.encode(text);
    if (slotLengths[slot] < 0) return;
    bytes.set(file, AT_FILES + SLOT_AT[slot]);
    slotLengths[slot] = file.length;
  }

  #files(): [slot: number, text: string][] {
    return [
      [SLOT_MEMINFO, this.#meminfoText()],
      [SLOT_VMSTAT, this.#vmstatText()],
      [SLOT_ZONEINFO, this.#zoneinfoText()],
      [SLOT_PRESSURE, pressureText(this.memory)],
      [SLOT_IO_PRESSURE, pressureText(this.io)],
      [SLOT_CPU_PRESSURE, pressureText(this.cpu)],
    ];
  }

  #meminfoText(): string {
    const line = (label: string, kb: number) =>
      `${label}:`.padEnd(16) + String(kb).padStart(8) + " kB\n";
    return line("MemTotal", 524_288) +
      line("MemAvailable", 262_144) +
      MEMINFO_LABELS.map((label) => line(label, this.meminfo[label] ?? 0))
        .join("");
  }

  #vmstatText(): string {
    return `nr_inactive_file ${FILE_PAGES}\nnr_active_file 0\n` +
      `workingset_refault_file ${this.refaults}\npgrefill 5\n` +
      `pgscan_kswapd ${this.#scanned}\npgscan_direct 0\n`;
  }

  #zoneinfoText(): string {
    const [min, low, high] = this.marks;
    return "Node 0, zone   Normal\n  per-node stats\n" +
      `      nr_inactive_file ${FILE_PAGES}\n      nr_active_file 0\n` +
      `      workingset_refault_file ${this.refaults}\n` +
      `  pages free     1\n        min      ${min}\n` +
      `        low      ${low}\n        high     ${high}\n` +
      "        spanned  131072\n        present  131072\n" +
      "        managed  131072\n        cma      0\n" +
      "        protection: (0, 0, 0, 0, 0)\n      nr_free_pages 1\n" +
      "  pagesets\n    cpu: 0\n              count: 4\n";
  }

  /** An event comes, and the guard has its turn. */
  event(level: keyof typeof TAGS): void {
    this.eventAt(level, this.rig.world.nowUs / 1000);
  }

  /** Takes turns until so many were signalled; fails after 2 s of clock. */
  untilSignals(count: number): void {
    const { machine, world } = this.rig;
    const endUs = world.nowUs + 2_000_000;
    while (machine.signals.length < count) {
      const { length } = machine.signals;
      assert.ok(world.nowUs < endUs, `${length} signals, not ${count}`);
      this.rig.turn();
    }
  }

  /** An event comes at this time of the guard's clock, ms, and has its turn. */
  eventAt(level: keyof typeof TAGS, ms: number): void {
    const { machine, world } = this.rig;
    world.at(ms * 1000, () => machine.triggered(TAGS[level]));
    do {
      this.asked.length = 0;
      this.rig.turn();
    } while (world.nowUs < ms * 1000);
  }

  /** Whether each look of the last event's turn asked for a slot. */
  asksFor(slot: number): boolean[] {
    return this.asked.map((slots) => (slots >> slot & 1) !== 0);
  }

  /** Counts the polls of so many ms. */
  pollsOf(ms: number): number {
    const { rig } = this;
    let before = rig.history[HIST_WAKEUPS];
    let polls = 0;
    rig.run(ms, () => {
      const now = rig.history[HIST_WAKEUPS];
      if (now > before) polls++;
      before = now;
    });
    return polls;
  }

  /** Where polling stands: POLL_*. */
  get poll(): number {
    return this.rig.history[HIST_POLL];
  }

  /** Clock at which the last turn woke, ms. */
  get wokeMs(): number {
    return Math.trunc(this.rig.arena.mailbox[MB_WOKE_US] / 1000);
  }

  /** Kills in order: reason, floor, and which of the apps. */
  kills(): [reason: number, floor: number, app: number][] {
    return this.records(KIND_KILL).map(({ at, words }) => {
      const { pid } = this.entries().find(({ serial }) =>
        serial === words[at]
      )!;
      return [
        words[at + J_REASON],
        words[at + J_FLOOR_ADJ],
        this.apps.findIndex((app) => app.pid === pid),
      ];
    });
  }

  /** Verdicts that found nobody, in order: reason, floor. */
  nobodies(): [reason: number, floor: number][] {
    return this.records(KIND_NO_VICTIM).map(({ at, words }) => [
      words[at + J_REASON],
      words[at + J_FLOOR_ADJ],
    ]);
  }

  records(kind: number): { at: number; words: Int32Array }[] {
    const words = this.rig.arena.journal;
    return recordsOf(words).filter((at) => words[at + J_KIND] === kind)
      .map((at) => ({ at, words }));
  }

  entries(): KillEntry[] {
    return killsOf(this.rig.arena.journal);
  }
}

function pressureText([some, full]: Averages): string {
  return `some avg10=${some} avg60=0.00 avg300=0.00 total=0\n` +
    `full avg10=${full} avg60=0.00 avg300=0.00 total=0\n`;
}

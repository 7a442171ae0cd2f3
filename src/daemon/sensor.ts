// @hot
// Sense: reads the open files of the machine or of one memory group into the
// snapshot, and derives headroom, its slope and the share of time stalled.
// Fast files are read each turn; slow ones when the caller asks.

import { INT_MAX, mulDiv } from "../base/int.ts";
import { SLOTS_MAX, ZRAMS_MAX } from "../base/limits.ts";
import { ABSENT } from "../base/scan.ts";
import { parseGroupKb, parseOomKill } from "../kernel/memcg.ts";
import { parseMemoryStatV1 } from "../kernel/memcg_v1.ts";
import { parseMemoryStatV2 } from "../kernel/memcg_v2.ts";
import { parseMeminfo } from "../kernel/meminfo.ts";
import { clearZram, parseMmStat } from "../kernel/mm_stat.ts";
import { parseAverages, parsePressure } from "../kernel/pressure.ts";
import { parseSwaps } from "../kernel/swaps.ts";
import { parseVmstat } from "../kernel/vmstat.ts";
import { parseZoneinfo } from "../kernel/zoneinfo.ts";
import { watermarkLevel } from "../policy/watermarks.ts";
import type { Arena } from "../state/arena.ts";
import { G_SENSE_ERRORS } from "../state/gauges.ts";
import { AT_FILES, MB_NOW_MS, MB_SLOTS } from "../state/layout.ts";
import { SET_PAGE_KB, SET_RESERVE_KB } from "../state/settings.ts";
import {
  ACTIVE_FILE_KB,
  EXHAUSTION_MS,
  FILE_LRU_PAGES,
  HEADROOM_KB,
  INACTIVE_FILE_KB,
  MEM_AVAILABLE_KB,
  MEM_FREE_KB,
  MEM_TOTAL_KB,
  MEMCG_USAGE_KB,
  MEMSW_USAGE_KB,
  NOW_MS,
  PSI_CPU_FULL_AVG10_CENTI,
  PSI_CPU_SOME_AVG10_CENTI,
  PSI_IO_FULL_AVG10_CENTI,
  PSI_IO_SOME_AVG10_CENTI,
  REFAULT,
  SHRINK_KB_PER_S,
  SLAB_RECLAIMABLE_KB,
  SNAPSHOT_COLUMNS,
  SWAP_FREE_KB,
  SWAP_TOTAL_KB,
  SWAP_ZRAM_TOTAL_KB,
  VM_FILE_LRU_PAGES,
  VM_REFAULT_FILE,
  WATERMARK_LEVEL,
  ZONE_FILE_LRU_PAGES,
  ZONE_REFAULT_FILE,
} from "../state/snapshot.ts";
import type { Ports } from "./ports.ts";
import { Slope } from "./slope.ts";
import { Stall } from "./stall.ts";

// Slots of the sense call.
export const SLOT_MEMINFO = 0;
export const SLOT_PRESSURE = 1;
export const SLOT_ZONEINFO = 2;
export const SLOT_VMSTAT = 3;
export const SLOT_SWAPS = 4;
/** The first of ZRAMS_MAX. */
export const SLOT_ZRAM = 5;
export const SLOT_GROUP_USAGE = 10;
export const SLOT_GROUP_LIMIT = 11;
export const SLOT_GROUP_STAT = 12;
export const SLOT_GROUP_EVENTS = 13;
export const SLOT_IO_PRESSURE = 14;
export const SLOT_CPU_PRESSURE = 15;
/** Use of memory, and of memory and swap, of memcg v1's root group. */
export const SLOT_MEMCG_USAGE = 16;
export const SLOT_MEMSW_USAGE = 17;

/** Offset of each slot's buffer, in the order of the slots, and its size. */
export const SLOT_AT = new Int32Array(SLOTS_MAX);
export const SLOT_BYTES = new Int32Array(SLOTS_MAX);
SLOT_AT.set([0, 4096, 65_536, 32_768, 8_192, 12_288, 12_544, 12_800, 13_056]);
SLOT_BYTES.set([4096, 512, 262_144, 16_384, 4_096, 256, 256, 256, 256]);
SLOT_AT.set([13_312, 13_440, 16_384, 13_568], SLOT_GROUP_USAGE);
SLOT_BYTES.set([128, 128, 16_384, 512], SLOT_GROUP_USAGE);
SLOT_AT.set([14_080, 14_336, 14_592, 14_720], SLOT_IO_PRESSURE);
SLOT_BYTES.set([256, 256, 128, 128], SLOT_IO_PRESSURE);

/** Which group files are read: none, memcg v1, memcg v2. */
export const GROUP_NONE = 0;
export const GROUP_V1 = 1;
export const GROUP_V2 = 2;

const FAST = (1 << SLOT_MEMINFO) | (1 << SLOT_PRESSURE) |
  (1 << SLOT_GROUP_USAGE);
/** Slow, but its read allocates nothing in the kernel. */
const SLOW = (1 << SLOT_ZONEINFO) | (1 << SLOT_SWAPS) |
  (((1 << ZRAMS_MAX) - 1) << SLOT_ZRAM) | (1 << SLOT_GROUP_LIMIT) |
  (1 << SLOT_GROUP_EVENTS) | (1 << SLOT_GROUP_STAT) |
  (1 << SLOT_IO_PRESSURE) | (1 << SLOT_CPU_PRESSURE);
/** Reading this allocates in the kernel every time (mm/vmstat.c). */
const CALM = 1 << SLOT_VMSTAT;
/** What only the old strategy asks for. */
const OLD = (1 << SLOT_MEMCG_USAGE) | (1 << SLOT_MEMSW_USAGE);

/** Only the fast files. */
export const SENSE_FAST = 0;
/** The slow files too. */
export const SENSE_SLOW = 1;
/** Everything, also what allocates: `adaptive` never asks for it while memory
 * is short. */
export const SENSE_ALL = 2;
/** What lmkd reads in each pass: meminfo and vmstat, and pressure (AOSP
 * lmkd.cpp, mp_event_psi). Zoneinfo when the pass asks for it. */
export const SENSE_PASS = 3;
/** ... and zoneinfo, whose watermarks are a minute old. */
export const SENSE_PASS_ZONES = 4;

/** The senses of one guard. */
export class Sensor {
  readonly #ports: Ports;
  /** The buffer of each slot: a parser that looks for what is not there stops
   * at its end and touches no page beyond. */
  readonly #files: Uint8Array[];
  readonly #mailbox: Int32Array;
  readonly #lengths: Int32Array;
  readonly #snapshot: Int32Array;
  readonly #settings: Int32Array;
  readonly #gauges: Int32Array;
  readonly #slope = new Slope();
  #slots: number;
  readonly #group: number;
  readonly #stall: Stall;

  /** Slots named in `slots` (a bit each) are open; `group` is GROUP_*. */
  constructor(ports: Ports, arena: Arena, slots: number, group: number) {
    this.#ports = ports;
    this.#files = Array.from(SLOT_AT, (at, slot) => {
      const start = AT_FILES + at;
      return arena.bytes.subarray(start, start + SLOT_BYTES[slot]);
    });
    this.#mailbox = arena.mailbox;
    this.#lengths = arena.slotLengths;
    this.#snapshot = arena.snapshot;
    this.#settings = arena.settings;
    this.#gauges = arena.gauges;
    this.#slots = slots;
    this.#group = group;
    this.#snapshot.fill(ABSENT, 0, SNAPSHOT_COLUMNS);
    this.#stall = new Stall(arena.snapshot, arena.settings);
  }

  /** Zram swap is in use, but none of its devices was open at start. */
  get missesZram(): boolean {
    return orZero(this.#snapshot, SWAP_ZRAM_TOTAL_KB) > 0 &&
      (this.#slots & (1 << SLOT_ZRAM)) === 0;
  }

  /** Further slots are open now. */
  addSlots(slots: number): void {
    this.#slots |= slots;
  }

  /** Reads and derives; `depth` is SENSE_*. 0, or -errno of the one file that
   * nothing works without. */
  sense(depth: number): number {
    let wanted = FAST;
    if (depth >= SENSE_SLOW) wanted |= SLOW;
    if (depth >= SENSE_ALL) wanted |= CALM;
    if (depth >= SENSE_PASS) wanted |= OLD;
    if (depth === SENSE_PASS) wanted &= ~(1 << SLOT_ZONEINFO);
    this.#mailbox[MB_SLOTS] = wanted & this.#slots;
    this.#ports.sense();
    const snapshot = this.#snapshot;
    snapshot[NOW_MS] = this.#mailbox[MB_NOW_MS];
    this.#parsePressure();
    if (depth >= SENSE_SLOW) this.#parseSlow();
    if (depth >= SENSE_ALL) this.#parseVmstat();
    const rc = this.#group === GROUP_NONE
      ? this.#parseMachine()
      : this.#parseGroup();
    if (rc < 0) {
      this.#gauges[G_SENSE_ERRORS]++;
      return rc;
    }
    this.#chooseRefaults(depth);
    this.#derive();
    return 0;
  }

  /** Bytes that the last sense call read into a slot; 0 for none. */
  #length(slot: number): number {
    if ((this.#mailbox[MB_SLOTS] & (1 << slot)) === 0) return 0;
    return this.#lengths[slot] > 0 ? this.#lengths[slot] : 0;
  }

  #parsePressure(): void {
    const length = this.#length(SLOT_PRESSURE);
    if (length > 0) {
      parsePressure(this.#files[SLOT_PRESSURE], 0, length, this.#snapshot);
    }
  }

  #parseSlow(): void {
    const files = this.#files;
    const snapshot = this.#snapshot;
    let length = this.#length(SLOT_ZONEINFO);
    if (length > 0) parseZoneinfo(files[SLOT_ZONEINFO], 0, length, snapshot);
    length = this.#length(SLOT_SWAPS);
    if (length > 0) parseSwaps(files[SLOT_SWAPS], 0, length, snapshot);
    clearZram(snapshot);
    for (let slot = SLOT_ZRAM; slot < SLOT_ZRAM + ZRAMS_MAX; slot++) {
      length = this.#length(slot);
      if (length > 0) parseMmStat(files[slot], 0, length, snapshot);
    }
    this.#parseOthers();
    if (this.#group !== GROUP_NONE) this.#parseGroupStat();
  }

  /** What is only told: stalls for io and cpu, use of the root group. */
  #parseOthers(): void {
    const files = this.#files;
    const snapshot = this.#snapshot;
    let length = this.#length(SLOT_IO_PRESSURE);
    if (length > 0) {
      parseAverages(
        files[SLOT_IO_PRESSURE],
        0,
        length,
        snapshot,
        PSI_IO_SOME_AVG10_CENTI,
        PSI_IO_FULL_AVG10_CENTI,
      );
    }
    length = this.#length(SLOT_CPU_PRESSURE);
    if (length > 0) {
      parseAverages(
        files[SLOT_CPU_PRESSURE],
        0,
        length,
        snapshot,
        PSI_CPU_SOME_AVG10_CENTI,
        PSI_CPU_FULL_AVG10_CENTI,
      );
    }
    length = this.#length(SLOT_MEMCG_USAGE);
    if (length > 0) {
      const file = files[SLOT_MEMCG_USAGE];
      snapshot[MEMCG_USAGE_KB] = parseGroupKb(file, 0, length);
    }
    length = this.#length(SLOT_MEMSW_USAGE);
    if (length > 0) {
      const file = files[SLOT_MEMSW_USAGE];
      snapshot[MEMSW_USAGE_KB] = parseGroupKb(file, 0, length);
    }
  }

  /** Refaults and file pages from the freshest file: vmstat where this look
   * read it, else zoneinfo. Both tell the same node counters, summed. */
  #chooseRefaults(depth: number): void {
    const snapshot = this.#snapshot;
    const vmstat = this.#length(SLOT_VMSTAT) > 0 &&
      snapshot[VM_REFAULT_FILE] !== ABSENT;
    const zones = snapshot[ZONE_REFAULT_FILE] !== ABSENT;
    if (vmstat || !zones) {
      if (!vmstat && depth < SENSE_SLOW) return;
      snapshot[REFAULT] = snapshot[VM_REFAULT_FILE];
      snapshot[FILE_LRU_PAGES] = snapshot[VM_FILE_LRU_PAGES];
      return;
    }
    snapshot[REFAULT] = snapshot[ZONE_REFAULT_FILE];
    snapshot[FILE_LRU_PAGES] = snapshot[ZONE_FILE_LRU_PAGES];
  }

  /** The group's counters. memory.stat of v2 allocates when it is read, but a
   * stale figure for its file cache would hide that the cache is gone. */
  #parseGroupStat(): void {
    const shift = 31 - Math.clz32(this.#settings[SET_PAGE_KB]);
    const snapshot = this.#snapshot;
    let file = this.#files[SLOT_GROUP_STAT];
    let length = this.#length(SLOT_GROUP_STAT);
    if (length > 0 && this.#group === GROUP_V2) {
      parseMemoryStatV2(file, 0, length, snapshot, shift);
    } else if (length > 0) {
      parseMemoryStatV1(file, 0, length, snapshot, shift);
    }
    file = this.#files[SLOT_GROUP_EVENTS];
    length = this.#length(SLOT_GROUP_EVENTS);
    if (length > 0) parseOomKill(file, 0, length, snapshot);
  }

  #parseVmstat(): void {
    const length = this.#length(SLOT_VMSTAT);
    if (length > 0) {
      parseVmstat(this.#files[SLOT_VMSTAT], 0, length, this.#snapshot);
    }
  }

  #parseMachine(): number {
    const length = this.#lengths[SLOT_MEMINFO];
    if (length <= 0) return length < 0 ? length : -5;
    const snapshot = this.#snapshot;
    const file = this.#files[SLOT_MEMINFO];
    if (parseMeminfo(file, 0, length, snapshot) === 0) return -74;
    if (snapshot[MEM_FREE_KB] === ABSENT) return -74;
    if (snapshot[MEM_AVAILABLE_KB] === ABSENT) {
      // Kernels before 3.14: half of what could be dropped, as the kernel's
      // own formula does at worst (mm/page_alloc.c, si_mem_available).
      snapshot[MEM_AVAILABLE_KB] = snapshot[MEM_FREE_KB] +
        (orZero(snapshot, INACTIVE_FILE_KB) >> 1) +
        (orZero(snapshot, ACTIVE_FILE_KB) >> 1) +
        (orZero(snapshot, SLAB_RECLAIMABLE_KB) >> 1);
    }
    return 0;
  }

  /** A group fills the machine's columns: its limit is the total. */
  #parseGroup(): number {
    const snapshot = this.#snapshot;
    let length = this.#length(SLOT_GROUP_LIMIT);
    if (length > 0) {
      const file = this.#files[SLOT_GROUP_LIMIT];
      snapshot[MEM_TOTAL_KB] = parseGroupKb(file, 0, length);
    }
    length = this.#lengths[SLOT_GROUP_USAGE];
    if (length <= 0) return length < 0 ? length : -5;
    const usage = parseGroupKb(this.#files[SLOT_GROUP_USAGE], 0, length);
    const total = snapshot[MEM_TOTAL_KB];
    if (usage === ABSENT || total === ABSENT) return -74;
    snapshot[MEM_FREE_KB] = usage > total ? 0 : total - usage;
    snapshot[MEM_AVAILABLE_KB] = snapshot[MEM_FREE_KB] +
      orZero(snapshot, INACTIVE_FILE_KB);
    snapshot[SWAP_TOTAL_KB] = 0;
    snapshot[SWAP_FREE_KB] = 0;
    return 0;
  }

  #derive(): void {
    const snapshot = this.#snapshot;
    const headroom = snapshot[MEM_AVAILABLE_KB] -
      this.#settings[SET_RESERVE_KB];
    snapshot[HEADROOM_KB] = headroom;
    snapshot[SHRINK_KB_PER_S] = this.#slope.note(snapshot[NOW_MS], headroom);
    snapshot[EXHAUSTION_MS] = snapshot[SHRINK_KB_PER_S] > 0
      ? mulDiv(Math.max(headroom, 0), 1000, snapshot[SHRINK_KB_PER_S])
      : INT_MAX;
    snapshot[WATERMARK_LEVEL] = watermarkLevel(snapshot, this.#settings);
    this.#stall.derive();
  }

  /** Begins the slope anew from the last look: memory has come back by a kill,
   * and the fall of before it is no measure of what comes. `rateKbPerS`: the
   * fall at which that kill was decided. */
  restartSlope(rateKbPerS: number): void {
    const snapshot = this.#snapshot;
    const rate = rateKbPerS === ABSENT ? INT_MAX : rateKbPerS;
    this.#slope.restart(snapshot[NOW_MS], snapshot[HEADROOM_KB], rate);
    snapshot[SHRINK_KB_PER_S] = ABSENT;
    snapshot[EXHAUSTION_MS] = INT_MAX;
  }

  /** A trigger fired: tasks stalled for at least its threshold. */
  noteTrigger(full: boolean): void {
    this.#stall.noteTrigger(full, this.#mailbox[MB_NOW_MS]);
  }
}

function orZero(snapshot: Int32Array, column: number): number {
  return snapshot[column] === ABSENT ? 0 : snapshot[column];
}

// The simulated machine's memory, in kB: free pages, file cache, what processes
// hold, swap. Reclaim goes as the kernel's does: kswapd below the low
// watermark, the allocating task itself at the min watermark, file cache
// before memory of processes, locked memory never. Every kB is accounted for.

import { ALIVE, type SimProcess } from "./process.ts";

/** What the machine has. */
export interface MemoryPlan {
  readonly totalKb: number;
  /** Kernel and drivers, kB. */
  readonly kernelKb: number;
  /** File cache at start, kB. */
  readonly fileKb: number;
  /** File cache that running programs keep reading, kB. */
  readonly hotFileKb: number;
  /** Swap, kB; 0 is none. */
  readonly swapKb: number;
  /** Size stored in zram over the memory that takes, percent; 0: the swap is
   * on a disk. */
  readonly zramPercent: number;
}

/** File cache that reclaim never gets at, kB: mapped and busy. */
const FILE_LEAST_KB = 4_096;
/** What kswapd and direct reclaim get back per ms (measured under load, 1 GiB
 * VM: clean file pages about 1 GB/s, zram about 200 MB/s). */
const FILE_KB_PER_MS = 1_000;
const SWAP_KB_PER_MS = 200;
/** What scattered reads of a phone's flash come to (eMMC 5.1, 4 kB pages with
 * read-ahead). */
const READ_KB_PER_MS = 100;
/** Pages looked at to get one: clean file pages, those of running programs,
 * memory of processes (each is given a second chance; mm/vmscan.c). */
const SCAN_CLEAN = 1;
const SCAN_HOT = 2;
const SCAN_SWAP = 2;
/** Pages looked at per ms when nothing can be got back: SWAP_CLUSTER_MAX at a
 * time (mm/vmscan.c). */
const SCAN_VAIN_PER_MS = 320;
/** Unmet demand with nothing left to reclaim for this long wakes the kernel's
 * OOM killer, us: 10 to 30 ms after the last page (measured on 6.1, 6.12). */
const OOM_AFTER_US = 15_000;

/** The memory. */
export class Memory {
  readonly plan: MemoryPlan;
  readonly minKb: number;
  readonly lowKb: number;
  readonly highKb: number;
  freeKb: number;
  fileKb: number;
  /** What the guard holds to give back, kB. */
  ballastKb = 0;
  /** In swap, kB. */
  storedKb = 0;
  /** Counters of /proc/vmstat, pages. */
  refaults = 0;
  scannedDirect = 0;
  scannedKswapd = 0;
  refilled = 0;
  /** Pages got back by scanning. */
  reclaimed = 0;
  swappedOut = 0;
  stalls = 0;
  #stuckUs = 0;
  #hand = 0;

  constructor(plan: MemoryPlan) {
    this.plan = plan;
    // min_free_kbytes = sqrt(16 * lowmem) (mm/page_alloc.c,
    // calculate_min_free_kbytes); low and high a quarter and a half above.
    this.minKb = Math.trunc(Math.sqrt(plan.totalKb * 16));
    this.lowKb = this.minKb + (this.minKb >> 2);
    this.highKb = this.minKb + (this.minKb >> 1);
    this.fileKb = plan.fileKb;
    this.freeKb = plan.totalKb - plan.kernelKb - plan.fileKb;
  }

  /** What the swapped memory takes of RAM, kB. */
  get zramKb(): number {
    const percent = this.plan.zramPercent;
    return percent === 0 ? 0 : this.storedKb * 100 / percent;
  }

  get swapFreeKb(): number {
    return this.plan.swapKb - this.storedKb;
  }

  /** MemAvailable (mm/page_alloc.c, si_mem_available). */
  get availableKb(): number {
    const cache = this.fileKb - Math.min(this.fileKb / 2, this.lowKb);
    return Math.max(this.freeKb - this.highKb + cache, 0);
  }

  /** Whether unmet demand has lasted until the kernel kills. */
  get isOut(): boolean {
    return this.#stuckUs > OOM_AFTER_US;
  }

  /** Whether reclaim is at work or about to be. */
  get isShort(): boolean {
    return this.freeKb < this.highKb || this.fileKb < this.plan.hotFileKb ||
      this.#stuckUs > 0;
  }

  /** Gives a process `wantKb` within `us`; answers the time it waited, us. */
  grow(
    to: SimProcess,
    wantKb: number,
    us: number,
    all: readonly SimProcess[],
  ): number {
    let waitedUs = 0;
    let got = Math.min(wantKb, Math.max(this.freeKb - this.minKb, 0));
    this.#give(to, got);
    if (got < wantKb) {
      this.stalls++;
      waitedUs = this.#reclaim(wantKb - got, us, all, true);
      const more = Math.max(this.freeKb - this.minKb, 0);
      got = Math.min(wantKb - got, more);
      this.#give(to, got);
      this.#stuckUs = got > 0 ? 0 : this.#stuckUs + us;
      if (got === 0) waitedUs = us;
    } else if (wantKb > 0) {
      this.#stuckUs = 0;
    }
    return waitedUs;
  }

  #give(to: SimProcess, kb: number): void {
    to.minorFaults += kb / 4;
    to.anonKb += kb;
    this.freeKb -= kb;
  }

  /** Takes up to `kb` back from an exiting process, resident memory first. */
  release(from: SimProcess, kb: number): void {
    const resident = Math.min(kb, from.anonKb);
    from.anonKb -= resident;
    this.freeKb += resident;
    const swapped = Math.min(kb - resident, from.swapKb);
    const zramKb = this.zramKb;
    from.swapKb -= swapped;
    this.storedKb -= swapped;
    this.freeKb += zramKb - this.zramKb;
    this.#stuckUs = 0;
  }

  /** kswapd: from the low watermark up to the high one. */
  background(us: number, all: readonly SimProcess[]): void {
    if (this.freeKb >= this.lowKb) return;
    this.#reclaim(this.highKb - this.freeKb, us, all, false);
  }

  /** What the busy lost is read again: share of the time they wait, 0..1. */
  refault(us: number): number {
    const lostKb = Math.max(this.plan.hotFileKb - this.fileKb, 0);
    // What is missing is read again, and stays where there is room for it.
    const readKb = Math.min(lostKb, us / 1000 * READ_KB_PER_MS);
    this.refaults += readKb / 4;
    const keptKb = Math.min(readKb, Math.max(this.freeKb - this.highKb, 0));
    this.fileKb += keptKb;
    this.freeKb -= keptKb;
    return lostKb / (this.plan.hotFileKb + 1);
  }

  /** Frees up to `kb` within `us`; answers the time it took, us. */
  #reclaim(
    kb: number,
    us: number,
    all: readonly SimProcess[],
    direct: boolean,
  ): number {
    let left = us;
    let need = kb;
    const spareKb = this.fileKb - Math.max(this.plan.hotFileKb, FILE_LEAST_KB);
    const dropped = this.#dropFile(Math.min(need, spareKb), left);
    this.#scanned(dropped, SCAN_CLEAN, direct);
    need -= dropped;
    left -= dropped / FILE_KB_PER_MS * 1000;
    if (need > 0 && left > 0) {
      const before = this.freeKb;
      const moved = this.#swapOut(need * 2, left, all);
      this.#scanned(moved, SCAN_SWAP, direct);
      need -= this.freeKb - before;
      left -= moved / SWAP_KB_PER_MS * 1000;
    }
    if (need > 0 && left > 0) {
      const hot = this.#dropFile(
        Math.min(need, this.fileKb - FILE_LEAST_KB),
        left,
      );
      this.#scanned(hot, SCAN_HOT, direct);
      need -= hot;
      left -= hot / FILE_KB_PER_MS * 1000;
    }
    if (need > 0 && left > 0) {
      this.#count(left / 1000 * SCAN_VAIN_PER_MS, direct);
    }
    return us - Math.max(left, 0);
  }

  #dropFile(wantKb: number, us: number): number {
    const kb = Math.max(Math.min(wantKb, us / 1000 * FILE_KB_PER_MS), 0);
    this.fileKb -= kb;
    this.freeKb += kb;
    return kb;
  }

  /** So much was got back, `each` pages having been looked at for one. */
  #scanned(kb: number, each: number, direct: boolean): void {
    this.reclaimed += kb / 4;
    this.#count(kb / 4 * each, direct);
  }

  #count(pages: number, direct: boolean): void {
    if (direct) this.scannedDirect += pages;
    else this.scannedKswapd += pages;
    this.refilled += pages / 2;
  }

  /** Swaps out what is cold, a process after the other; answers kB moved. */
  #swapOut(wantKb: number, us: number, all: readonly SimProcess[]): number {
    const most = Math.min(
      wantKb,
      us / 1000 * SWAP_KB_PER_MS,
      this.swapFreeKb,
    );
    let moved = 0;
    for (let i = 0; i < all.length && moved < most; i++) {
      this.#hand = (this.#hand + 1) % all.length;
      const process = all[this.#hand];
      if (process.state !== ALIVE) continue;
      const kb = Math.min(process.coldKb, most - moved);
      process.anonKb -= kb;
      process.swapKb += kb;
      moved += kb;
    }
    const zramKb = this.zramKb;
    this.storedKb += moved;
    this.freeKb += moved - (this.zramKb - zramKb);
    this.swappedOut += moved / 4;
    return moved;
  }
}

// The ports of a rehearsal: they pretend a machine whose memory runs out, and a
// client that registers somebody who may die. They reach no kernel.

import type { Arena } from "../state/arena.ts";
import {
  AT_FILES,
  AT_PACKET,
  AT_SAMPLES,
  EVENT_CLIENT,
  EVENT_LISTENER,
  EVENT_PSI_FULL,
  EVENT_PSI_LOW,
  EVENT_PSI_SOME,
  EVENT_VICTIM,
  MB_ADJ,
  MB_COUNT,
  MB_DRY_RUN,
  MB_EVENTS,
  MB_NOW_MS,
  MB_NOW_US,
  MB_PID,
  MB_SIGNALS,
  MB_STATUS_FD,
  MB_TITLES,
  MB_UID,
  MB_WOKE_US,
  SAMPLE_BYTES,
} from "../state/layout.ts";
import {
  LMK_PROCPRIO,
  LMK_SUBSCRIBE,
  LMK_TARGET,
  putWord,
  SUBSCRIBE_KILL,
  SUBSCRIBE_STAT,
} from "../wire/lmkd.ts";
import type { Ports } from "./ports.ts";
import {
  SLOT_AT,
  SLOT_MEMCG_USAGE,
  SLOT_MEMINFO,
  SLOT_MEMSW_USAGE,
  SLOT_VMSTAT,
  SLOT_ZONEINFO,
} from "./sensor.ts";

/** A client that registers who is to die. */
const CLIENT_PID = 1_000;

function statusOf(pid: number): string {
  return "Name:\trehearsal\nState:\tS (sleeping)\n" +
    `Tgid:\t${pid}\nPid:\t${pid}\n` +
    "PPid:\t1\nUid:\t10000\t10000\t10000\t10000\nVmRSS:\t   40000 kB\n" +
    "RssAnon:\t   40000 kB\nRssFile:\t       0 kB\nRssShmem:\t       0 kB\n" +
    "VmSwap:\t       0 kB\n";
}

/** As fs/proc/array.c prints it: faults and the start are what is told on. */
const STAT = `(rehearsal) S 1 1 1 0 -1 4194560 900 0 12 0 5 2 0 0 20 ` +
  "0 1 0 4242 41943040 10000 18446744073709551615\n";
/** Descriptor of the stat file; all others share another. */
const STAT_FD = 2;
/** Tier of minfree, pages: 400 MB in pages of 4 kB. */
const TIER_PAGES = 100_000;
/** oom_score_adj of who is to die: comes first in its band. */
export const REHEARSED_ADJ = 910;
/** What its client sends: a tier, to be told of kills, two apps to choose from,
 * of which the first, told of twice, is the one to die. */
function packetsOf(pid: number): number[][] {
  return [
    [LMK_TARGET, TIER_PAGES, 0],
    [LMK_SUBSCRIBE, SUBSCRIBE_KILL],
    [LMK_SUBSCRIBE, SUBSCRIBE_STAT],
    [LMK_PROCPRIO, pid, 10_000, REHEARSED_ADJ],
    [LMK_PROCPRIO, pid + 1, 10_000, 900],
    [LMK_PROCPRIO, pid, 10_000, REHEARSED_ADJ],
  ];
}
/** As mm/vmstat.c prints it: 40 MB or more are to stay free. */
const ZONEINFO = "Node 0, zone   Normal\n  per-node stats\n" +
  "      nr_inactive_file 1000\n      nr_active_file 1000\n" +
  "  pages free     50000\n        min      10000\n" +
  "        low      20000\n        high     30000\n" +
  "        present  250000\n        managed  250000\n" +
  "        protection: (0, 0)\n  pagesets\n";
const TURN_MS = 400;
const EAGAIN = -11;
const NO_ENTRY = -2;

/** What can be read of it. */
export const PRETENDED_SLOTS = (1 << SLOT_MEMINFO) | (1 << SLOT_VMSTAT) |
  (1 << SLOT_ZONEINFO) | (1 << SLOT_MEMCG_USAGE) | (1 << SLOT_MEMSW_USAGE);

/** A line as fs/proc/meminfo.c prints it. */
function meminfoLine(name: string, kb: number): string {
  return `${name.padEnd(16)}${String(kb).padStart(8)} kB\n`;
}

/** Ports that pretend a machine whose memory runs out. */
export class PretendedPorts implements Ports {
  protected readonly arena: Arena;
  /** Who is to die. */
  protected readonly pid: number;
  readonly #utf8 = new TextEncoder();
  readonly #status: string;
  readonly #stat: string;
  readonly #packets: readonly (readonly number[])[];
  #turn = 0;
  /** Packets sent, of those that are due. */
  #sent = 0;
  #due = 0;
  #accepted = false;
  #killed = false;
  /** Descriptor of the stat file; all others share another. */
  protected statFd = STAT_FD;

  constructor(arena: Arena, pid: number) {
    this.arena = arena;
    this.pid = pid;
    this.#status = statusOf(pid);
    this.#stat = `${pid} ${STAT}`;
    this.#packets = packetsOf(pid);
  }

  /** Whether the victim's death is there to be told. */
  protected isDead(): boolean {
    return this.#killed;
  }

  wait(): number {
    const { mailbox, events } = this.arena;
    this.#turn++;
    this.clock();
    mailbox[MB_WOKE_US] = mailbox[MB_NOW_US];
    mailbox[MB_SIGNALS] = 0;
    const kinds = [EVENT_LISTENER, EVENT_CLIENT];
    if (this.#turn % 10 === 5) {
      kinds.push(EVENT_PSI_LOW, EVENT_PSI_SOME, EVENT_PSI_FULL);
    }
    if (this.isDead()) kinds.push(EVENT_VICTIM);
    if (this.#turn === 2) this.#due = this.#packets.length - 1;
    if (this.#turn === 4) this.#due = this.#packets.length;
    for (const [i, kind] of kinds.entries()) {
      events.set([kind << 24, this.pid, 1, 0], i * 4);
    }
    mailbox[MB_EVENTS] = kinds.length;
    return 0;
  }

  clock(): number {
    this.arena.mailbox[MB_NOW_MS] = this.#turn * TURN_MS;
    this.arena.mailbox[MB_NOW_US] = this.#turn * TURN_MS * 1_000;
    return 0;
  }

  /** MemAvailable falls by 40 MB a turn until somebody is killed. */
  sense(): number {
    const left = this.#killed ? 800_000 : 800_000 - this.#turn * 40_000;
    this.#show(
      SLOT_MEMINFO,
      meminfoLine("MemTotal:", 1_000_000) +
        meminfoLine("MemFree:", Math.max(left, 0)) +
        meminfoLine("MemAvailable:", Math.max(left, 0)),
    );
    // Reclaim goes on while memory falls.
    const scanned = this.#killed ? 0 : this.#turn * 1_000;
    this.#show(
      SLOT_VMSTAT,
      "nr_inactive_file 1000\nnr_active_file 1000\n" +
        `workingset_refault_file 0\npgscan_kswapd ${scanned}\n` +
        "pgscan_direct 0\npgrefill 0\n",
    );
    this.#show(SLOT_ZONEINFO, ZONEINFO);
    this.#show(SLOT_MEMCG_USAGE, "1000000000\n");
    this.#show(SLOT_MEMSW_USAGE, "1000000000\n");
    return this.clock();
  }

  #show(slot: number, text: string): void {
    const bytes = this.#utf8.encode(text);
    this.arena.bytes.set(bytes, AT_FILES + SLOT_AT[slot]);
    this.arena.slotLengths[slot] = bytes.length;
  }

  sample(): number {
    const { mailbox, sampleFds, sampleLengths } = this.arena;
    for (let i = 0; i < mailbox[MB_COUNT]; i++) {
      const text = sampleFds[i] === this.statFd ? this.#stat : this.#status;
      const bytes = this.#utf8.encode(text);
      this.arena.bytes.set(bytes, AT_SAMPLES + i * SAMPLE_BYTES);
      sampleLengths[i] = bytes.length;
    }
    return this.clock();
  }

  receive(): number {
    if (this.#sent === this.#due) return EAGAIN;
    const words = this.#packets[this.#sent++];
    const { bytes, mailbox } = this.arena;
    for (const [i, word] of words.entries()) {
      putWord(bytes, AT_PACKET + i * 4, word);
    }
    mailbox[MB_PID] = CLIENT_PID;
    mailbox[MB_UID] = 10_000;
    return words.length * 4;
  }

  /** Also asked whether somebody lives, which kills nobody. */
  kill(): number {
    if (this.arena.mailbox[MB_DRY_RUN] === 0) this.#killed = true;
    return 0;
  }

  accept(): number {
    if (this.#accepted) return EAGAIN;
    this.#accepted = true;
    return 1;
  }

  adopt(): number {
    const { mailbox } = this.arena;
    mailbox[MB_COUNT] = 1;
    this.arena.sampleFds[0] = 1;
    this.sample();
    mailbox[MB_ADJ] = 900;
    mailbox[MB_STATUS_FD] = 1;
    return 1;
  }

  readAdj(): number {
    this.arena.mailbox[MB_ADJ] = 900;
    return 0;
  }

  readStart(): number {
    this.arena.mailbox[MB_COUNT] = 1;
    return 0;
  }

  openStatus(): number {
    return 1;
  }

  openStat(): number {
    this.arena.mailbox[MB_COUNT] = 0;
    return STAT_FD;
  }

  softLimit(): number {
    return NO_ENTRY;
  }

  /** The names are read at once, and are empty. */
  askTitles(): number {
    this.arena.mailbox[MB_TITLES]++;
    return 0;
  }

  scan(): number {
    this.arena.mailbox[MB_COUNT] = 0;
    return 0;
  }

  send(): number {
    return 0;
  }

  persist(): number {
    return 0;
  }

  close(): number {
    return 0;
  }

  writeAdj(): number {
    return 0;
  }

  releaseBallast(): number {
    return 0;
  }

  fillBallast(): number {
    return this.arena.mailbox[MB_COUNT];
  }
}

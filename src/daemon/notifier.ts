// @hot
// Tells subscribers of a kill, as lmkd does: its figures first, then who it
// was. What the victim's own files tell is read before the signal, from
// descriptors that were opened when there was time.

import { NAME_BYTES, TITLE_BYTES } from "../base/limits.ts";
import { parseGroupStat, parseTaskStat } from "../kernel/stat.ts";
import { known, usableSwapKb } from "../policy/watermarks.ts";
import type { Arena } from "../state/arena.ts";
import {
  clearStat,
  setStatMemory,
  STAT_ADJ,
  STAT_FLOOR_ADJ,
  STAT_FREE_KB,
  STAT_FREE_SWAP_KB,
  STAT_MAX_THRASHING_PERCENT,
  STAT_REASON,
  STAT_THRASHING_PERCENT,
  STAT_UID,
  STAT_WORDS,
} from "../state/kill_stat.ts";
import {
  AT_NAMES,
  AT_PACKET,
  AT_SAMPLES,
  AT_TITLES,
  MB_COUNT,
  VICTIM_WORDS,
} from "../state/layout.ts";
import {
  HIST_MAX_THRASHING_PERCENT,
  VERDICT_FLOOR_ADJ,
  VERDICT_REASON,
} from "../state/reasons.ts";
import { SET_LOG_STATS, SET_RELEASE } from "../state/settings.ts";
import { MEM_FREE_KB, THRASHING_PERCENT } from "../state/snapshot.ts";
import {
  ROW_STAT_GROUP,
  V_ADJ,
  V_FLAGS,
  V_PID,
  V_RSS_KB,
  V_STAT_FD,
  V_SWAP_KB,
  V_UID,
} from "../state/victims.ts";
import { SUBSCRIBE_KILL, SUBSCRIBE_STAT } from "../wire/lmkd.ts";
import {
  encodeKillOccurred,
  encodeProcKill,
  encodeStateChanged,
} from "../wire/messages.ts";
import type { Clients } from "./clients.ts";
import type { HotPorts } from "./ports.ts";

/** Ticks of /proc are 100 a second on every architecture that Linux knows to
 * user space (include/asm-generic/param.h, USER_HZ). */
const TICK_NS = 10_000_000;

/** The one who tells. */
export class Notifier {
  readonly #ports: HotPorts;
  readonly #arena: Arena;
  readonly #clients: Clients;
  readonly #stat = new Int32Array(STAT_WORDS);

  constructor(ports: HotPorts, arena: Arena, clients: Clients) {
    this.#ports = ports;
    this.#arena = arena;
    this.#clients = clients;
  }

  /** Whether anybody is to be told a kill's figures. */
  get statWanted(): boolean {
    return this.#arena.settings[SET_LOG_STATS] !== 0 &&
      this.#clients.anySubscribed(SUBSCRIBE_STAT);
  }

  /** Before the signal: the figures that die with the process. */
  readStat(row: number): void {
    clearStat(this.#stat);
    if (!this.statWanted) return;
    const rows = this.#arena.victims;
    const at = row * VICTIM_WORDS;
    if (rows[at + V_STAT_FD] < 0) return;
    this.#arena.sampleFds[0] = rows[at + V_STAT_FD];
    this.#arena.mailbox[MB_COUNT] = 1;
    this.#ports.sample();
    const length = this.#arena.sampleLengths[0];
    if (length <= 0) return;
    const bytes = this.#arena.bytes;
    const end = AT_SAMPLES + length;
    if ((rows[at + V_FLAGS] & ROW_STAT_GROUP) !== 0) {
      parseGroupStat(bytes, AT_SAMPLES, end, this.#stat);
      return;
    }
    if (parseTaskStat(bytes, AT_SAMPLES, end, this.#stat, TICK_NS) > 0) {
      setStatMemory(this.#stat, rows[at + V_RSS_KB], rows[at + V_SWAP_KB]);
    }
  }

  /** After the signal: who died, and under which figures. */
  tellKill(row: number, verdict: Int32Array, history: Int32Array): void {
    const bytes = this.#arena.bytes;
    const release = this.#arena.settings[SET_RELEASE];
    const rows = this.#arena.victims;
    const at = row * VICTIM_WORDS;
    if (this.statWanted) {
      this.#fill(at, verdict, history);
      const titled = bytes[AT_TITLES + row * TITLE_BYTES] !== 0;
      const length = encodeKillOccurred(
        bytes,
        AT_PACKET,
        this.#stat,
        bytes,
        titled ? AT_TITLES + row * TITLE_BYTES : AT_NAMES + row * NAME_BYTES,
        titled ? TITLE_BYTES : NAME_BYTES,
        release,
      );
      if (length > 0) this.#clients.publish(SUBSCRIBE_STAT, length);
    }
    if (!this.#clients.anySubscribed(SUBSCRIBE_KILL)) return;
    const length = encodeProcKill(
      bytes,
      AT_PACKET,
      rows[at + V_PID],
      rows[at + V_UID],
      rows[at + V_RSS_KB],
      release,
    );
    this.#clients.publish(SUBSCRIBE_KILL, length);
  }

  #fill(at: number, verdict: Int32Array, history: Int32Array): void {
    const stat = this.#stat;
    const snapshot = this.#arena.snapshot;
    const settings = this.#arena.settings;
    const rows = this.#arena.victims;
    stat[STAT_UID] = rows[at + V_UID];
    stat[STAT_ADJ] = rows[at + V_ADJ];
    stat[STAT_FLOOR_ADJ] = verdict[VERDICT_FLOOR_ADJ];
    stat[STAT_FREE_KB] = known(snapshot, MEM_FREE_KB);
    stat[STAT_FREE_SWAP_KB] = usableSwapKb(snapshot, settings);
    stat[STAT_REASON] = verdict[VERDICT_REASON];
    stat[STAT_THRASHING_PERCENT] = known(snapshot, THRASHING_PERCENT);
    stat[STAT_MAX_THRASHING_PERCENT] = history[HIST_MAX_THRASHING_PERCENT];
  }

  /** A shortage began or is over: STATE_START, STATE_STOP. Releases 12 to 14
   * are told. */
  tellState(state: number): void {
    if (!this.#clients.anySubscribed(SUBSCRIBE_STAT)) return;
    const release = this.#arena.settings[SET_RELEASE];
    const bytes = this.#arena.bytes;
    const length = encodeStateChanged(bytes, AT_PACKET, state, release);
    if (length > 0) this.#clients.publish(SUBSCRIBE_STAT, length);
  }
}

// What keeps the guard itself alive and prompt. Each part may be refused; what
// holds is shown by `status`, what does not is told once in the log, and the
// guard goes on.

import { errnoName } from "../base/errno.ts";
import { rehearse } from "../daemon/rehearsal.ts";
import { statusLines } from "../report/status.ts";
import {
  enterOwnGroup,
  isUnswappable,
  type OwnGroup,
  type Place,
  readPlace,
} from "../shim/own_group.ts";
import { Residence, wantedLevel } from "../shim/residence.ts";
import { O_WRONLY, type Shim } from "../shim/shim.ts";
import {
  G_LOCK_LEVEL,
  G_SELF,
  LEVEL_ARENA,
  SELF_ADJ,
  SELF_ARENA_LOCKED,
  SELF_FIFO,
  SELF_GROUP,
  SELF_IO_FLUSHER,
  SELF_LOCKED,
  SELF_NO_THP,
  SELF_TIMER_SLACK,
} from "../state/gauges.ts";
import {
  SET_BALLAST_KB,
  SET_FIFO,
  SET_LOCK,
  SET_OWN_GROUP,
} from "../state/settings.ts";
import { SWAP_TOTAL_KB } from "../state/snapshot.ts";
import type { Log } from "./log.ts";

// prctl(2); the last is of Linux 5.6.
const PR_SET_TIMERSLACK = 29;
const PR_SET_THP_DISABLE = 41;
const PR_SET_IO_FLUSHER = 57;

/** The guard's care for itself. */
export class Self {
  readonly #shim: Shim;
  readonly #log: Log;
  readonly #place: Place | null;
  readonly #unswappable: boolean;
  readonly #residence: Residence;
  #isWatched = false;
  #group: OwnGroup | null = null;

  constructor(shim: Shim, log: Log) {
    this.#shim = shim;
    this.#log = log;
    this.#residence = new Residence(shim);
    this.#place = readPlace();
    this.#unswappable = isUnswappable(this.#place);
  }

  /** What costs nothing and comes before everything else. */
  begin(): void {
    const { symbols } = this.#shim;
    this.#try(SELF_ADJ, "oom_score_adj -1000", writeAdj(this.#shim));
    const noThp = symbols.prctl(PR_SET_THP_DISABLE, 1);
    this.#try(SELF_NO_THP, "THP off", noThp);
    const slack = symbols.prctl(PR_SET_TIMERSLACK, 1);
    this.#try(SELF_TIMER_SLACK, "timer slack of 1 ns", slack);
  }

  /**
   * After the first turn, everything being open: rehearses, where there is
   * `time` for it, and locks what that left in memory. Answers MB_SIGNALS that
   * came meanwhile.
   */
  settle(time: boolean): number {
    const { settings } = this.#shim.arena;
    if (settings[SET_OWN_GROUP] !== 0) this.#enterGroup();
    this.#takePriority(settings[SET_FIFO]);
    this.#residence.survey();
    const signals = time ? this.#rehearse() : 0;
    // Whoever is to be forked must have been by now: after a fork, each locked
    // page is copied when it is next written.
    this.#lock();
    this.#shim.symbols.trimMalloc();
    this.#group?.keep(residentBytes() + settings[SET_BALLAST_KB] * 1024);
    return signals;
  }

  /** Before the first wait: what has been run by then is what stays. */
  keep(): void {
    if (!this.#isWatched) return;
    this.#isWatched = false;
    this.#residence.keep();
  }

  /** In calm time: swap may have come, and what was safe is so no longer. */
  visit(): void {
    const { settings, gauges } = this.#shim.arena;
    const wanted = wantedLevel(settings[SET_LOCK], this.#isSwappable);
    const isLess = (gauges[G_SELF] & SELF_LOCKED) !== 0 &&
      gauges[G_LOCK_LEVEL] < wanted;
    if (!isLess) return;
    this.#residence.survey();
    this.#lock();
  }

  /** At the end: nothing of the guard's is left behind. */
  leave(): void {
    this.#group?.leave();
  }

  get #isSwappable(): boolean {
    return this.#shim.arena.snapshot[SWAP_TOTAL_KB] > 0 && !this.#unswappable;
  }

  #try(bit: number, what: string, rc: number): boolean {
    if (rc >= 0) this.#shim.arena.gauges[G_SELF] |= bit;
    else this.#log.say("info", `Without ${what}: ${errnoName(rc)}, going on`);
    return rc >= 0;
  }

  #enterGroup(): void {
    this.#group = enterOwnGroup(this.#place);
    const { held, text } = this.#group;
    if (held) this.#shim.arena.gauges[G_SELF] |= SELF_GROUP;
    else this.#log.say("info", `Without own memory group: ${text}, going on`);
  }

  /** Once to have everything compiled, then upon somebody real, after what only
   * the start needed is gone: what that touches is what an emergency will. */
  #rehearse(): number {
    const { arena, ports, symbols } = this.#shim;
    rehearse(arena.settings, statusLines);
    this.#residence.trim();
    const pid = symbols.sacrifice();
    this.#watch();
    if (pid < 0) {
      const why = errnoName(pid);
      this.#log.say("info", `Rehearsed without a victim: ${why}, going on`);
      return rehearse(arena.settings, statusLines).signals;
    }
    const victim = { pid, ports, arena };
    const { deaths, signals } = rehearse(arena.settings, statusLines, victim);
    // Whom the rehearsal spared is not waited for: it would live for seconds.
    if (deaths === 0) Deno.kill(pid, "SIGKILL");
    symbols.bury(pid, 1);
    return signals;
  }

  #watch(): void {
    const rc = this.#residence.watch();
    this.#isWatched = true;
    if (rc >= 0) return;
    const why = errnoName(rc);
    this.#log.say("debug", `Without a watch of the text: ${why}, going on`);
  }

  #lock(): void {
    const { gauges, settings } = this.#shim.arena;
    const wanted = wantedLevel(settings[SET_LOCK], this.#isSwappable);
    const { level, why } = this.#residence.lock(wanted);
    gauges[G_LOCK_LEVEL] = level;
    gauges[G_SELF] &= ~(SELF_LOCKED | SELF_ARENA_LOCKED);
    if (level >= LEVEL_ARENA) gauges[G_SELF] |= SELF_ARENA_LOCKED;
    if (level >= wanted) gauges[G_SELF] |= SELF_LOCKED;
    if (why !== "") this.#log.say("info", `Without ${why}, going on`);
  }

  /** PR_SET_IO_FLUSHER keeps the guard from waiting for others' reclaim, but
   * from swapping too: by itself, without the reserve that real-time tasks
   * have, it makes things worse (measured on 5.10 and 6.1). */
  #takePriority(priority: number): void {
    if (priority === 0) return;
    const { symbols } = this.#shim;
    const fifo = symbols.setFifo(priority);
    if (!this.#try(SELF_FIFO, "SCHED_FIFO", fifo)) return;
    const flusher = symbols.prctl(PR_SET_IO_FLUSHER, 1);
    this.#try(SELF_IO_FLUSHER, "PR_SET_IO_FLUSHER", flusher);
  }
}

function writeAdj(shim: Shim): number {
  const fd = shim.open("/proc/self/oom_score_adj", O_WRONLY);
  if (fd < 0) return fd;
  const rc = shim.write(fd, "-1000");
  shim.symbols.shut(fd);
  return rc;
}

/** What this process takes now, in pages of the kernel's size: Deno asks it. */
function residentBytes(): number {
  return Deno.memoryUsage().rss;
}

// A second lmkd, written from its reference alone and for reading, to compare
// the guard's with: plain objects, counters and clock that never wrap, BigInt
// where lmkd has 64 bits. Its order is that of the reference: pending kill,
// reset after a kill, reclaim state, early end, thrashing window, watermarks,
// reasons in their order, kill, polling.
//
// Where the reference leaves room: the first pass sets baselines (as in later
// releases of 16), a reload is not modelled, and direct reclaim lasts from the
// first of consecutive passes, at most 200 ms apart, that all saw it.

import type { Answer, Properties, Visit, World } from "./model_world.ts";

interface Choice {
  reason: number;
  floor: number;
  cut: boolean;
}

type Row = [matches: () => boolean, reason: number, then: () => void];

/** lmkd's new strategy and its polling. */
export class Model {
  #props: Properties;
  #killed = false;
  #first = true;
  #base = { refault: 0n, lru: 0n, at: 0 };
  #carry = 0n;
  #limit = 0n;
  #max = 0n;
  #seen = { direct: 0n, kswapd: 0n, refill: 0n, refault: 0n };
  #direct: { since: number; last: number } | null = null;
  #armed = false;
  #reasonedBefore = false;
  #victim: { at: number } | null = null;
  #active: { start: number; last: number } | null = null;
  #paused = false;
  #interval = 0;
  #event = { level: 0, polled: true };
  #wakeups = 0;
  #skips = 0;

  constructor(props: Properties) {
    this.#props = props;
  }

  get awaits(): boolean {
    return this.#victim !== null;
  }

  /** When the next poll is due; null: there is none. */
  get nextPoll(): number | null {
    return this.#active && this.#active.last + this.#interval;
  }

  /** The victim is gone. */
  died(now: number): void {
    this.#victim = null;
    if (!this.#paused) return;
    this.#paused = false;
    this.#interval = 10;
    this.#active = { start: now, last: now - 10 };
  }

  visit(visit: Visit): Answer {
    const { now, level } = visit;
    const answer = (did: Answer["did"], choice?: Choice | null): Answer => ({
      did,
      reason: choice?.reason ?? -1,
      floor: choice?.floor ?? 0,
      limit: this.#limit,
      carry: this.#carry,
      maxThrashing: this.#max,
      polling: this.#active ? "on" : this.#paused ? "paused" : "off",
      interval: this.#interval,
      nextPoll: this.nextPoll,
      skippedWakeups: this.#skips,
      wakeups: this.#wakeups,
    });

    if (level === null) {
      this.#active = { start: this.#active?.start ?? now, last: now };
      this.#event.polled = true;
      this.#wakeups++;
    } else {
      const undisturbed = this.#event.polled || !this.#active && !this.#paused;
      if (!undisturbed && level < this.#event.level) {
        this.#unchanged(now);
        return answer("dropped");
      }
      this.#event = { level, polled: false };
      this.#wakeups = 0;
      this.#skips = 0;
    }

    const timeout = this.#props.kill_timeout_ms || Infinity;
    if (this.#victim !== null && now - this.#victim.at < timeout) {
      this.#skips++;
      this.#pause();
      return answer("skipped");
    }
    this.#victim = null;
    if (!visit.parses) {
      this.#unchanged(now);
      return answer("blind");
    }
    const { choice, direct, lowSwap } = this.#evaluate(visit);
    if (choice && visit.victim) {
      this.#killed = true;
      this.#victim = { at: now };
      this.#max = 0n;
      const left = 100n - this.#props.thrashing_limit_decay;
      if (choice.cut) this.#limit = this.#limit * left / 100n;
    }
    if (this.#victim) this.#pause();
    else {
      this.#interval = lowSwap || this.#killed ? 10 : 100;
      if (level !== null || this.#killed || direct) {
        this.#active = { start: now, last: now };
        this.#paused = false;
      } else this.#unchanged(now);
    }
    return answer("judged", choice);
  }

  #pause(): void {
    this.#paused = true;
    this.#active = null;
  }

  #unchanged(now: number): void {
    if (this.#active && now - this.#active.start > 1000) this.#active = null;
  }

  #usableSwap(world: World): bigint {
    const { swap_compression_ratio: ratio } = this.#props;
    if (ratio === 0n) return world.swapFree;
    const easy = world.memFree + world.inactiveFile;
    const { swap_compression_ratio_div: div } = this.#props;
    const most = easy * ratio / div;
    return most < world.swapFree ? most : world.swapFree;
  }

  /** Steps 4 to 13 up to the choice. */
  #evaluate({ now, level, world, second }: Visit) {
    const props = this.#props;
    const cycleAfterKill = this.#killed;
    const { refault, fileLru } = world;
    if (this.#killed || this.#first) {
      if (this.#first) this.#limit = props.thrashing_limit;
      this.#killed = this.#first = false;
      this.#base = { refault, lru: fileLru, at: now };
      this.#carry = 0n;
    }
    const percentage = props.swap_free_low_percentage;
    const lowSwap = percentage !== 0n &&
      this.#usableSwap(world) < world.swapTotal * percentage / 100n;

    const seen = this.#seen;
    const direct = world.pgscanDirect !== seen.direct;
    const kswapd = world.pgscanKswapd !== seen.kswapd ||
      world.pgrefill !== seen.refill;
    if (direct) seen.direct = world.pgscanDirect;
    if (direct || kswapd) {
      seen.kswapd = world.pgscanKswapd;
      seen.refill = world.pgrefill;
    }
    if (!direct) this.#direct = null;
    else if (this.#direct && now - this.#direct.last <= 200) {
      this.#direct.last = now;
    } else this.#direct = { since: now, last: now };

    if (!direct && !kswapd && refault === seen.refault) {
      return { choice: null, direct, lowSwap };
    }
    seen.refault = refault;
    const thrashing = this.#thrash(now, refault, fileLru);

    let choice: Choice | null = null;
    const look = (at: World) => {
      choice = this.#choose(at, choice, {
        cycleAfterKill,
        critical: level === 2,
        lowSwap,
        thrashing,
        world,
        stuck: this.#direct && now - this.#direct.since,
      });
      return at.fullAvg10 > props.stall_limit_critical;
    };
    let stalled = look(world);
    if (choice !== null && !this.#reasonedBefore) {
      this.#reasonedBefore = true;
      stalled = look(second);
    }
    const found = choice as Choice | null;
    if (found && stalled) choice = { ...found, floor: 0 };
    return { choice: choice as Choice | null, direct, lowSwap };
  }

  #thrash(now: number, refault: bigint, fileLru: bigint): bigint {
    const elapsed = now - this.#base.at;
    const grown = (refault - this.#base.refault) * 100n /
      (this.#base.lru + 1n);
    let thrashing = 0n;
    if (elapsed <= 1000) thrashing = grown;
    else {
      const windows = BigInt(Math.trunc(elapsed / 1000));
      const keeps = windows === 1n && grown >= this.#limit;
      this.#carry = keeps ? grown : grown >> windows;
      this.#base = { refault, lru: fileLru, at: now };
      this.#limit = this.#props.thrashing_limit;
    }
    thrashing += this.#carry;
    if (thrashing > this.#max) this.#max = thrashing;
    return thrashing;
  }

  /** The reasons in their order, over what an earlier look chose. */
  #choose(at: World, before: Choice | null, seen: {
    cycleAfterKill: boolean;
    critical: boolean;
    lowSwap: boolean;
    thrashing: bigint;
    world: World;
    stuck: number | null;
  }): Choice | null {
    const props = this.#props;
    const { world, thrashing: t, lowSwap, stuck } = seen;
    const free = world.memFree - world.cmaFree;
    const belowMin = free < at.marks.min;
    const belowLow = belowMin || free < at.marks.low;
    const used = world.swapTotal - this.#usableSwap(world);
    const swappable = world.activeAnon + world.inactiveAnon + world.shmem +
      used;
    const util = swappable > 0n ? used * 100n / swappable : 0n;

    let floor = before?.floor ?? 0;
    let cut = before?.cut ?? false;
    const mild = t < props.thrashing_limit_critical;
    const spare = (when: boolean) => {
      if (when) floor = 201;
    };
    const arm = () => this.#armed = true;
    const direct = stuck !== null;
    const rows: Row[] = [
      [() => seen.cycleAfterKill && belowMin, 0, () => {
        floor = props.pressure_after_kill_min_score;
      }],
      [() => seen.critical, 1, () => {}],
      [() => lowSwap && t > props.thrashing_limit, 2, () => {
        spare(!belowMin && mild);
        arm();
      }],
      [() => lowSwap && belowLow, 3, () => spare(!belowMin && mild)],
      [
        () =>
          belowLow && props.swap_util_max < 100n && util > props.swap_util_max,
        6,
        () => {},
      ],
      [() => belowLow && t > this.#limit, 4, () => {
        spare(mild);
        cut = true;
        arm();
      }],
      [() => direct && t > this.#limit, 5, () => {
        spare(mild);
        cut = true;
        arm();
      }],
      [
        () =>
          direct && props.direct_reclaim_threshold_ms > 0 &&
          stuck > props.direct_reclaim_threshold_ms,
        9,
        () => {},
      ],
      [
        () => {
          if (!this.#armed) return false;
          this.#armed = world.fileLru * props.page_kb < props.filecache_min_kb;
          return this.#armed;
        },
        7,
        () => spare(true),
      ],
      [
        () => before === null && belowLow && props.lowmem_min_oom_score <= 1000,
        8,
        () => {
          floor = props.lowmem_min_oom_score;
        },
      ],
    ];
    const row = rows.find(([matches]) => matches());
    if (row === undefined) return before;
    row[2]();
    return { reason: row[1], floor: Math.max(floor, 0), cut };
  }
}

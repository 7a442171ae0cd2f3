// Pressure stall information of the simulated machine: totals, averages, and
// triggers that fire at most once in a window (kernel/sched/psi.c).

/** One armed trigger. */
interface Trigger {
  readonly full: boolean;
  readonly thresholdUs: number;
  readonly windowUs: number;
  readonly tag: number;
  startUs: number;
  startTotalUs: number;
  /** No further event before this. */
  quietUs: number;
}

/** Averages are brought up to date every 2 s (PSI_FREQ). */
const FREQ_US = 2_000_000;

/** Stalls and what follows from them. */
export class Psi {
  someUs = 0;
  fullUs = 0;
  /** Averages in percent. */
  some10 = 0;
  full10 = 0;
  some60 = 0;
  full60 = 0;
  readonly #triggers: Trigger[] = [];
  #averagedUs = 0;
  #averagedSome = 0;
  #averagedFull = 0;

  constructor(nowUs: number) {
    this.#averagedUs = nowUs;
  }

  /** Arms a trigger whose events carry `tag`. */
  arm(full: boolean, stallMs: number, windowMs: number, tag: number): void {
    this.#triggers.push({
      full,
      thresholdUs: stallMs * 1000,
      windowUs: windowMs * 1000,
      tag,
      startUs: this.#averagedUs,
      startTotalUs: 0,
      quietUs: 0,
    });
  }

  /** `us` have passed until `nowUs`, of which some and all tasks waited. */
  pass(
    nowUs: number,
    someUs: number,
    fullUs: number,
    fire: (tag: number) => void,
  ): void {
    this.someUs += Math.trunc(someUs);
    this.fullUs += Math.trunc(fullUs);
    for (const trigger of this.#triggers) {
      const total = trigger.full ? this.fullUs : this.someUs;
      const over = total - trigger.startTotalUs >= trigger.thresholdUs &&
        nowUs >= trigger.quietUs;
      if (over) {
        fire(trigger.tag);
        trigger.quietUs = nowUs + trigger.windowUs;
      }
      if (over || nowUs - trigger.startUs >= trigger.windowUs) {
        trigger.startUs = nowUs;
        trigger.startTotalUs = total;
      }
    }
    while (nowUs - this.#averagedUs >= FREQ_US) this.#average();
  }

  #average(): void {
    const some = (this.someUs - this.#averagedSome) / FREQ_US * 100;
    const full = (this.fullUs - this.#averagedFull) / FREQ_US * 100;
    const toward = (from: number, to: number, s: number) =>
      from + (Math.min(to, 100) - from) * (1 - Math.exp(-2 / s));
    this.some10 = toward(this.some10, some, 10);
    this.full10 = toward(this.full10, full, 10);
    this.some60 = toward(this.some60, some, 60);
    this.full60 = toward(this.full60, full, 60);
    this.#averagedUs += FREQ_US;
    this.#averagedSome = this.someUs;
    this.#averagedFull = this.fullUs;
  }
}

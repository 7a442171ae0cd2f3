// Reproducible randomness: everything that a simulation leaves to chance comes
// from one seed, so that a failure can be run again from the seed alone.

/** FNV-1a over UTF-16 units (Fowler, Noll, Vo; 32-bit parameters). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash;
}

/**
 * A sequence of integers from one seed: sfc32 (Chris Doty-Humphrey, PractRand),
 * 128 bits of state, int32 steps only. The same seed gives the same sequence on
 * every machine. Not for secrets.
 */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(seed: number | string) {
    const start = typeof seed === "number" ? seed | 0 : hashOf(seed);
    this.#a = start;
    this.#b = start ^ 0x5bd1e995;
    this.#c = Math.imul(start, 0x01000193);
    // The first steps still show the seed (PractRand, sfc32 seeding).
    for (let i = 0; i < 12; i++) this.next();
  }

  /** Any int32. */
  next(): number {
    const result = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }

  /** An integer from 0 up to, not including, `end`. */
  below(end: number): number {
    return (this.next() >>> 0) % end;
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True `permille` times in a thousand. */
  chance(permille: number): boolean {
    return this.below(1000) < permille;
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

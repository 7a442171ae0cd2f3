// @hot
// Reproducible integers that cost no allocation, to drive the turns of the
// allocation proof through more than one path.

/** A sequence of int32 from one seed (xorshift by int32 steps). */
export class Noise {
  #x = 88_172_645;

  /** Any int32. */
  next(): number {
    let x = this.#x;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    this.#x = x === 0 ? 1 : x;
    return x;
  }

  /** An integer from 0 up to `bits` ones. */
  bits(bits: number): number {
    return this.next() & ((1 << bits) - 1);
  }
}

// @hot
// Finds which of a set of names a line of "name number" begins with. A line
// that has none of them costs one look at the table. Never reads outside
// [at, end).

const SPACE = 32;
const NAME_BYTES_MIN = 3;
const SLOTS_MASK = 127;

/** A set of names, made once at load. */
export class Keys {
  /** The names, each followed by one space. */
  readonly text: Uint8Array;
  /** Where each name starts in the text; one more entry ends the last. */
  readonly starts: Int16Array;
  /** Index of the name at each hash, or -1; the next slot when it is taken. */
  readonly slots: Int8Array;

  /** `names`: at most 64, separated by single spaces, three bytes or longer. */
  constructor(names: string) {
    this.text = new TextEncoder().encode(`${names} `);
    this.slots = new Int8Array(SLOTS_MASK + 1).fill(-1);
    this.starts = new Int16Array(names.split(" ").length + 1);
    let start = 0;
    for (let name = 0; name < this.starts.length - 1; name++) {
      const space = this.text.indexOf(SPACE, start);
      let slot = hash(this.text, start, space);
      while (this.slots[slot] >= 0) slot = (slot + 1) & SLOTS_MASK;
      this.slots[slot] = name;
      start = space + 1;
      this.starts[name + 1] = start;
    }
  }
}

/** Names of a file share their beginnings, so the end and the length count. */
function hash(bytes: Uint8Array, at: number, space: number): number {
  return (bytes[space - 1] + bytes[space - 3] * 5 + (space - at) * 11) &
    SLOTS_MASK;
}

/**
 * Index of the name, with the space after it, at `at`; -1 when it is not in the
 * set. The number follows at `at + keyBytes()`.
 */
export function findKey(
  keys: Keys,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  const space = bytes.indexOf(SPACE, at);
  if (space < at + NAME_BYTES_MIN || space >= end) return -1;
  const slots = keys.slots;
  const text = keys.text;
  let slot = hash(bytes, at, space);
  let key = slots[slot];
  while (key >= 0) {
    let j = keys.starts[key];
    let i = at;
    while (i <= space && bytes[i] === text[j]) {
      i++;
      j++;
    }
    if (i > space) return key;
    slot = (slot + 1) & SLOTS_MASK;
    key = slots[slot];
  }
  return -1;
}

/** Bytes of a name and the space after it. */
export function keyBytes(keys: Keys, key: number): number {
  return keys.starts[key + 1] - keys.starts[key];
}

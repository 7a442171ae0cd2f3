// Packets that nobody should send: random bytes, valid packets with something
// wrong about them, every command at every length. From a seed.

import type { Prng } from "../../src/base/prng.ts";
import type { SimClient } from "../../src/sim/client.ts";

/** Words that numbers go wrong at. */
const EDGES = [
  0,
  1,
  -1,
  2,
  7,
  -1000,
  -1001,
  1000,
  1001,
  0x7fffffff,
  -0x80000000,
  0xffff,
  65_536,
];

/** Words after the command that make each command valid; pids are put in. */
function validWords(prng: Prng, pid: number, adj: number): number[] {
  const uid = 10_000 + prng.below(9);
  switch (prng.below(9)) {
    case 0:
      return [0, prng.below(90_000), adj, prng.below(90_000), adj];
    case 1:
      return [1, pid, uid, adj];
    case 2:
      return [1, pid, uid, adj, prng.below(2)];
    case 3:
      return [2, pid];
    case 4:
      return prng.chance(100) ? [3] : [4, -1000, 1000];
    case 5:
      return [4, prng.between(-2_000, 2_000), prng.between(-2_000, 2_000)];
    case 6:
      return [5, prng.below(2)];
    case 7:
      return prng.chance(300) ? [prng.pick([7, 9, 10])] : [4, 0, 0];
    default:
      return [11, pid, uid, adj, 0, pid + 1, uid, adj, 0, pid + 2, uid, adj, 1];
  }
}

/** Bytes of big-endian words. */
export function packetOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setInt32(i * 4, word));
  return bytes;
}

/** One packet; most name this pid and adj somewhere. */
export function hostilePacket(
  prng: Prng,
  pid: number,
  adj: number,
): Uint8Array {
  if (prng.chance(150)) {
    const bytes = new Uint8Array(prng.below(80));
    return bytes.map(() => prng.below(256));
  }
  const words = validWords(prng, pid, adj);
  if (prng.chance(400)) return packetOf(words);
  switch (prng.below(5)) {
    case 0:
      words[prng.below(words.length)] = prng.pick(EDGES);
      break;
    case 1:
      words.length = prng.below(words.length + 1);
      break;
    case 2:
      while (words.length < prng.below(70)) words.push(prng.pick(EDGES));
      break;
    case 3:
      words[0] = prng.between(-3, 20);
      break;
    default: {
      const bytes = packetOf(words);
      const at = prng.below(bytes.length);
      bytes[at] ^= 1 << prng.below(8);
      return bytes.subarray(0, prng.below(bytes.length + 1)).slice();
    }
  }
  return packetOf(words);
}

/** Sends one such packet, now and then in another's name or in nobody's. */
export function sendHostile(
  client: SimClient,
  prng: Prng,
  pid: number,
  adj: number,
): boolean {
  const bytes = hostilePacket(prng, pid, adj);
  return client.sendBytes(bytes, prng.chance(995) ? client.pid : 0);
}

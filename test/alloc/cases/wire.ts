// The packet codec of src/wire over good, over-long, truncated and random
// packets, and every message, in every release.

import { PACKET_BYTES_MAX } from "../../../src/base/limits.ts";
import { STAT_WORDS } from "../../../src/state/kill_stat.ts";
import { RELEASE_17 } from "../../../src/state/settings.ts";
import {
  decodeRequest,
  prioLmkdOnly,
  prioRecordOk,
  prioRecordWords,
  putWord,
  REQUEST_WORDS_MAX,
} from "../../../src/wire/lmkd.ts";
import {
  encodeBootCompleted,
  encodeKillCount,
  encodeKillOccurred,
  encodeProcKill,
  encodeStateChanged,
  encodeUpdateProps,
  reasonOnWire,
} from "../../../src/wire/messages.ts";
import { Noise } from "../noise.ts";

/** Commands 0..13 and two that nobody knows. */
const COMMANDS = Int32Array.from(
  { length: 16 },
  (_, i) => i < 14 ? i : i === 14 ? -1 : -2147483648,
);

export function setupDecode(): () => void {
  const noise = new Noise();
  const bytes = new Uint8Array(PACKET_BYTES_MAX);
  const request = new Int32Array(REQUEST_WORDS_MAX);
  let release = 0;
  let sink = 0;
  return () => {
    release = release === RELEASE_17 ? 0 : release + 1;
    putWord(bytes, 0, COMMANDS[noise.bits(4)]);
    for (let i = 1; i < REQUEST_WORDS_MAX; i++) {
      putWord(bytes, i * 4, noise.bits(1) === 0 ? noise.next() : i);
    }
    sink ^= decodeRequest(bytes, 0, noise.bits(8), request, release);
    sink ^= prioRecordOk(request, 1) ? 1 : 0;
    sink ^= prioLmkdOnly(request, 1, release) ? 1 : 0;
    sink ^= prioRecordWords(release);
  };
}

export function setupEncode(): () => void {
  const noise = new Noise();
  const bytes = new Uint8Array(PACKET_BYTES_MAX);
  const name = new Uint8Array(256);
  const stat = new Int32Array(STAT_WORDS);
  let release = 0;
  let sink = 0;
  return () => {
    release = release === RELEASE_17 ? 0 : release + 1;
    for (let i = 0; i < STAT_WORDS; i++) stat[i] = noise.next();
    name.fill(0x61);
    name[noise.bits(8)] = 0;
    const length = noise.bits(8);
    sink ^= encodeKillOccurred(bytes, 0, stat, name, 0, length, release);
    sink ^= encodeProcKill(bytes, 8, noise.next(), 1, noise.next(), release);
    sink ^= encodeStateChanged(bytes, 8, 1, release);
    sink ^= encodeKillCount(bytes, 0, noise.next());
    sink ^= encodeUpdateProps(bytes, 0, -1);
    sink ^= encodeBootCompleted(bytes, 0, 1);
    sink ^= reasonOnWire(noise.bits(12), release);
  };
}

// The packet codec of src/wire over good, over-long, truncated and random
// packets.

import { PACKET_BYTES_MAX } from "../../../src/base/limits.ts";
import {
  decodeRequest,
  encodeKillCount,
  LMK_GETKILLCNT,
  LMK_PROCPRIO,
  LMK_PROCPURGE,
  LMK_PROCREMOVE,
  LMK_TARGET,
  putWord,
  REQUEST_WORDS_MAX,
} from "../../../src/wire/lmkd.ts";
import { Noise } from "../noise.ts";

const COMMANDS = Int32Array.of(
  LMK_TARGET,
  LMK_PROCPRIO,
  LMK_PROCREMOVE,
  LMK_PROCPURGE,
  LMK_GETKILLCNT,
  -1,
  99,
  -2147483648,
);

export function setupDecode(): () => void {
  const noise = new Noise();
  const bytes = new Uint8Array(PACKET_BYTES_MAX);
  const request = new Int32Array(REQUEST_WORDS_MAX);
  let sink = 0;
  return () => {
    putWord(bytes, 0, COMMANDS[noise.bits(3)]);
    for (let i = 1; i < REQUEST_WORDS_MAX; i++) {
      putWord(bytes, i * 4, noise.bits(1) === 0 ? noise.next() : i);
    }
    sink ^= decodeRequest(bytes, 0, noise.bits(8), request);
    sink ^= encodeKillCount(bytes, 0, noise.next());
  };
}

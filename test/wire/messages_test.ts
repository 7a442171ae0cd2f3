// Encoders at the edges of their buffers: a message of the greatest length fits
// exactly, and what the release does not know leaves the buffer alone. The
// bytes themselves are in test/lmkd.

import assert from "node:assert/strict";
import { PACKET_BYTES_MAX } from "../../src/base/limits.ts";
import { STAT_WORDS } from "../../src/state/kill_stat.ts";
import {
  RELEASE_11,
  RELEASE_12,
  RELEASE_14,
  RELEASE_14_QPR3,
  RELEASE_15,
  RELEASE_17,
} from "../../src/state/settings.ts";
import {
  encodeKillOccurred,
  encodeProcKill,
  encodeStateChanged,
  MESSAGE_BYTES_MAX,
  STATE_START,
} from "../../src/wire/messages.ts";

const STAT = new Int32Array(STAT_WORDS).fill(7);

Deno.test("messages: the longest one fits a packet", () => {
  const name = new Uint8Array(300).fill(0x61);
  for (const release of [RELEASE_12, RELEASE_17]) {
    const bytes = new Uint8Array(MESSAGE_BYTES_MAX);
    const length = encodeKillOccurred(bytes, 0, STAT, name, 0, 300, release);
    assert.equal(length, MESSAGE_BYTES_MAX);
    assert.equal(bytes.lastIndexOf(0x61), MESSAGE_BYTES_MAX - 2);
    assert.equal(bytes.indexOf(0x61), MESSAGE_BYTES_MAX - 2 - 126);
  }
  assert.ok(MESSAGE_BYTES_MAX <= PACKET_BYTES_MAX);
});

Deno.test("messages: a name lies in the same buffer", () => {
  const bytes = new Uint8Array(300).fill(0xee);
  bytes.set([0x61, 0x62, 0], 250);
  const length = encodeKillOccurred(bytes, 0, STAT, bytes, 250, 20, RELEASE_17);
  assert.equal(length, 89);
  assert.deepEqual([...bytes.slice(84, 90)], [0, 2, 0x61, 0x62, 0, 0xee]);
});

Deno.test("messages: what the release does not know is not written", () => {
  const bytes = new Uint8Array(300);
  const none = new Uint8Array(300);
  assert.equal(encodeKillOccurred(bytes, 0, STAT, none, 0, 0, RELEASE_11), 0);
  assert.equal(encodeStateChanged(bytes, 0, STATE_START, RELEASE_11), 0);
  assert.equal(encodeStateChanged(bytes, 0, STATE_START, RELEASE_14_QPR3), 0);
  assert.deepEqual(bytes, none);
  assert.equal(encodeStateChanged(bytes, 0, STATE_START, RELEASE_14), 8);
  assert.equal(encodeProcKill(bytes, 0, 1, 2, 3, RELEASE_15), 12);
});

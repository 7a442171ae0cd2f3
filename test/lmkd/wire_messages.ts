// Replies and messages of lmkd's protocol, one by one in every release, against
// bytes written out by hand and bytes built without the codec.

import {
  encodeBootCompleted,
  encodeKillCount,
  encodeProcKill,
  encodeStateChanged,
  encodeUpdateProps,
  RESULT_ALREADY,
  RESULT_FAILED,
  RESULT_OK,
  STATE_START,
  STATE_STOP,
} from "../../src/wire/messages.ts";
import { conforms } from "./conforms.ts";
import { hex, packet, release } from "./golden.ts";
import { checkMessage, eachRelease, type Encode } from "./wire_check.ts";

conforms("1.2", "replies: bytes by hand", () => {
  const rows: [Encode, string][] = [
    [(b, at) => encodeKillCount(b, at, 0), "00000004 00000000"],
    [(b, at) => encodeKillCount(b, at, 0x01020304), "00000004 01020304"],
    // A total is unsigned to lmkd's clients: 2^32 - 1 is all ones.
    [(b, at) => encodeKillCount(b, at, -1), "00000004 ffffffff"],
    [(b, at) => encodeUpdateProps(b, at, RESULT_OK), "00000007 00000000"],
    [(b, at) => encodeUpdateProps(b, at, RESULT_FAILED), "00000007 ffffffff"],
    [(b, at) => encodeBootCompleted(b, at, RESULT_OK), "0000000a 00000000"],
    [
      (b, at) => encodeBootCompleted(b, at, RESULT_ALREADY),
      "0000000a 00000001",
    ],
    [(b, at) => encodeBootCompleted(b, at, RESULT_FAILED), "0000000a ffffffff"],
  ];
  for (const [encode, text] of rows) checkMessage(encode, hex(text), text);
  for (const count of [0, 1, 65535, 2147483647, -2147483648]) {
    checkMessage((b, at) => encodeKillCount(b, at, count), packet(4, count));
  }
});

conforms("1.3", "PROCKILL: three words, four since 15-QPR1", () => {
  eachRelease((number, name) => {
    const words = [6, 1234, 10057, 567_890];
    const want = number >= release("15-QPR1") ? words : words.slice(0, 3);
    checkMessage(
      (b, at) => encodeProcKill(b, at, 1234, 10057, 567_890, number),
      packet(...want),
      name,
    );
  });
  checkMessage(
    (b, at) => encodeProcKill(b, at, 258, -2, 4096, release("15")),
    hex("00000006 00000102 fffffffe"),
  );
  checkMessage(
    (b, at) => encodeProcKill(b, at, 258, -2, 4096, release("16")),
    hex("00000006 00000102 fffffffe 00001000"),
  );
});

conforms("1.2", "STAT_STATE_CHANGED exists in 12, 13 and 14", () => {
  const knows = ["12", "13", "14"];
  eachRelease((number, name) => {
    for (const state of [STATE_START, STATE_STOP]) {
      const want = knows.includes(name) ? packet(9, state) : new Uint8Array();
      checkMessage(
        (b, at) => encodeStateChanged(b, at, state, number),
        want,
        name,
      );
    }
  });
  checkMessage(
    (b, at) => encodeStateChanged(b, at, STATE_STOP, release("13")),
    hex("00000009 00000002"),
  );
});

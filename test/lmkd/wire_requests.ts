// Requests of lmkd's protocol against packets built without the codec: golden
// bytes, ranges, and which release knows which command.

import assert from "node:assert/strict";
import * as settings from "../../src/state/settings.ts";
import {
  BAD_COMMAND,
  BAD_LENGTH,
  decodeRequest,
  prioLmkdOnly,
  prioRecordOk,
  prioRecordWords,
  REQUEST_WORDS_MAX,
  requestWords,
} from "../../src/wire/lmkd.ts";
import { conforms } from "./conforms.ts";
import { ask, hex, packet, release, RELEASES, RULES } from "./golden.ts";
import { check, checkSince, decode, UNTOUCHED } from "./wire_check.ts";

conforms("1.1", "releases are numbered in the order they came", () => {
  const numbers = Object.entries(settings)
    .filter(([name]) => name.startsWith("RELEASE_"))
    .map(([name, number]) => [name.slice(8).replace("_", "-"), number]);
  assert.deepEqual(numbers, RELEASES.map((name, number) => [name, number]));
});

conforms("1.1", "words are big-endian int32", () => {
  checkSince("11", hex("00000004 80000000 7fffffff"), [
    4,
    -2147483648,
    2147483647,
  ]);
  checkSince("11", hex("00000004 01020304 fffffc18"), [4, 16909060, -1000]);
  checkSince("11", hex("04000000 00000000 00000000"), "command");
});

conforms("1.1", "less than a word is no packet", () => {
  for (const text of ["", "00", "0000", "000003"]) {
    checkSince("11", hex(text), "length");
  }
  const request = new Int32Array(REQUEST_WORDS_MAX).fill(UNTOUCHED);
  for (const length of [-1, -4, -5, -2147483648]) {
    const args = decodeRequest(new Uint8Array(64), 0, length, request, 0);
    assert.equal(args, BAD_LENGTH);
  }
  assert.ok(request.every((word) => word === UNTOUCHED));
});

conforms("1.1", "one to three bytes after the last word are ignored", () => {
  checkSince("11", hex("00000003 ff"), [3]);
  checkSince("11", hex("00000002 000004d2 ffffff"), [2, 1234]);
  checkSince("11", hex("00000005 00000001 0000"), [5, 1]);
});

conforms("1.1", "a request over 52 bytes is cut, then checked", () => {
  const pairs: [number, number][] = Array.from({ length: 8 }, () => [7, 900]);
  const six = [0, ...pairs.slice(0, 6).flat()];
  for (let number = 0; number < release("17"); number++) {
    assert.equal(requestWords(number), 13);
    check(ask.target(...pairs.slice(0, 6)), number, six);
    check(ask.target(...pairs.slice(0, 7)), number, six);
    check(ask.target(...pairs), number, six);
    // Of a value beyond the cut nothing is known.
    check(packet(...six, -5), number, six);
    check(packet(3, ...six), number, "length");
  }
  const number = release("17");
  assert.equal(requestWords(number), 16);
  check(ask.target(...pairs.slice(0, 6)), number, six);
  check(ask.target(...pairs.slice(0, 7)), number, "length");
  check(ask.target(...pairs), number, "length");
});

conforms("1.2", "AMS's own packets", () => {
  // minfree in pages and adj, six pairs.
  checkSince(
    "11",
    hex(`00000000 00004800 00000000 00005a00 00000064 00006c00 000000c8
      00007e00 000000fa 00009000 00000384 0000b400 000003b6`),
    [
      0,
      ...[18432, 0, 23040, 100, 27648, 200, 32256, 250, 36864, 900],
      ...[46080, 950],
    ],
  );
  const app = hex("00000001 000004d2 00002710 00000384 00000000");
  const service = hex("00000001 000004d2 00002710 00000384 00000001");
  for (let number = 0; number < release("17"); number++) {
    check(app, number, [1, 1234, 10000, 900, 0]);
    check(service, number, [1, 1234, 10000, 900, 1]);
  }
  check(service, release("17"), [1, 1234, 10000, 900, 1, 0]);
  checkSince("11", hex("00000002 000004d2"), [2, 1234]);
  checkSince("11", hex("00000003"), [3]);
  checkSince("11", hex("00000004 00000000 000003e8"), [4, 0, 1000]);
  checkSince("11", hex("00000005 00000000"), [5, 0]);
  checkSince("11", hex("00000005 00000001"), [5, 1]);
  checkSince("11", hex("00000007"), [7]);
  checkSince("14-QPR3", hex("00000009"), [9]);
  checkSince("15", hex("0000000a"), [10]);
  const two = hex(`0000000b 000004d2 00002710 00000384 00000000
    000004d3 00002711 fffffc18 00000001`);
  for (let number = release("15"); number < release("17"); number++) {
    check(two, number, [11, 1234, 10000, 900, 0, 1235, 10001, -1000, 1]);
  }
});

conforms("1.2", "hand-written bytes are what the builders make", () => {
  const rows: [Uint8Array, string][] = [
    [
      ask.target([1, 2], [3, 4]),
      "00000000 00000001 00000002 00000003 00000004",
    ],
    [ask.procPrio(1, 2, -3), "00000001 00000001 00000002 fffffffd"],
    [ask.procPrio(1, 2, 3, 1), "00000001 00000001 00000002 00000003 00000001"],
    [ask.procRemove(258), "00000002 00000102"],
    [ask.procPurge(), "00000003"],
    [ask.killCount(-1000, 1000), "00000004 fffffc18 000003e8"],
    [ask.subscribe(1), "00000005 00000001"],
    [ask.updateProps(), "00000007"],
    [ask.startMonitoring(), "00000009"],
    [ask.bootCompleted(), "0000000a"],
    [
      ask.procsPrio([1, 2, 3, 0]),
      "0000000b 00000001 00000002 00000003 00000000",
    ],
  ];
  for (const [bytes, text] of rows) assert.deepEqual(bytes, hex(text));
});

conforms("1.2", "TARGET: pairs, none of them, ranges", () => {
  checkSince("11", ask.target(), [0]);
  checkSince("11", ask.target([0, -1000]), [0, 0, -1000]);
  checkSince("11", ask.target([2147483647, 1000]), [0, 2147483647, 1000]);
  checkSince("11", packet(0, 5), "length");
  checkSince("11", packet(0, 5, 900, 6), "length");
  // Differs: lmkd stores these as they come.
  checkSince("11", ask.target([-1, 0]), "value");
  checkSince("11", ask.target([1, 1001]), "value");
  checkSince("11", ask.target([1, 0], [1, -1001]), "value");
});

conforms("1.2", "PROCPRIO: three words or four, five since 17", () => {
  for (let number = 0; number < release("17"); number++) {
    check(ask.procPrio(1234, 5, 900), number, [1, 1234, 5, 900, 0]);
    check(ask.procPrio(1, -1, -1000, 1), number, [1, 1, -1, -1000, 1]);
    check(ask.procPrio(1, 0, 0, 0, 0), number, "length");
  }
  const number = release("17");
  check(ask.procPrio(9, 5, 900), number, [1, 9, 5, 900, 0, 0]);
  check(ask.procPrio(9, 5, 900, 1), number, [1, 9, 5, 900, 1, 0]);
  check(ask.procPrio(9, 5, 900, 1, 1), number, [1, 9, 5, 900, 1, 1]);
  check(ask.procPrio(9, 5, 900, 1, 1, 1), number, "length");
  checkSince("11", packet(1, 9, 5), "length");
  for (const pid of [0, -1, -2147483648]) {
    checkSince("11", ask.procPrio(pid, 0, 0), "value");
  }
  for (const adj of [1001, -1001, 2147483647, -2147483648]) {
    checkSince("11", ask.procPrio(1, 0, adj), "value");
  }
  for (const type of [2, -1, 256]) {
    checkSince("11", ask.procPrio(1, 0, 0, type), "value");
  }
  // Any user will do, as it does for lmkd.
  for (const uid of [-1, 2147483647, -2147483648]) {
    const { args } = decode(ask.procPrio(1, uid, 0), 0, 0);
    assert.equal(args, 3);
  }
});

conforms("1.2", "PROCREMOVE, PROCPURGE, GETKILLCNT", () => {
  checkSince("11", ask.procRemove(2147483647), [2, 2147483647]);
  checkSince("11", ask.procRemove(0), "value");
  checkSince("11", ask.procRemove(-1), "value");
  checkSince("11", packet(2), "length");
  checkSince("11", packet(2, 1, 1), "length");
  checkSince("11", packet(3, 1), "length");
  // Ranges of adj that hold nothing are not errors: the answer is 0.
  checkSince("11", ask.killCount(1000, 0), [4, 1000, 0]);
  checkSince("11", packet(4, 0), "length");
  checkSince("11", packet(4, 0, 0, 0), "length");
});

conforms("1.2", "SUBSCRIBE: kills and their figures, nothing else", () => {
  checkSince("11", packet(5), "length");
  checkSince("11", packet(5, 0, 0), "length");
  // Differs: lmkd checks no range and shifts by what comes.
  for (const kind of [-1, 2, 31, 2147483647]) {
    checkSince("11", ask.subscribe(kind), "value");
  }
});

conforms("1.2", "each command exists since its release", () => {
  for (const { command, name, since, args } of RULES) {
    for (let number = 0; number < RELEASES.length; number++) {
      const counts = number === release("17")
        ? RULES.find((one) => one.command === command)!.args17 ?? args
        : args;
      const bytes = packet(command, ...Array(counts[0]!).fill(1));
      const { args: got } = decode(bytes, 0, number);
      const want = number < release(since) ? BAD_COMMAND : counts[0];
      assert.equal(got, want, `${name} in ${RELEASES[number]}`);
    }
  }
});

conforms("1.2", "what only the server sends, and what nobody does", () => {
  for (const command of [6, 8, 12, 13, 99, -1, 2147483647, -2147483648]) {
    for (const args of [[], [1], [1, 1], [1, 1, 1]]) {
      checkSince("11", packet(command, ...args), "command");
    }
  }
});

conforms("1.2", "PROCS_PRIO: whole records, each judged by itself", () => {
  const good = [1234, 10000, 900, 0];
  for (let number = release("15"); number < release("17"); number++) {
    assert.equal(prioRecordWords(number), 4);
    check(ask.procsPrio(good), number, [11, ...good]);
    check(ask.procsPrio(good, good, good), number, [
      11,
      ...[...good, ...good, ...good],
    ]);
    // Three fit; a fourth is cut off.
    check(ask.procsPrio(good, good, good, good), number, [
      11,
      ...[...good, ...good, ...good],
    ]);
    check(ask.procsPrio(), number, "length");
    check(ask.procsPrio([1234, 10000, 900]), number, "length");
    check(ask.procsPrio(good, [1]), number, "length");
  }
  const number = release("17");
  assert.equal(prioRecordWords(number), 5);
  const five = [...good, 1];
  check(ask.procsPrio(five, five, five), number, [
    11,
    ...[...five, ...five, ...five],
  ]);
  check(ask.procsPrio(good), number, "length");
  check(ask.procsPrio(), number, "length");
  const { args, request } = decode(
    ask.procsPrio(good, [0, 0, 0, 0], [5, -1, -1000, 1]),
    0xff,
    release("16"),
  );
  assert.equal(args, 12);
  assert.ok(prioRecordOk(request, 1));
  assert.ok(!prioRecordOk(request, 5));
  assert.ok(prioRecordOk(request, 9));
});

conforms("1.2", "one record of a batch", () => {
  function checkRecord(record: number[], want: boolean) {
    const request = Int32Array.of(11, 77, 77, 77, 77, ...record, 77);
    assert.equal(prioRecordOk(request, 5), want, `${record}`);
  }
  checkRecord([0, 0, 0, 0], false);
  checkRecord([-5, 0, 0, 0], false);
  checkRecord([1, 0, 1001, 0], false);
  checkRecord([1, 0, -1001, 0], false);
  checkRecord([1, 0, 0, 2], false);
  checkRecord([1, 0, 0, -1], false);
  checkRecord([1, 0, 1000, 0], true);
  checkRecord([2147483647, -2147483648, -1000, 1], true);
  // Before 17 the word after a record is the next one's pid.
  const request = Int32Array.of(1, 9, 0, 0, 0, 1);
  assert.equal(prioLmkdOnly(request, 1, release("16-QPR2")), false);
  assert.equal(prioLmkdOnly(request, 1, release("17")), true);
  request[5] = 0;
  assert.equal(prioLmkdOnly(request, 1, release("17")), false);
});

// The log never waits, says what it lost, and reaches the kernel's log.

import assert from "node:assert/strict";
import { errnoName } from "../../src/base/errno.ts";
import { Log } from "../../src/cli/log.ts";
import {
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  type Shim,
} from "../../src/shim/shim.ts";
import { libc, unattached } from "../shim/helpers.ts";

const EAGAIN = 11;
const SEEK_END = 2;
const KMSG = "/dev/kmsg";

const shim = unattached();

/** Why the kernel's log cannot be written and read back, or "". */
function refusal(): string {
  for (const flags of [O_WRONLY, O_RDONLY]) {
    const fd = shim.open(KMSG, flags | O_NONBLOCK);
    if (fd < 0) return `${KMSG}: ${errnoName(fd)}`;
    shim.symbols.shut(fd);
  }
  return "";
}

/** Records after `play` began that hold `token`. */
function recordsAfter(token: string, play: () => void): string[] {
  const fd = shim.open(KMSG, O_RDONLY | O_NONBLOCK);
  libc.lseek(fd, 0n, SEEK_END);
  play();
  const found: string[] = [];
  const bytes = new Uint8Array(8192);
  for (;;) {
    const n = Number(libc.read(fd, bytes, BigInt(bytes.length)));
    if (n <= 0) break;
    const text = new TextDecoder().decode(bytes.subarray(0, n));
    if (text.includes(token)) found.push(text);
  }
  shim.symbols.shut(fd);
  return found;
}

const why = refusal();
Deno.test({
  name: `log: lines reach ${KMSG}${why && ` (skipped: ${why})`}`,
  ignore: why !== "",
  fn() {
    const token = crypto.randomUUID();
    const log = new Log(shim, "kmsg", "info");
    const records = recordsAfter(token, () => {
      log.say("warn", `${token} one\ntwo`);
      log.say("debug", `${token} not wanted`);
      log.say("error", `${token} ${"ü".repeat(3000)}`);
    });
    assert.equal(records.length, 2);
    // The kernel adds LOG_USER, 8, to a level that comes from a process.
    const line = `;lowmemorykiller: ${token} one?two\n`;
    assert.match(records[0], /^12,/);
    assert.ok(records[0].includes(line), records[0]);
    assert.match(records[1], /^11,/);
  },
});

Deno.test("log: a pipe that nobody reads costs the text, no time", () => {
  const pair = new Int32Array(2);
  assert.equal(libc.pipe(pair), 0);
  const [from, to] = pair;
  const text = "x".repeat(5000);
  let taken = 0;
  let rc = shim.write(to, text);
  while (rc > 0) {
    taken += rc;
    rc = shim.write(to, text);
  }
  assert.equal(rc, -EAGAIN);
  assert.ok(taken >= 4096);
  shim.symbols.shut(from);
  shim.symbols.shut(to);
});

/** A shim whose writes are answered from `answers`, and what they took. */
function scripted(answers: number[]): { shim: Shim; said: string[] } {
  const said: string[] = [];
  const write = (_fd: number, text: string): number => {
    const rc = answers.shift() ?? text.length;
    if (rc >= 0) said.push(text);
    return rc;
  };
  return { shim: { write } as unknown as Shim, said };
}

Deno.test("log: what was lost is said before the next line", () => {
  const rows: [answers: number[], said: string[]][] = [
    [[], ["a", "b", "c", "d"]],
    [[-EAGAIN], ["Lines lost before this one: 1", "b", "c", "d"]],
    [[-EAGAIN, -EAGAIN], ["Lines lost before this one: 2", "c", "d"]],
    [[1, -EAGAIN, -EAGAIN], ["a", "Lines lost before this one: 2", "d"]],
    [[-EAGAIN, 1, -EAGAIN], [
      "Lines lost before this one: 1",
      "Lines lost before this one: 1",
      "c",
      "d",
    ]],
  ];
  for (const [answers, want] of rows) {
    const { shim, said } = scripted(answers);
    const log = new Log(shim, "stderr", "info");
    for (const line of ["a", "b", "c", "d"]) log.say("info", line);
    assert.deepEqual(said, want.map((line) => `oomguard: ${line}\n`));
  }
});

Deno.test("log: a packet for logd, its tag lmkd's", () => {
  const sent: [string, Uint8Array][] = [];
  const datagram = (path: string, packet: Uint8Array): number => {
    sent.push([path, packet]);
    return packet.length;
  };
  const log = new Log({ datagram } as unknown as Shim, "logd", "info");
  const rows = [["error", 6], ["warn", 5], ["info", 4]] as const;
  for (const [level, priority] of rows) {
    const before = Date.now();
    log.say(level, "Kill 'caf\u00e9\n' (1)");
    const [path, packet] = sent.pop()!;
    assert.equal(path, "/dev/socket/logdw");
    // log/log.h: log id, thread, s and ns, all little-endian; then the text.
    const view = new DataView(packet.buffer);
    assert.equal(view.getUint8(0), 3);
    assert.equal(view.getUint16(1, true), Deno.pid & 0xffff);
    const ms = view.getUint32(3, true) * 1000 +
      view.getUint32(7, true) / 1_000_000;
    assert.ok(ms >= before && ms <= Date.now());
    assert.equal(view.getUint8(11), priority);
    assert.equal(
      new TextDecoder().decode(packet.subarray(12)),
      "lowmemorykiller\0Kill 'caf\u00e9?' (1)\0",
    );
  }
  log.say("debug", "not wanted");
  assert.equal(sent.length, 0);
});

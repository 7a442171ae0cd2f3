// shim_ask: one packet to a server and one back, within its time, without an
// attached shim.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cString } from "../../src/shim/load.ts";
import { libc, unattached } from "./helpers.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const ENOENT = 2;
const EINVAL = 22;
const ENAMETOOLONG = 36;
const EPROTOTYPE = 91;
const ETIMEDOUT = 110;
const ECONNREFUSED = 111;
/** What an answer may take. */
const SOON_MS = 5_000;
const BYTES = 64;

const { symbols } = unattached();
const SERVER = fileURLToPath(new URL("./ask_server.ts", import.meta.url));

/** Asks; answers what came back. */
function ask(path: string, question: number[], timeoutMs: number) {
  const bytes = new Uint8Array(BYTES).fill(0xee);
  bytes.set(question);
  const began = performance.now();
  const rc = symbols.ask(cString(path), bytes, question.length, timeoutMs);
  return { rc, bytes, tookMs: performance.now() - began };
}

async function withServer(
  manner: string,
  body: (path: string) => void,
): Promise<void> {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-ask-" });
  const path = `${dir}/lmkd`;
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", SERVER, path, manner],
    stdout: "piped",
  }).spawn();
  try {
    const reader = server.stdout.getReader();
    const { value } = await reader.read();
    assert.equal(new TextDecoder().decode(value), "listening\n");
    body(path);
    await reader.cancel();
  } finally {
    try {
      server.kill("SIGKILL");
    } catch { /* It has ended already. */ }
    await server.status;
    Deno.removeSync(dir, { recursive: true });
  }
}

/** A socket of `type` at `path` that nobody serves; its descriptor. */
function mute(path: string, type: number, backlog: number): number {
  const name = cString(path);
  if (path.startsWith("@")) name[0] = 0;
  const length = path.startsWith("@") ? name.length - 1 : name.length;
  const address = new Uint8Array(2 + length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name.subarray(0, length), 2);
  const fd = libc.socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
  assert.equal(libc.bind(fd, address, address.length), 0);
  if (backlog >= 0) assert.equal(libc.listen(fd, backlog), 0);
  return fd;
}

Deno.test("ask: what a server answers", async () => {
  await withServer("echo", (path) => {
    for (const question of [[7], [0, 0, 0, 7], new Array(BYTES).fill(9)]) {
      const { rc, bytes } = ask(path, question, SOON_MS);
      assert.equal(rc, question.length);
      const want = new Uint8Array(BYTES).fill(0xee);
      want.set(question.map((byte) => byte + 1));
      assert.deepEqual(bytes, want);
    }
  });
  await withServer("long", (path) => {
    const { rc, bytes } = ask(path, [1, 2], SOON_MS);
    assert.equal(rc, BYTES, "cut to what fits");
    assert.deepEqual([...bytes.subarray(0, 2)], [2, 3]);
  });
  await withServer("hang up", (path) => {
    assert.equal(ask(path, [1], SOON_MS).rc, 0);
  });
});

Deno.test("ask: a server that says nothing costs no more than was told", () => {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-ask-" });
  const fds: number[] = [];
  const abstract = `@oomguard-ask-${Deno.pid}`;
  try {
    fds.push(mute(`${dir}/mute`, SOCK_SEQPACKET, 8));
    fds.push(mute(abstract, SOCK_SEQPACKET, 8));
    // A queue of none holds one all the same: the second finds it full.
    fds.push(mute(`${dir}/full`, SOCK_SEQPACKET, 0));
    ask(`${dir}/full`, [1], 1);
    for (const path of [`${dir}/mute`, abstract, `${dir}/full`]) {
      const { rc, tookMs } = ask(path, [1], 120);
      assert.equal(rc, -ETIMEDOUT, path);
      assert.ok(tookMs >= 100 && tookMs < 2_000, `${path}: ${tookMs} ms`);
    }
  } finally {
    for (const fd of fds) libc.close(fd);
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("ask: what cannot be asked", () => {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-ask-" });
  const check = (path: string, count: number, ms: number, want: number) => {
    const question = new Array(Math.max(Math.min(count, BYTES), 0)).fill(1);
    const bytes = Uint8Array.from([...question, ...new Array(BYTES).fill(0)]);
    const rc = symbols.ask(cString(path), bytes, count, ms);
    assert.equal(rc, want, `${path} ${count} ${ms}`);
  };
  const fd = mute(`${dir}/stream`, SOCK_STREAM, 8);
  libc.close(mute(`${dir}/dead`, SOCK_SEQPACKET, 8));
  try {
    for (const count of [0, -1, BYTES + 1, 2 ** 31 - 1, -(2 ** 31)]) {
      check(`${dir}/dead`, count, 100, -EINVAL);
    }
    for (const ms of [0, -1, -(2 ** 31)]) check(`${dir}/dead`, 1, ms, -EINVAL);
    check("", 1, 100, -ENAMETOOLONG);
    check(`/${"x".repeat(200)}`, 1, 100, -ENAMETOOLONG);
    check(`${dir}/nothing`, 1, 100, -ENOENT);
    check(`@oomguard-nobody-${Deno.pid}`, 1, 100, -ECONNREFUSED);
    check(`${dir}/dead`, 1, 100, -ECONNREFUSED);
    check(`${dir}/stream`, 1, 100, -EPROTOTYPE);
    // No descriptor is left behind. Other tests of this process open and close
    // their own meanwhile, so the quietest of some rounds counts.
    const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const round = () => {
      const before = open();
      for (let i = 0; i < 50; i++) check(`${dir}/dead`, 1, 100, -ECONNREFUSED);
      return Math.abs(open() - before);
    };
    assert.equal(Math.min(...Array.from({ length: 20 }, round)), 0);
  } finally {
    libc.close(fd);
    Deno.removeSync(dir, { recursive: true });
  }
});

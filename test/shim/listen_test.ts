// shim_listen: what a dead server left is taken over, a live one is left alone.

import assert from "node:assert/strict";
import { cString } from "../../src/shim/load.ts";
import { libc, unattached } from "./helpers.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const EADDRINUSE = 98;

const { symbols } = unattached();

function addressOf(path: string): Uint8Array<ArrayBuffer> {
  const name = cString(path);
  const address = new Uint8Array(2 + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}

/** A bound socket; its descriptor. */
function serve(path: string, type: number): number {
  const address = addressOf(path);
  const fd = libc.socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
  assert.equal(libc.bind(fd, address, address.length), 0);
  if (type !== SOCK_DGRAM) assert.equal(libc.listen(fd, 0), 0);
  return fd;
}

/** Lets `before` prepare the path; answers descriptors to close. */
function check(
  what: string,
  before: (path: string) => number[],
  taken: boolean,
): void {
  const dir = Deno.makeTempDirSync({ prefix: "oomguard-listen-" });
  const path = `${dir}/lmkd`;
  const fds = before(path);
  const inodeOf = () => Deno.lstatSync(path).ino;
  try {
    const inode = taken ? inodeOf() : null;
    const uid = Deno.uid() ?? 0;
    const gid = Deno.gid() ?? 0;
    const fd = symbols.listen(cString(path), 0o600, uid, gid);
    if (taken) {
      assert.equal(fd, -EADDRINUSE, what);
      assert.equal(inodeOf(), inode, what);
    } else {
      assert.ok(fd >= 0, `${what}: ${fd}`);
      const address = addressOf(path);
      const client = libc.socket(AF_UNIX, SOCK_SEQPACKET, 0);
      assert.equal(libc.connect(client, address, address.length), 0, what);
      fds.push(fd, client);
    }
  } finally {
    for (const fd of fds) libc.close(fd);
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("listen: a live server keeps its socket", () => {
  check("seqpacket", (path) => [serve(path, SOCK_SEQPACKET)], true);
  check("stream", (path) => [serve(path, SOCK_STREAM)], true);
  check("datagram", (path) => [serve(path, SOCK_DGRAM)], true);
  check("full backlog", (path) => {
    const fds = [serve(path, SOCK_SEQPACKET)];
    const address = addressOf(path);
    for (let i = 0; i < 8; i++) {
      const fd = libc.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
      fds.push(fd);
      if (libc.connect(fd, address, address.length) !== 0) return fds;
    }
    throw new Error("the backlog never filled");
  }, true);
});

Deno.test("listen: what is no socket stays", () => {
  check("a file", (path) => {
    Deno.writeTextFileSync(path, "text");
    return [];
  }, true);
  check("a link to a dead socket", (path) => {
    libc.close(serve(`${path}.old`, SOCK_SEQPACKET));
    Deno.symlinkSync(`${path}.old`, path);
    return [];
  }, true);
});

Deno.test("listen: nothing there, or a dead server's socket", () => {
  check("nothing", () => [], false);
  for (const type of [SOCK_SEQPACKET, SOCK_STREAM]) {
    check(`dead ${type}`, (path) => {
      libc.close(serve(path, type));
      return [];
    }, false);
  }
});

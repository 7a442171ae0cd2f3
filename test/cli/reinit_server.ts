// A guard's control socket for one request: listens at the path of its first
// argument, says so, and answers with the words of its second, printing the
// bytes that it was asked with.

import { cString } from "../../src/shim/load.ts";

const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept: { parameters: ["i32", "pointer", "pointer"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
}).symbols;

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;

const [path, answer] = Deno.args;
const name = cString(path);
const address = new Uint8Array(2 + name.length);
new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
address.set(name, 2);
const listener = libc.socket(AF_UNIX, SOCK_SEQPACKET, 0);
if (libc.bind(listener, address, address.length) < 0) Deno.exit(1);
if (libc.listen(listener, 1) < 0) Deno.exit(1);
console.log("listening");

const client = libc.accept(listener, null, null);
const asked = new Uint8Array(64);
const count = Number(libc.recv(client, asked, 64n, 0));
console.log(asked.slice(0, Math.max(count, 0)).toHex());
const words: number[] = JSON.parse(answer);
const reply = new DataView(new ArrayBuffer(words.length * 4));
words.forEach((word, i) => reply.setInt32(i * 4, word));
const bytes = new Uint8Array(reply.buffer);
if (bytes.length > 0) libc.send(client, bytes, BigInt(bytes.length), 0);

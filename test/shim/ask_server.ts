// A server of the control socket made of the shim's own calls: listens at the
// path of its first argument, says so, and answers each packet as its second
// argument tells.

import assert from "node:assert/strict";
import { cString } from "../../src/shim/load.ts";
import {
  AT_PACKET,
  EVENT_CLIENT,
  EVENT_LISTENER,
  MB_COUNT,
  MB_EVENTS,
  MB_FD,
  MB_TAG,
  MB_TIMEOUT_MS,
} from "../../src/state/layout.ts";
import { shim } from "./attached.ts";

const [path, manner] = Deno.args;
const { ports, symbols, arena } = shim();
const { mailbox, events, bytes } = arena;

const listener = symbols.listen(
  cString(path),
  0o600,
  Deno.uid() ?? 0,
  Deno.gid() ?? 0,
);
assert.ok(listener >= 0, `${listener}`);
assert.equal(symbols.watch(listener, 1, EVENT_LISTENER << 24), 0);
console.log("listening");

/** Takes a packet and answers it, or hangs up. */
function serve(client: number): void {
  mailbox[MB_FD] = client;
  const count = ports.receive();
  if (count <= 0) return;
  if (manner === "hang up") {
    ports.close();
    return;
  }
  // Each byte one more: the answer is not the question.
  for (let i = 0; i < count; i++) bytes[AT_PACKET + i]++;
  mailbox[MB_COUNT] = manner === "long" ? 200 : count;
  assert.equal(ports.send(), mailbox[MB_COUNT]);
}

let client = -1;
for (;;) {
  mailbox[MB_TIMEOUT_MS] = 10_000;
  assert.equal(ports.wait(), 0);
  // The events may be overwritten: calls that follow use the same arena.
  const tags = Array.from(
    { length: mailbox[MB_EVENTS] },
    (_, i) => events[i * 4],
  );
  if (tags.length === 0) Deno.exit(0);
  for (const tag of tags) {
    if (tag >> 24 === EVENT_CLIENT) serve(client);
    if (tag >> 24 !== EVENT_LISTENER) continue;
    mailbox[MB_FD] = listener;
    mailbox[MB_TAG] = EVENT_CLIENT << 24;
    client = ports.accept();
    assert.ok(client >= 0, `${client}`);
  }
}

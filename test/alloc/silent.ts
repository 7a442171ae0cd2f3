// The child of the soak: runs one case for so many turns under --trace-gc, and
// marks in V8's own output where they begin and end. The young generation is
// nearly full when they begin, so that little is needed to be heard.
//
// Arguments: case module URL, name of its setup, turns.

import v8 from "node:v8";

/** Room left in the young generation, bytes: 4,000 turns of one double each. */
const ROOM_BYTES = 65_536;
/** Every path of a case has been gone by then, however often it ran. */
const WARM_TURNS = 1_000;

type Setup = () => () => void;

const [url, name, turns] = Deno.args as [string, string, string];
const module: Record<string, unknown> = await import(url);

// V8 prints through the C library, whose buffer keeps the order.
const { puts } = Deno.dlopen("libc.so.6", {
  puts: { parameters: ["buffer"], result: "i32" },
}).symbols;
const begun = new TextEncoder().encode("begun\0");
const ended = new TextEncoder().encode("ended\0");

function roomBytes(): number {
  const young = v8.getHeapSpaceStatistics()
    .find((space) => space.space_name === "new_space");
  return young?.space_available_size ?? 0;
}

/** Leaves less than ROOM_BYTES before the next collection. */
function fillYoung(): unknown {
  let junk: unknown = null;
  while (roomBytes() >= ROOM_BYTES) {
    for (let i = 0; i < 500; i++) junk = { i };
  }
  return junk;
}

const turn = (module[name] as Setup)();
const count = Number(turns);
for (let i = 0; i < WARM_TURNS; i++) turn();
fillYoung();
puts(begun);
for (let i = 0; i < count; i++) turn();
puts(ended);

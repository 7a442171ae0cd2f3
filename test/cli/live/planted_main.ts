// The daemon with what should never be there: a timer of its own that throws,
// and promises that are refused while nobody listens. Both come whenever the
// daemon gives the runtime a turn; a storm of other timers comes with them.

import { daemon } from "../../../src/cli/daemon.ts";

const STORM = 50;

setTimeout(() => {
  Promise.reject(new Error("planted rejection"));
  throw new Error("planted error");
});
for (let i = 0; i < STORM; i++) setInterval(() => {}, 0);

const [, ...args] = Deno.args;
Deno.exit(await daemon(args));

// The child of the bytecode proof: rehearses an emergency as the guard does at
// its start, lets its code grow old over many full collections, then has a real
// one on a simulated machine. V8's log (--log-function-events) tells what was
// compiled between the two marks.
//
// Arguments: KEY=VALUE of the configuration. UNREHEARSED in the environment:
// without a rehearsal.

import process from "node:process";
import { rehearse } from "../../src/daemon/rehearsal.ts";
import { statusLines } from "../../src/report/status.ts";
import { makeFrozen } from "./cases/daemon.ts";

/** More than V8 has ever wanted to see before it throws code away (6, where it
 * goes by age: --bytecode-old-age). */
const COLLECTIONS = 20;
/** Turns in which somebody surely dies and memory is back. */
const EMERGENCY_TURNS = 60;

const gc = (globalThis as unknown as { gc(): void }).gc;

// Their first run is what the log shows of them.
function markBegin(): void {}
function markEnd(): void {}

const { rig, frozen } = makeFrozen(60, Deno.args);
if (process.env["UNREHEARSED"] === undefined) {
  rehearse(rig.arena.settings, statusLines);
}
for (let i = 0; i < COLLECTIONS; i++) {
  rig.turn();
  gc();
}
markBegin();
frozen.show(true);
frozen.pressing = true;
for (let i = 0; i < EMERGENCY_TURNS; i++) rig.turn();
markEnd();
if (frozen.kills === 0) throw new Error("Cannot measure: nobody was killed");

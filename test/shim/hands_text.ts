// The runtime's text and data on a real kernel: of them stays what is touched,
// whoever touches it, and all can be touched afterwards; a fault that is none of
// the watch's ends the process as ever.
//
//   deno run -A hands_text.ts CASE: a process that faults (CASES)

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { rehearse } from "../../src/daemon/rehearsal.ts";
import { statusLines } from "../../src/report/status.ts";
import {
  largestText,
  parseMaps,
  type Range,
  Residence,
} from "../../src/shim/residence.ts";
import { sceneConfig } from "../../src/sim/scenes.ts";
import { type Checks, shim, textOf } from "./attached.ts";
import { collectAll } from "./hands_memory.ts";

const EINVAL = -22;
const EALREADY = -114;
const PAGE_KB = 4;

/** What lies in a range: its mappings, and what is resident of them, kB. */
function within(whole: Range): { mappings: number; rssKb: number } {
  const end = whole.start + whole.bytes;
  let mappings = 0;
  let rssKb = 0;
  for (const part of textOf("/proc/self/smaps").split(/^(?=[0-9a-f]+-)/m)) {
    const [range] = parseMaps(part);
    if (range.start < whole.start || range.start >= end) continue;
    mappings++;
    rssKb += Number(/^Rss: +(\d+) kB/m.exec(part)![1]);
  }
  return { mappings, rssKb };
}

/** The runtime's constants. */
function largestData(): Range {
  return parseMaps(textOf("/proc/self/maps"))
    .filter(({ isFile, access }) => isFile && access === "r--p")
    .reduce((most, range) => range.bytes > most.bytes ? range : most);
}

/** A thread that runs the runtime's text all the time. */
function busyThread(): Worker {
  const source = "for (;;) JSON.parse(JSON.stringify({ a: [1, 'b'] }));";
  return new Worker(`data:application/javascript,${source}`, {
    type: "module",
  });
}

function emergency(): void {
  const { arena, ports, symbols } = shim();
  const pid = symbols.sacrifice();
  const { settings } = sceneConfig([]);
  const victim = { pid, ports, arena };
  assert.equal(rehearse(settings, statusLines, victim).deaths, 1);
  symbols.bury(pid, 1);
}

async function keptText(): Promise<void> {
  const { symbols } = shim();
  const residence = new Residence(shim());
  const worker = busyThread();
  await new Promise((resolve) => setTimeout(resolve, 100));
  emergency();
  residence.survey();
  const whole = largestText(parseMaps(textOf("/proc/self/maps")))!;
  const before = within(whole);
  assert.equal(before.mappings, 1);
  const data = largestData();
  const dataBefore = within(data);
  assert.equal(dataBefore.mappings, 1);
  assert.equal(residence.watch(), 0);
  emergency();
  assert.ok(within(data).mappings > 1_000, "in pieces");
  const pages = residence.keep();
  const after = within(whole);
  assert.equal(after.mappings, 1, "one mapping again");
  assert.ok(pages > 100 && pages * 2 * PAGE_KB < before.rssKb, `${pages}`);
  const dataAfter = within(data);
  assert.equal(dataAfter.mappings, 1);
  assert.ok(
    dataAfter.rssKb < dataBefore.rssKb / 2,
    `${dataBefore.rssKb} to ${dataAfter.rssKb} kB of data`,
  );
  // The thread goes on meanwhile, and brings what it touches.
  assert.ok(
    after.rssKb < before.rssKb / 2,
    `${before.rssKb} to ${after.rssKb} kB, ${pages} pages`,
  );
  emergency();
  collectAll();
  worker.terminate();
  assert.equal(residence.watch(), EALREADY);
  assert.equal(symbols.beginHot(1n, 4_096n), EINVAL);
  assert.equal(residence.keep(), EINVAL, "ended already");
}

const CASES: Readonly<Record<string, () => void>> = {
  "without a watch": faulty,
  "while watched": () => {
    watched();
    faulty();
  },
  "after the watch": () => {
    watched().keep();
    faulty();
  },
  "sent without a watch": sent,
  "sent after the watch": () => {
    watched().keep();
    sent();
  },
};

function watched(): Residence {
  const residence = new Residence(shim());
  residence.survey();
  assert.equal(residence.watch(), 0);
  return residence;
}

/** Reads where nothing is mapped. */
function faulty(): void {
  const nowhere = Deno.UnsafePointer.create(8n);
  new Deno.UnsafePointerView(nowhere!).getInt32();
}

/** The runtime's own handler lets the first one pass (2.9.5). */
function sent(): void {
  Deno.kill(Deno.pid, "SIGSEGV");
  Deno.kill(Deno.pid, "SIGSEGV");
}

async function otherFaults(): Promise<void> {
  const program = fileURLToPath(import.meta.url);
  for (const name of Object.keys(CASES)) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", program, name],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    // One that faults for ever takes no SIGTERM.
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const { signal, stderr } = await child.output();
    clearTimeout(timer);
    const said = new TextDecoder().decode(stderr);
    assert.equal(signal, "SIGSEGV", `${name}: ${said}`);
  }
}

/** The checks. */
export const TEXT: Checks = {
  "of the runtime stays what is touched": keptText,
  "a fault that is none of the watch's ends the process": otherFaults,
};

if (import.meta.main) {
  CASES[Deno.args[0]]();
  Deno.exit(0);
}

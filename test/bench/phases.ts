// What `deno task bench` can measure: each phase answers lines of 80 columns
// and the same as data.

import { V8_FLAGS } from "../../src/pack/launch.ts";
import { fetchEarlyoom } from "./guards/disk.ts";
import { benchAllocation } from "./allocation.ts";
import { formatPair, formatRow, HEADER, pairHeader } from "./distribution.ts";
import { benchEmergencies } from "./emergencies.ts";
import { benchIdle, benchKills, benchStarts } from "./guard.ts";
import * as native from "./native.ts";

/** What was asked for. */
export interface Wanted {
  readonly quick: boolean;
  readonly guard: string;
  readonly within: string;
  readonly candidates: readonly string[];
  readonly earlyoom: string;
}

/** What a phase has to tell. */
export interface Told {
  readonly lines: string[];
  readonly data: unknown;
}

const CANDIDATES = [10, 100, 1_000, 10_000];
const GROUPS = [1, 10, 100, 1_000];

function countsOf(wanted: Wanted): number[] {
  if (wanted.candidates.length > 0) return wanted.candidates.map(Number);
  return wanted.quick ? [10, 1_000] : CANDIDATES;
}

/** Runs `body` with the built tools, and removes them. */
async function withTools(
  body: (tools: native.NativeTools) => Promise<Told>,
): Promise<Told> {
  const tools = await native.buildNative();
  try {
    return await body(tools);
  } finally {
    await Deno.remove(tools.dir, { recursive: true });
  }
}

async function start({ guard, quick }: Wanted): Promise<Told> {
  const data = await benchStarts(guard, quick ? 5 : 20);
  const lines = [
    HEADER,
    formatRow("exec to --version, ms", data.version),
    formatRow("exec to READY=1, ms", data.ready),
  ];
  return { lines, data };
}

async function kill({ guard, quick }: Wanted): Promise<Told> {
  const data = await benchKills(guard, quick ? 30 : 300);
  const lines = [
    HEADER,
    formatRow("wake to signal, us", data.signalUs),
    formatRow("signal to death seen, ms", data.deathMs),
  ];
  return { lines, data };
}

async function emergency({ quick }: Wanted): Promise<Told> {
  const data = await benchEmergencies(quick ? 500 : 10_000);
  const lines = [
    HEADER,
    formatRow("emergency to signal, us", data.signalUs),
    formatRow("emergency to death, us", data.deathUs),
  ];
  return { lines, data };
}

async function allocation(): Promise<Told> {
  const data = Object.fromEntries(await benchAllocation());
  const lines = Object.entries(data).map(([turn, cost]) =>
    `${cost.turns} turns of ${turn}: ${cost.heapBytes} bytes of heap, ` +
    `${cost.mallocCalls} C allocations`
  );
  return { lines, data };
}

async function rest({ guard, quick }: Wanted): Promise<Told> {
  const idleS = quick ? 15 : 60;
  const data = await benchIdle(guard, idleS);
  const sumKb = data.rssKb + data.keeperRssKb + data.ballastWantedKb;
  const usPerTurn = data.cpuPercent * idleS * 1e4 / Math.max(data.turns, 1);
  const lines = [
    `at rest for ${idleS} s: ${data.cpuPercent.toFixed(4)} % CPU, ` +
    `${data.turns} turns, ${usPerTurn.toFixed(0)} us each`,
    `the guard:  VmRSS ${data.rssKb} kB, RssAnon ${data.rssAnonKb} kB, ` +
    `of files ${data.fileKb} kB, arena ${data.sharedKb} kB`,
    `            locked ${data.lockedKb} kB, swapped ${data.swappedKb} kB, ` +
    `VmHWM ${data.mostKb} kB (before trimming)`,
    `the keeper: VmRSS ${data.keeperRssKb} kB, ` +
    `RssAnon ${data.keeperRssAnonKb} kB`,
    `ballast:    ${data.ballastWantedKb} kB wanted; a dry run takes none`,
    `sum:        ${sumKb} kB (VmRSS of both, and the ballast)`,
  ];
  return { lines, data: { ...data, sumKb, usPerTurn } };
}

function candidates(wanted: Wanted): Promise<Told> {
  return withTools(async (tools) => {
    const samples = wanted.quick ? 200 : 2_000;
    const lines: string[] = [`V8: ${V8_FLAGS}`];
    const data: native.AtCandidates[] = [];
    for (const count of countsOf(wanted)) {
      console.error(`bench: ${count} candidates`);
      const one = await native.benchNative(
        tools,
        count,
        samples,
        wanted.within,
      );
      data.push(one);
      lines.push("", pairHeader(`${count} candidates, us`));
      for (const { name, ours, theirs } of one.rows) {
        lines.push(formatPair(name, ours, theirs));
      }
      lines.push(`adopted in ${one.adoptMs.toFixed(0)} ms`);
    }
    return { lines, data };
  });
}

function costs(wanted: Wanted): Promise<Told> {
  return withTools(async (tools) => {
    const lines: string[] = [];
    const data: unknown[] = [];
    for (const count of countsOf(wanted)) {
      console.error(`bench: ${count} candidates, allocation`);
      const costs = await native.benchNativeCosts(tools, count);
      data.push({ count, costs });
      for (const [setup, cost] of costs) {
        lines.push(
          `${count} candidates, ${cost.turns} turns of ${setup}: ` +
            `${cost.heapBytes} bytes, ${cost.mallocCalls} mallocs`,
        );
      }
    }
    return { lines, data };
  });
}

function groups(wanted: Wanted): Promise<Told> {
  return withTools(async (tools) => {
    const lines: string[] = [];
    const data: native.AtGroups[] = [];
    for (const count of wanted.quick ? [1, 100] : GROUPS) {
      console.error(`bench: ${count} memory groups`);
      const samples = wanted.quick ? 200 : 2_000;
      const one = await native.benchGroups(tools, count, samples);
      if (typeof one === "string") throw new Error(one);
      data.push(one);
      lines.push(pairHeader(`${count} groups, us`));
      for (const { name, ours, theirs } of one.rows) {
        lines.push(formatPair(name, ours, theirs));
      }
    }
    lines.push("The guard guards one group; many are not built yet.");
    return { lines, data };
  });
}

function earlyoom(wanted: Wanted): Promise<Told> {
  return withTools(async (tools) => {
    const path = wanted.earlyoom || await fetchEarlyoom();
    const lines = [HEADER];
    const data: unknown[] = [];
    for (const count of countsOf(wanted)) {
      console.error(`bench: ${count} processes, earlyoom`);
      const samples = wanted.quick ? 10 : 30;
      const ns = await native.benchScans(tools, path, count, samples);
      data.push({ count, ns });
      const label = `scan of ${count} more, us`;
      lines.push(formatRow(label, ns.map((one) => one / 1000)));
    }
    return { lines, data };
  });
}

/** The phases by name, in the order in which they run. */
export const PHASES: Record<string, (wanted: Wanted) => Promise<Told>> = {
  start,
  kill,
  emergency,
  allocation,
  rest,
  candidates,
  costs,
  groups,
  earlyoom,
};

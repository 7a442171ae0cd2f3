// Who died in a scene, and whether that was right. Pure.
//
// Words, as the device test means them:
//
// - Importance goes by bands of 100 in oom_score_adj; 900–999 is one band.
// - What a process *holds* is its last known resident size and half of its
//   swapped size, because a half-compressible page in zram frees half a page.
// - A *wrong victim* dies while processes in less important bands live that
//   together hold enough: as much as the victim, or as much as was short.
//   Short is what MemAvailable lacked to the need mark at that moment.
// - An *excess victim* dies in the culprit's own band while the culprit, which
//   was to die, lives; or its death was not needed.
// - *Not needed*: with everything it held taken away again, MemAvailable would
//   have stayed at or above the need mark from its death to the end of the
//   scene. Deaths are taken back last first, and what was taken back counts on
//   for those before, so that of two the second is the superfluous one.
// - An *out-of-order victim* dies while one in its own band with a higher
//   oom_score_adj lives on, in a scene whose culprit is not to die.

import type { Proc, Run, Sample } from "./record.ts";
import type { Fate } from "./scenes.ts";

/** Victims that were signalled together die in any order within this time: a
 * 40 MB process needs 10 to 60 ms to end under emulation (measured). */
const TOGETHER_US = 250000;

/** A process that ends gives its memory back before its end is seen; a large
 * one takes up to half a second for it under emulation (measured). */
const DYING_US = 700000;

const BAND = 100;

export interface Victim {
  proc: Proc;
  atMs: number;
  heldKb: number;
  availKb: number;
}

/** The band of an oom_score_adj: a higher band is less important. */
export function bandOf(adj: number): number {
  return Math.floor(adj / BAND);
}

/** What the process held at this time, a death's own shrinking left out. */
export function heldKb(proc: Proc, atUs: number): number {
  let kb = 0;
  for (const size of proc.sizes) {
    if (size.atUs >= atUs) break;
    const held = size.rssKb + Math.floor(size.swapKb / 2);
    kb = size.atUs < atUs - DYING_US ? held : Math.max(kb, held);
  }
  return kb;
}

export function toVictims(run: Run): Victim[] {
  const victims: Victim[] = [];
  for (const proc of run.procs) {
    if (proc.death === undefined) continue;
    const { atUs } = proc.death;
    const before = run.samples.findLast((one) => one.atUs < atUs);
    victims.push({
      proc,
      atMs: (atUs - run.beginUs) / 1000,
      heldKb: heldKb(proc, atUs),
      availKb: before?.availKb ?? 0,
    });
  }
  return victims.sort((a, b) => a.atMs - b.atMs);
}

function livesAt(proc: Proc, atUs: number): boolean {
  if (proc.spawnUs > atUs) return false;
  return proc.death === undefined || proc.death.atUs > atUs;
}

export function wrongVictims(
  run: Run,
  victims: Victim[],
  needKb: number,
): string[] {
  const wrong: string[] = [];
  for (const victim of victims) {
    const { proc, availKb } = victim;
    const atUs = proc.death!.atUs;
    const band = bandOf(proc.adj);
    const spared = run.procs.filter((one) =>
      bandOf(one.adj) > band && livesAt(one, atUs)
    );
    let sparedKb = 0;
    for (const one of spared) sparedKb += heldKb(one, atUs);
    const shortKb = Math.max(needKb - availKb, 1);
    if (spared.length === 0 || sparedKb < Math.min(victim.heldKb, shortKb)) {
      continue;
    }
    wrong.push(
      `${proc.name} (adj ${proc.adj}) died while ${spared.length} less ` +
        `important lived, holding ${sparedKb >> 10} MB`,
    );
  }
  return wrong;
}

export function excessVictims(
  run: Run,
  victims: Victim[],
  samples: Sample[],
  needKb: number,
  fate: Fate,
): string[] {
  const excess: string[] = [];
  const culprits = run.procs.filter((proc) => proc.culprit);
  let takenBackKb = 0;
  for (const victim of victims.toReversed()) {
    const { proc } = victim;
    const atUs = proc.death!.atUs;
    // Without the death of an only culprit there is no telling what comes
    // after: it would have gone on growing. What died before it is judged by
    // the first rule. Of many, each would have stopped growing by itself.
    if (proc.culprit && fate === "dies") break;
    if (proc.culprit && fate === "grows") continue;
    const restKb = availKbFrom(samples, atUs) - takenBackKb - victim.heldKb;
    if (restKb < needKb) continue;
    takenBackKb += victim.heldKb;
    excess.push(
      `${proc.name} (adj ${proc.adj}) need not have died: ` +
        `${restKb >> 10} MB would have been left, ${needKb >> 10} are needed`,
    );
  }
  if (fate !== "dies" && fate !== "thins") return excess.reverse();
  const early: string[] = [];
  for (const { proc } of victims) {
    const culprit = culprits.find((one) =>
      bandOf(proc.adj) === bandOf(one.adj) && livesAt(one, proc.death!.atUs)
    );
    if (proc.culprit || culprit === undefined) continue;
    early.push(
      `${proc.name} (adj ${proc.adj}) died while ${culprit.name} lived`,
    );
  }
  return early.concat(excess.reverse());
}

function availKbFrom(samples: Sample[], atUs: number): number {
  const later = samples.filter((one) => one.atUs >= atUs);
  return Math.min(...later.map((one) => one.availKb));
}

export function outOfOrderVictims(run: Run, victims: Victim[]): string[] {
  const lines: string[] = [];
  for (const { proc } of victims) {
    const atUs = proc.death!.atUs;
    const passed = run.procs.find((one) =>
      one.adj > proc.adj && bandOf(one.adj) === bandOf(proc.adj) &&
      livesAt(one, atUs + TOGETHER_US)
    );
    if (passed === undefined) continue;
    lines.push(`${proc.name} (adj ${proc.adj}) died before ${passed.name}`);
  }
  return lines;
}

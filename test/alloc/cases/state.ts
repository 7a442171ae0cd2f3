// The victims table and the journal of src/state under churn: registrations,
// moves between bands, deaths, and a record for each.

import { sum32 } from "../../../src/base/int.ts";
import { PID_BUCKETS } from "../../../src/base/limits.ts";
import { Arena } from "../../../src/state/arena.ts";
import { ARENA_BYTES } from "../../../src/state/layout.ts";
import { J_PID, Journal, KIND_DEATH } from "../../../src/state/journal.ts";
import { NONE, Victims } from "../../../src/state/victims.ts";
import { Noise } from "../noise.ts";

export function setupVictims(): () => void {
  const noise = new Noise();
  const victims = new Victims(new Arena(new ArrayBuffer(ARENA_BYTES)));
  let sink = 0;
  return () => {
    // Twice the buckets: chains of the hash are walked too.
    const pid = 1 + noise.bits(13) % (2 * PID_BUCKETS);
    let row = victims.find(pid);
    if (row === NONE) row = victims.add(pid);
    victims.list(row, noise.bits(10) - 23);
    if (noise.bits(2) === 0) victims.markDue(row);
    if (noise.bits(2) === 0) victims.markDead(row);
    sink ^= victims.takeDue();
    const dead = victims.takeDead();
    if (dead !== NONE) victims.remove(dead);
    const adj = victims.highestAdj(1000);
    sink ^= victims.newer(victims.oldest(adj)) ^ victims.listed;
  };
}

/** An hour goes by each turn, so that days and the clock's wrap come too. */
export function setupJournal(): () => void {
  const journal = new Journal(new Arena(new ArrayBuffer(ARENA_BYTES)).journal);
  const noise = new Noise();
  let nowMs = 0;
  return () => {
    nowMs = sum32(nowMs, 3_600_000);
    const at = journal.begin(KIND_DEATH, nowMs);
    journal.words[at + J_PID] = noise.next();
    journal.commit();
  };
}

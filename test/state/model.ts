// The victims table as maps and arrays, too simple to be wrong, and the random
// steps that are taken on both.

import assert from "node:assert/strict";
import { VICTIMS_MAX } from "../../src/base/limits.ts";
import type { Prng } from "../../src/base/prng.ts";
import { VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  NONE,
  ROW_ADJ_DUE,
  ROW_DEAD,
  ROW_LISTED,
  V_ADJ,
  V_FLAGS,
  V_PID,
  type Victims,
} from "../../src/state/victims.ts";

/** What highestAdj answers when there is nobody. */
export const NOBODY = -1001;

/** Rows of a list, oldest first, bounded. */
export function oldestFirst(victims: Victims, adj: number): number[] {
  const rows: number[] = [];
  let row = victims.oldest(adj);
  while (row !== NONE && rows.length <= VICTIMS_MAX) {
    rows.push(row);
    row = victims.newer(row);
  }
  return rows;
}

/** One process of the model. */
export interface Known {
  readonly row: number;
  adj: number | null;
  dead: boolean;
  due: boolean;
}

/** The same table, as maps and arrays. */
export class Model {
  readonly known = new Map<number, Known>();
  /** Pids by adj, oldest first. */
  readonly lists = new Map<number, number[]>();

  unlist(pid: number): void {
    const one = this.known.get(pid)!;
    if (one.adj === null) return;
    const list = this.lists.get(one.adj)!;
    list.splice(list.indexOf(pid), 1);
    one.adj = null;
  }

  list(pid: number, adj: number): void {
    this.unlist(pid);
    this.known.get(pid)!.adj = adj;
    this.lists.set(adj, [...this.lists.get(adj) ?? [], pid]);
  }

  highestAdj(from: number): number {
    let best = NOBODY;
    for (const [adj, list] of this.lists) {
      if (list.length > 0 && adj <= from && adj > best) best = adj;
    }
    return best;
  }
}

/** One random step on both. */
export function step(victims: Victims, model: Model, prng: Prng): void {
  const pid = prng.between(1, 40) * prng.pick([1, 256, 257, 4096]);
  const one = model.known.get(pid);
  const kind = prng.below(8);
  if (one === undefined) {
    const row = victims.add(pid);
    assert.notEqual(row, NONE);
    model.known.set(pid, { row, adj: null, dead: false, due: false });
  } else if (kind <= 3) {
    if (one.dead) return;
    const adj = prng.pick([-1000, -1, 0, 31, 32, 900, 1000]);
    victims.list(one.row, adj);
    model.list(pid, adj);
  } else if (kind === 4) {
    victims.unlist(one.row);
    model.unlist(pid);
  } else if (kind === 5) {
    victims.markDue(one.row);
    one.due = true;
  } else if (kind === 6) {
    victims.markDead(one.row);
    model.unlist(pid);
    one.dead = true;
  } else {
    bury(victims, model, prng.chance(500));
  }
}

/** Takes what is dead out of both, and what is due, when asked to. */
function bury(victims: Victims, model: Model, due: boolean): void {
  const pidOf = (row: number) => victims.rows[row * VICTIM_WORDS + V_PID];
  const dead = [...model.known].filter(([, one]) => one.dead);
  assert.equal(victims.deadCount, dead.length);
  for (let row = victims.takeDead(); row !== NONE; row = victims.takeDead()) {
    const pid = pidOf(row);
    assert.equal(model.known.get(pid)?.dead, true);
    victims.remove(row);
    model.known.delete(pid);
  }
  if (!due) return;
  const wanted = new Set<number>();
  for (const [pid, one] of model.known) if (one.due) wanted.add(pid);
  for (let row = victims.takeDue(); row !== NONE; row = victims.takeDue()) {
    assert.ok(wanted.delete(pidOf(row)));
    model.known.get(pidOf(row))!.due = false;
  }
  assert.equal(wanted.size, 0);
}

/** Asserts that both say the same. */
export function compare(victims: Victims, model: Model, prng: Prng): void {
  const { rows } = victims;
  assert.equal(victims.count, model.known.size);
  let listed = 0;
  for (const [pid, one] of model.known) {
    assert.equal(victims.find(pid), one.row);
    const at = one.row * VICTIM_WORDS;
    const flag = (bit: number) => (rows[at + V_FLAGS] & bit) !== 0;
    assert.equal(flag(ROW_LISTED), one.adj !== null);
    assert.equal(flag(ROW_DEAD), one.dead);
    assert.equal(flag(ROW_ADJ_DUE), one.due);
    if (one.adj === null) continue;
    assert.equal(rows[at + V_ADJ], one.adj);
    listed++;
  }
  assert.equal(victims.listed, listed);
  for (const [adj, list] of model.lists) {
    const pids = oldestFirst(victims, adj)
      .map((row) => rows[row * VICTIM_WORDS + V_PID]);
    assert.deepEqual(pids, list);
  }
  const from = prng.between(-1000, 1000);
  assert.equal(victims.highestAdj(from), model.highestAdj(from));
}

// Makes tables of victims for tests: one short object for each process.

import { NAME_BYTES } from "../../src/base/limits.ts";
import { Arena } from "../../src/state/arena.ts";
import { ARENA_BYTES, AT_NAMES, VICTIM_WORDS } from "../../src/state/layout.ts";
import {
  NONE,
  OWNER_DISCOVERED,
  ROW_KILLED,
  ROW_SAMPLED,
  V_ADJ,
  V_ANON_KB,
  V_FLAGS,
  V_GROWN_KB,
  V_OWNER,
  V_PIDFD,
  V_PROTECT,
  V_READY,
  V_RSS_KB,
  V_SWAP_KB,
  V_UID,
  Victims,
} from "../../src/state/victims.ts";

/** A process in the table; what is left out is zero. */
export interface Row {
  readonly pid: number;
  readonly adj: number;
  readonly uid?: number;
  readonly name?: string;
  readonly rssKb?: number;
  /** As much as rssKb unless told. */
  readonly anonKb?: number;
  readonly swapKb?: number;
  readonly grownKb?: number;
  /** PROTECT_*: the row is in no list. */
  readonly protect?: number;
  /** Signalled; `listed` keeps it in its list all the same. */
  readonly killed?: "listed" | "unlisted";
  /** Not in the ready list. */
  readonly cold?: boolean;
  readonly discovered?: boolean;
}

/** An arena of zeros. */
export function makeArena(): Arena {
  return new Arena(new ArrayBuffer(ARENA_BYTES));
}

/** Adds rows in this order, so that the first of an adj is its oldest. */
export function addRows(
  arena: Arena,
  victims: Victims,
  rows: readonly Row[],
): void {
  const table = victims.rows;
  let ready = 0;
  for (const one of rows) {
    const row = victims.add(one.pid);
    const at = row * VICTIM_WORDS;
    table[at + V_ADJ] = one.adj;
    table[at + V_UID] = one.uid ?? 0;
    table[at + V_PIDFD] = 100 + row;
    table[at + V_OWNER] = one.discovered === true ? OWNER_DISCOVERED : 77;
    table[at + V_RSS_KB] = one.rssKb ?? 0;
    table[at + V_ANON_KB] = one.anonKb ?? one.rssKb ?? 0;
    table[at + V_SWAP_KB] = one.swapKb ?? 0;
    table[at + V_GROWN_KB] = one.grownKb ?? 0;
    table[at + V_PROTECT] = one.protect ?? 0;
    table[at + V_READY] = one.cold === true ? NONE : ready++;
    table[at + V_FLAGS] |= ROW_SAMPLED;
    const name = new TextEncoder().encode(one.name ?? `p${one.pid}`);
    arena.bytes.set(name.subarray(0, NAME_BYTES), AT_NAMES + row * NAME_BYTES);
    if (one.protect === undefined) victims.list(row, one.adj);
    if (one.killed !== undefined) table[at + V_FLAGS] |= ROW_KILLED;
    if (one.killed === "unlisted") victims.unlist(row);
  }
}

/** A table of these rows, and their ready list. */
export function tableOf(rows: readonly Row[], readyMax: number) {
  const arena = makeArena();
  const victims = new Victims(arena);
  addRows(arena, victims, rows);
  const ready = new Int32Array(readyMax).fill(NONE);
  for (let row = 0; row < victims.end; row++) {
    const index = victims.rows[row * VICTIM_WORDS + V_READY];
    if (index >= 0 && index < readyMax) ready[index] = row;
  }
  return { arena, victims, ready };
}

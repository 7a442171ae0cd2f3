// Who would die now, in order: the production policy asked again and again
// over a copy of the guard's arena, each answer taken out before the next.

import {
  NAME_BYTES,
  READY_MAX,
  TITLE_BYTES,
  VICTIMS_MAX,
} from "../base/limits.ts";
import { selectVictim } from "../policy/select.ts";
import { known } from "../policy/watermarks.ts";
import type { Arena } from "../state/arena.ts";
import { AT_NAMES, AT_TITLES, VICTIM_WORDS } from "../state/layout.ts";
import { SET_FLOOR_ADJ, SET_STRATEGY } from "../state/settings.ts";
import { NEED_KB } from "../state/snapshot.ts";
import {
  NONE,
  OWNER_DISCOVERED,
  PROTECT_ADJ,
  PROTECT_CONFIG,
  PROTECT_GUARD,
  PROTECT_INIT,
  PROTECT_KEEPER,
  PROTECT_KERNEL,
  ROW_DEAD,
  ROW_KILLED,
  ROW_LISTED,
  ROW_SAMPLED,
  ROW_SERVICE,
  V_ADJ,
  V_FLAGS,
  V_GROWN_KB,
  V_OWNER,
  V_PID,
  V_PROTECT,
  V_READY,
  V_RSS_KB,
  V_SILENT,
  V_SWAP_KB,
  V_UID,
  type Victims,
} from "../state/victims.ts";
import { textOf } from "./names.ts";
import { strategyName } from "./reasons.ts";
import { columnsOf, cut, megabytes } from "./units.ts";

/** One process, as `procs` prints it. */
export interface Proc {
  /** 1 dies first; null for one that would not be chosen. */
  readonly rank: number | null;
  readonly pid: number;
  readonly adj: number;
  readonly uid: number;
  /** null while it was not yet looked at. */
  readonly rssKb: number | null;
  readonly swapKb: number | null;
  readonly grownKb: number | null;
  readonly name: string;
  /** A client registered it; else it was found in /proc. */
  readonly registered: boolean;
  readonly service: boolean;
  /** Why it would not be chosen; null for one that would. */
  readonly why: string | null;
}

/** The whole answer. */
export interface KillOrder {
  readonly strategy: string;
  readonly floorAdj: number;
  readonly order: readonly Proc[];
  /** Known, and not to be chosen. */
  readonly spared: readonly Proc[];
}

/** The ready list as the rows of a copy tell it. */
function readyOf(rows: Int32Array, end: number): Int32Array {
  const ready = new Int32Array(READY_MAX).fill(NONE);
  for (let row = 0; row < end; row++) {
    const index = rows[row * VICTIM_WORDS + V_READY];
    if (rows[row * VICTIM_WORDS + V_FLAGS] === 0) continue;
    if (index >= 0 && index < READY_MAX) ready[index] = row;
  }
  return ready;
}

/** Asks the policy at the configured floor until nobody is left; empties the
 * lists of `victims`, which is a view of `copy`. */
export function killOrder(copy: Arena, victims: Victims): KillOrder {
  const { settings } = copy;
  const { rows } = victims;
  const ready = readyOf(rows, victims.end);
  const floorAdj = settings[SET_FLOOR_ADJ];
  const needKb = known(copy.snapshot, NEED_KB);
  const chosen = new Set<number>();
  const order: Proc[] = [];
  while (chosen.size < VICTIMS_MAX) {
    const row = selectVictim(victims, ready, settings, floorAdj, needKb);
    if (row === NONE) break;
    chosen.add(row);
    order.push(procOf(copy, row, chosen.size, null));
    victims.unlist(row);
  }
  const spared: Proc[] = [];
  for (let row = 0; row < victims.end; row++) {
    const flags = rows[row * VICTIM_WORDS + V_FLAGS];
    if (flags === 0 || (flags & ROW_DEAD) !== 0 || chosen.has(row)) continue;
    spared.push(procOf(copy, row, null, whySpared(rows, row)));
  }
  spared.sort((a, b) => b.adj - a.adj || a.pid - b.pid);
  const strategy = strategyName(settings[SET_STRATEGY]);
  return { strategy, floorAdj, order, spared };
}

const PROTECTIONS = new Map([
  [PROTECT_INIT, "init"],
  [PROTECT_GUARD, "guard"],
  [PROTECT_KERNEL, "kernel"],
  [PROTECT_KEEPER, "keeper"],
  [PROTECT_ADJ, "adj -1000"],
  [PROTECT_CONFIG, "config"],
]);

function whySpared(rows: Int32Array, row: number): string {
  const at = row * VICTIM_WORDS;
  const protect = rows[at + V_PROTECT];
  if (protect !== 0) return PROTECTIONS.get(protect) ?? "protected";
  const killed = (rows[at + V_FLAGS] & ROW_KILLED) !== 0;
  if (killed || rows[at + V_SILENT] > 0) return "dying";
  return (rows[at + V_FLAGS] & ROW_LISTED) !== 0 ? "floor" : "left out";
}

/** The command name, or the process name where that is not known. */
function nameOf({ bytes }: Arena, row: number): string {
  const title = AT_TITLES + row * TITLE_BYTES;
  if (bytes[title] !== 0) {
    return textOf(bytes.subarray(title, title + TITLE_BYTES));
  }
  const name = AT_NAMES + row * NAME_BYTES;
  return textOf(bytes.subarray(name, name + NAME_BYTES));
}

function procOf(
  copy: Arena,
  row: number,
  rank: number | null,
  why: string | null,
): Proc {
  const rows = copy.victims;
  const at = row * VICTIM_WORDS;
  const sampled = (rows[at + V_FLAGS] & ROW_SAMPLED) !== 0;
  return {
    rank,
    pid: rows[at + V_PID],
    adj: rows[at + V_ADJ],
    // The kernel's uids are unsigned.
    uid: rows[at + V_UID] >>> 0,
    rssKb: sampled ? rows[at + V_RSS_KB] : null,
    swapKb: sampled ? rows[at + V_SWAP_KB] : null,
    grownKb: sampled ? rows[at + V_GROWN_KB] : null,
    name: nameOf(copy, row),
    registered: rows[at + V_OWNER] !== OWNER_DISCOVERED,
    service: (rows[at + V_FLAGS] & ROW_SERVICE) !== 0,
    why,
  };
}

const HEADER = columns("RANK", "PID", "ADJ", "UID", "RSS", "SWAP", "GROWN") +
  " NAME            WHY";

/** Columns of a name, where why its process lives stands behind it, and where
 * nothing does. */
const NAME_COLUMNS = 15;
const LAST_NAME_COLUMNS = 25;

/** Seven right-aligned columns; with a name of 15 and a reason of 9 after
 * them, or with a name of 25, a line has 80. */
function columns(...cells: string[]): string {
  const widths = [5, 7, 5, 10, 7, 7, 7];
  return cells.map((cell, i) => cell.padStart(widths[i])).join(" ");
}

/** The table, sizes in MB; `all` adds those that would not be chosen. */
export function describeProcs(
  { strategy, floorAdj, order, spared }: KillOrder,
  most: number | null,
  all: boolean,
): string[] {
  const shown = most === null ? order : order.slice(0, most);
  const lines = [
    `Strategy ${strategy}, floor ${floorAdj}: ${order.length} may die, ` +
    `${spared.length} may not. Sizes in MB.`,
    all ? HEADER : HEADER.replace(/ +WHY$/, ""),
  ];
  for (const proc of all ? [...shown, ...spared] : shown) {
    const cells = columns(
      String(proc.rank ?? "-"),
      String(proc.pid),
      String(proc.adj),
      String(proc.uid),
      megabytes(proc.rssKb),
      megabytes(proc.swapKb),
      megabytes(proc.grownKb),
    );
    const name = cut(proc.name, all ? NAME_COLUMNS : LAST_NAME_COLUMNS);
    const gap = " ".repeat(Math.max(NAME_COLUMNS - columnsOf(name), 0));
    lines.push(`${cells} ${name}${gap} ${proc.why ?? ""}`.trimEnd());
  }
  return lines;
}

// The arena's plan: nothing overlaps, all is aligned, every column has a place
// of its own, and C says the same.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import * as limits from "../../src/base/limits.ts";
import { Arena } from "../../src/state/arena.ts";
import * as gauges from "../../src/state/gauges.ts";
import * as journal from "../../src/state/journal.ts";
import * as layout from "../../src/state/layout.ts";
import * as reasons from "../../src/state/reasons.ts";
import * as settings from "../../src/state/settings.ts";
import * as snapshot from "../../src/state/snapshot.ts";
import * as victims from "../../src/state/victims.ts";

const WORD = 4;

/** Every table with its size, bytes. */
const TABLES: [name: string, at: number, bytes: number][] = [
  ["mailbox", layout.AT_MAILBOX, layout.MAILBOX_WORDS * WORD],
  [
    "events",
    layout.AT_EVENTS,
    limits.EVENTS_MAX * layout.EVENT_WORDS * WORD,
  ],
  ["slot lengths", layout.AT_SLOT_LENGTHS, limits.SLOTS_MAX * WORD],
  ["packet", layout.AT_PACKET, limits.PACKET_BYTES_MAX],
  ["scan", layout.AT_SCAN, limits.SCAN_PIDS_MAX * WORD],
  ["sample fds", layout.AT_SAMPLE_FDS, limits.SAMPLES_MAX * WORD],
  ["sample lengths", layout.AT_SAMPLE_LENGTHS, limits.SAMPLES_MAX * WORD],
  ["samples", layout.AT_SAMPLES, limits.SAMPLES_MAX * layout.SAMPLE_BYTES],
  ["title pids", layout.AT_TITLE_PIDS, limits.TITLE_ASKS_MAX * WORD],
  [
    "title texts",
    layout.AT_TITLE_TEXTS,
    limits.TITLE_ASKS_MAX * limits.TITLE_BYTES,
  ],
  ["status", layout.AT_STATUS, limits.STATUS_BYTES],
  ["snapshot", layout.AT_SNAPSHOT, snapshot.SNAPSHOT_COLUMNS * WORD],
  ["settings", layout.AT_SETTINGS, layout.SETTINGS_WORDS * WORD],
  ["gauges", layout.AT_GAUGES, layout.GAUGES_WORDS * WORD],
  ["journal", layout.AT_JOURNAL, layout.JOURNAL_BYTES],
  ["files", layout.AT_FILES, layout.FILES_BYTES],
  ["heads", layout.AT_VICTIM_HEADS, layout.ADJ_LISTS * WORD],
  ["tails", layout.AT_VICTIM_TAILS, layout.ADJ_LISTS * WORD],
  ["pid buckets", layout.AT_PID_BUCKETS, limits.PID_BUCKETS * WORD],
  [
    "victims",
    layout.AT_VICTIMS,
    limits.VICTIMS_MAX * layout.VICTIM_WORDS * WORD,
  ],
  ["names", layout.AT_NAMES, limits.VICTIMS_MAX * limits.NAME_BYTES],
  ["titles", layout.AT_TITLES, limits.VICTIMS_MAX * limits.TITLE_BYTES],
];

Deno.test("tables are aligned, in order, and do not overlap", () => {
  let end = 0;
  for (const [name, at, bytes] of TABLES) {
    assert.equal(at % 64, 0, name);
    assert.ok(at >= end, `${name} begins at ${at}, before ${end}`);
    assert.ok(at - end < 64, `${name} begins at ${at}, long after ${end}`);
    end = at + bytes;
  }
  assert.ok(layout.ARENA_BYTES >= end);
  assert.equal(layout.ARENA_BYTES % 64, 0);
  const places = Object.keys(layout).filter((key) => key.startsWith("AT_"));
  assert.equal(places.length, TABLES.length, "a table is missing here");
});

Deno.test("views have the sizes and places of the plan", () => {
  const arena = new Arena(new ArrayBuffer(layout.ARENA_BYTES));
  const views: [string, Int32Array | Uint8Array, number, number][] = [
    ["bytes", arena.bytes, 0, layout.ARENA_BYTES],
    ["mailbox", arena.mailbox, layout.AT_MAILBOX, 256],
    ["events", arena.events, layout.AT_EVENTS, 1024],
    ["slotLengths", arena.slotLengths, layout.AT_SLOT_LENGTHS, 128],
    ["scan", arena.scan, layout.AT_SCAN, 1024],
    ["sampleFds", arena.sampleFds, layout.AT_SAMPLE_FDS, 64],
    ["sampleLengths", arena.sampleLengths, layout.AT_SAMPLE_LENGTHS, 64],
    ["snapshot", arena.snapshot, layout.AT_SNAPSHOT, 512],
    ["settings", arena.settings, layout.AT_SETTINGS, 512],
    ["gauges", arena.gauges, layout.AT_GAUGES, 512],
    ["journal", arena.journal, layout.AT_JOURNAL, layout.JOURNAL_BYTES],
    ["heads", arena.heads, layout.AT_VICTIM_HEADS, 8004],
    ["tails", arena.tails, layout.AT_VICTIM_TAILS, 8004],
    ["buckets", arena.buckets, layout.AT_PID_BUCKETS, 16_384],
    ["victims", arena.victims, layout.AT_VICTIMS, 2_097_152],
  ];
  for (const [name, view, at, bytes] of views) {
    assert.equal(view.byteOffset, at, name);
    assert.equal(view.byteLength, bytes, name);
  }
});

/** Numbers of ffi/shim.h by name: #define, and enum with a value. */
function headerOf(source: string): Map<string, number> {
  const found = new Map<string, number>();
  const line = /^(?:#define (\w+) (\d+)| {2}(\w+) = (\d+),)$/gm;
  for (const [, name, value, member, number] of source.matchAll(line)) {
    found.set(name ?? member, Number(value ?? number));
  }
  return found;
}

Deno.test("the shim's header says the same", () => {
  const file = fileURLToPath(new URL("../../ffi/shim.h", import.meta.url));
  const header = headerOf(Deno.readTextFileSync(file));
  const ours = { ...limits, ...layout } as Record<string, unknown>;
  let compared = 0;
  for (const [name, value] of header) {
    if (ours[name] === undefined) continue;
    assert.equal(ours[name], value, name);
    compared++;
  }
  assert.ok(compared >= 30, `only ${compared} numbers compared`);
  for (const name of Object.keys(layout)) {
    if (!name.startsWith("MB_")) continue;
    assert.ok(header.has(name), `ffi/shim.h has no ${name}`);
  }
});

Deno.test("each column, word and bit has a place of its own", () => {
  const sets: [string, Record<string, unknown>, RegExp, number][] = [
    ["mailbox", layout, /^MB_/, layout.MAILBOX_WORDS],
    ["event kinds", layout, /^EVENT_(?!WORDS)/, 128],
    ["gauges", gauges, /^G_/, layout.GAUGES_WORDS],
    ["states", gauges, /^STATE_/, 4],
    ["settings", settings, /^SET_/, layout.SETTINGS_WORDS],
    ["strategies", settings, /^STRATEGY_/, 3],
    [
      "snapshot",
      snapshot,
      /^(?!SNAPSHOT_COLUMNS)/,
      snapshot.SNAPSHOT_COLUMNS,
    ],
    ["journal", journal, /^J_(?!\w+_WORDS$)/, limits.JOURNAL_WORDS],
    ["header", journal, /^H_/, limits.JOURNAL_WORDS],
    ["kinds", journal, /^KIND_/, 256],
    ["verdict", reasons, /^VERDICT_(?!WORDS)/, reasons.VERDICT_WORDS],
    ["history", reasons, /^HIST_(?!WORDS)/, reasons.HIST_WORDS],
    ["reasons", reasons, /^REASON_(?!NONE)/, 3000],
    ["row", victims, /^V_/, layout.VICTIM_WORDS],
    ["flags", victims, /^ROW_/, 1 << 30],
    ["protections", victims, /^PROTECT_/, 256],
  ];
  for (const [what, module, pattern, end] of sets) {
    const taken = new Map<unknown, string>();
    for (const [name, value] of Object.entries(module)) {
      if (!pattern.test(name)) continue;
      assert.ok(Number.isInteger(value), name);
      assert.ok(Number(value) >= 0 && Number(value) < end, name);
      assert.equal(taken.get(value), undefined, `${name} of ${what}`);
      taken.set(value, name);
    }
    assert.ok(taken.size >= 3, what);
  }
  // Runs of words end where the next column begins.
  assert.ok(
    settings.SET_TIER_PAGES + limits.TARGETS_MAX <= settings.SET_TIER_ADJ,
  );
  assert.ok(
    settings.SET_TIER_ADJ + limits.TARGETS_MAX <= settings.SET_DISCOVER,
  );
  assert.ok(settings.SET_LEVEL_ADJ + 3 <= settings.SET_CRITICAL_UPGRADE);
  assert.ok(journal.J_NAME + journal.J_NAME_WORDS <= journal.J_CHECK);
  assert.equal(journal.J_NAME_WORDS * WORD, limits.TITLE_BYTES);
  assert.ok(journal.J_MEMINFO + journal.J_MEMINFO_WORDS <= journal.J_GPU_KB);
  assert.ok(journal.J_PSI + journal.J_PSI_WORDS <= journal.J_REAP_US);
  assert.equal(journal.J_CHECK, limits.JOURNAL_WORDS - 1);
  // A flag is one bit.
  for (const [name, value] of Object.entries(victims)) {
    if (!name.startsWith("ROW_")) continue;
    assert.equal(Number(value) & (Number(value) - 1), 0, name);
  }
});

// Memory groups of both versions against a plain reading of captured files.

import assert from "node:assert/strict";
import { INT_MAX } from "../../src/base/int.ts";
import { ABSENT } from "../../src/base/scan.ts";
import { parseGroupKb, parseOomKill } from "../../src/kernel/memcg.ts";
import { parseMemoryStatV1 } from "../../src/kernel/memcg_v1.ts";
import { parseMemoryStatV2 } from "../../src/kernel/memcg_v2.ts";
import * as column from "../../src/state/snapshot.ts";
import {
  checkColumns,
  checkTruncations,
  encode,
  fixtures,
  parse,
  parseCounted,
  readPlainly,
  wrapped,
} from "./helpers.ts";

const NAMES_V2: [string, number][] = [
  ["anon", column.ANON_PAGES_KB],
  ["file", column.CACHED_KB],
  ["kernel_stack", column.KERNEL_STACK_KB],
  ["pagetables", column.PAGE_TABLES_KB],
  ["shmem", column.SHMEM_KB],
  ["file_dirty", column.DIRTY_KB],
  ["swapcached", column.SWAP_CACHED_KB],
  ["inactive_anon", column.INACTIVE_ANON_KB],
  ["active_anon", column.ACTIVE_ANON_KB],
  ["inactive_file", column.INACTIVE_FILE_KB],
  ["active_file", column.ACTIVE_FILE_KB],
  ["unevictable", column.UNEVICTABLE_KB],
  ["slab_reclaimable", column.SLAB_RECLAIMABLE_KB],
  ["slab_unreclaimable", column.SLAB_UNRECLAIMABLE_KB],
];
const NAMES_V1: [string, number][] = [
  ["total_cache", column.CACHED_KB],
  ["total_rss", column.ANON_PAGES_KB],
  ["total_shmem", column.SHMEM_KB],
  ["total_dirty", column.DIRTY_KB],
  ["total_swapcached", column.SWAP_CACHED_KB],
  ["total_inactive_anon", column.INACTIVE_ANON_KB],
  ["total_active_anon", column.ACTIVE_ANON_KB],
  ["total_inactive_file", column.INACTIVE_FILE_KB],
  ["total_active_file", column.ACTIVE_FILE_KB],
  ["total_unevictable", column.UNEVICTABLE_KB],
];

/** kB of each name. */
function kbOf(
  plain: Map<string, bigint>,
  names: [string, number][],
): [number, number][] {
  return names.map(([name, index]) => {
    const value = plain.get(name);
    return [index, value === undefined ? ABSENT : Number(value / 1024n)];
  });
}

Deno.test("group: files of one number", () => {
  function check(text: string, want: number) {
    const bytes = encode(text);
    assert.equal(parseGroupKb(bytes, 0, bytes.length), want, `"${text}"`);
  }
  check("", ABSENT);
  check("ma", ABSENT);
  check("-1\n", ABSENT);
  check("max\n", INT_MAX);
  check("9223372036854771712\n", INT_MAX);
  check("16777216\n", 16_384);
  check("4095", 3);
  for (const { text } of fixtures("memcg_v2/memory.current")) {
    check(text, Math.floor(Number(text) / 1024));
  }
  for (const { text } of fixtures("memcg_v2/memory.max")) check(text, 16_384);
  for (const { text } of fixtures("memcg_v2/unlimited/memory.max")) {
    check(text, INT_MAX);
  }
  const v1 = "memory.limit_in_bytes";
  for (const { text } of fixtures(`memcg_v1/${v1}`)) check(text, 16_384);
  for (const { text } of fixtures(`memcg_v1/unlimited/${v1}`)) {
    check(text, INT_MAX);
  }
});

Deno.test("group: hostile and unusual memory.stat", () => {
  const nothing = { found: 0, [column.CACHED_KB]: ABSENT };
  for (const parser of [parseMemoryStatV1, parseMemoryStatV2]) {
    for (
      const text of ["", "\n\n", "file", "file 5", "a 1\nab 2\n", "x\nfile\n"]
    ) {
      const { columns, found } = parseCounted(parser, text);
      assert.equal(found, nothing.found, JSON.stringify(text));
      assert.equal(columns[column.CACHED_KB], ABSENT, JSON.stringify(text));
    }
  }
  // v1: what has no total_ is the group without those below it.
  checkColumns(
    parse(parseMemoryStatV1, "cache 1024\ntotal_cache 4096\nrss 9\n"),
    [[column.CACHED_KB, 4], [column.ANON_PAGES_KB, ABSENT]],
    "v1",
  );
  // v2 before 5.9 and before 5.19.
  checkColumns(
    parse(parseMemoryStatV2, "workingset_refault 4294967295\npgscan 12\n"),
    [[column.VM_REFAULT_FILE, -1], [column.VM_PGSCAN_DIRECT, 12]],
    "v2",
  );
  checkColumns(
    parse(parseMemoryStatV2, "pgscan 12\npgscan_kswapd 5\npgscan_direct 7\n"),
    [[column.VM_PGSCAN_KSWAPD, 5], [column.VM_PGSCAN_DIRECT, 7]],
    "v2",
  );
  // Pages of 16 kB.
  const bytes = encode("inactive_file 65536\nactive_file 131072\n");
  const columns = new Int32Array(column.SNAPSHOT_COLUMNS);
  parseMemoryStatV2(bytes, 0, bytes.length, columns, 4);
  assert.equal(columns[column.VM_FILE_LRU_PAGES], 12);
});

Deno.test("group: fixtures of memory.stat", () => {
  for (const { kernel, text } of fixtures("memcg_v2/memory.stat")) {
    const plain = readPlainly(text);
    const direct = plain.get("pgscan_direct") ?? plain.get("pgscan");
    const pages = plain.get("inactive_file")! + plain.get("active_file")!;
    checkColumns(parse(parseMemoryStatV2, text), [
      ...kbOf(plain, NAMES_V2),
      [column.VM_REFAULT_FILE, wrapped(plain.get("workingset_refault_file"))],
      [column.VM_REFAULT_ANON, wrapped(plain.get("workingset_refault_anon"))],
      [column.VM_PGSCAN_DIRECT, wrapped(direct)],
      [column.VM_PGSCAN_KSWAPD, wrapped(plain.get("pgscan_kswapd"))],
      [column.VM_PGREFILL, wrapped(plain.get("pgrefill"))],
      [column.VM_FILE_LRU_PAGES, Number(pages / 4096n)],
      [column.MEM_TOTAL_KB, 7],
      [column.VM_OOM_KILL, 7],
    ], kernel);
    checkTruncations(parseMemoryStatV2, text);
  }
  for (const { kernel, text } of fixtures("memcg_v1/memory.stat")) {
    const plain = readPlainly(text);
    const refaults = plain.get("total_workingset_refault_file");
    const pages = plain.get("total_inactive_file")! +
      plain.get("total_active_file")!;
    checkColumns(parse(parseMemoryStatV1, text), [
      ...kbOf(plain, NAMES_V1),
      [column.VM_REFAULT_FILE, wrapped(refaults)],
      [column.VM_FILE_LRU_PAGES, Number(pages / 4096n)],
    ], kernel);
    checkTruncations(parseMemoryStatV1, text);
  }
});

Deno.test("group: kills", () => {
  const events: [text: string, want: number][] = [
    ["", ABSENT],
    ["oom 5\noom_kill", ABSENT],
    ["oom_group_kill 3\noom_killed 4\n", ABSENT],
    ["low 0\noom 5\noom_kill 4294967295\n", -1],
    ["oom_kill_disable 1\nunder_oom 1\n", ABSENT],
    ["oom_kill_disable 1\nunder_oom 1\noom_kill 2\n", 2],
  ];
  for (const [text, want] of events) {
    const { columns, found } = parseCounted(parseOomKill, text);
    assert.equal(columns[column.VM_OOM_KILL], want, JSON.stringify(text));
    assert.equal(found, want === ABSENT ? 0 : 1, JSON.stringify(text));
  }
  const captured = [
    ...fixtures("memcg_v2/memory.events"),
    ...fixtures("memcg_v1/memory.oom_control"),
  ];
  for (const { text } of captured) {
    const kills = parse(parseOomKill, text)[column.VM_OOM_KILL];
    assert.equal(kills, wrapped(readPlainly(text).get("oom_kill")));
    checkTruncations(parseOomKill, text);
  }
});

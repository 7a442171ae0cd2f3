// meminfo against a plain reading of captured files; hostile lines first.

import assert from "node:assert/strict";
import { INT_MAX } from "../../src/base/int.ts";
import { ABSENT } from "../../src/base/scan.ts";
import { parseMeminfo } from "../../src/kernel/meminfo.ts";
import * as column from "../../src/state/snapshot.ts";
import {
  checkColumns,
  checkTruncations,
  fixtures,
  parse,
  parseCounted,
  readPlainly,
} from "./helpers.ts";

const NAMES: [string, number][] = [
  ["MemTotal", column.MEM_TOTAL_KB],
  ["MemFree", column.MEM_FREE_KB],
  ["MemAvailable", column.MEM_AVAILABLE_KB],
  ["Buffers", column.BUFFERS_KB],
  ["Cached", column.CACHED_KB],
  ["SwapCached", column.SWAP_CACHED_KB],
  ["Active(anon)", column.ACTIVE_ANON_KB],
  ["Inactive(anon)", column.INACTIVE_ANON_KB],
  ["Active(file)", column.ACTIVE_FILE_KB],
  ["Inactive(file)", column.INACTIVE_FILE_KB],
  ["Unevictable", column.UNEVICTABLE_KB],
  ["Mlocked", column.MLOCKED_KB],
  ["SwapTotal", column.SWAP_TOTAL_KB],
  ["SwapFree", column.SWAP_FREE_KB],
  ["Dirty", column.DIRTY_KB],
  ["AnonPages", column.ANON_PAGES_KB],
  ["Shmem", column.SHMEM_KB],
  ["SReclaimable", column.SLAB_RECLAIMABLE_KB],
  ["SUnreclaim", column.SLAB_UNRECLAIMABLE_KB],
  ["KernelStack", column.KERNEL_STACK_KB],
  ["PageTables", column.PAGE_TABLES_KB],
  ["CommitLimit", column.COMMIT_LIMIT_KB],
  ["Committed_AS", column.COMMITTED_AS_KB],
  ["CmaFree", column.CMA_FREE_KB],
  ["ION_heap", column.ION_HEAP_KB],
  ["ION_heap_pool", column.ION_HEAP_POOL_KB],
];

/** A line as the kernel prints it. */
function line(name: string, kb: number | string): string {
  return `${`${name}:`.padEnd(16)}${String(kb).padStart(8)} kB\n`;
}

Deno.test("meminfo: hostile and unusual rows", () => {
  function check(text: string, found: number, want: [number, number][]) {
    const got = parseCounted(parseMeminfo, text);
    assert.equal(got.found, found, JSON.stringify(text));
    checkColumns(got.columns, want, JSON.stringify(text));
  }
  check("", 0, [[column.MEM_FREE_KB, ABSENT]]);
  check("\n\n\n", 0, []);
  check("MemFree:", 0, [[column.MEM_FREE_KB, ABSENT]]);
  check(`MemFree:${" ".repeat(40)}`, 0, [[column.MEM_FREE_KB, ABSENT]]);
  check(`MemFree:${" ".repeat(40)}\n`, 0, [[column.MEM_FREE_KB, ABSENT]]);
  // Cut in the number.
  check("MemFree:           12", 0, [[column.MEM_FREE_KB, ABSENT]]);
  // Names that begin like ours, or end like ours, or differ inside.
  for (const name of ["MemFreeX", "XMemFree", "MemXree", "Mem", "memFree"]) {
    check(line(name, 5), 0, [[column.MEM_FREE_KB, ABSENT]]);
  }
  for (const name of ["Inactive", "Inactive(shmm)", "MemAvailablX", "Active"]) {
    check(line(name, 5), 0, []);
  }
  check(line("Cached", 3) + line("SwapCached", 4), 2, [
    [column.CACHED_KB, 3],
    [column.SWAP_CACHED_KB, 4],
  ]);
  // More than eight digits make a longer line.
  check(line("MemTotal", 987_654_321) + line("MemFree", 1), 2, [
    [column.MEM_TOTAL_KB, 987_654_321],
    [column.MEM_FREE_KB, 1],
  ]);
  check(line("MemTotal", "99999999999"), 1, [[column.MEM_TOTAL_KB, INT_MAX]]);
  // Neither does a line of another length shift what follows.
  check(`HugePages_Total:       0\nX\n\n${line("MemFree", 6)}`, 1, [
    [column.MEM_FREE_KB, 6],
  ]);
  // Android's vendor lines, whose layout varies.
  check(`ION_heap: 12 kB\n${line("ION_heap_pool", 34)}`, 2, [
    [column.ION_HEAP_KB, 12],
    [column.ION_HEAP_POOL_KB, 34],
  ]);
  check(line("ION_heap", 56), 1, [
    [column.ION_HEAP_KB, 56],
    [column.ION_HEAP_POOL_KB, ABSENT],
  ]);
});

Deno.test("meminfo: every name is found, in any order", () => {
  const text = NAMES.map(([name], index) => line(name, index + 100)).reverse();
  const { columns, found } = parseCounted(parseMeminfo, text.join(""));
  assert.equal(found, NAMES.length);
  NAMES.forEach(([name, index], row) => {
    assert.equal(columns[index], row + 100, name);
  });
});

Deno.test("meminfo: fixtures", () => {
  for (const { kernel, text } of fixtures("proc/meminfo")) {
    const plain = readPlainly(text);
    const columns = parse(parseMeminfo, text);
    const want = NAMES.map(([name, index]): [number, number] => [
      index,
      Number(plain.get(name) ?? ABSENT),
    ]);
    checkColumns(columns, want, kernel);
    assert.ok(columns[column.MEM_AVAILABLE_KB] > 0, kernel);
    // Other parsers' columns are left alone.
    assert.equal(columns[column.NOW_MS], 7);
    assert.equal(columns[column.ION_HEAP_POOL_KB + 1], 7);
    checkTruncations(parseMeminfo, text, (cut, length) => {
      for (const [index, value] of want) {
        const ok = cut[index] === ABSENT || cut[index] === value;
        assert.ok(ok, `${kernel}, ${length} bytes, column ${index}`);
      }
    });
  }
});

// vmstat against a plain reading of captured files; hostile lines first.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import { parseVmstat } from "../../src/kernel/vmstat.ts";
import * as column from "../../src/state/snapshot.ts";
import {
  checkColumns,
  checkTruncations,
  fixtures,
  parseCounted,
  readPlainly,
  wrapped,
} from "./helpers.ts";

Deno.test("vmstat: hostile and unusual rows", () => {
  function check(text: string, found: number, want: [number, number][]) {
    const got = parseCounted(parseVmstat, text);
    assert.equal(got.found, found, JSON.stringify(text));
    checkColumns(got.columns, want, JSON.stringify(text));
  }
  check("", 0, [[column.VM_OOM_KILL, ABSENT]]);
  check("oom_kill 4", 0, [[column.VM_OOM_KILL, ABSENT]]);
  check("oom_kill\noom_kill \n", 0, [[column.VM_OOM_KILL, ABSENT]]);
  check("\n\noom_killer 4\noom_kil 4\n oom_kill 4\n", 0, []);
  check("pgscan_direct_throttle 9\npgscan_directly 9\n", 0, [
    [column.VM_PGSCAN_DIRECT, ABSENT],
  ]);
  check("workingset_restore_file 9\nworkingset_activate_file 9\n", 0, [
    [column.VM_REFAULT_FILE, ABSENT],
  ]);
  // Renamed in 5.9.
  check("workingset_refault 5\n", 1, [[column.VM_REFAULT_FILE, 5]]);
  check("workingset_refault_file 6\nworkingset_refault_anon 7\n", 2, [
    [column.VM_REFAULT_FILE, 6],
    [column.VM_REFAULT_ANON, 7],
  ]);
  // Before 4.8 one counter, then one for each zone.
  check("allocstall 5\n", 1, [[column.VM_ALLOCSTALL, 5]]);
  check("allocstall_dma 2147483647\nallocstall_normal 2147483647\n", 1, [
    [column.VM_ALLOCSTALL, -2],
  ]);
  check("pswpin 18446744073709551615\n", 1, [[column.VM_PSWPIN, -1]]);
  // Half of the file pages is no answer.
  check("nr_inactive_file 5\n", 0, [[column.VM_FILE_LRU_PAGES, ABSENT]]);
  check("nr_active_file 6\nnr_inactive_file 5\n", 1, [
    [column.VM_FILE_LRU_PAGES, 11],
  ]);
});

Deno.test("vmstat: fixtures", () => {
  for (const { kernel, text } of fixtures("proc/vmstat")) {
    const plain = readPlainly(text);
    const { columns, found } = parseCounted(parseVmstat, text);
    assert.equal(found, 10, kernel);
    let stalls = 0n;
    for (const [name, value] of plain) {
      if (name.startsWith("allocstall")) stalls += value;
    }
    const pages = plain.get("nr_inactive_file")! + plain.get("nr_active_file")!;
    const sums: [number, number][] = [
      [column.VM_ALLOCSTALL, wrapped(stalls)],
      [column.VM_FILE_LRU_PAGES, Number(pages)],
    ];
    const want: [number, number][] = [
      [column.VM_REFAULT_FILE, wrapped(plain.get("workingset_refault_file"))],
      [column.VM_REFAULT_ANON, wrapped(plain.get("workingset_refault_anon"))],
      [column.VM_PGSCAN_KSWAPD, wrapped(plain.get("pgscan_kswapd"))],
      [column.VM_PGSCAN_DIRECT, wrapped(plain.get("pgscan_direct"))],
      [column.VM_PGREFILL, wrapped(plain.get("pgrefill"))],
      [column.VM_PSWPIN, wrapped(plain.get("pswpin"))],
      [column.VM_PSWPOUT, wrapped(plain.get("pswpout"))],
      [column.VM_OOM_KILL, wrapped(plain.get("oom_kill"))],
    ];
    checkColumns(columns, [...want, ...sums], kernel);
    // Only the sum over zones may be cut short.
    checkTruncations(parseVmstat, text, (cut, length) => {
      for (const [index, value] of want) {
        const ok = cut[index] === ABSENT || cut[index] === value;
        assert.ok(ok, `${kernel}, ${length} bytes, column ${index}`);
      }
    });
  }
});

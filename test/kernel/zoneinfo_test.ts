// zoneinfo against sums made by splitting captured files; hostile zones first.

import assert from "node:assert/strict";
import { INT_MAX } from "../../src/base/int.ts";
import { ABSENT } from "../../src/base/scan.ts";
import { parseZoneinfo } from "../../src/kernel/zoneinfo.ts";
import * as column from "../../src/state/snapshot.ts";
import {
  checkColumns,
  checkTruncations,
  fixtures,
  parse,
  parseCounted,
  wrapped,
} from "./helpers.ts";

const MARKS: [string, number][] = [
  ["min", column.WATERMARK_MIN_PAGES],
  ["low", column.WATERMARK_LOW_PAGES],
  ["high", column.WATERMARK_HIGH_PAGES],
];

interface Zone {
  node: number;
  name: string;
  stats?: string[];
  present: number;
  marks: [min: number, low: number, high: number];
  protection: string;
  kernel?: "5.10" | "6.12";
}

/** A zone as the kernel prints it. */
function print(zone: Zone): string {
  const newer = zone.kernel === "6.12";
  const [min, low, high] = zone.marks;
  const lines = [
    `Node ${zone.node}, zone ${zone.name.padStart(8)}`,
    ...(zone.stats === undefined ? [] : ["  per-node stats"]),
    ...(zone.stats ?? []).map((stat) => `      ${stat}`),
    "  pages free     3840",
    ...(newer ? ["        boost    900"] : []),
    `        min      ${min}`,
    `        low      ${low}`,
    `        high     ${high}`,
    ...(newer ? ["        promo    900"] : []),
    "        spanned  4095",
    `        present  ${zone.present}`,
    "        managed  3840",
    ...(newer ? ["        cma      900"] : []),
    `        protection: (${zone.protection})`,
  ];
  if (zone.present !== 0) {
    lines.push(
      "      nr_free_pages 3840",
      "      nr_zone_inactive_file 900",
      "      nr_zone_active_file 900",
      "  pagesets",
      "    cpu: 0",
      "              count: 900",
      "              high:  900",
      "              batch: 1",
      "              high_min: 900",
      "  vm stats threshold: 2",
      "  node_unreclaimable:  0",
      "  start_pfn:           1",
    );
  }
  return `${lines.join("\n")}\n`;
}

function want(
  min: number,
  low: number,
  high: number,
  reserve: number,
): [number, number][] {
  return [
    [column.WATERMARK_MIN_PAGES, min],
    [column.WATERMARK_LOW_PAGES, low],
    [column.WATERMARK_HIGH_PAGES, high],
    [column.TOTAL_RESERVE_PAGES, reserve],
  ];
}

Deno.test("zoneinfo: hostile and unusual zones", () => {
  function check(zones: Zone[], expected: [number, number][], found: number) {
    const text = zones.map(print).join("");
    const got = parseCounted(parseZoneinfo, text);
    checkColumns(got.columns, expected, text);
    assert.equal(got.found, found, text);
  }
  const stats = [
    "nr_inactive_anon 900",
    "nr_inactive_file 10",
    "nr_active_file 20",
    "nr_isolated_file 900",
    "workingset_refault_anon 900",
    "workingset_refault_file 4294967295",
    "workingset_restore_file 900",
  ];
  const dma: Zone = {
    ...{ node: 0, name: "DMA", present: 3998, marks: [1, 2, 3] },
    protection: "0, 3019, 4299, 4299",
  };
  const empty: Zone = {
    ...{ node: 0, name: "Normal", present: 0, marks: [0, 0, 0] },
    protection: "0, 0, 0, 0",
  };
  check([], want(ABSENT, ABSENT, ABSENT, ABSENT), 0);
  // An empty first zone has no per-node stats; lmkd of Android 14 fails on it.
  check(
    [empty, { ...dma, stats }],
    [
      ...want(4300, 4301, 4302, 4302),
      [column.ZONE_FILE_LRU_PAGES, 30],
      [column.ZONE_REFAULT_FILE, -1],
    ],
    6,
  );
  check([dma, empty], want(4300, 4301, 4302, 4302), 4);
  // The reserve counts empty zones too; the watermarks do not.
  check(
    [{ ...empty, marks: [32, 33, 34] }, dma],
    want(4300, 4301, 4302, 4336),
    4,
  );
  check(
    [{ ...empty, marks: [32, 33, 34] }],
    want(ABSENT, ABSENT, ABSENT, 34),
    1,
  );
  // A zone does not inherit what the one before it had.
  check([dma, { ...dma, protection: "0, 0" }], want(4301, 4303, 4305, 4305), 4);
  check([{ ...dma, kernel: "6.12" }], want(4300, 4301, 4302, 4302), 4);
  check(
    [{ ...dma, marks: [INT_MAX, INT_MAX, INT_MAX] }, dma],
    want(INT_MAX, INT_MAX, INT_MAX, INT_MAX),
    4,
  );
  check(
    [{ ...dma, protection: "7, 99999999999" }],
    want(INT_MAX, INT_MAX, INT_MAX, INT_MAX),
    4,
  );
  // Sixteen nodes, of two-digit numbers too.
  const nodes = [];
  for (let node = 0; node < 16; node++) nodes.push({ ...dma, node, stats });
  check(
    nodes,
    [
      ...want(16 * 4300, 16 * 4301, 16 * 4302, 16 * 4302),
      [column.ZONE_FILE_LRU_PAGES, 16 * 30],
      [column.ZONE_REFAULT_FILE, -16],
    ],
    6,
  );
  // Renamed in 5.9.
  check(
    [{ ...dma, stats: ["workingset_refault 77"] }],
    [[column.ZONE_REFAULT_FILE, 77], [column.ZONE_FILE_LRU_PAGES, ABSENT]],
    5,
  );
});

/** Sums over zones and nodes, by splitting. */
function sumPlainly(text: string): [number, number][] {
  const sums = new Map<number, bigint>();
  function add(index: number, value: bigint) {
    sums.set(index, (sums.get(index) ?? 0n) + value);
  }
  for (const zone of text.split(/^Node /m).slice(1)) {
    const head = zone.split("pagesets")[0];
    const number = (name: string) => {
      const match = new RegExp(`^ +${name} +(\\d+)$`, "m").exec(head);
      return match === null ? undefined : BigInt(match[1]);
    };
    if (number("present") !== 0n) {
      const entries = /protection: \((.*)\)/.exec(head)![1].split(", ");
      const largest = entries.map(BigInt).reduce((a, b) => a > b ? a : b);
      for (const [name, index] of MARKS) add(index, number(name)! + largest);
      add(column.TOTAL_RESERVE_PAGES, number("high")! + largest);
    } else {
      add(column.TOTAL_RESERVE_PAGES, number("high")!);
    }
    if (!head.includes("per-node stats")) continue;
    add(column.ZONE_FILE_LRU_PAGES, number("nr_inactive_file")!);
    add(column.ZONE_FILE_LRU_PAGES, number("nr_active_file")!);
    add(column.ZONE_REFAULT_FILE, number("workingset_refault_file")!);
  }
  return [...sums].map(([index, sum]) => [index, wrapped(sum)]);
}

Deno.test("zoneinfo: fixtures", () => {
  for (const { kernel, text } of fixtures("proc/zoneinfo")) {
    const expected = sumPlainly(text);
    assert.equal(expected.length, 6, kernel);
    checkColumns(parse(parseZoneinfo, text), expected, kernel);
    checkTruncations(parseZoneinfo, text, (cut, length) => {
      for (const [index, value] of expected) {
        const ok = cut[index] === ABSENT || cut[index] <= value;
        assert.ok(ok, `${kernel}, ${length} bytes, column ${index}`);
      }
    });
  }
});

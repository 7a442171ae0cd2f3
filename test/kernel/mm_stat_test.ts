// zram's mm_stat against a plain reading of captured files; hostile rows first.

import assert from "node:assert/strict";
import { INT_MAX } from "../../src/base/int.ts";
import { ABSENT } from "../../src/base/scan.ts";
import { clearZram, parseMmStat } from "../../src/kernel/mm_stat.ts";
import {
  SNAPSHOT_COLUMNS,
  ZRAM_HUGE_PAGES,
  ZRAM_ORIGINAL_KB,
} from "../../src/state/snapshot.ts";
import { checkTruncations, encode, fixtures } from "./helpers.ts";

type Figures = [
  original: number,
  compressed: number,
  used: number,
  huge: number,
];

function check(devices: string[], found: number[], want: Figures): void {
  const columns = new Int32Array(SNAPSHOT_COLUMNS).fill(7);
  clearZram(columns);
  const got = devices.map((text) =>
    parseMmStat(encode(text), 0, text.length, columns)
  );
  assert.deepEqual(got, found, JSON.stringify(devices));
  const figures = columns.slice(ZRAM_ORIGINAL_KB, ZRAM_HUGE_PAGES + 1);
  assert.deepEqual([...figures], want, JSON.stringify(devices));
}

Deno.test("mm_stat: hostile and unusual rows", () => {
  check([], [], [ABSENT, ABSENT, ABSENT, ABSENT]);
  check(["", "\n", " x y z\n"], [0, 0, 0], [ABSENT, ABSENT, ABSENT, ABSENT]);
  // Before 4.19 there are seven fields.
  check([" 4096 1024 12288 0 12288 0 0\n"], [3], [4, 1, 12, ABSENT]);
  check([" 4096 1024 12288 0 1 2 3 5\n 9 9 9\n"], [4], [4, 1, 12, 5]);
  check(
    [" 4096 1024 12288 0 0 0 0 5 5\n", "", " 4096 3072 2048 0 0 0 0 2 2\n"],
    [4, 0, 4],
    [8, 4, 14, 7],
  );
  // 8 TiB, twice.
  check(
    Array(2).fill("8796093022208 8796093022208 1024 0 0 0 0 9999999999\n"),
    [4, 4],
    [INT_MAX, INT_MAX, 2, INT_MAX],
  );
});

Deno.test("mm_stat: fixtures", () => {
  for (const { text } of fixtures("sys/block/zram0/mm_stat")) {
    const fields = text.trim().split(/\s+/).map(Number);
    check([text], [4], [
      ...fields.slice(0, 3).map((bytes) => Math.floor(bytes / 1024)),
      fields[7],
    ] as Figures);
    checkTruncations((bytes, at, end, columns) => {
      clearZram(columns);
      return parseMmStat(bytes, at, end, columns);
    }, text);
  }
});

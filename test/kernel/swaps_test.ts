// swaps against a plain reading of captured files; hostile names first.

import assert from "node:assert/strict";
import { INT_MAX } from "../../src/base/int.ts";
import { ABSENT } from "../../src/base/scan.ts";
import { parseSwaps } from "../../src/kernel/swaps.ts";
import {
  SWAP_AREAS,
  SWAP_ZRAM_TOTAL_KB,
  SWAP_ZRAM_USED_KB,
} from "../../src/state/snapshot.ts";
import { checkTruncations, fixtures, parseCounted } from "./helpers.ts";

const HEADER = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

function check(
  text: string,
  found: number,
  want: [areas: number, totalKb: number, usedKb: number],
): void {
  const got = parseCounted(parseSwaps, text);
  assert.equal(got.found, found, JSON.stringify(text));
  assert.deepEqual(
    [
      got.columns[SWAP_AREAS],
      got.columns[SWAP_ZRAM_TOTAL_KB],
      got.columns[SWAP_ZRAM_USED_KB],
    ],
    want,
    JSON.stringify(text),
  );
}

Deno.test("swaps: hostile and unusual rows", () => {
  check("", 0, [ABSENT, ABSENT, ABSENT]);
  check("Filename", 0, [ABSENT, ABSENT, ABSENT]);
  check("/dev/zram0 partition 5 5 5\n", 0, [ABSENT, ABSENT, ABSENT]);
  check(HEADER, 3, [0, 0, 0]);
  check(`${HEADER}/dev/zram0 partition 196604 11392`, 3, [0, 0, 0]);
  check(`${HEADER}/dev/zram0\n/dev/zram0 partition\n\n`, 3, [0, 0, 0]);
  check(`${HEADER}/dev/zram0 partition x y\n`, 3, [0, 0, 0]);
  check(`${HEADER}/dev/zram0   partition\t100\t\t20\t\t-2\n`, 3, [1, 100, 20]);
  check(`${HEADER}/dev/block/zram1 partition 7 6 -2\n`, 3, [1, 7, 6]);
  // Files are not zram, whatever they are called or wherever they lie.
  check(`${HEADER}/data/zram0 file 100 20 -2\n`, 3, [1, 0, 0]);
  check(`${HEADER}/zram/sda1 partition 100 20 -2\n`, 3, [1, 0, 0]);
  check(`${HEADER}/data/a\\040b\\012\\134\\040(deleted) file 9 8 7\n`, 3, [
    ...[1, 0, 0] as [number, number, number],
  ]);
  check(`${HEADER}/dev/zram0\\040(deleted)   partition\t9\t8\t-2\n`, 3, [
    1,
    9,
    8,
  ]);
  check(
    `${HEADER}/dev/zram0 partition 2147483647 1 5\n` +
      "/dev/zram1 partition 99999999999 2 5\n/dev/sda2 partition 3 3 5\n",
    3,
    [3, INT_MAX, 3],
  );
});

Deno.test("swaps: fixtures", () => {
  for (const { text } of fixtures("proc/swaps")) {
    const rows = text.trim().split("\n").slice(1).map((row) =>
      row.split(/\s+/)
    );
    const zrams = rows.filter(([name]) => name.includes("/zram"));
    const sum = (field: number) =>
      zrams.reduce((total, row) => total + Number(row[field]), 0);
    check(text, 3, [rows.length, sum(2), sum(3)]);
    checkTruncations(parseSwaps, text);
  }
});

// What of this process may be paged out, and how far its memory is to be
// locked. What a real kernel does with it is in hands_memory.ts.

import assert from "node:assert/strict";
import {
  isClean,
  largestText,
  parseMaps,
  wantedLevel,
} from "../../src/shim/residence.ts";
import { LEVEL_ALL, LEVEL_ARENA, LEVEL_FILES } from "../../src/state/gauges.ts";
import { LOCK_AUTO, LOCK_FILES, LOCK_OFF } from "../../src/state/settings.ts";

/** As fs/proc/task_mmu.c prints it. */
const MAPS = `
55e0-5600 r--p 00000000 fe:00 12                         /bin/guard
5600-5700 r-xp 00001000 fe:00 12                         /bin/guard
5700-5710 rw-p 00002000 fe:00 12                         /bin/guard
5710-5711 r--p 00003000 fe:00 12                         /bin/guard
5711-5720 rw-p 00004000 fe:00 12                         /bin/guard
5720-5730 rw-p 00000000 00:00 0                          [heap]
7000-7001 r--p 00000000 fe:00 13                         /lib/a b.so (deleted)
7001-7002 r--p 00001000 fe:00 13                         /lib/a b.so (deleted)
7002-7003 rw-p 00002000 fe:00 13                         /lib/a b.so (deleted)
7010-7020 r-xp 00000000 fe:00 14                         /lib/c.so
7020-7030 rw-p 00001000 fe:00 14                         /lib/c.so
8000-9000 rw-s 00000000 00:01 99                         /memfd:oomguard-arena (deleted)
9000-9010 r--p 00000000 00:01 99                         /memfd:oomguard-arena (deleted)
ffff0000-ffff1000 r-xp 00000000 00:00 0                  [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0
`;

Deno.test("residence: hostile lines, ranges, paths", () => {
  for (const text of ["", "\n", "x", "5-6", "5-6 r--p", "5-6 r--p 0 0:0 x\n"]) {
    assert.deepEqual(parseMaps(text), [], text);
  }
  assert.deepEqual(
    parseMaps("ffffffffff600000-ffffffffff601000 --xp 0 0:0 0"),
    [
      {
        start: 0xffffffffff600000n,
        bytes: 4096n,
        access: "--xp",
        isFile: false,
        path: "",
        anonKb: -1,
      },
    ],
  );
  assert.equal(parseMaps(MAPS).length, 15);
  assert.equal(parseMaps(MAPS)[6].path, "/lib/a b.so (deleted)");
});

Deno.test("residence: only what can be read again is paged out", () => {
  const lines = MAPS.trim().split("\n");
  /** Where clean mappings start, each line followed by these. */
  const clean = (more: string) =>
    parseMaps(lines.map((line) => `${line}\n${more}\n`).join(""))
      .filter(isClean).map(({ start }) => start.toString(16));
  const all = ["55e0", "5600", "5710", "7000", "7001", "7010"];
  const rows: [more: string, starts: string[]][] = [
    ["Anonymous:             0 kB", all],
    ["Swap:                  0 kB\nAnonymous:             0 kB", all],
    // What the loader wrote, there or in swap, is only there.
    ["Anonymous:             4 kB", []],
    ["Anonymous:             0 kB\nSwap:                  8 kB", []],
    ["Swap:                  8 kB\nAnonymous:             0 kB", []],
    // Not told: nothing is clean.
    ["", []],
    ["LazyFree:              0 kB\nSwapPss:               0 kB", []],
    ["Anonymous:             x kB", []],
  ];
  for (const [more, starts] of rows) assert.deepEqual(clean(more), starts);
});

Deno.test("residence: the runtime's text is the largest there is", () => {
  assert.equal(largestText([]), undefined);
  assert.equal(largestText(parseMaps(MAPS))?.start, 0x5600n);
});

Deno.test("residence: the level by what is asked and by swap", () => {
  const rows: [mode: number, swappable: boolean, level: number][] = [
    [LOCK_OFF, false, LEVEL_ARENA],
    [LOCK_OFF, true, LEVEL_ARENA],
    [LOCK_FILES, false, LEVEL_FILES],
    [LOCK_FILES, true, LEVEL_FILES],
    [LOCK_AUTO, false, LEVEL_FILES],
    [LOCK_AUTO, true, LEVEL_ALL],
  ];
  for (const [mode, swappable, level] of rows) {
    assert.equal(wantedLevel(mode, swappable), level, `${mode} ${swappable}`);
  }
});

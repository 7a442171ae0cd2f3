// What wakes the guard and what it reads: triggers, the order of fallbacks, the
// files and their fields, and what is made of reclaim without BPF.

import assert from "node:assert/strict";
import { ABSENT } from "../../src/base/scan.ts";
import { SLOT_PRESSURE } from "../../src/daemon/sensor.ts";
import { parseMeminfo } from "../../src/kernel/meminfo.ts";
import { parseAverages, parsePressure } from "../../src/kernel/pressure.ts";
import { parseVmstat } from "../../src/kernel/vmstat.ts";
import { parseZoneinfo } from "../../src/kernel/zoneinfo.ts";
import { climb } from "../../src/shim/ladder.ts";
import type { Shim } from "../../src/shim/shim.ts";
import {
  RUNG_AVERAGES,
  RUNG_LEVELS,
  RUNG_PSI,
  RUNG_UNPRIVILEGED,
  RUNG_VMPRESSURE,
} from "../../src/state/rungs.ts";
import { SETTINGS_WORDS } from "../../src/state/layout.ts";
import * as set from "../../src/state/settings.ts";
import * as snap from "../../src/state/snapshot.ts";
import { conforms } from "./conforms.ts";

const utf8 = new TextEncoder();
const PATH = "/proc/pressure/memory";

/** A trigger or a file that was asked for, as it reached the kernel. */
interface Asked {
  readonly path: string;
  readonly text: string;
  readonly tag: number;
}

/** A shim whose kernel takes what `takes` says; keeps what was asked. */
function kernelThat(takes: (text: string) => boolean, hasMemcg = false) {
  const asked: Asked[] = [];
  const shut: number[] = [];
  let fd = 10;
  const read = (bytes: Uint8Array) => {
    assert.equal(bytes.at(-1), 0, "the NUL belongs to the text");
    return new TextDecoder().decode(bytes.subarray(0, -1));
  };
  const symbols = {
    trigger: (path: Uint8Array, text: Uint8Array, tag: number) => {
      asked.push({ path: read(path), text: read(text), tag });
      return takes(read(text)) ? fd++ : -22;
    },
    vmpressure: (_: number, __: number, level: Uint8Array, tag: number) => {
      asked.push({ path: "", text: read(level), tag });
      return fd++;
    },
    shut: (one: number) => shut.push(one),
  };
  const open = () => hasMemcg ? fd++ : -2;
  return { shim: { symbols, open } as unknown as Shim, asked, shut };
}

function settingsOf(words: Readonly<Record<number, number>>): Int32Array {
  const settings = new Int32Array(SETTINGS_WORDS);
  settings[set.SET_PSI_SOME_MS] = 70;
  settings[set.SET_PSI_FULL_MS] = 700;
  settings[set.SET_PSI_WINDOW_MS] = 1000;
  settings[set.SET_USE_PSI] = 1;
  settings[set.SET_STRATEGY] = set.STRATEGY_LMKD;
  for (const [word, value] of Object.entries(words)) {
    settings[Number(word)] = value;
  }
  return settings;
}

const SEEN = 1 << SLOT_PRESSURE;

conforms("3.1", "triggers: kind, stall and window in us, NUL included", () => {
  const rows: [string, Record<number, number>, string[], number[]][] = [
    ["neither", { [set.SET_PSI_SOME_MS]: 0, [set.SET_PSI_FULL_MS]: 0 }, [], []],
    ["a threshold of 0 is skipped", { [set.SET_PSI_SOME_MS]: 0 }, [
      "full 700000 1000000",
    ], [5]],
    [
      "the new strategy",
      {},
      ["some 70000 1000000", "full 700000 1000000"],
      [4, 5],
    ],
    [
      "the old strategy's three",
      { [set.SET_LMKD_MODE]: set.LMKD_LEVELS },
      ["some 70000 1000000", "some 100000 1000000", "full 70000 1000000"],
      [8, 4, 5],
    ],
    [
      "tiers too",
      { [set.SET_LMKD_MODE]: set.LMKD_MINFREE },
      ["some 70000 1000000", "some 100000 1000000", "full 70000 1000000"],
      [8, 4, 5],
    ],
    [
      "adaptive has no old strategy",
      {
        [set.SET_LMKD_MODE]: set.LMKD_LEVELS,
        [set.SET_STRATEGY]: set.STRATEGY_ADAPTIVE,
      },
      ["some 70000 1000000", "full 700000 1000000"],
      [4, 5],
    ],
  ];
  for (const [name, words, texts, kinds] of rows) {
    const { shim, asked } = kernelThat(() => true);
    const rung = climb(shim, PATH, SEEN, settingsOf(words), "");
    assert.deepEqual(asked.map(({ text }) => text), texts, name);
    assert.deepEqual(asked.map(({ tag }) => tag >> 24), kinds, name);
    assert.equal(asked.every(({ path }) => path === PATH), true, name);
    assert.equal(rung.fds.length, texts.length, name);
  }
});

conforms("3.1", "a refused pair leaves no trigger behind", () => {
  const { shim, shut } = kernelThat((text) => text.startsWith("some 70000 "));
  const rung = climb(shim, PATH, SEEN, settingsOf({}), "");
  assert.equal(rung.index, RUNG_AVERAGES);
  assert.deepEqual(rung.fds, []);
  assert.deepEqual(shut, [10]);
});

conforms(
  "3.2",
  "PSI, then wider windows, then what is left; never an end",
  () => {
    const psi = settingsOf({});
    const { shim } = kernelThat(() => true);
    assert.equal(climb(shim, PATH, SEEN, psi, "").index, RUNG_PSI);
    assert.equal(psi[set.SET_PSI_WINDOW_MS], 1000);

    const wide = settingsOf({});
    const slow = kernelThat((text) => text.endsWith(" 2000000"));
    assert.equal(
      climb(slow.shim, PATH, SEEN, wide, "").index,
      RUNG_UNPRIVILEGED,
    );
    assert.equal(wide[set.SET_PSI_WINDOW_MS], 2000);
    assert.equal(wide[set.SET_PSI_SOME_MS], 140);
    assert.equal(wide[set.SET_PSI_FULL_MS], 1400);

    const none = kernelThat(() => false);
    assert.equal(
      climb(none.shim, PATH, SEEN, settingsOf({}), "").index,
      RUNG_AVERAGES,
    );
    const blind = kernelThat(() => false);
    assert.equal(
      climb(blind.shim, PATH, 0, settingsOf({}), "").index,
      RUNG_LEVELS,
    );
  },
);

conforms(
  "3.2",
  "without use_psi, vmpressure where version 1 is; else PSI",
  () => {
    const off = { [set.SET_USE_PSI]: 0 };
    const without = kernelThat(() => true);
    assert.equal(
      climb(without.shim, PATH, SEEN, settingsOf(off), "").index,
      RUNG_PSI,
    );
    const memcg = kernelThat(() => true, true);
    const rung = climb(memcg.shim, PATH, SEEN, settingsOf(off), "/memcg");
    assert.equal(rung.index, RUNG_VMPRESSURE);
    assert.deepEqual(
      memcg.asked.map(({ text, tag }) => [text, tag]),
      [["low", 7 << 24], ["medium", 7 << 24 | 1], ["critical", 7 << 24 | 2]],
    );
    // And where PSI is refused.
    const refused = kernelThat(() => false, true);
    const last = climb(refused.shim, PATH, SEEN, settingsOf({}), "/memcg");
    assert.equal(last.index, RUNG_VMPRESSURE);
  },
);

/** Columns after `parse` has read `text`. */
function columnsOf(
  parse: (
    bytes: Uint8Array,
    at: number,
    end: number,
    columns: Int32Array,
  ) => number,
  text: string,
): Int32Array {
  const columns = new Int32Array(snap.SNAPSHOT_COLUMNS).fill(ABSENT);
  const bytes = utf8.encode(text);
  parse(bytes, 0, bytes.length, columns);
  return columns;
}

conforms("4.1", "meminfo: every field that is asked for has its column", () => {
  const fields: [string, number][] = [
    ["MemFree", snap.MEM_FREE_KB],
    ["Buffers", snap.BUFFERS_KB],
    ["Cached", snap.CACHED_KB],
    ["SwapCached", snap.SWAP_CACHED_KB],
    ["Active(anon)", snap.ACTIVE_ANON_KB],
    ["Inactive(anon)", snap.INACTIVE_ANON_KB],
    ["Active(file)", snap.ACTIVE_FILE_KB],
    ["Inactive(file)", snap.INACTIVE_FILE_KB],
    ["Unevictable", snap.UNEVICTABLE_KB],
    ["SwapTotal", snap.SWAP_TOTAL_KB],
    ["SwapFree", snap.SWAP_FREE_KB],
    ["Shmem", snap.SHMEM_KB],
    ["SReclaimable", snap.SLAB_RECLAIMABLE_KB],
    ["SUnreclaim", snap.SLAB_UNRECLAIMABLE_KB],
    ["KernelStack", snap.KERNEL_STACK_KB],
    ["PageTables", snap.PAGE_TABLES_KB],
    ["ION_heap", snap.ION_HEAP_KB],
    ["ION_heap_pool", snap.ION_HEAP_POOL_KB],
    ["CmaFree", snap.CMA_FREE_KB],
  ];
  const text = fields.map(([name], i) =>
    `${`${name}:`.padEnd(16)}${String(1000 + i).padStart(8)} kB\n`
  );
  const all = columnsOf(parseMeminfo, text.join(""));
  for (const [i, [name, column]] of fields.entries()) {
    assert.equal(all[column], 1000 + i, name);
    const without = text.filter((_, at) => at !== i).join("");
    assert.equal(columnsOf(parseMeminfo, without)[column], ABSENT, name);
  }
});

conforms(
  "4.1",
  "vmstat: refaults by either name, reclaim, the file lists",
  () => {
    const since59 = "nr_inactive_file 30\nnr_active_file 12\n" +
      "workingset_refault_file 77\npgscan_kswapd 5\npgscan_direct 6\n" +
      "pgscan_direct_throttle 9\npgrefill 7\n";
    const columns = columnsOf(parseVmstat, since59);
    assert.equal(columns[snap.VM_FILE_LRU_PAGES], 42);
    assert.equal(columns[snap.VM_REFAULT_FILE], 77);
    assert.equal(columns[snap.VM_PGSCAN_KSWAPD], 5);
    assert.equal(columns[snap.VM_PGSCAN_DIRECT], 6);
    assert.equal(columns[snap.VM_PGREFILL], 7);
    const before = since59.replace(
      "workingset_refault_file",
      "workingset_refault",
    );
    assert.equal(columnsOf(parseVmstat, before)[snap.VM_REFAULT_FILE], 77);
  },
);

/** A zone as the kernel prints it. */
function zone(node: number, marks: string, present: number): string {
  return `Node ${node}, zone   Normal\n  pages free     100\n` +
    `${marks}        spanned  4095\n        present  ${present}\n` +
    "        managed  3840\n" +
    (present === 0 ? "" : "        protection: (0, 7, 30, 20)\n") +
    "  pagesets\n";
}

conforms(
  "4.1",
  "zoneinfo: marks and the largest protection, zone by zone",
  () => {
    const marks =
      "        min      10\n        low      20\n        high     40\n";
    const one = columnsOf(parseZoneinfo, zone(0, marks, 4000));
    assert.equal(one[snap.WATERMARK_MIN_PAGES], 40);
    assert.equal(one[snap.WATERMARK_LOW_PAGES], 50);
    assert.equal(one[snap.WATERMARK_HIGH_PAGES], 70);
    assert.equal(one[snap.TOTAL_RESERVE_PAGES], 70);
    const empty = columnsOf(
      parseZoneinfo,
      zone(0, marks, 4000) + zone(0, marks, 0) + zone(1, marks, 4000),
    );
    assert.equal(empty[snap.WATERMARK_HIGH_PAGES], 140);
  },
);

conforms("4.1", "pressure: averages of memory, io and cpu", () => {
  const line = (kind: string, avg: string) =>
    `${kind} avg10=${avg} avg60=1.00 avg300=0.10 total=12345\n`;
  const memory = columnsOf(
    parsePressure,
    line("some", "40.34") + line("full", "7.05"),
  );
  assert.equal(memory[snap.PSI_SOME_AVG10_CENTI], 4034);
  assert.equal(memory[snap.PSI_FULL_AVG10_CENTI], 705);
  const some = snap.PSI_IO_SOME_AVG10_CENTI;
  const full = snap.PSI_IO_FULL_AVG10_CENTI;
  const io = columnsOf(
    (bytes, at, end, columns) =>
      parseAverages(bytes, at, end, columns, some, full),
    line("some", "3.00") + line("full", "0.01"),
  );
  assert.equal(io[some], 300);
  assert.equal(io[full], 1);
  const cpu = columnsOf(
    (bytes, at, end, columns) =>
      parseAverages(bytes, at, end, columns, some, full),
    line("some", "99.99").slice(0, -1),
  );
  assert.equal(cpu[some], ABSENT, "a line without its end is left out");
});

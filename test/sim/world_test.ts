// The simulated machine: what it shows is what the kernel's parsers read, and
// it comes to its end by itself when nobody guards it.

import assert from "node:assert/strict";
import { parseMeminfo } from "../../src/kernel/meminfo.ts";
import { clearZram, parseMmStat } from "../../src/kernel/mm_stat.ts";
import { parsePressure } from "../../src/kernel/pressure.ts";
import {
  copyName,
  parseStatus,
  STATUS_FIELDS,
  STATUS_RSS_KB,
  STATUS_UID,
} from "../../src/kernel/status.ts";
import { parseSwaps } from "../../src/kernel/swaps.ts";
import { parseZoneinfo } from "../../src/kernel/zoneinfo.ts";
import * as s from "../../src/state/snapshot.ts";
import {
  Pen,
  writeMeminfo,
  writeMmStat,
  writePressure,
  writeSwaps,
  writeZoneinfo,
} from "../../src/sim/render.ts";
import { writeStatus } from "../../src/sim/render_process.ts";
import { ALIVE, GONE } from "../../src/sim/process.ts";
import { Psi } from "../../src/sim/psi.ts";
import { DEVICE } from "../../src/sim/scenes.ts";
import { World } from "../../src/sim/world.ts";

const NEVER = () => false;

type Write = (pen: Pen, world: World) => void;
type Parse = (
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: Int32Array,
) => number;

/** What a parser makes of a rendered file. */
function seen(world: World, write: Write, parse: Parse): Int32Array {
  const columns = new Int32Array(s.SNAPSHOT_COLUMNS);
  clearZram(columns);
  const pen = new Pen(new Uint8Array(8_192), 0, 8_192);
  write(pen, world);
  assert.ok(parse(pen.bytes, 0, pen.length, columns) > 0);
  return columns;
}

Deno.test("world: files are read as they were meant", () => {
  const world = new World(DEVICE, 5_000, 32_768);
  world.start({ name: "hog", adj: 900, sizeKb: 900_000 });
  world.advance(world.nowUs + 4_000_000, NEVER);
  const { memory, psi } = world;
  const meminfo = seen(world, writeMeminfo, parseMeminfo);
  assert.equal(meminfo[s.MEM_TOTAL_KB], DEVICE.totalKb);
  assert.equal(meminfo[s.MEM_FREE_KB], Math.trunc(memory.freeKb));
  assert.equal(meminfo[s.MEM_AVAILABLE_KB], Math.trunc(memory.availableKb));
  assert.equal(meminfo[s.SWAP_FREE_KB], Math.trunc(memory.swapFreeKb));
  assert.ok(memory.storedKb > 0);
  const zones = seen(world, writeZoneinfo, parseZoneinfo);
  assert.equal(zones[s.WATERMARK_LOW_PAGES], Math.trunc(memory.lowKb / 4));
  const pressure = seen(world, writePressure, parsePressure);
  assert.equal(pressure[s.PSI_SOME_TOTAL_US], psi.someUs);
  assert.equal(pressure[s.PSI_SOME_AVG10_CENTI], Math.trunc(psi.some10 * 100));
  const swaps = seen(world, writeSwaps, parseSwaps);
  assert.equal(swaps[s.SWAP_ZRAM_TOTAL_KB], DEVICE.swapKb);
  const zram = seen(world, writeMmStat, parseMmStat);
  assert.equal(zram[s.ZRAM_ORIGINAL_KB], Math.trunc(memory.storedKb));
});

Deno.test("world: a hostile name comes back as it is", () => {
  const world = new World(DEVICE, 5_000, 32_768);
  for (const name of ["foo) Z ", "a\nb\\c", "Uid:\t0", "x".repeat(15)]) {
    const process = world.start({ name, adj: 0, uid: 10_123, sizeKb: 777 });
    const pen = new Pen(new Uint8Array(2_048), 0, 2_048);
    writeStatus(pen, process);
    const fields = new Int32Array(STATUS_FIELDS);
    parseStatus(pen.bytes, 0, pen.length, fields);
    assert.equal(fields[STATUS_RSS_KB], 777);
    assert.equal(fields[STATUS_UID], 10_123);
    const into = new Uint8Array(16);
    const length = copyName(pen.bytes, 0, pen.length, into, 0);
    assert.equal(new TextDecoder().decode(into.subarray(0, length)), name);
  }
});

Deno.test("world: unguarded, a hog ends in the kernel's OOM killer", () => {
  const rows: [string, boolean, number][] = [
    ["locked", true, DEVICE.swapKb],
    ["swapped", false, DEVICE.swapKb],
    ["without swap", false, 0],
  ];
  for (const [what, locked, swapKb] of rows) {
    const world = new World({ ...DEVICE, swapKb }, 5_000, 32_768);
    const calm = world.start({ name: "calm", adj: 0, sizeKb: 100_000 });
    const hog = world.start({
      name: "hog",
      adj: 0,
      sizeKb: 1_000,
      growKbPerMs: 200,
      locked,
      exitMs: 10,
    });
    world.advance(world.nowUs + 20_000_000, NEVER);
    assert.deepEqual(world.kernelKills, [hog], what);
    assert.equal(hog.state, GONE, what);
    assert.equal(calm.state, ALIVE, what);
  }
});

Deno.test("world: pids are reused when the dead are reaped", () => {
  const world = new World(DEVICE, 5_000, 302);
  const plan = { name: "a", adj: 0, sizeKb: 0 };
  const pids = [1, 2, 3].map(() => world.start(plan).pid);
  assert.deepEqual(pids, [300, 301, 302]);
  assert.throws(() => world.start(plan), RangeError);
  world.kill(world.processes.get(301)!);
  world.advance(world.nowUs + 1_000, NEVER);
  assert.equal(world.start(plan).pid, 301);
});

Deno.test("psi: a trigger fires once in a window", () => {
  const psi = new Psi(0);
  const fired: number[] = [];
  psi.arm(false, 100, 1_000, 7);
  for (let ms = 10; ms <= 3_000; ms += 10) {
    const stallUs = ms > 1_000 && ms <= 2_000 ? 5_000 : 0;
    psi.pass(ms * 1_000, stallUs, 0, (tag) => fired.push(tag));
  }
  assert.ok(fired.length >= 1 && fired.length <= 2, `${fired.length}`);
  assert.equal(psi.someUs, 500_000);
  assert.ok(psi.some10 > 0 && psi.full10 === 0);
});

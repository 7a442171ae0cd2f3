// The simulated machine's calls against what src/daemon/ports.ts promises of
// them, and its files against what it did.

import assert from "node:assert/strict";
import { TITLE_ASKS_MAX, TITLE_BYTES } from "../../src/base/limits.ts";
import {
  SLOT_AT,
  SLOT_BYTES,
  SLOT_CPU_PRESSURE,
  SLOT_IO_PRESSURE,
  SLOT_MEMCG_USAGE,
  SLOT_MEMSW_USAGE,
  SLOT_VMSTAT,
} from "../../src/daemon/sensor.ts";
import { Faults } from "../../src/sim/faults.ts";
import { Machine } from "../../src/sim/machine.ts";
import type { ProcessPlan } from "../../src/sim/process.ts";
import { DEVICE } from "../../src/sim/scenes.ts";
import { MACHINE_SLOTS, MEMCG_SLOTS } from "../../src/sim/slots.ts";
import { World } from "../../src/sim/world.ts";
import { Arena } from "../../src/state/arena.ts";
import * as l from "../../src/state/layout.ts";

const APP: ProcessPlan = { name: "app", adj: 900, uid: 10_123, sizeKb: 4_000 };

function makeMachine(memory = DEVICE) {
  const arena = new Arena(new ArrayBuffer(l.ARENA_BYTES));
  const world = new World(memory, 5_000, 32_768);
  const faults = new Faults(1);
  const machine = new Machine(world, arena, faults);
  return { arena, world, faults, machine, mailbox: arena.mailbox };
}

type Made = ReturnType<typeof makeMachine>;

function wait({ machine, mailbox }: Made, ms: number): void {
  mailbox[l.MB_TIMEOUT_MS] = ms;
  assert.equal(machine.wait(), 0);
}

function adopt({ machine, mailbox }: Made, pid: number): number {
  mailbox[l.MB_PID] = pid;
  mailbox[l.MB_TAG] = l.EVENT_VICTIM << 24;
  const pidfd = machine.adopt();
  assert.ok(pidfd > 0);
  mailbox[l.MB_FD] = pidfd;
  return pidfd;
}

function ask({ arena, machine, mailbox }: Made, ...pids: number[]): number {
  new Int32Array(arena.buffer, l.AT_TITLE_PIDS, TITLE_ASKS_MAX).set(pids);
  mailbox[l.MB_COUNT] = pids.length;
  return machine.askTitles();
}

function title({ arena }: Made, index: number): string {
  const at = l.AT_TITLE_TEXTS + index * TITLE_BYTES;
  const bytes = arena.bytes.slice(at, at + TITLE_BYTES);
  assert.equal(bytes[TITLE_BYTES - 1], 0);
  return new TextDecoder().decode(bytes).replace(/\0+$/, "");
}

function sampled({ arena, machine, mailbox }: Made, fd: number): string {
  arena.sampleFds[0] = fd;
  mailbox[l.MB_COUNT] = 1;
  machine.sample();
  const length = arena.sampleLengths[0];
  if (length < 0) return `${length}`;
  const bytes = arena.bytes.slice(l.AT_SAMPLES, l.AT_SAMPLES + length);
  return new TextDecoder().decode(bytes);
}

/** A slot's text. */
function sensed({ arena, machine, mailbox }: Made, slot: number): string {
  mailbox[l.MB_SLOTS] = 1 << slot;
  machine.sense();
  const at = l.AT_FILES + SLOT_AT[slot];
  const bytes = arena.bytes.slice(at, at + arena.slotLengths[slot]);
  return new TextDecoder().decode(bytes);
}

/** A number of /proc/vmstat. */
function vmstat(made: Made, name: string): number {
  const text = sensed(made, SLOT_VMSTAT);
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)![1]);
}

Deno.test("machine: a command name is cut as the shim cuts it", () => {
  const check = (plan: Partial<ProcessPlan>, want: string) => {
    const made = makeMachine();
    const { pid } = made.world.start({ ...APP, ...plan });
    assert.equal(ask(made, pid), 0);
    wait(made, 1_000);
    assert.equal(made.mailbox[l.MB_TITLES], 1);
    assert.equal(title(made, 0), want);
  };
  check({ title: "" }, "");
  check({ title: " a" }, "");
  check({ title: "a b" }, "a");
  check({ title: "a\0b" }, "a");
  check({ title: "x".repeat(200) }, "x".repeat(TITLE_BYTES - 1));
  check({}, "app");
  check({ kernel: true }, "");
});

Deno.test("machine: names are told of by the next wait, once", () => {
  const made = makeMachine();
  const { mailbox, world } = made;
  const one = world.start(APP);
  const gone = world.start(APP);
  assert.equal(ask(made, gone.pid, one.pid, 4_444), 0);
  assert.equal(ask(made, one.pid), -16);
  world.exit(gone);
  assert.equal(mailbox[l.MB_TITLES], 0);
  const began = world.nowUs;
  wait(made, 1_000);
  assert.ok(world.nowUs - began < 10_000, "the wait is woken for it");
  assert.equal(mailbox[l.MB_TITLES], 1);
  assert.deepEqual([0, 1, 2].map((i) => title(made, i)), ["", "app", ""]);
  const again = world.nowUs;
  wait(made, 1_000);
  assert.ok(world.nowUs - again >= 1_000_000, "and for nothing more");
  for (const count of [0, -1, TITLE_ASKS_MAX + 1]) {
    mailbox[l.MB_COUNT] = count;
    assert.equal(made.machine.askTitles(), -22);
  }
});

Deno.test("machine: a batch may stay busy for ever, a name be torn", () => {
  const stuck = makeMachine();
  stuck.faults.stuckPermille = 1_000;
  assert.equal(ask(stuck, stuck.world.start(APP).pid), 0);
  wait(stuck, 60_000);
  assert.equal(stuck.mailbox[l.MB_TITLES], 0);
  assert.equal(ask(stuck, 1), -16);
  const torn = makeMachine();
  torn.faults.tornPermille = 1_000;
  assert.equal(ask(torn, torn.world.start(APP).pid), 0);
  wait(torn, 60_000);
  assert.equal(torn.mailbox[l.MB_TITLES], 1);
  assert.equal(title(torn, 0), "");
});

Deno.test("machine: stat of a process with a hostile name", () => {
  for (const name of ["x) Z 1 (", "", "((", "a\nb", "x".repeat(15)]) {
    const made = makeMachine();
    const { mailbox, machine, world } = made;
    const process = world.start({ ...APP, name });
    process.majorFaults = 77;
    adopt(made, process.pid);
    mailbox[l.MB_COUNT] = 9;
    const fd = machine.openStat();
    assert.equal(mailbox[l.MB_COUNT], 0);
    const text = sampled(made, fd);
    assert.ok(text.startsWith(`${process.pid} (`));
    const fields = text.slice(text.lastIndexOf(") ") + 2).trim().split(" ");
    assert.equal(fields.length, 50);
    // Fields are counted from the third (proc_pid_stat(5)).
    assert.equal(fields[10 - 3], "1000", "pages of 4000 kB");
    assert.equal(fields[12 - 3], "77");
    assert.equal(fields[22 - 3], "500", "ticks at 5 s");
    world.exit(process);
    wait(made, 100);
    assert.equal(sampled(made, fd), "-3");
    assert.deepEqual(machine.violations, []);
  }
});

Deno.test("machine: stat and soft limit of an app's own group", () => {
  const made = makeMachine();
  const { mailbox, machine, world } = made;
  const process = world.start(APP);
  const pidfd = adopt(made, process.pid);
  mailbox[l.MB_UID] = 10_123;
  mailbox[l.MB_COUNT] = 64;
  assert.equal(machine.softLimit(), -19);
  machine.appGroups = true;
  assert.equal(machine.softLimit(), 0);
  assert.equal(process.softLimitMib, 64);
  const fd = machine.openStat();
  assert.equal(mailbox[l.MB_COUNT], 1);
  const text = sampled(made, fd);
  assert.match(text, /^total_rss 4096000$/m);
  assert.match(text, /^total_pgfault 1000$/m);
  mailbox[l.MB_UID] = 1;
  assert.equal(machine.softLimit(), -2);
  mailbox[l.MB_FD] = pidfd;
  assert.ok(machine.openStat() >= 0);
  assert.equal(mailbox[l.MB_COUNT], 0);
  mailbox[l.MB_FD] = -1;
  assert.equal(machine.openStat(), -9);
  world.exit(process);
  wait(made, 100);
  mailbox[l.MB_FD] = pidfd;
  assert.equal(machine.openStat(), -3);
  assert.equal(process.softLimitMib, 64);
});

Deno.test("machine: a reap is told when it is over, and of whom", () => {
  const check = (plan: Partial<ProcessPlan>, result: number, us: number) => {
    const made = makeMachine();
    const { mailbox, machine, world } = made;
    const { pid } = world.start({ ...APP, ...plan });
    adopt(made, pid);
    mailbox[l.MB_PID] = pid;
    assert.equal(machine.kill(), 0);
    assert.equal(mailbox[l.MB_REAPS], 0);
    for (let turn = 0; turn < 100; turn++) wait(made, 10);
    assert.equal(mailbox[l.MB_REAPS], 1);
    assert.equal(mailbox[l.MB_REAP_PID], pid);
    assert.equal(mailbox[l.MB_REAP_RESULT], result);
    const off = mailbox[l.MB_REAP_US] - us;
    assert.ok(Math.abs(off) <= 10_000, `${off} us off`);
  };
  check({ exitMs: 40 }, 0, 40_000);
  check({}, 0, 0);
  check({ stuckMs: 300 }, -11, 1_000);
});

Deno.test("machine: pressure of io and cpu is its own", () => {
  const made = makeMachine();
  const { world } = made;
  for (const slot of [SLOT_IO_PRESSURE, SLOT_CPU_PRESSURE]) {
    assert.ok((MACHINE_SLOTS >> slot & 1) === 1);
    assert.match(sensed(made, slot), /^some avg10=0\.00 .*\nfull avg10=0\.00 /);
  }
  for (let i = 0; i < 2; i++) world.start({ ...APP, growKbPerMs: 150 });
  wait(made, 6_000);
  const some = (slot: number) =>
    Number(/some avg10=([\d.]+)/.exec(sensed(made, slot))![1]);
  assert.ok(some(SLOT_IO_PRESSURE) > 0);
  assert.ok(some(SLOT_CPU_PRESSURE) > 0);
  assert.notEqual(some(SLOT_IO_PRESSURE), some(SLOT_CPU_PRESSURE));
});

Deno.test("machine: use of memory, and of memory and swap", () => {
  const made = makeMachine();
  made.world.start({ ...APP, sizeKb: 900_000 });
  wait(made, 4_000);
  const usage = Number(sensed(made, SLOT_MEMCG_USAGE));
  const memsw = Number(sensed(made, SLOT_MEMSW_USAGE));
  const { memory } = made.world;
  assert.ok(memory.storedKb > 0);
  assert.ok(Math.abs(memsw - usage - memory.storedKb * 1024) < 2_048);
  const slots = [SLOT_MEMCG_USAGE, SLOT_MEMSW_USAGE];
  assert.ok(slots.every((slot) => (MEMCG_SLOTS >> slot & 1) === 1));
  assert.ok(slots.every((slot) => SLOT_BYTES[slot] > 0));
});

Deno.test("machine: vmstat counts what reclaim did", () => {
  const made = makeMachine({ ...DEVICE, swapKb: 0 });
  const { world } = made;
  const names = [
    "pgscan_kswapd",
    "pgscan_direct",
    "pgrefill",
    "workingset_refault_file",
  ];
  const read = () => names.map((name) => vmstat(made, name));
  assert.deepEqual(read(), [0, 0, 0, 0]);
  wait(made, 1_000);
  assert.deepEqual(read(), [0, 0, 0, 0], "calm");
  const hog = world.start({ ...APP, growKbPerMs: 1_500, growToKb: 900_000 });
  wait(made, 4_000);
  const after = read();
  for (const [i, name] of names.entries()) assert.ok(after[i] > 0, name);
  const { reclaimed } = world.memory;
  assert.ok(after[0] + after[1] >= reclaimed - 2, "less scanned than got");
  const file = vmstat(made, "nr_inactive_file") +
    vmstat(made, "nr_active_file");
  assert.ok(Math.abs(file - world.memory.fileKb / 4) <= 2);
  world.exit(hog);
  wait(made, 3_000);
  const calm = read();
  wait(made, 1_000);
  assert.deepEqual(read().slice(0, 3), calm.slice(0, 3), "calm again");
});

Deno.test("machine: vmpressure rises with what reclaim does in vain", () => {
  const check = (plan: Partial<ProcessPlan>, swapKb: number, level: number) => {
    const made = makeMachine({ ...DEVICE, swapKb });
    const { arena, machine, mailbox, world } = made;
    machine.armVmpressure();
    wait(made, 1_000);
    assert.equal(mailbox[l.MB_EVENTS], 0, "calm");
    world.start({ ...APP, growKbPerMs: 200, ...plan });
    const seen = [0, 0, 0];
    for (let turn = 0; turn < 1_000 && world.kernelKills.length === 0; turn++) {
      wait(made, 10);
      for (let i = 0; i < mailbox[l.MB_EVENTS]; i++) {
        const tag = arena.events[i * l.EVENT_WORDS];
        if (tag >> 24 === l.EVENT_VMPRESSURE) seen[tag & 0xff]++;
      }
    }
    assert.ok(seen[level] > 0 && seen[0] >= seen[1] && seen[1] >= seen[2]);
    assert.equal(seen.findLastIndex((count) => count > 0), level, `${seen}`);
  };
  check({ growToKb: 780_000 }, 0, 0);
  check({ locked: true }, DEVICE.swapKb, 2);
});

Deno.test("machine: a client may be deaf, and gets bytes as they came", () => {
  const made = makeMachine();
  const { arena, machine, mailbox } = made;
  const client = machine.connect(300);
  mailbox[l.MB_TAG] = l.EVENT_CLIENT << 24;
  const fd = machine.accept();
  mailbox[l.MB_FD] = fd;
  arena.bytes.set([0, 0, 0, 8, 1, 2, 3], l.AT_PACKET);
  mailbox[l.MB_COUNT] = 7;
  assert.equal(machine.send(), 7);
  assert.deepEqual([...client.packets[0]], [0, 0, 0, 8, 1, 2, 3]);
  assert.deepEqual(client.replies, [[8]]);
  client.deaf = true;
  assert.equal(machine.send(), -11);
  assert.equal(client.packets.length, 1);
});

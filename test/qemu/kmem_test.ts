// The kernel's trace, read and judged: an allocation in the window is seen
// whatever the thread, one of an interrupt or outside of the window is none, and
// a trace with a hole proves nothing.

import { deepStrictEqual, strictEqual } from "node:assert/strict";

import {
  describeAllocation,
  judgeAllocations,
  parseTrace,
  quantile,
  turnsOf,
  unwrap,
} from "./kmem.ts";
import { emptyRun, type Run } from "./record.ts";

const HEAD = "# entries-in-buffer/entries-written: 9/9   #P:2";

function line(at: string, text: string, flags = ".....", tid = 98): string {
  return `        oomguard-${tid}      [001] ${flags}    ${at}: ${text}`;
}

const KMALLOC = "kmalloc: call_site=single_open+0x2a/0xa0 bytes_req=32";
const OPEN = [
  line("10.300000", KMALLOC),
  line("10.300001", "<stack trace>"),
  " => single_open",
  " => do_sys_openat2",
  " => __x64_sys_openat",
];
const REAP = [
  line("10.300000", "mm_page_alloc: page=1 order=0", ".....", 99),
  // Another CPU's event stands between an event and its stack.
  line("10.300001", "sys_epoll_wait -> 0x0"),
  line("10.300002", "<stack trace>", ".....", 99),
  " => __tlb_remove_page_size",
  " => __do_sys_process_mrelease",
];
const FAULT = [
  line("10.300000", "page_fault_user: address=0x7f01 ip=0x1 error_code=6"),
  line("10.300000", "mm_page_alloc: page=1 order=0"),
  line("10.300001", "<stack trace>"),
  " => handle_mm_fault",
  " => exc_page_fault",
];
const SIGNAL = line("10.200000", "signal_generate: sig=9 comm=lock pid=7");

/** A run whose alarm was at 10.1 s and whose culprit died at 10.5 s. */
function runOf(lines: readonly string[]): Run {
  const run = emptyRun();
  const base = { name: "lock", kind: "hog", adj: 900, uid: 1, spawnUs: 1 };
  const death = { atUs: 10.5e6, alarmUs: 10.1e6, signal: 9, code: 0 };
  run.procs.push({ ...base, pid: 7, culprit: true, sizes: [], death });
  run.tracing = {
    guardPid: 98,
    threads: 4,
    keepers: 1,
    events: 3,
    hasTurns: true,
    hasSignals: true,
  };
  run.trace = [HEAD, SIGNAL, ...lines];
  run.maps = ["7f00-7f02 rw-p 00000000 00:00 0                  [heap]"];
  return run;
}

Deno.test("what is allocated between alarm and death fails the proof", () => {
  const open = "thread 98: kmalloc in __x64_sys_openat > do_sys_openat2 > " +
    "single_open";
  const page = "thread 98: mm_page_alloc in exc_page_fault > handle_mm_fault " +
    "for 7f01 in 7f00-7f02 rw-p 00000000 00:00 0 [heap]";
  const rows: [string, readonly string[], string[], number][] = [
    ["nothing", [], [], 0],
    ["an open", OPEN, [open], 0],
    ["twice the same", [...OPEN, ...OPEN], [open], 0],
    ["a fault", FAULT, [page], 0],
    ["the reaper's", REAP, [], 1],
    ["a soft interrupt's", [line("10.300000", KMALLOC, "..s1.")], [], 0],
    ["before the alarm", [line("10.099999", KMALLOC)], [], 0],
    ["after the death", [line("10.500001", KMALLOC)], [], 0],
    ["with no way told", [line("10.300000", KMALLOC)], [
      "thread 98: kmalloc in ",
    ], 0],
  ];
  for (const [what, lines, failures, excused] of rows) {
    const got = judgeAllocations(runOf(lines));
    deepStrictEqual(got.failures, failures, what);
    strictEqual(got.excused.length, excused, what);
    strictEqual(got.windowMs, 400, what);
  }
});

Deno.test("a record that cannot prove anything fails", () => {
  const rows: [(run: Run) => void, RegExp][] = [
    [(run) => run.trace[0] = HEAD.replace("9/9", "9/10"), /not complete/],
    [(run) => run.trace.shift(), /not complete/],
    [(run) => delete run.tracing, /records 0 kinds/],
    [(run) => run.tracing!.events = 2, /records 2 kinds/],
    [(run) => delete run.procs[0]!.death!.alarmUs, /no alarm/],
    [(run) => delete run.procs[0]!.death, /no alarm/],
    [(run) => run.trace.splice(1, 1), /no signal/],
  ];
  for (const [spoil, want] of rows) {
    const run = runOf([]);
    spoil(run);
    strictEqual(want.test(judgeAllocations(run).failures.join()), true);
  }
});

Deno.test("turns are the time between waits, of the main thread alone", () => {
  const wait = "sys_epoll_wait(epfd: d, events: 7f, maxevents: 40, timeout: 0)";
  const run = runOf([
    line("10.200000", wait),
    line("10.201000", "sys_epoll_wait -> 0x0"),
    line("10.201500", "sys_epoll_wait -> 0x0", ".....", 120),
    line("10.203000", wait),
    line("10.204000", "sys_epoll_wait -> 0x1"),
    line("10.205000", wait),
  ]);
  deepStrictEqual(turnsOf(run), [1000, 2000]);
  strictEqual(parseTrace(run.trace)?.length, 7);
});

Deno.test("quantiles are values that were measured", () => {
  const rows: [number[], number, number][] = [
    [[1, 2, 3, 4], 500, 2],
    [[1, 2, 3, 4], 990, 4],
    [[5], 0, 5],
    [[], 500, NaN],
  ];
  for (const [values, permille, want] of rows) {
    strictEqual(quantile(values, permille), want);
  }
});

Deno.test("a clock of 32 bits is put back into the time it was read in", () => {
  const rows: [number, number, number][] = [
    [100, 150, 100],
    [-1, 2 ** 32 + 5, 2 ** 32 - 1],
    [3, 2 ** 32 + 5, 2 ** 32 + 3],
    [-(2 ** 31), 2 ** 31 + 7, 2 ** 31],
  ];
  for (const [wrapped, near, want] of rows) {
    strictEqual(unwrap(wrapped, near), want);
  }
});

Deno.test("an allocation is told from the system call inwards", () => {
  const [event] = parseTrace([HEAD, ...OPEN])!;
  strictEqual(
    describeAllocation(event!),
    "thread 98: kmalloc in __x64_sys_openat > do_sys_openat2 > single_open",
  );
});

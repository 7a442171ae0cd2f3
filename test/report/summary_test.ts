// The status file read back: lines of other versions, of no version, and the
// summary made of whatever was there.

import assert from "node:assert/strict";
import { STATUS_BYTES } from "../../src/base/limits.ts";
import { ABSENT } from "../../src/base/scan.ts";
import type { Ports } from "../../src/daemon/ports.ts";
import { StatusFile } from "../../src/daemon/status_file.ts";
import { statusLines } from "../../src/report/status.ts";
import { describeStatus, parseStatus } from "../../src/report/summary.ts";
import * as g from "../../src/state/gauges.ts";
import { AT_STATUS } from "../../src/state/layout.ts";
import { SET_WATCHDOG_MS } from "../../src/state/settings.ts";
import * as s from "../../src/state/snapshot.ts";
import { makeArena } from "../state/rows.ts";

function check(text: string, want: ReturnType<typeof parseStatus>): void {
  assert.deepEqual(parseStatus(text), want, JSON.stringify(text));
}

Deno.test("lines, hostile ones first", () => {
  check("", {});
  check("\n\n", {});
  check("kills", {});
  check("kills ", {});
  check(" kills 3", {});
  check("kills\t3", {});
  check("9kills 3", {});
  check("kills 3\x1b[2J", {});
  check("__proto__ 3", {});
  check(`${"a".repeat(33)} 3`, {});
  check("kills caf\u00e9", {});
  check("\0\0\0\0", {});
  check("kills          3\n", { kills: 3 });
  check("kills 3", { kills: 3 });
  check("headroomKb     -5120\n", { headroomKb: -5120 });
  check("zramUsedKb           -\n", { zramUsedKb: null });
  check("state calm                \n", { state: "calm" });
  check("signal psi triggers, 2 s   \n", { signal: "psi triggers, 2 s" });
  check("big 99999999999\n", { big: "99999999999" });
  check("hex 0x10\n", { hex: "0x10" });
  // Never, in the words of the snapshot.
  check("exhaustionMs  2147483647\n", { exhaustionMs: null });
  check("exhaustionMs  2147483646\n", { exhaustionMs: 2_147_483_646 });
  check("kills  2147483647\n", { kills: 2_147_483_647 });
  check("kills 3\nkills 4\n", { kills: 4 });
  check("bad\nkills 3\n???\nlater 1\n", { kills: 3, later: 1 });
});

const PORTS = { persist: () => 0 } as unknown as Ports;

/** The file's text for an arena. */
function fileOf(arena: ReturnType<typeof makeArena>): string {
  const file = new StatusFile(PORTS, arena, -1, statusLines(arena));
  assert.equal(file.update(), 0);
  const bytes = arena.bytes.subarray(AT_STATUS, AT_STATUS + STATUS_BYTES);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? undefined : end));
}

Deno.test("what the guard writes is read back whole", () => {
  const arena = makeArena();
  const lines = statusLines(arena);
  const labels = lines.map((line) => line.label);
  assert.equal(new Set(labels).size, labels.length);
  const rows: [number, number | null][] = [
    [0, 0],
    [7, 7],
    [-1, -1],
    [2_147_483_647, 2_147_483_647],
    [-2_147_483_647, -2_147_483_647],
    [ABSENT, null],
  ];
  for (const [value, want] of rows) {
    for (const line of lines) line.source[line.index] = value;
    const text = fileOf(arena);
    for (const line of text.trimEnd().split("\n")) {
      assert.match(line, /^\w+ .{11,20}$/);
    }
    const fields = parseStatus(text);
    assert.deepEqual(Object.keys(fields), labels);
    for (const label of labels) {
      if (typeof fields[label] === "string") continue;
      const never = label === "exhaustionMs" && value === 2_147_483_647;
      assert.equal(fields[label], never ? null : want, label);
    }
  }
});

Deno.test("a summary of 80 columns", () => {
  const arena = makeArena();
  const { gauges, snapshot } = arena;
  snapshot.fill(ABSENT);
  const columns = [
    [s.MEM_TOTAL_KB, 2_097_152],
    [s.MEM_FREE_KB, 120_000],
    [s.MEM_AVAILABLE_KB, 524_288],
    [s.HEADROOM_KB, 473_088],
    [s.SHRINK_KB_PER_S, 12_288],
    [s.EXHAUSTION_MS, 38_500],
    [s.SWAP_TOTAL_KB, 524_288],
    [s.SWAP_FREE_KB, 424_288],
    [s.ZRAM_USED_KB, 46_080],
    [s.PSI_SOME_AVG10_CENTI, 123],
    [s.PSI_FULL_AVG10_CENTI, 10],
    [s.STALL_SOME_PERMILLE, 120],
    [s.THRASHING_PERCENT, 3],
    [s.VM_OOM_KILL, 0],
  ];
  for (const [column, value] of columns) snapshot[column] = value;
  const words = [
    [g.G_STATE, g.STATE_SPRINT],
    [g.G_GUARD_PID, 4321],
    [g.G_DRY_RUN, 1],
    [g.G_LOCK_LEVEL, g.LEVEL_ALL],
    [g.G_ANON_KB, 15_360],
    [g.G_FILE_KB, 9_216],
    [g.G_SHMEM_KB, 1_024],
    [g.G_SWAPPED_KB, 512],
    [g.G_BALLAST_KB, 4_096],
    [g.G_BALLAST_RELEASES, 2],
    [g.G_VICTIMS, 134],
    [g.G_LISTED, 120],
    [g.G_CLIENTS, 2],
    [g.G_PACKETS, 99],
    [g.G_KILLS, 3],
    [g.G_LAST_PID, 1234],
    [g.G_LAST_ADJ, 905],
    [g.G_LAST_REASON, 2000],
    [g.G_LAST_RSS_KB, 46_080],
    [g.G_BACK_KB, 45_000],
    [g.G_SIGNAL_US, 312],
    [g.G_DEATH_MS, 23],
    [g.G_SELF, g.SELF_ADJ | g.SELF_ARENA_LOCKED],
    [g.G_TURNS, 12_034],
    [g.G_TURN_US, 45],
    [g.G_TURN_US_MAX, 1_812],
    [g.G_WAIT_MS, 500],
    [g.G_EPOCH_S, 1_700_000_000],
    // The clock wrapped in between.
    [g.G_STARTED_MS, 2_147_480_000],
    [g.G_LAST_MS, -2_147_480_000],
    [g.G_SENSE_ERRORS, 2],
    [g.G_LOST_MESSAGES, 3],
    [g.G_DROPPED_CLIENTS, 4],
    [g.G_HASTY_TARGETS, 5],
    [g.G_WATCHDOG_KILLS, 1],
    [g.G_NEXT_PID, 4242],
    [g.G_NEXT_ADJ, 915],
    [g.G_ARM_RC, -13],
  ];
  for (const [gauge, value] of words) gauges[gauge] = value;
  const fields = { ...parseStatus(fileOf(arena)), nextName: "com.example" };
  const lines = describeStatus(fields, 1_700_000_000_000 + 3_600_000);
  assert.equal(
    lines.join("\n"),
    `state       sprint, up 1 h 0 min, process 4321
strategy    adaptive, dry run: it signals nobody
signal      psi triggers
memory      512 MB available of 2048 MB, 117 MB free
headroom    462 MB, shrinks by 12.0 MB in a second, gone in 38.5 s
swap        414 MB free of 512 MB, zram takes 45.0 MB
pressure    some 1.23%, full 0.10% over 10 s; stalled 12.00%, thrashing 3%
processes   134 known, 120 may die; clients 2, packets 99, bad 0
next        process 4242, adj 915, com.example
kills       3; refused 0, nobody to kill 0, overdue 0; by the kernel 0
last kill   59 min ago: process 1234, adj 905, 45.0 MB, EXHAUSTION
            signal after 312 us, death after 23 ms, 43.9 MB came back
protected   oom_score_adj -1000, arena locked; not: SCHED_FIFO, watchdog,
            keeper, memory locked, own memory group, IO flusher, no huge pages,
            timer slack
own memory  locked: all; 15.0 MB anonymous, 9.0 MB of files, 1.0 MB shared, 0.5
            MB swapped; ballast 4.0 MB, given 2 times
turns       12034, the last 45 us, at most 1.8 ms; looks again within 500 ms
trouble     arming given up: EACCES, 2 files that could not be read, 3 messages
            that a client did not take, 4 clients dropped for a newcomer, 5
            targets that came too soon, 1 kills by the watchdog`,
  );
});

Deno.test("a watchdog that is turned off protects nobody", () => {
  const arena = makeArena();
  arena.gauges[g.G_SELF] = g.SELF_WATCHDOG;
  for (const [ms, held] of [[300, true], [0, false]] as const) {
    arena.settings[SET_WATCHDOG_MS] = ms;
    const lines = describeStatus(parseStatus(fileOf(arena)), 0).join("\n");
    assert.equal(/^protected +watchdog; not:/m.test(lines), held, lines);
  }
});

Deno.test("a summary of anything stays in 80 columns", () => {
  const rows: [string, RegExp[]][] = [
    ["state calm\n", [/^memory +- available of -, - free$/m, /kill +none$/m]],
    ["kills 0\nswapTotalKb 0\n", [/^swap +none$/m, /^last kill +none$/m]],
    ["nextPid 0\n", [/^next +nobody may die$/m]],
    ["nextPid 7\nself 2048\n", [/^next .*7, adj -; the kernel's killer is/m]],
    ["self 0\n", [/^protected +by nothing; not: oom_score_adj/m]],
    ["self 7\n", [/^protected +oom_score_adj -1000, SCHED_FIFO, arena lock/m]],
    ["kills 1\nlastReason 77\n", [/REASON_77/]],
    ["exhaustionMs 5\nshrinkKbPerS 0\n", [/not shrinking/]],
    ["startedS 2000000000\n", [/^state +-, process -$/m]],
    ["state 5\nkills many\nfreeKb x\n", [/^state +5, process -$/m]],
    [`state ${"x".repeat(300)}\n`, [/x{60}/]],
  ];
  const big = statusLines(makeArena())
    .map((line) => `${line.label} -2147483647\n`).join("");
  for (const [text, wants] of [...rows, [big, [/-2097152 MB/]] as const]) {
    const lines = describeStatus(parseStatus(text), 1_700_000_000_000);
    for (const line of lines) assert.ok(line.length <= 80, line);
    for (const want of wants) assert.match(lines.join("\n"), want, text);
  }
});

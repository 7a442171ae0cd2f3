// The tables: 80 columns whatever the figures, the best marked, and what is
// missing or thin said.

import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { judgeGoals } from "./goals.ts";
import type { BenchRecord } from "./record.ts";
import { groupRecords } from "./summary.ts";
import { boot, SYNTHETIC_GUARDS, syntheticRecords } from "./synthetic.ts";
import { costTables, sceneTables, type Table, totalTable } from "./table.ts";
import {
  formatGoals,
  formatHead,
  formatReport,
  formatTable,
  wrap,
} from "./text.ts";

const CALM: BenchRecord = {
  ...boot("earlyoom", "leak", 1),
  ...{ lost: false, isLoadWeak: false },
};

const LEAK = `\
leak: stalls (PSI full, some), beats and times
                   n    full     some  beat p99  beat max  to signal  to back
                          ms       ms        ms        ms         ms       ms
oomguard adaptive  3     *82     *164      *7.7       *26        *35     *150
                      74–102  148–204
kernel alone       1    lost     lost      lost      lost       lost     lost
earlyoom           1    2325     3256       119       397        294     2413
  earlyoom: the load was weak in 1 of 1 boots
`;

function widest(text: string): number {
  return Math.max(...text.split("\n").map((line) => [...line].length));
}

/** Texts of a column by guard, the best with its star. */
function column(table: Table, name: string): Record<string, string> {
  const at = table.heads.findIndex((head) => head.name === name);
  return Object.fromEntries(
    table.rows.map(({ guard, cells }) => [
      guard,
      (cells[at]!.isBest ? "*" : "") + cells[at]!.text,
    ]),
  );
}

Deno.test("a scene's table as it is printed", () => {
  const bench = groupRecords([
    ...[82, 74, 102].map((fullMs, index) => ({
      ...{ ...CALM, guard: "oomguard adaptive", fullMs, seed: index + 1 },
      ...{ someMs: fullMs * 2, markToSignalMs: 35, signalToBackMs: 150 },
      heart: { count: 9, p50Us: 700, p99Us: 7700, maxUs: 26_000 },
    })),
    {
      ...{ ...CALM, fullMs: 2325, someMs: 3256, isLoadWeak: true },
      ...{ markToSignalMs: 294, signalToBackMs: 2413 },
      heart: { count: 9, p50Us: 700, p99Us: 119_000, maxUs: 397_000 },
    },
    { ...CALM, guard: "kernel alone", lost: true, markToSignalMs: null },
  ]);
  strictEqual(formatTable(sceneTables(bench, "leak")[0]!), LEAK);
});

Deno.test("80 columns, whatever the figures", () => {
  const most = 9e7;
  const wide = SYNTHETIC_GUARDS.flatMap((guard) =>
    [0.0123, 12_345.6, 99_999].map((ms, index): BenchRecord => ({
      ...boot(guard, "launch", index),
      ...{ guard: guard.padEnd(40, "x"), lost: false },
      ...{ fullMs: ms, someMs: ms, markToSignalMs: -ms, signalToBackMs: ms },
      ...{ launchMs: ms, kernelKills: 99, wrong: 999, excess: 999 },
      ...{ overKilledKb: most, durationMs: 100 },
      heart: { count: 1, p50Us: 1, p99Us: ms * 1000, maxUs: ms * 1000 },
      cost: {
        ...{ cpuMs: ms, wakeups: 99_999, rssKb: most, lockedKb: most / 7 },
        idle: { cpuMsPerS: ms, wakeupsPerS: ms, rssKb: most, lockedKb: 1 },
      },
    }))
  );
  for (const records of [wide, syntheticRecords()]) {
    const report = formatReport(groupRecords(records));
    strictEqual(widest(report) <= 80, true, report);
  }
});

Deno.test("where figures are long, names give way, but stay apart", () => {
  const cell = { text: "1234567890", range: "", isBest: false };
  const row = (guard: string) => ({ guard, n: 5, cells: Array(5).fill(cell) });
  const table: Table = {
    ...{ title: "", notes: [] },
    heads: Array(5).fill({ name: "ms", unit: "" }),
    rows: [row("systemd-oomd"), row("systemd-oomd tuned")],
  };
  const names = (one: Table) =>
    formatTable(one).split("\n").slice(2, 4).map((line) => line.slice(0, 18));
  deepStrictEqual(names(table), ["systemd-oomd      ", "systemd-oomd tuned"]);
  const wide = {
    ...table,
    heads: Array(6).fill({ name: "ms", unit: "" }),
    rows: table.rows.map((one) => ({ ...one, cells: Array(6).fill(cell) })),
  };
  strictEqual(widest(formatTable(wide)) > 80, true);
  deepStrictEqual(names(wide), ["systemd-oomd   5 1", "systemd-oomd t 5 1"]);
  const tight = { ...cell, text: "123456789" };
  const rows = wide.rows.map((one) => ({
    ...one,
    cells: Array(6).fill(tight),
  }));
  strictEqual(widest(formatTable({ ...wide, rows })), 80);
});

Deno.test("the best is marked where it tells apart", () => {
  const of = (fulls: Record<string, number>, part: Partial<BenchRecord> = {}) =>
    column(
      sceneTables(
        groupRecords(
          Object.entries(fulls).map(([guard, fullMs]) => ({
            ...{ ...CALM, guard, fullMs, lost: fullMs < 0 },
            ...part,
          })),
        ),
        part.scene ?? "leak",
      )[0]!,
      "full",
    );
  deepStrictEqual(of({ a: 3, b: 2, c: 4 }), { a: "3", b: "*2", c: "4" });
  deepStrictEqual(of({ a: 2, b: 2, c: 4, d: 9 }), {
    ...{ a: "*2", b: "*2", c: "4", d: "9" },
  });
  // Most share it.
  deepStrictEqual(of({ a: 0, b: 0, c: 4 }), { a: "0", b: "0", c: "4" });
  deepStrictEqual(of({ a: 5 }), { a: "5" });
  deepStrictEqual(of({ a: -1, b: 4 }), { a: "lost", b: "*4" });
  deepStrictEqual(of({ a: -1, b: -1 }), { a: "lost", b: "lost" });
});

Deno.test("nobody is first to signal where nobody is to die", () => {
  for (const [scene, star] of [["recover", ""], ["leak", "*"]] as const) {
    const bench = groupRecords([
      { ...CALM, scene, guard: "a", markToSignalMs: 5 },
      { ...CALM, scene, guard: "b", markToSignalMs: 7 },
    ]);
    deepStrictEqual(column(sceneTables(bench, scene)[0]!, "to signal"), {
      ...{ a: `${star}5`, b: "7" },
    });
  }
});

Deno.test("deaths are summed, and the one who saves all is not the best", () => {
  const bench = groupRecords([
    { ...CALM, kernelKills: 2, wrong: 1, excess: 4, overKilledKb: 2048 },
    { ...CALM, kernelKills: 1, wrong: 0, excess: 4, overKilledKb: 1024 },
    { ...CALM, guard: "oomd", kernelKills: 9, victims: [], lost: true },
    { ...CALM, guard: "oomd", scene: "recover" },
  ]);
  const leak = sceneTables(bench, "leak")[1]!;
  deepStrictEqual(column(leak, "kernel"), { earlyoom: "*3", oomd: "9" });
  deepStrictEqual(column(leak, "died"), { earlyoom: "2", oomd: "0" });
  deepStrictEqual(column(leak, "over").earlyoom, "3");
  const all = totalTable(bench);
  deepStrictEqual(column(all, "lost"), { earlyoom: "*0", oomd: "1" });
  // The one had no such scene.
  deepStrictEqual(column(all, "recover"), { earlyoom: "-", oomd: "1" });
  deepStrictEqual(all.rows.map(({ n }) => n), [2, 2]);
});

Deno.test("the launch stands where something is launched", () => {
  const heads = (one: BenchRecord) =>
    sceneTables(groupRecords([one]), one.scene)[1]!.heads.at(-1)!.name;
  strictEqual(heads({ ...CALM, launchMs: null }), "CPU");
  strictEqual(heads({ ...CALM, launchMs: 1 }), "launch");
});

Deno.test("what is missing or thin is said", () => {
  const bench = groupRecords([
    { ...CALM, heart: null, isLoadWeak: true },
    CALM,
    { ...CALM, cost: null },
  ]);
  deepStrictEqual(sceneTables(bench, "leak")[0]!.notes, [
    "earlyoom: the load was weak in 1 of 3 boots",
    "earlyoom, beat p99: of 2 of 3 boots, the others have none",
    "earlyoom, beat max: of 2 of 3 boots, the others have none",
  ]);
  match(costTables(bench)[0]!.notes[0]!, /^earlyoom, CPU: of 2 of 3 boots/);
  const plain = (text: string) => text.replaceAll("\n", " ");
  match(plain(formatHead(bench)), /Rows with n < 5 prove little\./);
  const full = groupRecords(syntheticRecords(["oomd"], ["leak"], 5));
  strictEqual(plain(formatHead(full)).includes("prove little"), false);
  const mixed = groupRecords([CALM, { ...CALM, commit: "other" }]);
  match(plain(formatHead(mixed)), /commits are mixed: compare with care/);
});

Deno.test("goals as text: state, name, and what was found", () => {
  const bench = groupRecords([
    { ...CALM, guard: "oomguard adaptive", kernelKills: 3 },
  ]);
  const text = formatGoals(judgeGoals(bench), "oomguard adaptive");
  match(
    text,
    /^not met {7}no kernel OOM kill\n {14}3 in 1 boot of 1 scene: leak\n/m,
  );
  match(text, /^not measured {2}no kill in recover\nnot measured {2}worst/m);
});

Deno.test("words are wrapped at 80 columns", () => {
  deepStrictEqual(wrap("a b", 2), ["  a b"]);
  const words = "x".repeat(38);
  deepStrictEqual(wrap(`${words} ${words} a`, 2), [
    ...[`  ${words} ${words}`, "  a"],
  ]);
  deepStrictEqual(wrap(`${words}x ${words}x`, 2), [
    ...[`  ${words}x`, `  ${words}x`],
  ]);
});

// Every part of lmkd's reference has a test, and README.md says which. Each
// module below registers its tests when imported; the tests that count them
// run last. After adding tests, rewrite the table in README.md with
//   deno test -A test/lmkd/conformance_test.ts -- --write

import assert from "node:assert/strict";
import "./daemon_answers.ts";
import "./daemon_commands.ts";
import "./daemon_kill.ts";
import "./daemon_messages.ts";
import "./daemon_ownership.ts";
import "./daemon_polling.ts";
import "./daemon_selection.ts";
import "./daemon_self.ts";
import "./daemon_socket.ts";
import "./properties.ts";
import "./strategy_figures.ts";
import "./strategy_kill.ts";
import "./strategy_levels.ts";
import "./strategy_minfree.ts";
import "./strategy_model.ts";
import "./strategy_polling.ts";
import "./strategy_reasons.ts";
import "./strategy_reasons_late.ts";
import "./strategy_steps.ts";
import "./wire_hostile.ts";
import "./wire_messages.ts";
import "./wire_requests.ts";
import "./wire_stat.ts";
import "./reclaim.ts";
import "./senses.ts";
import "./words.ts";
import { conforms, registered, SECTIONS } from "./conforms.ts";

const README = new URL("./README.md", import.meta.url);
const BEGIN = "<!-- table: begin -->";
const END = "<!-- table: end -->";

/** Modules with tests of a section, each with how many. */
function modulesOf(section: string): string {
  const counts = new Map<string, number>();
  for (const one of registered) {
    if (one.section !== section) continue;
    counts.set(one.module, (counts.get(one.module) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([module, count]) => `${module} ${count}`).join(", ");
}

function countOf(section: string): number {
  return registered.filter((one) => one.section === section).length;
}

/** Markdown as deno fmt has it: every column as wide as its widest cell. */
function tableOf(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: string[], fill: string) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!, fill)).join(" | ")} |`;
  const [head, ...rest] = rows;
  return [
    line(head!, " "),
    line(head!.map(() => ""), "-"),
    ...rest.map((row) => line(row, " ")),
  ].join("\n");
}

function table(): string {
  const rows = SECTIONS.map(([section, title]) => [
    section,
    title,
    String(countOf(section)),
    modulesOf(section),
  ]);
  const total = ["", "All", String(registered.length), ""];
  return tableOf([["§", "Section", "Tests", "Modules"], ...rows, total]);
}

/** `text` with what lies between the marks replaced by the table. */
function withTable(text: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  assert.ok(begin >= 0 && end > begin, `${README.pathname} lacks its marks`);
  return text.slice(0, begin + BEGIN.length) + `\n\n${table()}\n\n` +
    text.slice(end);
}

Deno.test("conformance: the table in README.md is true", () => {
  const text = Deno.readTextFileSync(README);
  const want = withTable(text);
  if (Deno.args.includes("--write")) Deno.writeTextFileSync(README, want);
  else {
    assert.equal(
      text,
      want,
      "out of date: deno test -A test/lmkd/conformance_test.ts -- --write",
    );
  }
});

Deno.test("conformance: every module here is imported above", () => {
  const imported = new Set(registered.map((one) => one.module));
  const folder = new URL("./", import.meta.url);
  const left = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"))
    .filter((name) =>
      /^conforms\(/m.test(Deno.readTextFileSync(new URL(name, folder)))
    )
    .map((name) => name.slice(0, -".ts".length))
    .filter((name) => !imported.has(name));
  assert.deepEqual(left, [], "modules whose tests never run");
});

Deno.test("conformance: no section is made up, no name is used twice", () => {
  const nothing = () => {};
  assert.throws(() => conforms("9", "x", nothing), /no section "9" \(known: /);
  const { section, name } = registered[0]!;
  assert.throws(() => conforms(section, name, nothing), /name is taken/);
});

Deno.test("conformance: no section is without a test", () => {
  const counts = SECTIONS.map(([section]) => `${section}: ${countOf(section)}`);
  console.log(`conformance tests of each section: ${counts.join(", ")}`);
  const missing = SECTIONS.filter(([section]) => countOf(section) === 0);
  assert.deepEqual(missing, [], "sections without a test");
});

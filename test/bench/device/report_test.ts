// The report as a command: what it prints, writes and refuses, and its exit
// codes.

import { deepStrictEqual, match, strictEqual } from "node:assert/strict";

import { formatRecord } from "./record.ts";
import { syntheticRecords } from "./synthetic.ts";

interface Said {
  code: number;
  out: string;
  err: string;
}

async function report(...args: string[]): Promise<Said> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${import.meta.dirname}/report.ts`, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("report: tables to read, and a page", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "oomguard-report-" });
  try {
    const [first, second] = [`${folder}/a.jsonl`, `${folder}/b.jsonl`];
    const page = `${folder}/page.html`;
    const lines = syntheticRecords(["oomguard adaptive", "oomd"], ["leak"], 2)
      .map(formatRecord);
    Deno.writeTextFileSync(first, lines.slice(0, 2).join(""));
    Deno.writeTextFileSync(second, lines.slice(2).join("") + '{"v":1');
    const said = await report(first, second, "-o", page);
    strictEqual(said.code, 0, said.err);
    strictEqual(
      said.err,
      `${second}:3: cut short after 6 characters, skipped\n`,
    );
    deepStrictEqual(
      said.out.match(/^(device bench|leak|all scenes|own cost|goals).*/gm)
        ?.map((line) => line.slice(0, 20).trim()),
      [
        ...[
          "device bench: commit",
          "leak: stalls (PSI fu",
          "leak: deaths, summed",
        ],
        ...["all scenes: sums ove", "own cost at rest", "own cost in the scen"],
        "goals, of oomguard a",
      ],
    );
    match(said.out, /4 boots, n=2 in a/);
    match(Deno.readTextFileSync(page), /^<!DOCTYPE html>[^]*<\/html>\n$/);
    const other = await report(first, "--ours", "oomd");
    match(other.out, /^goals, of oomd$/m);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("report: what it refuses", async () => {
  const file = Deno.makeTempFileSync({ prefix: "oomguard-report-" });
  try {
    const rows: [string, string[], number, RegExp][] = [
      ["", [], 64, /^Usage: report\.ts/],
      ["", [file, "--nonsense"], 64, /nonsense/],
      ["", [file], 1, /^No boot in these files$/m],
      ["", [`${file}.absent`], 1, /No such file/],
      ["{}\n", [file], 1, /^ {2}.*:1: v is missing, expected 1/m],
    ];
    for (const [text, args, code, words] of rows) {
      Deno.writeTextFileSync(file, text);
      const said = await report(...args);
      strictEqual(said.code, code, said.err);
      match(said.err, words);
      strictEqual(said.out, "");
    }
  } finally {
    Deno.removeSync(file);
  }
});

// Prints the tables of a bench's results and writes its page:
//   deno run -A test/bench/device/report.ts RESULTS.jsonl… [-o page.html]
//     [--ours "oomguard adaptive"]
// Exit 0: done; 1: a file cannot be read or holds something else; 64: wrong
// words.

import { parseArgs } from "node:util";

import { OURS } from "./guards.ts";
import { makePage } from "./page.ts";
import { type BenchRecord, parseRecords } from "./record.ts";
import { groupRecords } from "./summary.ts";
import { formatReport } from "./text.ts";

const USAGE = `Usage: report.ts RESULTS.jsonl... [-o page.html] [--ours GUARD]
`;

/** Reads the files' records, telling of each that was passed over. */
export function readRecords(
  paths: readonly string[],
  tell: (line: string) => void,
): BenchRecord[] {
  return paths.flatMap((path) => {
    const { records, remarks } = parseRecords(
      Deno.readTextFileSync(path),
      path,
    );
    remarks.forEach(tell);
    return records;
  });
}

async function main(args: string[]): Promise<number> {
  let words;
  try {
    words = parseArgs({
      args,
      allowPositionals: true,
      options: {
        out: { type: "string", short: "o" },
        ours: { type: "string", default: OURS },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`.trimEnd());
    return 64;
  }
  const { values, positionals } = words;
  if (positionals.length === 0) {
    console.error(USAGE.trimEnd());
    return 64;
  }
  try {
    const records = readRecords(positionals, (line) => console.error(line));
    if (records.length === 0) throw new RangeError("No boot in these files");
    const bench = groupRecords(records);
    console.log(formatReport(bench, values.ours).trimEnd());
    if (values.out !== undefined) {
      Deno.writeTextFileSync(values.out, await makePage(bench, values.ours));
    }
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

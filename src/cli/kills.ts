// `oomguard kills`: who died and why, from the journal, whether or not a guard
// is running. What is damaged is named; what is whole is shown.

import { JOURNAL_WORDS } from "../base/limits.ts";
import {
  historyOf,
  type KeeperEntry,
  type KillEntry,
  parseJournal,
  tornOf,
  wordsOf,
} from "../report/journal.ts";
import { describeKills } from "../report/kills.ts";
import { H_MAGIC, JOURNAL_MAGIC } from "../state/journal.ts";
import type { Output } from "./check.ts";
import { EXIT_FAILED, EXIT_OK } from "./exits.ts";
import { type Look, look, NoGuard, readIfThere } from "./peek.ts";

const HELP = `Usage: oomguard kills [OPTION]...
Shows who died and why, oldest first; also when no guard is running.

      --state DIR   state folder, /run/oomguard unless told
  -n, --count N     the last N only
      --long        also what the machine was like at each kill
      --json        one JSON object with everything, sizes in kB
  -h, --help        this text

Exit: 0 shown, 1 the journal is damaged, 2 bad option, 3 there is no journal.`;

const LONG = "--long";

/** Runs `oomguard kills`; answers its exit code. */
export function kills(args: string[], out: Output = console): number {
  // The other looking commands have no such option.
  const long = args.includes(LONG);
  const others = args.filter((arg) => arg !== LONG);
  const answer = (options: Look, to: Output) => run(options, long, to);
  return look(others, { help: HELP, takes: ["n"], run: answer }, out);
}

function run(
  { stateDir, json, most }: Look,
  long: boolean,
  out: Output,
): number {
  const file = `${stateDir}/journal`;
  const bytes = readIfThere(file);
  if (bytes === null || bytes.length === 0) {
    throw new NoGuard(
      `There is no journal "${file}"; --state names another state folder`,
    );
  }
  const { words, damage } = readJournal(bytes, file);
  const shown = newest(historyOf(words), most);
  if (damage !== "") out.error(damage);
  if (json) {
    const kills = shown.filter((entry) => entry.by !== "keeper");
    const keeper = shown.filter((entry) => entry.by === "keeper");
    out.log(JSON.stringify({ version: 1, kills, keeper }, null, 2));
  } else if (damage === "" || shown.length > 0) {
    out.log(describeKills(shown, long).join("\n"));
  }
  return damage === "" ? EXIT_OK : EXIT_FAILED;
}

/** The last `most` kills, and what the keeper did from the first of them on. */
function newest(
  history: (KillEntry | KeeperEntry)[],
  most: number | null,
): (KillEntry | KeeperEntry)[] {
  const kills = history.filter((entry) => entry.by !== "keeper");
  if (most === null || most >= kills.length) return history;
  const first = kills[kills.length - most];
  return first === undefined ? [] : history.slice(history.indexOf(first));
}

/** The records of a journal file, and what is wrong with it. */
function readJournal(
  bytes: Uint8Array,
  file: string,
): { words: Int32Array; damage: string } {
  try {
    const words = parseJournal(bytes, file);
    const torn = tornOf(words);
    const damage = torn === 0
      ? ""
      : `"${file}" has ${torn} damaged record${torn === 1 ? "" : "s"}, skipped`;
    return { words, damage };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Each record carries its own checksum: what is whole counts, unless the
    // file says that its words mean something else.
    const words = wordsOf(bytes);
    const ours = words[H_MAGIC] !== JOURNAL_MAGIC;
    const records = words.subarray(ours ? JOURNAL_WORDS : words.length);
    return { words: records, damage: error.message };
  }
}
